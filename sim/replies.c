/* Receives answers on the API channel; see replies.h. Shared: the ring of contact ids, under a
 * lock. */
#include "replies.h"

#include "base/json.h"
#include "net/http_server.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { KEPT = 256, CONTACT_BYTES = 128 };

struct replies {
    struct http_server *server;
    pthread_mutex_t lock;
    char contact[KEPT][CONTACT_BYTES];
    int len[KEPT];
    unsigned first, next;
};

static void keep(struct replies *r, str contact)
{
    if (!contact.len || contact.len > CONTACT_BYTES)
        return;
    pthread_mutex_lock(&r->lock);
    if (r->next - r->first < KEPT) {
        memcpy(r->contact[r->next % KEPT], contact.at, (size_t)contact.len);
        r->len[r->next++ % KEPT] = (int)contact.len;
    }
    pthread_mutex_unlock(&r->lock);
}

static void handle(void *arg, struct http_exchange *x)
{
    struct replies *r = arg;
    const struct json *root = NULL;
    str why;
    if (json_parse(&x->arena, x->req.body, &root, &why) == OK)
        keep(r, json_text(json_path(root, S("data.contact.external_id")), (str){NULL, 0}));
    struct http_response answer = {
        .status = 200, .content_type = S("application/json"), .body = S("{}")};
    http_respond(x->server, x->handle, &answer);
    http_finish(x);
}

struct replies *replies_open(struct arena *a)
{
    struct replies *r = alloc_zero(sizeof *r);
    if (!r)
        return NULL;
    pthread_mutex_init(&r->lock, NULL);
    struct http_listen listen = {.address = S("127.0.0.1:0")};
    struct http_server_options o = {.listens = &listen,
        .listen_count = 1,
        .workers = 1,
        .max_connections = 64,
        .arg = r,
        .handle = handle};
    str why;
    if (http_server_open(a, &o, &r->server, &why) != OK || http_server_start(r->server) != OK)
        return NULL; /* the caller ends the program */
    return r;
}

int replies_port(const struct replies *r)
{
    return http_server_port(r->server, 0);
}

bool replies_take(struct replies *r, struct arena *a, str *contact)
{
    pthread_mutex_lock(&r->lock);
    bool some = r->first != r->next;
    if (some) {
        *contact = str_copy(a, str_of(r->contact[r->first % KEPT], r->len[r->first % KEPT]));
        r->first++;
    }
    pthread_mutex_unlock(&r->lock);
    return some;
}

void replies_close(struct replies *r)
{
    http_server_close(r->server);
    pthread_mutex_destroy(&r->lock);
    free(r);
}
