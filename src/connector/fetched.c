/* fetched: see fetched.h. */
#include "connector/fetched.h"

#include "base/crypto.h"
#include "base/limits.h"
#include "connector/reading.h"

bool fetched_add(struct fetched *f, str key, str origin, str body)
{
    if (f->n == FETCHED_MOST || body.len == 0 || body.len > LIMIT_WEBHOOK_BODY_BYTES)
        return false;
    if (f->n == f->room) {
        ptrdiff_t room = f->room ? f->room * 2 : 16;
        struct connector_delivery *at = NEW(f->a, struct connector_delivery, room);
        for (ptrdiff_t i = 0; i < f->n; i++)
            at[i] = f->at[i];
        f->at = at;
        f->room = room;
    }
    if (key.len > READING_ID_BYTES) { /* one index entry */
        struct sha256 hash = crypto_sha256(key);
        key = crypto_hex(f->a, str_of(hash.b, (ptrdiff_t)sizeof hash.b));
    }
    f->at[f->n++] = (struct connector_delivery){
        .key = key, .origin = origin, .content_type = S("application/json"), .body = body};
    return true;
}

const struct json *cursors_read(struct arena *a, str cursors)
{
    const struct json *root = NULL;
    str why;
    return json_parse(a, cursors, &root, &why) == OK && root->kind == JSON_OBJECT ? root : NULL;
}

const struct json *list_first(const struct json *object, const char *key)
{
    const struct json *list = take_array(object, key);
    return list ? list->first : NULL;
}
