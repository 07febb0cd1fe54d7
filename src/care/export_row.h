/* export_row: a row of store/export.h as a line of JSON. A column is a member of its name: x_id and
 * id are texts, x_ms becomes the time x_at (at_ms: at, x_until_ms: x_until), x_json is JSON
 * already, bytes become x_base64. What is empty, and 0 as id or time, is left out. Thread: any. */
#pragma once
#include "base/json.h"
#include "store/export.h"

void export_row(struct json_out *j, const struct export_kind *kind, const char *row);
