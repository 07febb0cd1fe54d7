/* plan: replies that go out later: until then they are held, as during the time for undoing, and
 * may be taken back or sent now. When the customer writes meanwhile a planned reply no longer fits
 * what was said last: it stays where it is, held without a time, until somebody takes it back; its
 * writer is told ("held_back"). Not here: writing one (reply.h). Thread: the caller's; inside its
 * WRITE transaction. */
#pragma once
#include "care/reply.h"

enum { PLAN_DAYS_MOST = 366 };

/* A new reply that is to go out at send_ms: held until then; a time that has passed by now (it was
 * written offline) changes nothing. E_INVALID names send_at. */
err plan_hold(struct ctx *cx, int64_t send_ms, struct message *m);
/* Its job. Planned ones wait in no line: what is written meanwhile goes out before them. */
err plan_send(struct ctx *cx, const struct message *m, str channel_kind);
/* A planned or undoable reply goes out at once. E_CONFLICT "too_late": it is on its way, or was
 * taken back; "held_back": the customer has written since. */
err plan_send_now(struct ctx *cx, message_id id, struct message *m);
/* The customers of these conversations have written. */
err plan_hold_back(struct ctx *cx, const struct conversation *const *rows, ptrdiff_t n);
