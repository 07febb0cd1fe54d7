/* linkedin: what a notification or a comment says. See linkedin.h. The inner layout of the
 * "decorated" objects is not certain: what is not found there, poll and lookup bring.
 * Thread: pure. */
#include "base/limits.h"
#include "base/utf8.h"
#include "connector/linkedin.h"
#include "connector/part.h"
#include "connector/reading.h"

enum { NAMES = 4 }; /* posts that a comment may be said to stand under */

/* One notification, with what is known around it; any may be NULL. */
struct told {
    const struct json *notification, *comment, *parent, *post;
    str account;
    int64_t received_ms;
    bool is_hook; /* the post and the person are not in it */
};

str linkedin_actor(const struct json *comment)
{
    str actor = take_id(comment, "actor");
    if (!actor.len)
        actor = take_id(take_object(comment, "created"), "actor");
    if (!actor.len)
        actor = take_id(comment, "owner");
    return actor.len ? actor : take_id(comment, "author");
}

str linkedin_text(const struct json *comment)
{
    str text = take_text(take_object(comment, "message"), "text");
    if (!text.len)
        text = take_text(take_object(comment, "commentary"), "text");
    if (!text.len)
        text = take_text(take_object(comment, "text"), "text");
    if (!text.len)
        text = take_text(comment, "text");
    return text.len ? text : take_text(comment, "commentary");
}

int64_t linkedin_made_ms(const struct json *comment)
{
    int64_t ms = take_time(take_object(comment, "created"), "time");
    return ms ? ms : take_time(comment, "createdAt");
}

static int64_t changed_ms(const struct json *comment)
{
    int64_t ms = take_time(take_object(comment, "lastModified"), "time");
    return ms ? ms : take_time(comment, "lastModifiedAt");
}

/* ── names ── */

struct names {
    str id;
    str posts[NAMES]; /* the preferred one first */
    int n;
};

static void add_post(struct names *names, str urn)
{
    if (!linkedin_is_urn(urn) || names->n == NAMES)
        return;
    for (int i = 0; i < names->n; i++)
        if (str_eq(names->posts[i], urn))
            return;
    names->posts[names->n++] = urn;
    str first = names->posts[0];
    bool is_better =
        str_starts(urn, S("urn:li:activity:")) && !str_starts(first, S("urn:li:activity:"));
    if (is_better) {
        names->posts[0] = urn;
        names->posts[names->n - 1] = first;
    }
}

/* False: no comment is named. */
static bool names_of(const struct told *t, struct names *names)
{
    struct linkedin_comment c;
    *names = (struct names){0};
    str urn = take_id(t->comment, "commentUrn");
    if (!linkedin_comment_read(urn, &c))
        urn = take_id(t->notification, "generatedActivity");
    if (!linkedin_comment_read(urn, &c))
        return false;
    names->id = c.id;
    add_post(names, c.post);
    if (linkedin_comment_read(take_id(t->notification, "generatedActivity"), &c) &&
        str_eq(c.id, names->id))
        add_post(names, c.post);
    add_post(names, take_id(t->comment, "object"));
    add_post(names, take_id(t->notification, "sourcePost"));
    return true;
}

static void put_names(struct arena *a, const struct names *names, struct connector_item *it)
{
    it->external_id = linkedin_comment_urn(a, names->posts[0], names->id);
    it->thread_key = str_cat(a, S("post:"), names->posts[0]);
    str *aliases = NEW(a, str, NAMES);
    for (int i = 1; i < names->n; i++)
        aliases[i - 1] = linkedin_comment_urn(a, names->posts[i], names->id);
    it->aliases = aliases;
    it->n_aliases = names->n - 1;
}

/* ── items ── */

static str parts_of(struct arena *a, const struct json *comment)
{
    struct parts p = parts_make(a);
    const struct json *content = take_array(comment, "content");
    for (const struct json *v = content ? content->first : NULL; v; v = v->next) {
        str url = take_url(v, "url");
        if (url.len)
            part_link(&p, url, take_line(v, "title", LIMIT_NAME_BYTES), S(""));
        else
            part_unsupported(&p, S("image"));
        if (p.j.b.len > LIMIT_NAME_BYTES) /* a handful is a comment's most */
            break;
    }
    return parts_str(&p);
}

static void read_post(
    struct arena *a, const struct told *t, const struct names *names, struct connector_item *it)
{
    it->post = (struct connector_post){
        .external_id = names->posts[0],
        .kind = S("post"),
        .text = linkedin_text(t->post),
        .at_ms = take_time(t->post, "publishedAt"),
    };
    str author = take_id(t->post, "author");
    it->post.is_ours = !author.len || str_eq(author, t->account);
    it->post.url =
        str_print(a, "https://www.linkedin.com/feed/update/%.*s/", SARG(names->posts[0]));
}

static void put(struct item_list *list, const struct connector_item *it)
{
    struct connector_item *to = item_add(list, it->kind);
    if (to)
        *to = *it;
}

static struct connector_item base_of(const struct told *t)
{
    return (struct connector_item){.is_public = true, .opens_window = true, .account = t->account};
}

/* False: what is known does not make a message. */
static bool read_comment(struct item_list *list, const struct told *t, bool is_edit)
{
    struct names names;
    struct connector_item it = base_of(t);
    if (!names_of(t, &names))
        return false;
    put_names(list->a, &names, &it);
    read_post(list->a, t, &names, &it);
    str actor = linkedin_actor(t->comment);
    it.kind = ITEM_MESSAGE;
    it.wants_lookup = t->is_hook;
    it.is_ours = actor.len && str_eq(actor, t->account);
    it.contact_external_id = it.is_ours ? linkedin_actor(t->parent) : actor;
    it.reply_to = take_id(t->comment, "parentComment");
    it.token = it.reply_to.len ? it.reply_to : it.external_id;
    it.text = linkedin_text(t->comment);
    it.parts = parts_of(list->a, t->comment);
    it.sent_ms = linkedin_made_ms(t->comment);
    int64_t told_ms = take_time(t->notification, "lastModifiedAt");
    if (!it.sent_ms)
        it.sent_ms = told_ms ? told_ms : t->received_ms;
    bool is_nobodys = it.is_ours && str_eq(it.contact_external_id, t->account);
    bool has_content = str_trim(it.text).len || it.parts.len;
    if (!it.contact_external_id.len || !has_content || is_nobodys)
        return is_nobodys;
    put(list, &it);
    int64_t edited_ms = changed_ms(t->comment);
    if (!is_edit && edited_ms <= it.sent_ms)
        return true;
    it.kind = ITEM_EDIT;
    it.sent_ms = edited_ms > it.sent_ms ? edited_ms : told_ms ? told_ms : t->received_ms;
    put(list, &it);
    return true;
}

/* Somebody's post that names our page: answered by a comment below it. */
static bool read_mention(struct item_list *list, const struct told *t)
{
    struct connector_item it = base_of(t);
    str urn = take_id(t->notification, "generatedActivity");
    if (!linkedin_is_urn(urn))
        urn = take_id(t->notification, "sourcePost");
    it.kind = ITEM_MESSAGE;
    it.external_id = it.token = urn;
    it.thread_key = str_cat(list->a, S("post:"), urn);
    it.contact_external_id = linkedin_actor(t->post ? t->post : t->comment);
    it.text = linkedin_text(t->post ? t->post : t->comment);
    it.sent_ms = take_time(t->post, "publishedAt");
    if (!it.sent_ms)
        it.sent_ms = take_time(t->notification, "lastModifiedAt");
    it.post = (struct connector_post){
        .external_id = urn, .kind = S("post"), .text = it.text, .at_ms = it.sent_ms};
    bool is_ours = str_eq(it.contact_external_id, t->account);
    if (!linkedin_is_urn(urn) || !it.contact_external_id.len || !str_trim(it.text).len || is_ours)
        return is_ours;
    put(list, &it);
    return true;
}

static void read_delete(struct item_list *list, const struct told *t)
{
    struct names names;
    struct connector_item it = base_of(t);
    if (!names_of(t, &names))
        return;
    put_names(list->a, &names, &it);
    it.kind = ITEM_DELETE;
    it.sent_ms = take_time(t->notification, "lastModifiedAt");
    put(list, &it);
}

/* Whom a comment of ours answers is not in it. Most were written here, and are known. */
static bool read_ours(struct item_list *list, const struct told *t)
{
    struct names names;
    struct connector_item it = base_of(t);
    if (!names_of(t, &names))
        return false;
    put_names(list->a, &names, &it);
    it.kind = ITEM_NAMED;
    put(list, &it);
    return true;
}

static bool is_ours(const struct told *t, str action)
{
    return str_eq(action, S("ADMIN_COMMENT")) ||
           (t->account.len && str_eq(linkedin_actor(t->comment), t->account));
}

/* False: it names something that has to be asked for. */
static bool read_told(struct item_list *list, const struct told *t)
{
    str action = take_line(t->notification, "action", 40);
    if (str_eq(action, S("COMMENT_DELETE"))) {
        read_delete(list, t);
        return true;
    }
    if (str_eq(action, S("SHARE_MENTION")))
        return read_mention(list, t);
    bool is_edit = str_eq(action, S("COMMENT_EDIT"));
    bool is_comment = is_edit || str_eq(action, S("COMMENT")) ||
                      str_eq(action, S("ADMIN_COMMENT")) || (!action.len && t->comment);
    if (!is_comment || read_comment(list, t, is_edit))
        return true;
    return t->is_hook && !is_edit && is_ours(t, action) && read_ours(list, t);
}

/* The comment or post in a "decorated" object: inside a member of that name, or the object. */
static const struct json *inner_of(const struct json *decorated)
{
    static const char *const members[] = {"comment", "share", "ugcPost", "post"};
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        if (take_object(decorated, members[i]))
            return take_object(decorated, members[i]);
    return decorated;
}

static bool read_hook(struct item_list *list, const struct json *list_of, int64_t received_ms)
{
    bool is_whole = true;
    int n = 0;
    for (const struct json *v = list_of->first; v && n < LIMIT_HOOK_ITEMS; v = v->next, n++) {
        struct told t = {
            .notification = v,
            .comment = inner_of(take_object(v, "decoratedGeneratedActivity")),
            .account = take_id(v, "organizationalEntity"),
            .received_ms = received_ms,
            .is_hook = true,
        };
        is_whole &= read_told(list, &t);
    }
    return is_whole;
}

err linkedin_parse(
    struct arena *a, const struct connector_raw *raw, struct connector_batch *batch, str *why)
{
    const struct json *root = NULL;
    struct item_list list = {.a = a};
    if (json_parse(a, raw->body, &root, why) != OK)
        return E_INVALID;
    const struct json *told = take_array(root, "notifications");
    bool is_hook = str_eq(raw->origin, S("hook")), is_whole = true;
    if (is_hook && told) {
        is_whole = read_hook(&list, told, raw->received_ms);
    } else if (!is_hook) {
        const struct told t = {
            .notification = take_object(root, "notification"),
            .comment = take_object(root, "comment"),
            .parent = take_object(root, "parent"),
            .post = take_object(root, "post"),
            .account = take_id(root, "account"),
            .received_ms = raw->received_ms,
        };
        (void)read_told(&list, &t); /* what could be asked for is here */
    }
    batch_of(&list, batch);
    batch->wants_poll = !is_whole;
    if (is_hook)
        batch->delivery_id =
            told && told->count == 1 ? take_id(told->first, "notificationId") : (str){0};
    return OK;
}
