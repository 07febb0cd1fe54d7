/* File bodies: one thread reads pieces and posts them to the loop, so that the loop never
 * waits for a disk. A body has at most one piece on its way; the next is asked for when the output
 * has run low, so a slow client holds two pieces, not the file. The thread also writes long bodies
 * of requests (http_long.c). What is not on this machine another thread brings, file by file, so
 * that nobody who reads a disk waits for a network. See http_server.h. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/thread.h"
#include "net/http_inner.h"

struct file_body {
    struct file_task task; /* first */
    struct http_server *server;
    struct conn *conn; /* loop; NULL once the connection is gone */
    int fd;            /* −1: the next one is to be brought */
    bool is_pending;   /* loop: with the reader */
    bool is_brought;   /* loop: by the thread of sources */
    int64_t offset, left, here;
    struct http_source *more;
    struct shared_bytes *piece; /* by the reader; NULL: read or memory failed */
};

static void body_free(struct file_body *f)
{
    http_file_close(&(struct http_file){.fd = f->fd, .more = f->more});
    shared_drop(f->piece);
    free(f);
}

static void put(struct file_reader *r, struct file_task *task)
{
    task->next = NULL;
    pthread_mutex_lock(&r->lock);
    *r->last = task;
    r->last = &task->next;
    pthread_cond_signal(&r->changed);
    pthread_mutex_unlock(&r->lock);
}

void file_task_put(struct http_server *s, struct file_task *task)
{
    put(&s->files, task);
}

static void read_piece(struct file_task *task);
static void bring(struct file_task *task);
static void body_run(struct loop_message *m);
static void brought_run(struct loop_message *m);

static void ask(struct file_body *f)
{
    f->is_pending = true;
    f->is_brought = f->here == 0 && f->more != NULL;
    f->task.work = f->is_brought ? bring : read_piece;
    f->task.message.run = f->is_brought ? brought_run : body_run;
    put(f->is_brought ? &f->server->sources : &f->server->files, &f->task);
}

/* On the thread of sources. */
static void bring(struct file_task *task)
{
    struct file_body *f = (struct file_body *)task;
    file_close(f->fd);
    f->fd = -1;
    if (f->more->next(f->more, &f->fd, &f->offset, &f->here) != OK)
        f->here = 0;
}

/* On the loop: the next bytes are here, or will not be. */
static void brought_run(struct loop_message *m)
{
    struct file_body *f = (struct file_body *)m;
    struct conn *c = f->conn;
    f->is_pending = false;
    f->is_brought = false;
    if (c == NULL) {
        body_free(f);
        return;
    }
    if (f->fd < 0 || f->here <= 0) {
        log_line(LOG_WARN, "an answer was cut off: the rest of its file could not be fetched");
        conn_free(c);
        return;
    }
    conn_enter(c, CONN_WRITING);
    ask(f);
}

bool file_body_is_brought(const struct conn *c)
{
    return c->file != NULL && c->file->is_brought;
}

/* On the loop: a piece has come. */
static void body_run(struct loop_message *m)
{
    struct file_body *f = (struct file_body *)m;
    struct conn *c = f->conn;
    f->is_pending = false;
    if (c == NULL) {
        body_free(f);
        return;
    }
    struct shared_bytes *piece = f->piece;
    f->piece = NULL;
    if (piece == NULL) {
        log_line(LOG_ERROR, "a file could not be read to its end while it was sent");
        conn_free(c); /* the promised length cannot be kept: the client must see a cut */
        return;
    }
    f->offset += piece->len;
    f->left -= piece->len;
    f->here -= piece->len;
    conn_enter(c, CONN_WRITING);
    bool is_last = f->left == 0;
    if (is_last)
        file_body_drop(c);
    const struct piece p = {.bytes = str_of(piece->at, piece->len), .shared = piece};
    bool is_open = conn_send(c, &p, 1);
    shared_drop(piece);
    if (!is_open)
        return;
    if (is_last)
        conn_answered(c);
    else if (conn_unsent(c) == 0)
        ask(f);
}

static void read_piece(struct file_task *task)
{
    struct file_body *f = (struct file_body *)task;
    ptrdiff_t want = LIMIT_HTTP_FILE_PIECE_BYTES;
    int64_t most = f->more && f->here < f->left ? f->here : f->left;
    if (most < want)
        want = (ptrdiff_t)most;
    struct shared_bytes *piece = shared_new(want);
    ptrdiff_t have = 0;
    while (piece != NULL && have < want) {
        ssize_t n = pread(f->fd, piece->at + have, (size_t)(want - have), f->offset + have);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            shared_drop(piece);
            piece = NULL;
            break;
        }
        have += n;
    }
    f->piece = piece;
}

static void *reader_main(void *arg)
{
    struct file_reader *r = arg;
    for (;;) {
        pthread_mutex_lock(&r->lock);
        while (r->first == NULL && !r->is_stopping)
            pthread_cond_wait(&r->changed, &r->lock);
        struct file_task *task = r->first;
        bool drops = r->is_stopping && r->waits_for_others;
        if (task != NULL) {
            r->first = task->next;
            if (r->first == NULL)
                r->last = &r->first;
        }
        pthread_mutex_unlock(&r->lock);
        if (task == NULL)
            return NULL;
        if (!drops)
            task->work(task);
        loop_post(r->loop, &task->message);
    }
}

void file_body_open(struct conn *c, struct http_file file)
{
    struct file_body *f = alloc_zero((ptrdiff_t)sizeof *f);
    if (f == NULL) {
        http_file_close(&file);
        conn_free(c);
        return;
    }
    f->server = c->server;
    f->conn = c;
    f->fd = file.fd;
    f->offset = file.offset;
    f->left = file.size;
    f->here = file.more ? file.here : file.size;
    f->more = file.more;
    c->file = f;
    ask(f);
}

void file_body_continue(struct conn *c)
{
    if (!c->file->is_pending)
        ask(c->file);
}

void file_body_drop(struct conn *c)
{
    struct file_body *f = c->file;
    c->file = NULL;
    f->conn = NULL;
    if (!f->is_pending)
        body_free(f);
}

static err start(struct http_server *s, struct file_reader *r, const char *name)
{
    r->loop = s->loop;
    TRY(thread_start(&r->thread, name, 0, reader_main, r));
    r->is_running = true;
    return OK;
}

static void stop(struct file_reader *r)
{
    pthread_mutex_lock(&r->lock);
    r->is_stopping = true;
    pthread_cond_signal(&r->changed);
    pthread_mutex_unlock(&r->lock);
    if (r->is_running)
        pthread_join(r->thread, NULL);
    r->is_running = false;
}

err file_reader_start(struct http_server *s)
{
    s->sources.waits_for_others = true;
    TRY(start(s, &s->files, "seva-files"));
    return start(s, &s->sources, "seva-sources");
}

void file_reader_stop(struct http_server *s)
{
    stop(&s->files);
    stop(&s->sources);
}
