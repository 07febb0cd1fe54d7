/* The parts of the simulated WhatsApp: whatsapp.c (accounts, files, subscription, templates),
 * whatsapp_send.c (what we send), whatsapp_say.c (what customers and the network do). See
 * network.h for threads and memory. */
#pragma once
#include "base/map.h"
#include "network.h"

enum {
    WHATSAPP_PEOPLE_MAX = 100000,
    WHATSAPP_ID_BYTES = 160, /* the longest user id and its end */
    WHATSAPP_NAME_BYTES = 128,
    WHATSAPP_PAYLOAD_BYTES = 256 * 1024,
    WHATSAPP_WINDOW_MS = 24 * 3600 * 1000,
    WHATSAPP_LINK_MS = 5 * 60 * 1000, /* a file's address */
    WHATSAPP_HANDSHAKE = 1,           /* tag of the GET that asks a new callback */
};

struct whatsapp_person {
    char phone[WHATSAPP_ID_BYTES]; /* digits; empty = hidden behind a user name */
    char user_id[WHATSAPP_ID_BYTES];
    char name[WHATSAPP_NAME_BYTES], handle[WHATSAPP_NAME_BYTES];
    int64_t last_in_ms; /* 0 = never wrote */
    int64_t fails_with; /* code of every message's status; 0 = they arrive */
    struct whatsapp_person *next;
};

/* What belongs to one number. */
struct whatsapp_number {
    struct map people; /* by phone and by user id */
    struct whatsapp_person *list;
    char wanted_callback[2048], challenge[32]; /* of a handshake under way */
    char wanted_token[256];
    int64_t registered, registered_since_ms; /* how often within 72 hours */
};

/* "88001": the account's WhatsApp Business account. */
str sim_whatsapp_business(const struct sim_account *account);
/* By phone or user id; NULL: unknown, and not made (too many). */
struct whatsapp_person *sim_whatsapp_person(struct sim_account *account, str id, bool is_made);
/* An id as the network makes them: "wamid.…". */
str sim_whatsapp_wamid(struct sim *sim, const struct sim_account *account, struct arena *a);

/* The network's error form. */
void sim_whatsapp_fail(struct sim_call *c, int status, int code, str words);

/* POST /{number}/messages */
void sim_whatsapp_messages(struct sim_call *c);

/* One change of one field for the account's callback; value: a JSON object. */
void sim_whatsapp_post(struct sim *sim, struct sim_account *account, struct arena *a, str field,
    str value, str key, str conversation, int64_t delay_ms);
/* A status of a message of ours; code 0 = none. */
void sim_whatsapp_status(struct sim *sim, struct sim_account *account, struct arena *a,
    const struct whatsapp_person *person, str id, str ref, const char *status, int64_t code,
    int64_t delay_ms);
err sim_whatsapp_say(struct sim *sim, struct sim_account *account, struct arena *a,
    const struct sim_say *say, str *id, str *why);
err sim_whatsapp_special(struct sim *sim, struct sim_account *account, struct arena *a, str what,
    const struct json *input, str *answer, str *why);
