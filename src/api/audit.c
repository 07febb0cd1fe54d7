/* audit: reading the audit log (API "Account, people"). Rows are added by store/audit.h. */
#include "api/input.h"
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
    FIELD(struct audit_query, cursor, IN_ID, 0, 0, 0, "from `next`"),
    FIELD(struct audit_query, limit, IN_INT, 0, 1, LIMIT_PAGE, NULL),
};
static const struct input_spec spec = SPEC("AuditQuery", struct audit_query, fields);

static err list(struct call *call)
{
    const struct audit_query *query = call->query;
    int64_t limit = query->limit ? query->limit : LIMIT_PAGE_DEFAULT;
    struct audit_filter filter = {
        .actor_id = query->actor_id,
        .action = query->action,
        .from_ms = query->from,
        .to_ms = query->to,
        .before_id = query->cursor,
        .limit = limit + 1, /* one more tells whether there is a next page */
    };
    struct audit_row *rows;
    ptrdiff_t n;
    TRY(audit_list(&call->cx, &filter, &rows, &n));
    bool has_more = n > limit;
    ptrdiff_t shown = has_more ? (ptrdiff_t)limit : n;
    struct json_out j = answer_list_begin(call);
    for (ptrdiff_t i = 0; i < shown; i++)
        audit_view(&j, &rows[i]);
    str next = {0};
    if (has_more)
        next = str_print(call->cx.arena, "%lld", (long long)rows[shown - 1].id.v);
    return answer_list_end(call, &j, next);
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
