/* form_json: the JSON that a forwarder of mails posts: its texts may be as long as a mail, so no
 * tree is made of it (base/json.h). Nothing is copied to find them; time is linear in the body,
 * without recursion. What lies around a text is only looked at as far as it takes to find its end.
 * Bytes may be those of a mapped file (base/file_map.h). Not here: forms (form_field.h), what the
 * mail says. Source: RFC 8259. Thread: any. */
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
/* All of it, of at most max bytes, in UTF-8; *is_cut: it is longer. E_INVALID: no text of JSON. */
err form_json_text(struct arena *a, str value, ptrdiff_t max, str *text, bool *is_cut);

/* ── walking ── */

enum form_json_kind { FORM_JSON_TEXT, FORM_JSON_OBJECT, FORM_JSON_LIST, FORM_JSON_OTHER };
struct form_json_item {
    str name;  /* as it stands between its quotes; "" in a list */
    str value; /* of a text what stands between its quotes; else as written, with its brackets */
    enum form_json_kind kind; /* OTHER: null, a number, anything */
};
struct form_json_walk {
    str body;
    ptrdiff_t at; /* the bracket, or what follows the last value */
    bool is_list, has_begun;
};
/* Of an object or a list. E_INVALID: it is neither. */
err form_json_open(str body, struct form_json_walk *walk);
/* E_NOT_FOUND: that was the last. E_INVALID: it breaks off, or is no JSON. */
err form_json_next(struct form_json_walk *walk, struct form_json_item *item);

/* ── as a stream of bytes ── */

struct form_json_stream {
    str value, rest;
    ptrdiff_t passed;
    bool is_base64, is_padded;
    unsigned bits;
    int n_bits; /* of the last group, not yet a byte */
};
/* The text from its beginning, as it is or as the bytes that it says in base64 (or base64url, with
 * or without padding, blanks between). */
void form_json_stream(struct form_json_stream *s, str value, bool is_base64);
/* At most `room` (at least FORM_JSON_LETTER_BYTES) bytes; 0 = the end. E_INVALID: no base64, or no
 * text of JSON. */
err form_json_read(struct form_json_stream *s, char *to, ptrdiff_t room, ptrdiff_t *got);
