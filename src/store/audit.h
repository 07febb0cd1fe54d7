/* The append-only audit log: who did what to what, without message text. Rows are hash-chained by
 * one job per account, never in the request. */
#pragma once
#include "model/ctx.h"

/* action: "agent.invited", "session.opened" …; detail: JSON object or empty. */
err audit_add(struct ctx *cx, str action, str subject_type, int64_t subject_id, str detail);
