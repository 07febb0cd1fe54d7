/* Any bytes as JSON: what is taken must be the tree that another parser makes of it, must be
 * written and read back as the same tree, must be valid UTF-8 without NUL, and must keep to the
 * limits. */
#include <stdint.h>
#include <stdlib.h>

#include "base/json.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "json_c.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void check_tree(const struct json *v, int depth)
{
    must(depth <= LIMIT_JSON_DEPTH);
    must(utf8_valid(v->text) && utf8_valid(v->key));
    ptrdiff_t count = 0;
    for (const struct json *child = v->first; child != NULL; child = child->next, count++)
        check_tree(child, depth + 1);
    must(count == v->count);
}

static void must_be_same(const struct json *x, const struct json *y)
{
    must(x->kind == y->kind && x->count == y->count && str_eq(x->text, y->text));
    must(str_eq(x->key, y->key) && x->boolean == y->boolean && x->integer == y->integer);
    const struct json *b = y->first;
    for (const struct json *a = x->first; a != NULL; a = a->next, b = b->next)
        must_be_same(a, b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = arena_make(0);
    const struct json *root = NULL, *again = NULL;
    str why = {0};
    err e = json_parse(&a, str_of(data, (ptrdiff_t)size), &root, &why);
    must(e == OK || e == E_INVALID || e == E_LIMIT);
    if (e == OK) {
        check_tree(root, 0);
        must(json_c_agrees(str_of(data, (ptrdiff_t)size), root));
        struct json_out j = json_out_make(&a, 0);
        json_put_tree(&j, root);
        must(!j.b.failed);
        must(json_parse(&a, json_str(&j), &again, &why) == OK);
        must_be_same(root, again);
    } else {
        must(root == NULL && why.len > 0 && utf8_valid(why));
    }
    arena_free(&a);
    return 0;
}
