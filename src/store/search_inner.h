/* What search.c, search_find.c and search_postgres.c share: how an account's words look in the
 * index, and a look into it. */
#pragma once
#include "store/search.h"

#define SEARCH_NO_WORD "\x01" /* stands where a position holds nothing */
#define SEARCH_EVERY   "\x03" /* every thing of the account holds it */
#define SEARCH_LONG    "\x02" /* PostgreSQL: not every position of this thing's words is known */

str search_mark(struct arena *a, enum db_kind db, int64_t account);
str search_word_cut(str word);

/* ── PostgreSQL ── */

enum { SEARCH_POSTGRES_FORM = 1 }; /* of what stands in `words`; another one is made anew */

str search_mark_short(struct arena *a, int64_t account);
/* 'mark and word', as tsvector and tsquery read it. */
void search_lexeme(struct sb *b, str mark, str word);
/* Two words one behind the other, as one of their own: of a phrase of common words most pairs are
 * rare. It is a hash with the account in it: what is found is looked at again. */
str search_pair(struct arena *a, int64_t account, str first, str second);
/* When a thing was made, at every length of time that is asked for: so a look can be held to what
 * is new. */
void search_put_ages(struct sb *b, struct arena *a, int64_t account, int64_t thing_id);

/* ── a look ── */

struct search_look {
    struct ctx *cx;
    enum search_kind kind;
    const struct search_asked *asked;
    int64_t from, before; /* what is left to look at */
    ptrdiff_t limit;
    int64_t *ids;
    ptrdiff_t n;
};
bool search_has_own(const struct search_asked *asked); /* a clause that is not excluded */
/* ?1 account, ?2 question, ?3 from, ?4 before, ?5 how many are missing, ?6 = more. */
err search_look_add(struct search_look *l, str sql, str question, int64_t more, ptrdiff_t *found);
/* The same will be asked, with the same arguments: it may fly with what is asked before (db_ahead).
 */
void search_look_ahead(struct search_look *l, str sql, str question, int64_t more);
err search_look_postgres(struct search_look *l);
