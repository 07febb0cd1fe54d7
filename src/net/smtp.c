/* A connection to an SMTP server: lines, greeting, EHLO, STARTTLS, end. See smtp.h. */
#include "net/smtp.h"

#include <assert.h>
#include <string.h>
#include <time.h>

#include "base/crypto.h"
#include "base/limits.h"
#include "net/smtp_inner.h"

enum { STEP_MS = 30 * 1000, FINAL_MS = 90 * 1000, MOST_MS = 200 * 1000, NAME_BYTES = 255 };
enum { SHORT_RUN = 8, LONG_RUN = 16 }; /* characters that no words share with a secret by chance */

int64_t smtp_real_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void smtp_begin(struct smtp *s)
{
    s->until_ms = smtp_real_ms() + s->options.most_ms;
    smtp_limit(s, s->options.step_ms);
}

void smtp_limit(struct smtp *s, int64_t step_ms)
{
    int64_t left_ms = s->until_ms - smtp_real_ms();
    mail_line_limit(s->line, step_ms, left_ms > 0 ? left_ms : 1);
}

struct mail_end smtp_says(struct arena *a, enum mail_end_kind kind, str why)
{
    return (struct mail_end){.kind = kind, .why = str_copy(a, why)};
}

void smtp_tell(struct smtp *s, str base64)
{
    assert(s->n_told < SMTP_TOLD);
    s->told[s->n_told++] = base64;
}

static bool is_base64(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' ||
           c == '/';
}

/* Whether the words hold the secret, a long stretch of it, or a stretch of what it went out as. */
static bool repeats_secret(const struct smtp *s, str words)
{
    str secret = s->options.server.secret;
    if (secret.len > 0 && str_find(words, secret) >= 0)
        return true;
    for (ptrdiff_t at = 0; at < words.len; at++) {
        ptrdiff_t start = at;
        while (at < words.len && is_base64(words.at[at]))
            at++;
        str run = str_sub(words, start, at - start);
        if (run.len >= LONG_RUN && str_find(secret, run) >= 0)
            return true;
        for (int i = 0; run.len >= SHORT_RUN && i < s->n_told; i++)
            if (str_find(s->told[i], run) >= 0)
                return true;
    }
    return false;
}

/* More bytes into the buffer, which has room. */
static err fill(struct smtp *s)
{
    if (s->from > 0) {
        memmove(s->buffer, s->buffer + s->from, (size_t)(s->to - s->from));
        s->to -= s->from;
        s->from = 0;
    }
    ptrdiff_t got = 0;
    TRY(mail_line_read(s->line, s->buffer + s->to, SMTP_BUFFER_BYTES - s->to, &got));
    s->to += got;
    return OK;
}

/* A line without its end, CRLF or LF; good until the next call. */
static err line_read(struct smtp *s, str *line)
{
    ptrdiff_t seen = 0;
    for (;;) {
        str all = str_of(s->buffer + s->from, s->to - s->from);
        ptrdiff_t end = str_find_byte(str_skip(all, seen), '\n');
        if (end >= 0) {
            end += seen;
            *line = str_sub(all, 0, end > 0 && all.at[end - 1] == '\r' ? end - 1 : end);
            s->from += end + 1;
            return OK;
        }
        seen = all.len;
        if (all.len > LIMIT_SMTP_LINE_BYTES) {
            mail_line_fail(s->line, MAIL_BAD_ANSWER, S("an answer has a line without an end"));
            return E_UPSTREAM;
        }
        TRY(fill(s));
    }
}

err smtp_hear(struct smtp *s, struct arena *a, struct smtp_reply *reply)
{
    struct smtp_reply_reader reader = {.a = a};
    enum smtp_reply_step step = SMTP_REPLY_MORE;
    while (step == SMTP_REPLY_MORE) {
        str line;
        TRY(line_read(s, &line));
        step = smtp_reply_line(&reader, line);
    }
    if (step == SMTP_REPLY_BROKEN) {
        mail_line_fail(s->line, MAIL_BAD_ANSWER, S("the answer is not SMTP"));
        return E_UPSTREAM;
    }
    *reply = reader.reply;
    if (repeats_secret(s, reply->text))
        reply->text = S("(left out: the answer repeats the login)");
    return OK;
}

err smtp_ask(struct smtp *s, struct arena *a, str command, struct smtp_reply *reply)
{
    assert(str_find_byte(command, '\r') < 0 && str_find_byte(command, '\n') < 0);
    if (s->from < s->to) { /* said unasked: a goodbye, or answers and questions do not match */
        TRY(smtp_hear(s, a, reply));
        if (reply->code == 421)
            return OK;
        mail_line_fail(s->line, MAIL_BAD_ANSWER, S("there are more answers than questions"));
        return E_UPSTREAM;
    }
    TRY(mail_line_write(s->line, str_cat(a, command, S("\r\n"))));
    return smtp_hear(s, a, reply);
}

struct mail_end smtp_lost(struct smtp *s, struct arena *a, const char *step)
{
    struct mail_end end = mail_line_end(s->line, a);
    s->is_bad = true;
    assert(end.kind != MAIL_DONE);
    end.why = str_print(a, "%s: %.*s", step, SARG(end.why));
    return end;
}

static enum mail_end_kind kind_of(const struct smtp *s, int code)
{
    if (code >= 400 && code < 500)
        return MAIL_LATER;
    if (code == 530)
        return mail_line_is_secure(s->line) ? MAIL_BAD_LOGIN : MAIL_NO_TLS;
    if (code == 534 || code == 535 || code == 538)
        return MAIL_BAD_LOGIN;
    return code >= 500 ? MAIL_REFUSED : MAIL_BAD_ANSWER;
}

struct mail_end smtp_no(
    struct smtp *s, struct arena *a, const char *step, const struct smtp_reply *reply)
{
    str words = smtp_reply_words(a, reply);
    str host = s->options.server.host;
    struct mail_end end = {.code = reply->code, .enhanced = reply->enhanced};
    end.kind = kind_of(s, reply->code);
    s->is_bad = s->is_bad || reply->code == 421 || end.kind == MAIL_BAD_ANSWER;
    end.why = str_print(a, "%s: %.*s said %d%s%.*s%s%.*s", step, SARG(host), reply->code,
        reply->enhanced.len > 0 ? " " : "", SARG(reply->enhanced), words.len > 0 ? ": " : "",
        SARG(words));
    return end;
}

/* Decimal at the start; 0 when there is none or it is beyond an int64. */
static int64_t number(str s)
{
    int64_t n = 0;
    return str_int(str_trim(s), 0, INT64_MAX, &n) == OK ? n : 0;
}

static void mechanisms_read(struct smtp *s, str list)
{
    s->has_auth = true;
    s->mechanisms = str_copy(s->a, str_trim(list));
    while (list.len > 0) {
        str one;
        (void)str_cut(list, ' ', &one, &list);
        s->has_plain = s->has_plain || str_eq_nocase(one, S("PLAIN"));
        s->has_login = s->has_login || str_eq_nocase(one, S("LOGIN"));
        s->has_xoauth2 = s->has_xoauth2 || str_eq_nocase(one, S("XOAUTH2"));
        s->has_oauthbearer = s->has_oauthbearer || str_eq_nocase(one, S("OAUTHBEARER"));
    }
}

/* What the lines after EHLO's first offer. */
static void offers_read(struct smtp *s, str text)
{
    str line, word, rest;
    (void)str_cut(text, '\n', &line, &text);
    while (text.len > 0) {
        (void)str_cut(text, '\n', &line, &text);
        (void)str_cut(line, ' ', &word, &rest);
        if (str_eq_nocase(word, S("STARTTLS")))
            s->has_starttls = true;
        else if (str_eq_nocase(word, S("DSN")))
            s->has_dsn = true;
        else if (str_eq_nocase(word, S("SMTPUTF8")))
            s->has_smtputf8 = true;
        else if (str_eq_nocase(word, S("8BITMIME")))
            s->has_8bitmime = true;
        else if (str_eq_nocase(word, S("AUTH")))
            mechanisms_read(s, rest);
        else if (str_eq_nocase(str_sub(line, 0, 5), S("AUTH="))) /* older Exchange */
            mechanisms_read(s, str_skip(line, 5));
        else if (str_eq_nocase(word, S("SIZE"))) {
            s->has_size = true;
            s->size_max = number(rest);
        }
    }
}

static void offers_forget(struct smtp *s)
{
    s->has_starttls = s->has_size = s->has_dsn = s->has_smtputf8 = s->has_8bitmime = false;
    s->has_auth = s->has_plain = s->has_login = s->has_xoauth2 = s->has_oauthbearer = false;
    s->size_max = 0;
    s->mechanisms = (str){0};
}

/* EHLO; an old server that knows HELO only may do where neither TLS nor a login is asked for. */
static struct mail_end say_hello(struct smtp *s, struct arena *a)
{
    struct smtp_reply reply;
    str name = s->options.name;
    offers_forget(s);
    if (smtp_ask(s, a, str_cat(a, S("EHLO "), name), &reply) != OK)
        return smtp_lost(s, a, "saying hello");
    bool is_old = reply.code == 500 || reply.code == 501 || reply.code == 502 || reply.code == 504;
    bool is_plain = s->options.server.security == MAIL_PLAIN && s->options.server.user.len == 0;
    if (is_old && is_plain) {
        if (smtp_ask(s, a, str_cat(a, S("HELO "), name), &reply) != OK)
            return smtp_lost(s, a, "saying hello");
        reply.text = (str){0};
    }
    if (reply.code != 250)
        return smtp_no(s, a, "saying hello", &reply);
    offers_read(s, reply.text);
    return (struct mail_end){0};
}

static struct mail_end start_tls(struct smtp *s, struct arena *a)
{
    struct smtp_reply reply;
    str host = s->options.server.host;
    if (!s->has_starttls)
        return smtp_says(a, MAIL_NO_TLS,
            str_print(a,
                "%.*s offers no STARTTLS on port %d. Nothing was sent in the clear. If the server has "
                "a port with TLS from the start (465), choose that",
                SARG(host), s->options.server.port));
    if (smtp_ask(s, a, S("STARTTLS"), &reply) != OK)
        return smtp_lost(s, a, "starting TLS");
    if (reply.code != 220) {
        struct mail_end end = smtp_no(s, a, "starting TLS", &reply);
        end.kind = end.kind == MAIL_REFUSED ? MAIL_NO_TLS : end.kind;
        return end;
    }
    if (s->from < s->to)
        mail_line_fail(s->line, MAIL_NO_TLS,
            S("bytes came in the clear after the server's yes to STARTTLS; somebody may have put them "
              "there"));
    if (mail_line_secure(s->line) != OK)
        return smtp_lost(s, a, "starting TLS");
    return say_hello(s, a); /* what was offered in the clear is worth nothing */
}

static struct mail_end greet(struct smtp *s, struct arena *a)
{
    struct smtp_reply reply;
    if (smtp_hear(s, a, &reply) != OK)
        return smtp_lost(s, a, "the greeting");
    if (reply.code != 220)
        return smtp_no(s, a, "the greeting", &reply);
    s->has_greeted = true;
    struct mail_end end = say_hello(s, a);
    if (end.kind == MAIL_DONE && s->options.server.security == MAIL_STARTTLS)
        end = start_tls(s, a);
    if (end.kind == MAIL_DONE && s->options.server.user.len > 0)
        end = smtp_login(s, a);
    return end;
}

/* A domain or an address literal: what EHLO takes. */
static bool name_is_good(str name)
{
    for (ptrdiff_t i = 0; i < name.len; i++) {
        char c = name.at[i];
        bool is_word = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!is_word && str_find_byte(S(".-_[]:"), c) < 0)
            return false;
    }
    return name.len > 0 && name.len <= NAME_BYTES;
}

void smtp_retime(struct smtp *s, const struct smtp_options *from, int64_t most_ms)
{
    s->options.step_ms = from->step_ms > 0 ? from->step_ms : STEP_MS;
    s->options.final_ms = from->final_ms > 0 ? from->final_ms : FINAL_MS;
    s->options.most_ms = most_ms > 0 ? most_ms : MOST_MS;
}

bool smtp_is_for(const struct smtp *s, const struct smtp_options *o)
{
    const struct mail_server *x = &s->options.server, *y = &o->server;
    str name = name_is_good(o->name) ? o->name : S("[127.0.0.1]");
    return str_eq(x->host, y->host) && x->port == y->port && x->security == y->security &&
           x->login == y->login && str_eq(x->user, y->user) && crypto_equal(x->secret, y->secret) &&
           x->rules == y->rules && str_eq(x->ca_file, y->ca_file) && str_eq(s->options.name, name);
}

static void options_copy(struct smtp *s, const struct smtp_options *from)
{
    struct smtp_options *o = &s->options;
    *o = *from;
    o->server.host = str_copy(s->a, from->server.host);
    o->server.user = str_copy(s->a, from->server.user);
    o->server.secret = str_copy(s->a, from->server.secret);
    o->server.ca_file = str_copy(s->a, from->server.ca_file);
    o->name = name_is_good(from->name) ? str_copy(s->a, from->name) : S("[127.0.0.1]");
    smtp_retime(s, from, from->most_ms);
}

static void line_drop(void *what)
{
    struct smtp *s = what;
    if (s->line != NULL)
        mail_line_close(s->line);
    s->line = NULL;
}

struct smtp *smtp_make(struct arena *a, const struct smtp_options *options)
{
    struct smtp *s = NEW(a, struct smtp, 1);
    s->a = a;
    options_copy(s, options);
    s->buffer = NEW(a, char, SMTP_BUFFER_BYTES);
    arena_defer(a, line_drop, s);
    s->line = mail_line_make();
    return s->line != NULL ? s : NULL;
}

struct mail_end smtp_start(struct smtp *s)
{
    smtp_begin(s);
    if (mail_line_connect(s->line, &s->options.server, s->options.step_ms) != OK)
        return smtp_lost(s, s->a, "connecting");
    return greet(s, s->a);
}

struct mail_end smtp_open(struct arena *a, const struct smtp_options *options, struct smtp **smtp)
{
    struct smtp *s = smtp_make(a, options);
    if (s == NULL)
        return smtp_says(a, MAIL_LATER, S("out of memory"));
    struct mail_end end = smtp_start(s);
    if (end.kind == MAIL_DONE)
        *smtp = s;
    else
        smtp_close(s);
    return end;
}

bool smtp_is_open(const struct smtp *s)
{
    return s->line != NULL && !s->is_bad;
}

int64_t smtp_size_max(const struct smtp *s)
{
    return s->size_max;
}

bool smtp_offers_dsn(const struct smtp *s)
{
    return s->has_dsn;
}

void smtp_cancel(struct smtp *s)
{
    mail_line_cancel(s->line);
}

void smtp_close(struct smtp *s)
{
    if (s->line == NULL)
        return;
    if (!s->is_bad && s->has_greeted) {
        mail_line_limit(s->line, 1000, 1000);
        (void)mail_line_write(s->line, S("QUIT\r\n")); /* a courtesy */
    }
    line_drop(s);
}
