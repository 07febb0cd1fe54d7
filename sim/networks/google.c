/* See google.h. */
#include "google.h"

static const char *status_of(int code)
{
    switch (code) {
    case 400:
        return "INVALID_ARGUMENT";
    case 401:
        return "UNAUTHENTICATED";
    case 403:
        return "PERMISSION_DENIED";
    case 404:
        return "NOT_FOUND";
    case 429:
        return "RESOURCE_EXHAUSTED";
    default:
        return "INTERNAL";
    }
}

void google_fail(struct sim_call *c, int code, const char *reason, const char *message)
{
    sim_answer_print(c, code,
        "{\"error\":{\"code\":%d,\"message\":\"%s\",\"errors\":[{\"message\":\"%s\",\"domain\":"
        "\"global\",\"reason\":\"%s\"}],\"status\":\"%s\"}}",
        code, message, message, reason, status_of(code));
}

void google_refuse(struct sim_call *c, enum sim_refusal why, int64_t retry_after_ms)
{
    switch (why) {
    case SIM_REFUSE_500:
        google_fail(c, 500, "backendError", "Backend Error");
        break;
    case SIM_REFUSE_429:
        sim_header_print(c, S("Retry-After"), "%lld", (long long)(retry_after_ms + 999) / 1000);
        google_fail(c, 429, "rateLimitExceeded", "Rate Limit Exceeded");
        break;
    case SIM_REFUSE_429_BARE:
        google_fail(c, 429, "rateLimitExceeded", "Rate Limit Exceeded");
        break;
    case SIM_REFUSE_401:
        google_fail(c, 401, "authError", "Invalid Credentials");
        break;
    }
}

bool google_is_let_in(struct sim_call *c)
{
    if (sim_account_by_token(c, sim_bearer(c)))
        return true;
    google_fail(c, 401, "authError", "Invalid Credentials");
    return false;
}

void google_token(struct sim_call *c)
{
    str refresh = sim_field(c, S("refresh_token"));
    for (ptrdiff_t i = 0;; i++) {
        struct sim_account *account = sim_account_at(c->sim, c->network, i);
        if (account == NULL)
            break;
        if (account->is_revoked || !str_eq(refresh, str_cat(c->arena, S("1//"), account->id)))
            continue;
        str token =
            str_cat(c->arena, S("ya29."), sim_random_word(c->sim, c->network, c->arena, 40));
        c->account = account;
        sim_account_token(c->sim, account, token);
        sim_answer_print(c, 200,
            "{\"access_token\":\"%.*s\",\"expires_in\":3600,\"token_type\":\"Bearer\"}",
            SARG(token));
        return;
    }
    sim_answer_print(c, 400, "{\"error\":\"invalid_grant\"}");
}
