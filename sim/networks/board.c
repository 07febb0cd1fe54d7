/* See board.h. */
#include "board.h"

#include <stdlib.h>

void board_text(struct board_entry *e, str text, int64_t now_ms)
{
    char *bytes = sim_copy(text);
    free(e->text);
    e->text = bytes;
    e->text_len = text.len;
    e->changed_ms = now_ms;
}

str board_text_of(const struct board_entry *e)
{
    return str_of(e->text, e->text_len);
}

static void unlink_one(struct board *b, struct board_entry *e)
{
    *(e->newer ? &e->newer->older : &b->newest) = e->older;
    *(e->older ? &e->older->newer : &b->oldest) = e->newer;
    if (map_get(&b->by_id, str_from(e->id)) == e)
        (void)map_take(&b->by_id, str_from(e->id));
    b->count--;
    free(e->text);
    free(e);
}

struct board_entry *board_add(struct board *b, str id, str text, int64_t now_ms)
{
    if (b->count == BOARD_ENTRIES)
        unlink_one(b, b->oldest);
    struct board_entry *e = sim_alloc((ptrdiff_t)sizeof *e);
    sim_keep(e->id, sizeof e->id, id);
    board_text(e, text, now_ms);
    e->made_ms = now_ms;
    e->older = b->newest;
    *(b->newest ? &b->newest->newer : &b->oldest) = e;
    b->newest = e;
    b->count++;
    if (map_put(&b->by_id, str_from(e->id), e) != OK)
        abort();
    return e;
}

struct board_entry *board_find(const struct board *b, str id)
{
    return map_get(&b->by_id, id);
}

struct board_entry *board_find_any(struct sim_call *c, str id)
{
    struct board_entry *e = board_find(c->account->data, id);
    if (e || !id.len || id.len >= (ptrdiff_t)sizeof e->id || !sim_takes_any(c->account))
        return e;
    return board_add(c->account->data, id, (str){0}, c->now_ms);
}

void board_drop(struct board *b, struct board_entry *e)
{
    for (struct board_entry *x = b->newest, *next; x; x = next) {
        next = x->older;
        if (x != e && str_eq(str_from(x->parent), str_from(e->id)))
            unlink_one(b, x);
    }
    unlink_one(b, e);
}

void board_clear(struct board *b)
{
    while (b->newest)
        unlink_one(b, b->newest);
    map_free(&b->by_id);
    *b = (struct board){0};
}

ptrdiff_t board_below(const struct board *b, str parent)
{
    ptrdiff_t n = 0;
    for (const struct board_entry *x = b->newest; x; x = x->older)
        n += str_eq(str_from(x->parent), parent);
    return n;
}

void board_open(struct sim *sim, struct sim_account *account)
{
    (void)sim;
    account->data = sim_alloc((ptrdiff_t)sizeof(struct board));
}

void board_close(struct sim *sim, struct sim_account *account)
{
    (void)sim;
    board_clear(account->data);
    free(account->data);
}

void board_said(struct board_entry *e, const struct sim_say *say)
{
    sim_keep(e->author, sizeof e->author, say->from_id.len ? say->from_id : S("7001"));
    sim_keep(e->name, sizeof e->name, say->from_name.len ? say->from_name : S("Customer"));
    sim_keep(e->handle, sizeof e->handle, say->from_handle.len ? say->from_handle : S("customer"));
}
