/* Mails made to cost much: each is read in a child process with an address space that leaves
 * BOMB_BYTES above what it has when the mail lies ready, and BOMB_CPU_S of processor time: what
 * takes more ends the child. Slopes: twice the bytes take twice the time. */
#include "test.h"

#include "base/limits.h"
#include "base/utf8.h"
#include "text/mime.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum {
    BOMB_BYTES = 64 * 1024 * 1024,
    BOMB_CPU_MS = 2000,
    MAIL_BYTES = 80 * 1024 * 1024,     /* room for the largest bomb */
    AS_SLACK_BYTES = 24 * 1024 * 1024, /* converters and libraries that are loaded on the way */
};

static const char head[] = "From: a@b.example\r\nSubject: s\r\nMessage-ID: <x@b.example>\r\n";

struct bomb {
    str (*make)(struct arena *a);
    const char *degraded; /* words that must stand in it; NULL = no matter */
    bool must_be_read;
};

/* ── how much it costs ── */

static int64_t cpu_ms(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Kilobytes, of a line of /proc/self/status; −1 = there is none. */
static int64_t status_kb(const char *name)
{
    FILE *f = fopen("/proc/self/status", "re");
    char line[256];
    long long kb = -1;
    while (f && fgets(line, sizeof line, f))
        if (str_starts(str_from(line), str_from(name)))
            (void)sscanf(line + strlen(name), ": %lld", &kb);
    if (f)
        (void)fclose(f);
    return kb;
}

static bool count(void *arg, str piece)
{
    *(int64_t *)arg += piece.len;
    return true;
}

enum { BAD_RESULT = 3, TOO_SLOW, TOO_LARGE, NOT_DEGRADED, BAD_WORDS };

static void must(bool holds, int code)
{
    if (!holds)
        _exit(code);
}

static void read_whole(const struct bomb *bomb, str bytes)
{
    struct arena a = arena_make(0);
    struct mime_mail mail, inner;
    bool has_inner;
    str why = {0};
    err e = mime_read(&a, bytes, &mail, &inner, &has_inner, &why);
    must(e == OK || (e == E_INVALID && why.len > 0), BAD_RESULT);
    must(e == OK || !bomb->must_be_read, BAD_RESULT);
    must(utf8_valid(mail.text) && utf8_valid(mail.html) && utf8_valid(mail.degraded), BAD_WORDS);
    must(!bomb->degraded || str_find(mail.degraded, str_from(bomb->degraded)) >= 0, NOT_DEGRADED);
    int64_t n = 0;
    if (mail.n_parts)
        must(mime_part_write(&a, bytes, mail.parts[mail.n_parts - 1].number, count, &n, &why) == OK,
            BAD_RESULT);
    arena_free(&a);
}

/* The mail is part of what the process has before. Under a sanitizer only the result counts. */
static void explode(void *arg)
{
    const struct bomb *bomb = arg;
    struct arena a = arena_make(MAIL_BYTES);
    str bytes = bomb->make(&a);
    if (TEST_IS_SANITIZED) {
        read_whole(bomb, bytes);
        return;
    }
    int64_t size_kb = status_kb("VmSize"), rss_kb = status_kb("VmRSS"), from = cpu_ms();
    rlim_t most = (rlim_t)(size_kb * 1024 + BOMB_BYTES + AS_SLACK_BYTES);
    struct rlimit space = {most, most}, cpu = {8, 8};
    must(size_kb > 0 && setrlimit(RLIMIT_AS, &space) == 0, BAD_RESULT);
    must(setrlimit(RLIMIT_CPU, &cpu) == 0, BAD_RESULT);
    read_whole(bomb, bytes);
    int64_t took_ms = cpu_ms() - from, peak_kb = status_kb("VmHWM") - rss_kb;
    if (getenv("SEVA_BOMBS_SAY"))
        (void)dprintf(STDOUT_FILENO, "# %lld ms, %lld KB more, mail of %td KB\n",
            (long long)took_ms, (long long)peak_kb, bytes.len / 1024);
    must(took_ms <= BOMB_CPU_MS, TOO_SLOW);
    must(peak_kb <= BOMB_BYTES / 1024, TOO_LARGE);
}

static void check(str (*make)(struct arena *a), const char *degraded, bool must_be_read)
{
    struct bomb bomb = {make, degraded, must_be_read};
    assert_int_equal(test_child(explode, &bomb), 0);
}

/* ── parts ── */

/* Repeats a piece up to `bytes` (under a sanitizer, which says nothing of time, an eighth of the
 * largest), with a header before and an end behind. */
static str repeated(struct arena *a, str front, str piece, str end, ptrdiff_t bytes)
{
    bytes = TEST_IS_SANITIZED && bytes > 16 * 1024 * 1024 ? bytes / 8 : bytes;
    ptrdiff_t times = (bytes - front.len - end.len) / piece.len;
    char *to = arena_alloc(a, front.len + times * piece.len + end.len + 1, 1), *at = to;
    memcpy(at, front.at, (size_t)front.len);
    at += front.len;
    for (ptrdiff_t i = 0; i < times; i++, at += piece.len)
        memcpy(at, piece.at, (size_t)piece.len);
    memcpy(at, end.at, (size_t)end.len);
    return str_of(to, at + end.len - to);
}

static str with_head(struct arena *a, const char *more)
{
    return str_cat(a, str_from(head), str_from(more));
}

static str ten_thousand_parts(struct arena *a)
{
    str front = with_head(a, "Content-Type: multipart/mixed; boundary=b\r\n\r\n");
    str piece = S("--b\r\nContent-Type: image/png; name=a.png\r\n\r\nx\r\n");
    return repeated(a, front, piece, S("--b--\r\n"), 10000 * piece.len);
}

static str empty_parts(struct arena *a)
{
    str front = with_head(a, "Content-Type: multipart/mixed; boundary=b\r\n\r\n");
    return repeated(a, front, S("--b\n"), S(""), 25 * 1024 * 1024);
}

static str nested(struct arena *a, int levels, const char *end)
{
    struct sb b = sb_make(a, 60 * 1024 * 1024);
    sb_add(&b, str_from(head));
    for (int i = 0; i < levels; i++)
        sb_print(&b, "Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n", i, i);
    sb_add(&b, str_from(end));
    return sb_str(&b);
}

static str two_hundred_levels(struct arena *a)
{
    return nested(a, 200, "Content-Type: text/plain\n\ndeep\n");
}

static str hundred_thousand_levels(struct arena *a)
{
    return nested(a, 100000, "\ndeep\n");
}

static str carried_in_carried(struct arena *a)
{
    return repeated(a, str_from(head), S("Content-Type: message/rfc822\n\nFrom: a@b.example\n"),
        S("\nx\n"), 10 * 1024 * 1024);
}

/* Every line could be one of twenty boundaries. */
static str boundary_prefixes(struct arena *a)
{
    struct sb b = sb_make(a, 60 * 1024 * 1024);
    sb_add(&b, str_from(head));
    for (int i = 0; i < 20; i++)
        sb_print(&b, "Content-Type: multipart/mixed; boundary=\"bbbbbbbb%02d\"\n\n--bbbbbbbb%02d\n",
            i, i);
    sb_add(&b, S("\n"));
    while (b.len < 25 * 1024 * 1024)
        sb_add(&b, S("--bbbbbbbbxx\n"));
    return sb_str(&b);
}

static str dashes(struct arena *a)
{
    str front = with_head(a, "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\n\n");
    return repeated(a, front, S("--\n"), S(""), 25 * 1024 * 1024);
}

static str no_boundary(struct arena *a)
{
    str front = with_head(a, "Content-Type: multipart/mixed\r\n\r\n");
    return repeated(a, front, S("--x\nno field\n"), S(""), 25 * 1024 * 1024);
}

static str many_without_boundary(struct arena *a)
{
    str front = with_head(a, "Content-Type: multipart/mixed; boundary=b\r\n\r\n");
    str piece =
        repeated(a, S("--b\nContent-Type: multipart/mixed\n\n"), S("--x\n"), S("\n"), 30000);
    return repeated(a, front, piece, S("--b--\n"), 25 * 1024 * 1024);
}

static void parts_end_at_their_limits(void **state)
{
    (void)state;
    check(ten_thousand_parts, "more parts than are read", true);
    check(empty_parts, "more parts than are read", true);
    check(two_hundred_levels, "nested deeper than is read", true);
    check(hundred_thousand_levels, "nested deeper than is read", true);
    check(carried_in_carried, NULL, true);
}

static void boundaries_cost_one_pass(void **state)
{
    (void)state;
    check(boundary_prefixes, "ends before its last part", true);
    check(dashes, "ends before its last part", true);
    check(no_boundary, "names no boundary", true);
    check(many_without_boundary, "names no boundary", true);
}

/* ── headers ── */

static str hundred_thousand_recipients(struct arena *a)
{
    str front = str_cat(a, str_from(head), S("To: "));
    str piece = S("\"Some One\" <some.one@somewhere.example>,\r\n ");
    return repeated(a, front, piece, S("z@b.example\r\n\r\nx\r\n"), 100000 * piece.len);
}

static str recipients_in_many_fields(struct arena *a)
{
    return repeated(
        a, str_from(head), S("To: a@b.example, c@d.example\r\n"), S("\r\nx\r\n"), 5 * 1024 * 1024);
}

static str odd_recipients(struct arena *a)
{
    str front = str_cat(a, str_from(head), S("To: "));
    return repeated(a, front, S("a@:(\"<,;"), S("\r\n\r\nx\r\n"), 1024 * 1024);
}

static str megabyte_of_header(struct arena *a)
{
    return repeated(a, str_cat(a, str_from(head), S("X-Long: ")), S("0123456789 "),
        S("\r\n\r\nx\r\n"), 1024 * 1024);
}

static str hundred_thousand_lines(struct arena *a)
{
    return repeated(
        a, str_from(head), S("X-Line: =?utf-8?B?YQ==?= value\r\n"), S("\r\nx\r\n"), 100000 * 32);
}

static str folded_lines(struct arena *a)
{
    return repeated(a, str_cat(a, str_from(head), S("References: ")), S("\r\n <a@b>"),
        S("\r\n\r\nx\r\n"), 100000 * 9);
}

static str words_of_many_charsets(struct arena *a)
{
    struct sb b = sb_make(a, 8 * 1024 * 1024);
    static const char *const charsets[] = {"gb18030", "koi8-r", "big5", "iso-2022-jp", "euc-kr",
        "windows-1256", "shift_jis", "iso-8859-7"};
    sb_add(&b, str_from(head));
    for (int i = 0; b.len < 2 * 1024 * 1024; i++)
        sb_print(&b, "X-%d: =?%s?B?4eI=?= =?none-%d?Q?=E9?=\r\n", i, charsets[i % 8], i);
    sb_add(&b, S("\r\nx\r\n"));
    return sb_str(&b);
}

static str words_not_closed(struct arena *a)
{
    return repeated(a, str_cat(a, str_from(head), S("Subject: ")), S("=?a?b? "), S("\r\n\r\nx\r\n"),
        1024 * 1024);
}

static str parameters(struct arena *a)
{
    str front = with_head(a, "Content-Type: multipart/mixed; boundary=b\r\n\r\n");
    str piece = repeated(a, S("--b\r\nContent-Type: image/png"), S("; name*1*=a; name*0=\"b"),
        S("\r\n\r\nx\r\n"), 30000);
    return repeated(a, front, piece, S("--b--\r\n"), 20 * 1024 * 1024);
}

static str comments(struct arena *a)
{
    return repeated(
        a, str_cat(a, str_from(head), S("To: ")), S("("), S("\r\n\r\nx\r\n"), 1024 * 1024);
}

static void headers_end_at_their_limits(void **state)
{
    (void)state;
    check(hundred_thousand_recipients, "more addresses than are kept", true);
    check(recipients_in_many_fields, "more addresses than are kept", true);
    check(odd_recipients, "more addresses than are kept", true);
    check(megabyte_of_header, "larger than is kept", true);
    check(hundred_thousand_lines, "larger than is kept", true);
    check(folded_lines, NULL, true);
    check(comments, "more addresses than are kept", true);
}

static void words_and_parameters_cost_one_pass(void **state)
{
    (void)state;
    check(words_of_many_charsets, "is not known", true);
    check(words_not_closed, NULL, true);
    check(parameters, NULL, true);
}

/* ── bodies ── */

static str attachment_of_50_mb(struct arena *a)
{
    str front = with_head(a, "Content-Type: application/zip; name=a.zip\r\n"
                             "Content-Transfer-Encoding: base64\r\n\r\n");
    return repeated(a, front,
        S("UEsDBBQAAAAIAAAAIQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\r\n"),
        S(""), 70 * 1024 * 1024);
}

static str text_of_50_mb(struct arena *a)
{
    str front = with_head(a, "Content-Type: text/plain; charset=gb18030\r\n"
                             "Content-Transfer-Encoding: quoted-printable\r\n\r\n");
    return repeated(a, front, S("=C4=E3=BA=C3=\r\n"), S(""), 50 * 1024 * 1024);
}

static str gzip_as_text(struct arena *a)
{
    str front = with_head(a, "Content-Type: text/plain; charset=no-such\r\n"
                             "Content-Encoding: gzip\r\n\r\n");
    return repeated(
        a, front, str_of("\x1f\x8b\x08\x00\xff\xfe\x00\x80\xc3", 9), S(""), 20 * 1024 * 1024);
}

static str base64_garbage(struct arena *a)
{
    str front = with_head(a, "Content-Type: text/plain\r\n"
                             "Content-Transfer-Encoding: base64\r\n\r\n");
    return repeated(a, front, S("A=B=$%=="), S(""), 50 * 1024 * 1024);
}

static str padding(struct arena *a)
{
    str front = with_head(a, "Content-Type: image/png\r\n"
                             "Content-Transfer-Encoding: base64\r\n\r\n");
    return repeated(a, front, S("="), S(""), 50 * 1024 * 1024);
}

static str many_texts(struct arena *a)
{
    str front = with_head(a, "Content-Type: multipart/mixed; boundary=b\r\n\r\n");
    str page = repeated(a, S("--b\nContent-Type: text/html; charset=koi8-r\n\n"), S("<b>\xc1"),
        S("\n"), 100 * 1024);
    str piece = str_cat(a, page, S("--b\nContent-Type: text/plain\n\nplain\n"));
    return repeated(a, front, piece, S("--b--\n"), 25 * 1024 * 1024);
}

static str cids(struct arena *a)
{
    str front = with_head(a, "Content-Type: text/html\r\n\r\n");
    return repeated(a, front, S("cid:a "), S(""), 1024 * 1024);
}

static str flowed(struct arena *a)
{
    str front = with_head(a, "Content-Type: text/plain; format=flowed\r\n\r\n");
    return repeated(a, front, S(">"), S(" \n"), 1024 * 1024);
}

static str empty_lines(struct arena *a)
{
    return repeated(a, S(""), S("\n"), S(""), 25 * 1024 * 1024);
}

static str one_line(struct arena *a)
{
    return repeated(a, S(""), S("x"), S(""), 25 * 1024 * 1024);
}

static void bodies_end_at_their_limits(void **state)
{
    (void)state;
    check(attachment_of_50_mb, NULL, true);
    check(text_of_50_mb, "longer than is kept", true);
    check(gzip_as_text, "\"no-such\" is not known", true);
    check(base64_garbage, NULL, true);
    check(padding, NULL, true);
    check(many_texts, "longer than is kept", true);
    check(cids, NULL, true);
    check(flowed, NULL, true);
}

static void what_is_no_mail_is_refused_at_once(void **state)
{
    (void)state;
    check(empty_lines, NULL, false);
    check(one_line, NULL, false);
}

/* ── slopes ── */

struct slope {
    str (*front)(struct arena *a);
    const char *piece;
};

static void read_n(void *arg, ptrdiff_t n)
{
    const struct slope *s = arg;
    struct arena a = arena_make(0);
    struct mime_mail mail, inner;
    bool has_inner;
    str why = {0};
    str bytes = repeated(&a, s->front(&a), str_from(s->piece), S("\n\nx\n"), n);
    (void)mime_read(&a, bytes, &mail, &inner, &has_inner, &why); /* only its time counts */
    arena_free(&a);
}

static str front_parts(struct arena *a)
{
    return with_head(a, "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\n\n");
}

static str front_subject(struct arena *a)
{
    return str_cat(a, str_from(head), S("X: "));
}

static str front_to(struct arena *a)
{
    return str_cat(a, str_from(head), S("To: "));
}

static str front_text(struct arena *a)
{
    return str_cat(a, str_from(head), S("\n"));
}

static str front_page(struct arena *a)
{
    return with_head(a, "Content-Type: text/html\n\n");
}

static void time_grows_with_the_bytes(void **state)
{
    (void)state;
    struct slope slopes[] = {
        {front_parts,   "--b\n\nx\n"        },
        {front_parts,   "--bbbbb\n"         },
        {front_subject, "=?utf-8?q?a?= "    },
        {front_subject, "=?a?b? "           },
        {front_to,      "a b <c@d>, "       },
        {front_to,      "a@b (\"<"          },
        {front_text,    "caf\xe9 \xc3\xa9\n"},
        {front_page,    "<img src=cid:x>"   },
    };
    for (size_t i = 0; i < sizeof slopes / sizeof *slopes; i++)
        test_slope(read_n, &slopes[i], 2048);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(parts_end_at_their_limits),
        TEST(boundaries_cost_one_pass),
        TEST(headers_end_at_their_limits),
        TEST(words_and_parameters_cost_one_pass),
        TEST(bodies_end_at_their_limits),
        TEST(what_is_no_mail_is_refused_at_once),
        TEST(time_grows_with_the_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
