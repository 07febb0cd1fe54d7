/* kinds: the table of what jobs can be; and the kinds that are one line. Thread: job threads. */
#include "base/id.h"
#include "care/lifecycle.h"
#include "job/inner.h"
#include "store/statistics.h"

#include <string.h>

/* clang-format off */
static const struct job_kind kinds[] = {
    {"send",        deliver_work,    deliver_claimed, deliver_set_aside,   false}, /* key: message id. A reply goes to its network */
    {"mail_again",  mail_again_work, NULL,            deliver_set_aside,   false}, /* key: message id. A mail goes to those of its recipients who wait */
    {"sent_copy",   sent_copy_work,  NULL,            NULL,                false}, /* key: message id. A copy of a mail among those that were sent */
    {"letter",      letter_work,     NULL,            letter_set_aside,    false}, /* key: letter id. A mail of ours goes out */
    {"chat_mail",   chat_mail_work,  NULL,            NULL,                false}, /* key: message id. What a visitor has not seen goes by mail */
    {"password_reset", password_reset_work, NULL,     NULL,                false}, /* account 0, key: hash of the address. A link for a new password goes out */
    {"webhook",     webhook_work,    NULL,            webhook_set_aside,   false}, /* key: delivery id. An event goes to a webhook */
    {"wake",        wake_work,       NULL,            NULL,                false}, /* key: conversation id. A snoozed conversation opens */
    {"thumbnail",   thumbnail_work,  NULL,            thumbnail_set_aside, false}, /* key: attachment id. A picture gets its small copy */
    {"fetch",       fetch_work,      NULL,            fetch_set_aside,     false}, /* key: attachment id. A file that a message names by address */
    {"export",      export_work,     NULL,            export_set_aside,    false}, /* key: export id. An export is made, or goes */
    {"poll",        poll_work,       NULL,            NULL,                true }, /* key: channel id. Asks a network for new messages, for ever */
    {"reconcile",   reconcile_work,  NULL,            NULL,                true }, /* key: channel id. Compares with what the network has, each night */
    {"lookup",      lookup_work,     NULL,            NULL,                false}, /* key: message id. Asks for what a delivery left out */
    {"whose",       whose_work,      NULL,            whose_set_aside,     false}, /* key: channel id:message there. Asks whether it is ours, before it is taken */
    {"again",       again_work,      NULL,            NULL,                false}, /* key: inbox id. A delivery of which something came too early */
    {"person",      person_work,     NULL,            NULL,                false}, /* key: conversation id. Asks who its customer is */
    {"act",         act_work,        NULL,            NULL,                false}, /* key: message id:number. An agent's act upon a message there */
    {"typing",      typing_work,     NULL,            NULL,                false}, /* key: conversation id. Its network shows that somebody writes */
    {"call",        call_work,       NULL,            call_set_aside,      false}, /* key: call id:number. An agent's act upon a telephone call */
    {"wrap_up",     wrap_up_work,    NULL,            NULL,                false}, /* key: call id. The time after a call ends by itself */
    {"subscribe",   subscribe_work,  NULL,            NULL,                false}, /* key: channel id:number. A network hears where to call */
    {"templates",   templates_work,  NULL,            NULL,                true }, /* key: channel id. Message templates, every night */
    {"statistics",  statistics_work, NULL,            NULL,                false}, /* PostgreSQL: the planner hears how tables have grown */
    {"upkeep",      upkeep_work,     NULL,            NULL,                true }, /* account 0. Old rows go, the audit log is chained */
};
/* clang-format on */

const struct job_kind *job_kind_find(str name)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (str_eq(name, str_from(kinds[i].name)))
            return &kinds[i];
    return NULL;
}

static err refresh_one(struct desk *desk, str table)
{
    TRY(desk_begin(desk, DB_WRITE));
    TRY(statistics_refresh(&desk->cx, table));
    return desk_commit(desk);
}

err statistics_work(struct job_run *run, struct job_verdict *v)
{
    const str *tables = NULL;
    ptrdiff_t n = 0;
    TRY(desk_begin(&run->desk, DB_READ));
    TRY(statistics_stale(&run->desk.cx, &tables, &n));
    TRY(desk_commit(&run->desk));
    for (ptrdiff_t i = 0; i < n; i++)
        TRY(refresh_one(&run->desk, tables[i]));
    v->end = JOB_DONE;
    return OK;
}

/* Snoozing keys the job by the conversation's number in the database. */
err wake_work(struct job_run *run, struct job_verdict *v)
{
    conversation_id id;
    if (id_parse(run->job->key, &id.v) != OK) {
        *v = (struct job_verdict){.end = JOB_FINAL, .error = S("The key is no conversation.")};
        return OK;
    }
    TRY(desk_begin(&run->desk, DB_WRITE));
    TRY(job_finish(run->desk.tx, run->job));
    TRY(desk_scope(&run->desk, run->job->account_id));
    TRY(lifecycle_wake(&run->desk.cx, id));
    TRY(desk_commit(&run->desk));
    v->end = JOB_ENDED;
    return OK;
}

err again_work(struct job_run *run, struct job_verdict *v)
{
    inbox_id id;
    if (id_parse(run->job->key, &id.v) != OK) {
        *v = (struct job_verdict){.end = JOB_FINAL, .error = S("The key is no delivery.")};
        return OK;
    }
    TRY(desk_begin(&run->desk, DB_WRITE));
    TRY(job_finish(run->desk.tx, run->job));
    TRY(desk_scope(&run->desk, run->job->account_id));
    TRY(inbox_again(&run->desk.cx, id));
    TRY(desk_commit(&run->desk));
    v->end = JOB_ENDED;
    return OK;
}
