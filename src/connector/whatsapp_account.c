/* WhatsApp's account side: calls to the Graph API, the numbers of a business account, telling the
 * network where to call, and the address of a file.
 * Source: Meta, WhatsApp Business Management API and Cloud API "Media" (v25.0, 2026). */
#include "connector/whatsapp.h"

#include "base/clock.h"
#include "base/crypto.h"
#include "base/limits.h"
#include "connector/reading.h"

enum {
    NUMBERS_MOST = 200, /* of one business account */
    LIST_LIMIT = 100,
    LIST_CALLS = 5,
    CURSOR_BYTES = 1024,
    SHA256_BYTES = 32,
};

str whatsapp_number(struct arena *a, const struct connector_setup *s)
{
    return s->external_id.len ? s->external_id
                              : setup_setting(a, &connector_whatsapp, s, "phone_number_id");
}

static str business(struct arena *a, const struct connector_setup *s)
{
    return setup_setting(a, &connector_whatsapp, s, "business_account_id");
}

err whatsapp_ask(struct http_client *client, struct arena *a, const struct whatsapp_call *call,
    struct meta_answer *got)
{
    const struct meta_api api = {
        .connector = &connector_whatsapp,
        .setup = call->setup,
        .host = "graph",
        .has_proof = true,
        .now_ms = call->at.now_ms,
        .first_try_ms = call->at.first_try_ms,
    };
    bool is_get = !call->body.len && !call->multipart;
    struct network_call c =
        meta_call(a, &api, is_get ? HTTP_GET : HTTP_POST, call->path, call->query);
    struct meta_answer answer = {0};
    c.body = call->body;
    c.may_repeat = call->may_repeat;
    c.timeout_ms = call->timeout_ms;
    if (call->multipart && !multipart_set(call->multipart, &c)) {
        *got = (struct meta_answer){
            .sent = {.outcome = CONNECTOR_RETRY, .why = S("The file cannot be read.")}
        };
        return OK;
    }
    struct http_result res = {0};
    TRY(network_do(client, a, &c, &res));
    meta_read_answer(a, &api, &res, !is_get && !call->may_repeat, &answer);
    whatsapp_judge(a, &call->at, &res, &answer);
    *got = answer;
    return OK;
}

/* ── our numbers ── */

static void take_number(struct arena *a, const struct json *v, str wanted,
    struct connector_checked *out, struct connector_account *at)
{
    str id = take_id(v, "id"), name = take_line(v, "verified_name", LIMIT_NAME_BYTES);
    str shown = take_line(v, "display_phone_number", LIMIT_NAME_BYTES);
    if (!id.len || (wanted.len && !str_eq(id, wanted)))
        return;
    at[out->n++] = (struct connector_account){
        .external_id = id,
        .handle = shown,
        .name = name.len ? name : shown,
        .settings = str_print(a, "{\"phone_number_id\":\"%.*s\"}", SARG(id)),
    };
    str quality = take_line(v, "quality_rating", LIMIT_NAME_BYTES);
    if (str_eq(quality, S("RED")))
        out->note = str_print(
            a, "The quality rating of %.*s is low: Meta may limit how much it sends.", SARG(shown));
}

static str next_of(const struct json *root)
{
    const struct json *paging = take_object(root, "paging");
    return json_get(paging, S("next"))
               ? take_line(take_object(paging, "cursors"), "after", CURSOR_BYTES)
               : (str){0};
}

err whatsapp_list(struct http_client *client, struct arena *a, const struct connector_setup *setup,
    const struct whatsapp_list *list, str *after, struct meta_answer *got)
{
    struct form query = form_make(a);
    form_add(&query, "fields", str_from(list->fields));
    form_add(&query, "limit", str_print(a, "%d", LIST_LIMIT));
    if (after->len)
        form_add(&query, "after", *after);
    const struct whatsapp_call call = {
        .setup = setup,
        .at = {.now_ms = list->now_ms},
        .path =
            str_print(a, "/%.*s/%s", SARG(http_percent_encode(a, business(a, setup))), list->edge),
        .query = form_str(&query),
    };
    TRY(whatsapp_ask(client, a, &call, got));
    *after = got->sent.outcome == CONNECTOR_SENT ? next_of(got->json) : (str){0};
    return OK;
}

static struct connector_sent final(str why)
{
    return (struct connector_sent){.outcome = CONNECTOR_FINAL, .why = why};
}

err whatsapp_check(struct http_client *client, struct arena *a, const struct connector_setup *setup,
    int64_t now_ms, struct connector_checked *out)
{
    static const char fields[] = "id,display_phone_number,verified_name,quality_rating,throughput";
    const struct whatsapp_list list = {.edge = "phone_numbers", .fields = fields, .now_ms = now_ms};
    struct connector_account *at = NEW(a, struct connector_account, NUMBERS_MOST);
    struct connector_checked got = {.accounts = at};
    str after = {0}, wanted = whatsapp_number(a, setup);
    for (int i = 0; i < LIST_CALLS; i++) {
        struct meta_answer answer = {0};
        TRY(whatsapp_list(client, a, setup, &list, &after, &answer));
        got.end = answer.sent;
        const struct json *data = take_array(answer.json, "data");
        for (const struct json *v = data ? data->first : NULL; v && got.n < NUMBERS_MOST;
             v = v->next)
            take_number(a, v, wanted, &got, at);
        if (!after.len)
            break;
    }
    if (got.end.outcome == CONNECTOR_SENT && !got.n)
        got.end = final(wanted.len ? S("This WhatsApp Business account has no number with this id.")
                                   : S("This WhatsApp Business account has no number yet."));
    *out = got;
    return OK;
}

/* ── where the network calls ── */

static err tell(struct http_client *client, struct arena *a, const struct connector_setup *setup,
    str whose, const char *edge, str body, struct connector_sent *sent)
{
    struct meta_answer got = {0};
    const struct whatsapp_call call = {
        .setup = setup,
        .at = {.now_ms = clock_now_ms()},
        .path = str_print(a, "/%.*s%s", SARG(http_percent_encode(a, whose)), edge),
        .body = body,
        .may_repeat = true,
    };
    TRY(whatsapp_ask(client, a, &call, &got));
    *sent = got.sent;
    return OK;
}

static err register_number(struct http_client *client, struct arena *a,
    const struct connector_setup *setup, str pin, struct connector_sent *sent)
{
    struct json_out j = json_out_make(a, LIMIT_JOB_PAYLOAD_BYTES);
    json_obj(&j);
    json_kv_str(&j, S("messaging_product"), S("whatsapp"));
    json_kv_str(&j, S("pin"), pin);
    json_obj_end(&j);
    return tell(client, a, setup, whatsapp_number(a, setup), "/register", json_str(&j), sent);
}

/* The number's deliveries come to this channel's own address, whatever the app's is. Off: the
 * app's again; the app stays subscribed, for other numbers of the account may need it. */
static err set_address(struct http_client *client, struct arena *a,
    const struct connector_setup *setup, bool on, struct connector_sent *sent)
{
    struct json_out j = json_out_make(a, LIMIT_JOB_PAYLOAD_BYTES);
    json_obj(&j);
    json_key(&j, S("webhook_configuration"));
    json_obj(&j);
    json_kv_str(&j, S("override_callback_uri"), on ? setup->hook_url : S(""));
    if (on)
        json_kv_str(&j, S("verify_token"), setup->secret);
    json_obj_end(&j);
    json_obj_end(&j);
    return tell(client, a, setup, whatsapp_number(a, setup), "", json_str(&j), sent);
}

err whatsapp_subscribe(struct http_client *client, struct arena *a,
    const struct connector_setup *setup, bool on, struct connector_sent *sent)
{
    struct connector_sent got = {0};
    str pin = setup_secret(a, setup, "pin");
    if (!whatsapp_number(a, setup).len || !business(a, setup).len) {
        *sent = final(S("The channel has no number yet: test the connection first."));
        return OK;
    }
    if (on)
        TRY(tell(client, a, setup, business(a, setup), "/subscribed_apps", S("{}"), &got));
    if (got.outcome == CONNECTOR_SENT && on && pin.len)
        TRY(register_number(client, a, setup, pin, &got));
    if (got.outcome == CONNECTOR_SENT)
        TRY(set_address(client, a, setup, on, &got));
    *sent = got;
    return OK;
}

/* ── files ── */

/* Base64 or hex, as has been seen of both places that give it; empty when it is neither. */
static str hash_of(struct arena *a, str text)
{
    str bytes = {0};
    if (text.len == 2 * (ptrdiff_t)SHA256_BYTES && crypto_unhex(a, text, &bytes) == OK)
        return crypto_hex(a, bytes);
    bool is_hash = crypto_unbase64(a, text, &bytes) == OK && bytes.len == SHA256_BYTES;
    return is_hash ? crypto_hex(a, bytes) : (str){0};
}

/* The address is good for some five minutes and wants the token. That goes only where the Graph
 * API says, and never in the clear unless the API itself was set to such an address. */
static bool may_have_token(struct arena *a, const struct connector_setup *setup, str url)
{
    str graph = connector_host_url(a, &connector_whatsapp, setup->hosts, S("graph"));
    return str_starts(url, S("https://")) || str_starts(graph, S("http://"));
}

err whatsapp_media(struct http_client *client, struct arena *a, const struct connector_setup *setup,
    const struct connector_attachment *at, struct connector_source *out)
{
    struct form query = form_make(a);
    struct meta_answer got = {0};
    str number = whatsapp_number(a, setup);
    if (number.len)
        form_add(&query, "phone_number_id", number);
    const struct whatsapp_call call = {
        .setup = setup,
        .at = {.now_ms = clock_now_ms()},
        .path = str_cat(a, S("/"), http_percent_encode(a, at->media_id)),
        .query = form_str(&query),
    };
    TRY(whatsapp_ask(client, a, &call, &got));
    struct connector_source source = {.end = got.sent, .url = take_url(got.json, "url")};
    if (source.end.outcome != CONNECTOR_SENT) {
        *out = (struct connector_source){.end = source.end};
        return OK;
    }
    if (!source.url.len || !may_have_token(a, setup, source.url)) {
        *out = (struct connector_source){.end = final(S("WhatsApp gave no address of the file."))};
        return OK;
    }
    source.headers[source.n_headers++] = (struct http_header){
        S("Authorization"), str_cat(a, S("Bearer "), setup_secret(a, setup, "access_token"))};
    source.sha256 = hash_of(a, take_line(got.json, "sha256", READING_ID_BYTES));
    source.size = take_int(got.json, "file_size", 0);
    *out = source;
    return OK;
}
