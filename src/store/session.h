/* session: signed-in browsers. A door table: found by the hash of its cookie (store/door.h). Here:
 * opening, listing and ending them within an account. */
#pragma once
#include "model/access.h"
#include "model/ctx.h"

enum {
    SESSION_IDLE_MS = 14 * 24 * 3600 * 1000, /* ends when not used for two weeks */
    SESSION_TOUCH_MS = 5 * 60 * 1000,        /* last_seen is written at most this often */
};
#define SESSION_MOST_MS (INT64_C(90) * 24 * 3600 * 1000) /* and in any case after 90 days */
#define SESSION_KEEP_MS (INT64_C(30) * 24 * 3600 * 1000) /* its row is kept, expired */

/* Makes a session of cx->account; token (for the cookie) is made here and stored hashed. */
err session_open(struct ctx *cx, login_id login, agent_id agent, str ip, str user_agent,
    session_id *id, str *token);
/* A new token for this session: the old one is worthless from the commit on. The id stays, and with
 * it the CSRF token that open pages hold. */
err session_rotate(struct ctx *cx, session_id id, str *token);
/* The live sessions of the acting agent, newest first. */
err session_list(struct ctx *cx, struct session **rows, ptrdiff_t *n);
/* One of the acting agent's; E_NOT_FOUND. */
err session_end(struct ctx *cx, session_id id);
/* All of an agent's but `keep` ({0}: all). */
err session_end_all(struct ctx *cx, agent_id agent, session_id keep, int64_t *ended);
/* All of a login's in every account but `keep` (a new password). */
err session_end_login(struct ctx *cx, login_id login, session_id keep);
/* last_seen_ms = now, and the end moves on. */
err session_touch(struct ctx *cx, session_id id);
/* Removes at most `max` that expired SESSION_KEEP_MS ago, of all accounts; *removed says how many.
 * By upkeep. */
err session_forget(struct ctx *cx, ptrdiff_t max, int64_t *removed);
