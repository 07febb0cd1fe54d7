/* inbox: see inbox.h. */
#include "care/inbox.h"

#include "base/id.h"
#include "base/limits.h"
#include "care/search.h"
#include "store/conversation_find.h"
#include "store/tag.h"
#include "store/view.h"

bool inbox_sort(str name, enum conversation_sort *sort)
{
    static const enum conversation_sort sorts[] = {
        SORT_DUE, SORT_NEWEST, SORT_OLDEST, SORT_WAITING};
    for (int i = 0; i < SORT_COUNT; i++)
        if (str_eq(name, str_from(conversation_sort_words[i]))) {
            *sort = sorts[i];
            return true;
        }
    return false;
}

#define BUILTIN(text, words, json, order, place)                                                   \
    {                                                                                              \
        .key = S_INIT(text), .name = S_INIT(words), .filter = S_INIT(json), .sort = S_INIT(order), \
        .is_shared = true, .position = (place)                                                     \
    }
const struct saved_view inbox_builtin[BUILTIN_VIEWS] = {
    BUILTIN("mine", "Mine", "{\"status\":[\"open\"],\"assignee\":\"me\"}", "due", 0),
    BUILTIN("unassigned", "Unassigned", "{\"status\":[\"open\"],\"assignee\":\"none\"}", "due", 1),
    BUILTIN("all", "All open", "{\"status\":[\"open\"]}", "newest", 2),
    BUILTIN("mentions", "Mentions",
        "{\"status\":[\"open\",\"pending\",\"snoozed\",\"resolved\"],\"mentions\":true}", "newest",
        3),
    BUILTIN("snoozed", "Snoozed", "{\"status\":[\"snoozed\",\"pending\"]}", "newest", 4),
    BUILTIN("resolved", "Resolved", "{\"status\":[\"resolved\"]}", "newest", 5),
};

/* ── filters in words ── */

static err read_list(struct ctx *cx, const struct json *v, const char *field, struct str_list *list)
{
    if (v->kind == JSON_NULL)
        return OK;
    if (v->kind != JSON_ARRAY || v->count > LIMIT_TAGS)
        return fail_field(cx, field, "This must be a list of at most %d texts.", (int)LIMIT_TAGS);
    list->at = NEW(cx->arena, str, v->count + 1);
    for (const struct json *item = v->first; item; item = item->next) {
        if (item->kind != JSON_STRING || item->text.len > LIMIT_NAME_BYTES)
            return fail_field(cx, field, "This must be a list of texts of at most 400 bytes.");
        list->at[list->len++] = item->text;
    }
    return OK;
}

static err read_text(struct ctx *cx, const struct json *v, const char *field, str *text)
{
    if (v->kind == JSON_NULL)
        return OK;
    if ((v->kind != JSON_STRING && !v->is_int) || v->text.len > LIMIT_NAME_BYTES)
        return fail_field(cx, field, "This must be a text of at most 400 bytes.");
    *text = v->text;
    return OK;
}

static err read_bool(struct ctx *cx, const struct json *v, const char *field, bool *to)
{
    if (v->kind == JSON_NULL)
        return OK;
    if (v->kind != JSON_BOOL)
        return fail_field(cx, field, "This must be true or false.");
    *to = v->boolean;
    return OK;
}

static err read_member(struct ctx *cx, const struct json *v, struct inbox_query *q)
{
    if (str_eq(v->key, S("status")))
        return read_list(cx, v, "filter.status", &q->status);
    if (str_eq(v->key, S("tag")))
        return read_list(cx, v, "filter.tag", &q->tag);
    if (str_eq(v->key, S("priority")))
        return read_list(cx, v, "filter.priority", &q->priority);
    if (str_eq(v->key, S("assignee")))
        return read_text(cx, v, "filter.assignee", &q->assignee);
    if (str_eq(v->key, S("team")))
        return read_text(cx, v, "filter.team", &q->team);
    if (str_eq(v->key, S("channel")))
        return read_text(cx, v, "filter.channel", &q->channel);
    if (str_eq(v->key, S("contact")))
        return read_text(cx, v, "filter.contact", &q->contact);
    if (str_eq(v->key, S("q")))
        return read_text(cx, v, "filter.q", &q->q);
    if (str_eq(v->key, S("language")))
        return read_text(cx, v, "filter.language", &q->language);
    if (str_eq(v->key, S("unread")))
        return read_bool(cx, v, "filter.unread", &q->unread);
    if (str_eq(v->key, S("mentions")))
        return read_bool(cx, v, "filter.mentions", &q->mentions);
    return fail_field(cx, "filter", "A filter has no \"%.*s\".", SARG(v->key));
}

err inbox_query_read(struct ctx *cx, const struct json *filter, struct inbox_query *q)
{
    struct inbox_query read = {0};
    if (!filter || filter->kind != JSON_OBJECT)
        return fail_field(cx, "filter", "A filter is an object.");
    for (const struct json *v = filter->first; v; v = v->next)
        TRY(read_member(cx, v, &read));
    *q = read;
    return OK;
}

static void put_list(struct json_out *j, str key, const struct str_list *list)
{
    if (!list->len)
        return;
    json_key(j, key);
    json_arr(j);
    for (ptrdiff_t i = 0; i < list->len; i++)
        json_put_str(j, list->at[i]);
    json_arr_end(j);
}

static void put_text(struct json_out *j, str key, str text)
{
    if (text.len)
        json_kv_str(j, key, text);
}

str inbox_query_json(struct arena *a, const struct inbox_query *q)
{
    struct json_out j = json_out_make(a, 0);
    json_obj(&j);
    put_list(&j, S("status"), &q->status);
    put_text(&j, S("assignee"), q->assignee);
    put_text(&j, S("team"), q->team);
    put_text(&j, S("channel"), q->channel);
    put_text(&j, S("contact"), q->contact);
    put_list(&j, S("tag"), &q->tag);
    put_list(&j, S("priority"), &q->priority);
    put_text(&j, S("q"), q->q);
    put_text(&j, S("language"), q->language);
    if (q->unread)
        json_kv_bool(&j, S("unread"), true);
    if (q->mentions)
        json_kv_bool(&j, S("mentions"), true);
    json_obj_end(&j);
    return json_str(&j);
}

bool inbox_view_is_builtin(str key_or_id)
{
    for (int i = 0; i < BUILTIN_VIEWS; i++)
        if (str_eq(inbox_builtin[i].key, key_or_id))
            return true;
    return false;
}

err inbox_view(struct ctx *cx, str key_or_id, struct inbox_query *q, enum conversation_sort *sort)
{
    str filter = {0}, order = {0};
    for (int i = 0; i < BUILTIN_VIEWS; i++)
        if (str_eq(inbox_builtin[i].key, key_or_id)) {
            filter = inbox_builtin[i].filter;
            order = inbox_builtin[i].sort;
        }
    if (!filter.len) {
        int64_t id;
        if (id_parse(key_or_id, &id) != OK)
            return fail(cx, E_NOT_FOUND, "There is no such view.");
        struct saved_view view;
        TRY(view_get(cx, (view_id){id}, &view));
        filter = view.filter;
        order = view.sort;
    }
    const struct json *json;
    str why;
    if (json_parse(cx->arena, filter, &json, &why) != OK)
        return fail(cx, E_INTERNAL, "The filter of a saved view does not parse.");
    TRY(inbox_query_read(cx, json, q));
    *sort = SORT_NEWEST;
    (void)inbox_sort(order, sort); /* an unknown order from a newer node reads as newest */
    return OK;
}

/* ── words to the store's filter ── */

static err read_id(struct ctx *cx, str text, const char *field, int64_t *id)
{
    if (text.len && id_parse(text, id) != OK)
        return fail_field(cx, field, "This must be an id.");
    return OK;
}

static err resolve_statuses(
    struct ctx *cx, const struct str_list *names, struct conversation_filter *f)
{
    f->statuses[CONVERSATION_OPEN] = !names->len;
    for (ptrdiff_t i = 0; i < names->len; i++) {
        enum conversation_status s;
        if (!conversation_status_by_name(names->at[i], &s))
            return fail_field(cx, "status", "There is no status \"%.*s\".", SARG(names->at[i]));
        f->statuses[s] = true;
    }
    return OK;
}

static err resolve_priorities(
    struct ctx *cx, const struct str_list *names, struct conversation_filter *f)
{
    struct sb b = sb_make(cx->arena, 0);
    for (ptrdiff_t i = 0; i < names->len; i++) {
        const char *const *word = conversation_priority_words;
        while (*word && !str_eq(names->at[i], str_from(*word)))
            word++;
        if (!*word)
            return fail_field(cx, "priority", "There is no priority \"%.*s\".", SARG(names->at[i]));
        sb_add(&b, i ? S("") : S(","));
        sb_add(&b, names->at[i]);
        sb_byte(&b, ',');
    }
    f->priorities = sb_str(&b);
    return OK;
}

/* A tag that nobody made yet matches nothing; *is_empty says so. */
static err resolve_tags(
    struct ctx *cx, const struct str_list *names, struct conversation_filter *f, bool *is_empty)
{
    if (names->len > FILTER_TAGS)
        return fail_field(cx, "tag", "At most %d tags at a time.", (int)FILTER_TAGS);
    for (ptrdiff_t i = 0; i < names->len; i++) {
        struct tag tag;
        err e = tag_by_name(cx, names->at[i], &tag);
        if (e == E_NOT_FOUND)
            continue;
        TRY(e);
        f->tags[f->n_tags++] = tag.id;
    }
    *is_empty = names->len && !f->n_tags;
    return OK;
}

static err resolve(
    struct ctx *cx, const struct inbox_query *q, struct conversation_filter *f, bool *is_empty)
{
    *f = (struct conversation_filter){
        .language = q->language, .is_unread = q->unread, .is_mentioned = q->mentions};
    TRY(resolve_statuses(cx, &q->status, f));
    TRY(resolve_priorities(cx, &q->priority, f));
    f->has_assignee = q->assignee.len > 0;
    if (str_eq(q->assignee, S("me")))
        f->assignee = cx->actor.agent;
    else if (!str_eq(q->assignee, S("none")))
        TRY(read_id(cx, q->assignee, "assignee", &f->assignee.v));
    f->has_team = q->team.len > 0;
    if (!str_eq(q->team, S("none")))
        TRY(read_id(cx, q->team, "team", &f->team.v));
    TRY(read_id(cx, q->channel, "channel", &f->channel.v));
    TRY(read_id(cx, q->contact, "contact", &f->contact.v));
    return resolve_tags(cx, &q->tag, f, is_empty);
}

err inbox_query_check(struct ctx *cx, const struct inbox_query *q)
{
    struct conversation_filter f;
    bool is_empty = false;
    return resolve(cx, q, &f, &is_empty);
}

/* ── what is searched for ── */

/* What was found that the filter keeps. */
struct found {
    struct conversation_place *at;
    ptrdiff_t n;
};

static void found_add(struct found *f, const struct conversation_place *rows, ptrdiff_t n)
{
    for (ptrdiff_t i = 0; i < n && f->n < INBOX_FOUND; i++)
        f->at[f->n++] = rows[i];
}

/* "#42" or "42": the conversation of this number. */
static err find_number(
    struct ctx *cx, const struct conversation_filter *f, str q, struct found *found)
{
    struct conversation_place *rows = NULL;
    struct conversation c;
    int64_t number;
    ptrdiff_t n = 0;
    if (str_int(str_starts(q, S("#")) ? str_skip(q, 1) : q, 1, INT64_MAX, &number) != OK)
        return OK;
    err e = conversation_by_number(cx, number, &c);
    if (e == E_NOT_FOUND) {
        cx->fault = (struct fault){0};
        return OK;
    }
    TRY(e);
    TRY(conversation_sieve(cx, f, &c.id.v, 1, &rows, &n));
    found_add(found, rows, n);
    return OK;
}

/* Conversations of people that are found, then those with messages that are, newest first. */
static err find_list(struct ctx *cx, const struct conversation_filter *f, str q,
    enum conversation_sort sort, const struct conversation_cursor *after, ptrdiff_t limit,
    struct conversation **rows, ptrdiff_t *n)
{
    struct found found = {NEW(cx->arena, struct conversation_place, INBOX_FOUND), 0};
    struct conversation_place *places = NULL;
    struct search_walk *walk = NULL;
    ptrdiff_t n_ids = 0, n_places = 0;
    int64_t *ids = NULL;
    TRY(find_number(cx, f, q, &found));
    TRY(search_walk_begin(cx, q, &walk));
    TRY(search_walk_contacts(walk, &ids, &n_ids));
    TRY(conversation_sieve_contacts(cx, f, ids, n_ids, INBOX_FOUND / 2, &places, &n_places));
    found_add(&found, places, n_places);
    for (bool is_end = false; !is_end && found.n < INBOX_FOUND;) {
        TRY(search_walk_next(walk, &ids, &n_ids, &is_end));
        TRY(conversation_sieve(cx, f, ids, n_ids, &places, &n_places));
        found_add(&found, places, n_places);
    }
    return conversation_find_page(cx, found.at, found.n, sort, after, limit, rows, n);
}

/* ── lists and counts ── */

err inbox_list(struct ctx *cx, const struct inbox_query *q, enum conversation_sort sort,
    const struct conversation_cursor *after, ptrdiff_t limit, struct conversation **rows,
    ptrdiff_t *n, struct conversation_cursor *next)
{
    struct conversation_filter f;
    bool is_empty = false;
    TRY(resolve(cx, q, &f, &is_empty));
    *next = (struct conversation_cursor){0};
    *n = 0;
    if (is_empty)
        return OK;
    str needle = str_trim(q->q);
    if (needle.len > SEARCH_BYTES)
        return fail_field(cx, "q", "At most %d bytes can be searched for.", (int)SEARCH_BYTES);
    if (needle.len)
        TRY(find_list(cx, &f, needle, sort, after, limit + 1, rows, n));
    else
        TRY(conversation_list(cx, &f, sort, after, limit + 1, rows, n, next));
    if (*n > limit) {
        *n = limit;
        *next = conversation_cursor_of(&(*rows)[limit - 1], sort);
    }
    return conversation_fill_tags(cx, *rows, *n);
}

void inbox_list_ahead(struct ctx *cx, const struct inbox_query *q, enum conversation_sort sort,
    const struct conversation_cursor *after, ptrdiff_t limit)
{
    struct conversation_filter f;
    bool is_empty = false;
    if (!q->tag.len && !q->contact.len && !q->q.len && resolve(cx, q, &f, &is_empty) == OK)
        conversation_list_ahead(cx, &f, sort, after, limit + 1);
}

err inbox_count(struct ctx *cx, const struct inbox_query *q, struct conversation_counted *counted)
{
    if (q->q.len)
        return E_NOT_FOUND;
    struct conversation_filter f;
    bool is_empty = false;
    TRY(resolve(cx, q, &f, &is_empty));
    *counted = (struct conversation_counted){0};
    return is_empty ? OK : conversation_count(cx, &f, counted);
}
