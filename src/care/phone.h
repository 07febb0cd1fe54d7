/* phone: the rules of telephone calls: the call's row follows what the network tells (phone.c), and
 * what agents do with calls goes there as jobs (phone_act.c). Not here: the menu (text/ivr.h), the
 * messages that callers leave (inbound.h), what is written to them afterwards (call.h), SQL
 * (store/call.h). Rules: docs/product.md CH-6.
 *
 * States go forward only: ringing, menu and queued as the caller moves, answered, ended; news that
 * come late change nothing of what is known already. An answered call has its message, "in" or
 * "out", and does not leave the conversation waiting. After-call time begins when an agent's
 * answered call ends, and ends by the agent, or by the channel's "wrap_up_s".
 * Thread: the caller's; inside its WRITE transaction. */
#pragma once
#include "connector/connector.h"
#include "model/call.h"
#include "model/ctx.h"

/* ── news of a network (as the system) ── */

/* An ITEM_CALL. A call that is not here yet is made when the item says who is on the other end. */
err phone_news(struct ctx *cx, channel_id channel, const struct connector_item *it);
/* The after-call time of this call has lasted long enough (job "wrap_up"). */
err phone_wrap_over(struct ctx *cx, call_id id);

/* ── acts of agents ── */

struct phone_start {
    channel_id channel;
    contact_id contact;           /* {0}: found or made by the number */
    conversation_id conversation; /* in which the call is to stand; {0} = the person's own there */
    str number;                   /* empty = the contact's */
    str client_id;                /* the same again gives the same call; empty = none */
};
/* Rings the agent's own phone, then the number. E_INVALID naming the field; E_CONFLICT "phone": the
 * agent has none. */
err phone_start(
    struct ctx *cx, const struct phone_start *start, struct phone_call *c, bool *is_repeat);
/* Takes a caller out of the queue. E_CONFLICT "taken", "not_waiting", "phone". */
err phone_take(struct ctx *cx, call_id id, struct phone_call *c);
/* E_CONFLICT "ended". */
err phone_hang_up(struct ctx *cx, call_id id, struct phone_call *c);
/* The agent is done after a call; the note goes into the conversation. E_CONFLICT "wrap_up": the
 * call has no after-call time that goes on; E_FORBIDDEN: it is somebody else's. */
err phone_wrap_up(struct ctx *cx, call_id id, str note, struct phone_call *c);
/* "+15550001111" out of what people write ("+1 (555) 000-1111"), or a SIP address; empty: it is
 * neither. */
str phone_number(struct arena *a, str written);

/* ── the job ("call", payload {kind}) ── */

enum {
    PHONE_PATIENCE_MS = 60 * 1000,   /* nobody wants a phone to ring later than that */
    PHONE_LOOK_MS = 15 * 60 * 1000,  /* a call whose end was not told is asked about so often */
    PHONE_DOUBT_MS = 2 * 60 * 1000,  /* the same when nobody knows whether it was made */
    PHONE_DAY_MS = 24 * 3600 * 1000, /* no call is longer */
};
struct phone_work {
    const struct connector *connector;
    struct connector_setup setup;
    struct connector_call call; /* but for setup and now_ms */
    channel_id channel;
};
/* E_NOT_FOUND: call or channel has gone; E_CONFLICT: it is not wanted any more. */
err phone_work_take(struct ctx *cx, call_id id, str payload, struct phone_work *work);
err phone_work_done(
    struct ctx *cx, call_id id, enum connector_call_kind kind, const struct connector_called *said);
/* It was not done, and will not be. */
err phone_work_failed(struct ctx *cx, call_id id, enum connector_call_kind kind, str why);

/* ── shared by the two files ── */

/* Plans an act. */
err phone_plan(struct ctx *cx, const struct phone_call *c, enum connector_call_kind kind);
/* Plans to ask the network whether the call is still there, so that it ends although its end was
 * never told; networks that cannot be asked have a day. */
err phone_plan_look(struct ctx *cx, const struct phone_call *c, const struct connector *network);
/* Writes the row and tells: call.created or call.updated. */
err phone_tell(struct ctx *cx, const struct phone_call *c, str type);
err phone_write(struct ctx *cx, struct phone_call *c);
/* After-call time is over: writes and tells. */
err phone_wrap_end(struct ctx *cx, struct phone_call *c);
/* The call has ended: outcome, talk, after-call time; writes and tells. outcome empty = by what is
 * known. */
err phone_end(struct ctx *cx, struct phone_call *c, str outcome, str error);
