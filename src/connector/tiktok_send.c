/* tiktok: messages and comments of ours. See tiktok.h.
 *
 * There is no idempotency key, and no list of messages whose parameters are certain: a message of
 * unknown end is told by its echo (im_send_msg). Thread: blocks. */
#include "base/limits.h"
#include "connector/fetched.h"
#include "connector/reading.h"
#include "connector/tiktok.h"

static const int64_t window_ms = INT64_C(48) * 3600 * 1000;

static void refuse(struct connector_sent *sent, str why)
{
    *sent = (struct connector_sent){.outcome = CONNECTOR_FINAL, .why = why};
}

/* Which codes stand for a closed window, a used-up count, a block or a region is not certain: any
 * other refusal of a message gets the rules said beside TikTok's own words. */
static void explain(struct arena *a, const struct connector_outgoing *out,
    const struct tiktok_answer *got, struct connector_sent *sent)
{
    bool is_plain = got->code == 40001 || got->code == 40002; /* permission, our own body */
    if (sent->outcome != CONNECTOR_FINAL || is_plain || got->code < 0)
        return;
    bool is_late = out->last_in_ms && out->now_ms - out->last_in_ms > window_ms;
    str rule = is_late ? S("The customer's last message is more than 48 hours old: TikTok takes at "
                           "most three messages then, until they write again.")
                       : S("TikTok takes at most ten messages within 48 hours after the customer's "
                           "last one, and none where either side blocks messages.");
    sent->why = str_print(a, "%.*s %.*s", SARG(sent->why), SARG(rule));
}

/* ── direct messages ── */

/* *media: the picture's id there. Nobody has seen it yet: what is unclear may be tried again. */
static err upload(struct http_client *client, struct arena *a, const struct tiktok_api *api,
    const struct connector_file *file, str *media, struct connector_sent *sent)
{
    struct tiktok_answer got;
    struct network_call call = {.method = HTTP_POST};
    struct multipart m = multipart_make(a);
    multipart_field(&m, "business_id", tiktok_business(a, api->setup));
    multipart_field(&m, "media_type", S("IMAGE"));
    multipart_file(&m, "file", file);
    bool is_there = multipart_set(&m, &call);
    err e = is_there
                ? tiktok_call(client, a, api, &call, S("/business/message/media/upload/"), &got)
                : OK;
    multipart_close(&m);
    TRY(e);
    if (!is_there) {
        refuse(sent, S("The picture is not there any more."));
        return OK;
    }
    *sent = got.sent;
    *media = take_id(got.data, "media_id");
    if (sent->outcome == CONNECTOR_UNKNOWN)
        sent->outcome = CONNECTOR_RETRY;
    if (sent->outcome == CONNECTOR_SENT && !media->len)
        refuse(sent, S("TikTok does not take the picture."));
    return OK;
}

static str message_body(
    struct arena *a, const struct connector_outgoing *out, str business, str media)
{
    struct json_out j = json_out_make(a, LIMIT_JSON_BODY_BYTES);
    json_obj(&j);
    json_kv_str(&j, S("business_id"), business);
    json_kv_str(&j, S("recipient_type"), S("CONVERSATION"));
    json_kv_str(&j, S("recipient"), out->thread_key);
    json_kv_str(&j, S("message_type"), media.len ? S("IMAGE") : S("TEXT"));
    json_key(&j, media.len ? S("image") : S("text"));
    json_obj(&j);
    json_kv_str(&j, media.len ? S("media_id") : S("body"), media.len ? media : out->text);
    json_obj_end(&j);
    if (out->reply_to.len) {
        json_key(&j, S("referenced_message_info"));
        json_obj(&j);
        json_kv_str(&j, S("referenced_message_id"), out->reply_to);
        json_obj_end(&j);
    }
    json_obj_end(&j);
    return json_str(&j);
}

static err send_message(struct http_client *client, struct arena *a, const struct tiktok_api *api,
    const struct connector_outgoing *out, struct connector_sent *sent)
{
    struct connector_sent so_far = {.outcome = CONNECTOR_SENT};
    struct tiktok_answer got;
    str media = {0};
    bool is_text = str_trim(out->text).len > 0;
    if (!out->thread_key.len || (is_text ? 1 : 0) + out->n_files != 1) {
        refuse(sent, S("TikTok takes a text or one picture, in a conversation that the customer "
                       "began."));
        return OK;
    }
    if (out->n_files)
        TRY(upload(client, a, api, &out->files[0], &media, &so_far));
    if (so_far.outcome != CONNECTOR_SENT) {
        explain(a, out, &(struct tiktok_answer){.code = 40002}, &so_far);
        *sent = so_far;
        return OK;
    }
    str body = message_body(a, out, tiktok_business(a, api->setup), media);
    TRY(tiktok_do(client, a, api, HTTP_POST, S("/business/message/send/"), body, &got));
    got.sent.external_id = take_id(take_object(got.data, "message"), "message_id");
    explain(a, out, &got, &got.sent);
    if (got.sent.outcome == CONNECTOR_SENT && !got.sent.external_id.len) {
        got.sent.outcome = CONNECTOR_UNKNOWN; /* its echo names it */
        got.sent.why = S("TikTok took the message without naming it.");
    }
    *sent = got.sent;
    return OK;
}

/* ── comments ── */

enum { SKEW_MS = 60 * 1000, PER_PAGE = 30 };

/* A try that is not the first: is there an answer of ours with this text already? */
static err find_earlier(struct http_client *client, struct arena *a, const struct tiktok_api *api,
    const struct connector_outgoing *out, const struct tiktok_comment *above,
    struct connector_sent *sent)
{
    struct tiktok_answer got;
    struct form f = form_make(a);
    form_add(&f, "business_id", tiktok_business(a, api->setup));
    form_add(&f, "video_id", above->video);
    form_add(&f, "comment_id", above->id);
    form_add(&f, "sort_field", S("create_time"));
    form_add(&f, "sort_order", S("desc"));
    form_add(&f, "max_count", str_print(a, "%d", PER_PAGE));
    form_add(&f, "cursor", S("0"));
    str path = str_cat(a, S("/business/comment/reply/list/?"), form_str(&f));
    TRY(tiktok_do(client, a, api, HTTP_GET, path, (str){0}, &got));
    *sent = got.sent;
    for (const struct json *c = list_first(got.data, "comments"); c; c = c->next) {
        bool is_that = take_bool(c, "owner") && str_eq(take_text(c, "text"), out->text) &&
                       take_time(c, "create_time") >= out->first_try_ms - SKEW_MS;
        if (is_that && !sent->external_id.len)
            sent->external_id = tiktok_comment_name(a, above->video, take_id(c, "comment_id"));
    }
    return OK;
}

static str comment_body(struct arena *a, const struct connector_outgoing *out, str business,
    const struct tiktok_comment *above)
{
    struct json_out j = json_out_make(a, LIMIT_JSON_BODY_BYTES);
    json_obj(&j);
    json_kv_str(&j, S("business_id"), business);
    json_kv_str(&j, S("video_id"), above->video);
    json_kv_str(&j, S("comment_id"), above->id);
    json_kv_str(&j, S("text"), out->text);
    json_obj_end(&j);
    return json_str(&j);
}

static err send_comment(struct http_client *client, struct arena *a, const struct tiktok_api *api,
    const struct connector_outgoing *out, struct connector_sent *sent)
{
    struct tiktok_comment above;
    struct connector_sent earlier = {.outcome = CONNECTOR_SENT};
    struct tiktok_answer got;
    if (!tiktok_comment_read(out->reply_to, &above) || !str_trim(out->text).len || out->n_files) {
        refuse(sent, S("TikTok takes a text that answers a comment."));
        return OK;
    }
    if (out->now_ms > out->first_try_ms)
        TRY(find_earlier(client, a, api, out, &above, &earlier));
    if (earlier.outcome != CONNECTOR_SENT || earlier.external_id.len) {
        *sent = earlier;
        return OK;
    }
    str body = comment_body(a, out, tiktok_business(a, api->setup), &above);
    TRY(tiktok_do(client, a, api, HTTP_POST, S("/business/comment/reply/create/"), body, &got));
    got.sent.external_id = tiktok_comment_name(a, above.video, take_id(got.data, "comment_id"));
    if (got.sent.outcome == CONNECTOR_SENT && !got.sent.external_id.len) {
        got.sent.outcome = CONNECTOR_UNKNOWN;
        got.sent.why = S("TikTok took the comment without naming it.");
    }
    *sent = got.sent;
    return OK;
}

err tiktok_send(struct http_client *client, struct arena *a, const struct connector_outgoing *out,
    struct connector_sent *sent)
{
    const struct tiktok_api api = {out->setup, out->now_ms};
    return out->is_public ? send_comment(client, a, &api, out, sent)
                          : send_message(client, a, &api, out, sent);
}
