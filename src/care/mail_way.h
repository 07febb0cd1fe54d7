/* mail_way: what becomes of a mail of ours at each of its recipients. A server takes it for some,
 * asks for patience for others (they are tried again alone), and refuses the rest for good; reports
 * tell more later. Not here: sending (connector email, job/deliver.c), reports (mail_report.h).
 * Thread: the caller's; inside its WRITE transaction, but for mail_way_letter. */
#pragma once
#include "connector/connector.h"
#include "connector/mail.h"
#include "model/conversation.h"
#include "model/ctx.h"
#include "store/mail_way.h"

enum { MAIL_WAY_MOST = 500 }; /* recipients of which is kept what became of them */

/* What the letter is sent with: who has it already, since when it is tried, where bounces go. */
err mail_way_letter(struct ctx *cx, const struct message *m, struct connector_letter *letter);
struct mail_way_news {
    bool is_first;   /* somebody has it, and nobody had before */
    bool is_stopped; /* an agent has stopped it meanwhile: who has not got it gets it no more */
    str words;       /* who has not got it (mail_way_words) */
    str failed;      /* what reports have told by now makes the whole mail a failed one: why */
};
/* A try has ended: sent->reached, the relay's own name for it (sent->aliases), who waits.
 * is_over: it was the last one, so that those who wait are refused. next_ms: when those who wait
 * are tried again though this try has not come so far as to ask; 0 = they are not. *news: all zero
 * when the message is no mail. */
err mail_way_note(struct ctx *cx, message_id id, const struct connector_sent *sent, bool is_over,
    int64_t next_ms, struct mail_way_news *news);
/* A try did not come to its end, and there is no other: those who waited for it, or were given up
 * while it was on its way, may have it. *words: as mail_way_news. Nothing when the message is no
 * mail. */
err mail_way_cut(struct ctx *cx, message_id id, str *words);
/* An agent sends it once more: to all who have not got it. E_CONFLICT "bad_address". */
err mail_way_retry(struct ctx *cx, message_id id);

/* The list as it is stored; *n of them. */
struct mail_reached *mail_way_read(struct arena *a, str recipients, ptrdiff_t *n);
/* And as text; empty = too long. */
str mail_way_text(struct arena *a, const struct mail_reached *at, ptrdiff_t n);
/* Sets one of them, or adds it; `at` has room for one more. */
void mail_way_put(struct mail_reached *at, ptrdiff_t *n, const struct mail_reached *one);
/* "Not to asha@example.net: 550 No such user. Not yet to …"; empty = nothing is to be said. */
str mail_way_words(struct arena *a, const struct mail_reached *at, ptrdiff_t n);
/* Whether nothing is to be sent (any more) to whom it has come so far. */
bool mail_way_is_settled(str state);
/* Whether people, an object as stored, name the address in that list ("to", "cc", "bcc"). */
bool mail_way_names(const struct json *people, const char *list, str address);
/* Whether somebody in the list has it, as far as is known. */
bool mail_way_is_there(const struct mail_reached *at, ptrdiff_t n);
