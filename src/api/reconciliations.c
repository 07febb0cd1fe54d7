/* reconciliations: the ledger "nothing missed" of a channel: each comparison with what its network
 * has, and one more when people ask (API "Nothing missed"). Not here: comparing (job/reconcile.c).
 */
#include "api/channels.h"
#include "api/page.h"
#include "base/limits.h"
#include "care/compare.h"
#include "connector/connector.h"
#include "store/audit.h"
#include "store/channel.h"
#include "store/job.h"
#include "store/reconciliation.h"

static const struct shape_field missed_fields[] = {
    SHOWN("external_id", SHAPE_TEXT, 0, "the network's id"),
    SHOWN("at", SHAPE_TIME, SHAPE_NULL, NULL),
    SHOWN("from", SHAPE_TEXT, SHAPE_OPTIONAL, "who wrote it; of mails"),
    SHOWN("text", SHAPE_TEXT, 0, "how it begins; of a mail its subject"),
};
static const struct shape missed_shape =
    SHAPE("MissedMessage", NULL, missed_fields, "A message that the network has and Seva had not.");
static const struct shape_field reconciliation_fields[] = {
    SHOWN("id", SHAPE_ID, 0, NULL),
    SHOWN("from", SHAPE_TIME, 0, "the time compared"),
    SHOWN("until", SHAPE_TIME, 0, NULL),
    SHOWN("seen", SHAPE_INT, 0, "messages that the network has"),
    SHOWN("missed", SHAPE_INT, 0, "of these: were not here; they have been taken in"),
    SHOWN_OBJECT("details", SHAPE_LIST, &missed_shape, "at most 100"),
    SHOWN("error", SHAPE_TEXT, SHAPE_NULL, "why it could not be compared"),
    SHOWN("at", SHAPE_TIME, 0, NULL),
    SHOWN("is_running", SHAPE_BOOL, 0,
        "somebody has asked for it, and it is not over: seen and missed are not known yet"),
};
static const struct shape reconciliation_shape = SHAPE(
    "Reconciliation", NULL, reconciliation_fields, "A comparison of a channel with its network.");

static void view(struct json_out *j, const struct reconciliation *r, bool is_running)
{
    json_obj(j);
    json_kv_id(j, S("id"), r->id.v);
    json_kv_time(j, S("from"), r->from_ms);
    json_kv_time(j, S("until"), r->until_ms);
    json_kv_int(j, S("seen"), r->seen);
    json_kv_int(j, S("missed"), r->missed);
    json_kv_raw(j, S("details"), r->details.len ? r->details : S("[]"));
    json_kv_text(j, S("error"), r->error);
    json_kv_time(j, S("at"), r->created_ms);
    json_kv_bool(j, S("is_running"), is_running);
    json_obj_end(j);
}

static const struct input_field list_fields[] = {
    PAGE_ID_FIELDS(struct page_id_query),
};
static const struct input_spec list_spec =
    SPEC("ReconciliationQuery", struct page_id_query, list_fields);

/* Above the newest, while it runs. */
static err view_running(struct ctx *cx, channel_id channel, struct json_out *j)
{
    struct compare_wish wish;
    TRY(compare_asked(cx, channel, &wish));
    const struct reconciliation r = {.id = {wish.id},
        .from_ms = wish.asked_ms - COMPARE_BACK_MS,
        .until_ms = wish.asked_ms,
        .created_ms = wish.asked_ms};
    if (wish.id)
        view(j, &r, true);
    return OK;
}

static err list(struct call *call)
{
    const struct page_id_query *query = call->query;
    ptrdiff_t limit = page_limit(query->limit), n = 0;
    struct reconciliation *rows = NULL;
    struct channel channel;
    TRY(channel_seen(&call->cx, call->id, &channel));
    TRY(reconciliation_list(
        &call->cx, channel.id, (reconciliation_id){query->cursor}, limit + 1, &rows, &n));
    bool has_more = page_cut(limit, &n);
    struct json_out j = answer_list_begin(call);
    if (!query->cursor && channel.is_enabled)
        TRY(view_running(&call->cx, channel.id, &j));
    for (ptrdiff_t i = 0; i < n; i++)
        view(&j, &rows[i], false);
    return answer_list_end(
        call, &j, has_more ? page_id(call->cx.arena, rows[n - 1].id.v) : (str){0});
}

/* A stream that compares itself is asked to; of other networks a job asks. */
static err plan(struct ctx *cx, const struct connector *c, channel_id channel)
{
    if (c->able & ABLE_COMPARE)
        return compare_ask(cx, channel);
    struct job_new job = {
        .kind = S("reconcile"), .key = str_print(cx->arena, "%lld", (long long)channel.v)};
    err e = job_move(cx, job.kind, job.key, cx->now_ms);
    return e == E_NOT_FOUND ? job_add(cx, &job) : e;
}

static err begin(struct call *call)
{
    struct ctx *cx = &call->cx;
    struct channel channel;
    TRY(channel_seen(&call->cx, call->id, &channel));
    const struct connector *c = connector_find(channel.kind);
    if (!c || (!c->poll && !(c->able & ABLE_COMPARE)))
        return fail(cx, E_CONFLICT, "This network cannot be asked what it has.");
    if (!channel.is_enabled || channel_is_capture(cx->arena, channel.settings))
        return fail(cx, E_CONFLICT, "The channel is switched off, or posts come in by hand.");
    TRY(plan(cx, c, channel.id));
    TRY(audit_add(cx, S("channel.reconciled"), S("channel"), channel.id.v, (str){0}));
    return answer_empty(call);
}

/* clang-format off */
static const struct route routes[] = {
    {HTTP_GET, "/api/v1/channels/{id}/reconciliations", AUTH_AGENT, CAP_CHANNEL_MANAGE,
     ROUTE_READ | ROUTE_LIST, &list_spec, NULL, NULL, list,
     "What comparisons with the network found, newest first.", &reconciliation_shape, 0},
    {HTTP_POST, "/api/v1/channels/{id}/reconciliations", AUTH_AGENT, CAP_CHANNEL_MANAGE,
     ROUTE_WRITE | ROUTE_409, NULL, NULL, NULL, begin,
     "Compare with the network now.", NULL, 0},
};
/* clang-format on */
extern const struct route_table reconciliations_routes;
const struct route_table reconciliations_routes = ROUTES(routes);
