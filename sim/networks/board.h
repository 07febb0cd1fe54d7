/* What stands below posts in the simulated networks that have comments or reviews: a list per
 * account, newest first, found by id. Bounded: the oldest go. Thread: under the network's lock. */
#pragma once
#include "base/map.h"
#include "network.h"

enum { BOARD_ENTRIES = 20000, BOARD_ID = 160, BOARD_NAME = 200 };

struct board_entry {
    struct board_entry *older, *newer;
    char id[BOARD_ID], parent[BOARD_ID], post[BOARD_ID];
    char author[BOARD_ID], name[BOARD_NAME], handle[BOARD_NAME];
    char *text; /* board_text */
    ptrdiff_t text_len;
    int64_t made_ms, changed_ms;
    int stars; /* reviews */
    bool is_ours, is_hidden, is_private;
};
struct board {
    struct board_entry *newest, *oldest;
    struct map by_id;
    ptrdiff_t count;
};

struct board_entry *board_add(struct board *b, str id, str text, int64_t now_ms);
/* Of an account that takes any: the entry is made when it is not there. */
struct board_entry *board_find_any(struct sim_call *c, str id);
struct board_entry *board_find(const struct board *b, str id); /* NULL: not there */
void board_text(struct board_entry *e, str text, int64_t now_ms);
str board_text_of(const struct board_entry *e);
void board_drop(struct board *b, struct board_entry *e); /* and what stands below it */
void board_clear(struct board *b);
/* How many stand below an id. */
ptrdiff_t board_below(const struct board *b, str parent);
/* For account_open and account_close: account->data is the board. */
void board_open(struct sim *sim, struct sim_account *account);
void board_close(struct sim *sim, struct sim_account *account);
/* Who writes and what: the say's members, or made up. */
void board_said(struct board_entry *e, const struct sim_say *say);
