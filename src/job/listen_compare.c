/* listen_compare: see listen_compare.h. */
#include "job/listen_compare.h"

#include "base/limits.h"
#include "care/compare.h"
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

/* ── what was missed ── */

struct listen_missed listen_missed_make(void)
{
    return (struct listen_missed){.arena = arena_make(0)};
}

void listen_missed_free(struct listen_missed *m)
{
    arena_free(&m->arena);
}

void listen_missed_begin(struct listen_missed *m)
{
    arena_free(&m->arena); /* hours may pass until the next */
    m->details = json_out_make(&m->arena, LIMIT_JSON_BODY_BYTES);
    json_arr(&m->details);
    m->n = m->n_told = 0;
}

void listen_missed_add(struct listen_missed *m, const struct connector_delivery *deliveries,
    const bool *is_new, ptrdiff_t n)
{
    for (ptrdiff_t i = 0; i < n; i++) {
        const struct connector_about *about = deliveries[i].about;
        if (!is_new[i] || !about)
            continue;
        m->n++;
        reconciliation_tell(&m->details, &m->n_told,
            &(struct reconciliation_missed){.external_id = about->external_id,
                .from = about->from,
                .text = about->text,
                .at_ms = about->sent_ms});
    }
}

/* ── the ledger ── */

struct wishing {
    const struct asked *q;
    bool is_asked;
};

static err look_for_wish(struct desk *desk, void *arg)
{
    struct wishing *w = arg;
    struct compare_wish wish;
    TRY(desk_begin(desk, DB_READ));
    TRY(desk_scope(desk, w->q->account));
    TRY(compare_asked(&desk->cx, w->q->channel, &wish));
    w->is_asked = wish.id != 0;
    return desk_commit(desk);
}

err listen_asked(struct engine *engine, struct arena *a, const struct asked *q, bool *is_asked)
{
    struct desk desk = {.engine = engine, .arena = a};
    struct wishing w = {.q = q};
    TRY(desk_guard(&desk, look_for_wish, &w));
    *is_asked = w.is_asked;
    return OK;
}

struct telling {
    const struct asked *q;
    const struct reconciliation *result;
};

static err tell(struct desk *desk, void *arg)
{
    const struct telling *t = arg;
    struct reconciliation r = *t->result;
    TRY(desk_begin(desk, DB_WRITE));
    TRY(desk_scope(desk, t->q->account));
    TRY(reconciliation_add(&desk->cx, &r));
    TRY(compare_done(&desk->cx, t->q->channel));
    return desk_commit(desk);
}

err listen_compared(struct engine *engine, struct arena *a, const struct asked *q,
    const struct reconciliation *result, struct listen_missed *missed)
{
    struct desk desk = {.engine = engine, .arena = a};
    struct reconciliation r = *result;
    json_arr_end(&missed->details);
    r.missed = missed->n;
    r.details = missed->details.b.failed ? S("[]") : json_str(&missed->details);
    struct telling t = {q, &r};
    err e = desk_guard(&desk, tell, &t);
    listen_missed_begin(missed);
    return e;
}

err listen_not_compared(struct ctx *cx, channel_id channel, str why)
{
    struct compare_wish wish;
    TRY(compare_asked(cx, channel, &wish));
    if (!wish.id)
        return OK;
    struct reconciliation r = {.channel_id = channel,
        .from_ms = wish.asked_ms - COMPARE_BACK_MS,
        .until_ms = wish.asked_ms,
        .details = S("[]"),
        .error =
            why.len ? why : S("Nothing is read of this channel: there is nothing to compare.")};
    TRY(reconciliation_add(cx, &r));
    return compare_done(cx, channel);
}
