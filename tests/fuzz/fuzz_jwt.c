/* Fuzz target: tokens, key sets and key files of others, and answers of OAuth. The first line is a
 * token, the rest a key set, an answer or a key file. Nothing is ever taken: no input holds a
 * signature of a key whose private half exists; and what is read keeps its promises. */
#include "base/crypto.h"
#include "base/limits.h"
#include "connector/jwt.h"
#include "connector/oauth2_inner.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const int64_t now_ms = INT64_C(1767225600000);

static void promise(bool kept)
{
    if (!kept)
        abort();
}

static bool is_visible(str s)
{
    for (ptrdiff_t i = 0; i < s.len; i++)
        if (s.at[i] <= 0x20 || s.at[i] >= 0x7f)
            return false;
    return true;
}

static void tokens(struct arena *a, str token, str jwks)
{
    const struct jwt_rules rules = {jwt_google_issuers, S("https://care.example"), {0}, now_ms};
    struct jwt_claims claims;
    struct jwt_account account = {0};
    str why = {0};
    int64_t expires_ms = -1;
    promise(jwt_verify(a, token, jwks, &rules, &claims, &why) != OK && why.len > 0);
    promise(jwt_expires_unverified(a, token, &expires_ms) != OK || expires_ms >= 0);
    promise(jwt_account_parse(a, jwks, &account, &why) != OK || account.private_key.len > 0);
}

static void answers(struct arena *a, str secret, str body)
{
    struct oauth2_app app = {.provider = &oauth2_instagram};
    struct oauth_call call = {.url = S("https://h"), .secrets = {secret}, .now_ms = now_ms};
    static const int statuses[] = {200, 400, 401, 404, 429, 503};
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
        struct oauth_answer answer = {.status = statuses[i], .body = body};
        struct oauth2_tokens t = {0};
        struct oauth_end end = oauth2_answer_read(a, &app, &call, &answer, NULL, &t);
        if (end.outcome != OAUTH_OK) {
            promise(end.why.len > 0 && oauth_is_line(end.why) && t.access.len == 0);
            continue;
        }
        promise(statuses[i] == 200 && t.access.len > 0);
        promise(is_visible(t.access) && is_visible(t.refresh));
        promise(t.expires_ms == 0 || t.expires_ms > now_ms);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = arena_make(0);
    str first, rest;
    (void)str_cut(str_of(data, (ptrdiff_t)size), '\n', &first, &rest);
    tokens(&a, first, rest);
    answers(&a, first, rest);
    arena_free(&a);
    return 0;
}
