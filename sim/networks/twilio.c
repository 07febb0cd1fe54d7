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

/* ── the number ── */

str twilio_number_of(const struct sim_account *account)
{
    str number = sim_setting(account, S("number"));
    return number.len ? number : S("+15550001111");
}

static void put_number(
    struct json_out *j, const struct sim_account *account, const struct twilio_number *number)
{
    json_obj(j);
    json_kv_str(j, S("sid"), str_from(number->sid));
    json_kv_str(j, S("phone_number"), twilio_number_of(account));
    json_kv_str(j, S("friendly_name"), account->name);
    json_kv_str(j, str_from(number->shown), account->callback);
    json_kv_raw(j, S("capabilities"), S("{\"sms\":true,\"mms\":true,\"voice\":true}"));
    json_obj_end(j);
}

static void list_numbers(struct sim_call *c, const struct twilio_number *number)
{
    str wanted = sim_field(c, S("PhoneNumber"));
    struct json_out j = sim_json(c);
    json_obj(&j);
    json_key(&j, S("incoming_phone_numbers"));
    json_arr(&j);
    if (!wanted.len || str_eq(wanted, twilio_number_of(c->account)))
        put_number(&j, c->account, number);
    json_arr_end(&j);
    json_obj_end(&j);
    sim_answer_json(c, 200, &j);
}

static void change_number(struct sim_call *c, const struct twilio_number *number)
{
    str url = sim_field(c, str_from(number->field));
    if (url.at)
        sim_account_callback(c->sim, c->account, url);
    struct json_out j = sim_json(c);
    put_number(&j, c->account, number);
    sim_answer_json(c, 200, &j);
}

bool twilio_number_route(struct sim_call *c, const struct twilio_number *number)
{
    static const char all[] = "/2010-04-01/Accounts/{}/IncomingPhoneNumbers.json";
    str one =
        str_print(c->arena, "/2010-04-01/Accounts/{}/IncomingPhoneNumbers/%s.json", number->sid);
    str at[8];
    if (sim_route(c, HTTP_GET, all, at))
        list_numbers(c, number);
    else if (sim_route(c, HTTP_POST, str_z(c->arena, one), at))
        change_number(c, number);
    else
        return false;
    return true;
}
