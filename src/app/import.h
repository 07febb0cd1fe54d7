/* import: `seva import FILE`: reads Seva's open format (docs/import.md) line by line into an
 * account, in batches of one commit each; wrong lines go to FILE.rejected with their number and
 * reason. Run by the command itself or, while a server holds the data folder, by the server
 * (admin.h). Not here: what a line means (care/importer.h). */
#pragma once
#include "app/people.h"
#include "model/ctx.h"

int import_command(
    struct arena *a, const struct people *people, const struct settings *s, str *out);
/* Scopes cx to the account asked for (--account), or the only one; errors have words. */
err import_account(struct ctx *cx, const struct settings *s, account_id *account);
