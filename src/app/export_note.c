/* export_note: the audit entry of an export: see export.h. */
#include "app/export.h"
#include "app/import.h"
#include "base/clock.h"
#include "store/audit.h"
#include "store/contact.h"

enum { TRIES = 8 };

err export_contact(const struct settings *s, contact_id *contact)
{
    int64_t id = 0;
    if (s->given[SET_CONTACT] && str_int(s->values[SET_CONTACT], 1, INT64_MAX, &id) != OK)
        return E_INVALID;
    *contact = (contact_id){id};
    return OK;
}

static err note(struct ctx *cx, const struct settings *s, account_id *account)
{
    contact_id id;
    struct contact contact;
    TRY(import_account(cx, s, account));
    if (export_contact(s, &id) != OK)
        return fail(cx, E_INVALID, "--contact must be an id");
    cx->actor.name = S("seva");
    if (!id.v)
        return audit_add(cx, S("account.exported"), S("account"), account->v, (str){0});
    if (contact_get(cx, id, &contact) != OK)
        return fail(cx, E_NOT_FOUND, "account %lld has no contact %lld", (long long)account->v,
            (long long)id.v);
    return audit_add(cx, S("contact.exported"), S("contact"), id.v, (str){0});
}

int export_note(struct arena *a, const struct people *people, const struct settings *s, str *out)
{
    account_id account = {0};
    struct ctx cx = {0};
    err e = E_BUSY;
    for (int i = 0; i < TRIES && (e == E_BUSY || (e == E_CONFLICT && !cx.fault.words.len)); i++) {
        cx = (struct ctx){
            .arena = a, .now_ms = clock_now_ms(), .trace = S("export"), .config = people->config};
        e = db_begin(people->db, DB_WRITE, a, &cx.db);
        if (e != OK)
            continue;
        e = note(&cx, s, &account);
        if (e == OK)
            e = db_commit(cx.db);
        else
            (void)db_rollback(cx.db); /* the first error is the one to tell */
    }
    *out = e == OK              ? str_print(a, "%lld", (long long)account.v)
           : cx.fault.words.len ? cx.fault.words
                                : str_from(err_name(e));
    return e == OK ? 0 : 1;
}
