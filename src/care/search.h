/* search: what somebody looks for, over messages, contacts and tags: candidates from the index
 * (store/search.h), newest first; of those what the query and its conditions really hold, and what
 * the actor may see; the best first, or the newest. Everything that decides what is shown, and in
 * which order, is computed here, so that it is the same on both databases. Thread: the caller's;
 * inside its transaction. */
#pragma once
#include "model/ctx.h"
#include "store/search.h"
#include "store/tag.h"
#include "text/search_match.h"

enum {
    SEARCH_RANKED = 1000,      /* of the newest matches the best are sought */
    SEARCH_LOOKED = 20 * 1000, /* candidates that are looked at for them */
    SEARCH_SIGNS = 160,        /* of a text are shown */
};

struct search_ask {
    str q;
    bool is_typing, by_time;
    bool messages, contacts, tags;
    int64_t zone_ms; /* of the reader's clock */
    bool is_after;   /* behind this place: what the last page ended with */
    int64_t after_score, after_id;
    ptrdiff_t limit;
};
enum search_hit_kind { SEARCH_HIT_CONTACT, SEARCH_HIT_TAG, SEARCH_HIT_MESSAGE }; /* their order */
struct search_hit {
    enum search_hit_kind kind;
    const char *field; /* text subject note attachment; name handle address phone */
    int64_t score, id; /* its place in the order */
    str shown;         /* the whole text that the pieces are of */
    const struct search_piece *pieces;
    ptrdiff_t n_pieces;
    const struct search_message *message;
    const struct search_contact *contact;
    const struct tag *tag;
};
struct search_answer {
    struct search_hit *hits;
    ptrdiff_t n;
    bool has_more;
    bool is_limited;  /* there may be more than were looked at */
    bool is_building; /* what was written before is still being indexed */
};
/* Contacts and tags stand on the first page, before the messages. E_INVALID naming q. */
err search_find(struct ctx *cx, const struct search_ask *ask, struct search_answer *answer);

/* ── as a filter of lists ── */

/* What q finds, without an order: lists have their own. The last word may go on. E_INVALID naming
 * q. The walk lives in the arena. */
struct search_walk;
err search_walk_begin(struct ctx *cx, str q, struct search_walk **walk);
/* The newest contacts that match, at most SEARCH_RANKED. */
err search_walk_contacts(struct search_walk *w, int64_t **contacts, ptrdiff_t *n);
/* Conversations that the actor may see with a message that matches, of the next candidates, newest
 * first; each is given once. *is_end: that were all, or SEARCH_LOOKED were looked at. */
err search_walk_next(struct search_walk *w, int64_t **conversations, ptrdiff_t *n, bool *is_end);
