/* importer_thread: the conversations of an import, with their messages at their own times. Part of
 * importer.h. A conversation is known when its first message is stored already. */
#include "base/id.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "care/importer_inner.h"
#include "store/account.h"
#include "store/contact.h"
#include "store/conversation.h"
#include "store/identity.h"
#include "store/message.h"
#include "store/tag.h"

err import_identity(struct ctx *cx, const struct channel *channel, str id, contact_id contact,
    int64_t seen_ms, identity_id *identity, contact_id *owner)
{
    bool is_own = str_eq(channel->kind, S("api"));
    struct identity row = {.channel_id = channel->id,
        .external_id = is_own ? id : str_cat(cx->arena, S("import:"), id),
        .contact_id = contact,
        .last_seen_ms = seen_ms};
    struct identity_known *found;
    ptrdiff_t n;
    TRY(identity_find_many(cx, &row, 1, &found, &n));
    if (n > 0) {
        *identity = found[0].id;
        *owner = found[0].contact_id;
        return OK;
    }
    *owner = contact;
    if (!contact.v)
        return OK;
    row.id = (identity_id){id_make(cx->now_ms)};
    *identity = row.id;
    int64_t changed;
    return identity_add_many(cx, &row, 1, &changed);
}

/* A wrong author is a wrong line: work must not be booked to the wrong person. */
static err message_author(struct ctx *cx, const struct importer *im, const struct json *line,
    const struct contact *contact, struct message *m)
{
    if (str_eq(m->kind, S("in"))) {
        m->author_kind = S("contact");
        m->author_id = contact->id.v;
        m->author_name = contact->name;
        return OK;
    }
    str email;
    TRY(import_name(cx, line, "author", false, &email));
    m->author_kind = email.len ? S("agent") : S("system");
    m->author_id = import_known(&im->agents, utf8_fold(cx->arena, email));
    if (email.len && !m->author_id)
        return fail_field(
            cx, "author", "There is no agent \"%.*s\"; its line must come before.", SARG(email));
    const str *name = map_get(&im->agent_names, utf8_fold(cx->arena, email));
    m->author_name = name ? *name : S("Seva");
    return OK;
}

static err message_line(struct ctx *cx, const struct importer *im, const struct json *line,
    const struct conversation *c, const struct contact *contact, struct message *m)
{
    static const char *const kinds[] = {"in", "out", "note", NULL};
    static const char *const states[] = {"sent", "delivered", "read", "failed", NULL};
    str id, state;
    *m = (struct message){
        .conversation_id = c->id, .channel_id = c->channel_id, .visibility = S("private")};
    TRY(import_name(cx, line, "id", true, &id));
    TRY(import_word(cx, line, "kind", kinds, "", &m->kind));
    if (!m->kind.len)
        return fail_field(cx, "kind", "\"kind\" is missing.");
    TRY(import_text(cx, line, "text", LIMIT_TEXT_BYTES, true, &m->text));
    TRY(import_time(cx, line, "at", &m->sent_ms));
    if (!m->sent_ms || m->sent_ms > cx->now_ms)
        return fail_field(cx, "at", "\"at\" is missing or lies ahead.");
    TRY(import_word(cx, line, "state", states, "delivered", &state));
    TRY(message_author(cx, im, line, contact, m));
    m->external_id = str_cat(cx->arena, S("import:"), id);
    m->state = str_eq(m->kind, S("in")) ? S("received") : state;
    m->received_ms = m->sent_ms;
    m->read_ms = str_eq(m->state, S("read")) ? m->sent_ms : 0;
    m->id = (message_id){id_make(m->sent_ms)};
    return OK;
}

/* What a conversation's row says of its messages. */
static void conversation_note(struct ctx *cx, struct conversation *c, const struct message *m)
{
    if (str_eq(m->kind, S("in"))) {
        c->last_in_id = m->id;
        c->last_in_ms = m->sent_ms;
        c->in_count++;
        if (!c->waiting_since_ms)
            c->waiting_since_ms = m->sent_ms;
    } else if (str_eq(m->kind, S("out"))) {
        c->waiting_since_ms = 0;
    }
    c->preview = utf8_preview(cx->arena, m->text, 140);
    c->preview_kind = m->kind;
    c->last_message_id = m->id;
    c->last_message_ms = m->sent_ms;
    c->updated_ms = m->sent_ms;
}

static err messages_read(struct ctx *cx, const struct importer *im, const struct json *list,
    struct conversation *c, const struct contact *contact, struct message *rows)
{
    ptrdiff_t n = 0;
    for (const struct json *v = list->first; v; v = v->next, n++) {
        TRY(message_line(cx, im, v, c, contact, &rows[n]));
        if (n > 0 && rows[n].sent_ms < rows[n - 1].sent_ms)
            return fail_field(
                cx, "messages", "The messages must stand in the order of their times.");
        if (rows[n].id.v <= c->last_message_id.v)
            rows[n].id = message_next_id(c, rows[n].sent_ms);
        conversation_note(cx, c, &rows[n]);
    }
    return OK;
}

static err conversation_state(
    struct ctx *cx, const struct importer *im, const struct json *line, struct conversation *c)
{
    str assignee, team;
    TRY(import_word(cx, line, "status", conversation_status_words, "open", &c->status));
    TRY(import_word(cx, line, "priority", conversation_priority_words, "none", &c->priority));
    TRY(import_word(cx, line, "outcome", conversation_outcome_words, "", &c->outcome));
    TRY(import_name(cx, line, "subject", false, &c->subject));
    TRY(import_name(cx, line, "language", false, &c->language));
    TRY(import_time(cx, line, "resolved_at", &c->resolved_ms));
    TRY(import_time(cx, line, "snoozed_until", &c->snoozed_until_ms));
    TRY(import_name(cx, line, "assignee", false, &assignee));
    TRY(import_name(cx, line, "team", false, &team));
    c->assignee_id.v = import_known(&im->agents, utf8_fold(cx->arena, assignee));
    c->team_id.v = import_known(&im->teams, team);
    if (assignee.len && !c->assignee_id.v)
        return fail_field(cx, "assignee", "There is no agent \"%.*s\".", SARG(assignee));
    if (team.len && !c->team_id.v)
        return fail_field(cx, "team", "There is no team \"%.*s\".", SARG(team));
    bool is_resolved = str_eq(c->status, S("resolved"));
    if (is_resolved != (c->resolved_ms != 0))
        return fail_field(
            cx, "resolved_at", "\"resolved_at\" belongs to resolved ones, and they need it.");
    if (str_eq(c->status, S("snoozed")) && !c->snoozed_until_ms)
        return fail_field(cx, "snoozed_until", "A snoozed conversation needs \"snoozed_until\".");
    return OK;
}

static err tags_put(
    struct ctx *cx, struct importer *im, const struct json *list, struct conversation *c)
{
    if (list && (list->kind != JSON_ARRAY || list->count > LIMIT_TAGS))
        return fail_field(cx, "tags", "\"tags\" must be a list of at most %d names.", LIMIT_TAGS);
    for (const struct json *v = list ? list->first : NULL; v; v = v->next) {
        struct tag t = {.name = str_trim(json_text(v, (str){NULL, 0}))};
        bool is_known;
        if (!t.name.len || t.name.len > LIMIT_NAME_BYTES || utf8_has_control(t.name))
            return fail_field(cx, "tags", "A tag's name is empty or too long.");
        TRY(import_tag(cx, im, &t, &is_known));
        TRY(tag_put(cx, c->id, t.id));
    }
    c->tag_count = list ? list->count : 0;
    return OK;
}

static err conversation_store(struct ctx *cx, struct importer *im, const struct json *line,
    struct conversation *c, const struct message *rows, ptrdiff_t n)
{
    if (!str_eq(c->status, S("open")))
        c->waiting_since_ms = 0;
    conversation_set_keys(c);
    TRY(account_count_up(cx, S("conversation"), 1, &c->number));
    TRY(tags_put(cx, im, json_get(line, S("tags")), c));
    err e = conversation_add(cx, c);
    if (e == E_CONFLICT)
        return fail(
            cx, E_INVALID, "The contact already has a conversation in progress on this channel.");
    TRY(e);
    TRY(conversation_write(cx, c, c->status)); /* what a fresh one does not have: outcome, times */
    return message_add_many(cx, rows, n);
}

err import_conversation(
    struct ctx *cx, struct importer *im, const struct json *line, bool *is_known)
{
    str channel_name, contact_key;
    struct conversation c = {.version = 1};
    struct contact contact;
    TRY(import_name(cx, line, "channel", true, &channel_name));
    TRY(import_name(cx, line, "contact", true, &contact_key));
    const struct channel *channel = import_channel(im, channel_name);
    if (!channel)
        return fail_field(cx, "channel", "There is no channel \"%.*s\".", SARG(channel_name));
    c.channel_id = channel->id;
    c.contact_id.v = import_known(&im->contacts, contact_key);
    if (!c.contact_id.v)
        return fail_field(cx, "contact", "There is no contact \"%.*s\"; its line must come before.",
            SARG(contact_key));
    const struct json *list = json_get(line, S("messages"));
    if (!list || list->kind != JSON_ARRAY || !list->count || list->count > IMPORT_MESSAGES_MAX)
        return fail_field(
            cx, "messages", "\"messages\" must be a list of 1 to %d.", IMPORT_MESSAGES_MAX);
    TRY(contact_get(cx, c.contact_id, &contact));
    TRY(import_time(cx, line, "created_at", &c.created_ms));
    TRY(conversation_state(cx, im, line, &c));
    struct message *rows = NEW(cx->arena, struct message, list->count);
    TRY(messages_read(cx, im, list, &c, &contact, rows));
    c.created_ms = c.created_ms ? c.created_ms : rows[0].sent_ms;
    c.id = (conversation_id){id_make(c.created_ms)};
    for (ptrdiff_t i = 0; i < list->count; i++)
        rows[i].conversation_id = c.id;
    struct message stored;
    err e = message_by_external(cx, channel->id, rows[0].external_id, &stored);
    if (e != E_NOT_FOUND) {
        *is_known = e == OK;
        return e;
    }
    contact_id owner;
    TRY(import_identity(
        cx, channel, contact_key, c.contact_id, c.last_in_ms, &c.identity_id, &owner));
    TRY(contact_touch_many(cx, &c.contact_id, &c.last_in_ms, 1));
    return conversation_store(cx, im, line, &c, rows, list->count);
}
