/* File bodies: one thread reads pieces and posts them to the loop, so that the loop never
 * waits for a disk. A body has at most one piece on its way; the next is asked for when the output
 * has run low, so a slow client holds two pieces, not the file. The thread also writes long bodies
 * of requests (http_long.c). See http_server.h. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/log.h"
#include "base/thread.h"
#include "net/http_inner.h"

struct file_body {
    struct file_task task; /* first */
    struct http_server *server;
    struct conn *conn; /* loop; NULL once the connection is gone */
    int fd;
    bool is_pending; /* loop: with the reader */
    int64_t offset, left;
    struct shared_bytes *piece; /* by the reader; NULL: read or memory failed */
};

static void body_free(struct file_body *f)
{
    close(f->fd);
    shared_drop(f->piece);
    free(f);
}

void file_task_put(struct http_server *s, struct file_task *task)
{
    struct file_reader *r = &s->files;
    task->next = NULL;
    pthread_mutex_lock(&r->lock);
    *r->last = task;
    r->last = &task->next;
    pthread_cond_signal(&r->changed);
    pthread_mutex_unlock(&r->lock);
}

static void ask(struct file_body *f)
{
    f->is_pending = true;
    file_task_put(f->server, &f->task);
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
    if (f->left < want)
        want = (ptrdiff_t)f->left;
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
    struct http_server *s = arg;
    struct file_reader *r = &s->files;
    for (;;) {
        pthread_mutex_lock(&r->lock);
        while (r->first == NULL && !r->is_stopping)
            pthread_cond_wait(&r->changed, &r->lock);
        struct file_task *task = r->first;
        if (task != NULL) {
            r->first = task->next;
            if (r->first == NULL)
                r->last = &r->first;
        }
        pthread_mutex_unlock(&r->lock);
        if (task == NULL)
            return NULL;
        task->work(task);
        loop_post(s->loop, &task->message);
    }
}

void file_body_open(struct conn *c, struct http_file file)
{
    struct file_body *f = alloc_zero((ptrdiff_t)sizeof *f);
    if (f == NULL) {
        close(file.fd);
        conn_free(c);
        return;
    }
    f->task.work = read_piece;
    f->task.message.run = body_run;
    f->server = c->server;
    f->conn = c;
    f->fd = file.fd;
    f->offset = file.offset;
    f->left = file.size;
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

err file_reader_start(struct http_server *s)
{
    TRY(thread_start(&s->files.thread, "seva-files", 0, reader_main, s));
    s->files.is_running = true;
    return OK;
}

void file_reader_stop(struct http_server *s)
{
    struct file_reader *r = &s->files;
    pthread_mutex_lock(&r->lock);
    r->is_stopping = true;
    pthread_cond_signal(&r->changed);
    pthread_mutex_unlock(&r->lock);
    if (r->is_running)
        pthread_join(r->thread, NULL);
    r->is_running = false;
}
