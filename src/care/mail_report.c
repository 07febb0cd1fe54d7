/* mail_report: see mail_report.h. */
#include "care/mail_report.h"

#include "base/json.h"
#include "base/utf8.h"
#include "care/delivery.h"
#include "care/mail_address.h"
#include "care/mail_thread.h"
#include "care/mail_way.h"

enum { WORDS_BYTES = 500, SENT_DAYS = 14 };

struct taking {
    struct ctx *cx;
    const struct mail_report *report;
    struct mail_way way;
    str recipient;   /* whom it is about, as the mail names them; empty = nobody */
    bool is_certain; /* found by a name that only the mail, or its envelope, carries */
    bool is_main;    /* the recipient stands in To */
};

/* ── which mail, and whom it went to ── */

/* The only one it went to; empty = there are several. */
static str only_one(const struct json *people)
{
    static const char *const others[] = {"cc", "bcc"};
    const struct json *to = json_get(people, S("to"));
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        const struct json *list = json_get(people, str_from(others[i]));
        if (list && list->count)
            return (str){0};
    }
    return to && to->count == 1 ? json_text(json_get(to->first, S("address")), S("")) : (str){0};
}

/* Whom it is about. A report that names nobody, or where the mail was forwarded to, is about the
 * only one it went to; the latter only when its envelope proves that it is about this mail. */
static bool find_recipient(struct taking *t, bool is_by_envelope)
{
    const struct json *people = NULL;
    str why, address = utf8_fold(t->cx->arena, t->report->recipient);
    if (json_parse(t->cx->arena, t->way.people, &people, &why) != OK)
        return false;
    t->is_main = mail_way_names(people, "to", address);
    if (t->is_main || mail_way_names(people, "cc", address) ||
        mail_way_names(people, "bcc", address)) {
        t->recipient = address;
        return true;
    }
    if (address.len && !is_by_envelope)
        return false;
    t->recipient = only_one(people);
    t->is_main = true;
    return true;
}

static err by_recipient(struct taking *t, channel_id channel, bool *is_found)
{
    const int64_t day_ms = INT64_C(24) * 3600 * 1000;
    struct mail_way *ways = NULL;
    ptrdiff_t n = 0;
    str address = utf8_fold(t->cx->arena, t->report->recipient);
    if (!address.len)
        return OK;
    TRY(mail_way_towards(t->cx, channel, address, t->cx->now_ms - SENT_DAYS * day_ms, &ways, &n));
    for (ptrdiff_t i = 0; i < n && !*is_found; i++) {
        t->way = ways[i];
        *is_found = find_recipient(t, false);
    }
    return OK;
}

/* *is_found: it is about t->way and t->recipient; *is_ours: at least about t->way. */
static err find(struct taking *t, channel_id channel, const struct connector_mail *mail,
    bool *is_ours, bool *is_found)
{
    struct ctx *cx = t->cx;
    *is_ours = *is_found = false;
    err e = t->report->message_id.len ? mail_way_named(cx, t->report->message_id, &t->way)
                                      : E_NOT_FOUND;
    bool is_by_envelope = false;
    if (e == E_NOT_FOUND) {
        message_id id = mail_thread_bounced(cx, mail->arrived_at, mail->n_arrived_at);
        e = id.v ? mail_way_get(cx, id, &t->way) : E_NOT_FOUND;
        is_by_envelope = e == OK;
    }
    if (e == OK) {
        *is_ours = t->is_certain = true;
        *is_found = find_recipient(t, is_by_envelope);
        return OK;
    }
    if (e != E_NOT_FOUND || t->report->message_id.len)
        return e == E_NOT_FOUND ? OK : e;
    TRY(by_recipient(t, channel, is_found));
    *is_ours = *is_found;
    return OK;
}

/* ── what it means ── */

static str words_of(struct arena *a, const struct mail_report *r)
{
    str said = utf8_prefix_bytes(r->diagnostic, WORDS_BYTES / 2);
    return said.len ? str_print(a, "%.*s (%.*s)", SARG(r->words), SARG(said)) : r->words;
}

static str state_of(enum report_kind kind)
{
    switch (kind) {
    case REPORT_BOUNCE:
        return S("bounced");
    case REPORT_DELAY:
        return S("delayed");
    case REPORT_DELIVERED:
        return S("delivered");
    case REPORT_COMPLAINT:
        return S("complained");
    case REPORT_READ:
        return S("read");
    case REPORT_UNREAD:
    case REPORT_NONE:
        break;
    }
    return (str){0};
}

/* A late "delayed" or "delivered" does not undo what is known already. */
static bool is_newer(str before, str now)
{
    static const char *const order[] = {
        "unknown", "later", "taken", "delayed", "delivered", "read", "bounced", "complained"};
    int rank_before = -1, rank_now = -1;
    for (int i = 0; i < (int)(sizeof order / sizeof *order); i++) {
        rank_before = str_eq(before, str_from(order[i])) ? i : rank_before;
        rank_now = str_eq(now, str_from(order[i])) ? i : rank_now;
    }
    return rank_now > rank_before;
}

/* *is_news: it says more than was known. *reaches_others: somebody else has it. *all: what is to be
 * said of all of them. */
static err note(struct taking *t, str words, bool *is_news, bool *reaches_others, str *all)
{
    ptrdiff_t n = 0, others = 0;
    struct arena *a = t->cx->arena;
    struct mail_reached *at = mail_way_read(a, t->way.recipients, &n);
    struct mail_reached *rest = NEW(a, struct mail_reached, n + 1);
    struct mail_reached one = {
        .address = t->recipient, .state = state_of(t->report->kind), .words = words};
    *is_news = true;
    *all = (str){0};
    for (ptrdiff_t i = 0; i < n; i++)
        if (str_eq(at[i].address, t->recipient))
            *is_news = is_newer(at[i].state, one.state);
        else
            rest[others++] = at[i];
    *reaches_others = mail_way_is_there(rest, others);
    if (!*is_news || !t->recipient.len)
        return OK;
    mail_way_put(at, &n, &one);
    *all = mail_way_words(a, at, n);
    t->way.recipients = mail_way_text(a, at, n);
    return t->way.recipients.len ? mail_way_set(t->cx, &t->way) : OK;
}

static err bounced(struct taking *t, str words, bool reaches_others, str all)
{
    const struct mail_report *r = t->report;
    if (t->is_certain && r->is_permanent && r->is_bad_address && t->recipient.len)
        TRY(mail_address_bounced(t->cx, t->recipient, r->words));
    if (t->is_main || !reaches_others)
        return message_fail(t->cx, t->way.message_id, words);
    return message_explain(t->cx, t->way.message_id, all);
}

static err apply(struct taking *t)
{
    struct ctx *cx = t->cx;
    str words = words_of(cx->arena, t->report);
    bool is_news = false, reaches_others = false;
    str all;
    if (t->report->kind == REPORT_UNREAD || t->report->kind == REPORT_NONE)
        return OK;
    TRY(note(t, words, &is_news, &reaches_others, &all));
    if (!is_news)
        return OK;
    switch (t->report->kind) {
    case REPORT_BOUNCE:
        return bounced(t, words, reaches_others, all);
    case REPORT_DELIVERED:
    case REPORT_READ:
        if (t->is_main)
            return message_report(
                cx, t->way.message_id, state_of(t->report->kind), (str){0}, cx->now_ms);
        break;
    case REPORT_COMPLAINT:
        if (t->is_certain && t->recipient.len)
            TRY(mail_address_complained(cx, t->recipient, t->report->words));
        break;
    case REPORT_DELAY:
    case REPORT_UNREAD:
    case REPORT_NONE:
        break;
    }
    return message_explain(cx, t->way.message_id, all);
}

err mail_report_take(
    struct ctx *cx, channel_id channel, const struct connector_item *it, bool *is_taken)
{
    struct taking t = {.cx = cx, .report = it->mail->report};
    bool is_ours = false, is_found = false;
    TRY(find(&t, channel, it->mail, &is_ours, &is_found));
    bool is_about_one = t.report->kind == REPORT_BOUNCE || t.report->kind == REPORT_DELIVERED ||
                        t.report->kind == REPORT_READ;
    *is_taken = is_ours || (t.report->message_id.len && is_about_one);
    return is_found ? apply(&t) : OK;
}
