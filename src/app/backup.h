/* backup: `seva backup`: one file with a copy of the database (SQLite), the attachments that it
 * refers to and, sealed or when asked for, the key file; and `seva backup --verify`. The server may
 * run meanwhile. Not here: the format (backup_file.h), taking it back (restore.h). Thread: main. */
#pragma once
#include "app/config.h"

int backup_command(struct arena *a, const struct settings *s, str *out);
