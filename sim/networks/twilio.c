/* twilio: see twilio.h. */
#include "twilio.h"

#include <stdlib.h>
#include <string.h>

void twilio_fail(struct sim_call *c, int status, int code, const char *message)
{
    sim_answer_print(c, status,
        "{\"code\":%d,\"message\":\"%s\",\"more_info\":\"https://www.twilio.com/docs/errors/%d\","
        "\"status\":%d}",
        code, message, code, status);
}

void twilio_refuse(struct sim_call *c, enum sim_refusal why, int64_t retry_after_ms)
{
    if (why == SIM_REFUSE_500)
        twilio_fail(c, 500, 20500, "Internal server error");
    else if (why == SIM_REFUSE_401)
        twilio_fail(c, 401, 20003, "Authenticate");
    else
        twilio_fail(c, 429, 20429, "Too Many Requests");
    if (why == SIM_REFUSE_429)
        sim_header_print(c, S("Retry-After"), "%lld", (long long)(retry_after_ms + 999) / 1000);
}

void twilio_form_add(struct sb *b, const char *name, str value)
{
    if (b->len)
        sb_byte(b, '&');
    sb_add(b, str_from(name));
    sb_byte(b, '=');
    sb_add(b, http_percent_encode(b->a, value));
}

static int by_pair(const void *x, const void *y)
{
    const struct http_pair *a = x, *b = y;
    int by_name = str_cmp(a->name, b->name);
    return by_name ? by_name : str_cmp(a->value, b->value);
}

void twilio_sign(struct sim *sim, const struct sim_account *account, struct sim_post *post)
{
    (void)sim;
    const struct http_pair *pairs = NULL;
    ptrdiff_t n = 0;
    struct sb b = sb_make(post->arena, 0);
    if (http_pairs_parse(post->arena, post->body, &pairs, &n) != OK)
        return;
    struct http_pair *sorted = arena_alloc(post->arena, (n + 1) * (ptrdiff_t)sizeof *sorted, 8);
    if (n)
        memcpy(sorted, pairs, (size_t)n * sizeof *sorted);
    qsort(sorted, (size_t)n, sizeof *sorted, by_pair);
    sb_add(&b, post->url);
    for (ptrdiff_t i = 0; i < n; i++) {
        sb_add(&b, sorted[i].name);
        sb_add(&b, sorted[i].value);
    }
    sim_post_header(post, S("X-Twilio-Signature"),
        sim_hmac_sha1_base64(post->arena, account->token, sb_str(&b)));
}
