/* listen_compare: see listen_compare.h. */
#include "job/listen_compare.h"

#include "store/message.h"
#include "store/message_network.h"

struct looking_up {
    const struct asked *q;
    const str *ids;
    ptrdiff_t n;
    bool *known;
};

static void mark(const struct looking_up *l, const struct message *found, ptrdiff_t n)
{
    for (ptrdiff_t i = 0; i < l->n; i++)
        for (ptrdiff_t k = 0; k < n; k++)
            l->known[i] |= found[k].id.v && str_eq(found[k].external_id, l->ids[i]);
}

static err look_up(struct desk *desk, void *arg)
{
    const struct looking_up *l = arg;
    struct message *keys = NEW(desk->arena, struct message, l->n + 1), *found = NULL;
    ptrdiff_t n = 0, n_found = 0;
    for (ptrdiff_t i = 0; i < l->n; i++) {
        l->known[i] = false;
        if (l->ids[i].len)
            keys[n++] = (struct message){.channel_id = l->q->channel, .external_id = l->ids[i]};
    }
    if (!n)
        return OK;
    TRY(desk_begin(desk, DB_READ));
    TRY(desk_scope(desk, l->q->account));
    TRY(message_find_external(&desk->cx, keys, n, &found, &n_found));
    mark(l, found, n_found);
    TRY(message_find_alias(&desk->cx, keys, n, &found, &n_found));
    mark(l, found, n_found);
    return desk_commit(desk);
}

err listen_knows(struct engine *engine, struct arena *a, const struct asked *q, const str *ids,
    ptrdiff_t n, bool *known)
{
    struct desk desk = {.engine = engine, .arena = a};
    struct looking_up l = {q, ids, n, known};
    return desk_guard(&desk, look_up, &l);
}

struct telling {
    const struct asked *q;
    const struct reconciliation *result;
};

static err tell(struct desk *desk, void *arg)
{
    const struct telling *t = arg;
    struct reconciliation r = *t->result;
    r.details = S("[]");
    TRY(desk_begin(desk, DB_WRITE));
    TRY(desk_scope(desk, t->q->account));
    TRY(reconciliation_add(&desk->cx, &r));
    return desk_commit(desk);
}

err listen_compared(struct engine *engine, struct arena *a, const struct asked *q,
    const struct reconciliation *result)
{
    struct desk desk = {.engine = engine, .arena = a};
    struct telling t = {q, result};
    return desk_guard(&desk, tell, &t);
}
