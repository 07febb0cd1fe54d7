/* bulk: see bulk.h. The undo keeps, per conversation, what it was before and the version that the
 * change made: a conversation that has moved on since is left alone. */
#include "care/bulk.h"

#include <stdlib.h>

#include "base/id.h"
#include "base/json.h"
#include "base/limits.h"
#include "db/db.h"
#include "store/conversation.h"
#include "store/desk.h"

enum { UNDO_BYTES = 4 * LIMIT_JSON_BODY_BYTES };

static void put_before(
    struct json_out *j, const struct conversation *before, const struct conversation *after)
{
    json_obj(j);
    json_kv_id(j, S("id"), before->id.v);
    json_kv_int(j, S("version"), after->version);
    json_kv_str(j, S("status"), before->status);
    json_kv_str(j, S("priority"), before->priority);
    json_kv_id(j, S("assignee"), before->assignee_id.v);
    json_kv_id(j, S("team"), before->team_id.v);
    json_kv_int(j, S("snoozed_until"), before->snoozed_until_ms);
    json_kv_str(j, S("outcome"), before->outcome);
    json_key(j, S("tags"));
    json_arr(j);
    for (ptrdiff_t i = 0; i < before->tags.len; i++)
        json_put_str(j, before->tags.at[i]);
    json_arr_end(j);
    json_obj_end(j);
}

/* One conversation in its savepoint. A refusal goes into the result; a busy database ends it all.
 */
static err change_one(struct ctx *cx, int64_t id, const struct conversation_change *change,
    struct conversation *before, struct conversation *after, err *refused)
{
    TRY(db_savepoint(cx->db));
    err e = conversation_lock(cx, (conversation_id){id}, before);
    if (e == OK)
        e = conversation_fill_tags(cx, before, 1);
    if (e == OK) {
        *after = *before;
        e = conversation_apply(cx, after, change);
    }
    *refused = e;
    if (e == E_BUSY || e == E_INTERNAL)
        return e;
    return db_savepoint_end(cx->db, e == OK);
}

static void refuse(struct ctx *cx, struct bulk_result *r, int64_t id, err code)
{
    r->failed[r->n_failed++] = (struct bulk_failure){{id}, code, cx->fault.words};
    cx->fault = (struct fault){0};
}

static int by_value(const void *x, const void *y)
{
    const int64_t *a = x, *b = y;
    return *a < *b ? -1 : *a > *b;
}

err bulk_change(struct ctx *cx, const int64_t *ids, ptrdiff_t n,
    const struct conversation_change *change, struct bulk_result *result)
{
    if (n > LIMIT_BULK_IDS)
        return fail_field(cx, "ids", "At most %d conversations at a time.", (int)LIMIT_BULK_IDS);
    /* Sorted, so that two bulk actions on PostgreSQL cannot wait for each other. */
    int64_t *sorted = NEW(cx->arena, int64_t, n + 1);
    for (ptrdiff_t i = 0; i < n; i++)
        sorted[i] = ids[i];
    qsort(sorted, (size_t)n, sizeof *sorted, by_value);
    struct bulk_result r = {.failed = NEW(cx->arena, struct bulk_failure, n + 1)};
    struct json_out undo = json_out_make(cx->arena, UNDO_BYTES);
    json_arr(&undo);
    for (ptrdiff_t i = 0; i < n; i++) {
        if (i && sorted[i] == sorted[i - 1])
            continue;
        struct conversation before, after;
        err refused = OK;
        TRY(change_one(cx, sorted[i], change, &before, &after, &refused));
        if (refused != OK) {
            refuse(cx, &r, sorted[i], refused);
        } else if (after.version != before.version) {
            put_before(&undo, &before, &after);
            r.changed++;
        }
    }
    json_arr_end(&undo);
    if (r.changed && cx->actor.agent.v && !undo.b.failed) {
        r.undo_token = id_make(cx->now_ms);
        TRY(bulk_undo_add(cx, r.undo_token, json_str(&undo)));
    }
    *result = r;
    return OK;
}

static struct conversation_change change_back(struct arena *a, const struct json *item)
{
    const struct json *tags = json_get(item, S("tags"));
    struct conversation_change back = {
        .has_status = true,
        .status = json_text(json_get(item, S("status")), S("open")),
        .has_priority = true,
        .priority = json_text(json_get(item, S("priority")), S("none")),
        .has_assignee = true,
        .has_team = true,
        .has_tags = true,
        .expected_version = json_int(json_get(item, S("version")), 0),
    };
    if (id_parse(json_text(json_get(item, S("assignee")), S("")), &back.assignee.v) != OK)
        back.assignee.v = 0;
    if (id_parse(json_text(json_get(item, S("team")), S("")), &back.team.v) != OK)
        back.team.v = 0;
    if (str_eq(back.status, S("snoozed"))) {
        back.has_snoozed_until = true;
        back.snoozed_until_ms = json_int(json_get(item, S("snoozed_until")), 0);
    }
    if (str_eq(back.status, S("resolved"))) {
        back.has_outcome = true;
        back.outcome = json_text(json_get(item, S("outcome")), S("solved"));
    }
    back.tags.at = NEW(a, str, (tags ? tags->count : 0) + 1);
    for (const struct json *t = tags ? tags->first : NULL; t; t = t->next)
        back.tags.at[back.tags.len++] = json_text(t, S(""));
    return back;
}

err bulk_undo(struct ctx *cx, int64_t token, struct bulk_result *result)
{
    str text;
    err e = bulk_undo_take(cx, token, cx->now_ms - BULK_UNDO_MS, &text);
    if (e == E_NOT_FOUND)
        return fail(cx, E_NOT_FOUND, "It is too late to undo this, or it was undone already.");
    TRY(e);
    const struct json *list;
    str why;
    if (json_parse(cx->arena, text, &list, &why) != OK)
        return fail(cx, E_INTERNAL, "The undo of %lld does not parse.", (long long)token);
    struct bulk_result r = {.failed = NEW(cx->arena, struct bulk_failure, list->count + 1)};
    for (const struct json *item = list->first; item; item = item->next) {
        struct conversation_change back = change_back(cx->arena, item);
        struct conversation before, after;
        int64_t id = 0;
        err refused = id_parse(json_text(json_get(item, S("id")), S("")), &id);
        if (refused == OK)
            TRY(change_one(cx, id, &back, &before, &after, &refused));
        if (refused != OK)
            refuse(cx, &r, id, refused);
        else
            r.changed++;
    }
    *result = r;
    return OK;
}
