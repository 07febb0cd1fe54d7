/* openapi_schema: JSON Schema (2020-12, as OpenAPI 3.1 has it) of declared inputs and shapes.
 * Thread: pure. */
#pragma once
#include "api/route.h"
#include "base/json.h"

/* One declared field of a body or query. */
void schema_put_input_field(struct json_out *j, const struct input_field *f);
/* A body: names that are not declared are refused. */
void schema_put_input(struct json_out *j, const struct input_spec *spec);
/* An answer: clients let unknown names pass, as fields are added over time. */
void schema_put_shape(struct json_out *j, const struct shape *shape);
/* A page of them. */
void schema_put_list(struct json_out *j, const struct shape *of);
/* {"$ref": …} of a schema by name. */
void schema_put_ref(struct json_out *j, const char *name);
