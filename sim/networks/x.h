/* What the parts of the simulated X share among themselves: x.c (calls, tokens, looking),
 * x_state.c (posts, messages, people and their JSON), x_send.c (what our side writes),
 * x_hooks.c (webhooks, subscriptions, streams, events), x_say.c (customers). Names begin with xnet,
 * because the connector of the same network has x. Under the network's lock. */
#pragma once
#include "network.h"

enum {
    XNET_THINGS_MAX = 50000, /* posts and messages of one account, each; the oldest go */
    XNET_PEOPLE_MAX = 50000,
    XNET_HOOKS_MAX = 8,
    XNET_SUBSCRIPTIONS_MAX = 64,
    XNET_RULES_MAX = 32,
    XNET_UPLOADS_MAX = 256,
    XNET_MEDIA = 4,
    XNET_WINDOW_MS = 900 * 1000,
    XNET_DAY_MS = 24 * 3600 * 1000,
    XNET_PAGE = 100,
};
enum { XNET_TAG_EVENT, XNET_TAG_CRC }; /* of webhooks */

struct xnet_person {
    struct xnet_person *next;
    char id[24], name[96], handle[64];
    bool takes_no_messages;
};

/* A post, or (talk set) a direct message. */
struct xnet_thing {
    struct xnet_thing *next; /* newer */
    int64_t at_ms;
    char id[24], author[24];
    char root[24], above[24], above_author[24], quoted[24]; /* posts; empty = none */
    char first_version[24];                                 /* an edited post's */
    char talk[24];                                          /* messages: the person */
    char media[XNET_MEDIA][25];
    int n_media;
    bool is_hidden, is_gone, calls_on_us;
    ptrdiff_t text_len;
    char text[];
};
struct xnet_list {
    struct xnet_thing *oldest, **end;
    ptrdiff_t n;
    struct map by_id;
};

struct xnet_hook {
    char id[24], url[1024];
    bool is_valid, is_asked; /* asked: the answer to a CRC is awaited */
    char crc[48];
};
struct xnet_subscription {
    char id[24], event[64], hook[24];
};
struct xnet_rule {
    char id[24], value[512], tag[64];
};
struct xnet_upload {
    char id[24], media[25];
    char *bytes; /* in pieces, while they come */
    ptrdiff_t len, cap;
    char type[64];
    bool is_pending; /* X works on it until it is asked once */
};

struct xnet {
    struct xnet_list posts, messages;
    struct xnet_person *people;
    struct map people_by_id;
    struct xnet_hook hooks[XNET_HOOKS_MAX];
    struct xnet_subscription subscriptions[XNET_SUBSCRIPTIONS_MAX];
    struct xnet_rule rules[XNET_RULES_MAX];
    struct xnet_upload uploads[XNET_UPLOADS_MAX];
    int n_hooks, n_subscriptions, n_rules, n_uploads;
    int64_t last_id;
    char refresh[64];
    bool is_capped;
};

/* x_state.c */
str xnet_new_id(struct sim *sim, struct sim_account *account, struct arena *a);
struct xnet_person *xnet_person(struct xnet *x, str id, bool is_made); /* NULL: none, too many */
struct xnet_thing *xnet_add(struct xnet_list *list, struct arena *a, str id, str text);
struct xnet_thing *xnet_find(const struct xnet_list *list, str id); /* NULL: unknown or gone */
void xnet_clear(struct xnet *x);
str xnet_handle(const struct sim_account *account);
/* {"id",…}; the thing with everything beside it. */
void xnet_put_person(struct json_out *j, const struct sim_account *account, str id);
void xnet_put_post(
    struct json_out *j, const struct sim_account *account, const struct xnet_thing *post);
/* "includes" of these posts: people, media, posts above and quoted. */
void xnet_put_includes(struct sim *sim, struct json_out *j, struct arena *a,
    const struct sim_account *account, const struct xnet_thing *const *posts, ptrdiff_t n);
void xnet_put_message(
    struct json_out *j, const struct sim_account *account, const struct xnet_thing *message);
bool xnet_names_us(const struct sim_account *account, str text);

/* x.c: answers. rate: false when it answered 429. */
void xnet_fail(struct sim_call *c, int status, const char *type, str detail);
bool xnet_rate(struct sim_call *c, const char *bucket, int64_t limit, int64_t window_ms);

/* x_send.c */
void xnet_post(struct sim_call *c);
void xnet_delete(struct sim_call *c, str id);
void xnet_hide(struct sim_call *c, str id);
void xnet_message(struct sim_call *c, str person);
void xnet_upload(struct sim_call *c);
void xnet_upload_begin(struct sim_call *c);
void xnet_upload_piece(struct sim_call *c, str id);
void xnet_upload_end(struct sim_call *c, str id, bool is_question);

/* x_hooks.c. True: the path was its own. */
bool xnet_hooks_handle(struct sim_call *c, str path);
/* Tells a subscriber; `payload`, `includes`: JSON, the latter may be empty. */
void xnet_event(struct sim *sim, struct sim_account *account, struct arena *a, const char *type,
    str payload, str includes);
/* A post as the activity event of that type, and on the filtered stream. */
void xnet_tell_post(struct sim *sim, struct sim_account *account, struct arena *a,
    const struct xnet_thing *post, const char *type);
void xnet_tell_message(struct sim *sim, struct sim_account *account, struct arena *a,
    const struct xnet_thing *message);
void xnet_sign(struct sim *sim, const struct sim_account *account, struct sim_post *post);
void xnet_answered(struct sim *sim, struct sim_account *account, const struct sim_answered *answer);

/* x_say.c */
err xnet_say(struct sim *sim, struct sim_account *account, struct arena *a,
    const struct sim_say *say, str *id, str *why);
err xnet_special(struct sim *sim, struct sim_account *account, struct arena *a, str what,
    const struct json *input, str *answer, str *why);
