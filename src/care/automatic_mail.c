/* automatic_mail: see automatic_mail.h. */
#include "care/automatic_mail.h"

#include "base/crypto.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "care/activity.h"
#include "care/mail_address.h"
#include "connector/connector.h"
#include "store/automatic.h"
#include "store/channel.h"
#include "store/installation.h"
#include "text/robot.h"

enum { HOUR_MS = 3600 * 1000, DAY_MS = 24 * HOUR_MS, LOOP_BYTES = 16 };

enum refusal { MAY_GO, NO_ADDRESS, MACHINE, OURS, UNWANTED, STOPPED, HOUR_FULL, DAY_FULL };

/* The word is the activity's, the console has its own sentences by it. */
static const struct {
    str word, why;
} refusals[] = {
    [MAY_GO] = {S_INIT(""),           S_INIT("")                                                     },
    [NO_ADDRESS] = {S_INIT("no_address"), S_INIT("This is no mail address.")                             },
    [MACHINE] = {S_INIT("machine"),    S_INIT("Its name says that the address is a machine's.")       },
    [OURS] = {S_INIT("ours"),       S_INIT("The address is one of our own mailboxes.")             },
    [UNWANTED] = {S_INIT("unwanted"),
                S_INIT("Mails to it came back, or its owner has called one of ours spam.")           },
    [STOPPED] = {S_INIT("stopped"),
                S_INIT("Machines have answered there: automatic mails pause for a day.")             },
    [HOUR_FULL] = {S_INIT("hour"),
                S_INIT("The address has had three automatic mails within an hour.")                  },
    [DAY_FULL] = {S_INIT("day"),        S_INIT("The address has had ten automatic mails within a day.")},
};

/* As it is counted: folded, "asha+seva@example.net" as "asha@example.net". Empty: it is none. */
static str counted(struct arena *a, str address)
{
    str local, domain, rest;
    bool is_plain = address.len <= LIMIT_NAME_BYTES;
    for (ptrdiff_t i = 0; i < address.len; i++)
        is_plain &= (unsigned char)address.at[i] > ' ';
    address = utf8_fold(a, address);
    if (!is_plain || !str_cut(address, '@', &local, &domain) || !domain.len)
        return (str){0};
    (void)str_cut(local, '+', &local, &rest); /* without one: the whole */
    return local.len ? str_print(a, "%.*s@%.*s", SARG(local), SARG(domain)) : (str){0};
}

static err is_wanted(struct ctx *cx, str address, bool *is)
{
    err e = mail_address_takes_automatic(cx, utf8_fold(cx->arena, address));
    *is = e == OK;
    if (e == E_CONFLICT)
        cx->fault = (struct fault){0};
    return e == E_CONFLICT ? OK : e;
}

static err is_ours(struct ctx *cx, str address, bool *is)
{
    const struct connector *email = connector_find(S("email"));
    struct channel *rows = NULL;
    ptrdiff_t n = 0;
    *is = false;
    TRY(channel_list(cx, &rows, &n));
    for (ptrdiff_t i = 0; email && i < n && !*is; i++) {
        const struct connector_setup setup = {.settings = rows[i].settings};
        if (str_eq(rows[i].kind, email->name))
            *is = str_eq(
                counted(cx->arena, setup_setting(cx->arena, email, &setup, "address")), address);
    }
    return OK;
}

static err look_at_room(struct ctx *cx, str key, enum refusal *refusal)
{
    int64_t n = 0;
    TRY(automatic_count(cx, AUTOMATIC_OUT, key, (conversation_id){0}, cx->now_ms - HOUR_MS,
        AUTOMATIC_HOUR_MOST, &n));
    *refusal = n >= AUTOMATIC_HOUR_MOST ? HOUR_FULL : MAY_GO;
    TRY(automatic_count(
        cx, AUTOMATIC_OUT, key, (conversation_id){0}, cx->now_ms - DAY_MS, AUTOMATIC_DAY_MOST, &n));
    if (n >= AUTOMATIC_DAY_MOST)
        *refusal = DAY_FULL;
    return OK;
}

err automatic_mail_has_room(struct ctx *cx, str address, bool *has)
{
    enum refusal refusal = MAY_GO;
    str key = counted(cx->arena, address);
    if (key.len)
        TRY(look_at_room(cx, key, &refusal));
    *has = refusal == MAY_GO;
    return OK;
}

/* Counts what may go. */
static err ask(struct ctx *cx, conversation_id conversation, str address, enum refusal *refusal)
{
    bool is_our_own = false, is_welcome = false, is_stopped = false;
    str key = counted(cx->arena, address);
    *refusal = !key.len ? NO_ADDRESS : robot_is_machine_address(key) ? MACHINE : MAY_GO;
    if (*refusal != MAY_GO)
        return OK;
    TRY(is_ours(cx, key, &is_our_own));
    TRY(is_wanted(cx, address, &is_welcome));
    TRY(automatic_lock(cx, key));
    TRY(automatic_is_stopped(cx, key, conversation, &is_stopped));
    if (is_our_own || !is_welcome || is_stopped) {
        *refusal = is_our_own ? OURS : is_welcome ? STOPPED : UNWANTED;
        return OK;
    }
    TRY(look_at_room(cx, key, refusal));
    return *refusal == MAY_GO ? automatic_add(cx, AUTOMATIC_OUT, key, conversation) : OK;
}

err automatic_mail_may(struct ctx *cx, str address, bool *may, str *why)
{
    enum refusal refusal;
    TRY(ask(cx, (conversation_id){0}, address, &refusal));
    *may = refusal == MAY_GO;
    *why = refusals[refusal].why;
    return OK;
}

err automatic_mail_may_in(
    struct ctx *cx, conversation_id conversation, str address, bool *may, str *why)
{
    enum refusal refusal;
    TRY(ask(cx, conversation, address, &refusal));
    if (refusal != MAY_GO)
        TRY(activity_add(cx, conversation,
            activity_json(cx->arena, S("automatic_refused"), refusals[refusal].word,
                utf8_prefix_bytes(address, LIMIT_NAME_BYTES))));
    *may = refusal == MAY_GO;
    *why = refusals[refusal].why;
    return OK;
}

err automatic_mail_arrived(struct ctx *cx, conversation_id conversation, str address)
{
    int64_t of_address = 0, of_conversation = 0, since_ms = cx->now_ms - AUTOMATIC_MACHINES_MS;
    bool is_new = false, is_new_here = false;
    str key = counted(cx->arena, address);
    if (!key.len)
        key = utf8_prefix_bytes(address, LIMIT_NAME_BYTES);
    TRY(automatic_lock(cx, key));
    TRY(automatic_add(cx, AUTOMATIC_IN, key, conversation));
    TRY(automatic_count(
        cx, AUTOMATIC_IN, key, (conversation_id){0}, since_ms, AUTOMATIC_MACHINES, &of_address));
    TRY(automatic_count(
        cx, AUTOMATIC_IN, (str){0}, conversation, since_ms, AUTOMATIC_MACHINES, &of_conversation));
    if (of_address >= AUTOMATIC_MACHINES)
        TRY(automatic_stop_set(
            cx, key, (conversation_id){0}, cx->now_ms + AUTOMATIC_STOP_MS, &is_new));
    if (of_conversation >= AUTOMATIC_MACHINES)
        TRY(automatic_stop_set(
            cx, (str){0}, conversation, cx->now_ms + AUTOMATIC_STOP_MS, &is_new_here));
    if (!is_new && !is_new_here)
        return OK;
    return activity_add(cx, conversation,
        activity_json(cx->arena, S("automatic_stopped"), (str){0}, is_new ? key : (str){0}));
}

err automatic_mail_loop(struct ctx *cx, str *loop)
{
    str name;
    err e = installation_get(cx->db, S("mail"), &name);
    if (e == E_NOT_FOUND)
        return fail(cx, E_INTERNAL, "The installation has lost its name.");
    TRY(e);
    struct sha256 mac =
        crypto_hmac_sha256(name, str_print(cx->arena, "%lld", (long long)cx->account.v));
    *loop = crypto_hex(cx->arena, str_of((const char *)mac.b, LOOP_BYTES));
    return OK;
}
