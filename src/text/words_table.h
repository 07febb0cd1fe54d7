/* words_table: the shape of the generated table of the server's sentences (tools/server_words.py).
 * Only words.c and the table itself include this. Thread: constant data. */
#pragma once
#include "base/str.h"

enum words_part_kind {
    WORDS_PART_LITERAL,
    WORDS_PART_TEXT,
    WORDS_PART_NUMBER,
    WORDS_PART_DATE,
    WORDS_PART_TIME,
};
enum words_style { WORDS_STYLE_SHORT, WORDS_STYLE_MEDIUM, WORDS_STYLE_LONG, WORDS_STYLE_FULL };

struct words_part {
    enum words_part_kind kind;
    enum words_style style; /* of DATE and TIME */
    str text;               /* LITERAL: the words; else the argument's name */
};
struct words_row {
    str key;
    ptrdiff_t first, count; /* in the table's parts */
};
struct words_table {
    str locale;
    bool is_rtl;
    const struct words_row *rows; /* words_row_count, sorted by key in byte order */
    const struct words_part *parts;
};
extern const struct words_table words_tables[];
extern const ptrdiff_t words_table_count;
extern const ptrdiff_t words_row_count;
