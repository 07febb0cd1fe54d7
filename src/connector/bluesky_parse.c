/* bluesky: deliveries into items. See bluesky.h. Likes, reposts and follows are not asked for, and
 * would be passed over. `createdAt` is what the writer's program claims: `indexedAt` is the time.
 * Thread: pure. */
#include "base/limits.h"
#include "base/utf8.h"
#include "connector/bluesky.h"
#include "connector/part.h"
#include "connector/reading.h"

struct reading {
    struct arena *a;
    struct item_list list;
    str own; /* our DID */
    const struct json *root;
    int64_t received_ms;
};

static str profile_url(struct arena *a, str did)
{
    return bluesky_is_did(did) ? str_cat(a, S("https://bsky.app/profile/"), did) : (str){0};
}

static void read_person(struct reading *r, const struct json *person, struct connector_item *it)
{
    it->contact_external_id = take_id(person, "did");
    it->contact_handle = take_line(person, "handle", LIMIT_NAME_BYTES);
    it->contact_name = take_line(person, "displayName", LIMIT_NAME_BYTES);
    if (!it->contact_name.len)
        it->contact_name = it->contact_handle;
    it->contact_avatar_url = take_url(person, "avatar");
    it->contact_profile_url = profile_url(r->a, it->contact_external_id);
}

static int64_t time_or(const struct reading *r, const struct json *object, const char *key)
{
    int64_t at_ms = take_time(object, key);
    return at_ms > 0 && at_ms < r->received_ms ? at_ms : r->received_ms;
}

/* ── what is in a post ── */

static void read_images(struct reading *r, const struct json *embed, str did,
    struct connector_item *it, struct parts *parts)
{
    const struct json *list = take_array(embed, "images");
    struct connector_attachment *at = NEW(r->a, struct connector_attachment, LIMIT_ATTACHMENTS);
    if (!list)
        return;
    for (const struct json *v = list->first; v; v = v->next) {
        const struct json *image = take_object(v, "image");
        str cid = take_id(take_object(image, "ref"), "$link");
        if (!cid.len || !bluesky_is_did(did) || it->n_attachments == LIMIT_ATTACHMENTS)
            part_unsupported(parts, S("image"));
        else
            at[it->n_attachments++] = (struct connector_attachment){
                .media_id = str_print(r->a, "%.*s/%.*s", SARG(did), SARG(cid)),
                .type = take_line(image, "mimeType", LIMIT_NAME_BYTES)};
    }
    it->attachments = at;
}

static void read_embed(struct reading *r, const struct json *embed, str did,
    struct connector_item *it, struct parts *parts)
{
    const struct json *external = take_object(embed, "external");
    const struct json *record = take_object(embed, "record");
    const struct json *media = take_object(embed, "media");
    if (record && take_object(record, "record")) /* a quote with media holds it one deeper */
        record = take_object(record, "record");
    str quoted = bluesky_web_url(r->a, take_id(record, "uri"));
    str url = take_url(external, "uri");
    if (url.len)
        part_link(parts, url, take_line(external, "title", LIMIT_NAME_BYTES),
            take_line(external, "description", LIMIT_NAME_BYTES));
    if (quoted.len)
        part_link(parts, quoted, (str){0}, (str){0});
    if (take_object(embed, "video") || take_object(media, "video"))
        part_unsupported(parts, S("video"));
    read_images(r, media ? media : embed, did, it, parts);
}

/* A link that the text shows in short: what it leads to. */
static void read_links(struct reading *r, const struct json *record, str text, struct parts *parts)
{
    enum { LINKS = 10 };
    const struct json *facets = take_array(record, "facets");
    int n = 0;
    for (const struct json *f = facets ? facets->first : NULL; f && n < LINKS; f = f->next) {
        const struct json *features = take_array(f, "features");
        for (const struct json *v = features ? features->first : NULL; v && n < LINKS;
             v = v->next) {
            str url = take_url(v, "uri");
            if (!url.len || str_find(text, url) >= 0)
                continue;
            part_link(parts, url, (str){0}, (str){0});
            n++;
        }
    }
    (void)r;
}

static void read_content(
    struct reading *r, const struct json *record, str did, struct connector_item *it)
{
    struct parts parts = parts_make(r->a);
    const struct json *langs = take_array(record, "langs");
    it->text = take_text(record, "text");
    str language = json_text(langs ? langs->first : NULL, S(""));
    if (language.len <= 35 && !utf8_has_control(language) && !it->is_ours)
        it->contact_language = language;
    read_links(r, record, it->text, &parts);
    read_embed(r, take_object(record, "embed"), did, it, &parts);
    if (!str_trim(it->text).len && !it->n_attachments && !parts.is_open)
        part_unsupported(&parts, S("empty post"));
    it->parts = parts_str(&parts);
}

/* ── posts ── */

str bluesky_token(struct arena *a, str uri, str cid, const struct json *record)
{
    const struct json *root = take_object(take_object(record, "reply"), "root");
    struct json_out j = json_out_make(a, READING_TOKEN_BYTES);
    str root_uri = take_id(root, "uri"), root_cid = take_id(root, "cid");
    bool is_root = !root_uri.len || !root_cid.len;
    if (!uri.len || !cid.len)
        return (str){0};
    json_obj(&j);
    json_kv_str(&j, S("cid"), cid);
    json_key(&j, S("root"));
    json_obj(&j);
    json_kv_str(&j, S("uri"), is_root ? uri : root_uri);
    json_kv_str(&j, S("cid"), is_root ? cid : root_cid);
    json_obj_end(&j);
    json_obj_end(&j);
    return j.b.failed ? (str){0} : json_str(&j);
}

static void read_thread(struct reading *r, const struct json *post, const struct json *author,
    const struct json *record, struct connector_item *it)
{
    const struct json *reply = take_object(record, "reply");
    struct bluesky_uri where;
    str root = take_id(take_object(reply, "root"), "uri");
    bool is_root = !root.len;
    const struct json *shown = is_root ? post : r->root;
    const struct json *by = is_root ? author : take_object(r->root, "author");
    it->reply_to = take_id(take_object(reply, "parent"), "uri");
    it->is_public = true;
    it->post.external_id = is_root ? it->external_id : root;
    it->thread_key = str_cat(r->a, S("post:"), it->post.external_id);
    it->post.url = bluesky_web_url(r->a, it->post.external_id);
    it->post.is_ours = bluesky_uri_read(it->post.external_id, &where) && str_eq(where.did, r->own);
    it->post.text = take_text(is_root ? record : take_object(shown, "record"), "text");
    it->post.author_name = take_line(by, "displayName", LIMIT_NAME_BYTES);
    it->post.author_handle = take_line(by, "handle", LIMIT_NAME_BYTES);
    it->post.at_ms = take_time(shown, "indexedAt");
}

/* Whom a post of ours answers: the writer above it, else the thread's. False: nobody. */
static bool read_addressee(struct reading *r, const struct json *record, struct connector_item *it)
{
    static const char *const above[] = {"parent", "root"};
    const struct json *reply = take_object(record, "reply");
    for (size_t i = 0; i < sizeof above / sizeof *above; i++) {
        struct bluesky_uri u;
        if (bluesky_uri_read(take_id(take_object(reply, above[i]), "uri"), &u) &&
            !str_eq(u.did, r->own)) {
            it->contact_external_id = u.did;
            return true;
        }
    }
    return false;
}

static bool read_post(struct reading *r, const struct json *post, bool is_own)
{
    struct connector_item *it = item_add(&r->list, ITEM_MESSAGE);
    const struct json *author = take_object(post, "author"), *record = take_object(post, "record");
    struct bluesky_uri u;
    it->external_id = take_id(post, "uri");
    it->is_ours = is_own;
    if (is_own && !read_addressee(r, record, it)) {
        r->list.n--;
        return true;
    }
    if (!is_own) {
        read_person(r, author, it);
        it->token = bluesky_token(r->a, it->external_id, take_id(post, "cid"), record);
    }
    if (!bluesky_uri_read(it->external_id, &u) || !it->contact_external_id.len)
        return false;
    read_content(r, record, u.did, it);
    read_thread(r, post, author, record, it);
    it->sent_ms = time_or(r, post, "indexedAt");
    return true;
}

static bool read_notification(struct reading *r, const struct json *n)
{
    str reason = take_line(n, "reason", 40), author = take_id(take_object(n, "author"), "did");
    bool is_message =
        str_eq(reason, S("mention")) || str_eq(reason, S("reply")) || str_eq(reason, S("quote"));
    if (!n)
        return false;
    if (!is_message || (r->own.len && str_eq(author, r->own)))
        return true;
    return read_post(r, n, false);
}

/* ── chat ── */

static const struct json *other_member(const struct reading *r, const struct json *convo)
{
    const struct json *members = take_array(convo, "members");
    for (const struct json *m = members ? members->first : NULL; m; m = m->next)
        if (take_id(m, "did").len && !str_eq(take_id(m, "did"), r->own))
            return m;
    return NULL;
}

static bool read_chat(struct reading *r, const struct json *log, const struct json *convo)
{
    const struct json *message = take_object(log, "message");
    const struct json *reaction = take_object(log, "reaction");
    str type = take_line(log, "$type", 100),
        sender = take_id(take_object(message, "sender"), "did");
    bool is_new = str_ends(type, S("#logCreateMessage"));
    bool is_gone = str_ends(type, S("#logDeleteMessage"));
    bool is_mark = str_ends(type, S("#logAddReaction")),
         is_unmark = str_ends(type, S("#logRemoveReaction"));
    if (!is_new && !is_gone && !is_mark && !is_unmark)
        return true; /* begun, accepted, read, muted … and what is to come */
    struct connector_item *it = item_add(&r->list, is_new    ? ITEM_MESSAGE
                                                   : is_gone ? ITEM_DELETE
                                                             : ITEM_REACTION);
    str actor = is_new || is_gone ? sender : take_id(take_object(reaction, "sender"), "did");
    it->external_id = take_id(message, "id");
    it->thread_key = take_id(log, "convoId");
    it->is_ours = r->own.len && str_eq(actor, r->own);
    read_person(r, other_member(r, convo), it);
    if (!it->contact_external_id.len && !it->is_ours)
        it->contact_external_id = actor;
    if (is_mark)
        it->reaction = take_line(reaction, "value", 64);
    if (!it->external_id.len || (!is_gone && !it->contact_external_id.len))
        return false;
    it->sent_ms = time_or(r, message, "sentAt");
    if (!is_new)
        return true;
    if (str_eq(take_line(convo, "status", 20), S("request")))
        it->token = S("request");
    read_content(r, message, (str){0}, it);
    return it->thread_key.len > 0;
}

/* ── deliveries ── */

err bluesky_parse(
    struct arena *a, const struct connector_raw *raw, struct connector_batch *batch, str *why)
{
    const struct json *root = NULL;
    str origin, own;
    (void)str_cut(raw->origin, ' ', &origin, &own);
    if (json_parse(a, raw->body, &root, why) != OK)
        return E_INVALID;
    str kind = take_line(root, "kind", 20);
    struct reading r = {.a = a,
        .list = {.a = a},
        .own = own,
        .root = take_object(root, "root"),
        .received_ms = raw->received_ms};
    bool is_whole;
    if (str_eq(kind, S("post"))) {
        is_whole = read_notification(&r, take_object(root, "notification"));
    } else if (str_eq(kind, S("own"))) {
        is_whole = read_post(&r, take_object(root, "post"), true);
    } else if (str_eq(kind, S("chat"))) {
        is_whole = read_chat(&r, take_object(root, "log"), take_object(root, "convo"));
    } else {
        *why = S("This is nothing of Bluesky's.");
        return E_INVALID;
    }
    if (!is_whole) {
        r.list.n = 0;
        item_fault(&r.list, S("The post or message lacks its name, or who wrote it."), raw->body);
    }
    batch_of(&r.list, batch);
    return OK;
}
