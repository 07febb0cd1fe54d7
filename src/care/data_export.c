/* data_export: see data_export.h. */
#include "care/data_export.h"

#include "base/file.h"
#include "base/id.h"
#include "base/json.h"
#include "base/limits.h"
#include "care/blob_file.h"
#include "store/audit.h"
#include "store/contact.h"
#include "store/data_export.h"
#include "store/job.h"

static bool is_account(str what)
{
    return str_eq(what, S("account"));
}

bool data_export_sees_account(const struct ctx *cx)
{
    return cx_can(cx, CAP_ACCOUNT_MANAGE);
}

/* ── asking ── */

static err subject_check(struct ctx *cx, str what, contact_id contact, str *name)
{
    struct contact c;
    if (is_account(what) && contact.v)
        return fail_field(cx, "contact_id", "an export of the account is of no single contact");
    if (is_account(what))
        return data_export_sees_account(cx)
                   ? OK
                   : fail(cx, E_FORBIDDEN, "only who may change the account may export all of it");
    if (!contact.v)
        return fail_field(cx, "contact_id", "say whose data is to be exported");
    err e = contact_get(cx, contact, &c);
    if (e == E_NOT_FOUND)
        return fail_field(cx, "contact_id", "there is no such contact");
    if (e == OK)
        *name = c.name;
    return e;
}

static err room_check(struct ctx *cx, str what, contact_id contact)
{
    struct data_export_held held;
    TRY(data_export_held(cx, what, contact, &held));
    if (held.is_under_way)
        return fail_detail(cx, E_CONFLICT, "under_way",
            "This export is being made already; wait until it is ready, or delete it.");
    if (held.count >= LIMIT_EXPORTS)
        return fail_detail(cx, E_CONFLICT, "full",
            "%d exports are kept already; delete one that is not needed.", LIMIT_EXPORTS);
    return OK;
}

/* One of an account is made at a time; none waits for another to be removed. */
static err job_queue(struct ctx *cx, data_export_id id, str order_key)
{
    return job_add(cx, &(struct job_new){.kind = S(EXPORT_JOB),
                           .key = str_print(cx->arena, "%lld", (long long)id.v),
                           .order_key = order_key});
}

err data_export_ask(struct ctx *cx, str what, contact_id contact, struct data_export *made)
{
    const int64_t day_ms = INT64_C(24) * 3600 * 1000;
    str name = {0};
    TRY(subject_check(cx, what, contact, &name));
    TRY(room_check(cx, what, contact));
    *made = (struct data_export){.id = {id_make(cx->now_ms)},
        .what = what,
        .contact_id = contact,
        .contact_name = name,
        .state = S("queued"),
        .agent_id = cx->actor.agent,
        .agent_name = cx->actor.name,
        .created_ms = cx->now_ms,
        .expires_ms = cx->now_ms + LIMIT_EXPORT_KEEP_DAYS * day_ms};
    TRY(data_export_insert(cx, made));
    TRY(is_account(what)
            ? audit_add(cx, S("account.exported"), S("account"), cx->account.v, (str){0})
            : audit_add(cx, S("contact.exported"), S("contact"), contact.v, (str){0}));
    return job_queue(cx, made->id, S(EXPORT_JOB));
}

/* ── one that is there ── */

err data_export_seen(struct ctx *cx, data_export_id id, struct data_export *e)
{
    err got = data_export_get(cx, id, e);
    if (got != OK && got != E_NOT_FOUND)
        return got;
    if (got == E_NOT_FOUND || str_eq(e->state, S("removing")) ||
        (is_account(e->what) && !data_export_sees_account(cx)))
        return fail(cx, E_NOT_FOUND, "There is no such export; its time may be over.");
    return OK;
}

/* Which export it was, and whose. */
static err note(struct ctx *cx, str action, const struct data_export *e)
{
    struct json_out j = json_out_make(cx->arena, 0);
    json_obj(&j);
    json_kv_str(&j, S("what"), e->what);
    if (e->contact_id.v)
        json_kv_id(&j, S("contact_id"), e->contact_id.v);
    json_obj_end(&j);
    return audit_add(cx, action, S("export"), e->id.v, json_str(&j));
}

err data_export_hand_out(struct ctx *cx, data_export_id id, struct data_export *e)
{
    TRY(data_export_seen(cx, id, e));
    if (!str_eq(e->state, S("ready")))
        return fail_detail(cx, E_CONFLICT, "not_ready", "This export is not ready.");
    return note(cx, S("export.downloaded"), e);
}

err data_export_drop(struct ctx *cx, data_export_id id)
{
    struct data_export e;
    TRY(data_export_seen(cx, id, &e));
    TRY(data_export_removing(cx, id));
    TRY(note(cx, S("export.deleted"), &e));
    err was = job_cancel(cx, S(EXPORT_JOB), str_print(cx->arena, "%lld", (long long)id.v));
    if (was != OK && was != E_NOT_FOUND) /* it runs, or has ended */
        return was;
    return job_queue(cx, id, (str){0});
}

/* ── its file ── */

str data_export_folder(const struct ctx *cx)
{
    return str_print(
        cx->arena, "%.*s/%lld/exports", SARG(cx->config->blobs_dir), (long long)cx->account.v);
}

str data_export_path(const struct ctx *cx, data_export_id id)
{
    return str_print(cx->arena, "%.*s/%lld.tar", SARG(data_export_folder(cx)), (long long)id.v);
}

err data_export_file_remove(const struct ctx *cx, data_export_id id)
{
    str path = data_export_path(cx, id);
    TRY(file_remove(str_cat(cx->arena, path, S(".part"))));
    return file_remove(path);
}
