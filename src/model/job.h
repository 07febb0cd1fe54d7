/* job: what people see of jobs and of the quarantine. Members are named as the columns. Not here:
 * SQL (store/job.h, store/inbox.h). Thread: values. */
#pragma once
#include "base/str.h"
#include "model/ids.h"

struct job_item {
    job_id id;
    str kind, key, state;
    int64_t attempts, run_ms, created_ms;
    str last_error;
};

/* A delivery in quarantine. */
struct inbox_item {
    inbox_id id;
    channel_id channel_id;
    int64_t received_ms;
    int64_t attempts;
    int64_t size_bytes;
    str content_type;
    str reason;
};
