/* One mail over a connection: MAIL, RCPT, DATA, and what became of it. See smtp.h. The final dot is
 * a write of its own: before it nothing can have been taken, after it only the server's answer
 * tells. */
#include <assert.h>
#include <string.h>

#include "base/limits.h"
#include "base/utf8.h"
#include "net/smtp_inner.h"

enum {
    OUT_BYTES = 32 * 1024,   /* written at once */
    PIECE_BYTES = 8 * 1024,  /* of the mail, doubled at worst */
    LOOK_BYTES = 256 * 1024, /* written between two looks whether the server has given up */
    LAST_MS = 10 * 1000,     /* without this much time for its answer the dot is not written */
    ADDRESS_BYTES = 254,     /* RFC 5321 4.5.3.1.3, without <> */
    LOCAL_BYTES = 64,
    ENVELOPE_ID_BYTES = 100, /* RFC 3461 4.4 */
};

struct sending {
    struct smtp *s;
    struct arena *a;
    const struct smtp_mail *mail;
    struct smtp_sent *sent;
    bool needs_utf8;
    /* The body. */
    struct smtp_stuff stuff;
    char *out;
    ptrdiff_t out_len, unlooked; /* bytes */
    bool has_failed;             /* the line has ended */
    bool was_interrupted;        /* the server speaks before the mail is whole */
};

static bool is_ascii(str s)
{
    for (ptrdiff_t i = 0; i < s.len; i++)
        if ((unsigned char)s.at[i] > 127)
            return false;
    return true;
}

/* local@domain that can stand between < and >. */
static bool address_is_good(str s)
{
    ptrdiff_t at = -1;
    if (s.len > ADDRESS_BYTES || !utf8_valid(s))
        return false;
    for (ptrdiff_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.at[i];
        if (c <= ' ' || c == 0x7F || c == '<' || c == '>')
            return false;
        at = c == '@' ? i : at;
    }
    return at > 0 && at <= LOCAL_BYTES && at < s.len - 1;
}

static void answer_set(
    struct sending *m, int i, enum mail_end_kind kind, const char *enhanced, const char *words)
{
    m->sent->to[i] = (struct smtp_answer){
        .kind = kind, .enhanced = str_from(enhanced), .words = str_from(words)};
}

/* The mail's own end, for all recipients that were not refused before. */
static void finish(struct sending *m, struct mail_end end, str words)
{
    struct smtp_sent *sent = m->sent;
    sent->kind = end.kind;
    sent->code = end.code;
    sent->enhanced = end.enhanced;
    sent->words = words;
    sent->why = end.why;
    sent->n_taken = 0;
    for (int i = 0; i < m->mail->n_to; i++) {
        if (sent->to[i].kind != MAIL_DONE)
            continue;
        sent->to[i].kind = end.kind;
        sent->n_taken += end.kind == MAIL_DONE || end.kind == MAIL_UNKNOWN;
        if (end.kind != MAIL_DONE) {
            sent->to[i].code = end.code;
            sent->to[i].enhanced = end.enhanced;
            sent->to[i].words = words;
        }
    }
}

static void finish_ours(
    struct sending *m, enum mail_end_kind kind, const char *enhanced, const char *words)
{
    struct mail_end end = {.kind = kind, .why = str_from(words), .enhanced = str_from(enhanced)};
    finish(m, end, end.why);
}

static void finish_no(struct sending *m, const char *step, const struct smtp_reply *reply)
{
    finish(m, smtp_no(m->s, m->a, step, reply), smtp_reply_words(m->a, reply));
}

static void finish_lost(struct sending *m, const char *step)
{
    struct mail_end end = smtp_lost(m->s, m->a, step);
    finish(m, end, (str){0});
}

/* Puts the connection back to its start; where that fails, it is no use any more. */
static void reset(struct sending *m)
{
    struct smtp_reply reply;
    if (m->s->is_bad)
        return;
    if (smtp_ask(m->s, m->a, S("RSET"), &reply) != OK || reply.code / 100 != 2)
        m->s->is_bad = true;
}

/* What can be said without asking the server; false: the mail has ended. */
static bool is_worth_asking(struct sending *m)
{
    const struct smtp_mail *mail = m->mail;
    const struct smtp *s = m->s;
    bool has_some = false;
    m->needs_utf8 = mail->is_utf8 || !is_ascii(mail->from);
    for (int i = 0; i < mail->n_to; i++) {
        str to = mail->to[i];
        if (!address_is_good(to))
            answer_set(m, i, MAIL_REFUSED, "5.1.3", "this is no address that mail can go to");
        else if (!is_ascii(to) && !s->has_smtputf8)
            answer_set(m, i, MAIL_REFUSED, "5.6.7",
                "the server takes no addresses with letters beyond ASCII (SMTPUTF8)");
        else {
            has_some = true;
            m->needs_utf8 = m->needs_utf8 || !is_ascii(to);
        }
    }
    if (mail->from.len > 0 && !address_is_good(mail->from))
        finish_ours(m, MAIL_REFUSED, "5.1.7", "the sender is no address that mail can come from");
    else if (m->needs_utf8 && !s->has_smtputf8)
        finish_ours(m, MAIL_REFUSED, "5.6.7",
            "the server takes no mail with letters beyond ASCII in sender or header (SMTPUTF8)");
    else if (s->size_max > 0 && mail->size_bytes > s->size_max) {
        str words =
            str_print(m->a, "the mail has %.1f MB with its attachments; %.*s takes at most %.1f MB",
                (double)mail->size_bytes / 1e6, SARG(s->options.server.host),
                (double)s->size_max / 1e6);
        struct mail_end end = {.kind = MAIL_REFUSED, .why = words, .enhanced = S("5.3.4")};
        finish(m, end, words);
    } else
        return has_some;
    return false;
}

/* Printable ASCII but "+" and "=", the rest as +HH (RFC 3461, 4). */
static void xtext_add(struct sb *b, str text)
{
    for (ptrdiff_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.at[i];
        if (c > ' ' && c < 0x7F && c != '+' && c != '=')
            sb_byte(b, (char)c);
        else
            sb_print(b, "+%02X", (unsigned)c);
    }
}

static str mail_command(struct sending *m)
{
    const struct smtp_mail *mail = m->mail;
    const struct smtp *s = m->s;
    struct sb b = sb_make(m->a, 0);
    sb_print(&b, "MAIL FROM:<%.*s>", SARG(mail->from));
    if (s->has_size && mail->size_bytes > 0)
        sb_print(&b, " SIZE=%lld", (long long)mail->size_bytes);
    if (s->has_8bitmime && mail->is_8bit)
        sb_add(&b, S(" BODY=8BITMIME"));
    if (m->needs_utf8)
        sb_add(&b, S(" SMTPUTF8"));
    if (s->has_dsn)
        sb_print(&b, " RET=%s", mail->returns_whole_mail ? "FULL" : "HDRS");
    if (s->has_dsn && mail->envelope_id.len > 0) {
        sb_add(&b, S(" ENVID="));
        xtext_add(&b, str_sub(mail->envelope_id, 0, ENVELOPE_ID_BYTES));
    }
    return sb_str(&b);
}

static bool say_mail(struct sending *m)
{
    struct smtp_reply reply;
    if (smtp_ask(m->s, m->a, mail_command(m), &reply) != OK)
        finish_lost(m, "naming the sender");
    else if (reply.code / 100 != 2)
        finish_no(m, "naming the sender", &reply);
    else {
        m->sent->is_before_mail = false;
        return true;
    }
    return false;
}

static str rcpt_command(struct sending *m, int i)
{
    static const struct {
        enum smtp_notify flag;
        const char *word;
    } words[] = {
        {SMTP_NOTIFY_FAILURE, "FAILURE"},
        {SMTP_NOTIFY_DELAY,   "DELAY"  },
        {SMTP_NOTIFY_SUCCESS, "SUCCESS"},
    };
    struct sb b = sb_make(m->a, 0);
    sb_print(&b, "RCPT TO:<%.*s>", SARG(m->mail->to[i]));
    if (!m->s->has_dsn || m->mail->notify == SMTP_NOTIFY_DEFAULT)
        return sb_str(&b);
    const char *before = " NOTIFY=";
    if (m->mail->notify & SMTP_NOTIFY_NEVER)
        sb_print(&b, "%sNEVER", before);
    else
        for (int k = 0; k < (int)(sizeof words / sizeof *words); k++)
            if (m->mail->notify & words[k].flag) {
                sb_print(&b, "%s%s", before, words[k].word);
                before = ",";
            }
    return sb_str(&b);
}

/* One recipient's answer. Too many recipients is no verdict on this one: 452, by older servers 552
 * (RFC 5321 4.5.3.1.10). */
static void answer_note(struct sending *m, int i, const struct smtp_reply *reply, int n_before)
{
    bool is_too_many = reply->code == 552 && n_before > 0 &&
                       (reply->enhanced.len == 0 || str_eq(reply->enhanced, S("5.5.3")));
    bool is_later = reply->code / 100 == 4 || is_too_many;
    m->sent->to[i] = (struct smtp_answer){
        .kind = reply->code / 100 == 2 ? MAIL_DONE
                : is_later             ? MAIL_LATER
                                       : MAIL_REFUSED,
        .code = reply->code,
        .enhanced = reply->enhanced,
        .words = smtp_reply_words(m->a, reply),
    };
}

/* Nobody was accepted: as the first recipient who may be accepted later, else as the first. */
static void finish_refused(struct sending *m)
{
    const struct smtp_answer *first = &m->sent->to[0];
    for (int i = m->mail->n_to - 1; i >= 0; i--)
        if (m->sent->to[i].kind == MAIL_LATER)
            first = &m->sent->to[i];
    struct mail_end end = {.kind = first->kind, .code = first->code, .enhanced = first->enhanced};
    str to = m->mail->to[first - m->sent->to];
    to = utf8_repair(m->a, str_sub(to, 0, ADDRESS_BYTES));
    end.why = first->code == 0 ? str_print(m->a, "%.*s: %.*s", SARG(to), SARG(first->words))
                               : str_print(m->a, "%.*s was refused: %.*s said %d%s%.*s%s%.*s",
                                     SARG(to), SARG(m->s->options.server.host), first->code,
                                     first->enhanced.len > 0 ? " " : "", SARG(first->enhanced),
                                     first->words.len > 0 ? ": " : "", SARG(first->words));
    finish(m, end, first->words);
}

/* Names the recipients; false: the mail has ended. */
static bool say_recipients(struct sending *m)
{
    int n = 0;
    for (int i = 0; i < m->mail->n_to; i++) {
        struct smtp_reply reply;
        if (m->sent->to[i].kind != MAIL_DONE)
            continue; /* by us */
        if (smtp_ask(m->s, m->a, rcpt_command(m, i), &reply) != OK) {
            finish_lost(m, "naming a recipient");
            return false;
        }
        int class = reply.code / 100;
        if (reply.code == 421 || reply.code == 530 || class == 3) { /* no word on the recipient */
            finish_no(m, "naming a recipient", &reply);
            reset(m);
            return false;
        }
        answer_note(m, i, &reply, n);
        n += class == 2;
    }
    if (n > 0)
        return true;
    finish_refused(m);
    reset(m);
    return false;
}

static bool out_flush(struct sending *m)
{
    if (mail_line_write(m->s->line, str_of(m->out, m->out_len)) != OK) {
        m->has_failed = true;
        return false;
    }
    m->unlooked += m->out_len;
    m->out_len = 0;
    if (m->unlooked < LOOK_BYTES)
        return true;
    m->unlooked = 0;
    m->was_interrupted = mail_line_wait(m->s->line, 1) == MAIL_WAIT_DATA;
    return !m->was_interrupted;
}

static bool body_put(void *to, str piece)
{
    struct sending *m = to;
    if (m->has_failed || m->was_interrupted)
        return false;
    while (piece.len > 0) {
        str some = str_sub(piece, 0, PIECE_BYTES);
        piece = str_skip(piece, some.len);
        m->out_len += smtp_stuff(&m->stuff, some, m->out + m->out_len);
        if (m->out_len > OUT_BYTES - 2 * PIECE_BYTES && !out_flush(m))
            return false;
    }
    return true;
}

/* The server spoke, or went, before the mail was whole. */
static void finish_interrupted(struct sending *m)
{
    struct smtp_reply reply;
    m->s->is_bad = true;
    if (smtp_hear(m->s, m->a, &reply) != OK)
        finish_lost(m, "sending the mail");
    else
        finish_no(m, "sending the mail", &reply);
}

/* All of the mail but the dot; false: the mail has ended. */
static bool say_body(struct sending *m)
{
    m->out = NEW(m->a, char, OUT_BYTES);
    bool is_whole = m->mail->source(m->mail->source_arg, body_put, m);
    is_whole = is_whole && !m->has_failed && !m->was_interrupted;
    if (is_whole && m->stuff.is_inside)
        is_whole = body_put(m, S("\r\n"));
    is_whole = is_whole && (m->out_len == 0 || out_flush(m));
    if (is_whole && mail_line_wait(m->s->line, 1) == MAIL_WAIT_DATA)
        m->was_interrupted = true;
    if (is_whole && !m->was_interrupted && m->s->until_ms - smtp_real_ms() >= LAST_MS)
        return true;
    m->s->is_bad = true; /* the server waits for more of it */
    if (m->has_failed)
        finish_lost(m, "sending the mail");
    else if (m->was_interrupted)
        finish_interrupted(m);
    else if (is_whole)
        finish_ours(m, MAIL_LATER, "4.4.7",
            "sending the mail took so long that no time was left for the server's answer");
    else {
        m->sent->is_source_broken = true;
        finish_ours(m, MAIL_LOST, "", "the mail could not be put together");
    }
    return false;
}

static void say_dot(struct sending *m)
{
    struct smtp_reply reply;
    if (mail_line_write(m->s->line, S(".\r\n")) != OK) { /* not all of it: nothing was taken */
        finish_lost(m, "sending the mail");
        return;
    }
    smtp_limit(m->s, m->s->options.final_ms);
    err e = smtp_hear(m->s, m->a, &reply);
    if (e == OK && reply.code / 100 == 3) {
        mail_line_fail(m->s->line, MAIL_BAD_ANSWER, S("the answer is neither yes nor no"));
        e = E_UPSTREAM;
    }
    if (e != OK) {
        struct mail_end end = {.kind = MAIL_UNKNOWN};
        struct mail_end lost = mail_line_end(m->s->line, m->a);
        m->s->is_bad = true;
        end.why = str_print(m->a,
            "the mail was sent whole, but no answer came that says whether it was taken: %.*s",
            SARG(lost.why));
        finish(m, end, (str){0});
        return;
    }
    smtp_limit(m->s, m->s->options.step_ms);
    if (reply.code / 100 != 2) {
        finish_no(m, "the whole mail", &reply);
        return;
    }
    struct mail_end end = {.kind = MAIL_DONE, .code = reply.code, .enhanced = reply.enhanced};
    finish(m, end, smtp_reply_words(m->a, &reply));
}

static void say_data(struct sending *m)
{
    struct smtp_reply reply;
    if (smtp_ask(m->s, m->a, S("DATA"), &reply) != OK)
        finish_lost(m, "asking to send the mail");
    else if (reply.code == 354) {
        if (say_body(m))
            say_dot(m);
    } else {
        struct mail_end end = smtp_no(m->s, m->a, "asking to send the mail", &reply);
        if (reply.code < 400) { /* neither a no nor 354: what the server waits for is unknown */
            m->s->is_bad = true;
            end.kind = MAIL_BAD_ANSWER;
        }
        finish(m, end, smtp_reply_words(m->a, &reply));
        reset(m);
    }
}

/* Taken, but not for all: says for how many not, and why for the first. */
static void tell_refused(struct sending *m)
{
    const struct smtp_sent *sent = m->sent;
    int n = m->mail->n_to - sent->n_taken, first = 0;
    if (sent->kind != MAIL_DONE || n == 0)
        return;
    while (sent->to[first].kind == MAIL_DONE)
        first++;
    str to = utf8_repair(m->a, str_sub(m->mail->to[first], 0, ADDRESS_BYTES));
    m->sent->why = str_print(m->a, "taken for %d of %d recipients; %.*s was refused: %d %.*s",
        sent->n_taken, m->mail->n_to, SARG(to), sent->to[first].code, SARG(sent->to[first].words));
}

void smtp_send(
    struct smtp *s, struct arena *a, const struct smtp_mail *mail, struct smtp_sent *sent)
{
    assert(mail->n_to > 0 && mail->n_to <= LIMIT_SMTP_RECIPIENTS);
    struct sending m = {.s = s, .a = a, .mail = mail, .sent = sent};
    *sent = (struct smtp_sent){.is_before_mail = true};
    sent->to = NEW(a, struct smtp_answer, mail->n_to); /* DONE until somebody says no */
    if (!smtp_is_open(s)) {
        finish_ours(&m, MAIL_LOST, "", "the connection has ended before");
        return;
    }
    smtp_begin(s);
    if (!is_worth_asking(&m)) {
        if (sent->kind == MAIL_DONE)
            finish_refused(&m);
        return;
    }
    if (say_mail(&m) && say_recipients(&m))
        say_data(&m);
    tell_refused(&m);
}

struct mail_end smtp_probe(struct smtp *s, struct arena *a, str from)
{
    struct smtp_sent sent;
    struct smtp_mail mail = {.from = from};
    struct sending m = {.s = s, .a = a, .mail = &mail, .sent = &sent};
    sent = (struct smtp_sent){.is_before_mail = true};
    if (!smtp_is_open(s))
        finish_ours(&m, MAIL_LOST, "", "the connection has ended before");
    else {
        smtp_begin(s);
        (void)is_worth_asking(&m); /* no recipients: only the sender counts */
        if (sent.kind == MAIL_DONE && say_mail(&m))
            reset(&m);
    }
    return (struct mail_end){
        .kind = sent.kind, .why = sent.why, .code = sent.code, .enhanced = sent.enhanced};
}
