/* openapi: the API's description, printed from the route table: OpenAPI 3.1 as JSON, and a plain
 * list. Thread: pure. */
#pragma once
#include "api/route.h"

str openapi_text(struct arena *a);
/* One line per route: method, path, who, capability. */
str openapi_list(struct arena *a);
