/* telegram: what the files of the Telegram connector share: how Seva names Telegram's chats and
 * messages, and a call to the Bot API. Not here: rules and settings (telegram.c), reading updates
 * (telegram_parse.c, telegram_content.c), messages and acts
 * (telegram_send.c); names and calls are in telegram_call.c.
 *
 * Threads, as thread_key:
 *   (empty)                   the private chat of the person `to` with the bot
 *   <chat>                    a group whose messages only its members see
 *   <chat>/<topic>            a topic of it, or of a private chat
 *   post:<chat>[/<topic>]     a group that anybody can read
 *   post:<chat>:<root>        the answers below one message: comments on a channel's post
 *   biz:<connection>:<chat>   a chat of a business account that has connected the bot
 * Messages, as external_id:
 *   <chat>:<message>
 *   biz:<connection>:<chat>:<message>    numbered by the business account, not by the bot
 *   cb:<query>[:<chat>:<message>]        a press of a button, and below which message it stands
 * Source: Bot API 10.1 (11 June 2026). Thread: pure but for telegram_do. */
#pragma once
#include "connector/connector.h"
#include "connector/network.h"

enum {
    TELEGRAM_DOWNLOAD_BYTES = 20 * 1024 * 1024, /* getFile gives no larger ones */
    TELEGRAM_UPLOAD_BYTES = 50 * 1024 * 1024,
    TELEGRAM_PHOTO_BYTES = 10 * 1024 * 1024,
    TELEGRAM_TEXT = 4096,    /* UTF-16 units */
    TELEGRAM_CAPTION = 1024, /* the same */
    TELEGRAM_DATA_BYTES = 64 /* of a button */
};

struct telegram_place {
    str chat, topic, business;
};
/* E_INVALID: not of these forms. */
err telegram_place_read(str thread_key, str to, struct telegram_place *place);

struct telegram_name {
    str query, business, chat, message; /* chat and message are empty when the press has none */
};
err telegram_name_read(str external_id, struct telegram_name *name);

struct telegram_answer {
    const struct json *result; /* NULL unless it was ok */
    str description;           /* Telegram's words when it was not; empty = none came */
    int64_t migrated_to;       /* the group's new id; 0 = it has not moved */
};
/* One call with a JSON body, or with `form` when it is not NULL. What the answer means is in *sent:
 * a limit concerns the chat, a refused token the channel. `why` never holds the address, whose
 * path is the token. timeout_ms 0 = the client's. */
err telegram_do(struct http_client *client, struct arena *a, const struct connector_setup *setup,
    const char *method, str body, struct multipart *form, int64_t timeout_ms, int64_t now_ms,
    struct connector_sent *sent, struct telegram_answer *answer);
/* "<host>/<before>bot<token>"; empty without a token that can be
 * one. */
str telegram_url(struct arena *a, const struct connector_setup *setup, const char *before);

err telegram_parse(
    struct arena *a, const struct connector_raw *raw, struct connector_batch *batch, str *why);
err telegram_send(struct http_client *client, struct arena *a, const struct connector_outgoing *out,
    struct connector_sent *sent);
err telegram_act(struct http_client *client, struct arena *a, const struct connector_act *act,
    struct connector_sent *sent);
err telegram_typing(struct http_client *client, struct arena *a,
    const struct connector_setup *setup, str to, str thread_key, struct connector_sent *end);
/* Text, parts and files of a message; the writer's own phone number. False: there is nothing of
 * that in it (the chat speaks of itself). */
bool telegram_content(struct arena *a, const struct json *m, struct connector_item *it);
/* The id of the press of a button in an update; empty when it is none. */
str telegram_press(struct arena *a, str update);

extern const struct connector connector_telegram;
