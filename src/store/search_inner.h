/* What search.c and search_find.c share: how an account's words look in the index. */
#pragma once
#include "db/db.h"

#define SEARCH_NO_WORD "\x01" /* stands where a position holds nothing */
#define SEARCH_EVERY   "\x03" /* every thing of the account holds it */
#define SEARCH_LONG    "\x02" /* PostgreSQL: not every position of this thing's words is known */

str search_mark(struct arena *a, enum db_kind db, int64_t account);
str search_word_cut(str word);
void search_lexeme(struct sb *b, str mark, str word);
