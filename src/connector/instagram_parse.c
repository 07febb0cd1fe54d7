/* instagram: what comes in. Direct messages are read by meta_events.c; here are comments, mentions
 * and answers to what we ask. See instagram.h.
 *
 * A person has one conversation per post: thread "post:<media id>". Comments that the account
 * itself wrote are items that are_ours; whose conversation they belong to tells their reply_to. A
 * mention does not say who wrote it: its contact is "unknown:<the message's id>" until the look-up
 * names the handle. */
#include "base/limits.h"
#include "connector/instagram.h"
#include "connector/meta_node.h"

enum { WORD_BYTES = 64 };

#define MENTION "mention:"

bool instagram_mention(str external_id, str *media, str *comment)
{
    if (!str_starts(external_id, S(MENTION)))
        return false;
    str rest = str_skip(external_id, (ptrdiff_t)sizeof MENTION - 1);
    *comment = (str){0};
    (void)str_cut(rest, ':', media, comment);
    return media->len > 0;
}

/* An id that fits into names made of two. */
static str take_part(const struct json *v, const char *key)
{
    str id = take_id(v, key);
    return id.len > READING_ID_BYTES / 2 - (ptrdiff_t)sizeof MENTION ? (str){0} : id;
}

static void place(struct meta_reading *r, struct connector_item *it, str media)
{
    it->account = r->account;
    it->is_public = true;
    it->thread_key = str_cat(r->list.a, S("post:"), media);
    it->post.external_id = media;
    it->opens_window = false; /* a comment does not open the private inbox's window */
}

/* ── comments ── */

static str kind_of(const struct json *media)
{
    static const struct {
        const char *product, *kind;
    } kinds[] = {
        {"REELS", "video"},
        {"LIVE",  "video"},
        {"STORY", "story"},
        {"AD",    "ad"   }
    };
    str product = take_line(media, "media_product_type", WORD_BYTES);
    if (take_id(media, "ad_id").len)
        return S("ad");
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (str_eq_nocase(product, str_from(kinds[i].product)))
            return str_from(kinds[i].kind);
    return (str){0};
}

static void read_author(struct meta_reading *r, struct connector_item *it, const struct json *from)
{
    str id = take_id(from, "id"), handle = take_line(from, "username", LIMIT_NAME_BYTES);
    it->is_ours = id.len && str_eq(id, r->account);
    it->wants_lookup = !id.len;
    it->contact_external_id =
        id.len ? id : str_print(r->list.a, "unknown:%.*s", SARG(it->external_id));
    if (it->is_ours || !handle.len)
        return;
    it->contact_handle = handle;
    it->contact_profile_url = str_print(
        r->list.a, "https://www.instagram.com/%.*s", SARG(http_percent_encode(r->list.a, handle)));
}

static void put_text(struct meta_reading *r, struct connector_item *it, str text)
{
    struct meta_content c = meta_content_make(r->list.a);
    it->text = text;
    meta_content_end(&c, it, "comment");
}

static void read_comment(struct meta_reading *r, const struct json *change, const struct json *v)
{
    const struct json *media = take_object(v, "media");
    str id = take_part(v, "id"), media_id = take_part(media, "id");
    struct connector_item *it;
    if (!id.len || !media_id.len) {
        meta_fault(r, "changes", change, S("The comment has no id or no post."));
        return;
    }
    it = item_add(&r->list, ITEM_MESSAGE);
    if (!it)
        return;
    place(r, it, media_id);
    it->external_id = id;
    it->reply_to = take_id(v, "parent_id");
    it->sent_ms = r->time_ms;
    it->post.kind = kind_of(media);
    it->post.text = take_line(media, "ad_title", LIMIT_NAME_BYTES);
    it->post.is_ours = true; /* the network tells comments under our own posts only */
    read_author(r, it, take_object(v, "from"));
    put_text(r, it, take_text(v, "text"));
}

/* ── mentions ── */

static str mention_id(struct arena *a, str media, str comment)
{
    return str_print(a, MENTION "%.*s:%.*s", SARG(media), SARG(comment));
}

static struct connector_item *add_mention(
    struct meta_reading *r, enum connector_item_kind kind, str media, str comment)
{
    struct connector_item *it = item_add(&r->list, kind);
    if (!it)
        return NULL;
    place(r, it, media);
    it->external_id = mention_id(r->list.a, media, comment);
    it->contact_external_id = str_print(r->list.a, "unknown:%.*s", SARG(it->external_id));
    it->sent_ms = r->time_ms;
    return it;
}

static void read_mention(struct meta_reading *r, const struct json *change, const struct json *v)
{
    str media = take_part(v, "media_id"), comment = take_part(v, "comment_id");
    struct connector_item *it;
    if (!media.len) {
        meta_fault(r, "changes", change, S("The mention names no post."));
        return;
    }
    it = add_mention(r, ITEM_MESSAGE, media, comment);
    if (!it)
        return;
    struct meta_content c = meta_content_make(r->list.a);
    it->wants_lookup = true;
    meta_content_end(&c, it, "mention");
}

/* ── the other changes ── */

static void read_change(struct meta_reading *r, const struct json *change)
{
    const struct json *v = take_object(change, "value");
    str field = json_text(json_get(change, S("field")), S(""));
    if (change->kind != JSON_OBJECT)
        meta_fault(r, "changes", change, S("A change is not an object."));
    else if (!v)
        return;
    else if (str_eq(field, S("comments")) || str_eq(field, S("live_comments")))
        read_comment(r, change, v);
    else if (str_eq(field, S("mentions")))
        read_mention(r, change, v);
    else if (take_object(v, "sender") && take_object(v, "recipient"))
        meta_event(r, v); /* inbox events come so too, by field: messages, messaging_seen … */
}

/* ── answers to what we asked ── */

static void put_handle(struct meta_reading *r, struct connector_item *it, str handle)
{
    if (!handle.len)
        return;
    it->contact_handle = handle;
    it->contact_profile_url = str_print(
        r->list.a, "https://www.instagram.com/%.*s", SARG(http_percent_encode(r->list.a, handle)));
}

/* {"mentioned_comment":{"text","timestamp","media":{"id"},"username"}} or
 * {"mentioned_media":{"caption","media_url","permalink","username"}}. */
static void read_mentioned(struct meta_reading *r, const struct json *root, str media, str comment)
{
    const struct json *c = take_object(root, "mentioned_comment");
    const struct json *m = take_object(root, "mentioned_media");
    struct connector_item *it =
        (c || m) && media.len ? add_mention(r, ITEM_MESSAGE, media, comment) : NULL;
    if (!it)
        return;
    const struct json *v = c ? c : m;
    int64_t at_ms = meta_time(r->list.a, v, "timestamp");
    struct meta_content content = meta_content_make(r->list.a);
    it->sent_ms = at_ms && at_ms < r->received_ms ? at_ms : r->received_ms;
    it->text = c ? take_text(c, "text") : take_text(m, "caption");
    put_handle(r, it, take_line(v, "username", LIMIT_NAME_BYTES));
    str url = take_url(m, "permalink"), file = take_url(m, "media_url");
    it->post.url = url;
    if (m && url.len)
        part_link(&content.parts, url, (str){0}, (str){0});
    if (m && file.len)
        meta_content_file(&content, file, (str){0}, (str){0});
    meta_content_end(&content, it, "mention");
}

/* A comment by itself; the thread is known when the network tells its media. */
static void read_one_comment(struct meta_reading *r, const struct json *root)
{
    str id = take_part(root, "id"), media = take_part(take_object(root, "media"), "id");
    int64_t at_ms = meta_time(r->list.a, root, "timestamp");
    struct connector_item *it = id.len && media.len ? item_add(&r->list, ITEM_MESSAGE) : NULL;
    if (!it)
        return;
    place(r, it, media);
    it->external_id = id;
    it->sent_ms = at_ms && at_ms < r->received_ms ? at_ms : r->received_ms;
    it->reply_to = take_id(root, "parent_id");
    it->post.is_ours = true;
    read_author(r, it, take_object(root, "from"));
    it->wants_lookup = false;
    put_handle(r, it, it->is_ours ? (str){0} : take_line(root, "username", LIMIT_NAME_BYTES));
    put_text(r, it, take_text(root, "text"));
}

static void read_answer(struct meta_reading *r, str origin, const struct json *root)
{
    int64_t floor_ms = 0;
    str kind = meta_origin(origin, 0);
    r->account = meta_origin(origin, 1);
    if (str_eq(kind, S("mention"))) {
        read_mentioned(r, root, meta_origin(origin, 2), meta_origin(origin, 3));
    } else if (str_eq(kind, S("comment"))) {
        read_one_comment(r, root);
    } else {
        (void)str_int(meta_origin(origin, 2), 0, INT64_MAX, &floor_ms); /* without one: all */
        meta_conversation(r, root, floor_ms);
    }
}

err instagram_parse(
    struct arena *a, const struct connector_raw *raw, struct connector_batch *batch, str *why)
{
    struct meta_reading r = {.list = {.a = a},
        .object = S("instagram"),
        .received_ms = raw->received_ms,
        .time_ms = raw->received_ms};
    str kind = meta_origin(raw->origin, 0);
    bool is_answer =
        str_eq(kind, S("mention")) || str_eq(kind, S("comment")) || str_eq(kind, S("conversation"));
    if (is_answer) {
        const struct json *root = NULL;
        if (json_parse(a, raw->body, &root, why) != OK)
            return E_INVALID;
        read_answer(&r, raw->origin, root);
    } else if (meta_parse(a, raw->body, &r, read_change, why) != OK) {
        return E_INVALID;
    }
    batch_of(&r.list, batch);
    return OK;
}
