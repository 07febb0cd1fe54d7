/* lifecycle: see lifecycle.h. The change is worked out on a copy in memory, each part leaving its
 * activity; then one guarded write (WHERE status and version are the old ones) puts it down. */
#include "care/lifecycle.h"

#include "base/limits.h"
#include "base/utf8.h"
#include "care/activity.h"
#include "care/news.h"
#include "store/agent.h"
#include "store/conversation.h"
#include "store/job.h"
#include "store/message.h"
#include "store/tag.h"
#include "store/team.h"

enum {
    SNOOZE_DEFAULT_MS = 24 * 3600 * 1000,
    SNOOZE_MOST_DAYS = 366,
    DAY_MS = 24 * 3600 * 1000,
    WAKE_AT_ONCE = 100,
    ACTIVITIES = 6 + 2 * LIMIT_TAGS,
};

struct transition {
    struct ctx *cx;
    struct conversation *c; /* as it becomes */
    str was_status;
    agent_id was_assignee;
    struct message activities[ACTIVITIES];
    ptrdiff_t n;
    bool has_changed;
};

static bool may(const struct ctx *cx, enum capability cap)
{
    return cx->actor.kind == ACTOR_SYSTEM || cx_can(cx, cap);
}

static void note(struct transition *t, str type, str from, str to)
{
    t->has_changed = true;
    if (t->n < ACTIVITIES)
        t->activities[t->n++] =
            activity_message(t->cx, t->c, activity_json(t->cx->arena, type, from, to));
}

static str id_words(struct arena *a, int64_t id)
{
    return id ? str_print(a, "%lld", (long long)id) : (str){0};
}

/* ── status ── */

static err plan_wake(struct transition *t)
{
    struct json_out j = json_out_make(t->cx->arena, 0);
    json_obj(&j);
    json_kv_id(&j, S("conversation_id"), t->c->id.v);
    json_obj_end(&j);
    /* The time is in the key: a second snooze is a job of its own, the first one finds it asleep.
     */
    struct job_new job = {
        .kind = S("wake"),
        .key = str_print(
            t->cx->arena, "%lld:%lld", (long long)t->c->id.v, (long long)t->c->snoozed_until_ms),
        .run_ms = t->c->snoozed_until_ms,
        .payload = json_str(&j),
    };
    return job_add(t->cx, &job);
}

static err begin_snooze(struct transition *t, const struct conversation_change *change)
{
    int64_t now = t->cx->now_ms;
    int64_t until = change->has_snoozed_until && change->snoozed_until_ms ? change->snoozed_until_ms
                                                                          : now + SNOOZE_DEFAULT_MS;
    if (until <= now)
        return fail_field(t->cx, "snoozed_until", "The time must be in the future.");
    if (until > now + (int64_t)SNOOZE_MOST_DAYS * DAY_MS)
        return fail_field(t->cx, "snoozed_until", "A year is the longest snooze.");
    if (until != t->c->snoozed_until_ms)
        t->has_changed = true;
    t->c->snoozed_until_ms = until;
    return plan_wake(t);
}

/* What a status means for the other members. */
static err enter_status(
    struct transition *t, enum conversation_status to, const struct conversation_change *change)
{
    struct conversation *c = t->c;
    bool was_resolved = str_eq(t->was_status, S("resolved"));
    if (was_resolved && to != CONVERSATION_RESOLVED) {
        bool has_rival = false;
        TRY(conversation_has_rival(t->cx, c, &has_rival));
        if (has_rival)
            return fail(t->cx, E_CONFLICT,
                "This person has a newer conversation in progress; go on there.");
        c->resolved_ms = 0;
        c->outcome = (str){0};
        TRY(message_waiting_since(t->cx, c->id, &c->waiting_since_ms));
    }
    if (to != CONVERSATION_SNOOZED)
        c->snoozed_until_ms = 0;
    switch (to) {
    case CONVERSATION_RESOLVED:
        c->resolved_ms = was_resolved ? c->resolved_ms : t->cx->now_ms;
        c->waiting_since_ms = 0;
        c->outcome = change->has_outcome && change->outcome.len ? change->outcome : S("solved");
        break;
    case CONVERSATION_SNOOZED:
        return begin_snooze(t, change);
    case CONVERSATION_OPEN:
    case CONVERSATION_PENDING:
        break;
    }
    return OK;
}

static err change_status(struct transition *t, const struct conversation_change *change)
{
    str to_name = change->status;
    if (!change->has_status) {
        if (change->has_outcome && change->outcome.len) {
            if (!str_eq(t->c->status, S("resolved")))
                return fail_field(t->cx, "outcome", "Only a resolved conversation has an outcome.");
            if (!str_eq(t->c->outcome, change->outcome))
                note(t, S("outcome"), t->c->outcome, change->outcome);
            t->c->outcome = change->outcome;
        }
        if (!change->has_snoozed_until)
            return OK;
        if (!change->snoozed_until_ms && !str_eq(t->c->status, S("snoozed")))
            return OK;
        to_name = change->snoozed_until_ms ? S("snoozed") : S("open");
    }
    enum conversation_status to;
    if (!conversation_status_by_name(to_name, &to))
        return fail_field(t->cx, "status", "There is no such status.");
    bool is_same = str_eq(to_name, t->c->status);
    if (is_same && to != CONVERSATION_SNOOZED &&
        !(to == CONVERSATION_RESOLVED && change->has_outcome && change->outcome.len))
        return OK;
    TRY(enter_status(t, to, change));
    if (!is_same)
        note(t, S("status"), t->c->status, to_name);
    t->has_changed = t->has_changed || to == CONVERSATION_RESOLVED;
    t->c->status = conversation_status_name(to);
    return OK;
}

/* ── who has it ── */

static err change_assignee(struct transition *t, agent_id to)
{
    if (to.v == t->c->assignee_id.v)
        return OK;
    if (to.v) {
        struct agent agent;
        err e = agent_get(t->cx, to, &agent);
        if (e == E_NOT_FOUND || (e == OK && !agent.is_active))
            return fail_field(t->cx, "assignee_id", "There is no such active agent.");
        TRY(e);
    }
    note(t, S("assignee"), id_words(t->cx->arena, t->c->assignee_id.v),
        id_words(t->cx->arena, to.v));
    t->c->assignee_id = to;
    return OK;
}

static err change_team(struct transition *t, team_id to)
{
    if (to.v == t->c->team_id.v)
        return OK;
    if (to.v) {
        struct team team;
        err e = team_get(t->cx, to, &team);
        if (e == E_NOT_FOUND)
            return fail_field(t->cx, "team_id", "There is no such team.");
        TRY(e);
    }
    note(t, S("team"), id_words(t->cx->arena, t->c->team_id.v), id_words(t->cx->arena, to.v));
    t->c->team_id = to;
    return OK;
}

/* ── tags ── */

static bool has_name(struct arena *a, const struct str_list *names, str fold)
{
    for (ptrdiff_t i = 0; i < names->len; i++)
        if (str_eq(utf8_fold(a, names->at[i]), fold))
            return true;
    return false;
}

static err put_tag(struct transition *t, str name)
{
    name = str_trim(name);
    if (!name.len || name.len > LIMIT_NAME_BYTES || utf8_has_control(name))
        return fail_field(t->cx, "tags", "A tag has 1 to 400 bytes and no control characters.");
    struct tag tag;
    err e = tag_by_name(t->cx, name, &tag);
    if (e == E_NOT_FOUND) {
        if (!may(t->cx, CAP_TAG_MANAGE))
            return fail_field(
                t->cx, "tags", "There is no tag \"%.*s\", and you may not add one.", SARG(name));
        tag = (struct tag){.name = name};
        TRY(tag_add(t->cx, &tag));
        struct json_out j = json_out_make(t->cx->arena, 0);
        tag_view(&j, &tag);
        TRY(news_thing(t->cx, S("tag.updated"), S("tag"), tag.id.v, (agent_id){0}, json_str(&j)));
    } else {
        TRY(e);
    }
    if (t->c->tag_count >= LIMIT_TAGS)
        return fail(t->cx, E_LIMIT, "A conversation can have %d tags at most.", (int)LIMIT_TAGS);
    TRY(tag_put(t->cx, t->c->id, tag.id));
    t->c->tag_count++;
    note(t, S("tags"), (str){0}, tag.name);
    return OK;
}

static err change_tags(struct transition *t, const struct conversation_change *change)
{
    struct arena *a = t->cx->arena;
    struct tag *now = NULL;
    ptrdiff_t n = 0;
    TRY(tag_list_of(t->cx, t->c->id, &now, &n));
    const struct str_list *wanted = change->has_tags ? &change->tags : &change->add_tags;
    if (wanted->len > LIMIT_TAGS)
        return fail(t->cx, E_LIMIT, "A conversation can have %d tags at most.", (int)LIMIT_TAGS);
    struct str_list have = {.at = NEW(a, str, n + wanted->len + 1)};
    for (ptrdiff_t i = 0; i < n; i++) {
        bool is_out = change->has_tags ? !has_name(a, wanted, now[i].name_fold)
                                       : has_name(a, &change->remove_tags, now[i].name_fold);
        if (!is_out) {
            have.at[have.len++] = now[i].name;
            continue;
        }
        TRY(tag_take(t->cx, t->c->id, now[i].id));
        t->c->tag_count--;
        note(t, S("tags"), now[i].name, (str){0});
    }
    for (ptrdiff_t i = 0; i < wanted->len; i++) {
        if (has_name(a, &have, utf8_fold(a, wanted->at[i])))
            continue;
        TRY(put_tag(t, wanted->at[i]));
        have.at[have.len++] = wanted->at[i];
    }
    return OK;
}

/* ── the whole ── */

static err check_rights(struct ctx *cx, const struct conversation_change *h)
{
    if ((h->has_assignee || h->has_team) && !may(cx, CAP_CONVERSATION_ASSIGN))
        return fail(cx, E_FORBIDDEN, "You may not assign conversations.");
    bool is_update = h->has_status || h->has_priority || h->has_snoozed_until || h->has_outcome ||
                     h->has_subject || h->has_language || h->has_tags || h->add_tags.len ||
                     h->remove_tags.len;
    if (is_update && !h->is_reply && !may(cx, CAP_CONVERSATION_UPDATE))
        return fail(cx, E_FORBIDDEN, "You may not change conversations.");
    return OK;
}

static err change_words(struct transition *t, const struct conversation_change *h)
{
    struct conversation *c = t->c;
    if (h->has_priority && !str_eq(h->priority, c->priority)) {
        note(t, S("priority"), c->priority, h->priority);
        c->priority = h->priority;
    }
    if (h->has_subject && !str_eq(h->subject, c->subject)) {
        c->subject = h->subject;
        t->has_changed = true;
    }
    if (h->has_language && !str_eq(h->language, c->language)) {
        c->language = h->language;
        t->has_changed = true;
    }
    return OK;
}

static err tell(struct transition *t)
{
    struct conversation *c = t->c;
    TRY(conversation_fill_tags(t->cx, c, 1));
    for (ptrdiff_t i = 0; i < t->n; i++)
        TRY(news_message(t->cx, &t->activities[i], c, S("message.created")));
    TRY(news_conversation(t->cx, c, S("conversation.updated")));
    if (!str_eq(t->was_status, c->status))
        TRY(news_conversation_visitor(t->cx, c));
    if (t->was_assignee.v != c->assignee_id.v)
        TRY(news_notify(t->cx, c->assignee_id, S("assigned"), c, c->last_message_id, c->preview));
    return OK;
}

err conversation_is_here(struct ctx *cx, const struct conversation *c)
{
    if (!c->joined_id.v)
        return OK;
    err e = fail_detail(
        cx, E_CONFLICT, "joined", "This conversation was joined to another one; go on there.");
    struct json_out j = json_out_make(cx->arena, 0);
    json_obj(&j);
    json_kv_id(&j, S("conversation_id"), c->joined_id.v);
    json_obj_end(&j);
    cx->fault.details_json = json_str(&j);
    return e;
}

err conversation_apply(
    struct ctx *cx, struct conversation *c, const struct conversation_change *change)
{
    TRY(check_rights(cx, change));
    if (!change->is_reply)
        TRY(conversation_is_here(cx, c));
    if (change->expected_version && change->expected_version != c->version)
        return fail_detail(
            cx, E_CONFLICT, "stale", "The conversation was changed by somebody else.");
    struct conversation next = *c;
    struct transition *t = NEW(cx->arena, struct transition, 1);
    t->cx = cx;
    t->c = &next;
    t->was_status = c->status;
    t->was_assignee = c->assignee_id;
    t->has_changed = change->is_reply;
    TRY(change_status(t, change));
    TRY(change_words(t, change));
    if (change->has_assignee)
        TRY(change_assignee(t, change->assignee));
    if (change->has_team)
        TRY(change_team(t, change->team));
    if (change->has_tags || change->add_tags.len || change->remove_tags.len)
        TRY(change_tags(t, change));
    if (!t->has_changed)
        return conversation_fill_tags(cx, c, 1);
    next.updated_ms = cx->now_ms;
    conversation_set_keys(&next);
    TRY(conversation_write(cx, &next, t->was_status));
    if (t->n)
        TRY(message_add_many(cx, t->activities, t->n));
    TRY(tell(t));
    *c = next;
    return OK;
}

err conversation_change(struct ctx *cx, conversation_id id,
    const struct conversation_change *change, struct conversation *c)
{
    TRY(conversation_lock(cx, id, c));
    return conversation_apply(cx, c, change);
}

/* ── the clock ── */

static err wake(struct ctx *cx, struct conversation *c)
{
    if (!str_eq(c->status, S("snoozed")) || c->snoozed_until_ms > cx->now_ms)
        return OK;
    struct conversation_change change = {.has_status = true, .status = S("open")};
    return conversation_apply(cx, c, &change);
}

static err as_system(struct ctx *cx, err (*work)(struct ctx *cx, void *arg), void *arg)
{
    struct actor actor = cx->actor;
    cx->actor = (struct actor){.kind = ACTOR_SYSTEM, .sees_all = true};
    err e = work(cx, arg);
    cx->actor = actor;
    return e;
}

static err wake_one(struct ctx *cx, void *arg)
{
    const conversation_id *id = arg;
    struct conversation c;
    TRY(conversation_lock(cx, *id, &c));
    return wake(cx, &c);
}

err lifecycle_wake(struct ctx *cx, conversation_id id)
{
    return as_system(cx, wake_one, &id);
}

static err wake_all(struct ctx *cx, void *arg)
{
    (void)arg;
    struct conversation *rows = NULL;
    ptrdiff_t n = 0;
    TRY(conversation_list_due(cx, cx->now_ms, WAKE_AT_ONCE, &rows, &n));
    for (ptrdiff_t i = 0; i < n; i++)
        TRY(wake_one(cx, &rows[i].id));
    return OK;
}

err lifecycle_wake_due(struct ctx *cx)
{
    return as_system(cx, wake_all, NULL);
}
