/* IMAP against a real server: tests/support/dovecot.py. Skipped where Dovecot is not installed. */
#include "dovecot.h"
#include "peer.h"
#include "test.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "base/crypto.h"
#include "base/file.h"
#include "base/limits.h"
#include "net/imap.h"

static struct dovecot dovecot;

static const char care[] = "care@example.com";

static int lookup(void *arg, str host, struct ip_address *out, int max)
{
    (void)max;
    return str_eq(host, S("imap.example")) ? ip_parse(str_from(arg), out) : -1;
}

/* imap.example at this address, with TLS. */
static struct mail_server server_at(const char *address)
{
    if (dovecot.imaps == 0 && strncmp(dovecot.why, "off", 3) == 0)
        skip();
    if (dovecot.imaps == 0)
        fail_msg("%s", dovecot.why);
    const struct egress_rules *rules;
    str why;
    assert_ok(egress_rules_parse(test_arena(), S("mail=127.0.0.0/8"), &rules, &why));
    return (struct mail_server){.host = S("imap.example"),
        .port = dovecot.imaps,
        .security = MAIL_TLS,
        .user = str_from(care),
        .secret = S("s3cret pass"),
        .rules = egress_rules_with_lookup(
            test_arena(), rules, lookup, str_z(test_arena(), str_from(address))),
        .ca_file = str_print(test_arena(), "%s/ca.pem", dovecot.folder)};
}

static struct imap *open_with(const struct mail_server *s)
{
    struct imap *imap = imap_make();
    if (imap_open(imap, s, 60000) != OK) {
        struct mail_end end = imap_end(imap, test_arena());
        fail_msg("%.*s", SARG(end.why));
    }
    return imap;
}

static struct imap *open_folder(const char *name, struct imap_folder *folder)
{
    struct mail_server s = server_at("127.0.0.1");
    struct imap *imap = open_with(&s);
    assert_ok(imap_select(imap, str_from(name), folder));
    return imap;
}

static void refuse(const struct mail_server *s, enum mail_end_kind kind, const char *words)
{
    struct imap *imap = imap_make();
    assert_err(imap_open(imap, s, 60000), E_UPSTREAM);
    struct mail_end end = imap_end(imap, test_arena());
    if (end.kind != kind || str_find(end.why, str_from(words)) < 0)
        fail_msg("%s: %.*s", mail_end_kind_name(end.kind), SARG(end.why));
    imap_close(imap);
}

/* The highest UID of the open folder, by search. */
static uint32_t last_uid(struct imap *imap)
{
    uint32_t *uids;
    ptrdiff_t n = 0;
    uint32_t last = 0;
    do {
        assert_ok(imap_search(
            imap, test_arena(), last, &(uint32_t){UINT32_MAX}, 0, LIMIT_IMAP_SEARCH, &uids, &n));
        last = n > 0 ? uids[n - 1] : last;
    } while (n > 0);
    return last;
}

static str mail_of(const char *subject, ptrdiff_t body_bytes)
{
    struct sb b = sb_make(test_arena(), 0);
    sb_print(&b, "From: a@example.net\r\nMessage-ID: <%s@example.net>\r\nSubject: %s\r\n\r\n",
        subject, subject);
    for (ptrdiff_t i = 0; i < body_bytes; i++)
        sb_byte(&b, "\r\nabcdefghijklmnopqrstuvwxyz"[i % 76 >= 74 ? i % 76 - 74 : 2 + i % 26]);
    sb_add(&b, S("\r\n"));
    return sb_str(&b);
}

static void certificates_of_other_names_and_of_nobody_are_refused(void **state)
{
    (void)state;
    struct mail_server s = server_at("127.0.0.2");
    refuse(&s, MAIL_BAD_CERTIFICATE, "other.example");
    s = server_at("127.0.0.3");
    refuse(&s, MAIL_BAD_CERTIFICATE, "self-signed");
    s = server_at("127.0.0.1");
    s.ca_file = (str){0};
    refuse(&s, MAIL_BAD_CERTIFICATE, "certificate");
}

static void passwords_and_tokens_sign_in_or_are_refused_in_words(void **state)
{
    (void)state;
    struct mail_server s = server_at("127.0.0.1");
    imap_close(open_with(&s));
    s.security = MAIL_STARTTLS;
    s.port = dovecot.imap;
    imap_close(open_with(&s));
    s.secret = S("wrong");
    refuse(&s, MAIL_BAD_LOGIN, "Authentication failed");
    static const enum mail_login logins[] = {MAIL_LOGIN_XOAUTH2, MAIL_LOGIN_OAUTHBEARER};
    str expired;
    assert_ok(file_read(
        test_arena(), str_print(test_arena(), "%s/expired", dovecot.folder), 4096, &expired));
    for (int i = 0; i < 2; i++) {
        s.login = logins[i];
        s.secret = str_from(dovecot.token);
        imap_close(open_with(&s));
        s.secret = expired;
        refuse(&s, MAIL_BAD_LOGIN, "sign in again");
    }
}

static void a_new_mail_ends_the_wait(void **state)
{
    (void)state;
    struct imap_folder f;
    struct imap *imap = open_folder("INBOX", &f);
    uint32_t last = last_uid(imap);
    enum imap_news news = IMAP_NO_NEWS;
    assert_ok(imap_idle(imap, 10, &news));
    assert_int_equal(news, IMAP_NO_NEWS);
    str text = mail_of("idle", 100);
    dovecot_deliver(&dovecot, care, text);
    assert_ok(imap_idle(imap, 120000, &news));
    assert_int_equal(news, IMAP_NEWS);
    uint32_t *uids;
    ptrdiff_t n = 0;
    struct imap_mail *mails;
    assert_ok(imap_search(imap, test_arena(), last, &(uint32_t){UINT32_MAX}, 0, 10, &uids, &n));
    assert_int_equal(n, 1);
    assert_ok(imap_look(imap, test_arena(), uids, n, &mails, &n));
    assert_int_equal(mails[0].size, text.len);
    assert_false(mails[0].is_seen);
    assert_true(mails[0].arrived_ms > TEST_NOW_MS);
    assert_ok(imap_mark_seen(imap, uids, 1));
    assert_ok(imap_look(imap, test_arena(), uids, 1, &mails, &n));
    assert_true(mails[0].is_seen);
    bool is_there = false;
    assert_ok(imap_has_message_id(imap, S("<idle@example.net>"), &is_there));
    assert_true(is_there);
    assert_ok(imap_has_message_id(imap, S("<nobody@example.net>"), &is_there));
    assert_false(is_there);
    imap_close(imap);
}

/* What a sink heard: all bytes of all mails in one hash per mail. */
struct heard {
    int mails, pieces;
    int64_t bytes;
    ptrdiff_t longest;
    struct crypto_sha256_stream *hash; /* NULL: only counts */
    struct sha256 last;
};

static bool hear(void *arg, uint32_t uid, str bytes, enum imap_piece piece)
{
    struct heard *h = arg;
    (void)uid;
    h->pieces++;
    h->bytes += bytes.len;
    h->longest = bytes.len > h->longest ? bytes.len : h->longest;
    if (h->hash != NULL)
        crypto_sha256_add(h->hash, bytes);
    h->mails += piece == IMAP_LAST;
    return true;
}

static void two_thousand_mails_come_whole(void **state)
{
    (void)state;
    struct imap_folder f;
    struct imap *imap = open_folder("INBOX", &f);
    uint32_t after = last_uid(imap);
    int64_t bytes = 0;
    for (int i = 0; i < 2000; i++) {
        str text = mail_of("many", i % 40 * 500);
        dovecot_deliver(&dovecot, care, text);
        bytes += text.len;
    }
    struct heard h = {0};
    enum imap_news news;
    assert_ok(imap_noop(imap));
    for (;;) {
        uint32_t *uids;
        struct imap_mail *mails;
        ptrdiff_t n = 0;
        assert_ok(imap_search(
            imap, test_arena(), after, &(uint32_t){UINT32_MAX}, 0, LIMIT_IMAP_MAILS, &uids, &n));
        if (n == 0 && h.mails >= 2000)
            break;
        if (n == 0) { /* Dovecot sees them in a moment */
            assert_ok(imap_idle(imap, 120000, &news));
            continue;
        }
        after = uids[n - 1];
        assert_ok(imap_look(imap, test_arena(), uids, n, &mails, &n));
        assert_ok(imap_fetch(imap, mails, n, 1 << 20, hear, &h));
    }
    assert_int_equal(h.mails, 2000);
    assert_int_equal(h.bytes, bytes);
    imap_close(imap);
}

static long resident_kb(void)
{
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return u.ru_maxrss;
}

static void a_mail_of_fifty_megabytes_is_not_held_in_memory(void **state)
{
    (void)state;
    struct imap_folder f;
    struct imap *imap = open_folder("INBOX", &f);
    uint32_t *uids, after = last_uid(imap);
    ptrdiff_t n = 0;
    str head = mail_of("big", 0);
    str path = str_print(test_arena(), "%s/mail/%s/tmp/big.test", dovecot.folder, care);
    FILE *out = fopen(str_z(test_arena(), path), "we");
    struct crypto_sha256_stream *hash = crypto_sha256_open();
    assert_non_null(out);
    char line[76];
    memset(line, 'A', 74);
    memcpy(line + 74, "\r\n", 2);
    assert_int_equal(fwrite(head.at, 1, (size_t)head.len, out), head.len);
    crypto_sha256_add(hash, head);
    for (int i = 0; i < 50 * 1024 * 1024 / 76; i++) {
        line[i % 74] = (char)('A' + i % 26);
        assert_int_equal(fwrite(line, 1, 76, out), 76);
        crypto_sha256_add(hash, str_of(line, 76));
    }
    assert_int_equal(fclose(out), 0);
    str final = str_print(test_arena(), "%s/mail/%s/new/big.test", dovecot.folder, care);
    assert_int_equal(rename(str_z(test_arena(), path), str_z(test_arena(), final)), 0);
    struct sha256 want = crypto_sha256_close(hash);
    enum imap_news news;
    assert_ok(imap_noop(imap));
    for (;;) {
        assert_ok(
            imap_search(imap, test_arena(), after, &(uint32_t){UINT32_MAX}, 0, 10, &uids, &n));
        if (n > 0)
            break;
        assert_ok(imap_idle(imap, 120000, &news));
    }
    struct imap_mail *mails;
    assert_ok(imap_look(imap, test_arena(), uids, 1, &mails, &n));
    long before_kb = resident_kb();
    struct heard h = {.hash = crypto_sha256_open()};
    assert_ok(imap_fetch(imap, mails, 1, 100 << 20, hear, &h));
    struct sha256 got = crypto_sha256_close(h.hash);
    assert_int_equal(h.mails, 1);
    assert_true(h.bytes > 50 << 20 || h.bytes > 50 * 1000 * 1000);
    assert_memory_equal(got.b, want.b, 32);
    assert_true(h.longest <= LIMIT_IMAP_PIECE_BYTES);
    if (!TEST_IS_SANITIZED && resident_kb() - before_kb > 12 * 1024)
        fail_msg("%ld KB more", resident_kb() - before_kb);
    h = (struct heard){0};
    assert_ok(imap_fetch(imap, mails, 1, 1 << 20, hear, &h)); /* longer than allowed */
    assert_int_equal(h.mails, 0);
    assert_true(h.bytes <= 1 << 20);
    str header;
    assert_ok(imap_fetch_header(imap, test_arena(), uids[0], &header));
    assert_true(str_starts(header, S("From: a@example.net\r\n")));
    assert_true(str_ends(header, S("Subject: big\r\n\r\n")));
    imap_close(imap);
}

static bool from_text(void *arg, bool (*put)(void *to, str piece), void *to)
{
    return put(to, *(const str *)arg);
}

static void a_copy_in_sent_is_found_by_its_use_and_its_uid(void **state)
{
    (void)state;
    struct mail_server s = server_at("127.0.0.1");
    struct imap *imap = open_with(&s);
    struct imap_place *places;
    ptrdiff_t n = 0;
    str sent = {0};
    assert_ok(imap_list(imap, test_arena(), &places, &n));
    for (ptrdiff_t i = 0; i < n; i++)
        sent = str_eq(places[i].use, S("Sent")) ? places[i].name : sent;
    assert_str(sent, "Sent");
    str text = mail_of("copy", 200000), body;
    uint32_t uid = 0;
    assert_ok(imap_append(imap, sent, TEST_NOW_MS, text.len, from_text, &text, &uid));
    assert_true(uid > 0);
    struct imap_folder f;
    assert_ok(imap_select(imap, sent, &f));
    struct imap_mail *mails;
    assert_ok(imap_look(imap, test_arena(), &uid, 1, &mails, &n));
    assert_int_equal(n, 1);
    assert_int_equal(mails[0].arrived_ms, TEST_NOW_MS);
    assert_true(mails[0].is_seen);
    struct heard h = {.hash = crypto_sha256_open()};
    assert_ok(imap_fetch(imap, mails, 1, 1 << 20, hear, &h));
    struct sha256 got = crypto_sha256_close(h.hash), want = crypto_sha256(text);
    assert_memory_equal(got.b, want.b, 32);
    assert_ok(imap_fetch_header(imap, test_arena(), 999999, &body));
    assert_int_equal(body.len, 0); /* there is none such */
    assert_err(imap_append(imap, S("No such"), TEST_NOW_MS, 2, from_text, &text, NULL), E_UPSTREAM);
    assert_int_equal(imap_end(imap, test_arena()).kind, MAIL_BAD_FOLDER);
    imap_close(imap);
}

static void a_moved_mail_is_in_the_other_folder(void **state)
{
    (void)state;
    struct imap_folder f;
    struct imap *imap = open_folder("Sent", &f);
    str text = mail_of("move", 10);
    uint32_t uid = 0;
    ptrdiff_t n = 0;
    struct imap_mail *mails;
    assert_ok(imap_append(imap, S("Sent"), TEST_NOW_MS, text.len, from_text, &text, &uid));
    assert_ok(imap_noop(imap));
    assert_err(imap_move(imap, &uid, 1, S("No such")), E_UPSTREAM);
    assert_int_equal(imap_end(imap, test_arena()).kind, MAIL_BAD_FOLDER);
    assert_ok(imap_move(imap, &uid, 1, S("Done")));
    assert_ok(imap_look(imap, test_arena(), &uid, 1, &mails, &n));
    assert_int_equal(n, 0);
    assert_ok(imap_select(imap, S("Done"), &f));
    bool is_there = false;
    assert_ok(imap_has_message_id(imap, S("<move@example.net>"), &is_there));
    assert_true(is_there);
    imap_close(imap);
}

/* Commands in the server's own words. */
static void say(const char *const *commands, int count)
{
    int fd = peer_connect(dovecot.imap);
    (void)peer_read(fd, S("\r\n"));
    peer_send(fd, S("a LOGIN care@example.com \"s3cret pass\"\r\n"));
    (void)peer_read(fd, S("a OK"));
    for (int i = 0; i < count; i++) {
        peer_send(fd, str_print(test_arena(), "b%d %s\r\n", i, commands[i]));
        (void)peer_read(fd, str_print(test_arena(), "b%d OK", i));
    }
    close(fd);
}

static void a_folder_made_anew_has_another_uidvalidity(void **state)
{
    (void)state;
    (void)server_at("127.0.0.1"); /* skips */
    static const char *const make[] = {"CREATE \"Entw&APw-rfe\""};
    static const char *const again[] = {"DELETE \"Entw&APw-rfe\"", "CREATE \"Entw&APw-rfe\""};
    struct imap_folder before, after;
    say(make, 1);
    imap_close(open_folder("Entw\u00fcrfe", &before));
    say(again, 2);
    imap_close(open_folder("Entw\u00fcrfe", &after));
    assert_true(before.uidvalidity != 0);
    assert_true(after.uidvalidity != before.uidvalidity);
    assert_true(after.highest_modseq > 0);
}

static void *cancel_main(void *arg)
{
    imap_cancel(arg);
    return NULL;
}

static void another_thread_ends_the_wait(void **state)
{
    (void)state;
    struct imap_folder f;
    struct imap *imap = open_folder("Done", &f);
    enum imap_news news = IMAP_NEWS;
    pthread_t thread;
    (void)last_uid(imap);
    assert_int_equal(pthread_create(&thread, NULL, cancel_main, imap), 0);
    assert_err(imap_idle(imap, 600000, &news), E_UPSTREAM);
    assert_int_equal(imap_end(imap, test_arena()).kind, MAIL_CANCELLED);
    pthread_join(thread, NULL);
    imap_close(imap);
}

static int start(void **state)
{
    (void)state;
    (void)signal(SIGPIPE, SIG_IGN); /* as the server does */
    if (!dovecot_start(&dovecot))
        print_message("# no Dovecot: %s\n", dovecot.why);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    dovecot_stop();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(certificates_of_other_names_and_of_nobody_are_refused),
        TEST(passwords_and_tokens_sign_in_or_are_refused_in_words),
        TEST(a_new_mail_ends_the_wait),
        TEST(two_thousand_mails_come_whole),
        TEST(a_mail_of_fifty_megabytes_is_not_held_in_memory),
        TEST(a_copy_in_sent_is_found_by_its_use_and_its_uid),
        TEST(a_moved_mail_is_in_the_other_folder),
        TEST(a_folder_made_anew_has_another_uidvalidity),
        TEST(another_thread_ends_the_wait),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
