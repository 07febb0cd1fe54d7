/* See view_job.h. Thread: pure. */
#include "model/view_job.h"

const char *const job_state_words[] = {"queued", "running", "dead", NULL};

static const struct shape_field job_fields[] = {
    SHOWN("id", SHAPE_ID, 0, NULL),
    SHOWN("kind", SHAPE_TEXT, 0, "deliver, thumbnail …"),
    SHOWN_WORD("state", 0, job_state_words, "dead: given up; waits for somebody to look"),
    SHOWN("attempts", SHAPE_INT, 0, NULL),
    SHOWN("last_error", SHAPE_TEXT, SHAPE_NULL, NULL),
    SHOWN("run_at", SHAPE_TIME, 0, "not before"),
    SHOWN("created_at", SHAPE_TIME, 0, NULL),
    SHOWN("subject", SHAPE_TEXT, 0, "id of what it works on"),
};
const struct shape job_shape = SHAPE("Job", NULL, job_fields, "Work without a request.");

void job_view(struct json_out *j, const struct job_item *job)
{
    json_obj(j);
    json_kv_id(j, S("id"), job->id.v);
    json_kv_str(j, S("kind"), job->kind);
    json_kv_str(j, S("state"), job->state);
    json_kv_int(j, S("attempts"), job->attempts);
    json_kv_text(j, S("last_error"), job->last_error);
    json_kv_time(j, S("run_at"), job->run_ms);
    json_kv_time(j, S("created_at"), job->created_ms);
    json_kv_str(j, S("subject"), job->key);
    json_obj_end(j);
}

static const struct shape_field quarantine_fields[] = {
    SHOWN("id", SHAPE_ID, 0, NULL),
    SHOWN("channel_id", SHAPE_ID, SHAPE_NULL, NULL),
    SHOWN("reason", SHAPE_TEXT, SHAPE_NULL, "why it was not understood"),
    SHOWN("received_at", SHAPE_TIME, 0, NULL),
    SHOWN("size", SHAPE_INT, 0, "bytes"),
    SHOWN("content_type", SHAPE_TEXT, SHAPE_NULL, NULL),
    SHOWN("attempts", SHAPE_INT, 0, NULL),
};
const struct shape quarantine_shape = SHAPE(
    "QuarantineItem", NULL, quarantine_fields, "Something received that could not be understood.");

void quarantine_view(struct json_out *j, const struct inbox_item *item)
{
    json_obj(j);
    json_kv_id(j, S("id"), item->id.v);
    json_kv_id(j, S("channel_id"), item->channel_id.v);
    json_kv_text(j, S("reason"), item->reason);
    json_kv_time(j, S("received_at"), item->received_ms);
    json_kv_int(j, S("size"), item->size_bytes);
    json_kv_text(j, S("content_type"), item->content_type);
    json_kv_int(j, S("attempts"), item->attempts);
    json_obj_end(j);
}
