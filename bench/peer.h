/* Client connections for the load drivers: many sockets on one epoll, one request in flight on
 * each, or a stream of server-sent events. Not a general HTTP client: it reads what Seva answers
 * (Content-Length, or chunked for streams). Thread: one. */
#pragma once
#include "base/str.h"

enum peer_state { PEER_CONNECTING, PEER_IDLE, PEER_WAITING, PEER_STREAMING, PEER_CLOSED };

struct peer {
    int fd;
    enum peer_state state;
    int number; /* 0 … count − 1 */
    char *out;  /* what is still to be written; owned by the caller until written */
    ptrdiff_t out_len, out_at;
    char *in;
    ptrdiff_t in_len, in_cap;
    bool is_chunked; /* of a stream */
    int64_t sent_us; /* monotonic, when the request was given */
    void *user;
};

struct peers {
    int epoll;
    struct peer *at;
    int count, open;
    str host;
    int port;
    void *arg;
    void (*idle)(void *arg, struct peer *p);                         /* may call peer_send */
    void (*answer)(void *arg, struct peer *p, int status, str body); /* then idle follows */
    void (*event)(void *arg, struct peer *p, str block);             /* one SSE block */
    void (*closed)(void *arg, struct peer *p);
};

/* Connects count sockets (not waiting for them); 0 or −1 with errno. */
int peers_open(struct peers *ps, int count);
/* bytes must live until the answer. */
void peer_send(struct peers *ps, struct peer *p, char *bytes, ptrdiff_t len);
/* Serves what is ready, waiting at most wait_ms. */
void peers_run(struct peers *ps, int wait_ms);
void peers_close(struct peers *ps);

/* Latencies in microseconds, exact to 1 µs below 1 s. */
struct tally {
    uint32_t *count; /* TALLY_SLOTS */
    int64_t n, worst_us;
};
enum { TALLY_SLOTS = 1000001 };
struct tally tally_make(void);
void tally_add(struct tally *t, int64_t us);
int64_t tally_at(const struct tally *t, double share); /* nearest rank; 0 when empty */
