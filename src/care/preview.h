/* preview: the one line that a list shows of a message. Thread: pure. */
#pragma once
#include "base/str.h"

/* The text in one line, or the name of the first attachment, or what the first part is. */
str message_preview(struct arena *a, str text, str attachments, str parts);
/* Of a message that came in. A mail without words has its subject for a text: its first file stands
 * behind that. subject: "" for what is no mail. */
str arrival_preview(struct arena *a, str text, str subject, str attachments, str parts);
