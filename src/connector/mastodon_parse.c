/* mastodon: deliveries into items. See mastodon.h. Likes, boosts and follows are no messages; a
 * like of a message of ours is a reaction to it. Thread: pure. */
#include "base/limits.h"
#include "base/utf8.h"
#include "connector/mastodon.h"
#include "connector/part.h"
#include "connector/reading.h"
#include "text/html_text.h"

struct reading {
    struct arena *a;
    struct item_list list;
    str own; /* id of our account */
    const struct json *root;
    int64_t received_ms;
};

/* ── people, texts ── */

static void read_person(const struct json *account, struct connector_item *it)
{
    it->contact_external_id = take_id(account, "id");
    it->contact_handle = take_line(account, "acct", LIMIT_NAME_BYTES);
    it->contact_name = take_line(account, "display_name", LIMIT_NAME_BYTES);
    if (!it->contact_name.len)
        it->contact_name = take_line(account, "username", LIMIT_NAME_BYTES);
    it->contact_avatar_url = take_url(account, "avatar");
    it->contact_profile_url = take_url(account, "url");
}

/* With the warning that stands before it. */
static err text_of(struct arena *a, const struct json *status, str *text)
{
    str content = {0}, warning = str_trim(take_text(status, "spoiler_text"));
    const struct json *html = json_get(status, S("content"));
    if (html && html->kind == JSON_STRING)
        TRY(html_text(a, html->text, LIMIT_TEXT_BYTES, &content));
    if (warning.len)
        content =
            str_print(a, "%.*s%s%.*s", SARG(warning), content.len ? "\n\n" : "", SARG(content));
    *text = utf8_prefix_bytes(content, LIMIT_TEXT_BYTES);
    return OK;
}

static void read_files(
    struct reading *r, const struct json *status, struct connector_item *it, struct parts *parts)
{
    const struct json *list = take_array(status, "media_attachments");
    struct connector_attachment *at = NEW(r->a, struct connector_attachment, LIMIT_ATTACHMENTS);
    for (const struct json *m = list ? list->first : NULL; m; m = m->next) {
        str url = take_url(m, "url");
        if (!url.len)
            url = take_url(m, "remote_url");
        if (!url.len)
            part_unsupported(parts, take_line(m, "type", 40));
        else if (it->n_attachments == LIMIT_ATTACHMENTS)
            part_link(parts, url, (str){0}, (str){0});
        else
            at[it->n_attachments++] = (struct connector_attachment){.url = url};
    }
    it->attachments = at;
}

static void read_parts(const struct json *status, struct parts *parts)
{
    const struct json *card = take_object(status, "card"), *quote = take_object(status, "quote");
    const struct json *quoted = take_object(quote, "quoted_status");
    str url = take_url(card, "url"), quoted_url = take_url(quoted ? quoted : quote, "url");
    if (url.len)
        part_link(parts, url, take_line(card, "title", LIMIT_NAME_BYTES),
            take_line(card, "description", LIMIT_NAME_BYTES));
    if (quoted_url.len)
        part_link(parts, quoted_url, (str){0}, (str){0});
    if (take_object(status, "poll"))
        part_unsupported(parts, S("poll"));
}

/* ── where ── */

static bool is_public(const struct json *status)
{
    str visibility = take_line(status, "visibility", 20);
    return str_eq(visibility, S("public")) || str_eq(visibility, S("unlisted"));
}

/* At most READING_TOKEN_BYTES: who does not fit in is left out. */
str mastodon_token(struct arena *a, const struct json *status, str own)
{
    enum { END_BYTES = 4 };
    struct json_out j = json_out_make(a, 0);
    str visibility = take_line(status, "visibility", 20);
    const struct json *author = take_object(status, "account"),
                      *list = take_array(status, "mentions");
    if (!visibility.len)
        return (str){0};
    json_obj(&j);
    json_kv_str(&j, S("id"), take_id(status, "id"));
    json_kv_str(&j, S("v"), visibility);
    json_key(&j, S("to"));
    json_arr(&j);
    for (const struct json *m = author ? author : NULL; m;) {
        str acct = take_line(m, "acct", LIMIT_NAME_BYTES);
        bool is_other = !own.len || !str_eq(take_id(m, "id"), own);
        bool fits = j.b.len + 6 * acct.len + END_BYTES < READING_TOKEN_BYTES;
        if (acct.len && is_other && fits)
            json_put_str(&j, acct);
        m = m == author ? (list ? list->first : NULL) : m->next;
    }
    json_arr_end(&j);
    json_obj_end(&j);
    return json_str(&j);
}

static err read_post(struct reading *r, const struct json *root, struct connector_post *post)
{
    const struct json *author = take_object(root, "account");
    post->external_id = take_id(root, "id");
    post->url = take_url(root, "url");
    post->author_name = take_line(author, "display_name", LIMIT_NAME_BYTES);
    post->author_handle = take_line(author, "acct", LIMIT_NAME_BYTES);
    post->at_ms = take_time(root, "created_at");
    post->is_ours = r->own.len && str_eq(take_id(author, "id"), r->own);
    return text_of(r->a, root, &post->text);
}

/* The thread is named by its first status: as it was looked up, else what is answered, else this.
 */
static err read_thread(struct reading *r, const struct json *status, struct connector_item *it)
{
    it->is_public = is_public(status);
    if (!it->is_public)
        return OK;
    if (take_id(r->root, "id").len || !it->reply_to.len) {
        TRY(read_post(r, take_id(r->root, "id").len ? r->root : status, &it->post));
    } else {
        it->post.external_id = it->reply_to;
        it->post.is_ours = r->own.len && str_eq(take_id(status, "in_reply_to_account_id"), r->own);
    }
    it->thread_key = str_cat(r->a, S("post:"), it->post.external_id);
    return OK;
}

/* ── statuses ── */

static void read_alias(struct reading *r, const struct json *status, struct connector_item *it)
{
    str *alias = NEW(r->a, str, 1);
    *alias = take_id(status, "uri");
    it->aliases = alias;
    it->n_aliases = alias->len > 0;
}

/* Whom a status of ours is for: whom it answers, else the first one it mentions. */
static bool read_addressee(struct reading *r, const struct json *status, struct connector_item *it)
{
    const struct json *list = take_array(status, "mentions");
    str wanted = take_id(status, "in_reply_to_account_id");
    if (str_eq(wanted, r->own))
        wanted = (str){0};
    for (const struct json *m = list ? list->first : NULL; m; m = m->next) {
        str id = take_id(m, "id");
        if (!id.len || str_eq(id, r->own) || (wanted.len && !str_eq(id, wanted)))
            continue;
        it->contact_external_id = id;
        it->contact_handle = take_line(m, "acct", LIMIT_NAME_BYTES);
        return true;
    }
    it->contact_external_id = wanted;
    return wanted.len > 0;
}

/* False: it lacks what a message must have. */
static err read_status(struct reading *r, const struct json *status, bool *is_whole)
{
    struct connector_item *it = item_add(&r->list, ITEM_MESSAGE);
    struct parts parts = parts_make(r->a);
    const struct json *author = take_object(status, "account");
    it->external_id = take_id(status, "id");
    it->reply_to = take_id(status, "in_reply_to_id");
    it->is_ours = r->own.len && str_eq(take_id(author, "id"), r->own);
    if (it->is_ours) {
        if (!read_addressee(r, status, it)) {
            r->list.n--; /* to nobody: a post of ours, not an answer */
            return OK;
        }
    } else {
        read_person(author, it);
        it->contact_language = take_line(status, "language", 35);
        it->token = mastodon_token(r->a, status, r->own);
    }
    *is_whole = it->external_id.len && it->contact_external_id.len;
    read_alias(r, status, it);
    TRY(text_of(r->a, status, &it->text));
    TRY(read_thread(r, status, it));
    read_files(r, status, it, &parts);
    read_parts(status, &parts);
    if (!it->text.len && !it->n_attachments && !parts.is_open)
        part_unsupported(&parts, S("empty post"));
    it->parts = parts_str(&parts);
    it->sent_ms = take_time(status, "created_at");
    if (!it->sent_ms || it->sent_ms > r->received_ms)
        it->sent_ms = r->received_ms;
    return OK;
}

static err read_edit(struct reading *r, const struct json *status, bool *is_whole)
{
    struct connector_item *it = item_add(&r->list, ITEM_EDIT);
    it->external_id = take_id(status, "id");
    it->sent_ms = take_time(status, "edited_at");
    it->is_public = is_public(status);
    *is_whole = it->external_id.len > 0;
    read_alias(r, status, it);
    return text_of(r->a, status, &it->text);
}

/* ── events ── */

static err read_notification(struct reading *r, const struct json *n, bool *is_whole)
{
    const struct json *status = take_object(n, "status"), *account = take_object(n, "account");
    str type = take_line(n, "type", 40);
    bool is_own = r->own.len && str_eq(take_id(account, "id"), r->own);
    if (is_own)
        return OK;
    if (str_eq(type, S("mention")) || str_eq(type, S("quote"))) {
        *is_whole = status != NULL;
        return status ? read_status(r, status, is_whole) : OK;
    }
    if (str_eq(type, S("update")) || str_eq(type, S("quoted_update"))) {
        *is_whole = status != NULL;
        return status ? read_edit(r, status, is_whole) : OK;
    }
    if (str_eq(type, S("favourite")) && status) {
        struct connector_item *it = item_add(&r->list, ITEM_REACTION);
        it->external_id = take_id(status, "id");
        it->is_public = is_public(status);
        it->reaction = S("⭐");
        read_person(account, it);
        *is_whole = it->external_id.len && it->contact_external_id.len;
    } else if (str_eq(type, S("moderation_warning"))) {
        struct connector_item *it = item_add(&r->list, ITEM_ACCOUNT);
        it->state = S("limited");
        it->error = S("The instance's moderators have warned this account; see its notifications.");
    }
    return OK;
}

static err read_event(struct reading *r, str event, const struct json *data, bool *is_whole)
{
    if (str_eq(event, S("notification")))
        return read_notification(r, data, is_whole);
    if (str_eq(event, S("status.update")))
        return read_edit(r, data, is_whole);
    if (str_eq(event, S("update"))) {
        bool is_own = r->own.len && str_eq(take_id(take_object(data, "account"), "id"), r->own);
        return is_own ? read_status(r, data, is_whole) : OK; /* others' posts of our timeline */
    }
    str id = json_text(data, S(""));
    if (!str_eq(event, S("delete")))
        return OK;
    *is_whole = mastodon_is_id(id);
    struct connector_item *it = item_add(&r->list, ITEM_DELETE);
    it->external_id = id;
    return OK;
}

err mastodon_parse(
    struct arena *a, const struct connector_raw *raw, struct connector_batch *batch, str *why)
{
    const struct json *root = NULL;
    str kind, own;
    (void)str_cut(raw->origin, ' ', &kind, &own);
    if (json_parse(a, raw->body, &root, why) != OK)
        return E_INVALID;
    str event = take_line(root, "event", 40);
    if (!event.len) {
        *why = S("This is no event of Mastodon.");
        return E_INVALID;
    }
    struct reading r = {.a = a,
        .list = {.a = a},
        .own = own,
        .root = take_object(root, "root"),
        .received_ms = raw->received_ms};
    bool is_whole = true;
    TRY(read_event(&r, event, json_get(root, S("data")), &is_whole));
    if (!is_whole) {
        r.list.n = 0;
        item_fault(&r.list, S("The event lacks its status, or who wrote it."), raw->body);
    }
    batch_of(&r.list, batch);
    return OK;
}
