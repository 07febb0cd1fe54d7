/* facebook: what goes out: messages, private and public replies, what is done to comments. See
 * facebook.h. A file is uploaded first (message_attachments) and then sent by its id, so that the
 * installation needs no public address; comments take pictures by address only. */
#include "base/limits.h"
#include "connector/facebook.h"
#include "connector/meta_send.h"
#include "connector/reading.h"

static const char *page_or_me(const struct connector_setup *setup)
{
    return setup->external_id.len ? "" : "me";
}

static str page_path(struct arena *a, const struct connector_setup *setup, const char *edge)
{
    return str_print(a, "/%.*s%s/%s", SARG(setup->external_id), page_or_me(setup), edge);
}

static str node_path(struct arena *a, str id, const char *edge)
{
    return str_print(a, "/%.*s%s", SARG(http_percent_encode(a, id)), edge);
}

/* ── private ── */

/* *attachment: JSON that names the uploaded file; empty when end says why not. */
static err upload(struct http_client *client, struct arena *a, const struct meta_api *api,
    const struct connector_file *file, str *attachment, struct connector_sent *end)
{
    const char *kind = meta_file_kind(file->type);
    struct meta_answer answer = {0};
    struct multipart m = multipart_make(a);
    struct network_call call =
        meta_call(a, api, HTTP_POST, page_path(a, api->setup, "message_attachments"), (str){0});
    call.may_repeat = true; /* a second upload that nobody sends is nothing */
    multipart_field(&m, "message",
        str_print(
            a, "{\"attachment\":{\"type\":\"%s\",\"payload\":{\"is_reusable\":true}}}", kind));
    multipart_file(&m, "filedata", file);
    bool is_there = multipart_set(&m, &call);
    err e = is_there ? meta_do(client, a, api, &call, &answer) : OK;
    multipart_close(&m);
    TRY(e);
    if (!is_there) {
        meta_refuse(end, "The file is no longer there.");
        return OK;
    }
    *end = answer.sent;
    str id = take_id(answer.json, "attachment_id");
    if (end->outcome != CONNECTOR_SENT)
        return OK;
    if (!id.len) {
        end->outcome = CONNECTOR_RETRY;
        end->why = S("Facebook took the file but did not name it.");
        return OK;
    }
    struct json_out j = json_out_make(a, LIMIT_JSON_BODY_BYTES);
    json_obj(&j);
    json_kv_str(&j, S("type"), str_from(kind));
    json_key(&j, S("payload"));
    json_obj(&j);
    json_kv_str(&j, S("attachment_id"), id);
    json_obj_end(&j);
    json_obj_end(&j);
    *attachment = json_str(&j);
    return OK;
}

static err send_private(struct http_client *client, struct arena *a, const struct meta_api *api,
    const struct connector_outgoing *out, struct connector_sent *sent)
{
    bool is_to_post = out->is_private_reply && str_eq(out->reply_to, out->post);
    struct meta_message m = {
        .api = api,
        .out = out,
        .path = page_path(a, out->setup, "messages"),
        .to_by = !out->is_private_reply ? "id"
                 : is_to_post           ? "post_id"
                                        : "comment_id",
        .to = out->is_private_reply ? out->reply_to : out->to,
        .type = "RESPONSE",
        .is_late = !out->is_private_reply && meta_is_late(a, api, out),
        .has_metadata = true,
        .has_templates = true,
    };
    if (out->n_files)
        TRY(upload(client, a, api, &out->files[0], &m.attachment, sent));
    if (out->n_files && !m.attachment.len)
        return OK;
    return meta_send(client, a, &m, sent);
}

/* ── public ── */

/* "777" of an answer is "555_777" in the feed when the post is "…_555". */
static void name_comment(struct arena *a, str post, struct connector_sent *sent)
{
    str page, number;
    if (str_find_byte(sent->external_id, '_') >= 0 || !str_cut(post, '_', &page, &number))
        return;
    str *alias = NEW(a, str, 1);
    *alias = str_print(a, "%.*s_%.*s", SARG(number), SARG(sent->external_id));
    sent->aliases = alias;
    sent->n_aliases = 1;
}

static err send_public(struct http_client *client, struct arena *a, const struct meta_api *api,
    const struct connector_outgoing *out, struct connector_sent *sent)
{
    struct form form = form_make(a);
    if (out->n_files && !out->files[0].url.len) {
        meta_refuse(sent, "Facebook fetches pictures for comments from a public address, and this "
                          "installation has none.");
        return OK;
    }
    if (out->text.len)
        form_add(&form, "message", out->text);
    if (out->n_files)
        form_add(&form, "attachment_url", out->files[0].url);
    struct network_call call =
        meta_call(a, api, HTTP_POST, node_path(a, out->reply_to, "/comments"), (str){0});
    call.body = form_str(&form);
    call.content_type = S("application/x-www-form-urlencoded");
    TRY(meta_comment(client, a, api, &call, sent));
    if (sent->outcome == CONNECTOR_SENT)
        name_comment(a, out->post, sent);
    return OK;
}

err facebook_send(struct http_client *client, struct arena *a, const struct connector_outgoing *out,
    struct connector_sent *sent)
{
    struct meta_api api = facebook_api(out->setup, out->now_ms);
    struct connector_sent got = {0};
    api.first_try_ms = out->first_try_ms;
    if (out->n_files > 1 || (!out->is_public && out->n_files && out->text.len))
        meta_refuse(&got, "Facebook takes one file at a time, and no text with it.");
    else if (out->is_public)
        TRY(send_public(client, a, &api, out, &got));
    else
        TRY(send_private(client, a, &api, out, &got));
    *sent = got;
    return OK;
}

/* ── acts ── */

err facebook_act(struct http_client *client, struct arena *a, const struct connector_act *act,
    struct connector_sent *sent)
{
    const struct meta_api api = facebook_api(act->setup, act->now_ms);
    struct meta_answer answer = {0};
    struct network_call call = {0};
    str path = node_path(a, act->external_id, "");
    if (act->kind == ACT_READ)
        return meta_action(client, a, &api, page_path(a, act->setup, "messages"), act->to,
            "mark_seen", (str){0}, sent);
    switch (act->kind) {
    case ACT_DELETE:
        call = meta_call(a, &api, HTTP_DELETE, path, (str){0});
        break;
    case ACT_LIKE:
        call = meta_call(a, &api, HTTP_POST, node_path(a, act->external_id, "/likes"), (str){0});
        break;
    case ACT_HIDE:
    case ACT_UNHIDE:
        call = meta_call(a, &api, HTTP_POST, path, (str){0});
        call.body = act->kind == ACT_HIDE ? S("is_hidden=true") : S("is_hidden=false");
        call.content_type = S("application/x-www-form-urlencoded");
        break;
    case ACT_EDIT:
    case ACT_REACT:
    case ACT_READ:
        meta_refuse(sent, "Facebook has no such call.");
        return OK;
    }
    call.may_repeat = true;
    TRY(meta_do(client, a, &api, &call, &answer));
    *sent = answer.sent;
    return OK;
}
