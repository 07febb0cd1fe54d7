/* See view_job.h. Thread: pure. */
#include "model/view_job.h"

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
