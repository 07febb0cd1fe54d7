/* tiktok: what events and comments say. See tiktok.h. Thread: pure. */
#include "base/limits.h"
#include "base/utf8.h"
#include "connector/part.h"
#include "connector/reading.h"
#include "connector/tiktok.h"

struct event {
    struct arena *a;
    struct item_list *list;
    str name, business;           /* "im_receive_msg"; our account */
    int64_t made_ms;              /* of the delivery */
    const struct json *content;   /* parsed; NULL = none */
    const struct json *from, *to; /* users */
    str raw;                      /* the whole delivery */
};

static bool is_event(const struct event *e, const char *name)
{
    return str_eq(e->name, str_from(name));
}

static void put(struct item_list *list, const struct connector_item *it)
{
    struct connector_item *to = item_add(list, it->kind);
    if (to)
        *to = *it;
}

/* ── direct messages ── */

static str unique_of(const struct json *user, const struct json *content)
{
    str id = take_id(user, "unique_identifier");
    return id.len ? id : take_id(content, "unique_identifier");
}

/* What every item of a conversation has. Our own side has the business id. */
static struct connector_item base_of(const struct event *e)
{
    struct connector_item it = {.kind = ITEM_MESSAGE, .account = e->business, .opens_window = true};
    str from = take_id(e->from, "id"), to = take_id(e->to, "id");
    bool is_from_us = from.len && str_eq(from, e->business);
    bool is_to_us = to.len && str_eq(to, e->business);
    it.is_ours = is_from_us || (is_event(e, "im_send_msg") && !is_to_us);
    const struct json *person = it.is_ours ? e->to : e->from;
    it.thread_key = take_id(e->content, "conversation_id");
    it.contact_external_id = it.is_ours ? to : from;
    it.contact_other_id = unique_of(person, it.is_ours ? NULL : e->content);
    if (!it.contact_external_id.len)
        it.contact_external_id = it.contact_other_id;
    it.contact_handle = take_line(e->content, it.is_ours ? "to" : "from", LIMIT_NAME_BYTES);
    it.contact_name = take_line(person, "display_name", LIMIT_NAME_BYTES);
    it.contact_avatar_url = take_url(person, "profile_image");
    it.sent_ms = take_time(e->content, "timestamp");
    if (!it.sent_ms)
        it.sent_ms = e->made_ms;
    return it;
}

/* "conversation message media": what media asks the file with. */
static void read_image(const struct event *e, str message, struct connector_item *it)
{
    str media = take_id(take_object(e->content, "image"), "media_id");
    struct connector_attachment *at = NEW(e->a, struct connector_attachment, 1);
    at->media_id =
        str_print(e->a, "%.*s %.*s %.*s", SARG(it->thread_key), SARG(message), SARG(media));
    if (!media.len || at->media_id.len > READING_ID_BYTES)
        return;
    at->type = S("image/jpeg");
    it->attachments = at;
    it->n_attachments = 1;
}

static void read_content(const struct event *e, str message, struct connector_item *it)
{
    struct parts p = parts_make(e->a);
    str type = take_line(e->content, "type", 40);
    it->text = take_text(take_object(e->content, "text"), "body");
    if (!it->text.len)
        it->text = take_text(e->content, "text");
    if (str_eq(type, S("image")))
        read_image(e, message, it);
    str post = take_url(take_object(e->content, "share_post"), "embed_url");
    if (post.len)
        part_link(&p, post, S(""), S(""));
    else if (!str_trim(it->text).len && !it->n_attachments)
        part_unsupported(&p, type.len ? type : S("message"));
    it->parts = parts_str(&p);
}

static void read_message(const struct event *e)
{
    struct connector_item it = base_of(e);
    it.external_id = take_id(e->content, "message_id");
    if (!it.external_id.len || !it.contact_external_id.len) {
        item_fault(e->list, S("TikTok did not say which message it is, or from whom."), e->raw);
        return;
    }
    it.reply_to =
        take_id(take_object(e->content, "referenced_message_info"), "referenced_message_id");
    read_content(e, it.external_id, &it);
    put(e->list, &it);
}

static void read_mark(const struct event *e)
{
    struct connector_item it = base_of(e);
    int64_t until_ms = take_time(take_object(e->content, "read"), "last_read_timestamp");
    if (it.is_ours || !it.contact_external_id.len) /* we read it elsewhere */
        return;
    it.kind = ITEM_READ;
    it.state = S("read");
    it.sent_ms = until_ms ? until_ms : it.sent_ms;
    put(e->list, &it);
}

/* An ad or link led here; the customer has written nothing yet. Its fields are not certain. */
static void read_referral(const struct event *e)
{
    struct connector_item it = base_of(e);
    const struct json *referral = take_object(e->content, "referral");
    const struct json *r = referral ? referral : e->content;
    struct parts p = parts_make(e->a);
    part_begin(&p, S("referral"));
    part_text(&p, "source", take_line(r, "source", 100));
    part_text(&p, "ref", take_line(r, "ref", LIMIT_NAME_BYTES));
    part_text(&p, "title", take_line(r, "title", LIMIT_NAME_BYTES));
    part_text(&p, "url", take_url(r, "url"));
    part_end(&p);
    it.external_id = take_id(e->content, "message_id");
    if (!it.external_id.len && it.thread_key.len)
        it.external_id = str_print(e->a, "referral:%.*s:%lld",
            SARG(str_sub(it.thread_key, 0, READING_ID_BYTES / 2)), (long long)it.sent_ms);
    it.parts = parts_str(&p);
    it.opens_window = false;
    if (it.external_id.len && it.contact_external_id.len && !it.is_ours)
        put(e->list, &it);
}

/* ── comments ── */

static struct connector_item comment_base(struct arena *a, str account, str video, str id)
{
    struct connector_item it = {
        .kind = ITEM_MESSAGE, .is_public = true, .opens_window = true, .account = account};
    it.external_id = tiktok_comment_name(a, video, id);
    it.thread_key = str_cat(a, S("post:"), video);
    it.post = (struct connector_post){.external_id = video, .kind = S("video"), .is_ours = true};
    return it;
}

static bool is_whole(const struct connector_item *it)
{
    return it->external_id.len && it->external_id.len <= READING_ID_BYTES &&
           it->thread_key.len <= READING_ID_BYTES;
}

/* comment.update: without an owner, so whose a new one is is asked first. Hiding and showing change
 * nothing here. */
static void read_comment_event(const struct event *e)
{
    str video = take_id(e->content, "video_id"), id = take_id(e->content, "comment_id");
    str action = take_line(e->content, "comment_action", 40);
    struct connector_item it = comment_base(e->a, e->business, video, id);
    it.contact_external_id = take_id(e->content, "unique_identifier");
    it.contact_other_id = take_id(e->content, "user_id");
    if (!it.contact_external_id.len)
        it.contact_external_id = it.contact_other_id;
    it.text = take_text(e->content, "text");
    it.sent_ms = take_time(e->content, "timestamp");
    if (!it.sent_ms)
        it.sent_ms = e->made_ms;
    it.reply_to = tiktok_comment_name(e->a, video, take_id(e->content, "parent_comment_id"));
    if (!is_whole(&it))
        return;
    if (str_eq(action, S("delete"))) {
        it.kind = ITEM_DELETE;
        put(e->list, &it);
        return;
    }
    if (!str_eq(action, S("insert")) || !it.contact_external_id.len)
        return;
    if (!str_trim(it.text).len) {
        struct parts p = parts_make(e->a);
        part_unsupported(&p, S("image"));
        it.parts = parts_str(&p);
    }
    it.wants_author = true;
    put(e->list, &it);
}

static void read_author(const struct json *comment, struct arena *a, struct connector_item *it)
{
    it->contact_external_id = take_id(comment, "unique_identifier");
    it->contact_other_id = take_id(comment, "user_id");
    if (!it->contact_external_id.len)
        it->contact_external_id = it->contact_other_id;
    it->contact_handle = take_line(comment, "username", LIMIT_NAME_BYTES);
    it->contact_name = take_line(comment, "display_name", LIMIT_NAME_BYTES);
    it->contact_avatar_url = take_url(comment, "profile_image");
    if (it->contact_handle.len)
        it->contact_profile_url = str_print(
            a, "https://www.tiktok.com/@%.*s", SARG(http_percent_encode(a, it->contact_handle)));
}

static void read_comment(struct item_list *list, const struct json *root)
{
    struct arena *a = list->a;
    const struct json *comment = take_object(root, "comment");
    const struct json *parent = take_object(root, "parent"), *video = take_object(root, "video");
    str video_id = take_id(comment, "video_id");
    if (!video_id.len)
        video_id = take_id(video, "item_id");
    struct connector_item it =
        comment_base(a, take_id(root, "account"), video_id, take_id(comment, "comment_id"));
    it.is_ours = take_bool(comment, "owner");
    it.text = take_text(comment, "text");
    it.sent_ms = take_time(comment, "create_time");
    str above = take_id(comment, "parent_comment_id");
    it.reply_to =
        tiktok_comment_name(a, video_id, above.len ? above : take_id(parent, "comment_id"));
    it.post.text = take_text(video, "caption");
    it.post.url = take_url(video, "share_url");
    it.post.image_url = take_url(video, "thumbnail_url");
    it.post.at_ms = take_time(video, "create_time");
    bool is_nobodys = it.is_ours && (!parent || take_bool(parent, "owner"));
    read_author(it.is_ours ? parent : comment, a, &it);
    if (!is_whole(&it) || is_nobodys || !it.contact_external_id.len)
        return;
    if (!str_trim(it.text).len) {
        struct parts p = parts_make(a);
        part_unsupported(&p, S("image"));
        it.parts = parts_str(&p);
    }
    put(list, &it);
}

/* ── deliveries ── */

static void read_event(struct event *e)
{
    if (is_event(e, "im_receive_msg") || is_event(e, "im_receive_msg_eu") ||
        is_event(e, "im_send_msg"))
        read_message(e);
    else if (is_event(e, "im_mark_read_msg"))
        read_mark(e);
    else if (is_event(e, "im_referral_msg"))
        read_referral(e);
    else if (is_event(e, "comment.update"))
        read_comment_event(e);
}

/* `content` is JSON inside a text; an object is taken as well. */
static const struct json *content_of(struct arena *a, const struct json *root)
{
    const struct json *v = json_get(root, S("content")), *inner = NULL;
    str why;
    if (v && v->kind == JSON_STRING)
        return json_parse(a, v->text, &inner, &why) == OK && inner->kind == JSON_OBJECT ? inner
                                                                                        : NULL;
    return take_object(root, "content");
}

err tiktok_parse(
    struct arena *a, const struct connector_raw *raw, struct connector_batch *batch, str *why)
{
    const struct json *root = NULL;
    struct item_list list = {.a = a};
    if (json_parse(a, raw->body, &root, why) != OK)
        return E_INVALID;
    if (root->kind != JSON_OBJECT) {
        *why = S("This is no event of TikTok's.");
        return E_INVALID;
    }
    if (!str_eq(raw->origin, S("hook"))) {
        read_comment(&list, root);
        batch_of(&list, batch);
        return OK;
    }
    struct event e = {
        .a = a,
        .list = &list,
        .name = take_line(root, "event", 100),
        .business = take_id(root, "user_openid"),
        .made_ms = take_time(root, "create_time"),
        .content = content_of(a, root),
        .raw = raw->body,
    };
    if (!e.made_ms)
        e.made_ms = raw->received_ms;
    e.from = take_object(e.content, "from_user");
    e.to = take_object(e.content, "to_user");
    if (e.content)
        read_event(&e);
    else if (is_event(&e, "im_receive_msg"))
        item_fault(&list, S("The message inside TikTok's event is not readable."), raw->body);
    batch_of(&list, batch);
    return OK;
}
