/* channel_settings: what a channel's settings may hold, per kind: unknown names are refused, values
 * checked, a change merged into what is there. Thread: the request's; in
 * its transaction. */
#pragma once
#include "api/route.h"

struct json;
/* before: JSON object text ("{}" for a new channel). change: the object given, or NULL. after: the
 * settings to store. */
err channel_settings_merge(
    struct ctx *cx, str kind, str before, const struct json *change, str *after);
/* ["en","bn"]: BCP 47 tags by form. */
err channel_languages(struct ctx *cx, const struct str_list *tags, str *json);
