/* view_call: see view_call.h. */
#include "model/view_call.h"

const char *const call_direction_words[] = {"in", "out", NULL};
const char *const call_state_words[] = {"ringing", "menu", "queued", "answered", "ended", NULL};
const char *const call_outcome_words[] = {
    "answered", "missed", "voicemail", "message", "failed", NULL};

static const struct shape_field call_fields[] = {
    SHOWN("id", SHAPE_ID, 0, NULL),
    SHOWN("channel_id", SHAPE_ID, 0, NULL),
    SHOWN("contact_id", SHAPE_ID, 0, NULL),
    SHOWN("contact_name", SHAPE_TEXT, 0, "may be empty"),
    SHOWN("conversation_id", SHAPE_ID, SHAPE_NULL, "null: it belongs to none (yet)"),
    SHOWN("message_id", SHAPE_ID, SHAPE_NULL, "the call in the conversation's timeline"),
    SHOWN_WORD("direction", 0, call_direction_words, NULL),
    SHOWN_WORD("state", 0, call_state_words, "queued: waits for somebody to take it"),
    SHOWN_WORD("outcome", SHAPE_NULL, call_outcome_words,
        "message: the caller goes on in writing; null: not known yet"),
    SHOWN("number", SHAPE_TEXT, 0, "the other side's; empty: hidden"),
    SHOWN("agent_id", SHAPE_ID, SHAPE_NULL, "takes it or made it"),
    SHOWN("agent_name", SHAPE_TEXT, SHAPE_NULL, NULL),
    SHOWN("queue_position", SHAPE_INT, SHAPE_NULL, "from 1; null: not known"),
    SHOWN("started_at", SHAPE_TIME, 0, NULL),
    SHOWN("answered_at", SHAPE_TIME, SHAPE_NULL, "by the agent (in), by the customer (out)"),
    SHOWN("ended_at", SHAPE_TIME, SHAPE_NULL, NULL),
    SHOWN("talk_s", SHAPE_INT, 0, "seconds; 0: nobody has talked, or it goes on"),
    SHOWN("wait_s", SHAPE_INT, 0, "seconds from the beginning to the answer, or to the end"),
    SHOWN("wrap_started_at", SHAPE_TIME, SHAPE_NULL, "the agent's time after the call"),
    SHOWN("wrap_ended_at", SHAPE_TIME, SHAPE_NULL, NULL),
    SHOWN("wrap_s", SHAPE_INT, 0, "seconds of it; 0: none, or it goes on"),
    SHOWN("note", SHAPE_TEXT, SHAPE_NULL, "what the agent wrote after it"),
    SHOWN("error", SHAPE_TEXT, SHAPE_NULL, "what went wrong, in words"),
    SHOWN("version", SHAPE_INT, 0, "grows with every change: the higher is the newer"),
};
const struct shape call_shape = SHAPE("Call", NULL, call_fields, "A telephone call.");

static int64_t seconds(int64_t from_ms, int64_t to_ms)
{
    return from_ms && to_ms > from_ms ? (to_ms - from_ms) / 1000 : 0;
}

static void put_times(struct json_out *j, const struct phone_call *c)
{
    json_kv_time(j, S("started_at"), c->started_ms);
    json_kv_time(j, S("answered_at"), c->answered_ms);
    json_kv_time(j, S("ended_at"), c->ended_ms);
    json_kv_int(j, S("talk_s"), c->talk_s);
    json_kv_int(
        j, S("wait_s"), seconds(c->started_ms, c->answered_ms ? c->answered_ms : c->ended_ms));
    json_kv_time(j, S("wrap_started_at"), c->wrap_started_ms);
    json_kv_time(j, S("wrap_ended_at"), c->wrap_ended_ms);
    json_kv_int(j, S("wrap_s"), seconds(c->wrap_started_ms, c->wrap_ended_ms));
}

void phone_call_view(struct json_out *j, const struct phone_call *c)
{
    json_obj(j);
    json_kv_id(j, S("id"), c->id.v);
    json_kv_id(j, S("channel_id"), c->channel_id.v);
    json_kv_id(j, S("contact_id"), c->contact_id.v);
    json_kv_str(j, S("contact_name"), c->contact_name);
    json_kv_id(j, S("conversation_id"), c->conversation_id);
    json_kv_id(j, S("message_id"), c->message_id);
    json_kv_str(j, S("direction"), c->direction);
    json_kv_str(j, S("state"), c->state);
    json_kv_text(j, S("outcome"), c->outcome);
    json_kv_str(j, S("number"), c->number);
    json_kv_id(j, S("agent_id"), c->agent_id);
    json_kv_text(j, S("agent_name"), c->agent_name);
    json_key(j, S("queue_position"));
    if (c->queue_position)
        json_put_int(j, c->queue_position);
    else
        json_put_null(j);
    put_times(j, c);
    json_kv_text(j, S("note"), c->note);
    json_kv_text(j, S("error"), c->error);
    json_kv_int(j, S("version"), c->version);
    json_obj_end(j);
}
