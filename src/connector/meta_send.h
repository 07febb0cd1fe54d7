/* meta_send: a private message through the Send API, the same for Messenger and Instagram: its
 * body, the call, and what became of it. Not here: whose edge and which recipient, files, public
 * replies. Source: Meta, Send API, v25.0, August 2026. Thread: pure; calls block. */
#pragma once
#include "connector/meta.h"

#define META_DAY_MS  (INT64_C(24) * 3600 * 1000)
#define META_LATE_MS (7 * META_DAY_MS) /* of HUMAN_AGENT, and of private replies */

struct meta_message {
    const struct meta_api *api;
    const struct connector_outgoing *out;
    str path;          /* "/1029384756/messages" */
    const char *to_by; /* "id", "comment_id", "post_id" */
    str to;
    const char *type;   /* messaging_type of an answer in time; NULL = none is sent */
    bool is_late;       /* goes as HUMAN_AGENT */
    str attachment;     /* JSON of message.attachment instead of text; empty = none */
    bool has_metadata;  /* carries delivery_id; the echo brings it back */
    bool has_templates; /* buttons with addresses become a button template, else lines of text */
};

/* An answer after a day, within seven, when the channel has HUMAN_AGENT (setting "human_agent") and
 * no advertisement keeps the window open. */
bool meta_is_late(
    struct arena *a, const struct meta_api *api, const struct connector_outgoing *out);
/* Sends it; a limit of private replies is that budget's only. Where `reply_to` stands in the body
 * is told in two ways: when the network refuses the parameter (code 100) the other place is tried,
 * then the message goes without it; a refused call has sent nothing. A person's answer in the
 * window of an advertisement goes as HUMAN_AGENT when the network says that the window has closed.
 */
err meta_send(struct http_client *client, struct arena *a, const struct meta_message *m,
    struct connector_sent *sent);
/* Makes the call that writes a comment and takes the comment's id; UNKNOWN when it has none. */
err meta_comment(struct http_client *client, struct arena *a, const struct meta_api *api,
    const struct network_call *call, struct connector_sent *sent);
/* {"recipient":{"id":to},"sender_action":action,"payload":payload}; payload: JSON, may be empty. */
err meta_action(struct http_client *client, struct arena *a, const struct meta_api *api, str path,
    str to, const char *action, str payload, struct connector_sent *sent);
/* "image", "video", "audio" or "file" by media type. */
const char *meta_file_kind(str type);
/* FINAL with these words. */
void meta_refuse(struct connector_sent *sent, const char *words);
