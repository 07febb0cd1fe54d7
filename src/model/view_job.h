/* view_job: the public JSON of jobs and of deliveries in quarantine (API "Webhooks, jobs,
 * quarantine"). Fields are only ever added. Thread: pure. */
#pragma once
#include "base/json.h"
#include "model/job.h"
#include "model/shape.h"

extern const struct shape job_shape, quarantine_shape;
extern const char *const job_state_words[]; /* NULL-terminated */

void job_view(struct json_out *j, const struct job_item *job);
void quarantine_view(struct json_out *j, const struct inbox_item *item);
