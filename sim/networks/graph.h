/* What the simulated Facebook and Instagram share: graph.c (state, answers, who calls, webhooks),
 * graph_ask.c (what is read and set), graph_send.c (what we send and do), graph_say.c (customers);
 * facebook.c and instagram.c have what is their own. Under the network's lock.
 *
 * Paths are as our base addresses make them: "/graph/v25.0/…" and on Instagram also
 * "/instagram/v25.0/…". Source: Meta, Messenger Platform and Instagram Platform, v25.0, August
 * 2026. */
#pragma once
#include "network.h"

enum {
    GRAPH_NOTES_MAX = 100000, /* messages and comments remembered per account */
    GRAPH_PEOPLE_MAX = 100000,
    GRAPH_DAY_MS = 24 * 3600 * 1000,
    GRAPH_WEEK_MS = 7 * GRAPH_DAY_MS,
    GRAPH_MEDIA_MS = 3600 * 1000, /* addresses of files */
    GRAPH_BODY_BYTES = 1024 * 1024,
};

struct graph_person {
    struct graph_person *next;
    char id[64], name[200], handle[100];
    int64_t last_in_ms; /* opens the window */
    int64_t changed_ms; /* of their conversation */
    bool is_gone;       /* cannot be reached */
};
/* A message or a comment. */
struct graph_note {
    struct graph_note *newer;
    char id[96], person[64], post[96], parent[96], ref[96];
    char *text;
    int64_t at_ms;
    bool is_ours, is_public, is_mention, is_gone, is_hidden, is_answered;
};
struct graph_box {
    struct map people, notes; /* by id */
    struct graph_person *person_list;
    struct graph_note *first, **last; /* oldest first */
    ptrdiff_t note_count;
    char token[200]; /* long-lived, after an exchange; empty = the account's */
    bool is_subscribed;
};

bool graph_is_instagram(const struct sim_network *network);
void graph_open(struct sim *sim, struct sim_account *account);
void graph_close(struct sim *sim, struct sim_account *account);
struct graph_box *graph_box(const struct sim_account *account);
/* NULL: not there, and not made. */
struct graph_person *graph_person(const struct sim_account *account, str id, bool is_made);
struct graph_note *graph_note(const struct sim_account *account, str id);
/* A new one with an id of the network's form; post empty = a message. */
struct graph_note *graph_note_add(
    struct sim *sim, const struct sim_account *account, struct arena *a, str person, str post);
void graph_note_text(struct graph_note *note, str text);

/* {"error":{"message":…,"type":"OAuthException","code":…,"error_subcode":…,"fbtrace_id":…}} */
void graph_fail(struct sim_call *c, int status, int code, int subcode, const char *message);
void graph_done(struct sim_call *c); /* {"success":true} */
/* Hides and shows by this field ("true", "false"), or deletes. note NULL = there is none. */
void graph_change_comment(struct sim_call *c, struct graph_note *note, const char *field);
/* Growing gaps over 36 hours, as the field knows them. */
extern const int64_t graph_retry_gaps_ms[];
void graph_refuse(struct sim_call *c, enum sim_refusal why, int64_t retry_after_ms);
/* Token, proof, limits; false: answered. */
bool graph_enter(struct sim_call *c);

/* One member of the entry's list ("messaging", "changes"), posted as the network escapes it. */
void graph_post(struct sim *sim, struct sim_account *account, struct arena *a, const char *list,
    str member, str key, int64_t delay_ms);
/* {"sender","recipient","timestamp",…members} */
void graph_post_event(struct sim *sim, struct sim_account *account, struct arena *a, str person,
    bool is_ours, str members, str key, int64_t delay_ms);
void graph_sign(struct sim *sim, const struct sim_account *account, struct sim_post *post);
err graph_raw_event(struct sim *sim, struct sim_account *account, struct arena *a,
    const struct json *event, str raw, str *why);

void graph_messages(struct sim_call *c); /* POST /{id}/messages */
void graph_upload(struct sim_call *c);   /* POST /{id}/message_attachments */
/* POST of a comment below note (NULL = below the post). */
void graph_comment(struct sim_call *c, struct graph_note *note, str post, str text, str media);

void graph_conversations(struct sim_call *c);
void graph_conversation(struct sim_call *c, struct graph_person *person);
void graph_put_message(struct json_out *j, const struct sim_account *account,
    const struct graph_note *note, struct arena *a);
/* GET, POST, DELETE of subscribed_apps. */
void graph_subscription(struct sim_call *c);

err graph_say(struct sim *sim, struct sim_account *account, struct arena *a,
    const struct sim_say *say, str *id, str *why);
err graph_special(struct sim *sim, struct sim_account *account, struct arena *a, str what,
    const struct json *input, str *answer, str *why);
