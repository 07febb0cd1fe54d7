/* UTF-8: validation at the door, counting, cutting where a person would not notice.
 * Rules: Unicode 15, RFC 3629. Thread: pure. */
#pragma once
#include "base/str.h"

bool utf8_valid(str s);          /* no overlongs, no surrogates, ≤ U+10FFFF; NUL is refused */
ptrdiff_t utf8_valid_len(str s); /* bytes before the first bad sequence or NUL; s.len if none */
/* The code point at byte `at` (< s.len) and its length; for a bad sequence minus the length of its
 * maximal part. */
ptrdiff_t utf8_decode(str s, ptrdiff_t at, uint32_t *code_point);
/* A copy with each bad sequence (and each NUL) replaced by U+FFFD; s itself when it is valid. */
str utf8_repair(struct arena *a, str s);
ptrdiff_t utf8_code_points(str s);
ptrdiff_t utf8_utf16_units(str s);
ptrdiff_t utf8_graphemes(str s); /* ICU extended grapheme clusters */
/* The longest prefix of at most max_graphemes, cut between graphemes. */
str utf8_prefix(str s, ptrdiff_t max_graphemes);
/* The longest prefix of at most max_bytes that does not split a code point. */
str utf8_prefix_bytes(str s, ptrdiff_t max_bytes);
/* One line for a preview: runs of white space and controls become one space, at most
 * max_graphemes, "…" when cut. */
str utf8_preview(struct arena *a, str s, ptrdiff_t max_graphemes);
/* True when s holds a control character other than TAB, LF, CR, or a bidi override/isolate
 * (U+202A–202E, U+2066–2069): refused in names and file names. */
bool utf8_has_control(str s);
/* A file name fit to show and to put into Content-Disposition: path parts, controls, bidi and
 * zero-width characters removed, NFC, at most 120 graphemes / 200 bytes, the ending kept; never
 * empty ("file"). */
str utf8_file_name(struct arena *a, str s);
/* NFKC case fold, for comparing handles and mail addresses. */
str utf8_fold(struct arena *a, str s);
/* Collation key order for people's names in a locale ("" = root). Returns <0, 0, >0. */
int utf8_collate(str locale, str x, str y);
