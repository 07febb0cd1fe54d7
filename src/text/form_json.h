/* form_json: one text of a JSON object that a forwarder of mails posts: it may be as long as a
 * mail, so no tree is made of it (base/json.h). Nothing is copied to find it; time is linear in the
 * body, without recursion. What lies around the text is only looked at as far as it takes to find
 * its end. Not here: forms (form_field.h), what the mail says. Source: RFC 8259. Thread: any. */
#pragma once
#include "base/str.h"

enum { FORM_JSON_LETTER_BYTES = 4 }; /* the longest letter that one escape makes */

/* Is this JSON, by its Content-Type? */
bool form_json_is(str content_type);
/* The first member of the outermost object with one of these names (ended by NULL; compared as
 * written) whose value is a text: as it stands between its quotes. E_NOT_FOUND: none is, or this is
 * no object, or it breaks off before. */
err form_json_find(str body, const char *const *names, str *value);
/* Decodes what of `value` fits into `room` bytes (at least FORM_JSON_LETTER_BYTES): *taken of value
 * have become *n bytes at `to`. Bytes beyond ASCII stay as they are. E_INVALID: no text of JSON. */
err form_json_decode(str value, char *to, ptrdiff_t room, ptrdiff_t *taken, ptrdiff_t *n);
