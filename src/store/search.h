/* search: the index of words and the queue of what is to be indexed. What a word is comes from
 * text/search_words.h, through care/search_index.h; here is how words are stored and looked up.
 * Every word carries its account, so one account's hits are never read for another. SQLite: FTS5
 * tables that keep their words (what was indexed is always known, whatever the rules for words were
 * then); PostgreSQL: a tsvector with a GIN index. Not here: what somebody may see, what is best
 * (care/search.h). Thread: the transaction's. */
#pragma once
#include "db/db.h"
#include "model/ctx.h"

enum search_kind { SEARCH_MESSAGE, SEARCH_CONTACT };

/* ── the queue ── */

/* The thing's text has changed: it is indexed anew, or leaves the index, soon after the commit. In
 * the transaction of the change. */
err search_changed_many(struct ctx *cx, enum search_kind kind, const int64_t *ids, ptrdiff_t n);
err search_changed(struct ctx *cx, enum search_kind kind, int64_t id);

struct search_due {
    int64_t thing_id, version;
};
/* An account behind `after` for which something waits; {0} = none. Across accounts. */
err search_due_account(struct ctx *cx, account_id after, account_id *account);
/* Of `of` that write beside each other this is the number `at`, from 0; {0} = all. Each has things
 * of its own: two that took the same would wait for each other and do the work twice. */
struct search_share {
    int at, of;
};
err search_due_list(struct ctx *cx, enum search_kind kind, struct search_share share,
    ptrdiff_t limit, struct search_due **rows, ptrdiff_t *n);

/* ── writing ── */

/* The words of one thing as they are stored, put together one by one. */
struct search_line {
    struct sb b;
    struct arena *arena;
    enum db_kind db;
    str mark;
    int32_t base, last; /* position of the first word of this text; of the last word */
    ptrdiff_t n;
    int64_t account;
    str now, before; /* PostgreSQL: the words of the last position and of the one before it */
    int32_t before_at;
};
struct search_line search_line_begin(const struct ctx *cx);
/* position counts from 0 in each text, and never falls. */
void search_line_add(struct search_line *w, str word, int32_t position);
/* Another text of the same thing begins: no phrase goes across. */
void search_line_next(struct search_line *w);
/* Empty: nothing to index. */
str search_line_end(struct search_line *w);

struct search_entry {
    int64_t thing_id, version;
    str words; /* empty = it leaves the index */
};
/* Those of which the queue still has this version leave the queue and are written, the others stay:
 * they changed again. */
err search_write(struct ctx *cx, enum search_kind kind, const struct search_entry *rows,
    ptrdiff_t n, int64_t *written);

/* What is indexed of things: their texts. Things that are gone, or hold nothing to find, are
 * missing. */
struct search_text {
    int64_t thing_id;
    str text, more, names; /* message: text, subject, attachments (JSON); contact: name and company,
                              addresses, handles */
};
err search_texts(struct ctx *cx, enum search_kind kind, const struct search_due *due, ptrdiff_t n,
    struct search_text **rows, ptrdiff_t *n_rows);

/* ── looking it through ── */

/* Of the account's next `limit` things behind `after`, in the order of ids: those that neither
 * stand in the index nor wait to. Things that are gone or hold nothing to find are among them.
 * *last: the last that was looked at; 0 = there are no more. */
err search_unindexed(struct ctx *cx, enum search_kind kind, int64_t after, ptrdiff_t limit,
    struct search_due **rows, ptrdiff_t *n, int64_t *last);

/* ── making it anew ── */

/* Queues the next things of the account, newest first, when the rules for words are of another
 * version than its index; *more = there are more. */
err search_build_is_due(struct ctx *cx, int64_t version, bool *is_due);
err search_build_step(struct ctx *cx, int64_t version, ptrdiff_t limit, bool *more);

/* ── what is shown ── */

/* What the words of a message are judged by. */
struct search_worded {
    message_id id;
    str text, attachments, subject;
    int64_t sent_ms;
    conversation_id conversation_id;
};
/* Of these ids, newest first, those in conversations that the actor may see. */
err search_worded(struct ctx *cx, const int64_t *ids, ptrdiff_t n, struct search_worded **rows,
    ptrdiff_t *n_rows);

/* A message that was found, with what a search asks of it and shows. */
struct search_message {
    message_id id;
    str kind, author_kind, author_name, text, attachments;
    int64_t sent_ms;
    conversation_id conversation_id;
    int64_t number, tag_count;
    str status, subject;
    agent_id assignee_id;
    channel_id channel_id;
    str channel_kind, channel_name;
    contact_id contact_id;
    str contact_name, contact_email, contact_phone, handle;
};
enum search_depth {
    SEARCH_JUDGED, /* all but names: channel_* and contact_* but their ids are empty */
    SEARCH_NAMED,  /* three rows more are read for each */
};
/* As search_worded. */
err search_messages(struct ctx *cx, const int64_t *ids, ptrdiff_t n, enum search_depth depth,
    struct search_message **rows, ptrdiff_t *n_rows);
struct search_contact {
    contact_id id;
    str name, email, phone, company, handles; /* handles: a space between two */
};
err search_contacts(struct ctx *cx, const int64_t *ids, ptrdiff_t n, struct search_contact **rows,
    ptrdiff_t *n_rows);

/* ── looking up ── */

struct search_clause {
    const str *words; /* more than one: a phrase */
    ptrdiff_t n;
    str whole, phone; /* not empty: this word instead of them is as good */
    bool is_prefix;   /* the last word is the beginning of one */
    bool is_excluded;
};
struct search_asked {
    const struct search_clause *clauses;
    ptrdiff_t n;
    int64_t from, before; /* ids */
    ptrdiff_t limit;
    bool is_building; /* search_build_is_due: not everything is indexed as it is now */
};
/* Ids of things that hold every clause, newest first, in [from, before); at most limit. Without
 * a clause that is not excluded: of all things. There may be some among them that only seem to:
 * who reads them looks again. */
err search_ids(struct ctx *cx, enum search_kind kind, const struct search_asked *asked,
    int64_t **ids, ptrdiff_t *n_ids);
