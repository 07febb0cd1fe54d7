/* widget: what widget.c (beginning) and widget_chat.c (exchange) share. Thread: the request's. */
#pragma once
#include "api/route.h"
#include "base/json.h"
#include "model/access.h"
#include "model/conversation.h"
#include "model/ctx.h"

extern const struct shape widget_agent_shape;

/* {name, photo_url, introduction} */
void widget_agent_put(struct json_out *j, const struct agent *agent, bool shows_photo);
/* {id, status}, or null for id {0} */
void widget_conversation_put(struct json_out *j, const struct conversation *c);
/* The visitor's contact, when it has one yet. */
err widget_contact(struct ctx *cx, struct contact *contact, bool *has_contact);
/* visitor_ensure, held back when too many from one address come for the first time. */
struct visitor_profile;
err widget_ensure(
    struct call *call, const struct visitor_profile *profile, struct contact *contact);
/* The settings of the visitor's channel; an empty object when there are none. */
err widget_settings(struct ctx *cx, const struct json **settings);
/* At most LIMIT_NAME_BYTES without controls and ends of lines. */
bool widget_is_line(str s);
/* A page's address worth keeping: http or https, else empty. */
str widget_page_url(str url);
/* Adds the form's other fields to the contact's custom ones; more: a JSON object of texts. */
err widget_custom_merge(struct ctx *cx, struct contact *contact, str more);
