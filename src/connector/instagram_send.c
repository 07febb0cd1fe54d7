/* instagram: what goes out: messages, private and public replies, answers to mentions, what is done
 * to comments and messages. See instagram.h. Instagram fetches files by address: without a public
 * address of this installation none go. */
#include "base/limits.h"
#include "connector/instagram.h"
#include "connector/meta_events.h"
#include "connector/meta_send.h"
#include "connector/reading.h"

enum { LONGEST_TEXT = 999 }; /* bytes of UTF-8: "under 1000" */

static str path_of(struct arena *a, str id, const char *edge)
{
    return str_print(a, "/%.*s%s", SARG(http_percent_encode(a, id)), edge);
}

/* ── private ── */

static str attachment_of(struct arena *a, const struct connector_file *file)
{
    struct json_out j = json_out_make(a, LIMIT_JSON_BODY_BYTES);
    json_obj(&j);
    json_kv_str(&j, S("type"), str_from(meta_file_kind(file->type)));
    json_key(&j, S("payload"));
    json_obj(&j);
    json_kv_str(&j, S("url"), file->url);
    json_obj_end(&j);
    json_obj_end(&j);
    return json_str(&j);
}

static err send_private(struct http_client *client, struct arena *a, const struct meta_api *api,
    const struct connector_outgoing *out, struct connector_sent *sent)
{
    str media, comment;
    if (out->n_files && !out->files[0].url.len) {
        meta_refuse(sent, "Instagram fetches files from a public address, and this installation "
                          "has none.");
        return OK;
    }
    if (out->text.len > LONGEST_TEXT) {
        meta_refuse(sent, "The text has more than 999 bytes.");
        return OK;
    }
    if (out->is_private_reply && instagram_mention(out->reply_to, &media, &comment)) {
        meta_refuse(sent, "Instagram lets comments under own posts be answered privately, not "
                          "mentions elsewhere.");
        return OK;
    }
    struct meta_message m = {
        .api = api,
        .out = out,
        .path = path_of(a, instagram_sender(a, out->setup), "/messages"),
        .to_by = out->is_private_reply ? "comment_id" : "id",
        .to = out->is_private_reply ? out->reply_to : out->to,
        .is_late = !out->is_private_reply && meta_is_late(a, api, out),
    };
    if (out->n_files)
        m.attachment = attachment_of(a, &out->files[0]);
    return meta_send(client, a, &m, sent);
}

/* ── public ── */

static err send_public(struct http_client *client, struct arena *a, const struct meta_api *api,
    const struct connector_outgoing *out, struct connector_sent *sent)
{
    struct form query = form_make(a);
    str media, comment, path = path_of(a, out->reply_to, "/replies");
    if (instagram_mention(out->reply_to, &media, &comment)) {
        path = path_of(
            a, out->setup->external_id.len ? out->setup->external_id : S("me"), "/mentions");
        form_add(&query, "media_id", media);
        if (comment.len)
            form_add(&query, "comment_id", comment);
    }
    form_add(&query, "message", out->text);
    const struct network_call call = meta_call(a, api, HTTP_POST, path, form_str(&query));
    return meta_comment(client, a, api, &call, sent);
}

err instagram_send(struct http_client *client, struct arena *a,
    const struct connector_outgoing *out, struct connector_sent *sent)
{
    struct meta_api api = instagram_api(a, out->setup, out->now_ms);
    struct connector_sent got = {0};
    api.first_try_ms = out->first_try_ms;
    if (out->is_public && out->n_files)
        meta_refuse(&got, "Instagram takes no files in comments.");
    else if (out->n_files > 1 || (out->n_files && out->text.len))
        meta_refuse(&got, "Instagram takes one file at a time, and no text with it.");
    else if (out->is_public)
        TRY(send_public(client, a, &api, out, &got));
    else
        TRY(send_private(client, a, &api, out, &got));
    *sent = got;
    return OK;
}

/* ── acts ── */

static err react(struct http_client *client, struct arena *a, const struct meta_api *api,
    const struct connector_act *act, struct connector_sent *sent)
{
    str name = meta_reaction(act->reaction);
    struct json_out j = json_out_make(a, LIMIT_JSON_BODY_BYTES);
    if (act->reaction.len && !name.len) {
        meta_refuse(sent, "Instagram has no such reaction; it has ❤ 👍 👎 😆 😮 😢 😠.");
        return OK;
    }
    json_obj(&j);
    json_kv_str(&j, S("message_id"), act->external_id);
    if (name.len)
        json_kv_str(&j, S("reaction"), name);
    json_obj_end(&j);
    return meta_action(client, a, api, path_of(a, instagram_sender(a, act->setup), "/messages"),
        act->to, name.len ? "react" : "unreact", json_str(&j), sent);
}

err instagram_act(struct http_client *client, struct arena *a, const struct connector_act *act,
    struct connector_sent *sent)
{
    const struct meta_api api = instagram_api(a, act->setup, act->now_ms);
    struct meta_answer answer = {0};
    struct network_call call = {0};
    str media, comment, path = path_of(a, act->external_id, "");
    if (act->kind != ACT_REACT && instagram_mention(act->external_id, &media, &comment)) {
        meta_refuse(sent, "It stands under somebody else's post.");
        return OK;
    }
    switch (act->kind) {
    case ACT_REACT:
        return react(client, a, &api, act, sent);
    case ACT_DELETE:
        call = meta_call(a, &api, HTTP_DELETE, path, (str){0});
        break;
    case ACT_HIDE:
        call = meta_call(a, &api, HTTP_POST, path, S("hide=true"));
        break;
    case ACT_UNHIDE:
        call = meta_call(a, &api, HTTP_POST, path, S("hide=false"));
        break;
    case ACT_EDIT:
    case ACT_LIKE:
    case ACT_READ:
        meta_refuse(sent, "Instagram has no such call.");
        return OK;
    }
    call.may_repeat = true;
    TRY(meta_do(client, a, &api, &call, &answer));
    *sent = answer.sent;
    return OK;
}
