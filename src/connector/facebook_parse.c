/* facebook: what comes in. The private inbox is read by meta_events.c; here are the page's feed
 * (comments, posts of visitors), mentions, and answers to what we ask. See facebook.h.
 *
 * A person has one conversation per post: thread "post:<post id>". `from` may be missing (people
 * who have not authorised the app): such a comment has a contact of its own, "unknown:<comment
 * id>", and wants a look-up. What the page itself wrote is an item that is_ours; whose conversation
 * it belongs to tells its reply_to, since the network does not name the customer. */
#include "base/limits.h"
#include "connector/facebook.h"
#include "connector/meta_node.h"
#include "connector/meta_send.h"

enum { WORD_BYTES = 64 };

static bool is_word(const struct json *v, const char *key, const char *const *words)
{
    str word = json_text(json_get(v, str_from(key)), S(""));
    for (ptrdiff_t i = 0; words[i]; i++)
        if (str_eq(word, str_from(words[i])))
            return true;
    return false;
}

/* An id that fits into a thread's key. */
static str take_post_id(const struct json *v)
{
    str id = take_id(v, "post_id");
    return id.len > READING_ID_BYTES - (ptrdiff_t)sizeof "post:" ? (str){0} : id;
}

/* ── the feed ── */

static void read_author(struct meta_reading *r, struct connector_item *it, str id, str name)
{
    it->is_ours = id.len && str_eq(id, r->account);
    it->wants_lookup = !id.len;
    it->contact_external_id =
        id.len ? id : str_print(r->list.a, "unknown:%.*s", SARG(it->external_id));
    if (it->contact_external_id.len > READING_ID_BYTES)
        it->contact_external_id = it->external_id;
    it->contact_name = it->is_ours ? (str){0} : name;
    it->opens_window = false; /* a comment does not open the private inbox's window */
}

static void read_post(
    struct meta_reading *r, struct connector_item *it, str post_id, const struct json *post)
{
    static const char *const videos[] = {"video", "added_video", "video_inline", "live", NULL};
    str owner = str_cat(r->list.a, r->account, S("_"));
    it->is_public = true;
    it->thread_key = str_cat(r->list.a, S("post:"), post_id);
    it->post = (struct connector_post){.external_id = post_id,
        .url = take_url(post, "permalink_url"),
        .text = take_text(post, "message"),
        .is_ours = r->account.len && str_starts(post_id, owner)};
    if (is_word(post, "type", videos) || is_word(post, "status_type", videos))
        it->post.kind = S("video");
}

/* Photos and videos of a comment or post, and the link it shares. */
static void read_content(struct meta_reading *r, struct connector_item *it, const struct json *v)
{
    struct meta_content c = meta_content_make(r->list.a);
    str photo = take_url(v, "photo"), video = take_url(v, "video");
    const struct json *photos = take_array(v, "photos");
    str link = take_url(v, "link");
    it->text = take_text(v, "message");
    for (const struct json *p = photos ? photos->first : NULL; p; p = p->next)
        if (p->kind == JSON_STRING && str_starts(p->text, S("https://")) &&
            p->text.len <= READING_URL_BYTES)
            meta_content_file(&c, p->text, (str){0}, (str){0});
    if (photo.len)
        meta_content_file(&c, photo, (str){0}, (str){0});
    if (video.len)
        meta_content_file(&c, video, (str){0}, (str){0});
    if (link.len && !photo.len && !video.len && !(photos && photos->first))
        part_link(&c.parts, link, (str){0}, (str){0});
    meta_content_end(&c, it, "comment");
}

static struct connector_item *add(
    struct meta_reading *r, enum connector_item_kind kind, const struct json *v, str id, str post)
{
    struct connector_item *it = item_add(&r->list, kind);
    if (!it)
        return NULL;
    int64_t at_ms = meta_time(r->list.a, v, "created_time");
    const struct json *from = take_object(v, "from");
    it->account = r->account;
    it->external_id = id;
    it->sent_ms = at_ms && at_ms < r->received_ms ? at_ms : r->time_ms;
    read_post(r, it, post, take_object(v, "post"));
    str sender = take_id(from, "id"), name = take_line(from, "name", LIMIT_NAME_BYTES);
    read_author(r, it, sender.len ? sender : take_id(v, "sender_id"),
        name.len ? name : take_line(v, "sender_name", LIMIT_NAME_BYTES));
    if (kind != ITEM_MESSAGE)
        it->wants_lookup = false;
    return it;
}

/* A reaction to a comment; one to a post is nobody's message. */
static void read_reaction(struct meta_reading *r, const struct json *v)
{
    str id = take_id(v, "comment_id"), post = take_post_id(v);
    static const char *const back[] = {"remove", NULL};
    struct connector_item *it = id.len && post.len ? add(r, ITEM_REACTION, v, id, post) : NULL;
    if (!it || is_word(v, "verb", back))
        return;
    str name = take_line(v, "reaction_type", WORD_BYTES);
    str emoji = str_eq(name, S("haha")) ? S("😆") : meta_emoji(name);
    it->reaction = emoji.len ? emoji : S("👍");
}

/* A visitor's post is message and post in one. */
static void name_visitor(struct connector_item *it)
{
    it->post.is_ours = false;
    it->post.author_name = it->contact_name;
    it->post.text = it->text;
}

static void read_comment(struct meta_reading *r, const struct json *v, str id, str post)
{
    str parent = take_id(v, "parent_id");
    struct connector_item *it = add(r, ITEM_MESSAGE, v, id, post);
    if (!it)
        return;
    if (!str_eq(parent, post))
        it->reply_to = parent;
    read_content(r, it, v);
    if (str_eq(id, post))
        name_visitor(it);
}

/* By verb; hide, unhide, block and others say nothing to an inbox. */
static void read_writing(
    struct meta_reading *r, const struct json *change, const struct json *v, bool is_comment)
{
    static const char *const adds[] = {"add", NULL};
    static const char *const edits[] = {"edited", "edit", "update", NULL};
    static const char *const removes[] = {"remove", "delete", NULL};
    str post = take_post_id(v);
    str id = is_comment ? take_id(v, "comment_id") : post;
    str author = take_id(take_object(v, "from"), "id");
    if (!is_comment && author.len && str_eq(author, r->account))
        return; /* what we publish; customers answer it */
    if (is_word(v, "verb", adds)) {
        if (!id.len || !post.len)
            meta_fault(r, "changes", change, S("The comment has no id or no post."));
        else
            read_comment(r, v, id, post);
        return;
    }
    bool is_edit = is_word(v, "verb", edits), is_gone = is_word(v, "verb", removes);
    struct connector_item *it = (is_edit || is_gone) && id.len && post.len
                                    ? add(r, is_edit ? ITEM_EDIT : ITEM_DELETE, v, id, post)
                                    : NULL;
    if (it && is_edit)
        it->text = take_text(v, "message");
    if (it && !is_comment)
        name_visitor(it);
}

static void read_feed(struct meta_reading *r, const struct json *change, const struct json *v)
{
    static const char *const comments[] = {"comment", NULL};
    static const char *const posts[] = {
        "post", "status", "photo", "video", "share", "link", "album", "event", NULL};
    static const char *const reactions[] = {"reaction", "like", NULL};
    if (is_word(v, "item", comments))
        read_writing(r, change, v, true);
    else if (is_word(v, "item", posts))
        read_writing(r, change, v, false);
    else if (is_word(v, "item", reactions))
        read_reaction(r, v);
}

/* ── mentions ── */

/* Somebody named the page in a post or comment elsewhere: ids only; the text is looked up. */
static void read_mention(struct meta_reading *r, const struct json *change, const struct json *v)
{
    static const char *const adds[] = {"add", NULL};
    static const char *const removes[] = {"remove", "delete", NULL};
    struct arena *a = r->list.a;
    str post = take_post_id(v), comment = take_id(v, "comment_id");
    str id = comment.len ? comment : post;
    if (is_word(v, "verb", removes)) {
        if (id.len)
            (void)add(r, ITEM_DELETE, v, id, post.len ? post : id);
        return;
    }
    if (!is_word(v, "verb", adds))
        return;
    if (!id.len) {
        meta_fault(r, "changes", change, S("The mention names neither a post nor a comment."));
        return;
    }
    struct connector_item *it = add(r, ITEM_MESSAGE, v, id, post.len ? post : id);
    if (!it)
        return;
    read_content(r, it, v);
    it->wants_lookup |= !it->text.len;
    if (!it->post.url.len)
        it->post.url = str_print(
            a, "https://www.facebook.com/%.*s", SARG(http_percent_encode(a, it->post.external_id)));
    if (it->text.len)
        return;
    struct parts parts = parts_make(a);
    part_link(&parts, it->post.url, (str){0}, (str){0});
    it->parts = parts_str(&parts);
}

static void read_change(struct meta_reading *r, const struct json *change)
{
    const struct json *v = take_object(change, "value");
    str field = json_text(json_get(change, S("field")), S(""));
    if (change->kind != JSON_OBJECT)
        meta_fault(r, "changes", change, S("A change is not an object."));
    else if (!v)
        return;
    else if (str_eq(field, S("feed")))
        read_feed(r, change, v);
    else if (str_eq(field, S("mention")))
        read_mention(r, change, v);
    else if (take_object(v, "sender") && take_object(v, "recipient"))
        meta_event(r, v); /* the console's test button wraps inbox events so */
}

/* ── answers to what we asked ── */

/* A comment or post by itself. Its post is known from its id when that has the form
 * "<post>_<comment>"; the conversation is found by the message's id anyway. */
static void read_object(struct meta_reading *r, const struct json *root)
{
    str id = take_id(root, "id"), post = id, rest;
    const struct json *parent = take_object(root, "parent");
    if (!id.len)
        return;
    if (!str_starts(id, str_cat(r->list.a, r->account, S("_"))))
        (void)str_cut(id, '_', &post, &rest);
    struct connector_item *it = add(r, ITEM_MESSAGE, root, id, post);
    if (!it)
        return;
    it->wants_lookup = false;
    it->reply_to = take_id(parent, "id");
    it->post.url = take_url(root, "permalink_url");
    read_content(r, it, root);
    if (str_eq(id, post) && !it->is_ours)
        name_visitor(it);
}

err facebook_parse(
    struct arena *a, const struct connector_raw *raw, struct connector_batch *batch, str *why)
{
    struct meta_reading r = {.list = {.a = a},
        .object = S("page"),
        .ad_window_ms = META_LATE_MS, /* its policy, September 2026: "up to 7 days" */
        .received_ms = raw->received_ms,
        .time_ms = raw->received_ms};
    str kind = meta_origin(raw->origin, 0);
    bool is_conversation = str_eq(kind, S("conversation"));
    if (!is_conversation && !str_eq(kind, S("object"))) {
        if (meta_parse(a, raw->body, &r, read_change, why) != OK)
            return E_INVALID;
        batch_of(&r.list, batch);
        return OK;
    }
    const struct json *root = NULL;
    int64_t floor_ms = 0;
    if (json_parse(a, raw->body, &root, why) != OK)
        return E_INVALID;
    r.account = meta_origin(raw->origin, 1);
    (void)str_int(meta_origin(raw->origin, 2), 0, INT64_MAX, &floor_ms); /* without one: all */
    if (is_conversation)
        meta_conversation(&r, root, floor_ms);
    else
        read_object(&r, root);
    batch_of(&r.list, batch);
    return OK;
}
