/* Reads tests/data/signatures.json: one entry per network and way of signing, with what the
 * network computes. For tests of connectors. */
#pragma once
#include "base/file.h"
#include "base/json.h"
#include "test.h"

#include <stdlib.h>

static inline str data_file(const char *name)
{
    const char *folder = getenv("SEVA_DATA");
    str text = {0};
    assert_non_null(folder);
    assert_ok(
        file_read(test_arena(), str_print(test_arena(), "%s/%s", folder, name), 1 << 20, &text));
    return text;
}

/* The list's first entry; the others follow by ->next. */
static inline const struct json *vectors(void)
{
    const struct json *root = NULL;
    str why = {0};
    assert_ok(json_parse(test_arena(), data_file("signatures.json"), &root, &why));
    assert_true(root->count > 0);
    return root->first;
}

/* A text of an entry; empty when it has none. */
static inline str vector_text(const struct json *v, const char *key)
{
    return json_text(json_get(v, str_from(key)), S(""));
}

static inline bool vector_is(const struct json *v, const char *kind)
{
    return str_eq(vector_text(v, "kind"), str_from(kind));
}
