/* JSON in (one strict pass that makes a tree in an arena) and JSON out (append-only writer).
 *
 * In: RFC 8259 only (no comments, no NaN, no trailing bytes, no single quotes, valid UTF-8 incl.
 * escapes: lone surrogates refused), duplicate keys refused, depth ≤ LIMIT_JSON_DEPTH. A fault
 * names where: "at byte 17: …" (a repeated key: only that there is one). Numbers keep their text;
 * integers outside int64 are JSON_NUMBER with is_int = false. \u0000 becomes U+FFFD in a text (no
 * text of ours may hold NUL) and is refused in a key.
 * Thread: any. */
#pragma once
#include "base/str.h"

enum json_kind { JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

struct json {
    enum json_kind kind;
    bool boolean;
    bool is_int;
    int64_t integer; /* when is_int */
    double number;
    str text;                 /* STRING: decoded; NUMBER: as written */
    str key;                  /* this node's key in its object, else empty */
    const struct json *first; /* children of ARRAY and OBJECT, in order */
    const struct json *next;
    ptrdiff_t count; /* children */
};

/* why: words for the sender when E_INVALID (in the arena); E_LIMIT when too deep; the
 * end of memory leaves by the arena's escape, without one it is E_BUSY. The tree holds nothing of
 * `text`. */
err json_parse(struct arena *a, str text, const struct json **root, str *why);
/* NULL-safe look-ups: NULL when v is no object or has no such key. */
const struct json *json_get(const struct json *v, str key);
/* "a.b.0.c"; NULL when any step is missing. */
const struct json *json_path(const struct json *v, str path);
/* Text of a string or number (ids may be either), else `otherwise`. */
str json_text(const struct json *v, str otherwise);
int64_t json_int(const struct json *v, int64_t otherwise);
bool json_bool(const struct json *v, bool otherwise);

/* The writer puts commas and escapes; keys are not checked for repetition. Failure sticks in the
 * builder (sb.failed). Output is valid UTF-8 when the strings are (repair first otherwise); '<',
 * '>', '&', U+2028 and U+2029 are escaped so that the text is safe inside HTML. */
struct json_out {
    struct sb b;
    bool needs_comma;
};
struct json_out json_out_make(struct arena *a, ptrdiff_t max);
void json_obj(struct json_out *j);
void json_obj_end(struct json_out *j);
void json_arr(struct json_out *j);
void json_arr_end(struct json_out *j);
void json_key(struct json_out *j, str key);
void json_put_str(struct json_out *j, str s);
void json_put_int(struct json_out *j, int64_t v);
void json_put_id(struct json_out *j, int64_t v); /* as a string; 0 = null */
void json_put_bool(struct json_out *j, bool v);
void json_put_double(struct json_out *j, double v); /* shortest form that reads back; NaN = null */
void json_put_null(struct json_out *j);
void json_put_time(struct json_out *j, int64_t ms); /* "2026-01-01T00:00:00.000Z"; 0 = null */
void json_put_raw(struct json_out *j, str json);    /* already JSON; empty = null */
void json_put_tree(struct json_out *j, const struct json *v);
/* key + value in one call */
void json_kv_str(struct json_out *j, str key, str v);
void json_kv_text(struct json_out *j, str key, str v); /* empty = null */
void json_kv_int(struct json_out *j, str key, int64_t v);
void json_kv_id(struct json_out *j, str key, int64_t v);
void json_kv_bool(struct json_out *j, str key, bool v);
void json_kv_time(struct json_out *j, str key, int64_t ms);
void json_kv_raw(struct json_out *j, str key, str json);
/* Empty when memory or the maximum ended: half a text is none. */
str json_str(const struct json_out *j);
