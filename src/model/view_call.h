/* view_call: the public JSON of a telephone call (API "Calls"). Fields are only ever added.
 * Thread: pure. */
#pragma once
#include "base/json.h"
#include "model/call.h"
#include "model/shape.h"

extern const struct shape call_shape;
/* NULL-terminated, for declared inputs. */
extern const char *const call_direction_words[], *const call_state_words[],
                                                     *const call_outcome_words[];

void phone_call_view(struct json_out *j, const struct phone_call *c);
