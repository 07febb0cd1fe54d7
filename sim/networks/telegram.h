/* What the parts of the simulated Telegram share among themselves: telegram.c (calls and answers),
 * telegram_state.c (bots, chats, updates), telegram_text.c (what is seen of marked-up text),
 * telegram_send.c (messages to customers), telegram_say.c (customers). Under the network's lock. */
#pragma once
#include "network.h"

enum {
    UPDATES_MAX = 100000, /* of one bot */
    UPDATE_KEEP_MS = 24 * 3600 * 1000,
    CHATS_MAX = 200000,
    POSTS_MAX = 100000, /* messages remembered per bot for edits, replies, deletion */
    TEXT_MAX = 4096,
    CAPTION_MAX = 1024,
    PHOTO_BYTES = 10 * 1024 * 1024,
    FILE_BYTES = 50 * 1024 * 1024,
    LOAD_BYTES = 20 * 1024 * 1024,
    LINK_MS = 3600 * 1000,
    DELETE_MS = 48 * 3600 * 1000,
    MESSAGE_BYTES = 256 * 1024,
};

struct update {
    struct update *next;
    int64_t id, at_ms;
    ptrdiff_t len;
    char text[];
};

enum chat_state { CHAT_OPEN, CHAT_BLOCKED, CHAT_DEACTIVATED, CHAT_KICKED, CHAT_MOVED };

struct chat {
    struct chat *next;
    enum chat_state state;
    int64_t moved_to;
    char id[24];
    char name[96], handle[64];
};

struct post { /* a message of a chat */
    struct post *next;
    int64_t at_ms;
    bool is_ours;
    uint64_t hash; /* of text and keyboard: "message is not modified" */
    bool has_file;
    char key[48]; /* chat/message */
};

struct bot {
    struct update *first, **last;
    ptrdiff_t update_count;
    int64_t last_update, last_message, last_query, polls, presses_answered;
    struct map chats, posts;
    struct chat *chat_list;
    struct post *post_first, **post_last;
    ptrdiff_t post_count; /* deleted ones among them */
    char secret[257], allowed[1024];
    int64_t max_connections, error_at_ms;
    char error[256];
};

enum { TELEGRAM_FILE_KINDS = 7 };
struct telegram_file_kind {
    str method, field, folder, type;
    ptrdiff_t max_bytes;
};
extern const struct telegram_file_kind telegram_file_kinds[TELEGRAM_FILE_KINDS];

/* telegram.c: answers. */
void telegram_give(struct sim_call *c, str result);
void telegram_give_true(struct sim_call *c);
void telegram_fail_with(struct sim_call *c, int code, str description, str parameters);
void telegram_refuse_call(struct sim_call *c, int code, str description);
void telegram_too_many(struct sim_call *c, int64_t retry_after_ms);

/* telegram_state.c. chat_get: NULL when it is not there and not made (bad id, or too many). */
void telegram_bot_open(struct sim *sim, struct sim_account *account);
void telegram_bot_close(struct sim *sim, struct sim_account *account);
struct chat *telegram_chat_get(struct bot *bot, str id, bool is_made);
bool telegram_is_group(str chat_id);
struct post *telegram_post_find(struct bot *bot, struct arena *a, str chat, int64_t message);
int64_t telegram_post_add(
    struct bot *bot, struct arena *a, str chat, int64_t at_ms, bool is_ours, uint64_t hash);
void telegram_put_chat(struct json_out *j, const struct chat *chat);
void telegram_put_bot(struct json_out *j, const struct sim_account *account);
void telegram_update_add(
    struct sim *sim, struct sim_account *account, struct arena *a, str kind, str value);
void telegram_update_drop(struct bot *bot);
void telegram_post_update(struct sim *sim, struct sim_account *account, int64_t id, str text);
void telegram_expire(struct sim *sim, struct bot *bot);
void telegram_confirm(struct bot *bot, int64_t offset);

/* telegram_text.c. False: it does not parse. */
ptrdiff_t telegram_utf16_units(str s);
bool telegram_html_read(struct arena *a, str s, str *seen);
bool telegram_markdown_read(struct arena *a, str s, str *seen);

/* telegram_send.c. target: the chat a call is for; NULL: answered with the fault. */
struct chat *telegram_target(struct sim_call *c);
str telegram_file_member(struct arena *a, const struct sim_media *m, str field);
void telegram_send_message(struct sim_call *c);
void telegram_send_file(struct sim_call *c, int which);
void telegram_send_place(struct sim_call *c);
void telegram_send_contact(struct sim_call *c);
void telegram_send_group(struct sim_call *c);
/* field: "text", "caption", or empty = the keyboard only. */
void telegram_edit_message(struct sim_call *c, str field);
void telegram_delete_many(struct sim_call *c);
void telegram_delete_message(struct sim_call *c);
void telegram_set_reaction(struct sim_call *c);
void telegram_answer_query(struct sim_call *c);

/* telegram_say.c */
err telegram_say(struct sim *sim, struct sim_account *account, struct arena *a,
    const struct sim_say *given, str *id, str *why);
err telegram_event(struct sim *sim, struct sim_account *account, struct arena *a,
    const struct json *event, str raw, str *why);
err telegram_special(struct sim *sim, struct sim_account *account, struct arena *a, str what,
    const struct json *input, str *answer, str *why);
