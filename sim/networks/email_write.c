/* Writes the mails of customers, as they lie in a mailbox: behind what the programs write stands
 * what the mailbox's server ("mx." and its domain) has put before it: Return-Path, Received and
 * Authentication-Results. See email.h. */
#include "base/clock.h"
#include "base/crypto.h"
#include "base/utf8.h"
#include "email.h"

enum { LINE_BYTES = 76, WORD_BYTES = 42, PARTS_MAX = 16 };

str email_date(struct arena *a, int64_t ms)
{
    str gmt = time_http(a, ms);
    return str_print(a, "%.*s+0000", SARG(str_sub(gmt, 0, gmt.len - 3)));
}

str email_html(struct arena *a, str text)
{
    struct sb b = sb_make(a, 0);
    for (ptrdiff_t i = 0; i < text.len; i++) {
        char c = text.at[i];
        if (c == '&')
            sb_add(&b, S("&amp;"));
        else if (c == '<')
            sb_add(&b, S("&lt;"));
        else if (c == '>')
            sb_add(&b, S("&gt;"));
        else if (c == '"')
            sb_add(&b, S("&quot;"));
        else if (c == '\n')
            sb_add(&b, S("<br>\n"));
        else if (c != '\r')
            sb_byte(&b, c);
    }
    return sb_str(&b);
}

static bool is_ascii(str s)
{
    for (ptrdiff_t i = 0; i < s.len; i++)
        if ((unsigned char)s.at[i] >= 127 ||
            ((unsigned char)s.at[i] < ' ' && s.at[i] != '\n' && s.at[i] != '\r' && s.at[i] != '\t'))
            return false;
    return true;
}

/* As encoded words where it is not ASCII; never with a line's end. */
static str words(struct arena *a, str s)
{
    struct sb b = sb_make(a, 0);
    if (is_ascii(s) && str_find_byte(s, '\n') < 0 && str_find_byte(s, '\r') < 0)
        return s;
    while (s.len > 0) {
        str piece = utf8_prefix_bytes(s, WORD_BYTES);
        if (piece.len == 0)
            break;
        if (b.len > 0)
            sb_add(&b, S("\r\n "));
        sb_print(&b, "=?UTF-8?B?%.*s?=", SARG(crypto_base64(a, piece)));
        s = str_skip(s, piece.len);
    }
    return sb_str(&b);
}

static void put_person(struct arena *a, struct sb *b, const char *field, str name, str address)
{
    if (name.len == 0)
        sb_print(b, "%s: <%.*s>\r\n", field, SARG(address));
    else if (is_ascii(name) && str_find_byte(name, '"') < 0 && str_find_byte(name, '\n') < 0)
        sb_print(b, "%s: \"%.*s\" <%.*s>\r\n", field, SARG(name), SARG(address));
    else
        sb_print(b, "%s: %.*s <%.*s>\r\n", field, SARG(words(a, name)), SARG(address));
}

/* ── parts ── */

static void put_base64(struct arena *a, struct sb *b, str bytes)
{
    str text = crypto_base64(a, bytes);
    for (; text.len > 0; text = str_skip(text, LINE_BYTES)) {
        sb_add(b, str_sub(text, 0, LINE_BYTES));
        sb_add(b, S("\r\n"));
    }
}

static bool lines_are_short(str s)
{
    while (s.len > 0) {
        str line;
        (void)str_cut(s, '\n', &line, &s);
        if (line.len > LINE_BYTES + 2)
            return false;
    }
    return true;
}

/* A whole part: its fields, an empty line, its body. */
static str text_part(struct arena *a, const char *type, str text)
{
    struct sb b = sb_make(a, 0);
    if (!is_ascii(text) || !lines_are_short(text)) {
        sb_print(&b,
            "Content-Type: %s; charset=\"UTF-8\"\r\nContent-Transfer-Encoding: base64\r\n\r\n",
            type);
        put_base64(a, &b, text);
        return sb_str(&b);
    }
    sb_print(&b, "Content-Type: %s; charset=\"us-ascii\"\r\n\r\n", type);
    while (text.len > 0) {
        str line;
        (void)str_cut(text, '\n', &line, &text);
        if (str_ends(line, S("\r")))
            line = str_sub(line, 0, line.len - 1);
        sb_add(&b, line);
        sb_add(&b, S("\r\n"));
    }
    return sb_str(&b);
}

static str file_part(struct arena *a, const struct sim_file *f, bool is_picture)
{
    struct sb b = sb_make(a, 0);
    str name = words(a, f->name.len > 0 ? f->name : S("file"));
    sb_print(&b, "Content-Type: %.*s; name=\"%.*s\"\r\nContent-Transfer-Encoding: base64\r\n",
        SARG(f->content_type), SARG(name));
    sb_print(&b, "Content-Disposition: %s; filename=\"%.*s\"\r\n",
        is_picture ? "inline" : "attachment", SARG(name));
    if (is_picture)
        sb_print(&b, "Content-ID: <%.*s>\r\n", SARG(f->name));
    sb_add(&b, S("\r\n"));
    put_base64(a, &b, f->bytes);
    return sb_str(&b);
}

/* One part stays what it is. */
static str multipart(struct arena *a, const char *kind, str id, const str *parts, ptrdiff_t n)
{
    struct sb b = sb_make(a, 0);
    struct sha256 hash = crypto_sha256(id);
    str mark = str_print(a, "=_%s_%.*s", kind, SARG(crypto_hex(a, str_of(hash.b, 10))));
    if (n == 1)
        return parts[0];
    sb_print(&b, "Content-Type: multipart/%s; boundary=\"%.*s\"\r\n\r\n", kind, SARG(mark));
    for (ptrdiff_t i = 0; i < n; i++)
        sb_print(&b, "--%.*s\r\n%.*s", SARG(mark), SARG(parts[i]));
    sb_print(&b, "--%.*s--\r\n", SARG(mark));
    return sb_str(&b);
}

static str body(struct arena *a, const struct email_draft *d)
{
    str both[2] = {text_part(a, "text/plain", d->text)}, mixed[PARTS_MAX], related[PARTS_MAX];
    ptrdiff_t n_both = 1, n_mixed = 1, n_related = 1;
    for (ptrdiff_t i = 0; i < d->n_files && n_mixed < PARTS_MAX && n_related < PARTS_MAX; i++) {
        const struct sim_file *f = &d->files[i];
        str named = str_print(a, "cid:%.*s\"", SARG(f->name));
        if (d->html.len > 0 && str_find(d->html, named) >= 0)
            related[n_related++] = file_part(a, f, true);
        else
            mixed[n_mixed++] = file_part(a, f, false);
    }
    if (d->html.len > 0) {
        related[0] = text_part(a, "text/html", d->html);
        both[n_both++] = multipart(a, "related", d->message_id, related, n_related);
    }
    mixed[0] = multipart(a, "alternative", d->message_id, both, n_both);
    return multipart(a, "mixed", d->message_id, mixed, n_mixed);
}

/* ── header ── */

/* What the mailbox's server puts before a mail. */
static void put_trace(struct arena *a, struct sb *b, const struct email_draft *d)
{
    str domain = {0}, own = {0}, name;
    (void)str_cut(d->from, '@', &name, &domain);
    (void)str_cut(d->to, '@', &name, &own);
    sb_print(b, "Return-Path: <%.*s>\r\n", SARG(d->is_auto_reply ? S("") : d->from));
    sb_print(b,
        "Received: from mail.%.*s (mail.%.*s [192.0.2.25])\r\n\tby mx.%.*s with ESMTPS;\r\n\t%.*s\r\n",
        SARG(domain), SARG(domain), SARG(own), SARG(email_date(a, d->date_ms)));
    const char *verdict = d->is_unproven ? "fail" : "pass";
    sb_print(b,
        "Authentication-Results: mx.%.*s;\r\n\tspf=%s smtp.mailfrom=%.*s;\r\n\tdkim=%s "
        "header.d=%.*s;\r\n\tdmarc=%s header.from=%.*s\r\n",
        SARG(own), verdict, SARG(domain), verdict, SARG(domain), verdict, SARG(domain));
}

static void put_robot(struct sb *b, const struct email_draft *d)
{
    str name, domain = {0};
    (void)str_cut(d->from, '@', &name, &domain);
    if (d->is_auto_reply)
        sb_add(b, S("Auto-Submitted: auto-replied\r\nX-Auto-Response-Suppress: All\r\n"));
    if (d->is_list)
        sb_print(b,
            "List-Id: <news.%.*s>\r\nList-Unsubscribe: <https://%.*s/leave>\r\n"
            "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\nPrecedence: bulk\r\n",
            SARG(domain), SARG(domain));
}

str email_write(struct arena *a, const struct email_draft *d)
{
    struct sb b = sb_make(a, 0);
    put_trace(a, &b, d);
    put_person(a, &b, "From", d->from_name, d->from);
    sb_print(&b, "To: <%.*s>\r\nSubject: %.*s\r\nDate: %.*s\r\nMessage-ID: <%.*s>\r\n", SARG(d->to),
        SARG(words(a, d->subject)), SARG(email_date(a, d->date_ms)), SARG(d->message_id));
    if (d->in_reply_to.len > 0)
        sb_print(&b, "In-Reply-To: <%.*s>\r\n", SARG(d->in_reply_to));
    if (d->references.len > 0)
        sb_print(&b, "References: %.*s\r\n", SARG(d->references));
    if (d->language.len > 0)
        sb_print(&b, "Content-Language: %.*s\r\n", SARG(d->language));
    put_robot(&b, d);
    sb_add(&b, S("MIME-Version: 1.0\r\n"));
    sb_add(&b, body(a, d));
    return sb_str(&b);
}
