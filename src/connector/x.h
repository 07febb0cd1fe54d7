/* What the files of X's connector share. Rooms: x.c (the form, rules, webhook handshake, check,
 * refresh, media), x_call.c (calls and what their answers mean), x_parse.c (deliveries and posts),
 * x_text.c (texts, files and people out of X's JSON), x_message.c (direct messages), x_poll.c (what
 * is asked for), x_listen.c (streams), x_send.c and x_upload.c (what goes out), x_subscribe.c
 * (webhook, activity subscriptions, rules of the stream).
 *
 * Source: X API v2, August 2026 (docs.x.com): posts, mentions timeline, filtered stream, webhooks,
 * X Activity API, direct messages, media upload, OAuth. Thread: as connector.h says. */
#pragma once
#include "base/map.h"
#include "connector/connector.h"
#include "connector/network.h"
#include "connector/part.h"
#include "connector/reading.h"

extern const struct connector connector_x;

/* connector_item.token of a post whose author calls on us: it may be answered on any plan. */
#define X_SUMMONED "summoned"

enum {
    X_ID_DIGITS = 20,             /* ids are 64 bits as decimal digits; never doubles */
    X_POST_LENGTH = 280,          /* weighted; Premium accounts: setting max_length */
    X_MESSAGE_LENGTH = 10 * 1000, /* characters of a direct message */
    X_PHOTOS = 4,                 /* of one post; or one video, or one GIF */
};

/* 1 to 20 digits. */
bool x_is_id(str s);
/* By number: <0, 0, >0. Both are ids, or empty (the least). */
int x_id_cmp(str x, str y);
/* When X made the id, Unix ms, to about a second; 0 for no such id. */
int64_t x_id_ms(str id);

/* ── settings (x.c) ── */

str x_setting(struct arena *a, const struct connector_setup *s, const char *name);
bool x_is_oauth1(struct arena *a, const struct connector_setup *s);
/* Self-serve: replies only to those who call on us; no likes, no quotes. */
bool x_is_self_serve(struct arena *a, const struct connector_setup *s);
enum x_source {
    X_WEBHOOK,  /* X calls us about what is subscribed */
    X_ACTIVITY, /* the same events over a stream that we hold open */
    X_STREAM,   /* the filtered stream: public posts only */
    X_POLL,
};
enum x_source x_source(struct arena *a, const struct connector_setup *s);
/* A person's handle; empty when it is none of X's (letters, digits, "_"). */
str x_handle(const struct json *person);
/* "https://x.com/asha_r/status/1"; without a handle by "i/web". */
str x_post_url(struct arena *a, str handle, str id);

/* ── calls (x_call.c) ── */

enum x_as { X_AS_USER, X_AS_APP };
struct x_ask {
    enum http_method method;
    str path;  /* below the version: "/tweets" */
    str query; /* "a=1&b=2", encoded; empty = none */
    enum x_as as;
    str json;                /* body; empty = none */
    struct multipart *files; /* instead of json */
    ptrdiff_t max_bytes;     /* of the answer; 0 = 1 MiB */
    int64_t timeout_ms;      /* 0 = the client's */
};
/* E_BUSY only when memory ended. Without the credentials it needs: *missing in words, and nothing
 * is called. */
err x_do(struct http_client *client, struct arena *a, const struct connector_setup *s,
    int64_t now_ms, const struct x_ask *ask, struct http_result *res, str *missing);
str x_url(struct arena *a, const struct connector_setup *s, str path, str query);
/* Value of the Authorization header for a call of that address; empty with words in *missing. */
str x_authorization(struct arena *a, const struct connector_setup *s, enum x_as as,
    enum http_method method, str url, int64_t now_ms, str *missing);

/* What X minds, as far as it can be told; UNSURE in its wording, so words are looked at. */
enum x_fault {
    X_FAULT_NONE,
    X_FAULT_OTHER,
    X_FAULT_DUPLICATE,    /* the same text again within a short time */
    X_FAULT_NOT_SUMMONED, /* the author has not called on us, or admits few to reply */
    X_FAULT_CLOSED,       /* takes no direct messages from us */
    X_FAULT_SUSPENDED,
    X_FAULT_APP,       /* client-forbidden: the app's plan or permissions */
    X_FAULT_CAPPED,    /* usage-capped, no credits: everything stops until a person acts */
    X_FAULT_GONE,      /* no such post, person or conversation */
    X_FAULT_HELD,      /* another connection has the stream */
    X_FAULT_HERE,      /* the rule, webhook or subscription is there already */
    X_FAULT_NOT_THERE, /* webhook: X did not get the right answer at our address */
};
/* Fills *sent for an answer (or the lack of one) by the table of the contract: 2xx SENT; 401
 * REAUTH; 402 and usage caps REAUTH with words, because people must act; 403, 400, 404, 409 FINAL;
 * 429 WAIT until the reset, at least a minute, plus a little chance; 5xx RETRY. A 2xx that only
 * holds errors is FINAL. UNKNOWN when it was written and no whole answer came. */
enum x_fault x_answer(
    struct arena *a, const struct http_result *res, int64_t now_ms, struct connector_sent *sent);
/* Nothing was called: credentials are missing. The app's concern only hearing: FINAL, while the
 * channel goes on answering; a person's are REAUTH. The same for a 401 to the app's own token. */
void x_missing(enum x_as as, str words, struct connector_sent *sent);
void x_app_refused(const struct http_result *res, struct connector_sent *sent);
/* The call and what it means in one; *root is the body's JSON when SENT, else NULL. */
err x_call(struct http_client *client, struct arena *a, const struct connector_setup *s,
    int64_t now_ms, const struct x_ask *ask, struct connector_sent *sent, enum x_fault *fault,
    const struct json **root);

/* ── reading (x_text.c, x_parse.c, x_message.c) ── */

/* What a delivery carries beside its posts or messages: who and what is meant by an id. */
struct x_world {
    struct arena *a;
    str account;    /* our id; empty = unknown */
    bool is_whole;  /* it came from a look-up with all expansions: what is missing does not exist */
    str event_type; /* of a post that came as an event; empty = as a post */
    struct map people, media, posts;
};
struct x_world x_world_make(struct arena *a, str account, bool is_whole);
void x_world_add(struct x_world *w, const struct json *includes);
const struct json *x_told(const struct x_world *w, str id); /* NULL: not told */
/* Name, handle, picture, profile of a person into the item's contact. */
void x_contact(const struct x_world *w, str id, struct connector_item *it);
/* "https://pbs.twimg.com/…_normal.jpg" in its whole size. */
str x_picture(struct arena *a, const struct json *person);

/* Text as people read it: entities decoded, t.co replaced by where it leads, addresses of the
 * message's own media and of the post `quoted` taken out. urls: two lists of entities, either may
 * be NULL. */
str x_plain(
    struct arena *a, str text, const struct json *urls, const struct json *more_urls, str quoted);
/* A post's text in that form (note_tweet before text). */
str x_post_text(struct arena *a, const struct json *post, str quoted);
/* Files by their keys; *missing says that one is not told. */
void x_files(const struct x_world *w, const struct json *keys, struct connector_item *it,
    struct parts *parts, bool *missing);
/* One file: a media object of API v2 or of the older form. False: nothing to fetch. */
bool x_file(struct arena *a, const struct json *media, struct connector_attachment *at);
/* The item's files; what is beyond LIMIT_ATTACHMENTS becomes a link. */
void x_file_add(struct arena *a, struct connector_item *it, struct parts *parts,
    const struct connector_attachment *at);

/* Whether a post calls on us: names us, answers us, or quotes us. */
bool x_is_summons(const struct x_world *w, const struct json *post);
/* "replied_to" → its id; empty = none. */
str x_reference(const struct json *post, const char *kind);

err x_parse(
    struct arena *a, const struct connector_raw *raw, struct connector_batch *batch, str *why);
/* Items of the older form (webhooks) and of /2/dm_events. event: the whole delivery's "data". */
void x_parse_messages(struct item_list *list, struct x_world *w, const struct json *event,
    const struct json *payload);
void x_parse_message_page(struct item_list *list, struct x_world *w, const struct json *root);

/* ── asking and sending ── */

/* The fields and expansions of every look-up of posts. */
str x_post_fields(void);
/* One page of mentions: since: id, or from_ms: time, or neither. token: of the page before. */
struct x_page {
    struct connector_sent end;          /* SENT: the page came */
    struct connector_delivery delivery; /* empty body: nothing new */
    str newest, oldest, next;           /* ids; next: token, empty = the last page */
};
err x_mentions_page(struct http_client *client, struct arena *a, const struct connector_setup *s,
    int64_t now_ms, str since, int64_t from_ms, str token, struct x_page *page);

err x_poll(struct http_client *client, struct arena *a, const struct connector_poll *in,
    struct connector_polled *out);
err x_person(struct http_client *client, struct arena *a, const struct connector_setup *s,
    str contact_external_id, str thread_key, struct connector_sent *end,
    struct connector_item *person);
err x_lookup(struct http_client *client, struct arena *a, const struct connector_setup *s,
    str external_id, int64_t now_ms, struct connector_polled *out);
err x_listen(struct http_client *client, struct arena *a, const struct connector_listen *in,
    struct connector_polled *out);
err x_send(struct http_client *client, struct arena *a, const struct connector_outgoing *out,
    struct connector_sent *sent);
err x_act(struct http_client *client, struct arena *a, const struct connector_act *act,
    struct connector_sent *sent);
err x_subscribe(struct http_client *client, struct arena *a, const struct connector_setup *s,
    bool on, struct connector_sent *sent);
/* The rules of the filtered stream as this channel needs them; rules of others are deleted (they
 * are per app, and an app has one stream). */
err x_rules(struct http_client *client, struct arena *a, const struct connector_setup *s,
    int64_t now_ms, struct connector_sent *end);

enum x_media_for { X_FOR_POST, X_FOR_MESSAGE };
/* Brings a file to X and waits until it is ready. SENT: *media_id. */
err x_upload(struct http_client *client, struct arena *a, const struct connector_setup *s,
    int64_t now_ms, enum x_media_for use, const struct connector_file *file, str *media_id,
    struct connector_sent *sent);
