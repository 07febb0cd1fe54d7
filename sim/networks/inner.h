/* What the rooms of the frame share among themselves; network files and users include network.h or
 * sim.h. Rooms: sim.c (life, clock, accounts, ids), wire.c (connections, requests, faults of
 * calls), smtp.c and smtp_tls.c (the other protocol on such connections: mails of ours), call.c
 * (reading a call, answering it), ledger.c, fault.c, media.c, limit.c (rates, kept answers),
 * webhook.c, stream.c, control.c (/_sim).
 *
 * Locks, outer first: a room's lock; then one of ledger, faults, queue or connections, which are
 * never held together. Members say which lock guards them. */
#pragma once
#include "base/thread.h"
#include "network.h"

#include <stdatomic.h>

enum {
    SIM_NETWORKS_MAX = 32,
    SIM_FAULTS_MAX = 64,
    SIM_ACCOUNTS_MAX = 10000,           /* of one network */
    SIM_BODY_MAX = 64 * 1024 * 1024,    /* bytes of a request */
    SIM_CALL_ARENA = 512 * 1024 * 1024, /* bytes: a body, its parts and copies */
    SIM_WEBHOOK_BODY_MAX = 1024 * 1024,
    SIM_WEBHOOKS_WAITING = 200000,
    SIM_STREAM_UNSENT = 4 * 1024 * 1024,
    SIM_BUCKETS_MAX = 20000, /* rate windows of one network */
    SIM_KEPT_MAX = 100000,   /* idempotency keys of one network */
    SIM_LOOK_MS = 50,        /* real: how often waiting things look at the world */
};

struct account_slot {
    struct sim_account account; /* first */
    struct arena arena;         /* of its texts */
    struct account_slot *next;
};

struct media_item { /* media.c */
    struct media_item *newer, *older;
    char id[25];
    char sha256[65];
    char *texts; /* content type, name, owner */
    str content_type, name, owner;
    char *bytes;
    ptrdiff_t len;
};

struct rate_bucket {
    struct rate_bucket *next; /* oldest first */
    int64_t ends_ms, used;
    ptrdiff_t key_len;
    char key[];
};

struct kept_answer {
    struct kept_answer *next; /* oldest first */
    int64_t until_ms;
    struct sim_kept answer;
    str key;
    char texts[];
};

struct stream {
    struct stream *next;
    char key[128];
    char *bytes;
    ptrdiff_t len, cap;
    bool is_ended, is_reset;
};

/* One network in this simulator; its lock guards every member without another word. */
struct sim_room {
    struct sim *sim;
    const struct sim_network *network; /* immutable */
    pthread_mutex_t lock;
    pthread_cond_t changed; /* wakes and streams */
    void *state;
    uint64_t generation; /* goes up with every reset */
    uint64_t wakes;
    struct account_slot *accounts, **accounts_end;
    ptrdiff_t account_count;
    struct map accounts_by_id, accounts_by_token;
    uint64_t dice;
    int64_t last_id;
    struct map media;
    struct media_item *media_newest, *media_oldest;
    ptrdiff_t media_bytes;
    struct map buckets;
    struct rate_bucket *buckets_first, **buckets_end;
    struct map kept;
    struct kept_answer *kept_first, **kept_end;
    struct stream *streams;
    _Atomic int64_t counts[SIM_COUNTS]; /* any thread */
};

struct ledger_slot {
    struct sim_entry entry; /* texts point into block */
    char *block;
    ptrdiff_t bytes;
    str ref_key, key_key; /* in block: network and ref, network and key; empty = not indexed */
};

struct ledger {
    pthread_mutex_t lock; /* guards all of it */
    struct ledger_slot *slots;
    ptrdiff_t cap, first, count;
    ptrdiff_t bytes, bytes_max;
    int64_t last_seq;
    struct map refs, keys; /* → seq as a pointer */
};

struct fault_slot {
    struct sim_fault fault; /* texts point into the arrays */
    char network[32], account[128], path[256];
    int64_t seen, struck;
};

struct webhook; /* webhook.c */

struct webhook_queue {
    pthread_mutex_t lock;   /* guards all of it */
    pthread_cond_t changed; /* something became due, or something ended */
    struct webhook **heap;  /* earliest first */
    ptrdiff_t count, cap;
    int64_t last_seq;
    ptrdiff_t running; /* taken by a sender and not ended */
    ptrdiff_t held;    /* reordered ones that wait for their successor */
    bool is_stopping;
    pthread_t *threads;
    struct http_client **clients;
    int thread_count;
};

struct connections {
    pthread_mutex_t lock; /* guards all of it */
    pthread_cond_t changed;
    int *fds; /* −1 = free */
    int cap, count;
    bool is_closing;
};

/* One connection; its thread's. */
struct connection {
    struct sim *sim;
    int fd, slot;
    bool is_mail; /* SMTP */
    void *tls;    /* smtp_tls.c's; NULL = in the clear */
    char *input;
    ptrdiff_t at, len; /* what is not yet used */
    bool is_ending;    /* after this call */
};

struct smtp_tls; /* smtp_tls.c */

struct sim {
    struct arena own; /* copies of the options */
    struct sim_options options;
    int listener, port;
    char host[64]; /* "127.0.0.1:8100" */
    pthread_t acceptor;
    int smtp_listener, smtp_port; /* −1, 0 = none */
    pthread_t smtp_acceptor;
    struct smtp_tls *smtp_tls; /* NULL = none */
    struct sim_room rooms[SIM_NETWORKS_MAX];
    int room_count;
    struct sim_media_key {
        char hex[33];
    } media_key; /* signs addresses */
    struct ledger ledger;
    pthread_mutex_t fault_lock; /* guards the four below */
    struct fault_slot faults[SIM_FAULTS_MAX];
    int fault_count;
    uint64_t fault_dice;
    _Atomic int faults_set; /* any thread: 0 = no look at the list */
    struct webhook_queue queue;
    struct connections connections;
    _Atomic bool is_closing;
    _Atomic bool is_clock_manual;
    _Atomic int64_t clock_ms;
    _Atomic int calls_running; /* not counting those that wait, stream or are held */
};

/* What the frame keeps beside a call. */
struct call_inner {
    struct sim_room *room;
    int fd;
    int64_t began_ms; /* real */
    const struct sim_stream_options *stream;
    bool is_gone;
    str once_key;
    int64_t once_valid_ms;
    str body_hash;
    struct sim_fault fault; /* the one that strikes; mode NONE */
};

/* sim.c */
int64_t sim_real_ms(void); /* monotonic; a test's fixed clock does not touch it */
struct sim_room *room_find(struct sim *sim, str network);
struct sim_room *room_of(struct sim *sim, const struct sim_network *network);
uint64_t dice_next(uint64_t *dice);
void count_up(struct sim_room *room, enum sim_count c, int64_t by);
/* A wait of SIM_LOOK_MS on a condition. */
void cond_look(pthread_cond_t *cond, pthread_mutex_t *lock);

/* call.c */
void call_read_body(struct sim_call *c);
void call_refuse(struct sim_call *c, enum sim_refusal why, int64_t retry_after_ms);
struct call_inner *call_inner(const struct sim_call *c);

/* ledger.c */
void ledger_open(struct ledger *l, ptrdiff_t entries, ptrdiff_t bytes);
void ledger_close(struct ledger *l);
void ledger_clear(struct ledger *l);
/* Copies; sets seq. MESSAGE: *is_double says whether key or ref was accepted before, and outcome is
 * set accordingly. */
void ledger_add(struct sim *sim, const struct sim_entry *entry, bool *is_double);

/* fault.c: which fault strikes; its texts are gone, so only numbers and mode count. */
struct sim_fault fault_pick(struct sim *sim, str network, str account, str path, bool is_webhook);
void faults_write(struct sim *sim, struct json_out *j);

/* media.c, limit.c: under the room's lock. */
void media_clear(struct sim_room *room);
void media_serve(struct sim_call *c);
void limits_clear(struct sim_room *room);
void once_remember(struct sim_call *c); /* after handle */

/* webhook.c */
err webhooks_start(struct sim *sim);
void webhooks_stop(struct sim *sim);
void webhooks_clear(struct sim *sim);
void webhooks_look(struct sim *sim); /* the clock has moved */
bool webhooks_are_idle(struct sim *sim);

/* stream.c */
void stream_serve(struct sim_call *c, struct stream *stream); /* without the lock; frees stream */
struct stream *stream_begin(struct sim_call *c);              /* under the lock */
void streams_end(struct sim_room *room);                      /* under the lock */

/* wire.c */
err wire_open(struct sim *sim, struct arena *a, str *why);
err wire_start(struct sim *sim);
void wire_stop(struct sim *sim);
bool wire_send(int fd, str bytes); /* all of it; false: the peer has gone */
bool wire_is_gone(int fd);
bool wire_fill(struct connection *conn); /* at least one byte of input; false: the peer has gone */
bool wire_say(struct connection *conn, str bytes); /* as wire_send, also over TLS */
/* A call of a network that was found: its faults, the network's part, the answer. */
void wire_run(struct connection *conn, struct sim_call *c);

/* smtp.c: until the connection ends. */
void smtp_serve(struct connection *conn);

/* smtp_tls.c */
err smtp_tls_open(struct smtp_tls **tls);
void smtp_tls_close(struct smtp_tls *tls);                   /* NULL is allowed */
bool smtp_tls_accept(struct connection *conn);               /* sets conn->tls */
ptrdiff_t smtp_tls_read(void *tls, char *to, ptrdiff_t cap); /* ≤ 0: the end */
ptrdiff_t smtp_tls_write(void *tls, const char *at, ptrdiff_t len);
void smtp_tls_end(void *tls); /* NULL is allowed */

/* control.c */
void control_handle(struct sim_call *c);
