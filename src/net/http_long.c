/* A long body of a request on its way into a file: the parser's bytes go piece by piece to the
 * thread of files (http_file.c), and nothing more is read from the connection until a piece is
 * written: a fast sender holds two pieces, not the body. The file has no name (base/file.h); the
 * request takes it along. See http_server.h. Thread: loop; write_piece the thread of files. */
#include <stdlib.h>

#include "base/file.h"
#include "base/limits.h"
#include "base/log.h"
#include "net/http_inner.h"

struct long_body {
    struct file_task task; /* first */
    struct http_server *server;
    struct conn *conn; /* loop; NULL once the connection is gone, or refused */
    bool is_busy;      /* loop: a piece is with the thread of files */
    bool is_whole;     /* it is the last one */
    char *piece;
    ptrdiff_t piece_len;
    int fd; /* -1 = no file yet */
    int64_t size;
    err result; /* of the piece */
};

static void body_free(struct long_body *b)
{
    b->server->long_bodies--;
    file_close(b->fd);
    free(b->piece);
    free(b);
}

static void write_piece(struct file_task *task)
{
    struct long_body *b = (struct long_body *)task;
    err e = OK;
    if (b->fd < 0)
        e = file_open_nameless(b->server->options.long_folder, &b->fd);
    if (e == OK && b->piece_len > 0)
        e = file_write_at(b->fd, b->size, str_of(b->piece, b->piece_len));
    b->size += b->piece_len;
    b->result = e;
}

/* On the loop: the piece is written. */
static void piece_written(struct loop_message *m)
{
    struct long_body *b = (struct long_body *)m;
    struct conn *c = b->conn;
    free(b->piece);
    b->piece = NULL;
    b->is_busy = false;
    if (c == NULL) {
        body_free(b);
        return;
    }
    if (b->result != OK) {
        log_line(
            LOG_ERROR, "a long body could not be written", LOG_Z("reason", err_name(b->result)));
        conn_refuse(c, 503, S("the body cannot be kept just now"));
    } else if (b->is_whole) {
        conn_dispatch(c);
    } else {
        conn_go_on(c);
    }
}

static struct long_body *body_make(struct conn *c)
{
    struct long_body *b = alloc_zero((ptrdiff_t)sizeof *b);
    if (b == NULL)
        return NULL;
    b->task.work = write_piece;
    b->task.message.run = piece_written;
    b->server = c->server;
    b->conn = c;
    b->fd = -1;
    c->server->long_bodies++;
    return b;
}

bool long_body_is_wanted(const struct conn *c, bool is_whole)
{
    if (!c->may_be_long)
        return false;
    bool is_long = c->incoming->parser.body_len >= LIMIT_HTTP_LONG_PIECE_BYTES;
    return is_long || (is_whole && c->long_body != NULL);
}

void long_body_put(struct conn *c, bool is_whole)
{
    if (c->long_body == NULL && c->server->long_bodies >= LIMIT_HTTP_LONG_BODIES) {
        conn_refuse(c, 503, S("too many long bodies are being received"));
        return;
    }
    if (c->long_body == NULL)
        c->long_body = body_make(c);
    struct long_body *b = c->long_body;
    if (b == NULL) {
        conn_refuse(c, 503, S("out of memory"));
        return;
    }
    b->piece = http_parser_take_body(&c->incoming->parser, &b->piece_len);
    b->is_whole = is_whole;
    b->is_busy = true;
    file_task_put(c->server, &b->task);
}

bool long_body_is_busy(const struct conn *c)
{
    return c->long_body != NULL && c->long_body->is_busy;
}

void long_body_give(struct conn *c, struct http_incoming *in)
{
    struct long_body *b = c->long_body;
    in->has_file = true;
    in->file = (struct http_file){.fd = b->fd, .size = b->size};
    b->fd = -1;
    c->long_body = NULL;
    body_free(b);
}

void long_body_drop(struct conn *c)
{
    struct long_body *b = c->long_body;
    c->long_body = NULL;
    b->conn = NULL;
    if (!b->is_busy)
        body_free(b);
}
