/* A mailbox that is listened to, for tests: the lines with which a scripted server (mail_peer.h) is
 * signed in to and opened, and a taker that keeps what comes. */
#pragma once
#include "base/clock.h"
#include "connector/email.h"
#include "mail_peer.h"
#include "net/egress.h"

#define CAN     "IMAP4rev1 AUTH=PLAIN AUTH=XOAUTH2 SASL-IR IDLE MOVE UIDPLUS"
#define GREETED "> * OK [CAPABILITY " CAN "] ready"
#define IN      "> $ OK in", "< CAPABILITY", "> * CAPABILITY " CAN, "> $ OK done"
#define LOGIN   GREETED, "< AUTHENTICATE PLAIN", IN
#define OPENED(validity, next)                                                                     \
    "> * 3 EXISTS", "> * OK [UIDVALIDITY " validity "] x", "> * OK [UIDNEXT " next "] x",          \
        "> $ OK [READ-WRITE] open"
#define FOUND(uids) "> * SEARCH " uids, "> $ OK done"
#define NOTHING     "> * SEARCH", "> $ OK done"

struct taken {
    int calls, groups, mails, files, signs;
    int calls_most, signs_most; /* then no more; 0 = 100 */
    bool refuses;               /* mails */
    int64_t passes_ms;          /* at each sign of life */
    str bodies[8];
    str cursors; /* the last ones; of them: */
    str stored_cursors, sign_cursors;
    int mails_before_file;
    bool has_file_key;
    /* Comparisons. */
    str asked[8];
    int n_asked, comparisons;
    int64_t seen;
    bool is_woken; /* somebody wants one: */
    struct http_client *wakes;
    int n_wishes; /* how often the connector has asked for one */
};

static bool goes_on(struct taken *t)
{
    if (t->passes_ms)
        clock_advance(t->passes_ms);
    if (t->wakes)
        http_client_wake(t->wakes);
    return ++t->calls < (t->calls_most ? t->calls_most : 100) &&
           t->signs < (t->signs_most ? t->signs_most : 100);
}

static bool mailbox_take_many(
    void *arg, const struct connector_delivery *deliveries, ptrdiff_t n, str cursors)
{
    struct taken *t = arg;
    t->groups++;
    t->stored_cursors = t->cursors = str_copy(test_arena(), cursors);
    for (ptrdiff_t i = 0; i < n; i++, t->mails++)
        if (t->mails < 8)
            t->bodies[t->mails] = str_copy(test_arena(), deliveries[i].body);
    return goes_on(t) && !t->refuses;
}

static bool mailbox_take(void *arg, const struct connector_delivery *delivery, str cursors)
{
    struct taken *t = arg;
    t->files += delivery != NULL;
    t->has_file_key |= delivery && delivery->key.len;
    t->signs += delivery == NULL;
    if (cursors.len)
        t->cursors = str_copy(test_arena(), cursors);
    if (cursors.len && !delivery)
        t->sign_cursors = t->cursors;
    return goes_on(t);
}

static bool mailbox_keep(void *arg, str piece)
{
    struct taken *t = arg;
    if (!piece.len)
        t->mails_before_file = t->mails;
    return true;
}

/* settings: further members, each with a comma before it. in: what a test has beside the taker. */
static struct connector_polled mailbox_listen(struct mail_peer *p, const char *settings,
    const char *cursors, struct taken *t, struct connector_listen in)
{
    struct arena *a = test_arena();
    const struct egress_rules *rules;
    str why;
    assert_ok(egress_rules_parse(a, S("mail=127.0.0.0/8"), &rules, &why));
    struct http_client *client = http_client_open(&(struct http_client_options){.rules = rules});
    const struct connector_setup setup = {
        .settings = str_print(a,
            "{\"address\":\"care@example.com\",\"imap_host\":\"127.0.0.1\",\"imap_port\":\"%d\","
            "\"imap_security\":\"none\"%s}",
            mail_peer_port(p), settings),
        .secrets = S("{\"password\":\"s3cret pass\",\"access_token\":\"old\"}"),
    };
    struct connector_polled out;
    assert_non_null(client);
    in.setup = &setup;
    in.cursors = str_from(cursors);
    in.take = mailbox_take;
    in.take_many = mailbox_take_many;
    in.keep = mailbox_keep;
    in.arg = t;
    in.now_ms = TEST_NOW_MS;
    t->wakes = t->is_woken ? client : NULL;
    assert_ok(connector_email.listen(client, a, &in, &out));
    http_client_close(client);
    return out;
}
