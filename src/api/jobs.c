/* jobs: the durable queue and the quarantine as people see them (API "Webhooks, jobs, quarantine"):
 * what is dead or waits, why, and again or away with it. Not here: doing jobs (job/). */
#include "api/page.h"
#include "api/server.h"
#include "base/json.h"
#include "base/limits.h"
#include "model/view_job.h"
#include "store/audit.h"
#include "store/inbox.h"
#include "store/job.h"

struct jobs_query {
    str state;
    int64_t cursor, limit;
};
static const struct input_field jobs_fields[] = {
    FIELD_ENUM(struct jobs_query, state, 0, job_state_words, "dead when not given"),
    PAGE_ID_FIELDS(struct jobs_query),
};
static const struct input_spec jobs_spec = SPEC("JobsQuery", struct jobs_query, jobs_fields);

static err jobs_get(struct call *call)
{
    const struct jobs_query *query = call->query;
    ptrdiff_t limit = page_limit(query->limit), n = 0;
    const struct job_item *rows;
    str state = query->state.len ? query->state : S("dead");
    TRY(job_list(&call->cx, state, (job_id){query->cursor}, limit + 1, &rows, &n));
    bool has_more = page_cut(limit, &n);
    struct json_out j = answer_list_begin(call);
    for (ptrdiff_t i = 0; i < n; i++)
        job_view(&j, &rows[i]);
    return answer_list_end(
        call, &j, has_more ? page_id(call->cx.arena, rows[n - 1].id.v) : (str){0});
}

static err job_retry_post(struct call *call)
{
    struct job_item item = {0};
    TRY(job_retry(&call->cx, (job_id){call->id}));
    TRY(audit_add(&call->cx, S("job.retried"), S("job"), call->id, (str){0}));
    TRY(job_get(&call->cx, (job_id){call->id}, &item));
    struct json_out j = json_out_make(call->cx.arena, 0);
    job_view(&j, &item);
    return answer_json(call, 200, json_str(&j));
}

static err job_delete(struct call *call)
{
    TRY(job_remove(&call->cx, (job_id){call->id}));
    TRY(audit_add(&call->cx, S("job.deleted"), S("job"), call->id, (str){0}));
    return answer_empty(call);
}

static const struct input_field page_fields[] = {
    PAGE_ID_FIELDS(struct page_id_query),
};
static const struct input_spec page_spec =
    SPEC("QuarantineQuery", struct page_id_query, page_fields);

static err quarantine_get(struct call *call)
{
    const struct page_id_query *query = call->query;
    ptrdiff_t limit = page_limit(query->limit), n = 0;
    const struct inbox_item *rows;
    TRY(inbox_quarantine_list(&call->cx, (inbox_id){query->cursor}, limit + 1, &rows, &n));
    bool has_more = page_cut(limit, &n);
    struct json_out j = answer_list_begin(call);
    for (ptrdiff_t i = 0; i < n; i++)
        quarantine_view(&j, &rows[i]);
    return answer_list_end(
        call, &j, has_more ? page_id(call->cx.arena, rows[n - 1].id.v) : (str){0});
}

/* The bytes as they came, never shown inline: they are a stranger's. */
static err quarantine_raw_get(struct call *call)
{
    blob body = {0};
    str content_type = {0};
    inbox_id id = {call->id};
    err e = inbox_quarantine_raw(&call->cx, id, &body, &content_type);
    if (e == E_NOT_FOUND)
        return fail(&call->cx, E_NOT_FOUND, "this item is not in quarantine any more");
    TRY(e);
    answer_header(call, "Content-Disposition",
        str_print(call->cx.arena, "attachment; filename=\"quarantine-%lld.bin\"", (long long)id.v));
    answer_header(call, "Content-Security-Policy", S("default-src 'none'; sandbox"));
    return answer_bytes(call, 200, S("application/octet-stream"), body.bytes);
}

static err quarantine_retry_post(struct call *call)
{
    TRY(inbox_quarantine_retry(&call->cx, (inbox_id){call->id}));
    TRY(audit_add(&call->cx, S("quarantine.retried"), S("inbox"), call->id, (str){0}));
    return answer_empty(call);
}

static err quarantine_delete(struct call *call)
{
    TRY(inbox_quarantine_discard(&call->cx, (inbox_id){call->id}));
    TRY(audit_add(&call->cx, S("quarantine.discarded"), S("inbox"), call->id, (str){0}));
    return answer_empty(call);
}

/* clang-format off */
static const struct route routes[] = {
    {HTTP_GET, "/api/v1/jobs", AUTH_AGENT, CAP_JOB_MANAGE,
     ROUTE_READ | ROUTE_LIST, &jobs_spec, NULL, NULL, jobs_get,
     "Jobs of one state, newest first.", &job_shape, 0},
    {HTTP_POST, "/api/v1/jobs/{id}/retry", AUTH_AGENT, CAP_JOB_MANAGE,
     ROUTE_WRITE, NULL, NULL, NULL, job_retry_post,
     "Try a dead or waiting job again now.", &job_shape, 0},
    {HTTP_DELETE, "/api/v1/jobs/{id}", AUTH_AGENT, CAP_JOB_MANAGE,
     ROUTE_WRITE, NULL, NULL, NULL, job_delete,
     "Remove a dead or waiting job.", NULL, 0},
    {HTTP_GET, "/api/v1/quarantine", AUTH_AGENT, CAP_QUARANTINE_MANAGE,
     ROUTE_READ | ROUTE_LIST, &page_spec, NULL, NULL, quarantine_get,
     "Deliveries that could not be processed, newest first.", &quarantine_shape, 0},
    {HTTP_GET, "/api/v1/quarantine/{id}/raw", AUTH_AGENT, CAP_QUARANTINE_MANAGE,
     ROUTE_READ | ROUTE_BYTES, NULL, NULL, NULL, quarantine_raw_get,
     "The delivery's bytes as they came.", NULL, 0},
    {HTTP_POST, "/api/v1/quarantine/{id}/retry", AUTH_AGENT, CAP_QUARANTINE_MANAGE,
     ROUTE_WRITE, NULL, NULL, NULL, quarantine_retry_post,
     "Process it again.", NULL, 0},
    {HTTP_DELETE, "/api/v1/quarantine/{id}", AUTH_AGENT, CAP_QUARANTINE_MANAGE,
     ROUTE_WRITE, NULL, NULL, NULL, quarantine_delete,
     "Discard it.", NULL, 0},
};
/* clang-format on */
extern const struct route_table jobs_routes;
const struct route_table jobs_routes = ROUTES(routes);
