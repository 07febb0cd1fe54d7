/* call: one telephone call, as the rooms share it. Members are named as their columns. Not here:
 * rules (care/call.h), SQL (store/call.h). Thread: values. */
#pragma once
#include "base/str.h"
#include "model/ids.h"

struct phone_call {
    call_id id;
    channel_id channel_id;
    str external_id; /* the network's name of it; empty = not known yet */
    contact_id contact_id;
    identity_id identity_id; /* of the other side on the channel */
    int64_t conversation_id; /* 0 = none yet */
    int64_t message_id;      /* its own message; 0 = none yet */
    str direction;           /* in out */
    str state;               /* ringing menu queued answered ended */
    str outcome;             /* answered missed voicemail message failed; empty = not known yet */
    str number;              /* of the other side; empty = hidden */
    str language;            /* that the caller chose; empty = none */
    int64_t agent_id;        /* takes it or made it; 0 = nobody */
    str agent_phone;         /* that rings for it */
    int64_t queue_position;  /* 0 = not known */
    int64_t started_ms;
    int64_t taken_ms; /* the agent's phone began to ring; 0 = nobody's does */
    int64_t answered_ms, ended_ms;
    int64_t talk_s;
    int64_t wrap_started_ms, wrap_ended_ms; /* after-call time of the agent; 0 = not */
    str note, error;
    str client_id;   /* of who made it */
    int64_t version; /* from 1, grows with every change */
    /* joined */
    str contact_name, agent_name;
};
