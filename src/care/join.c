/* join: see join.h. */
#include "care/join.h"

#include "base/json.h"
#include "care/activity.h"
#include "care/lifecycle.h"
#include "care/mail.h"
#include "care/news.h"
#include "care/preview.h"
#include "store/audit.h"
#include "store/conversation.h"
#include "store/join.h"
#include "store/mail.h"
#include "store/message.h"

enum { DAY_MS = 24 * 3600 * 1000, MEMBERS_BYTES = 64 * 1024 };

struct joining {
    struct ctx *cx;
    struct conversation from, into;
};

err conversation_follow(struct ctx *cx, conversation_id id, struct conversation *c)
{
    TRY(conversation_get(cx, id, c));
    for (int i = 0; c->joined_id.v && i < JOIN_STEPS; i++)
        TRY(conversation_get(cx, c->joined_id, c));
    return c->joined_id.v ? fail(cx, E_NOT_FOUND, "This conversation was joined too often.") : OK;
}

/* In the order of their ids, so that two who join the same ones cannot wait for each other. */
static err lock_both(struct joining *j, conversation_id from, conversation_id into)
{
    if (from.v == into.v)
        return fail(j->cx, E_CONFLICT, "A conversation cannot be joined to itself.");
    if (into.v < from.v)
        TRY(conversation_lock(j->cx, into, &j->into));
    TRY(conversation_lock(j->cx, from, &j->from));
    if (into.v > from.v)
        TRY(conversation_lock(j->cx, into, &j->into));
    return OK;
}

static str number_of(struct arena *a, const struct conversation *c)
{
    return str_print(a, "%lld", (long long)c->number);
}

/* {"type", "from": the other one's id, "to": its number}: written into both. */
static err leave_activity(struct joining *j, const char *type, struct conversation *in,
    const struct conversation *other, struct message *entry)
{
    struct arena *a = j->cx->arena;
    str id = str_print(a, "%lld", (long long)other->id.v);
    *entry = activity_message(j->cx, in, activity_json(a, str_from(type), id, number_of(a, other)));
    return message_add(j->cx, entry);
}

static err note_audit(struct joining *j, const char *action)
{
    struct json_out detail = json_out_make(j->cx->arena, 0);
    json_obj(&detail);
    json_kv_id(&detail, S("into"), j->into.id.v);
    json_obj_end(&detail);
    return audit_add(j->cx, str_from(action), S("conversation"), j->from.id.v, json_str(&detail));
}

/* ── joining ── */

/* Who wrote, and whom we wrote to; not who was only named. *json: those who are new there. */
static err join_members(struct joining *j, str *json)
{
    struct ctx *cx = j->cx;
    struct mail_member *members = NULL;
    ptrdiff_t n = 0;
    struct json_out out = json_out_make(cx->arena, MEMBERS_BYTES);
    json_arr(&out);
    TRY(mail_member_list(cx, j->from.id, &members, &n));
    for (ptrdiff_t i = 0; i < n; i++) {
        bool is_there = false;
        TRY(mail_member_is(cx, j->into.id, members[i].address, &is_there));
        if (is_there || members[i].is_copied)
            continue;
        TRY(mail_member_add_many(cx, j->into.id, &members[i], 1));
        json_put_str(&out, members[i].address);
    }
    json_arr_end(&out);
    *json = out.b.failed ? S("[]") : json_str(&out);
    return OK;
}

/* Up to where the agent has read both. */
static err read_mark(struct joining *j, const struct join_agent *agent, int64_t *mark)
{
    int64_t unread = 0;
    *mark = agent->read_into;
    if (!agent->read_into)
        return OK;
    TRY(join_first_unread(j->cx, j->from.id, agent->read_from, &unread));
    if (unread && unread <= agent->read_into)
        *mark = unread - 1;
    else if (j->into.last_in_id.v <= agent->read_into && agent->read_from > agent->read_into)
        *mark = agent->read_from;
    return OK;
}

static err join_agent_rows(struct joining *j, const struct join_agent *agent)
{
    struct ctx *cx = j->cx;
    struct join_change change = {.agent_id = agent->agent_id,
        .read_before = agent->read_into,
        .mention_before = agent->mention_into,
        .mention_after =
            agent->mention_from > agent->mention_into ? agent->mention_from : agent->mention_into};
    TRY(read_mark(j, agent, &change.read_after));
    if (change.read_after != change.read_before)
        TRY(join_set_read(cx, agent->agent_id, j->into.id, change.read_before, change.read_after));
    if (change.mention_after != change.mention_before)
        TRY(join_set_mention(
            cx, agent->agent_id, j->into.id, change.mention_before, change.mention_after));
    if (agent->draft_from.len && !agent->draft_into.len) {
        change.draft_ms = agent->draft_from_ms;
        TRY(join_move_draft(cx, agent->agent_id, j->from.id, j->into.id, 0));
    } else if (agent->draft_from.len && str_eq(agent->draft_from, agent->draft_into)) {
        TRY(join_add_draft(cx, agent->agent_id, j->from.id, j->into.id));
    }
    return join_change_add(cx, j->from.id, &change);
}

static err join_all_agents(struct joining *j)
{
    struct join_agent *agents = NULL;
    ptrdiff_t n = 0;
    TRY(join_agents(j->cx, j->from.id, j->into.id, &agents, &n));
    for (ptrdiff_t i = 0; i < n; i++)
        TRY(join_agent_rows(j, &agents[i]));
    return OK;
}

static err keep(struct joining *j)
{
    const struct conversation *c = &j->from;
    int64_t n = 0;
    struct join row = {
        .conversation_id = c->id,
        .into_id = j->into.id,
        .status = c->status,
        .outcome = c->outcome,
        .snoozed_until_ms = c->snoozed_until_ms,
        .resolved_ms = c->resolved_ms,
        .waiting_since_ms = c->waiting_since_ms,
        .joined_ms = j->cx->now_ms,
    };
    TRY(join_members(j, &row.members));
    TRY(join_add(j->cx, &row));
    TRY(join_note_messages(j->cx, c->id, &n));
    if (n > JOIN_MESSAGES_MOST)
        return fail(j->cx, E_LIMIT, "It has more than %d messages; that is too much to move.",
            (int)JOIN_MESSAGES_MOST);
    return OK;
}

/* The joined one is resolved and says where it went. */
static err close_from(struct joining *j)
{
    struct conversation *c = &j->from;
    struct message entry;
    bool is_resolved = str_eq(c->status, S("resolved"));
    const struct conversation_change change = {.is_reply = true,
        .has_status = !is_resolved,
        .status = S("resolved"),
        .has_outcome = !is_resolved,
        .outcome = S("duplicate")};
    TRY(join_mark(j->cx, c->id, j->into.id));
    c->joined_id = j->into.id;
    TRY(leave_activity(j, "joined_into", c, &j->into, &entry));
    TRY(conversation_apply(j->cx, c, &change));
    return news_message(j->cx, &entry, c, S("message.created"));
}

/* What lists show of the other one, by what is in it now. is_waiting: somebody does, so far. */
static err look_again(struct joining *j, bool is_waiting)
{
    struct conversation *c = &j->into;
    struct message last;
    err e = message_last_shown(j->cx, c->id, &last);
    if (e != OK && e != E_NOT_FOUND)
        return e;
    if (e == OK) {
        c->preview = message_preview(j->cx->arena, last.text, last.attachments, last.parts);
        c->preview_kind = last.is_automatic ? S("auto") : last.kind;
        c->last_message_ms = last.received_ms;
    }
    if (j->from.last_message_id.v > c->last_message_id.v)
        c->last_message_id = j->from.last_message_id; /* later ids stay above */
    TRY(join_last_in(j->cx, c->id, &c->last_in_id, &c->last_in_ms));
    return is_waiting ? message_waiting_since(j->cx, c->id, &c->waiting_since_ms) : OK;
}

static err open_into(struct joining *j, bool was_resolved)
{
    struct conversation *c = &j->into;
    struct message entry;
    const struct conversation_change change = {
        .is_reply = true, .has_status = !was_resolved, .status = S("open")};
    TRY(leave_activity(j, "joined", c, &j->from, &entry));
    TRY(conversation_apply(j->cx, c, &change));
    TRY(news_message(j->cx, &entry, c, S("message.created")));
    if (was_resolved)
        return OK;
    return news_notify(j->cx, c->assignee_id, S("reply"), c, c->last_in_id, c->preview);
}

static err join_locked(struct joining *j)
{
    bool was_resolved = str_eq(j->from.status, S("resolved"));
    bool was_waiting = j->from.waiting_since_ms > 0;
    TRY(keep(j));
    TRY(join_all_agents(j));
    TRY(join_move_messages(j->cx, j->from.id, j->from.id, j->into.id));
    j->into.in_count += j->from.in_count;
    j->from.in_count = 0;
    j->from.last_in_id = (message_id){0};
    j->from.last_in_ms = 0;
    TRY(look_again(j, was_waiting || j->into.waiting_since_ms));
    TRY(close_from(j));
    TRY(open_into(j, was_resolved));
    return note_audit(j, "conversation.joined");
}

err conversation_join(struct ctx *cx, conversation_id id, struct conversation *into)
{
    struct joining *j = NEW(cx->arena, struct joining, 1);
    struct conversation seen, target;
    j->cx = cx;
    TRY(conversation_get(cx, id, &seen));
    if (!seen.joined_id.v && !seen.related_id.v)
        return fail(cx, E_CONFLICT, "It names no conversation that it may belong to.");
    TRY(conversation_follow(cx, seen.joined_id.v ? seen.joined_id : seen.related_id, &target));
    TRY(lock_both(j, id, target.id));
    if (j->into.joined_id.v || (!j->from.joined_id.v && !j->from.related_id.v))
        return fail_detail(
            cx, E_CONFLICT, "stale", "One of both was changed by somebody else just now.");
    if (!j->from.joined_id.v)
        TRY(join_locked(j));
    TRY(conversation_fill_tags(cx, &j->into, 1));
    *into = j->into;
    return OK;
}

/* ── separating ── */

static err part_members(struct joining *j, str members)
{
    const struct json *list = NULL;
    str why;
    if (json_parse(j->cx->arena, members, &list, &why) != OK)
        return OK;
    for (const struct json *v = list->first; v; v = v->next)
        TRY(mail_member_remove(j->cx, j->into.id, json_text(v, S(""))));
    return OK;
}

static err part_agents(struct joining *j)
{
    struct ctx *cx = j->cx;
    struct join_change *rows = NULL;
    ptrdiff_t n = 0;
    TRY(join_change_list(cx, j->from.id, &rows, &n));
    for (ptrdiff_t i = 0; i < n; i++) {
        const struct join_change *r = &rows[i];
        if (r->read_after != r->read_before)
            TRY(join_set_read(cx, r->agent_id, j->into.id, r->read_after, r->read_before));
        if (r->mention_after != r->mention_before)
            TRY(join_set_mention(cx, r->agent_id, j->into.id, r->mention_after, r->mention_before));
        if (r->draft_ms)
            TRY(join_move_draft(cx, r->agent_id, j->into.id, j->from.id, r->draft_ms));
    }
    return OK;
}

static err tell_apart(struct joining *j, struct conversation *c, const struct conversation *other)
{
    static const struct conversation_change as_it_is = {.is_reply = true};
    struct message entry;
    TRY(leave_activity(j, "separated", c, other, &entry));
    TRY(conversation_apply(j->cx, c, &as_it_is));
    return news_message(j->cx, &entry, c, S("message.created"));
}

/* As it was; a newer conversation of the same thread stays the one in progress, and a time that has
 * passed is over. */
static err restore(struct joining *j, const struct join *was)
{
    struct conversation *c = &j->from;
    bool has_rival = false;
    TRY(join_mark(j->cx, c->id, (conversation_id){0}));
    c->joined_id = (conversation_id){0};
    TRY(conversation_has_rival(j->cx, c, &has_rival));
    if (has_rival && !str_eq(was->status, S("resolved")))
        return OK;
    str now = c->status;
    c->status = was->status;
    c->outcome = was->outcome;
    c->snoozed_until_ms = was->snoozed_until_ms;
    c->resolved_ms = was->resolved_ms;
    c->waiting_since_ms = was->waiting_since_ms;
    if (str_eq(c->status, S("snoozed")) && c->snoozed_until_ms <= j->cx->now_ms) {
        c->status = S("open");
        c->snoozed_until_ms = 0;
    }
    conversation_set_keys(c);
    return conversation_write(j->cx, c, now);
}

err conversation_separate(struct ctx *cx, conversation_id id, struct conversation *c)
{
    struct joining *j = NEW(cx->arena, struct joining, 1);
    struct conversation seen;
    struct join was;
    j->cx = cx;
    TRY(conversation_get(cx, id, &seen));
    if (!seen.joined_id.v)
        return fail(cx, E_CONFLICT, "It stands for itself already.");
    TRY(lock_both(j, id, seen.joined_id));
    err e = join_get(cx, id, &was);
    if (e == E_NOT_FOUND || was.into_id.v != j->into.id.v)
        return fail_detail(cx, E_CONFLICT, "stale", "It was changed by somebody else just now.");
    TRY(e);
    if (was.joined_ms < cx->now_ms - (int64_t)JOIN_BACK_DAYS * DAY_MS)
        return fail_detail(cx, E_CONFLICT, "too_late", "They were joined more than %d days ago.",
            (int)JOIN_BACK_DAYS);
    if (j->into.joined_id.v)
        return fail(cx, E_CONFLICT, "#%lld was itself joined to another one; separate that first.",
            (long long)j->into.number);
    int64_t in_before = j->from.in_count;
    TRY(join_move_messages(cx, id, j->into.id, id));
    TRY(join_count_in(cx, id, &j->from.in_count));
    TRY(join_last_in(cx, id, &j->from.last_in_id, &j->from.last_in_ms));
    j->into.in_count -= j->from.in_count - in_before;
    TRY(part_members(j, was.members));
    TRY(part_agents(j));
    TRY(look_again(j, j->into.waiting_since_ms > 0));
    TRY(restore(j, &was));
    TRY(join_remove(cx, id));
    TRY(tell_apart(j, &j->into, &j->from));
    TRY(tell_apart(j, &j->from, &j->into));
    TRY(note_audit(j, "conversation.separated"));
    *c = j->from;
    return OK;
}

/* ── what it may belong to ── */

err conversation_unrelate(struct ctx *cx, conversation_id id)
{
    static const struct conversation_change as_it_is = {.is_reply = true};
    struct conversation c;
    TRY(conversation_lock(cx, id, &c));
    if (!c.related_id.v)
        return OK;
    TRY(conversation_set_unrelated(cx, id));
    c.related_id = (conversation_id){0};
    TRY(conversation_apply(cx, &c, &as_it_is));
    return audit_add(cx, S("conversation.unrelated"), S("conversation"), id.v, (str){0});
}

/* Whether the mail says that it answers one there. */
static err answers(struct ctx *cx, const struct mail *mail, conversation_id id, bool *does)
{
    const struct json *refs = NULL;
    str why;
    *does = false;
    if (!mail->refs.len || json_parse(cx->arena, mail->refs, &refs, &why) != OK)
        return OK;
    for (const struct json *v = refs->first; v && !*does; v = v->next) {
        conversation_id at = {0};
        err e = mail_conversation(cx, json_text(v, S("")), &at);
        if (e != OK && e != E_NOT_FOUND)
            return e;
        *does = e == OK && at.v == id.v;
    }
    return OK;
}

err join_related_of(struct ctx *cx, const struct conversation *c, struct join_related *r)
{
    struct mail mail;
    bool is_answer = false;
    *r = (struct join_related){0};
    if (!c->related_id.v || c->joined_id.v)
        return E_NOT_FOUND;
    err e = conversation_follow(cx, c->related_id, &r->c);
    if (e == E_NOT_FOUND)
        cx->fault = (struct fault){0};
    TRY(e);
    TRY(mail_first_in(cx, c->id, &mail));
    r->sender = mail_sender(cx->arena, &mail);
    r->is_proven = str_eq(mail.verdict, S("pass"));
    TRY(mail_member_is(cx, r->c.id, r->sender, &r->takes_part));
    TRY(answers(cx, &mail, r->c.id, &is_answer));
    bool is_numbered =
        str_find(mail.subject, str_cat(cx->arena, S("#"), number_of(cx->arena, &r->c))) >= 0;
    r->why = is_answer && r->is_proven && r->takes_part ? S("subject")
             : is_answer                                ? S("answer")
             : is_numbered                              ? S("number")
                                                        : S("address");
    return OK;
}
