/* exports: an account, or what is held of a contact, as one file to take along (API "Exports"): to
 * be asked for, looked at, downloaded and removed. Rules: care/data_export.h. Not here: the making
 * (job/export.c), the bytes of its file (export_file.h). */
#include "api/export_file.h"
#include "api/input.h"
#include "api/page.h"
#include "api/server.h"
#include "base/json.h"
#include "base/limits.h"
#include "care/data_export.h"
#include "model/view_export.h"
#include "store/data_export.h"

static err answer_export(struct call *call, int status, const struct data_export *e)
{
    struct json_out j = json_out_make(call->cx.arena, 0);
    export_view(&j, e);
    return answer_json(call, status, json_str(&j));
}

struct export_body {
    str what;
    int64_t contact_id;
};
static const struct input_field export_fields[] = {
    FIELD_ENUM(struct export_body, what, IN_REQUIRED, export_what_words,
        "account: all of it, which needs account.manage; contact: what is held of one"),
    FIELD(struct export_body, contact_id, IN_ID, IN_NULLABLE, 0, 0, "whose, with what = contact"),
};
static const struct input_spec export_spec = SPEC("ExportNew", struct export_body, export_fields);

static err post(struct call *call)
{
    const struct export_body *body = call->body;
    struct data_export e;
    TRY(data_export_ask(&call->cx, body->what, (contact_id){body->contact_id}, &e));
    return answer_export(call, 201, &e);
}

static const struct input_field page_fields[] = {PAGE_ID_FIELDS(struct page_id_query)};
static const struct input_spec page_spec = SPEC("ExportsQuery", struct page_id_query, page_fields);

static err list(struct call *call)
{
    const struct page_id_query *query = call->query;
    struct ctx *cx = &call->cx;
    ptrdiff_t limit = page_limit(query->limit), n = 0;
    struct data_export *rows = NULL;
    TRY(data_export_list(
        cx, data_export_sees_account(cx), (data_export_id){query->cursor}, limit + 1, &rows, &n));
    bool has_more = page_cut(limit, &n);
    struct json_out j = answer_list_begin(call);
    for (ptrdiff_t i = 0; i < n; i++)
        export_view(&j, &rows[i]);
    return answer_list_end(call, &j, has_more ? page_id(cx->arena, rows[n - 1].id.v) : (str){0});
}

static err get(struct call *call)
{
    struct data_export e;
    TRY(data_export_seen(&call->cx, (data_export_id){call->id}, &e));
    return answer_export(call, 200, &e);
}

static err delete (struct call *call)
{
    TRY(data_export_drop(&call->cx, (data_export_id){call->id}));
    return answer_empty(call);
}

/* clang-format off */
static const struct route routes[] = {
    {HTTP_GET, "/api/v1/exports", AUTH_AGENT, CAP_CONTACT_EXPORT,
     ROUTE_READ | ROUTE_LIST, &page_spec, NULL, NULL, list,
     "Exports that are kept or being made, newest first.", &export_shape, 0},
    {HTTP_POST, "/api/v1/exports", AUTH_AGENT, CAP_CONTACT_EXPORT,
     ROUTE_WRITE | ROUTE_IDEMPOTENT | ROUTE_MADE | ROUTE_403 | ROUTE_409, NULL, &export_spec, NULL, post,
     "Have the account, or what is held of a contact, written into one file.", &export_shape, 0},
    {HTTP_GET, "/api/v1/exports/{id}", AUTH_AGENT, CAP_CONTACT_EXPORT,
     ROUTE_READ, NULL, NULL, NULL, get,
     "One export: how far it is.", &export_shape, 0},
    {HTTP_DELETE, "/api/v1/exports/{id}", AUTH_AGENT, CAP_CONTACT_EXPORT,
     ROUTE_WRITE, NULL, NULL, NULL, delete,
     "Remove an export and its file, or end its making.", NULL, 0},
    {HTTP_GET, "/api/v1/exports/{id}/file", AUTH_AGENT, CAP_CONTACT_EXPORT,
     ROUTE_READ | ROUTE_BYTES | ROUTE_PARTS | ROUTE_409, NULL, NULL, export_file_prepare, export_file,
     "The file of an export that is ready: a tar of JSON Lines and files.", NULL, 0},
};
/* clang-format on */
extern const struct route_table exports_routes;
const struct route_table exports_routes = ROUTES(routes);
