/* reply_check: whether a reply may go the way it is written: visibility, window, length, files,
 * parts, and personal data in public, by the rules of its network (reply_rules.h). What the network
 * alone can know it says when the reply is sent. Not here: stale replies, rights (reply.c).
 * Thread: the caller's; inside its transaction. */
#pragma once
#include "care/reply.h"
#include "care/reply_rules.h"

/* The reply window on the conversation's channel (it may have moved there), as the network counts
 * it; where it counts none, since the customer's last private message. */
err reply_window_of(struct ctx *cx, const struct conversation *c, struct message_window *window);
struct reply_view {
    struct reply_room room;
    struct post post; /* id {0} = none */
    bool is_capture;  /* answered on the network itself, at post.url */
};
err reply_room_of(struct ctx *cx, const struct conversation *c, struct reply_view *view);
/* *visibility: "private" or "public". E_INVALID names visibility, text, attachment_ids, parts or
 * reply_to_id. E_CONFLICT: "window" (closed, or only a template goes), "personal" with details
 * {"findings":[{kind, from, to}]} (UTF-16 offsets, as a browser counts), "capture" with details
 * {"url"}. */
err reply_check(
    struct ctx *cx, const struct conversation *c, const struct reply_new *r, str *visibility);
