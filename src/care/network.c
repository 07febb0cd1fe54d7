/* network: see network.h. */
#include "care/network.h"

#include "base/id.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/utf8.h"
#include "care/channel_setup.h"
#include "care/delivery.h"
#include "care/news.h"
#include "care/phone.h"
#include "connector/reading.h"
#include "store/channel.h"
#include "store/contact.h"
#include "store/conversation.h"
#include "store/early.h"
#include "store/identity.h"
#include "store/job.h"
#include "store/message.h"
#include "store/message_network.h"

enum {
    REPORTED_MOST = 200,
    ERROR_BYTES = 500,
    STATE_BYTES = 40,
    ALIASES_MOST = 20,        /* that an early word keeps */
    CLOCKS_MS = 5000,         /* nodes' clocks differ by less */
    ECHO_WAITS_MS = 5 * 60000 /* longer than a send is under way */
};

err network_channel(
    struct ctx *cx, channel_id came_on, str kind, const struct connector_item *it, channel_id *id)
{
    struct channel channel;
    *id = came_on;
    if (!it->account.len)
        return OK;
    err e = channel_get(cx, came_on, &channel);
    if (e == OK && (str_eq(channel.external_id, it->account) || !channel.external_id.len))
        return OK;
    if (e != OK && e != E_NOT_FOUND)
        return e;
    e = channel_by_external(cx, kind, it->account, id);
    if (e == E_NOT_FOUND)
        return fail(cx, E_NOT_FOUND, "No channel is connected to the account %.*s of this network.",
            SARG(it->account));
    return e;
}

/* ── messages of ours ── */

/* "1234" or "1234.2" (a later piece): the message of ours that a network brings back. */
static err by_ref(struct ctx *cx, channel_id channel, str ref, struct message *m)
{
    str number, piece;
    message_id id;
    (void)str_cut(ref, '.', &number, &piece);
    if (id_parse(number, &id.v) != OK)
        return E_NOT_FOUND;
    TRY(message_get(cx, id, m));
    return m->channel_id.v == channel.v && str_eq(m->kind, S("out")) ? OK : E_NOT_FOUND;
}

/* The message that an item means: by our own reference, or by the network's id. */
static err meant(
    struct ctx *cx, channel_id channel, const struct connector_item *it, struct message *m)
{
    err e = it->ours_ref.len ? by_ref(cx, channel, it->ours_ref, m) : E_NOT_FOUND;
    if (e == E_NOT_FOUND && it->external_id.len)
        e = message_by_any_external(cx, channel, it->external_id, m);
    if (e == E_NOT_FOUND)
        cx->fault = (struct fault){0};
    return e;
}

static err echo(struct ctx *cx, channel_id channel, struct connector_item *it, bool *is_done)
{
    struct message m;
    err e = by_ref(cx, channel, it->ours_ref, &m);
    if (e == E_NOT_FOUND) {
        cx->fault = (struct fault){0};
        return OK;
    }
    TRY(e);
    *is_done = true;
    if (m.external_id.len && !str_eq(m.external_id, it->external_id))
        TRY(message_alias_add(cx, channel, m.id, &it->external_id, 1));
    TRY(message_alias_add(cx, channel, m.id, it->aliases, it->n_aliases));
    TRY(message_report(cx, m.id, S("sent"), it->external_id, cx->now_ms));
    return network_catch_up(cx, &(struct network_known){channel, it}, 1);
}

/* One of ours that nobody knows may be one that is being sent: its id is known when that has ended.
 */
static err wait(struct ctx *cx, channel_id channel, const struct connector_item *it,
    int64_t received_ms, bool *is_early)
{
    struct message m;
    err e = message_by_any_external(cx, channel, it->external_id, &m);
    if (e == OK || e != E_NOT_FOUND)
        return e;
    cx->fault = (struct fault){0};
    if (cx->now_ms - received_ms > ECHO_WAITS_MS)
        return OK;
    return job_is_running(cx, channel, S("send"), received_ms + CLOCKS_MS, is_early);
}

/* Whom an answer of ours concerns: whoever wrote what it answers. */
static err whom(struct ctx *cx, channel_id channel, struct connector_item *it, bool *is_done)
{
    struct message answered;
    struct conversation c;
    struct identity identity;
    err e = it->reply_to.len ? message_by_any_external(cx, channel, it->reply_to, &answered)
                             : E_NOT_FOUND;
    if (e == E_NOT_FOUND) {
        cx->fault = (struct fault){0};
        *is_done = true;
        return OK;
    }
    TRY(e);
    TRY(conversation_get(cx, answered.conversation_id, &c));
    TRY(identity_get(cx, c.identity_id, &identity));
    it->contact_external_id = identity.external_id;
    it->thread_key = c.thread_key;
    return OK;
}

err network_before(struct ctx *cx, channel_id channel, struct connector_item *it,
    int64_t received_ms, bool *is_done, bool *is_early)
{
    *is_done = *is_early = false;
    if (!it->is_ours)
        return OK;
    if (it->ours_ref.len)
        TRY(echo(cx, channel, it, is_done));
    if (!*is_done && it->external_id.len)
        TRY(wait(cx, channel, it, received_ms, is_early));
    return *is_done || *is_early || it->contact_external_id.len ? OK
                                                                : whom(cx, channel, it, is_done);
}

/* ── words about messages that are not here yet ── */

static str slot_of(struct arena *a, const struct connector_item *it)
{
    switch (it->kind) {
    case ITEM_EDIT:
        return S("edit");
    case ITEM_DELETE:
        return S("delete");
    case ITEM_REACTION:
        return it->is_ours ? S("reaction:us") : S("reaction:contact");
    case ITEM_STATUS:
        return str_cat(a, S("status:"), it->state);
    case ITEM_MESSAGE:
    case ITEM_READ:
    case ITEM_PERSON:
    case ITEM_ACCOUNT:
    case ITEM_MOVED:
    case ITEM_CALL:
    case ITEM_NAMED:
        break;
    }
    return (str){0};
}

static str words_of(struct arena *a, const struct connector_item *it)
{
    struct json_out j = json_out_make(a, LIMIT_JSON_BODY_BYTES);
    json_obj(&j);
    json_kv_str(&j, S("text"), it->text);
    json_kv_str(&j, S("state"), it->state);
    json_kv_str(&j, S("error"), utf8_prefix_bytes(it->error, ERROR_BYTES));
    json_kv_str(&j, S("reaction"), it->reaction);
    json_kv_str(&j, S("name"), it->contact_name);
    json_kv_str(&j, S("replaced_by"), it->replaced_by);
    json_kv_bool(&j, S("is_ours"), it->is_ours);
    json_kv_int(&j, S("sent_ms"), it->sent_ms);
    json_key(&j, S("aliases"));
    json_arr(&j);
    for (ptrdiff_t i = 0; i < it->n_aliases && i < ALIASES_MOST; i++)
        json_put_str(&j, it->aliases[i]);
    json_arr_end(&j);
    json_obj_end(&j);
    return j.b.failed ? S("{}") : json_str(&j);
}

static enum connector_item_kind kind_of(str slot)
{
    if (str_eq(slot, S("edit")))
        return ITEM_EDIT;
    if (str_eq(slot, S("delete")))
        return ITEM_DELETE;
    return str_starts(slot, S("status:")) ? ITEM_STATUS : ITEM_REACTION;
}

/* E_INVALID: not what words_of wrote. */
static err item_of(struct arena *a, const struct early *early, struct connector_item *it)
{
    const struct json *root = NULL;
    str why;
    if (json_parse(a, early->body, &root, &why) != OK)
        return E_INVALID;
    const struct json *aliases = take_array(root, "aliases");
    str *list = NEW(a, str, ALIASES_MOST);
    *it = (struct connector_item){.kind = kind_of(early->slot),
        .external_id = early->external_id,
        .text = take_text(root, "text"),
        .state = take_line(root, "state", 20),
        .error = take_line(root, "error", ERROR_BYTES),
        .reaction = take_line(root, "reaction", READING_ID_BYTES),
        .contact_name = take_line(root, "name", LIMIT_NAME_BYTES),
        .replaced_by = take_id(root, "replaced_by"),
        .is_ours = take_bool(root, "is_ours"),
        .sent_ms = take_int(root, "sent_ms", 0),
        .aliases = list};
    for (const struct json *v = aliases ? aliases->first : NULL; v; v = v->next)
        if (it->n_aliases < ALIASES_MOST)
            list[it->n_aliases++] = json_text(v, S(""));
    return OK;
}

/* The message was not found: kept until it is here. By now somebody may have stored its id:
 * *is_here, as `meant` found it. */
static err keep(struct ctx *cx, channel_id channel, const struct connector_item *it,
    struct message *m, bool *is_here)
{
    *is_here = false;
    if (!it->external_id.len || it->external_id.len > READING_ID_BYTES)
        return OK;
    TRY(early_lock(cx, channel, it->external_id));
    err e = meant(cx, channel, it, m);
    if (e != E_NOT_FOUND) {
        *is_here = e == OK;
        return e;
    }
    return early_add(cx, &(struct early){.channel_id = channel,
                             .external_id = it->external_id,
                             .slot = slot_of(cx->arena, it),
                             .body = words_of(cx->arena, it),
                             .at_ms = it->sent_ms > 0 ? it->sent_ms : cx->now_ms});
}

err network_lock(
    struct ctx *cx, channel_id channel, str external_id, const str *aliases, ptrdiff_t n)
{
    if (external_id.len)
        TRY(early_lock(cx, channel, external_id));
    for (ptrdiff_t i = 0; i < n; i++)
        if (aliases[i].len)
            TRY(early_lock(cx, channel, aliases[i]));
    return OK;
}

err network_catch_up(struct ctx *cx, const struct network_known *known, ptrdiff_t n)
{
    ptrdiff_t most = 0, n_keys = 0, n_rows = 0;
    struct early *rows = NULL;
    for (ptrdiff_t i = 0; i < n; i++)
        most += 1 + known[i].item->n_aliases;
    struct early *keys = NEW(cx->arena, struct early, most + 1);
    for (ptrdiff_t i = 0; i < n; i++) {
        const struct connector_item *it = known[i].item;
        if (it->external_id.len)
            keys[n_keys++] =
                (struct early){.channel_id = known[i].channel, .external_id = it->external_id};
        for (ptrdiff_t k = 0; k < it->n_aliases; k++)
            if (it->aliases[k].len)
                keys[n_keys++] =
                    (struct early){.channel_id = known[i].channel, .external_id = it->aliases[k]};
    }
    if (n_keys)
        TRY(early_take(cx, keys, n_keys, &rows, &n_rows));
    for (ptrdiff_t i = 0; i < n_rows; i++) {
        struct connector_item it;
        if (item_of(cx->arena, &rows[i], &it) == OK)
            TRY(network_apply(cx, rows[i].channel_id, &it));
    }
    return OK;
}

/* ── what became of messages ── */

/* A word that no connector has a meaning for is no error of the delivery: the rest of it counts. */
static bool is_known_state(channel_id channel, str state)
{
    int rank = message_state_rank(state);
    bool is_known = str_eq(state, S("failed")) || (rank >= message_state_rank(S("sent")) &&
                                                      rank <= message_state_rank(S("read")));
    if (!is_known)
        log_line(LOG_WARN, "a network told a delivery state that is not known",
            LOG_I("channel", channel.v), LOG_S("state", utf8_prefix_bytes(state, STATE_BYTES)));
    return is_known;
}

static err status(struct ctx *cx, channel_id channel, const struct connector_item *it)
{
    struct message m;
    bool is_here = true;
    if (!is_known_state(channel, it->state))
        return OK;
    err e = meant(cx, channel, it, &m);
    if (e == E_NOT_FOUND)
        e = keep(cx, channel, it, &m, &is_here);
    TRY(e);
    if (!is_here || !str_eq(m.kind, S("out")))
        return OK;
    int64_t at_ms = it->sent_ms > 0 && it->sent_ms < cx->now_ms ? it->sent_ms : cx->now_ms;
    bool is_failed = str_eq(it->state, S("failed"));
    if (is_failed)
        return message_fail(cx, m.id, utf8_prefix_bytes(it->error, ERROR_BYTES));
    return message_report(cx, m.id, it->state,
        it->ours_ref.len && !m.external_id.len ? it->external_id : (str){0}, at_ms);
}

static err identity_of(
    struct ctx *cx, channel_id channel, str external_id, struct identity_known *known)
{
    const struct identity key = {.channel_id = channel, .external_id = external_id};
    struct identity_known *found = NULL;
    ptrdiff_t n = 0;
    TRY(identity_find_many(cx, &key, 1, &found, &n));
    if (!n)
        return E_NOT_FOUND;
    *known = found[0];
    return OK;
}

/* Everything of ours up to a time was delivered or read. */
static err reported(struct ctx *cx, channel_id channel, const struct connector_item *it)
{
    struct identity_known known;
    struct message *rows = NULL;
    ptrdiff_t n = 0;
    if (!is_known_state(channel, it->state))
        return OK;
    err e = identity_of(cx, channel, it->contact_external_id, &known);
    if (e != OK)
        return e == E_NOT_FOUND ? OK : e;
    TRY(message_list_reported(cx, channel, known.id, it->sent_ms, REPORTED_MOST, &rows, &n));
    for (ptrdiff_t i = 0; i < n; i++)
        TRY(message_set_state(cx, rows[i].id, it->state, (str){0}, (str){0}, cx->now_ms));
    return OK;
}

/* ── edits, deletions, reactions ── */

static err tell(struct ctx *cx, message_id id)
{
    struct message m;
    struct conversation c;
    TRY(message_get(cx, id, &m));
    TRY(conversation_get(cx, m.conversation_id, &c));
    TRY(conversation_fill_tags(cx, &c, 1));
    return news_message(cx, &m, &c, S("message.updated"));
}

static err edit(struct ctx *cx, const struct message *m, const struct connector_item *it)
{
    int64_t at_ms = it->sent_ms > 0 && it->sent_ms < cx->now_ms ? it->sent_ms : cx->now_ms;
    TRY(message_alias_add(cx, m->channel_id, m->id, it->aliases, it->n_aliases));
    if (m->edited_ms > at_ms || str_eq(m->text, it->text))
        return OK; /* an older edit that came late, or the same again */
    TRY(message_set_text(cx, m->id, it->text, at_ms));
    return tell(cx, m->id);
}

static err delete (struct ctx *cx, const struct message *m, const struct connector_item *it)
{
    struct message other = {0};
    err e = it->replaced_by.len
                ? message_by_any_external(cx, m->channel_id, it->replaced_by, &other)
                : E_NOT_FOUND;
    if (e != OK && e != E_NOT_FOUND)
        return e;
    cx->fault = (struct fault){0};
    if (m->deleted_ms || other.id.v == m->id.v)
        return OK;
    TRY(message_set_deleted(cx, m->id, cx->now_ms));
    return tell(cx, m->id);
}

/* The list without this person's, and with the new one. */
static str with_reaction(struct arena *a, str reactions, const struct connector_item *it)
{
    enum { REACTIONS_BYTES = 4000 };
    str by = it->is_ours ? S("us") : S("contact");
    const struct json *list = NULL;
    str why;
    struct json_out j = json_out_make(a, REACTIONS_BYTES);
    json_arr(&j);
    if (reactions.len && json_parse(a, reactions, &list, &why) == OK)
        for (const struct json *v = list->first; v; v = v->next)
            if (!str_eq(json_text(json_get(v, S("by")), S("")), by))
                json_put_tree(&j, v);
    if (it->reaction.len) {
        json_obj(&j);
        json_kv_str(&j, S("emoji"), it->reaction);
        json_kv_str(&j, S("by"), by);
        json_kv_text(&j, S("name"), it->contact_name);
        json_obj_end(&j);
    }
    json_arr_end(&j);
    return j.b.failed ? reactions : json_str(&j);
}

static err react(struct ctx *cx, const struct message *m, const struct connector_item *it)
{
    TRY(message_set_reactions(cx, m->id, with_reaction(cx->arena, m->reactions, it)));
    return tell(cx, m->id);
}

static err change(struct ctx *cx, channel_id channel, const struct connector_item *it)
{
    struct message m;
    bool is_here = true;
    err e = meant(cx, channel, it, &m);
    if (e == E_NOT_FOUND)
        e = keep(cx, channel, it, &m, &is_here);
    TRY(e);
    if (!is_here)
        return OK;
    if (it->kind == ITEM_EDIT)
        return edit(cx, &m, it);
    return it->kind == ITEM_DELETE ? delete (cx, &m, it) : react(cx, &m, it);
}

/* ── people and our account ── */

static err person(struct ctx *cx, channel_id channel, const struct connector_item *it)
{
    struct identity_known known;
    err e = identity_of(cx, channel, it->contact_external_id, &known);
    if (e != OK)
        return e == E_NOT_FOUND ? OK : e;
    if (it->contact_name.len && !known.contact_name.len)
        TRY(contact_name_set(cx, known.contact_id, it->contact_name));
    return identity_set_network(cx, known.id, it->contact_handle, it->contact_profile_url,
        it->contact_avatar_url, it->is_gone ? cx->now_ms : 0);
}

err network_complete(
    struct ctx *cx, message_id id, const struct connector_item *it, str files, bool *takes_files)
{
    struct message m;
    struct conversation c;
    TRY(message_get(cx, id, &m));
    TRY(conversation_get(cx, m.conversation_id, &c));
    *takes_files = files.len && !m.attachments.len;
    TRY(message_fill(cx, id, it->text, *takes_files ? files : (str){0}, it->parts));
    if (it->contact_name.len && !c.contact_name.len)
        TRY(contact_name_set(cx, c.contact_id, it->contact_name));
    if (it->contact_handle.len)
        TRY(identity_set_network(cx, c.identity_id, it->contact_handle, it->contact_profile_url,
            it->contact_avatar_url, 0));
    return tell(cx, id);
}

static err account(struct ctx *cx, channel_id channel, const struct connector_item *it)
{
    bool has_changed = false;
    if (str_eq(it->state, S("revoked")))
        TRY(channel_set_auth(cx, channel,
            it->error.len ? it->error : S("The network has withdrawn the permission."),
            &has_changed));
    if (str_eq(it->state, S("limited")) && it->error.len)
        TRY(channel_set_limited(
            cx, channel, utf8_prefix_bytes(it->error, ERROR_BYTES), &has_changed));
    if (str_eq(it->state, S("restored")))
        TRY(channel_limit_over(cx, channel, cx->now_ms, &has_changed));
    return has_changed ? channel_tell(cx, channel) : OK;
}

err network_apply(struct ctx *cx, channel_id channel, const struct connector_item *it)
{
    switch (it->kind) {
    case ITEM_MESSAGE:
    case ITEM_NAMED:
        return OK;
    case ITEM_EDIT:
    case ITEM_DELETE:
    case ITEM_REACTION:
        return change(cx, channel, it);
    case ITEM_STATUS:
        return status(cx, channel, it);
    case ITEM_READ:
        return reported(cx, channel, it);
    case ITEM_PERSON:
        return person(cx, channel, it);
    case ITEM_ACCOUNT:
        return account(cx, channel, it);
    case ITEM_CALL:
        return phone_news(cx, channel, it);
    case ITEM_MOVED:
        return conversation_move_thread(cx, channel, it->moved_from, it->thread_key);
    }
    return OK;
}
