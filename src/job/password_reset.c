/* password_reset: somebody has forgotten a password (job "password_reset" of account 0, key: hash
 * of the address). Nothing happens when the address is nobody's, the person has not joined, no
 * account of theirs has a mailbox, or they have had RESETS_MOST such mails in the last hour. The
 * letter is made in the transaction that ends the job. Not here: who may ask
 * (api/password_reset.c), using the link (api/links.c). Thread: job threads. */
#include "base/json.h"
#include "care/system_mail.h"
#include "job/inner.h"
#include "store/agent.h"
#include "store/audit.h"
#include "store/door.h"
#include "store/letter.h"
#include "store/link.h"
#include "store/login.h"

#define HOUR_MS INT64_C(3600000)
enum { RESETS_MOST = 3 };

/* *is_done: the letter is made, or none may be. */
static err try_account(
    struct ctx *cx, const struct login *login, const struct membership *of, bool *is_done)
{
    struct agent agent;
    str token;
    int64_t expires_ms = 0, had = 0;
    bool can = false;
    TRY(door_account(cx, of->account_id));
    err e = agent_get(cx, of->agent_id, &agent);
    if (e == E_NOT_FOUND || (e == OK && (!agent.is_active || !agent.joined_ms)))
        return OK;
    TRY(e);
    TRY(system_mail_can(cx, &can));
    if (!can)
        return OK;
    TRY(letter_count_of(cx, S("password_reset"), agent.email, cx->now_ms - HOUR_MS, &had));
    *is_done = true;
    if (had >= RESETS_MOST)
        return OK;
    TRY(link_add_for(cx, login->id, agent.id, S("reset"), HOUR_MS, &token, &expires_ms));
    TRY(system_mail_reset(cx, &agent, token, expires_ms, is_done));
    return audit_add(cx, S("agent.reset_asked"), S("agent"), agent.id.v, (str){0});
}

static err write_letter(struct ctx *cx, void *arg, bool is_dead, int64_t next_ms)
{
    const str *email = arg;
    struct login login;
    struct membership *rows = NULL;
    ptrdiff_t n = 0;
    bool is_done = false;
    (void)is_dead; /* it is done, */
    (void)next_ms; /* at once */
    err e = login_by_email(cx, *email, &login);
    if (e == E_NOT_FOUND || (e == OK && !login.password_hash.len)) {
        cx->fault = (struct fault){0};
        return OK;
    }
    TRY(e);
    TRY(login_memberships(cx, login.id, &rows, &n));
    for (ptrdiff_t i = 0; i < n && !is_done; i++) {
        TRY(try_account(cx, &login, &rows[i], &is_done));
        cx->fault = (struct fault){0};
    }
    return OK;
}

err password_reset_work(struct job_run *run, struct job_verdict *v)
{
    const struct json *payload = NULL;
    str why;
    str *email = NEW(run->desk.arena, str, 1);
    *v = (struct job_verdict){.end = JOB_DONE};
    if (json_parse(run->desk.arena, run->job->payload, &payload, &why) != OK)
        return OK;
    *email = json_text(json_get(payload, S("email")), S(""));
    v->write = write_letter;
    v->arg = email;
    return OK;
}
