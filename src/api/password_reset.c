/* password_reset: "Forgot your password?" of the sign-in page (API "Session and self"). The answer
 * is the same whoever asks and whatever the address: who it belongs to is looked up afterwards by a
 * job (job/password_reset.c), so that not even the time it takes tells. */
#include "api/input.h"
#include "api/rate.h"
#include "base/crypto.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "store/door.h"
#include "store/job.h"

enum { EMAIL_MAX = 320 };

struct reset_body {
    str email;
};
static const struct input_field reset_fields[] = {
    FIELD(struct reset_body, email, IN_TEXT, IN_REQUIRED, 1, EMAIL_MAX, "mail address"),
};
static const struct input_spec reset_spec = SPEC("PasswordReset", struct reset_body, reset_fields);

static const struct shape_field way_fields[] = {
    SHOWN("by_mail", SHAPE_BOOL, 0, "false: ask somebody who manages people for a link"),
};
static const struct shape way_shape =
    SHAPE("PasswordResetWay", NULL, way_fields, "How to get a new password.");

static err get(struct call *call)
{
    bool has_mailbox = false;
    TRY(door_has_mailbox(&call->cx, &has_mailbox));
    struct json_out j = json_out_make(call->cx.arena, 0);
    json_obj(&j);
    json_kv_bool(&j, S("by_mail"), has_mailbox);
    json_obj_end(&j);
    return answer_json(call, 200, json_str(&j));
}

static err post(struct call *call)
{
    struct ctx *cx = &call->cx;
    const struct reset_body *body = call->body;
    if (!rate_allows_ip(call->req->peer, RATE_RESET, cx->now_ms))
        return fail_detail(cx, E_LIMIT, "throttled", "too many requests; please wait a minute");
    str email = utf8_fold(cx->arena, body->email);
    struct sha256 sum = crypto_sha256(email);
    struct json_out j = json_out_make(cx->arena, LIMIT_JOB_PAYLOAD_BYTES);
    json_obj(&j);
    json_kv_str(&j, S("email"), email);
    json_obj_end(&j);
    TRY(job_add(cx, &(struct job_new){.kind = S("password_reset"),
                        .key = crypto_hex(cx->arena, str_of(sum.b, (ptrdiff_t)sizeof sum.b)),
                        .payload = json_str(&j)}));
    return answer_empty(call);
}

/* clang-format off */
static const struct route routes[] = {
    {HTTP_GET, "/api/v1/password-resets", AUTH_PUBLIC, CAP_NONE,
     ROUTE_READ, NULL, NULL, NULL, get,
     "Whether a forgotten password is reset by mail.", &way_shape, 0},
    {HTTP_POST, "/api/v1/password-resets", AUTH_PUBLIC, CAP_NONE,
     ROUTE_WRITE | ROUTE_429, NULL, &reset_spec, NULL, post,
     "Mail a link for a new password to this address, if it is somebody's.", NULL, 0},
};
/* clang-format on */
extern const struct route_table password_reset_routes;
const struct route_table password_reset_routes = ROUTES(routes);
