/* doctor: is everything as it should be? Each check prints one line: "ok" or what is wrong and what
 * to do. Returns 0 when all is well. */
#pragma once
#include "app/files.h"
#include "db/db.h"

int doctor_files(struct arena *a, const struct files *files, str *out);
/* Migrations, a write, and the audit chain of every account. */
int doctor_database(struct arena *a, struct db *db, str *out);
