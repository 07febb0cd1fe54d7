/* What the rooms of the server share among themselves: http_server.c (life, listeners, drain),
 * http_conn.c (one connection on the loop), http_work.c (queue, workers, exchanges), http_answer.c
 * (answers on their way to the loop, file bodies), hub.c (streams). Nobody else includes this.
 * Thread: a member belongs to the loop unless its comment says otherwise. */
#pragma once
#include "net/http_parse.h"
#include "net/http_server.h"
#include "net/ip.h"
#include "net/loop.h"

#include <pthread.h>

struct bufferevent;
struct evconnlistener;
struct hub_stream;
struct tls_server;

/* A request while it is read, then while it waits and is worked on. Owner: the connection, the work
 * queue, the exchange, one after the other. */
struct http_incoming {
    struct http_incoming *next; /* in the work queue */
    struct http_server *server;
    struct http_parser parser;
    struct http_handle handle;
    struct ip_address peer;
    bool is_tls;
    int64_t received_ms;
    ptrdiff_t counted_bytes; /* of body memory, counted in server->body_bytes */
    bool has_file;           /* the body is a file; ours to close */
    struct http_file file;
};

enum conn_state { /* the list a connection is on */
    CONN_IDLE,    /* between requests */
    CONN_HEADER,  /* fresh, or inside a head */
    CONN_BODY,    /* inside a body */
    CONN_WORKING, /* the request is with a worker */
    CONN_WRITING, /* the answer is not fully sent */
    CONN_STREAM,  /* taken over by the hub */
    CONN_LINGER,  /* refused: input is thrown away so that the refusal can be read */
};
enum { CONN_STATES = CONN_LINGER + 1 };

struct file_body; /* http_file.c */
struct long_body; /* http_long.c */

struct conn {
    struct conn *next, *prev; /* on the list of its state, oldest first */
    struct http_server *server;
    struct bufferevent *bev;
    struct http_incoming *incoming; /* NULL between requests */
    struct hub_stream *stream;
    struct file_body *file;
    struct long_body *long_body; /* of the request that is read */
    int64_t since_ms;            /* entered the state; WRITING: last progress */
    ptrdiff_t unsent;            /* WRITING: at the last look */
    struct ip_address peer;
    uint32_t slot;
    uint8_t state;
    bool is_tls, saw_eof, close_after, is_head, is_refusal, is_http_1_0;
    bool may_be_long; /* the body that is read */
};

struct conn_list {
    struct conn *first, *last;
    ptrdiff_t count;
};

struct slot {
    struct conn *conn;
    uint32_t generation;     /* goes up with every answered request and every connection */
    _Atomic uint32_t failed; /* any thread: generation whose answer could not be made (no memory) */
    uint32_t next_free;
};

struct net_listener {
    struct evconnlistener *listener;
    struct http_server *server;
    int port;
    bool is_tls;
};

struct refused { /* told 503; closed a moment later so that the words arrive */
    int fd;
    int64_t since_ms;
};
enum { REFUSED_MAX = 256 };

/* Something for the thread of files; then message.run on the loop. */
struct file_task {
    struct loop_message message; /* first: the way back to the loop */
    struct file_task *next;
    void (*work)(struct file_task *task);
};
/* One thread for all file bodies, and one for what they are brought from. */
struct file_reader {
    pthread_t thread;
    struct loop *loop;
    pthread_mutex_t lock; /* guards the four below */
    pthread_cond_t changed;
    struct file_task *first, **last;
    bool is_stopping, is_running;
    bool waits_for_others; /* what is asked for when the server stops is not brought any more */
};

struct work_queue {
    pthread_mutex_t lock; /* guards the members up to is_stopping, and the pool */
    pthread_cond_t changed;
    struct http_incoming *first, **last;
    bool is_stopping;
    struct http_exchange *pool;
    int pool_count;
    int worker_count;
    pthread_t *workers;
    _Atomic int waiting; /* any thread */
};

enum counter {
    COUNT_ACCEPTED,
    COUNT_REFUSED_CONNECTIONS,
    COUNT_OPEN,
    COUNT_STATUS_0, /* and five more */
    COUNT_REFUSED_REQUESTS = COUNT_STATUS_0 + 6,
    COUNT_TIMED_OUT,
    COUNT_DROPPED,
    COUNT_BYTES_IN,
    COUNT_BYTES_OUT,
    COUNT_IN_FLIGHT,
    COUNT_BODY_BYTES,
    COUNT_STREAMS_OPEN,
    COUNT_STREAMS_CUT,
    COUNT_STREAMS_OPENED,
    COUNT_EVENTS,
    COUNT_EVENTS_SENT,
    COUNTERS,
};

struct http_server {
    struct arena own;                   /* copies of the options */
    struct http_server_options options; /* immutable after open */
    struct ip_network *proxies;
    struct loop *loop;
    struct hub *hub;
    struct net_listener *listeners;
    ptrdiff_t listener_count;
    struct tls_server *tls;
    struct slot *slots;
    uint32_t slot_count, free_slot; /* free_slot = slot_count: none */
    struct conn_list lists[CONN_STATES];
    struct refused refused[REFUSED_MAX];
    int refused_first, refused_count;
    int64_t now_ms; /* monotonic, of the last tick: what deadlines are judged by */
    char date[40];  /* "Date: …\r\n" of this second */
    int64_t date_second;
    int64_t accept_again_ms; /* accepting paused for want of descriptors; 0 = not */
    struct work_queue work;
    struct file_reader files, sources;
    int long_bodies;      /* being read */
    bool is_closing_idle; /* draining: idle connections end at close_idle_ms */
    int64_t close_idle_ms;
    struct loop_message stop_message; /* posted once, by the drain */
    _Atomic bool is_draining;         /* any thread */
    _Atomic bool has_stopped;         /* any thread: listeners are gone */
    _Atomic bool has_failed;          /* any thread: some slot.failed is set */
    _Atomic int unanswered;       /* any thread: requests not fully answered, as of the last tick */
    _Atomic int connections_left; /* any thread: not counting lingering ones, as of the last tick */
    pthread_mutex_t drain_lock;   /* guards nothing but the wait for the two above */
    pthread_cond_t drain_changed;
    _Atomic int64_t counters[COUNTERS]; /* any thread, relaxed */
};

static inline void net_count(struct http_server *s, int counter, int64_t by)
{
    atomic_fetch_add_explicit(&s->counters[counter], by, memory_order_relaxed);
}

static inline int64_t net_counter(const struct http_server *s, int counter)
{
    return atomic_load_explicit(&s->counters[counter], memory_order_relaxed);
}

/* http_conn.c */
void conn_accept(struct http_server *s, int fd, struct ip_address peer, bool is_tls);
void conn_free(struct conn *c);
void conn_enter(struct conn *c, enum conn_state state);
/* The open connection that waits for the answer to h; NULL when there is none any more. */
struct conn *conn_of_handle(struct http_server *s, struct http_handle h);
/* Bytes shared by many connections; refs is touched by the loop alone once the bytes are posted. */
struct shared_bytes {
    ptrdiff_t refs, len;
    char at[];
};
struct shared_bytes *shared_new(ptrdiff_t len); /* refs = 1; any thread; NULL: no memory */
void shared_drop(struct shared_bytes *s);
struct piece {
    str bytes;
    struct shared_bytes *shared; /* bytes point into it; a reference is taken instead of a copy */
    bool is_static;              /* lives as long as the process; neither copied nor counted */
};
enum { PIECES_MAX = 8 };
/* Sends pieces in order: at once what the socket takes, the rest through the output buffer. False:
 * the connection broke and is freed. */
bool conn_send(struct conn *c, const struct piece *pieces, int n);
ptrdiff_t conn_unsent(const struct conn *c);
/* Everything so far has been given to conn_send: goes on when it is sent. */
void conn_answered(struct conn *c);
/* Answers a refusal and closes. */
void conn_refuse(struct conn *c, int status, str why);
void conn_check_deadlines(struct http_server *s);
/* Whole bytes of a refusal with our error shape. */
str refusal_text(int status, str why, char *out, ptrdiff_t size);

/* http_answer.c */
void answer_fail(struct http_server *s, struct http_handle h); /* any thread; needs no memory */
void answer_failed_slots(struct http_server *s);
/* "Date: …\r\n" of this second; shared with the hub. */
str answer_date(struct http_server *s);
/* No control bytes, names are tokens. */
bool answer_head_is_sound(const struct http_header *headers, ptrdiff_t n, str content_type);

/* http_long.c: a long body of a request. */
bool long_body_is_wanted(const struct conn *c, bool is_whole); /* its next piece should go */
/* What the parser holds goes into the file; the connection is read on, or its request dispatched
 * (is_whole), when it is there. It may be refused instead. */
void long_body_put(struct conn *c, bool is_whole);
bool long_body_is_busy(const struct conn *c); /* a piece is on its way: nothing is to be parsed */
void long_body_give(struct conn *c, struct http_incoming *in); /* whole: now the request's */
void long_body_drop(struct conn *c);                           /* the connection goes */
/* http_conn.c, for it. */
void conn_go_on(struct conn *c);    /* parse what has come */
void conn_dispatch(struct conn *c); /* the request is whole: to the workers */

/* http_file.c */
err file_reader_start(struct http_server *s);
void file_task_put(struct http_server *s, struct file_task *task); /* loop */
void file_body_open(struct conn *c, struct http_file file);
void file_reader_stop(struct http_server *s);
void file_body_continue(struct conn *c); /* output ran low */
/* It waits for bytes that another machine has, which has a deadline of its own. */
bool file_body_is_brought(const struct conn *c);
void file_body_drop(struct conn *c); /* the connection goes */

/* http_work.c */
err work_start(struct http_server *s);
void work_stop(struct http_server *s);
void work_free(struct http_server *s); /* pool and what is left in the queue */
bool work_push(struct http_server *s, struct http_incoming *in); /* false: the queue is full */
void incoming_free(struct http_incoming *in);

/* hub.c */
struct hub *hub_new(struct http_server *s);
void hub_free(struct hub *hub);          /* after the loop has stopped */
void hub_stream_gone(struct conn *c);    /* the connection of a stream is being freed */
void hub_stream_drained(struct conn *c); /* all bytes were sent */
void hub_tick(struct hub *hub);
void hub_wake(struct hub *hub);          /* after an event was lost for want of memory */
void hub_reconnect_all(struct hub *hub); /* drain */
