/* view_export: an export as people see it. Thread: pure. */
#pragma once
#include "base/json.h"
#include "model/export.h"
#include "model/shape.h"

extern const char *const export_what_words[];
extern const struct shape export_shape;
void export_view(struct json_out *j, const struct data_export *e);
