/* What importer.c (people, labels, fields) and importer_thread.c (conversations) share. Not for
 * others. Thread: as importer.h. */
#pragma once
#include "care/importer.h"
#include "model/conversation.h"
#include "model/view_conversation.h"

/* A field of a line: absent and null give the empty value; wrong ones fail_field. */
err import_text(struct ctx *cx, const struct json *line, const char *name, ptrdiff_t max,
    bool is_required, str *value);
err import_name(
    struct ctx *cx, const struct json *line, const char *name, bool is_required, str *value);
err import_time(struct ctx *cx, const struct json *line, const char *name, int64_t *ms);
err import_word(struct ctx *cx, const struct json *line, const char *name, const char *const *words,
    const char *otherwise, str *value);

int64_t import_known(const struct map *m, str key); /* 0 = not */
err import_remember(struct importer *im, struct map *m, str key, int64_t id);
err import_tag(struct ctx *cx, struct importer *im, struct tag *t, bool *is_known);
/* By name, else the first of that kind; NULL when there is none. */
const struct channel *import_channel(const struct importer *im, str name);
/* Finds the identity of an imported person on a channel, or makes it for `contact` when that is not
 * {0}. seen_ms: when they wrote last there, 0 = never. *owner: whose it is, {0} when there is none
 * and none was made. */
err import_identity(struct ctx *cx, const struct channel *channel, str id, contact_id contact,
    int64_t seen_ms, identity_id *identity, contact_id *owner);
err import_conversation(
    struct ctx *cx, struct importer *im, const struct json *line, bool *is_known);
