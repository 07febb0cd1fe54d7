/* mail_in: `seva mail-in ADDRESS --password-file FILE < mail`: a mail server's pipe. The mail on
 * standard input (at most 50 MiB; over 1 MiB it waits in a file without a name, in $TMPDIR or
 * /var/tmp) goes to the running server at ADDRESS (a channel's own, /hooks/…), with the channel's
 * secret from the file; it is the server that stores it. Exit codes are those that mail servers
 * know (sysexits.h): 0 it is stored; 75 try again later (the server is not there or busy; also when
 * the address or secret is wrong, or a proxy before the server refuses: mail servers give every
 * other code back to the sender, and so the mail waits in the queue until somebody mends it); 65
 * Seva will never take this mail: it is none, or too long; 64 wrong usage. Thread: main. */
#pragma once
#include "app/config.h"

int mail_in_command(struct arena *a, const struct settings *s, str *out);
