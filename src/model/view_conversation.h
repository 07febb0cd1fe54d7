/* view_conversation: the public JSON of conversations, saved views and notifications (API
 * "Conversations"). Fields are only ever added. Thread: pure. */
#pragma once
#include "base/json.h"
#include "model/conversation.h"
#include "model/shape.h"

extern const struct shape widget_conversation_shape, conversation_news_shape, conversation_shape,
    conversation_full_shape, view_shape, notification_shape, tag_shape, draft_shape;
extern const char *const conversation_sort_words[]; /* NULL-terminated */

/* unread_count and draft only when c->is_mine_filled: events go to many agents and leave them out.
 */
void conversation_view(struct json_out *j, const struct conversation *c);
/* The opened conversation: with the whole contact, who takes part and who is looking. */
struct conversation_more {
    str contact, participants, viewers; /* JSON */
    str post, reply, related;           /* JSON; post, related: empty = none */
};
void conversation_view_full(
    struct json_out *j, const struct conversation *c, const struct conversation_more *more);

/* What the visitor of a widget may see. */
void conversation_view_widget(struct json_out *j, const struct conversation *c);

struct saved_view {
    view_id id; /* 0 = built in */
    agent_id agent_id;
    str key; /* built in: "mine" …; saved: empty */
    str name;
    str filter; /* JSON */
    str sort;
    bool is_shared;
    int64_t position;
};
void saved_view_view(struct json_out *j, const struct saved_view *v);

struct notification {
    notification_id id;
    agent_id agent_id;
    str type; /* mention assigned reply */
    conversation_id conversation_id;
    message_id message_id;
    str actor_name, preview;
    int64_t at_ms, read_ms;
};
void notification_view(struct json_out *j, const struct notification *n);

struct tag {
    tag_id id;
    str name, name_fold, color;
};
void tag_view(struct json_out *j, const struct tag *t);

struct draft {
    agent_id agent_id;
    conversation_id conversation_id;
    str kind, text;
    str attachment_ids; /* ",1,2," */
    str mail;           /* JSON: what a mail is beside its text, as it is posted; empty = nothing */
    str attachments;    /* filled by the rooms that show it: JSON array of their public views */
    int64_t updated_ms;
};
void draft_view(struct json_out *j, const struct draft *d);
