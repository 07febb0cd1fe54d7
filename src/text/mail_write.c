/* mail_write: what the mail consists of: first the header, whole and checked, then the parts, one
 * after another. See mail_write.h. Thread: any; reads files. */
#include "text/mail_write_inner.h"

#include "base/clock.h"
#include "base/crypto.h"
#include "base/utf8.h"
#include "text/html_text.h"

enum {
    LOOP_BYTES = 200,
    TYPE_BYTES = 100,
    BOUNDARY_BYTES = 12,      /* of a hash, as hexadecimal digits */
    ABOVE_BYTES = 128 * 1024, /* of the lines of others */
    ABOVE_NAME_BYTES = 100,
};

struct writing {
    struct arena *a;
    const struct mail_out *mail;
    struct mail_head head;
    struct mail_sink *sink;
    str text, html; /* as lines */
    int n_inline, n_attached;
    str *why;
};

/* ── header ── */

static err refuse(struct writing *w, err e, str words)
{
    *w->why = words;
    return e;
}

static err wire(struct writing *w, str address, str *to)
{
    return mail_address_wire(w->a, address, w->mail->is_utf8, to, w->why);
}

static err put_person(struct writing *w, const char *field, str name, str address)
{
    str to;
    if (address.len == 0)
        return OK;
    TRY(wire(w, address, &to));
    mail_head_begin(&w->head, field);
    mail_head_person(&w->head, name, to, false);
    mail_head_end(&w->head);
    return OK;
}

static err put_people(
    struct writing *w, const char *field, const struct mime_address *people, int n)
{
    if (n == 0)
        return OK;
    if (n > MAIL_OUT_ADDRESSES)
        return refuse(w, E_LIMIT, S("The mail has more than 200 recipients in one list."));
    mail_head_begin(&w->head, field);
    for (int i = 0; i < n; i++) {
        str to;
        TRY(wire(w, people[i].address, &to));
        mail_head_person(&w->head, people[i].name, to, i + 1 < n);
    }
    mail_head_end(&w->head);
    return OK;
}

static str in_brackets(struct arena *a, str id)
{
    return str_print(a, "<%.*s>", SARG(id));
}

/* First and last ones; ids of others that are none are left out. */
static void put_references(struct writing *w)
{
    const struct mail_out *mail = w->mail;
    str *ids = NEW(w->a, str, mail->n_references + 1);
    int n = 0;
    for (int i = 0; i <= mail->n_references; i++) {
        str id = i < mail->n_references ? mail->references[i] : mail->in_reply_to;
        bool is_last = n > 0 && str_eq(ids[n - 1], id);
        if (mail_is_word(id, MIME_ID_BYTES) && !is_last)
            ids[n++] = id;
    }
    if (n == 0)
        return;
    mail_head_begin(&w->head, "References");
    for (int i = 0; i < n; i++)
        if (i < MAIL_OUT_FIRST_REFERENCES || i >= n - MAIL_OUT_LAST_REFERENCES)
            mail_head_token(&w->head, in_brackets(w->a, ids[i]));
    mail_head_end(&w->head);
}

static err put_ids(struct writing *w)
{
    const struct mail_out *mail = w->mail;
    if (!mail_is_word(mail->message_id, MIME_ID_BYTES))
        return refuse(w, E_INVALID, S("The mail has no usable Message-ID."));
    mail_head_field(&w->head, "Message-ID", in_brackets(w->a, mail->message_id));
    if (mail_is_word(mail->in_reply_to, MIME_ID_BYTES))
        mail_head_field(&w->head, "In-Reply-To", in_brackets(w->a, mail->in_reply_to));
    put_references(w);
    return OK;
}

static bool starts_nocase(str s, str prefix)
{
    return str_eq_nocase(str_sub(s, 0, prefix.len), prefix);
}

static err put_leaving(struct writing *w)
{
    str url = w->mail->unsubscribe_url;
    if (!w->mail->is_bulk)
        return OK;
    mail_head_field(&w->head, "Precedence", S("bulk"));
    if (url.len == 0)
        return OK;
    bool is_https = starts_nocase(url, S("https://"));
    if (!mail_is_word(url, MAIL_OUT_URL_BYTES) || (!is_https && !starts_nocase(url, S("mailto:"))))
        return refuse(w, E_INVALID,
            S("The address for leaving the list must begin with https:// or mailto:."));
    mail_head_field(&w->head, "List-Unsubscribe", in_brackets(w->a, url));
    if (is_https) /* RFC 8058, 3.1 */
        mail_head_field(&w->head, "List-Unsubscribe-Post", S("List-Unsubscribe=One-Click"));
    return OK;
}

static err put_machine(struct writing *w)
{
    const struct mail_out *mail = w->mail;
    if (mail->is_automatic) {
        bool is_answer = mail->in_reply_to.len > 0;
        mail_head_field(
            &w->head, "Auto-Submitted", is_answer ? S("auto-replied") : S("auto-generated"));
        mail_head_field(&w->head, "X-Auto-Response-Suppress", S("All"));
    }
    TRY(put_leaving(w));
    if (mail->loop.len == 0)
        return OK;
    if (!mail_is_word(mail->loop, LOOP_BYTES))
        return refuse(w, E_INVALID, S("The name of this installation has spaces or is too long."));
    mail_head_field(&w->head, "X-Seva-Loop", mail->loop);
    return OK;
}

/* A value of ASCII goes out as it came, in words that can be folded: addresses and results of
 * checks stand in it. */
static void put_above_one(struct writing *w, const struct mime_header *line)
{
    struct mail_head *h = &w->head;
    str value = mail_one_line(w->a, line->value, MIME_VALUE_BYTES), rest = value, word;
    const char *name = str_z(w->a, line->name);
    bool is_plain = true;
    ptrdiff_t longest = 0;
    for (ptrdiff_t i = 0, n = 0; i < value.len; i++) {
        is_plain = is_plain && (unsigned char)value.at[i] < 0x7f;
        n = value.at[i] == ' ' ? 0 : n + 1;
        longest = n > longest ? n : longest;
    }
    if (!is_plain || longest > MAIL_OUT_URL_BYTES) {
        mail_head_text(h, name, value);
        return;
    }
    mail_head_begin(h, name);
    while (rest.len > 0) {
        (void)str_cut(rest, ' ', &word, &rest); /* the last one has none after it */
        if (word.len > 0)
            mail_head_token(h, word);
    }
    mail_head_end(h);
}

static void put_above(struct writing *w)
{
    const struct mail_out *mail = w->mail;
    for (int i = 0; i < mail->n_above && w->head.b.len < ABOVE_BYTES; i++) {
        str name = mail->above[i].name;
        if (str_is_ascii_token(name) && name.len <= ABOVE_NAME_BYTES)
            put_above_one(w, &mail->above[i]);
    }
}

static void put_date(struct writing *w)
{
    char to[TIME_HTTP_BYTES];
    if (w->mail->is_rebuilt && !w->mail->date_ms)
        return;
    str date = time_http_to(to, w->mail->date_ms); /* RFC 5322's but for the zone's name */
    mail_head_begin(&w->head, "Date");
    mail_head_token(&w->head, str_print(w->a, "%.*s +0000", SARG(str_sub(date, 0, date.len - 4))));
    mail_head_end(&w->head);
}

static err put_header(struct writing *w)
{
    const struct mail_out *mail = w->mail;
    put_above(w);
    put_date(w);
    if (mail->from_address.len == 0)
        return refuse(w, E_INVALID, S("The mail has no sender."));
    TRY(put_person(w, "From", mail->from_name, mail->from_address));
    TRY(put_person(w, "Sender", S(""), mail->sender));
    TRY(put_person(w, "Reply-To", S(""), mail->reply_to));
    TRY(put_people(w, "To", mail->to, mail->n_to));
    TRY(put_people(w, "Cc", mail->cc, mail->n_cc));
    if (mail->n_to + mail->n_cc == 0) {
        mail_head_begin(&w->head, "To");
        mail_head_token(&w->head, S("undisclosed-recipients:;"));
        mail_head_end(&w->head);
    }
    mail_head_text(&w->head, "Subject", mail_one_line(w->a, mail->subject, MAIL_OUT_SUBJECT_BYTES));
    TRY(put_ids(w));
    TRY(put_machine(w));
    mail_head_field(&w->head, "MIME-Version", S("1.0"));
    return OK;
}

/* ── parts ── */

enum level { LEVEL_MIXED, LEVEL_RELATED, LEVEL_ALTERNATIVE, LEVELS };

static const char *const level_types[] = {
    "multipart/mixed", "multipart/related", "multipart/alternative"};

static bool has_level(const struct writing *w, enum level level)
{
    bool has_words = w->text.len > 0 || w->html.len > 0;
    switch (level) {
    case LEVEL_MIXED: /* a lone file needs none */
        return w->n_attached > 1 || (w->n_attached == 1 && has_words);
    case LEVEL_RELATED:
        return w->n_inline > 0;
    case LEVEL_ALTERNATIVE:
        return w->html.len > 0 && (w->text.len > 0 || !w->mail->is_rebuilt);
    case LEVELS:
        break;
    }
    return false;
}

static str boundary(const struct writing *w, enum level level)
{
    str seed = w->mail->boundary_seed.len > 0 ? w->mail->boundary_seed : w->mail->message_id;
    struct sha256 hash = crypto_sha256(str_print(w->a, "%.*s/%d", SARG(seed), (int)level));
    str digits = crypto_hex(w->a, str_of(hash.b, BOUNDARY_BYTES));
    return str_cat(w->a, S("=_"), digits);
}

/* What stands collected in the head goes out. */
static void send_head(struct writing *w)
{
    mail_sink_add(w->sink, sb_str(&w->head.b));
    w->head.b.len = 0;
    w->head.line = 0;
}

/* The line before a part of this multipart. is_end: the one after the last. */
static void put_delimiter(struct writing *w, enum level level, bool is_end)
{
    mail_sink_add(w->sink, S("\r\n--"));
    mail_sink_add(w->sink, boundary(w, level));
    mail_sink_add(w->sink, is_end ? S("--") : S("\r\n"));
}

/* Content-Type of a multipart, as the head of the mail or of a part. */
static void put_multipart(struct writing *w, enum level level)
{
    mail_head_begin(&w->head, "Content-Type");
    mail_head_token(&w->head, str_print(w->a, "%s;", level_types[level]));
    if (level == LEVEL_RELATED) /* RFC 2387, 3.1 */
        mail_head_token(&w->head, has_level(w, LEVEL_ALTERNATIVE)
                                      ? S("type=\"multipart/alternative\";")
                                      : S("type=\"text/html\";"));
    mail_head_token(&w->head, str_print(w->a, "boundary=\"%.*s\"", SARG(boundary(w, level))));
    mail_head_end(&w->head);
    mail_head_end(&w->head);
    send_head(w);
}

static void put_words(struct writing *w, const char *type, str lines)
{
    enum mail_coding coding = mail_coding_of(lines);
    mail_head_field(&w->head, "Content-Type", str_print(w->a, "%s; charset=utf-8", type));
    mail_head_field(&w->head, "Content-Transfer-Encoding", str_from(mail_coding_name(coding)));
    mail_head_end(&w->head);
    send_head(w);
    mail_body_text(w->sink, lines, coding);
}

static bool is_inline(const struct writing *w, const struct mail_out_file *file)
{
    return file->is_inline && file->content_id.len > 0 && w->html.len > 0;
}

/* What may stand before the parameters; what cannot be base64 (RFC 2046, 5) is a file like any,
 * but for readers of ours (keeps_mails). */
static str file_type(struct arena *a, str type, bool keeps_mails)
{
    str main, sub;
    type = str_lower_ascii(a, str_trim(type));
    bool is_fit = str_cut(type, '/', &main, &sub) && str_is_ascii_token(main) &&
                  str_is_ascii_token(sub) && type.len <= TYPE_BYTES &&
                  (keeps_mails || !str_eq(main, S("message"))) && !str_eq(main, S("multipart"));
    return is_fit ? type : S("application/octet-stream");
}

/* Of all parameters only what a calendar means with: "text/calendar; method=REPLY". */
static str calendar_method(str parameters)
{
    str one, name, value;
    while (parameters.len > 0) {
        (void)str_cut(parameters, ';', &one, &parameters); /* the last one has none after it */
        if (str_cut(one, '=', &name, &value) && str_eq_nocase(str_trim(name), S("method")) &&
            str_is_ascii_token(str_trim(value)) && value.len <= TYPE_BYTES)
            return str_trim(value);
    }
    return (str){0};
}

static err put_file(struct writing *w, const struct mail_out_file *file)
{
    struct mail_head *h = &w->head;
    str type, parameters;
    (void)str_cut(file->type, ';', &type, &parameters); /* mostly there are none */
    type = file_type(w->a, type, w->mail->is_rebuilt);
    str name = utf8_file_name(w->a, file->name);
    mail_head_begin(h, "Content-Type");
    mail_head_token(h, type);
    if (str_eq(type, S("text/calendar"))) {
        str method = calendar_method(parameters);
        sb_add(&h->b, S("; charset=utf-8"));
        if (method.len > 0)
            sb_print(&h->b, "; method=%.*s", SARG(method));
    }
    mail_head_name_words(h, "name", name);
    mail_head_end(h);
    mail_head_field(h, "Content-Transfer-Encoding", S("base64"));
    if (is_inline(w, file))
        mail_head_field(h, "Content-ID", in_brackets(w->a, file->content_id));
    mail_head_begin(h, "Content-Disposition");
    mail_head_token(h, is_inline(w, file) ? S("inline") : S("attachment"));
    mail_head_name_2231(h, "filename", name);
    mail_head_end(h);
    mail_head_end(h);
    send_head(w);
    return mail_body_file(w->a, w->sink, file, w->why);
}

static err put_files(struct writing *w, enum level level, bool are_inline)
{
    for (int i = 0; i < w->mail->n_files && !w->sink->is_stopped; i++) {
        if (is_inline(w, &w->mail->files[i]) != are_inline)
            continue;
        if (has_level(w, level))
            put_delimiter(w, level, false);
        TRY(put_file(w, &w->mail->files[i]));
    }
    if (has_level(w, level))
        put_delimiter(w, level, true);
    return OK;
}

static err put_parts(struct writing *w)
{
    bool is_lone_file = w->n_attached == 1 && !has_level(w, LEVEL_MIXED);
    int outer = -1;
    for (int level = LEVEL_MIXED; level < LEVELS; level++) {
        if (!has_level(w, (enum level)level))
            continue;
        if (outer >= 0)
            put_delimiter(w, (enum level)outer, false);
        put_multipart(w, (enum level)level);
        outer = level;
    }
    bool has_text = w->text.len > 0 || (w->html.len == 0 && w->n_attached == 0);
    if (has_text || has_level(w, LEVEL_ALTERNATIVE)) {
        if (outer >= 0)
            put_delimiter(w, (enum level)outer, false);
        put_words(w, "text/plain", w->text);
    }
    if (has_level(w, LEVEL_ALTERNATIVE)) {
        put_delimiter(w, LEVEL_ALTERNATIVE, false);
        put_words(w, "text/html", w->html);
        put_delimiter(w, LEVEL_ALTERNATIVE, true);
    } else if (w->html.len > 0) {
        if (outer >= 0)
            put_delimiter(w, (enum level)outer, false);
        put_words(w, "text/html", w->html);
    }
    if (has_level(w, LEVEL_RELATED))
        TRY(put_files(w, LEVEL_RELATED, true));
    if (has_level(w, LEVEL_MIXED) || is_lone_file)
        TRY(put_files(w, LEVEL_MIXED, false));
    mail_sink_add(w->sink, S("\r\n"));
    return OK;
}

/* ── the whole ── */

static err take_words(struct writing *w)
{
    str text = w->mail->text, html = w->mail->html;
    if (text.len > MAIL_OUT_TEXT_BYTES || html.len > MAIL_OUT_TEXT_BYTES)
        return refuse(w, E_LIMIT, S("The mail's text is longer than 4 MiB."));
    if (text.len == 0 && html.len > 0 && !w->mail->is_rebuilt)
        TRY(html_text_mail(w->a, html, MIME_TEXT_BYTES, &text));
    w->text = mail_lines(w->a, text);
    if (w->mail->is_rebuilt) {
        w->html = mail_lines(w->a, html);
    } else if (html.len > 0) {
        struct sb document = sb_make(w->a, 0);
        sb_add(&document, S("<!DOCTYPE html>\n<html><head>\n"));
        sb_add(&document,
            S("<meta http-equiv=\"Content-Type\" content=\"text/html; charset=utf-8\">\n"));
        sb_add(&document, S("</head><body>\n"));
        sb_add(&document, html);
        sb_add(&document, S("\n</body></html>"));
        w->html = mail_lines(w->a, sb_str(&document));
    }
    return OK;
}

static err count_files(struct writing *w)
{
    const struct mail_out *mail = w->mail;
    if (mail->n_files > (mail->is_rebuilt ? MIME_PARTS / 2 : MAIL_OUT_FILES))
        return refuse(w, E_LIMIT,
            mail->is_rebuilt ? S("The mail has more than 250 files.")
                             : S("The mail has more than 50 files."));
    for (int i = 0; i < mail->n_files; i++) {
        bool is_in_html = is_inline(w, &mail->files[i]);
        if (is_in_html && !mail_is_word(mail->files[i].content_id, MIME_ID_BYTES))
            return refuse(w, E_INVALID, S("A picture of the mail has no usable content id."));
        w->n_inline += is_in_html;
        w->n_attached += !is_in_html;
    }
    return OK;
}

err mail_write(struct arena *a, const struct mail_out *mail, bool (*put)(void *arg, str piece),
    void *arg, str *why)
{
    struct writing w = {.a = a, .mail = mail, .head = mail_head_make(a), .why = why};
    w.sink = NEW(a, struct mail_sink, 1);
    w.sink->put = put;
    w.sink->arg = arg;
    TRY(take_words(&w));
    TRY(count_files(&w));
    TRY(put_header(&w));
    if (w.head.b.failed)
        return refuse(&w, E_LIMIT, S("The mail's header is longer than 256 KiB."));
    send_head(&w);
    TRY(put_parts(&w));
    mail_sink_flush(w.sink);
    return w.sink->is_stopped ? E_UPSTREAM : OK;
}
