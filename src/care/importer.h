/* importer: Seva's own open format (docs/import.md), one JSON object a line: teams, agents, tags,
 * contacts, and conversations with their messages at their own times. Importing a line twice adds
 * nothing. Not here: reading files, batches, the command line (app/import.c). No events and no
 * notifications come of it: the past is not news.
 * Thread: the caller's, inside its WRITE transaction. */
#pragma once
#include "base/json.h"
#include "base/map.h"
#include "model/channel.h"
#include "model/ctx.h"

enum { IMPORT_LINE_BYTES = 4 * 1024 * 1024, IMPORT_MESSAGES_MAX = 5000 };

/* What the lines so far have named; lives as long as `kept`. */
struct importer {
    struct arena *kept;
    struct map teams, agents, tags, contacts; /* name, folded mail, name, external id → int64_t * */
    struct map agent_names;                   /* folded mail → str * */
    struct channel *channels;
    ptrdiff_t n_channels;
    int64_t added[5], known[5]; /* by enum import_type */
    str fresh_tags[64];         /* made by the line at work: forgotten when it is undone */
    ptrdiff_t n_fresh_tags;
};
enum import_type { IMPORT_TEAM, IMPORT_AGENT, IMPORT_TAG, IMPORT_CONTACT, IMPORT_CONVERSATION };
str import_type_name(enum import_type t);

/* Reads what the account has; cx is scoped to it. */
err importer_open(struct ctx *cx, struct arena *kept, struct importer *im);
/* One line. E_INVALID with words and fault.field: the line is wrong and nothing of it was kept
 * (undo to the savepoint). */
err importer_line(struct ctx *cx, struct importer *im, str line);
