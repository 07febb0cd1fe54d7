/* widget: what widget.c (beginning) and widget_chat.c (exchange) share. Thread: the request's. */
#pragma once
#include "base/json.h"
#include "model/access.h"
#include "model/conversation.h"
#include "model/ctx.h"

/* {name, photo_url, introduction} */
void widget_agent_put(struct json_out *j, const struct agent *agent, bool shows_photo);
/* {id, status}, or null for id {0} */
void widget_conversation_put(struct json_out *j, const struct conversation *c);
/* The visitor's contact, when it has one yet. */
err widget_contact(struct ctx *cx, struct contact *contact, bool *has_contact);
/* Adds the form's other fields to the contact's custom ones; more: a JSON object of texts. */
err widget_custom_merge(struct ctx *cx, struct contact *contact, str more);
