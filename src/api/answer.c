/* answer: what leaves: JSON, bytes, faults in the one error shape, and the headers that every
 * answer of the API carries. HTTP mapping of err: the one table below. */
#include "api/boundary.h"
#include "api/origin.h"
#include "base/json.h"
#include "base/log.h"
#include "db/db.h"
#include "model/view_message.h"

#include <stdio.h>

enum { SESSION_COOKIE_S = 90 * 24 * 3600 };

struct mapping {
    int status;
    const char *words; /* when nobody found better ones */
};
static const struct mapping mappings[] = {
    [OK] = {200, "ok"                              },
    [E_INVALID] = {400, "this request is not valid"       },
    [E_UNAUTHENTICATED] = {401, "please sign in"                  },
    [E_FORBIDDEN] = {403, "you may not do this"             },
    [E_NOT_FOUND] = {404, "there is no such thing here"     },
    [E_CONFLICT] = {409, "this has changed in the meantime"},
    [E_LIMIT] = {429, "a limit was reached"             },
    [E_BUSY] = {503, "Seva is busy; please try again"  },
    [E_UPSTREAM] = {502, "another service failed"          },
    [E_INTERNAL] = {500, "something went wrong inside Seva"},
};

void answer_header(struct call *call, const char *name, str value)
{
    struct boundary *b = boundary_of(call);
    if (b->n_headers == ANSWER_HEADERS) {
        log_line(LOG_ERROR, "too many answer headers", LOG_Z("path", call->route->path));
        return;
    }
    b->headers[b->n_headers++] = (struct http_header){str_from(name), value};
}

err answer_bytes(struct call *call, int status, str content_type, str bytes)
{
    call->res.status = status;
    call->res.content_type = content_type;
    call->res.body = bytes;
    return OK;
}

err answer_json(struct call *call, int status, str json)
{
    if (json.len == 0)
        return E_BUSY; /* memory ended while it was written */
    return answer_bytes(call, status, S("application/json"), json);
}

err answer_empty(struct call *call)
{
    call->res.status = 204;
    return OK;
}

struct json_out answer_list_begin(struct call *call)
{
    struct json_out j = json_out_make(call->cx.arena, 0);
    json_obj(&j);
    json_key(&j, S("items"));
    json_arr(&j);
    return j;
}

err answer_list_end(struct call *call, struct json_out *j, str next)
{
    json_arr_end(j);
    json_kv_text(j, S("next"), next);
    json_obj_end(j);
    return answer_json(call, 200, json_str(j));
}

static const struct shape_field secret_fields[] = {
    SHOWN("secret", SHAPE_TEXT, 0, "shown this once"),
    SHOWN("kept_until", SHAPE_TIME, 0, "so long the old one is good too"),
};
const struct shape secret_rotated_shape =
    SHAPE("SecretRotated", NULL, secret_fields, "A new secret in place of an old one.");

err answer_secret(struct call *call, str secret, int64_t kept_until_ms)
{
    struct json_out j = json_out_make(call->cx.arena, 0);
    json_obj(&j);
    json_kv_str(&j, S("secret"), secret);
    json_kv_time(&j, S("kept_until"), kept_until_ms);
    json_obj_end(&j);
    return answer_json(call, 200, json_str(&j));
}

static const struct shape_field choice_fields[] = {
    SHOWN("id", SHAPE_ID, 0, NULL),
    SHOWN("name", SHAPE_TEXT, 0, NULL),
};
static const struct shape choice_shape =
    SHAPE("AccountChoice", NULL, choice_fields, "An account in which to sign in.");
static const char *const personal_kinds[] = {"card", "phone", "mail", "order", NULL};
static const struct shape_field finding_fields[] = {
    SHOWN_WORD("kind", 0, personal_kinds, NULL),
    SHOWN("from", SHAPE_INT, 0, "UTF-16 units of the text before it"),
    SHOWN("to", SHAPE_INT, 0, "the same to its end"),
};
static const struct shape finding_shape =
    SHAPE("PersonalFinding", NULL, finding_fields, "Personal data in a text.");
static const struct shape_field details_fields[] = {
    SHOWN_OBJECT("messages", SHAPE_LIST | SHAPE_OPTIONAL, &message_shape,
        "conflict.stale: what was not seen yet"),
    SHOWN("received", SHAPE_INT, SHAPE_OPTIONAL, "conflict.offset: where the upload stands"),
    SHOWN_OBJECT("findings", SHAPE_LIST | SHAPE_OPTIONAL, &finding_shape,
        "conflict.personal: what would be public"),
    SHOWN("url", SHAPE_TEXT, SHAPE_NULL | SHAPE_OPTIONAL, "conflict.capture: where to answer"),
    SHOWN("conversation_id", SHAPE_ID, SHAPE_OPTIONAL, "conflict.joined: where it went"),
};
static const struct shape details_shape =
    SHAPE("FaultDetails", NULL, details_fields, "What a program needs to go on.");
static const struct shape_field fault_fields[] = {
    SHOWN("code", SHAPE_TEXT, 0,
        "invalid, unauthenticated, forbidden, not_found, conflict, limit, busy, upstream or "
        "internal; a dot and a finer word may follow"),
    SHOWN("message", SHAPE_TEXT, 0, "for the person who can act"),
    SHOWN("field", SHAPE_TEXT, SHAPE_NULL, "the name in the input that is wrong"),
    SHOWN("trace", SHAPE_TEXT, SHAPE_NULL, "finds the request in the log"),
    SHOWN_OBJECT("choices", SHAPE_LIST | SHAPE_OPTIONAL, &choice_shape, "conflict.choose_account"),
    SHOWN_OBJECT("details", SHAPE_OPTIONAL, &details_shape, NULL),
};
static const struct shape fault_shape =
    SHAPE("Fault", NULL, fault_fields, "Why a request was refused.");
static const struct shape_field error_fields[] = {
    SHOWN_OBJECT("error", 0, &fault_shape, NULL),
};
const struct shape error_shape = SHAPE("Error", NULL, error_fields, "Every refusal.");

#define DAMAGED                                                                                     \
    "a part of Seva's database is damaged; whoever runs Seva is to run `seva doctor` and to bring " \
    "back a backup"

static bool has_met_damage(const struct boundary *b)
{
    const struct api *api = b->call.api;
    return api->db != NULL && db_stats_of(api->db).damaged > b->damaged;
}

static str fault_json(struct boundary *b, err code)
{
    struct ctx *cx = &b->call.cx;
    const struct fault *fault = &cx->fault;
    bool has_fault = fault->code == code;
    str words = code == E_INTERNAL && has_met_damage(b) ? S(DAMAGED)
                : has_fault && fault->words.len && code != E_INTERNAL
                    ? fault->words
                    : str_from(mappings[code].words);
    str name = str_from(err_name(code));
    if (has_fault && fault->detail.len)
        name = str_print(cx->arena, "%.*s.%.*s", SARG(name), SARG(fault->detail));
    struct json_out j = json_out_make(cx->arena, 0);
    json_obj(&j);
    json_key(&j, S("error"));
    json_obj(&j);
    json_kv_str(&j, S("code"), name);
    json_kv_str(&j, S("message"), words);
    json_kv_text(&j, S("field"), has_fault ? fault->field : (str){0});
    json_kv_str(&j, S("trace"), cx->trace);
    if (has_fault && fault->details_json.len) {
        bool is_choice = str_eq(fault->detail, S("choose_account"));
        json_kv_raw(&j, is_choice ? S("choices") : S("details"), fault->details_json);
    }
    json_obj_end(&j);
    json_obj_end(&j);
    return json_str(&j);
}

/* One line for each answer that is our fault. */
static void fault_log(const struct boundary *b, err code, int status)
{
    if (status < 500)
        return;
    const struct ctx *cx = &b->call.cx;
    log_line(code == E_INTERNAL ? LOG_ERROR : LOG_WARN, "request failed", LOG_S("trace", cx->trace),
        LOG_Z("method", http_method_name(b->x->req.method)), LOG_S("path", b->x->req.path),
        LOG_I("status", status), LOG_Z("code", err_name(code)),
        LOG_S("words", cx->fault.code == code ? cx->fault.words : (str){0}),
        LOG_I("account", cx->account.v));
}

void answer_fault(struct boundary *b, err code)
{
    struct call *call = &b->call;
    const struct fault *fault = &call->cx.fault;
    int status = mappings[code].status;
    if (code == E_LIMIT && fault->code == code && str_eq(fault->detail, S("size")))
        status = 413;
    if (code == E_NOT_FOUND && fault->code == code && str_eq(fault->detail, S("method")))
        status = 405;
    fault_log(b, code, status);
    call->res = (struct http_response){0};
    b->n_headers = 0;
    (void)answer_json(call, status, fault_json(b, code)); /* cannot fail */
    int64_t retry_s = fault->code == code ? fault->retry_after_s : 0;
    if (code == E_BUSY && !retry_s)
        retry_s = 1;
    if (retry_s)
        answer_header(call, "Retry-After", str_print(call->cx.arena, "%lld", (long long)retry_s));
    /* Who knows an address only (Amazon SNS) shows what stands in it when it is asked to. */
    bool is_hook = str_starts(b->x->req.path, S("/hooks/"));
    if (code == E_UNAUTHENTICATED)
        answer_header(call, "WWW-Authenticate", is_hook ? S("Basic realm=\"Seva\"") : S("Bearer"));
}

err answer_fault_and_keep(struct call *call)
{
    struct boundary *b = boundary_of(call);
    answer_fault(b, call->cx.fault.code);
    b->keeps_writes = true;
    return OK;
}

/* Without an allocation: memory or the database has just failed. */
void answer_busy(struct boundary *b)
{
    int n = snprintf(b->busy_body, sizeof b->busy_body,
        "{\"error\":{\"code\":\"busy\",\"message\":\"%s\",\"field\":null,\"trace\":\"%.*s\"}}",
        mappings[E_BUSY].words, TRACE_LEN, b->trace);
    b->call.res = (struct http_response){
        .status = 503, .content_type = S("application/json"), .body = {b->busy_body, n}
    };
    b->n_headers = 0;
    b->headers[b->n_headers++] = (struct http_header){S("Retry-After"), S("1")};
    b->headers[b->n_headers++] = (struct http_header){S("Cache-Control"), S("no-store")};
    b->call.res.headers = b->headers;
    b->call.res.header_count = b->n_headers;
    log_line(LOG_WARN, "request not done", LOG_S("trace", ((str){b->trace, TRACE_LEN})),
        LOG_S("path", b->x->req.path));
}

static void header_default(struct boundary *b, const char *name, str value)
{
    for (ptrdiff_t i = 0; i < b->n_headers; i++)
        if (str_eq_nocase(b->headers[i].name, str_from(name)))
            return;
    answer_header(&b->call, name, value);
}

void answer_finish_headers(struct boundary *b)
{
    const struct config *config = b->call.cx.config;
    header_default(b, "Cache-Control", S("no-store"));
    header_default(b, "X-Content-Type-Options", S("nosniff"));
    header_default(b, "X-Request-Id", b->call.cx.trace);
    if (!b->call.route || b->call.route->auth != AUTH_HOOK) {
        header_default(
            b, "Content-Security-Policy", S("default-src 'none'; frame-ancestors 'none'"));
        header_default(b, "Referrer-Policy", S("no-referrer"));
        header_default(b, "Cross-Origin-Resource-Policy", S("same-origin"));
        if (config->base_is_https)
            header_default(b, "Strict-Transport-Security", S("max-age=31536000"));
    }
    b->call.res.headers = b->headers;
    b->call.res.header_count = b->n_headers;
}

void answer_session_cookie(struct call *call, str token)
{
    const struct config *config = call->cx.config;
    str name = session_cookie_name(config);
    answer_header(call, "Set-Cookie",
        str_print(call->cx.arena, "%.*s=%.*s; Path=/; HttpOnly; SameSite=Lax; Max-Age=%d%s",
            SARG(name), SARG(token), token.len ? SESSION_COOKIE_S : 0,
            config->base_is_https ? "; Secure" : ""));
}
