/* doctor_rows: what rows say of each other: numbers kept on write, work that lies about, secrets,
 * the audit chain, times. Rules of the numbers: store/checkup.h. */
#include "api/sign_in.h"
#include "app/doctor_inner.h"
#include "base/clock.h"
#include "base/id.h"
#include "care/search_index.h"
#include "store/audit_read.h"
#include "store/channel.h"
#include "store/checkup.h"
#include "store/conversation_cell.h"
#include "store/webhook.h"

enum { AHEAD_MS = 5 * 60 * 1000, HOOKS_PAGE = 100 };

/* ── conversations ── */

static void tell_conversation(
    struct doctor *d, account_id account, const struct checkup_conversation *c)
{
    const char *which = c->tag_count != c->tags ? "its count of tags"
                        : c->last_in_id != c->newest_in_id || c->in_count != c->ins
                            ? "what is unread in it"
                        : c->last_message_id < c->newest_id ? "its last message"
                                                            : "its place in the lists";
    report_mendable(d,
        str_print(&d->page, "conversation #%lld of account %lld: %s is not true",
            (long long)c->number, (long long)account.v, which),
        str_print(&d->page, "counters %lld %lld", (long long)account.v, (long long)c->id.v));
}

static err look_at_conversations(struct doctor *d, account_id account, int64_t *count)
{
    conversation_id after = {0};
    ptrdiff_t n = CHECKUP_PAGE;
    while (n == CHECKUP_PAGE) {
        const struct checkup_conversation *rows;
        TRY(look_begin(d, account));
        TRY(checkup_conversations(&d->cx, after, &rows, &n));
        for (ptrdiff_t i = 0; i < n; i++)
            if (!checkup_conversation_fits(&rows[i]))
                tell_conversation(d, account, &rows[i]);
        after = n > 0 ? rows[n - 1].id : after;
        *count += n;
        look_end(d);
    }
    return OK;
}

static err look_at_numbers(struct doctor *d, account_id account)
{
    int64_t ahead = 0;
    TRY(look_begin(d, account));
    TRY(checkup_numbers(&d->cx, &ahead));
    if (ahead > 0)
        report_mendable(d,
            str_print(&d->page, "account %lld would give conversations numbers that are taken",
                (long long)account.v),
            str_print(&d->page, "numbers %lld", (long long)account.v));
    look_end(d);
    return OK;
}

static err look_at_cells(struct doctor *d, account_id account)
{
    int64_t wrong = 0;
    TRY(look_begin(d, account));
    TRY(conversation_cells_check(&d->cx, &wrong));
    if (wrong > 0)
        report_mendable(d,
            str_print(&d->page,
                "account %lld: %lld numbers of how many conversations views have are not true",
                (long long)account.v, (long long)wrong),
            str_print(&d->page, "cells %lld", (long long)account.v));
    look_end(d);
    return OK;
}

static void look_at_counters(struct doctor *d, account_id account)
{
    int64_t count = 0;
    report_begin(d, "counters");
    err e = look_at_conversations(d, account, &count);
    if (e == OK)
        e = look_at_numbers(d, account);
    if (e == OK)
        e = look_at_cells(d, account);
    look_end(d);
    if (e != OK)
        look_failed(d, "the conversations", e);
    report_end(
        d, str_print(&d->page, "what %lld conversations of account %lld say of their messages",
               (long long)count, (long long)account.v));
}

/* ── search ── */

static err look_at_kind(struct doctor *d, account_id account, enum search_kind kind, bool *building)
{
    static const char *const many[] = {"messages", "contacts"}, *const words[] = {
                                                                    "unfound-messages",
                                                                    "unfound-contacts"};
    int64_t after = 0, last = 0;
    do {
        int64_t *ids = NULL;
        ptrdiff_t n = 0;
        TRY(look_begin(d, account));
        TRY(search_index_missing(&d->cx, kind, after, &ids, &n, &last, building));
        if (n > 0)
            report_mendable(d,
                str_print(&d->page, "%lld %s of account %lld are not in the search's index",
                    (long long)n, many[kind], (long long)account.v),
                str_print(&d->page, "%s %lld %lld", words[kind], (long long)account.v,
                    (long long)after + 1));
        look_end(d);
        after = last;
    } while (last > 0 && !*building);
    return OK;
}

/* A message that is stored and is never found looks like one that was lost. */
static void look_at_search(struct doctor *d, account_id account)
{
    bool building = false;
    report_begin(d, "search");
    err e = look_at_kind(d, account, SEARCH_MESSAGE, &building);
    if (e == OK)
        e = look_at_kind(d, account, SEARCH_CONTACT, &building);
    look_end(d);
    if (e != OK)
        look_failed(d, "the search's index", e);
    else if (building)
        report_note(d, S("the search's index is being made anew"),
            S("what it still lacks is found when the server has done it; ask again then"));
    report_end(d,
        str_print(d->a, "the search's index holds what account %lld says", (long long)account.v));
}

/* ── the audit chain, times ── */

static void look_at_audit(struct doctor *d, account_id account)
{
    int64_t rows = 0;
    report_begin(d, "audit");
    err e = look_begin(d, account);
    if (e == OK)
        e = audit_verify(&d->cx, &rows);
    if (e == E_CONFLICT)
        report_wrong(d,
            str_print(&d->page, "audit chain of account %lld: %.*s", (long long)account.v,
                SARG(d->cx.fault.words)),
            S("somebody changed or removed audit rows past Seva; compare with a backup"));
    else if (e != OK)
        look_failed(d, "the audit chain", e);
    look_end(d);
    report_end(d, str_print(d->a, "audit chain of account %lld (%lld rows)", (long long)account.v,
                      (long long)rows));
}

static void look_at_times(struct doctor *d, account_id account)
{
    message_id newest = {0};
    report_begin(d, "clock");
    err e = look_begin(d, account);
    if (e == OK)
        e = checkup_newest_message(&d->cx, &newest);
    look_end(d);
    int64_t ahead_ms = newest.v ? id_time_ms(newest.v) - clock_now_ms() : 0;
    if (e != OK)
        look_failed(d, "the newest message", e);
    else if (ahead_ms > AHEAD_MS)
        report_wrong(d,
            str_print(&d->page,
                "the newest message of account %lld is %lld minutes ahead of the clock",
                (long long)account.v, (long long)(ahead_ms / 60000)),
            S("set the clock right (systemd-timesyncd, chrony); new messages come behind it"));
    report_end(d, S("the clock"));
}

/* ── secrets ── */

static void sealed_wrong(struct doctor *d, str whose)
{
    report_wrong(d, str_cat(&d->page, whose, S(" does not open with this key file")),
        S("put the key file back with which it was sealed, or give the secret again in Settings"));
}

static err look_at_channels(struct doctor *d)
{
    struct channel *rows;
    ptrdiff_t n;
    str secret, old, identity, json;
    TRY(channel_list(&d->cx, &rows, &n));
    for (ptrdiff_t i = 0; i < n; i++)
        if (channel_secrets(&d->cx, &rows[i], &secret, &old, &identity) != OK ||
            channel_network_secrets(&d->cx, &rows[i], &json) != OK)
            sealed_wrong(
                d, str_print(&d->page, "what is sealed of the channel %.*s", SARG(rows[i].name)));
    return OK;
}

static err look_at_webhooks(struct doctor *d)
{
    webhook_id after = {0};
    ptrdiff_t n = HOOKS_PAGE;
    while (n == HOOKS_PAGE) {
        const struct webhook *rows;
        str secret, old;
        TRY(webhook_list(&d->cx, after, HOOKS_PAGE, &rows, &n));
        for (ptrdiff_t i = 0; i < n; i++)
            if (webhook_secrets(&d->cx, &rows[i], &secret, &old) != OK)
                sealed_wrong(
                    d, str_print(&d->page, "the secret of the webhook %.*s", SARG(rows[i].name)));
        after = n > 0 ? rows[n - 1].id : after;
    }
    return OK;
}

static err look_at_second_factors(struct doctor *d)
{
    login_id after = {0};
    ptrdiff_t n = CHECKUP_PAGE;
    while (n == CHECKUP_PAGE) {
        const struct checkup_sealed *rows;
        str secret;
        TRY(checkup_second_factors(d->cx.db, after, &rows, &n));
        for (ptrdiff_t i = 0; i < n; i++)
            if (totp_open(&d->cx, rows[i].id, rows[i].totp_sealed, &secret) != OK)
                sealed_wrong(d, str_print(&d->page, "the second factor of login %lld",
                                    (long long)rows[i].id.v));
        after = n > 0 ? rows[n - 1].id : after;
    }
    return OK;
}

static void look_at_secrets(struct doctor *d, account_id account, bool is_first)
{
    report_begin(d, "secrets");
    err e = look_begin(d, account);
    if (e == OK)
        e = look_at_channels(d);
    if (e == OK)
        e = look_at_webhooks(d);
    if (e == OK && is_first)
        e = look_at_second_factors(d);
    look_end(d);
    if (e != OK)
        look_failed(d, "what is sealed", e);
    report_end(
        d, str_print(d->a, "secrets of account %lld open with the key file", (long long)account.v));
}

/* ── work ── */

static void tell_work(struct doctor *d, const struct checkup_work *w, int64_t now_ms)
{
    struct arena *a = &d->page;
    if (w->stuck > 0 && d->has_server)
        report_wrong(d, str_print(a, "%lld jobs are held by nobody", (long long)w->stuck),
            S("the server frees them within a minute; it does not: restart it, see its log"));
    else if (w->stuck > 0)
        report_note(d,
            str_print(a, "%lld jobs were in hand when the server ended", (long long)w->stuck),
            S("they go on when it starts"));
    if (w->late > 0 && d->has_server)
        report_note(d, str_print(a, "%lld jobs are due for ten minutes", (long long)w->late),
            S("too much work, or a stuck server: see seva_jobs in /metrics and the log"));
    if (w->unparked > 0)
        report_mendable(d,
            str_print(
                a, "%lld jobs wait for a channel that does not know of it", (long long)w->unparked),
            S("parked"));
    if (w->bodyless > 0)
        report_wrong(d,
            str_print(a, "%lld deliveries wait without their content", (long long)w->bodyless),
            DAMAGE_ADVICE);
    if (w->waiting > 0 && d->has_server && w->oldest_ms < now_ms - CHECKUP_LATE_MS)
        report_wrong(d,
            str_print(a, "%lld deliveries wait, the oldest for %lld minutes", (long long)w->waiting,
                (long long)((now_ms - w->oldest_ms) / 60000)),
            S("the receiver stands still: restart the server, see its log"));
    if (w->dead > 0)
        report_note(d, str_print(a, "%lld jobs were given up", (long long)w->dead),
            S("Settings, Jobs: see why, then try again or remove them"));
    if (w->quarantined > 0)
        report_note(d, str_print(a, "%lld deliveries are in quarantine", (long long)w->quarantined),
            S("Settings, Quarantine: see why, then try again or remove them"));
}

static void look_at_work(struct doctor *d)
{
    struct checkup_work work = {0};
    report_begin(d, "work");
    err e = look_begin(d, (account_id){0});
    if (e == OK)
        e = checkup_work(d->cx.db, clock_now_ms(), &work);
    if (e != OK)
        look_failed(d, "the jobs", e);
    else
        tell_work(d, &work, clock_now_ms());
    look_end(d);
    report_end(d, S("jobs and deliveries"));
}

void doctor_look_at_rows(struct doctor *d, const account_id *accounts, ptrdiff_t n)
{
    look_at_work(d);
    for (ptrdiff_t i = 0; i < n; i++) {
        look_at_counters(d, accounts[i]);
        if (d->is_deep)
            look_at_search(d, accounts[i]);
        look_at_audit(d, accounts[i]);
        look_at_times(d, accounts[i]);
        if (d->has_keys && d->config.keys != NULL)
            look_at_secrets(d, accounts[i], i == 0);
    }
}
