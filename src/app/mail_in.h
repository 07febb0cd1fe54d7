/* mail_in: `seva mail-in ADDRESS --password-file FILE < mail`: a mail server's pipe. The mail on
 * standard input goes to the running server at ADDRESS (a channel's own, /hooks/…), with the
 * channel's secret from the file; it is the server that stores it. Exit codes are those that mail
 * servers know: 0 it is stored; 75 try again later (also when the address or secret is wrong: the
 * mail then waits in the queue until somebody mends it); 65 Seva will never take this mail; 64
 * wrong usage. Thread: main. */
#pragma once
#include "app/config.h"

int mail_in_command(struct arena *a, const struct settings *s, str *out);
