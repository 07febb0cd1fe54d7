/* visitor: a browser (or app) that writes through a website chat: its page, language and zone, kept
 * from its first message on. Not here: tokens and who it is (care/visitor.h).
 * Thread: the transaction's. */
#pragma once
#include "model/conversation.h"
#include "model/ctx.h"

struct visitor {
    visitor_id id;
    channel_id channel_id;
    contact_id contact_id;
    str page_url, page_title, locale, time_zone;
    int64_t consent_ms, last_seen_ms, created_ms;
};
/* Makes or renews the row; empty texts and a consent of 0 leave what is there. */
err visitor_put(struct ctx *cx, const struct visitor *v);
/* The contact's visitor that was seen last; E_NOT_FOUND (no words). */
void visitor_of_contact_ahead(struct ctx *cx, contact_id contact); /* see db_ahead */
err visitor_of_contact(struct ctx *cx, contact_id contact, struct visitor *v);
/* The page the contact reads, when it was seen on one within VISITOR_HERE_MS; else nothing. */
enum { VISITOR_HERE_MS = 30 * 60 * 1000 };
err visitor_fill_page(struct ctx *cx, struct contact *contact);
