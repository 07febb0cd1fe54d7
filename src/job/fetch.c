/* fetch: brings a file that a message names by address (job "fetch", key: attachment id; see
 * care/media.h). It is streamed through the egress guard into parts/<number>, recognised by its
 * content as an upload is, put in place under its hash, and then the attachment, its message and
 * the end of the job are written in one transaction. A kill at any line leaves the job claimed: it
 * begins again with the same number, and a file that was in place already is the same blob.
 *
 * A network that knows the file by an id is asked for its address first, and once more when that is
 * refused. What the network says of the file, its size and hash, must be true of what comes.
 *
 * A file that came inside a mail is taken out of the mail's bytes instead.
 *
 * What an answer means: 2xx is the file; 408, 425, 429, 5xx and broken or crawling connections are
 * tried again with back-off (Retry-After is honoured) for a day; the rest is final, and the agent
 * reads why. Source: RFC 9110, 15. Thread: job threads, at most half of them (runner.c). */
#include "base/failpoint.h"
#include "base/file.h"
#include "base/id.h"
#include "base/limits.h"
#include "base/log.h"
#include "care/blob_file.h"
#include "care/channel_setup.h"
#include "care/mail_raw.h"
#include "care/media.h"
#include "connector/connector.h"
#include "job/inner.h"
#include "store/attachment.h"
#include "store/channel.h"
#include "text/tnef_part.h"

struct fetching {
    struct attachment at;
    const struct connector *connector; /* NULL: the address stands in the message */
    struct connector_setup setup;
    struct connector_source source;
    int fd; /* parts/<number>, locked; closed with the arena */
    int64_t size;
    err written; /* what the disk said */
    struct http_result result;
    str mail; /* it is a part of this mail; empty = it is elsewhere */
    struct file_sum sum;
    struct file_type type;
    str error; /* final: a word of care/media.h */
};

/* With whose credentials it is fetched; a channel that has gone leaves the bare address. */
static err load_channel(struct ctx *cx, struct fetching *f)
{
    struct channel channel;
    if (!f->at.channel_id.v)
        return OK;
    err e = channel_get(cx, f->at.channel_id, &channel);
    if (e != OK) {
        cx->fault = (struct fault){0};
        return e == E_NOT_FOUND ? OK : e;
    }
    f->connector = connector_find(channel.kind);
    if (f->connector && !f->connector->media)
        f->connector = NULL;
    return f->connector ? channel_setup(cx, &channel, &f->setup) : OK;
}

/* E_NOT_FOUND: gone, or there is nothing to fetch any more. */
static err load_once(struct job_run *run, struct fetching *f)
{
    attachment_id id;
    if (id_parse(run->job->key, &id.v) != OK)
        return E_NOT_FOUND;
    TRY(desk_begin(&run->desk, DB_READ));
    TRY(desk_scope(&run->desk, run->job->account_id));
    TRY(attachment_get(&run->desk.cx, id, &f->at));
    if (str_starts(f->at.media_id, MEDIA_PART))
        TRY(mail_raw_parts(&run->desk.cx, f->at.message_id, &f->mail));
    else
        TRY(load_channel(&run->desk.cx, f));
    TRY(desk_commit(&run->desk));
    return attachment_is_here(&f->at) ? E_NOT_FOUND : OK;
}

/* A long mail may have to be brought first. */
static err load(struct job_run *run, struct fetching *f)
{
    err e = load_once(run, f);
    if (!blob_is_wanted(&run->desk.cx))
        return e;
    desk_rollback(&run->desk);
    TRY(blob_bring(&run->desk.cx));
    return load_once(run, f);
}

/* ── bytes ── */

static bool keep(void *arg, str piece)
{
    struct fetching *f = arg;
    f->written = file_write_at(f->fd, f->size, piece);
    if (f->written == OK)
        f->size += piece.len;
    return f->written == OK;
}

/* The address and headers of now. The network's answer when it does not tell them is judged like a
 * file's: f->source.end. */
static err resolve(struct job_run *run, struct fetching *f)
{
    const struct connector_attachment named = {.url = f->at.source_url,
        .media_id = f->at.media_id,
        .name = f->at.name,
        .type = f->at.type};
    f->source = (struct connector_source){.url = f->at.source_url};
    if (!f->connector)
        return OK;
    return f->connector->media(run->client, run->desk.arena, &f->setup, &named, &f->source);
}

static err download(struct job_run *run, struct fetching *f)
{
    const struct http_call call = {
        .method = HTTP_GET,
        .url = f->source.url,
        .headers = f->source.headers,
        .header_count = f->source.n_headers,
        /* What the network itself named is its API; what stands in a message is a stranger's. */
        .purpose = f->connector ? EGRESS_NETWORK : EGRESS_MEDIA,
        .timeout_ms = run->desk.engine->fetch_ms,
        .max_response_bytes = (ptrdiff_t)run->desk.engine->fetch_bytes,
        .redirects = LIMIT_CALL_REDIRECTS,
        .sink = keep,
        .sink_arg = f,
        .may_repeat = true,
    };
    TRY(file_truncate(f->fd, 0));
    f->size = 0;
    TRY(http_client_call(run->client, run->desk.arena, &call, &f->result));
    FAILPOINT("fetch.after_download");
    return f->written;
}

/* A page about the file, however it is called. A picture that is said to be a page is a picture. */
static bool is_page(const struct fetching *f)
{
    str said = http_media_type(http_result_header(&f->result, S("Content-Type")));
    bool is_said =
        str_eq_nocase(said, S("text/html")) || str_eq_nocase(said, S("application/xhtml+xml"));
    bool is_unknown =
        str_eq(f->type.type, S("application/octet-stream")) || str_starts(f->type.type, S("text/"));
    return f->type.is_page || (is_said && is_unknown);
}

/* Some networks say what a file is before it is fetched; a proxy's words under 200 are not it. */
static bool is_as_announced(const struct fetching *f)
{
    const struct connector_source *said = &f->source;
    return (!said->size || said->size == f->sum.size) &&
           (!said->sha256.len || str_eq(said->sha256, f->sum.hash));
}

/* From the part to a blob; f->error when what came is not wanted. */
static err settle(struct job_run *run, struct fetching *f)
{
    struct ctx *cx = &run->desk.cx;
    if (!f->size) {
        f->error = MEDIA_EMPTY;
        return OK;
    }
    TRY(file_sync(f->fd));
    TRY(file_sum(cx->arena, f->fd, &f->sum));
    if (!is_as_announced(f)) {
        f->result.why = S("What came is not the file that the network announced.");
        return E_UPSTREAM;
    }
    TRY(file_type_of(cx->arena, f->sum.head, &f->type));
    if (!f->mail.len && is_page(f)) {
        f->error = MEDIA_WEB_PAGE;
        return OK;
    }
    TRY(made_file_claim(run, &f->sum));
    FAILPOINT("fetch.before_place");
    TRY(blob_place(cx, part_path(cx, f->at.id.v, ""), f->sum.hash));
    FAILPOINT("fetch.after_place");
    return OK;
}

/* ── what an answer means ── */

static bool is_temporary(int status)
{
    return status == 408 || status == 425 || status == 429 || status >= 500;
}

/* The word for an answer that is no file; empty: try again. */
static str final_error(const struct http_result *r)
{
    int status = r->status;
    if (r->outcome == HTTP_CALL_REFUSED)
        return MEDIA_ADDRESS;
    if (r->outcome == HTTP_CALL_NOT_SENT || status < 200 || is_temporary(status))
        return (str){0};
    if (status < 300)
        return r->outcome == HTTP_CALL_TOO_LARGE ? MEDIA_TOO_LARGE : (str){0};
    if (status == 404 || status == 410)
        return MEDIA_MISSING;
    if (status == 401 || status == 402 || status == 403 || status == 407)
        return MEDIA_DENIED;
    return MEDIA_REJECTED;
}

static bool is_file(const struct http_result *r)
{
    return r->outcome == HTTP_CALL_ANSWERED && r->status >= 200 && r->status < 300;
}

static err write_failure(struct ctx *cx, void *arg, bool is_dead, int64_t next_ms)
{
    const struct fetching *f = arg;
    (void)next_ms; /* the attachment is fetching all the while */
    if (f->error.len)
        return media_failed(cx, f->at.id, f->error);
    return is_dead ? media_failed(cx, f->at.id, MEDIA_NO_ANSWER) : OK;
}

/* How the job ends without a file. */
static void judge(struct job_run *run, struct fetching *f, struct job_verdict *v)
{
    const struct http_result *r = &f->result;
    *v = (struct job_verdict){.end = JOB_DONE, .write = write_failure, .arg = f};
    if (f->error.len) {
        log_line(LOG_INFO, "a file named by address does not come", LOG_I("attachment", f->at.id.v),
            LOG_S("error", f->error), LOG_I("status", r->status), LOG_S("reason", r->why));
        return;
    }
    v->at_ms = f->source.end.wait_until_ms ? f->source.end.wait_until_ms
                                           : http_result_retry_ms(r, run->now_ms);
    v->end = v->at_ms ? JOB_WAIT : JOB_RETRY;
    v->error = f->source.end.why.len ? f->source.end.why
               : r->status >= 300
                   ? str_print(run->desk.arena, "The address answered %d.", r->status)
               : r->why.len ? r->why
                            : S("The file cannot be stored just now.");
}

static err end_well(struct job_run *run, const struct fetching *f)
{
    TRY(desk_begin(&run->desk, DB_WRITE));
    TRY(job_finish(run->desk.tx, run->job));
    TRY(desk_scope(&run->desk, run->job->account_id));
    TRY(media_arrived(&run->desk.cx, f->at.id, f->sum.hash, f->sum.size, &f->type));
    FAILPOINT("fetch.before_commit");
    return desk_commit(&run->desk);
}

/* Addresses that a network tells for a media id are good for minutes; it may tell another. */
static bool has_run_out(const struct fetching *f)
{
    int status = f->result.status;
    return f->connector && f->at.media_id.len &&
           (status == 401 || status == 403 || status == 404 || status == 410);
}

/* A part, or a file in what Outlook has packed into one. */
static err write_part(struct job_run *run, struct fetching *f)
{
    struct arena *a = run->desk.arena;
    struct tnef tnef;
    int number, file;
    str why;
    if (!tnef_part_name_read(f->at.media_id, &number, &file))
        return E_INVALID;
    if (file < 0)
        return mime_part_write(a, f->mail, number, keep, f, &why);
    TRY(tnef_part_read(a, f->mail, number, &tnef, &why));
    if (file >= tnef.n_files)
        return E_NOT_FOUND;
    return keep(f, tnef.files[file].bytes) ? OK : E_BUSY;
}

/* Out of the mail; one that has no such part any more is not tried again. */
static err take_out(struct job_run *run, struct fetching *f)
{
    TRY(file_truncate(f->fd, 0));
    f->size = 0;
    err e = write_part(run, f);
    if (e == E_INVALID || e == E_NOT_FOUND)
        f->error = MEDIA_MISSING;
    if (f->error.len)
        return OK;
    TRY(e);
    FAILPOINT("fetch.after_download");
    return settle(run, f);
}

/* f->error empty and OK: the file is in place. */
static err bring(struct job_run *run, struct fetching *f)
{
    enum { ADDRESSES_MOST = 2 };
    int64_t before = 0;
    TRY(part_open(&run->desk.cx, f->at.id.v, &f->fd, &before));
    if (f->mail.len)
        return take_out(run, f);
    for (int i = 0; i < ADDRESSES_MOST && (i == 0 || has_run_out(f)); i++) {
        TRY(resolve(run, f));
        if (f->source.end.outcome != CONNECTOR_SENT) {
            f->error = f->source.end.outcome == CONNECTOR_FINAL ? MEDIA_MISSING : (str){0};
            return f->error.len ? OK : E_UPSTREAM;
        }
        TRY(download(run, f));
    }
    if (is_file(&f->result))
        return settle(run, f);
    f->error = final_error(&f->result);
    return f->error.len ? OK : E_UPSTREAM;
}

err fetch_set_aside(struct ctx *cx, void *run, bool is_dead, int64_t next_ms)
{
    const struct job_run *r = run;
    attachment_id id;
    (void)is_dead; /* it always is, */
    (void)next_ms; /* and never runs again by itself */
    TRY(id_parse(r->job->key, &id.v));
    err e = media_failed(cx, id, MEDIA_NO_ANSWER);
    return e == E_NOT_FOUND ? OK : e;
}

err fetch_work(struct job_run *run, struct job_verdict *v)
{
    struct ctx *cx = &run->desk.cx;
    struct fetching *f = NEW(run->desk.arena, struct fetching, 1);
    err e = load(run, f);
    desk_rollback(&run->desk);
    if (e == E_NOT_FOUND) {
        if (f->at.id.v)
            (void)file_remove(part_path(cx, f->at.id.v, "")); /* of a try that was killed */
        *v = (struct job_verdict){.end = JOB_DONE};
        return OK;
    }
    TRY(e);
    e = bring(run, f);
    desk_rollback(&run->desk);
    if (e == OK && !f->error.len) {
        v->end = JOB_ENDED;
        return end_well(run, f);
    }
    if (e != E_CONFLICT)                                  /* not another process's */
        (void)file_remove(part_path(cx, f->at.id.v, "")); /* a part that is left is used again */
    judge(run, f, v);
    return OK;
}
