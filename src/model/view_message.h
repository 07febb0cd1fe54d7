/* view_message: the public JSON of a message for agents (API "Message") and for the visitor of a
 * widget (API "WidgetMessage"). Fields are only ever added. Thread: pure. */
#pragma once
#include "base/json.h"
#include "model/conversation.h"
#include "model/shape.h"

extern const struct shape message_shape, widget_message_shape, author_shape;

void message_view(struct json_out *j, const struct message *m);
/* What the visitor may see: no ids of agents, no notes. Attachments point at /widget/v1. */
void message_view_widget(struct json_out *j, const struct message *m);
/* True for what a visitor may see at all: in, and out that was sent. */
bool message_is_for_visitor(const struct message *m);

/* ",1,2," ↔ ids. */
void json_put_id_text(struct json_out *j, str ids);
str id_text(struct arena *a, const int64_t *ids, ptrdiff_t n); /* empty when n is 0 */
/* Ids of such a text into an array of the arena. */
ptrdiff_t id_text_read(struct arena *a, str ids, int64_t **out);
