/* str: a slice of bytes, by convention valid UTF-8, not terminated. Copy it by value; it owns
 * nothing and lives as long as what it points into. `char *` appears only at library edges.
 * Thread: pure functions. */
#pragma once
#include "base/arena.h"
#include "base/err.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
    const char *at;
    ptrdiff_t len;
} str;

#define S(literal) ((str){("" literal), (ptrdiff_t)sizeof(literal) - 1})
/* For static initialisers. */
#define S_INIT(literal)                                                                            \
    {                                                                                              \
        ("" literal), (ptrdiff_t)sizeof(literal) - 1                                               \
    }
/* printf("%.*s", SARG(s)) */
#define SARG(s) (int)(s).len, (s).at

str str_from(const char *z); /* NULL gives the empty str */
str str_of(const void *at, ptrdiff_t len);
bool str_eq(str a, str b);
bool str_eq_nocase(str a, str b); /* ASCII case only */
int str_cmp(str a, str b);        /* byte order; <0, 0, >0 */
bool str_starts(str s, str prefix);
bool str_ends(str s, str suffix);
ptrdiff_t str_find(str s, str needle);             /* -1 when absent */
ptrdiff_t str_find_byte(str s, char c);            /* -1 when absent */
str str_sub(str s, ptrdiff_t from, ptrdiff_t len); /* clamped to s */
str str_skip(str s, ptrdiff_t n);                  /* clamped */
str str_trim(str s);                               /* ASCII space, tab, CR, LF at both ends */
/* Splits at the first `sep`: head before, *rest after; no sep: head = s, *rest empty, false. */
bool str_cut(str s, char sep, str *head, str *rest);
int str_hex_digit(char c);      /* its value, either case; −1 = it is none */
bool str_is_ascii_token(str s); /* RFC 9110 token, at least one character */
uint64_t str_hash(str s);       /* seeded per process; not for storage */

str str_copy(struct arena *a, str s);
char *str_z(struct arena *a, str s); /* terminated copy for library edges */
str str_cat(struct arena *a, str x, str y);
str str_lower_ascii(struct arena *a, str s);
/* Each run of ASCII white space and controls is one space, also at the ends. */
str str_one_line(struct arena *a, str s);
[[gnu::format(printf, 2, 3)]] str str_print(struct arena *a, const char *format, ...);
[[gnu::format(printf, 2, 0)]] str str_vprint(struct arena *a, const char *format, va_list args);

/* Decimal only, whole string, no sign for unsigned use (min ≥ 0), range checked: E_INVALID. */
err str_int(str s, int64_t min, int64_t max, int64_t *value);

/* v in decimal, at the end of `to`. */
enum { STR_INT_BYTES = 20 };
str str_int_to(char to[STR_INT_BYTES], int64_t v);

/* A growing text with a maximum. Failure sticks: append freely, ask once at the end. */
struct sb {
    struct arena *a;
    char *at;
    ptrdiff_t len, cap, max;
    bool failed; /* the maximum was reached; len stays at the last good append */
    bool stays;  /* the end of memory is `failed` too: for code that a C library calls */
};
/* max 0: what the arena allows. The end of memory leaves by the arena's escape, if it has one, as
 * arena_alloc does: what is too long for its maximum is somebody's fault, memory that ends is not.
 */
struct sb sb_make(struct arena *a, ptrdiff_t max);
/* Room for n more bytes to be written in place (then add to b->len), or NULL and failed. */
char *sb_space(struct sb *b, ptrdiff_t n);
void sb_add(struct sb *b, str s);
void sb_byte(struct sb *b, char c);
void sb_int(struct sb *b, int64_t v);
[[gnu::format(printf, 2, 3)]] void sb_print(struct sb *b, const char *format, ...);
str sb_str(const struct sb *b);

/* A list of slices. */
struct str_list {
    str *at;
    ptrdiff_t len;
};
