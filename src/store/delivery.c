/* See delivery.h. Thread: the transaction's. */
#include "store/delivery.h"

#include "base/id.h"
#include "store/job.h"

static const struct db_col cols[] = {
    COL(struct delivery, id),
    COL(struct delivery, webhook_id),
    COL(struct delivery, event_major),
    COL(struct delivery, event_minor),
    COL(struct delivery, event_type),
    COL(struct delivery, state),
    COL(struct delivery, attempts),
    COL(struct delivery, last_status),
    COL(struct delivery, last_error),
    COL(struct delivery, next_ms),
    COL(struct delivery, created_ms),
    COL(struct delivery, body),
    COL(struct delivery, response),
};
#define SELECT_DELIVERY                                                                            \
    "SELECT id, webhook_id, event_major, event_minor, event_type, state, attempts, last_status, "  \
    "last_error, next_ms, created_ms, body, response "                                             \
    "FROM delivery "

struct insert_row {
    delivery_id id;
    account_id account_id;
    webhook_id webhook_id;
    int64_t event_major, event_minor;
    str event_type;
    int64_t next_ms, created_ms;
    str body;
};
static const struct db_col insert_cols[] = {
    COL(struct insert_row, id),
    COL(struct insert_row, account_id),
    COL(struct insert_row, webhook_id),
    COL(struct insert_row, event_major),
    COL(struct insert_row, event_minor),
    COL(struct insert_row, event_type),
    COL(struct insert_row, next_ms),
    COL(struct insert_row, created_ms),
    COL(struct insert_row, body),
};

static struct job_new job_for(struct ctx *cx, const struct delivery *d)
{
    return (struct job_new){
        .kind = S("webhook"),
        .key = str_print(cx->arena, "%lld", (long long)d->id.v),
    };
}

err delivery_add_many(struct ctx *cx, struct delivery *d, ptrdiff_t n)
{
    if (n == 0)
        return OK;
    struct insert_row *rows = NEW(cx->arena, struct insert_row, n);
    struct job_new *jobs = NEW(cx->arena, struct job_new, n);
    for (ptrdiff_t i = 0; i < n; i++) {
        d[i].id = (delivery_id){id_make(cx->now_ms)};
        d[i].state = S("queued");
        d[i].created_ms = d[i].next_ms = cx->now_ms;
        rows[i] = (struct insert_row){
            .id = d[i].id,
            .account_id = cx->account,
            .webhook_id = d[i].webhook_id,
            .event_major = d[i].event_major,
            .event_minor = d[i].event_minor,
            .event_type = d[i].event_type,
            .next_ms = d[i].next_ms,
            .created_ms = d[i].created_ms,
            .body = d[i].body,
        };
        jobs[i] = job_for(cx, &d[i]);
    }
    TRY(db_many(cx->db,
        S("INSERT INTO delivery (id, account_id, webhook_id, event_major, event_minor, "
          "event_type, next_ms, created_ms, body) "
          "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, NULLIF(?9, ''))"),
        S("INSERT INTO delivery (id, account_id, webhook_id, event_major, event_minor, "
          "event_type, next_ms, created_ms, body) "
          "SELECT k.id, k.account_id, k.webhook_id, k.event_major, k.event_minor, k.event_type, "
          "k.next_ms, k.created_ms, NULLIF(k.body, '') "
          "FROM unnest(?1::bigint[], ?2::bigint[], ?3::bigint[], ?4::bigint[], ?5::bigint[], "
          "?6::text[], ?7::bigint[], ?8::bigint[], ?9::text[]) "
          "AS k (id, account_id, webhook_id, event_major, event_minor, event_type, next_ms, "
          "created_ms, body)"),
        COLS(insert_cols), rows, (ptrdiff_t)sizeof *rows, n, NULL));
    return job_add_many(cx, jobs, n);
}

err delivery_get(struct ctx *cx, delivery_id id, struct delivery *d)
{
    err e = db_one(cx->db, S(SELECT_DELIVERY "WHERE account_id = ?1 AND id = ?2"),
        ARGS(A_ID(cx->account), A_ID(id)), COLS(cols), d);
    return e == E_NOT_FOUND ? fail(cx, E_NOT_FOUND, "There is no such delivery.") : e;
}

err delivery_list(struct ctx *cx, webhook_id webhook, delivery_id before, ptrdiff_t limit,
    const struct delivery **rows, ptrdiff_t *n)
{
    struct delivery *got = NULL;
    TRY(db_all(cx->db,
        S(SELECT_DELIVERY "WHERE account_id = ?1 AND webhook_id = ?2 AND id < ?3 "
                          "ORDER BY id DESC "
                          "LIMIT ?4"),
        ARGS(
            A_ID(cx->account), A_ID(webhook), A_INT(before.v ? before.v : INT64_MAX), A_INT(limit)),
        COLS(cols), (ptrdiff_t)sizeof *got, &got, n));
    *rows = got;
    return OK;
}

err delivery_set(struct ctx *cx, const struct delivery *d)
{
    return db_run(cx->db,
        S("UPDATE delivery SET state = ?3, attempts = ?4, last_status = ?5, last_error = ?6, "
          "next_ms = ?7, response = ?8 "
          "WHERE account_id = ?1 AND id = ?2"),
        ARGS(A_ID(cx->account), A_ID(d->id), A_TEXT(d->state), A_INT(d->attempts),
            A_INT_OR_NULL(d->last_status), A_TEXT_OR_NULL(d->last_error), A_INT_OR_NULL(d->next_ms),
            A_TEXT_OR_NULL(d->response)),
        NULL);
}

err delivery_retry(struct ctx *cx, struct delivery *d)
{
    struct job_new job = job_for(cx, d);
    if (str_eq(d->state, S("sending")))
        return fail(cx, E_CONFLICT, "This delivery is on its way right now.");
    err moved = job_move(cx, job.kind, job.key, cx->now_ms);
    if (moved == E_NOT_FOUND)
        moved = job_add(cx, &job);
    TRY(moved);
    d->state = S("queued");
    d->next_ms = cx->now_ms;
    return delivery_set(cx, d);
}

err delivery_forget(struct ctx *cx, int64_t before_ms, ptrdiff_t max, int64_t *removed)
{
    return db_run(cx->db,
        S("DELETE FROM delivery "
          "WHERE account_id = ?1 AND id IN (SELECT id FROM "
          "(SELECT id, created_ms FROM delivery WHERE account_id = ?1 ORDER BY id LIMIT ?3) "
          "AS oldest WHERE created_ms < ?2)"),
        ARGS(A_ID(cx->account), A_INT(before_ms), A_INT(max)), removed);
}
