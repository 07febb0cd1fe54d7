/* view_job: the public JSON of jobs and of deliveries in quarantine (API "Webhooks, jobs,
 * quarantine"). Fields are only ever added. Thread: pure. */
#pragma once
#include "base/json.h"
#include "model/job.h"

void job_view(struct json_out *j, const struct job_item *job);
void quarantine_view(struct json_out *j, const struct inbox_item *item);
