/* view_attachment: the public JSON of an attachment (API "Attachment"), with the agents' address;
 * view_message.h gives visitors theirs. Fields are only ever added. Thread: pure. */
#pragma once
#include "base/json.h"
#include "model/attachment.h"
#include "model/shape.h"

extern const struct shape attachment_shape;

/* is_for_visitor: the addresses below /widget/v1. */
void attachment_view(struct json_out *j, const struct attachment *at, bool is_for_visitor);
