/* origin: which browser origins are ours, and the CSRF token of a session. Thread: pure. */
#pragma once
#include "model/ctx.h"

/* The origin of the configured base URL; when that is a loopback name, the other loopback names
 * with the same port too (localhost, 127.0.0.1, [::1] are one machine). */
bool origin_is_ours(const struct config *config, str origin);
/* HMAC of the session's id: stateless, ends with the session. */
str csrf_token(struct ctx *cx, session_id session);
/* "seva_session", or "__Host-seva_session" when the base URL is https. */
str session_cookie_name(const struct config *config);
