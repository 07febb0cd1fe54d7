/* doctor: is everything as it should be, and if not: what is wrong, and what to do. Looks by
 * itself, read only, beside a server or without one; what it mends it mends through the server that
 * holds the data folder, or alone. Thread: one at a time. */
#pragma once
#include "app/files.h"
#include "db/db.h"
#include "model/config.h"

/* `seva doctor [--deep] [--repair] [--json]`: prints as it goes. 0: nothing is wrong, or all of it
 * was mended; 1: something is wrong. */
int doctor_command(struct arena *a, const struct settings *s);

/* The word by which the admin socket takes mends; the lines are doctor_mend.c's. Each is a
 * transaction of its own. *out: a line for each, "ok" or why not. */
#define DOCTOR_MEND_WORD "doctor-mend"
int doctor_mend(struct arena *a, struct db *db, const struct config *config, str lines, str *out);
