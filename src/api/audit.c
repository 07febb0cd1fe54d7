/* audit: reading the audit log (API "Account, people"). Rows are added by store/audit.h. */
#include "api/page.h"
#include "api/server.h"
#include "base/json.h"
#include "base/limits.h"
#include "model/view_access.h"
#include "store/audit_read.h"

struct audit_query {
    int64_t actor_id, from, to, cursor, limit;
    str action;
};
static const struct input_field fields[] = {
    FIELD(struct audit_query, actor_id, IN_ID, 0, 0, 0, NULL),
    FIELD(struct audit_query, action, IN_TEXT, 0, 0, 100, "like agent.invited"),
    FIELD(struct audit_query, from, IN_TIME, 0, 0, 0, NULL),
    FIELD(struct audit_query, to, IN_TIME, 0, 0, 0, NULL),
    PAGE_ID_FIELDS(struct audit_query),
};
static const struct input_spec spec = SPEC("AuditQuery", struct audit_query, fields);

static err list(struct call *call)
{
    const struct audit_query *query = call->query;
    ptrdiff_t limit = page_limit(query->limit), n = 0;
    struct audit_filter filter = {
        .actor_id = query->actor_id,
        .action = query->action,
        .from_ms = query->from,
        .to_ms = query->to,
        .before_id = query->cursor,
        .limit = limit + 1,
    };
    struct audit_row *rows;
    TRY(audit_list(&call->cx, &filter, &rows, &n));
    bool has_more = page_cut(limit, &n);
    struct json_out j = answer_list_begin(call);
    for (ptrdiff_t i = 0; i < n; i++)
        audit_view(&j, &rows[i]);
    return answer_list_end(
        call, &j, has_more ? page_id(call->cx.arena, rows[n - 1].id.v) : (str){0});
}

/* clang-format off */
static const struct route routes[] = {
    {HTTP_GET, "/api/v1/audit", AUTH_AGENT, CAP_AUDIT_READ,
     ROUTE_READ | ROUTE_LIST, &spec, NULL, NULL, list,
     "Who did what, newest first.", &audit_shape, 0},
};
/* clang-format on */
extern const struct route_table audit_routes;
const struct route_table audit_routes = ROUTES(routes);
