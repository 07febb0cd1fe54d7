/* X's deliveries: webhooks and streams of the X Activity API, lines of the filtered stream, pages
 * of mentions, of direct messages and of look-ups become items. See x.h.
 *
 * origin says which: "hook" and "activity <our id>": {"data":{event_type, filter, payload}};
 * "posts <our id>": {"data": post or posts, "includes", "errors"}; "messages <our id>": a page of
 * /2/dm_events. An event of a post may come thin (without its author's name, files and the post
 * above): the item then wants a look-up.
 *
 * An edited post has a new id; the first of edit_history_tweet_ids is the message for ever, the
 * others are its aliases. Such a post is told as the message (when we have not got it) and as an
 * edit (when we have). Source: docs.x.com, "X Activity API", "Edit posts", August 2026.
 * Thread: pure. */
#include "base/limits.h"
#include "connector/x.h"

enum {
    VERSIONS = 16,       /* of an edited post; X allows five edits */
    LANGUAGE_BYTES = 35, /* BCP 47 */
    WORD_BYTES = 64,
};

str x_reference(const struct json *post, const char *kind)
{
    const struct json *list = take_array(post, "referenced_tweets");
    int n = 0;
    for (const struct json *r = list ? list->first : NULL; r && n < WORD_BYTES; r = r->next, n++)
        if (str_eq(take_line(r, "type", WORD_BYTES), str_from(kind)))
            return take_id(r, "id");
    return (str){0};
}

static bool names(const struct json *entities, str id)
{
    const struct json *list = take_array(entities, "mentions");
    int n = 0;
    for (const struct json *m = list ? list->first : NULL; m && n < LIMIT_HOOK_ITEMS; n++) {
        if (str_eq(take_id(m, "id"), id))
            return true;
        m = m->next;
    }
    return false;
}

bool x_is_summons(const struct x_world *w, const struct json *post)
{
    if (!w->account.len)
        return false;
    const struct json *quoted = map_get(&w->posts, x_reference(post, "quoted"));
    return str_eq(take_id(post, "in_reply_to_user_id"), w->account) ||
           names(take_object(post, "entities"), w->account) ||
           names(take_object(take_object(post, "note_tweet"), "entities"), w->account) ||
           str_eq(take_id(quoted, "author_id"), w->account);
}

/* ── posts ── */

static str replied_to(const struct json *post)
{
    str id = x_reference(post, "replied_to");
    return id.len ? id : take_id(post, "in_reply_to_tweet_id");
}

/* The first version is external_id, the rest aliases. */
static void read_versions(struct arena *a, const struct json *post, struct connector_item *it)
{
    const struct json *list = take_array(post, "edit_history_tweet_ids");
    str *aliases = NEW(a, str, VERSIONS + 1);
    str own = take_id(post, "id");
    it->external_id = own;
    for (const struct json *v = list ? list->first : NULL; v && it->n_aliases < VERSIONS;) {
        str id = json_text(v, S(""));
        if (v == list->first && x_is_id(id))
            it->external_id = id;
        else if (x_is_id(id) && !str_eq(id, own))
            aliases[it->n_aliases++] = id;
        v = v->next;
    }
    if (!str_eq(own, it->external_id))
        aliases[it->n_aliases++] = own;
    it->aliases = it->n_aliases ? aliases : NULL;
}

/* The post that the message stands under: the first of its conversation. */
static void read_root(const struct x_world *w, const struct json *post, struct connector_item *it)
{
    str id = take_id(post, "conversation_id"), above = replied_to(post);
    if (!x_is_id(id))
        id = x_is_id(above) ? above : it->external_id;
    bool is_itself = str_eq(id, it->external_id) || str_eq(id, take_id(post, "id"));
    if (is_itself)
        id = it->external_id;
    const struct json *root = is_itself ? post : map_get(&w->posts, id);
    const struct json *author = x_told(w, take_id(root, "author_id"));
    struct connector_post *p = &it->post;
    p->external_id = id;
    p->author_name = take_line(author, "name", LIMIT_NAME_BYTES);
    p->author_handle = x_handle(author);
    p->url = x_post_url(w->a, p->author_handle, id);
    p->text = root ? x_post_text(w->a, root, (str){0}) : (str){0};
    p->at_ms = take_time(root, "created_at");
    if (!p->at_ms)
        p->at_ms = x_id_ms(id);
    p->is_ours =
        w->account.len && (str_eq(take_id(root, "author_id"), w->account) ||
                              (!root && str_eq(id, above) &&
                                  str_eq(take_id(post, "in_reply_to_user_id"), w->account)));
    it->thread_key = str_cat(w->a, S("post:"), id);
}

static void read_quoted(
    const struct x_world *w, const struct json *post, struct parts *parts, bool *missing)
{
    str id = x_reference(post, "quoted");
    if (!x_is_id(id))
        return;
    const struct json *quoted = map_get(&w->posts, id);
    const struct json *author = x_told(w, take_id(quoted, "author_id"));
    str handle = x_handle(author);
    part_link(parts, x_post_url(w->a, handle, id), take_line(author, "name", LIMIT_NAME_BYTES),
        quoted ? x_post_text(w->a, quoted, (str){0}) : (str){0});
    *missing = *missing || !quoted;
}

/* "en"; X's words for "no language" (und, qme, zxx …) are none. */
static str language_of(const struct json *post)
{
    str lang = take_line(post, "lang", LANGUAGE_BYTES);
    bool is_none = str_eq(lang, S("und")) || str_eq(lang, S("zxx")) || str_eq(lang, S("art")) ||
                   (lang.len == 3 && lang.at[0] == 'q');
    return is_none ? (str){0} : lang;
}

/* Who our own post goes to: the one it answers, else the first it names. */
static str addressee(const struct x_world *w, const struct json *post)
{
    str id = take_id(post, "in_reply_to_user_id");
    const struct json *list = take_array(take_object(post, "entities"), "mentions");
    int n = 0;
    for (const struct json *m = list ? list->first : NULL;
         m && n < WORD_BYTES && (!x_is_id(id) || str_eq(id, w->account)); m = m->next, n++)
        id = take_id(m, "id");
    return x_is_id(id) && !str_eq(id, w->account) ? id : (str){0};
}

/* What is in it beside text. */
static void read_content(const struct x_world *w, const struct json *post, bool is_summons,
    struct connector_item *it, bool *missing)
{
    const struct json *attached = take_object(post, "attachments");
    struct parts parts = parts_make(w->a);
    x_files(w, take_array(attached, "media_keys"), it, &parts, missing);
    read_quoted(w, post, &parts, missing);
    if (take_array(attached, "poll_ids"))
        part_unsupported(&parts, S("poll"));
    if (is_summons && !it->is_ours) {
        part_begin(&parts, S("summons"));
        part_end(&parts);
        it->token = S(X_SUMMONED);
    }
    if (!it->text.len && !it->n_attachments && !parts.is_open)
        part_unsupported(&parts, S("post"));
    it->parts = parts_str(&parts);
}

static void fault_of_post(
    struct item_list *list, const struct x_world *w, str words, const struct json *post)
{
    str raw = json_text_of(list->a, post);
    if (w->event_type.len)
        raw = str_print(list->a,
            "{\"event_type\":\"%.*s\",\"filter\":{\"user_id\":\"%.*s\"},\"payload\":%.*s}",
            SARG(w->event_type), SARG(w->account), SARG(raw));
    item_fault(list, words, str_print(list->a, "{\"data\":%.*s}", SARG(raw)));
}

/* is_called: the event itself says that the post calls on us. */
static void parse_post(
    struct item_list *list, const struct x_world *w, const struct json *post, bool is_called)
{
    str author = take_id(post, "author_id");
    if (x_reference(post, "retweeted").len)
        return; /* somebody passes a post on: nothing is said */
    if (!x_is_id(take_id(post, "id")) || !x_is_id(author)) {
        fault_of_post(list, w, S("A post without an id or an author."), post);
        return;
    }
    struct connector_item *it = item_add(list, ITEM_MESSAGE);
    if (!it)
        return;
    bool missing = false;
    it->account = w->account;
    it->is_public = true;
    it->is_ours = w->account.len && str_eq(author, w->account);
    read_versions(w->a, post, it);
    str person = it->is_ours ? addressee(w, post) : author;
    if (!person.len) {
        list->n--; /* our own, to nobody */
        return;
    }
    x_contact(w, person, it);
    it->contact_language = it->is_ours ? (str){0} : language_of(post);
    it->text = x_post_text(w->a, post, x_reference(post, "quoted"));
    it->reply_to = replied_to(post);
    it->sent_ms = take_time(post, "created_at");
    if (!it->sent_ms)
        it->sent_ms = x_id_ms(take_id(post, "id"));
    read_root(w, post, it);
    read_content(w, post, is_called || x_is_summons(w, post), it, &missing);
    missing =
        missing || !x_told(w, person) || (it->reply_to.len && !map_get(&w->posts, it->reply_to));
    it->wants_lookup = missing && !w->is_whole && !it->is_ours;
    const struct connector_item told = *it;
    struct connector_item *edit = it->n_aliases ? item_add(list, ITEM_EDIT) : NULL;
    if (edit) {
        *edit = told;
        edit->kind = ITEM_EDIT;
        edit->opens_window = true;
    }
}

/* Posts that a look-up did not find are gone; those that we may not see are not. */
static void parse_gone(struct item_list *list, const struct x_world *w, const struct json *errors)
{
    for (const struct json *e = errors ? errors->first : NULL; e; e = e->next) {
        str id = take_id(e, "resource_id");
        bool is_post = str_eq(take_line(e, "resource_type", WORD_BYTES), S("tweet")) ||
                       str_eq(take_line(e, "resource_type", WORD_BYTES), S("post"));
        bool is_gone = str_ends(take_line(e, "type", LIMIT_NAME_BYTES), S("resource-not-found"));
        if (!id.len)
            id = take_id(e, "value");
        struct connector_item *it =
            is_post && is_gone && x_is_id(id) ? item_add(list, ITEM_DELETE) : NULL;
        if (it) {
            it->account = w->account;
            it->external_id = id;
            it->is_public = true;
        }
    }
}

static void parse_posts(struct item_list *list, struct x_world *w, const struct json *root)
{
    const struct json *data = json_get(root, S("data"));
    x_world_add(w, take_object(root, "includes"));
    if (data && data->kind == JSON_OBJECT)
        parse_post(list, w, data, false);
    if (data && data->kind == JSON_ARRAY)
        for (const struct json *post = data->first; post; post = post->next)
            parse_post(list, w, post, false);
    parse_gone(list, w, take_array(root, "errors"));
}

/* ── activity ── */

static void parse_deleted(
    struct item_list *list, const struct x_world *w, const struct json *payload)
{
    /* UNSURE how it names the post. */
    str id = take_id(payload, "id");
    if (!id.len)
        id = take_id(payload, "post_id");
    if (!id.len)
        id = take_id(payload, "tweet_id");
    if (!id.len)
        id = take_id(take_object(payload, "post"), "id");
    if (!id.len)
        id = take_id(take_object(payload, "tweet"), "id");
    struct connector_item *it = x_is_id(id) ? item_add(list, ITEM_DELETE) : NULL;
    if (!it)
        return;
    it->account = w->account;
    it->external_id = id;
    it->is_public = true;
    it->is_ours = true; /* only deletions of the account that is watched are told */
}

static void parse_revoked(
    struct item_list *list, const struct x_world *w, const struct json *payload)
{
    str id = w->account;
    if (!id.len)
        id = take_id(payload, "user_id");
    if (!id.len)
        id = take_id(take_object(payload, "user"), "id");
    struct connector_item *it = item_add(list, ITEM_ACCOUNT);
    if (!it)
        return;
    it->account = id;
    it->state = S("revoked");
    it->error = S("The right to use this account was taken back at X. Connect it again.");
}

static void parse_event(struct item_list *list, struct x_world *w, const struct json *event)
{
    str type = take_line(event, "event_type", WORD_BYTES);
    const struct json *payload = take_object(event, "payload");
    str watched = take_id(take_object(event, "filter"), "user_id");
    if (x_is_id(watched))
        w->account = watched;
    x_world_add(w, take_object(event, "includes"));
    x_world_add(w, take_object(payload, "includes"));
    bool is_called = str_eq(type, S("post.mention.create")) ||
                     str_eq(type, S("post.reply.create")) || str_eq(type, S("post.quote.create"));
    if (is_called || str_eq(type, S("post.create"))) {
        w->event_type = type;
        const struct json *post = take_object(payload, "post");
        if (!post)
            post = take_object(payload, "data");
        parse_post(list, w, post ? post : payload, is_called);
    } else if (str_eq(type, S("post.delete"))) {
        parse_deleted(list, w, payload);
    } else if (str_starts(type, S("dm."))) {
        x_parse_messages(list, w, event, payload);
    } else if (str_eq(type, S("oauth.revoke"))) {
        parse_revoked(list, w, payload);
    }
}

/* ── deliveries ── */

err x_parse(
    struct arena *a, const struct connector_raw *raw, struct connector_batch *batch, str *why)
{
    const struct json *root = NULL;
    str origin, account;
    err e = json_parse(a, raw->body, &root, why);
    if (e != OK)
        return e == E_BUSY ? e : E_INVALID;
    if (root->kind != JSON_OBJECT) {
        *why = S("The delivery is not an object.");
        return E_INVALID;
    }
    (void)str_cut(raw->origin, ' ', &origin, &account);
    bool is_event = str_eq(origin, S("hook")) || str_eq(origin, S("activity"));
    struct item_list list = {.a = a};
    struct x_world w = x_world_make(a, x_is_id(account) ? account : (str){0}, !is_event);
    x_world_add(&w, take_object(root, "includes"));
    if (is_event) {
        const struct json *event = take_object(root, "data");
        parse_event(&list, &w, event ? event : root);
    } else if (str_eq(origin, S("messages"))) {
        x_parse_message_page(&list, &w, root);
    } else {
        parse_posts(&list, &w, root);
    }
    batch_of(&list, batch);
    str uuid = take_id(take_object(root, "data"), "event_uuid");
    if (is_event && uuid.len)
        batch->delivery_id = uuid;
    return OK;
}
