/* made_file: bytes that a job has brought or made become a file of its account: claimed in a
 * transaction of their own, so that no sweep takes them, and then put in place under their hash
 * (care/blob_file.h). Not here: what refers to them. See inner.h. Thread: job threads. */
#include "care/blob_file.h"
#include "job/inner.h"
#include "store/blob.h"

err made_file_claim(struct job_run *run, const struct file_sum *sum)
{
    TRY(desk_begin(&run->desk, DB_WRITE));
    TRY(desk_scope(&run->desk, run->job->account_id));
    TRY(blob_claim(&run->desk.cx, sum->hash, sum->size));
    return desk_commit(&run->desk);
}

err made_file_keep(struct job_run *run, str path, str *hash)
{
    struct ctx *cx = &run->desk.cx;
    struct file_sum sum;
    TRY(file_settle(cx->arena, path, &sum));
    err e = made_file_claim(run, &sum);
    if (e == OK)
        e = blob_place(cx, path, sum.hash);
    if (e == OK)
        *hash = sum.hash;
    else
        desk_rollback(&run->desk);
    return e;
}
