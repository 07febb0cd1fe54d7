/* channel_form: what a network's form asks (connector.h "the form"), held against what was given:
 * unknown names are refused, values checked, secrets kept apart from settings, a change merged into
 * what is there. Every network has one more setting, "way": "capture" = a channel without
 * credentials whose posts agents bring in by hand (care/capture.h); and "marks_read": "no" = the
 * customer does not see there that what they wrote was read. Not here: website chats and API
 * channels (api/channel_settings.h), sealing (store/channel.h). Thread: pure. */
#pragma once
#include "base/json.h"
#include "connector/connector.h"
#include "model/ctx.h"

struct channel_form {
    str settings, secrets; /* JSON objects, whole */
    bool has_secrets;      /* the change concerns secrets */
    bool has_token;        /* a new access token: what is known of its end is void */
    bool is_capture;
};
/* settings, secrets: as stored ("{}" for a new channel). change: an object, or NULL; null takes a
 * name away, an empty text leaves a setting out. is_authorising: tokens come later, so that they
 * are not missing. Where a required address changes, the stored secrets are dropped: another server
 * must not get them. E_INVALID naming "settings.<name>". */
err channel_form_merge(struct ctx *cx, const struct connector *c, str settings, str secrets,
    const struct json *change, bool is_authorising, struct channel_form *form);
/* Members of `more` (a JSON object, or empty) win; nulls take a name away. Empty when it would be
 * longer than max bytes. */
str channel_form_with(struct arena *a, str object, str more, ptrdiff_t max);
/* Whether settings (JSON) are of a channel by capture. */
bool channel_is_capture(struct arena *a, str settings);
/* Whether what a customer wrote is marked as read on the network when it is answered. */
bool channel_marks_read(struct arena *a, str settings);
/* The setting "marks_read", where the network has such marks; NULL = it has none. */
const struct connector_setting *channel_form_marks_read(const struct connector *c);
