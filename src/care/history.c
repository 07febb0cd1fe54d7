/* history: see history.h. Reads the lines and leads the batch. */
#include "care/history_inner.h"

#include "base/limits.h"
#include "base/utf8.h"
#include "care/importer_inner.h"
#include "store/account.h"
#include "store/agent.h"
#include "store/channel.h"
#include "store/message.h"
#include "store/message_network.h"

static const int64_t DAY_MS = 24 * 3600 * 1000;

err history_open(struct ctx *cx, struct history *h)
{
    struct account account;
    struct agent *agents;
    struct agent_scope *scopes;
    struct channel *channels;
    ptrdiff_t n;
    *h = (struct history){.agents = {.a = cx->arena}};
    TRY(account_get(cx, &account));
    TRY(channel_list(cx, &channels, &h->n_channels));
    TRY(agent_list(cx, &agents, &scopes, &n));
    h->channels = channels;
    h->open_since_ms = cx->now_ms - account.reopen_days * DAY_MS;
    for (ptrdiff_t i = 0; i < n; i++)
        TRY(map_put(&h->agents, utf8_fold(cx->arena, agents[i].email), &agents[i]));
    return OK;
}

bool history_is_going(const struct history_item *item)
{
    return item->line->fate == HISTORY_ADDED && !item->first;
}

int64_t history_key(struct arena *a, char kind, const struct channel *channel, str key)
{
    str text = str_print(a, "%c%lld %.*s", kind, (long long)channel->id.v, SARG(key));
    return (int64_t)(str_hash(text) >> 1) | 1;
}

/* ── a line ── */

static str without_at(str handle)
{
    return str_starts(handle, S("@")) ? str_skip(handle, 1) : handle;
}

static bool is_named(const struct channel *c, str kind, str rest)
{
    return str_eq(c->kind, kind) && rest.len &&
           (str_eq(c->external_id, rest) || str_eq(c->name, rest) ||
               str_eq_nocase(without_at(c->handle), without_at(rest)));
}

/* By kind and account, by its name, or by its kind when there is one of that kind. */
static err find_channel(
    struct ctx *cx, const struct history *h, str name, const struct channel **channel)
{
    str kind, rest;
    (void)str_cut(name, ':', &kind, &rest); /* without a colon there is no account */
    for (int way = 0; way < 3; way++) {
        ptrdiff_t n = 0;
        for (ptrdiff_t i = 0; i < h->n_channels; i++) {
            const struct channel *c = &h->channels[i];
            if (way == 0   ? !is_named(c, kind, rest)
                : way == 1 ? !str_eq(c->name, name)
                           : !str_eq(c->kind, name))
                continue;
            *channel = c;
            n++;
        }
        if (n == 1)
            return OK;
        if (n > 1)
            return fail_field(
                cx, "channel", "\"%.*s\" are %td channels; say which.", SARG(name), n);
    }
    return fail_field(cx, "channel", "There is no channel \"%.*s\".", SARG(name));
}

/* Networks number their messages and people; some exports write numbers as such. */
static err read_id(struct ctx *cx, const struct json *from, const char *name, str *id)
{
    const struct json *v = json_get(from, str_from(name));
    if (!v || v->kind == JSON_NULL) {
        *id = (str){NULL, 0};
        return OK;
    }
    if (v->kind != JSON_STRING && !(v->kind == JSON_NUMBER && v->is_int))
        return fail_field(cx, name, "\"%s\" must be text.", name);
    *id = v->text;
    if (id->len > LIMIT_NAME_BYTES || utf8_has_control(*id))
        return fail_field(cx, name, "\"%s\" is longer than %d bytes or holds a control character.",
            name, LIMIT_NAME_BYTES);
    return OK;
}

static err read_who(struct ctx *cx, const struct json *who, struct history_item *item)
{
    if (who && who->kind != JSON_OBJECT && who->kind != JSON_NULL)
        return fail_field(cx, item->is_in ? "from" : "to", "A person must be an object.");
    TRY(read_id(cx, who, "id", &item->who_id));
    TRY(import_name(cx, who, "name", false, &item->who_name));
    TRY(import_name(cx, who, "handle", false, &item->who_handle));
    TRY(import_name(cx, who, "email", false, &item->who_email));
    TRY(import_name(cx, who, "location", false, &item->who_location));
    if (item->is_in && !item->who_id.len)
        return fail_field(cx, "from", "\"from\" says no \"id\": who wrote it?");
    return OK;
}

/* An answer of somebody who is no agent here keeps its text and the name under which it went. */
static err read_author(
    struct ctx *cx, const struct history *h, const struct json *line, struct history_item *item)
{
    str mail;
    TRY(import_name(cx, line, "agent", false, &mail));
    if (item->is_in)
        return OK;
    item->agent = mail.len ? map_get(&h->agents, utf8_fold(cx->arena, mail)) : NULL;
    TRY(import_name(cx, json_get(line, S("from")), "name", false, &item->author_name));
    return OK;
}

static err read_time(struct ctx *cx, const struct json *line, int64_t *ms)
{
    str text;
    TRY(import_text(cx, line, "at", 64, true, &text));
    TRY(import_time(cx, line, "at", ms));
    if (*ms <= 0)
        return fail_field(cx, "at", "\"at\" lies before 1970.");
    if (*ms > cx->now_ms)
        return fail_field(cx, "at", "\"at\" lies ahead of this machine's clock.");
    return OK;
}

static err read_fields(
    struct ctx *cx, const struct history *h, const struct json *line, struct history_item *item)
{
    static const char *const directions[] = {"in", "out", NULL};
    static const char *const visibilities[] = {"private", "public", NULL};
    str channel, direction, visibility;
    TRY(import_name(cx, line, "channel", true, &channel));
    TRY(find_channel(cx, h, channel, &item->channel));
    TRY(read_id(cx, line, "id", &item->id));
    if (!item->id.len)
        return fail_field(cx, "id", "\"id\" is missing.");
    TRY(read_id(cx, line, "thread", &item->thread));
    TRY(read_id(cx, line, "reply_to", &item->reply_to));
    if (str_eq(item->reply_to, item->id))
        item->reply_to = (str){NULL, 0}; /* nothing answers itself */
    TRY(import_word(cx, line, "direction", directions, "", &direction));
    if (!direction.len)
        return fail_field(cx, "direction", "\"direction\" is missing.");
    item->is_in = str_eq(direction, S("in"));
    TRY(read_time(cx, line, &item->sent_ms));
    TRY(import_text(cx, line, "text", LIMIT_TEXT_BYTES, true, &item->text));
    TRY(import_word(cx, line, "visibility", visibilities, "private", &visibility));
    item->is_public = str_eq(visibility, S("public"));
    TRY(read_who(cx, json_get(line, item->is_in ? S("from") : S("to")), item));
    if (!item->is_in && !item->who_id.len && !item->thread.len && !item->reply_to.len)
        return fail_field(
            cx, "thread", "An answer needs \"thread\", \"reply_to\" or \"to\": whom did it go to?");
    return read_author(cx, h, line, item);
}

err history_read(struct ctx *cx, const struct history *h, str text, struct history_item *item)
{
    const struct json *line;
    str why;
    if (text.len > HISTORY_LINE_BYTES)
        return fail(cx, E_INVALID, "longer than %d bytes", HISTORY_LINE_BYTES);
    if (json_parse(cx->arena, text, &line, &why) != OK)
        return fail(cx, E_INVALID, "This is no JSON: %.*s", SARG(why));
    if (line->kind != JSON_OBJECT)
        return fail(cx, E_INVALID, "A line must be one JSON object.");
    return read_fields(cx, h, line, item);
}

static void read_lines(struct history_batch *b)
{
    struct ctx *cx = b->cx;
    for (ptrdiff_t i = 0; i < b->n; i++) {
        struct history_item *item = &b->items[i];
        cx->fault = (struct fault){0};
        if (history_read(cx, b->h, item->line->text, item) == OK)
            continue;
        item->line->fate = HISTORY_WRONG;
        item->line->field = cx->fault.field;
        item->line->words = cx->fault.words;
    }
    cx->fault = (struct fault){0};
}

/* ── what is there already ── */

static err remember(struct history_batch *b, struct map *m, const struct message *rows, ptrdiff_t n)
{
    for (ptrdiff_t i = 0; i < n; i++) {
        struct message *kept = NEW(b->cx->arena, struct message, 1);
        *kept = rows[i];
        TRY(map_put(m, map_key(b->cx->arena, rows[i].channel_id.v, rows[i].external_id), kept));
    }
    return OK;
}

/* The stored messages that lines repeat or answer. */
static err find_stored(struct history_batch *b, struct map *stored)
{
    struct message *keys = NEW(b->cx->arena, struct message, 2 * b->n + 1), *found = NULL;
    ptrdiff_t n = 0, n_found = 0;
    for (ptrdiff_t i = 0; i < b->n; i++) {
        const struct history_item *item = &b->items[i];
        if (!history_is_going(item))
            continue;
        keys[n].channel_id = item->channel->id;
        keys[n++].external_id = item->id;
        if (!item->reply_to.len)
            continue;
        keys[n].channel_id = item->channel->id;
        keys[n++].external_id = item->reply_to;
    }
    if (!n)
        return OK;
    TRY(message_find_alias(b->cx, keys, n, &found, &n_found));
    TRY(remember(b, stored, found, n_found));
    TRY(message_find_external(b->cx, keys, n, &found, &n_found));
    return remember(b, stored, found, n_found);
}

static err mark_known(struct history_batch *b, const struct map *stored)
{
    for (ptrdiff_t i = 0; i < b->n; i++) {
        struct history_item *item = &b->items[i];
        if (!history_is_going(item))
            continue;
        str key = map_key(b->cx->arena, item->channel->id.v, item->id);
        item->first = map_get(&b->by_id, key);
        if (map_get(stored, key))
            item->line->fate = HISTORY_KNOWN;
        else if (!item->first)
            TRY(map_put(&b->by_id, key, item));
    }
    return OK;
}

static void wait_for(struct history_batch *b, struct history_item *item, char kind, str key)
{
    item->line->fate = HISTORY_WAITS;
    item->line->waits_for = history_key(b->cx->arena, kind, item->channel, key);
}

static void find_answered(struct history_batch *b, const struct map *stored)
{
    for (ptrdiff_t i = 0; i < b->n; i++) {
        struct history_item *item = &b->items[i];
        if (!history_is_going(item) || !item->reply_to.len)
            continue;
        str key = map_key(b->cx->arena, item->channel->id.v, item->reply_to);
        item->answers_stored = map_get(stored, key);
        item->answers = item->answers_stored ? NULL : map_get(&b->by_id, key);
        if (!item->answers_stored && !item->answers && !item->line->is_last_call)
            wait_for(b, item, 'm', item->reply_to);
    }
}

/* What answers a line that waits, waits with it: the answer is stored with what it answers. */
static void wait_together(struct history_batch *b)
{
    for (bool is_more = true; is_more;) {
        is_more = false;
        for (ptrdiff_t i = 0; i < b->n; i++) {
            struct history_item *item = &b->items[i];
            if (!history_is_going(item) || item->line->is_last_call || !item->answers ||
                item->answers->line->fate != HISTORY_WAITS)
                continue;
            wait_for(b, item, 'm', item->reply_to);
            is_more = true;
        }
    }
}

static void settle(struct history_batch *b)
{
    for (ptrdiff_t i = 0; i < b->n; i++) {
        struct history_item *item = &b->items[i];
        struct history_line *line = item->line;
        if (item->first && line->fate == HISTORY_ADDED) {
            str text = line->text;
            *line = *item->first->line;
            line->text = text;
            if (line->fate == HISTORY_ADDED)
                line->fate = HISTORY_KNOWN;
        }
        if (line->fate != HISTORY_ADDED)
            continue;
        line->gives[0] = history_key(b->cx->arena, 'm', item->channel, item->id);
        if (item->thread.len)
            line->gives[1] = history_key(b->cx->arena, 't', item->channel, item->thread);
    }
}

err history_take_many(
    struct ctx *cx, const struct history *h, struct history_line *lines, ptrdiff_t n)
{
    struct arena *a = cx->arena;
    struct history_batch b = {.cx = cx,
        .h = h,
        .items = NEW(a, struct history_item, n + 1),
        .n = n,
        .by_id = {.a = a},
        .by_person = {.a = a},
        .by_thread = {.a = a},
        .by_found = {.a = a},
        .by_place = {.a = a},
        .by_talk = {.a = a},
        .people = NEW(a, struct history_person, n + 1),
        .talks = NEW(a, struct history_talk, 2 * n + 1)};
    struct map stored = {.a = a};
    for (ptrdiff_t i = 0; i < n; i++) {
        lines[i] =
            (struct history_line){.text = lines[i].text, .is_last_call = lines[i].is_last_call};
        b.items[i] = (struct history_item){.line = &lines[i], .at = i};
    }
    read_lines(&b);
    TRY(find_stored(&b, &stored));
    TRY(mark_known(&b, &stored));
    find_answered(&b, &stored);
    wait_together(&b);
    TRY(history_place_all(&b));
    wait_together(&b);
    TRY(history_apply_all(&b));
    settle(&b);
    return OK;
}
