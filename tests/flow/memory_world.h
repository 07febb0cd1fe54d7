/* For stories whose memory ends: an account with work under way on every kind of channel, one
 * allocation that fails inside whatever is done next, and an oracle: what a story leaves behind,
 * table by table, is what it leaves when nothing fails. */
#pragma once
#include "look.h"
#include "mailbox_world.h"

enum memory {
    MEMORY_TAKE,  /* what a request or job takes from its arena (base/arena.h, arena_fail_at) */
    MEMORY_CHUNK, /* what the program takes from the system (alloc_fail_at) */
    MEMORY_LITE,  /* what SQLite takes from the system (fault_lite.h) */
};
struct shortage {
    enum memory of;
    long count; /* so many in a row */
};

struct scene {
    struct world w;
    struct test_app *app;
    struct receiver_peer *peer;
    struct mailbox box;
    struct looker *looker;
    const struct shortage *shortage;
    long nth;     /* the next attempt fails at this one; 0 = at none */
    long reached; /* how many the last attempt asked for */
    long before;  /* of MEMORY_CHUNK */
    bool is_short;
    long n; /* number of the attempt: what it makes is named after it */
    str api, chat, visitor, agents[2], contact, file, seen;
};
void scene_open(struct scene *s, struct test_app *app, const struct shortage *shortage);
void scene_close(struct scene *s);
/* Around what is tried and is no request; requests do it by themselves. */
void shortage_begin(void *scene);
void shortage_end(void *scene);
/* "PATCH", "/api/v1/x {json}": as the owner, by token. */
[[gnu::format(printf, 3, 4)]] int ask(struct scene *s, const char *method, const char *words, ...);

enum story_kind {
    BY_REQUEST,
    BY_STEPS,  /* a request that commits what goes ahead of a file first */
    BY_HAND,   /* one transaction */
    BY_ENGINE, /* several, which go on by themselves */
};
struct story {
    const char *name;
    int good; /* status when all goes well; 200 where there is no request */
    enum story_kind kind;
    void (*prepare)(struct scene *s); /* NULL = nothing */
    int (*attempt)(struct scene *s);  /* the same again until it is good */
};
/* Fails at `points` places all over the story, one run each; every place when there are fewer. */
void try_story(struct scene *s, const struct story *story, long points);
