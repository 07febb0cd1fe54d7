/* chat_mail: whether what we wrote in a website chat must go by mail (job "chat_mail", key =
 * message id; planned so many minutes after it was sent, care/chat_mail.h). A visitor who is there
 * sees it where it is: then it is looked at again every minute, for a day. The letter is made in
 * the transaction that ends this job. Thread: job threads. */
#include "care/chat_mail.h"
#include "base/id.h"
#include "care/elsewhere.h"
#include "job/inner.h"

#define DAY_MS INT64_C(86400000)
enum {
    HERE_MS = 60 * 1000,          /* who is there may still look */
    HELD_BACK_MS = 20 * 60 * 1000 /* the address has had too many mails */
};

struct looking {
    message_id id;
    struct chat_mail_due due;
};

static bool is_here(const struct engine *e, account_id account, contact_id contact, int64_t now_ms)
{
    const struct audience_one who = {account, AUDIENCE_CONTACT, contact.v};
    return (e->audience && audience_has_contact(e->audience, account, contact)) ||
           (e->elsewhere && elsewhere_has(e->elsewhere, who, now_ms));
}

static err look(struct job_run *run, struct looking *l)
{
    TRY(desk_begin(&run->desk, DB_READ));
    TRY(desk_scope(&run->desk, run->job->account_id));
    TRY(chat_mail_look(&run->desk.cx, l->id, &l->due));
    return desk_commit(&run->desk);
}

static err write_letter(struct ctx *cx, void *arg, bool is_dead, int64_t next_ms)
{
    const struct looking *l = arg;
    (void)is_dead; /* it is done, */
    (void)next_ms; /* at once */
    return chat_mail_send(cx, l->id);
}

err chat_mail_work(struct job_run *run, struct job_verdict *v)
{
    struct looking *l = NEW(run->desk.arena, struct looking, 1);
    const struct job_row *job = run->job;
    *v = (struct job_verdict){.end = JOB_DONE};
    if (id_parse(job->key, &l->id.v) != OK)
        return OK;
    err e = look(run, l);
    desk_rollback(&run->desk);
    TRY(e);
    if (!l->due.is_due)
        return OK;
    bool here = is_here(run->desk.engine, job->account_id, l->due.contact, run->now_ms);
    if (!here && !l->due.is_held_back) {
        v->write = write_letter;
        v->arg = l;
        return OK;
    }
    if (run->now_ms - job->created_ms < DAY_MS)
        *v = (struct job_verdict){
            .end = JOB_REPEAT, .at_ms = run->now_ms + (here ? HERE_MS : HELD_BACK_MS)};
    return OK;
}
