/* notice: see notice.h. */
#include "connector/notice.h"

#include "base/crypto.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "connector/reading.h"
#include "text/html_text.h"
#include "text/mime.h"
#include "text/url.h"

enum { AUTHOR_BYTES = 80, SUBJECT_BYTES = 500 };

static str hash_of(struct arena *a, str text)
{
    struct sha256 sum = crypto_sha256(text);
    return crypto_hex(a, str_of(sum.b, sizeof sum.b));
}

static ptrdiff_t find_nocase(str text, str word)
{
    for (ptrdiff_t i = 0; i + word.len <= text.len; i++)
        if (str_eq_nocase(str_sub(text, i, word.len), word))
            return i;
    return -1;
}

static bool has_any(str text, const char *const *words)
{
    for (; *words; words++)
        if (find_nocase(text, str_from(*words)) >= 0)
            return true;
    return false;
}

/* host is one of the domains (separated by spaces), or below one. */
static bool is_below(str host, const char *domains)
{
    str rest = str_from(domains ? domains : ""), one;
    while (rest.len) {
        (void)str_cut(rest, ' ', &one, &rest); /* the rest decides when to end */
        str end = str_sub(host, host.len - one.len, one.len);
        bool is_label =
            host.len == one.len || (host.len > one.len && host.at[host.len - one.len - 1] == '.');
        if (one.len && host.len >= one.len && is_label && str_eq_nocase(end, one))
            return true;
    }
    return false;
}

static bool is_from(const struct mime_mail *mail, const char *domains)
{
    str name, host;
    return str_cut(mail->from_address, '@', &name, &host) && is_below(host, domains);
}

/* ── the post ── */

static str host_of(str url)
{
    str scheme, rest, host, path;
    (void)str_cut(url, ':', &scheme, &rest);
    rest = str_skip(rest, 2);
    (void)str_cut(rest, '/', &host, &path);
    (void)str_cut(host, '?', &host, &path);
    (void)str_cut(host, ':', &host, &path);
    return host;
}

static str post_of(const struct connector *network, str text)
{
    static const char *const service[] = {"unsubscribe", "settings", "preferences", "/help",
        "help.", "support.", "privacy", "/legal", "terms", "/policies", "optout", "opt-out", NULL};
    struct url_scan scan = url_scan_make(text, false);
    struct url_range at;
    while (url_scan_next(&scan, &at)) {
        str url = str_sub(text, at.start, at.end - at.start);
        bool is_fit = at.has_scheme && url.len <= READING_URL_BYTES && !has_any(url, service);
        if (is_fit && is_below(host_of(url), network->notice.sites))
            return url;
    }
    return (str){0};
}

/* ── the author ── */

static str name_before(str text, const char *const *words)
{
    ptrdiff_t first = -1;
    for (; *words; words++) {
        ptrdiff_t at = find_nocase(text, str_from(*words));
        if (at > 0 && (first < 0 || at < first))
            first = at;
    }
    return str_trim(str_sub(text, 0, first < 0 ? 0 : first));
}

static bool is_name(str s)
{
    static const char *const others[] = {"you ", "your ", "new ", "someone", "somebody", NULL};
    for (const char *const *word = others; *word; word++)
        if (find_nocase(s, str_from(*word)) == 0)
            return false;
    return s.len > 0 && s.len <= AUTHOR_BYTES && !utf8_has_control(s);
}

/* Empty when the mail does not name anybody. */
static str author_of(const struct mime_mail *mail)
{
    static const char *const senders[] = {" (via ", " via ", " on ", NULL};
    static const char *const deeds[] = {" commented", " replied", " mentioned", " tagged", " sent ",
        " messaged", " reviewed", " left ", " wrote", " reacted", " shared", " posted", " asked",
        " answered", " quoted", " (@", NULL};
    str name = name_before(mail->from_name, senders);
    if (is_name(name))
        return name;
    name = name_before(mail->subject, deeds);
    if (is_name(name))
        return name;
    ptrdiff_t from = find_nocase(mail->subject, S(" from "));
    name = from < 0 ? (str){0} : str_trim(str_skip(mail->subject, from + 6));
    return is_name(name) ? name : (str){0};
}

/* ── the words ── */

static bool is_address(str line)
{
    str s = line;
    if (str_starts(s, S("(")) || str_starts(s, S("<")) || str_starts(s, S("[")))
        s = str_skip(s, 1);
    bool is_url = str_starts(s, S("https://")) || str_starts(s, S("http://"));
    return is_url && str_find_byte(s, ' ') < 0;
}

/* A line without the addresses that html_text puts behind its links. */
static void add_line(struct sb *b, str line)
{
    for (ptrdiff_t at; (at = str_find(line, S(" (http"))) >= 0;) {
        ptrdiff_t end = str_find_byte(str_skip(line, at), ')');
        if (end < 0)
            break;
        sb_add(b, str_sub(line, 0, at));
        line = str_skip(line, at + end + 1);
    }
    sb_add(b, line);
    sb_add(b, S("\n"));
}

/* Up to what stands at the foot of such mails. */
static void add_words(struct sb *b, str text)
{
    static const char *const foot[] = {"unsubscribe", "this email was", "this e-mail was",
        "this message was", "you are receiving", "you're receiving", "you received this",
        "was intended for", "privacy policy", "notification settings", "email preferences",
        "manage notifications", "\xC2\xA9", NULL};
    bool was_empty = true;
    while (text.len) {
        str line;
        (void)str_cut(text, '\n', &line, &text); /* the rest decides when to end */
        line = str_trim(line);
        if (has_any(line, foot))
            return;
        if (is_address(line) || (!line.len && was_empty))
            continue;
        was_empty = !line.len;
        add_line(b, line);
    }
}

static str words_of(struct arena *a, const struct mime_mail *mail, str text)
{
    struct sb b = sb_make(a, 2 * MIME_TEXT_BYTES);
    str subject = utf8_prefix_bytes(mail->subject, SUBJECT_BYTES);
    if (subject.len && find_nocase(text, subject) < 0) {
        sb_add(&b, subject);
        sb_add(&b, S("\n\n"));
    }
    add_words(&b, text);
    return utf8_prefix_bytes(str_trim(sb_str(&b)), LIMIT_TEXT_BYTES);
}

/* ── the whole ── */

static void fill(struct arena *a, const struct connector *network, const struct mime_mail *mail,
    str text, str id, struct connector_item *it)
{
    static const char *const private_words[] = {
        "sent you a message", "new message", "direct message", "messaged you", NULL};
    str author = author_of(mail), url = post_of(network, text);
    it->external_id = str_cat(a, S("notice:"), hash_of(a, id));
    it->is_public = !has_any(mail->subject, private_words);
    it->contact_name = author.len ? author : network->title;
    it->contact_external_id =
        author.len ? str_cat(a, S("name:"), utf8_fold(a, author)) : it->external_id;
    it->text = words_of(a, mail, text);
    it->sent_ms = mail->date_ms;
    it->opens_window = true;
    if (!it->text.len)
        it->text = url.len ? url : network->title;
    if (!url.len)
        return;
    str key = url.len > READING_ID_BYTES - 5 ? hash_of(a, url) : url; /* "post:" goes before it */
    it->thread_key = it->is_public ? str_cat(a, S("post:"), key) : (str){0};
    it->post = (struct connector_post){.external_id = key, .url = url, .author_name = author};
}

err notice_parse(struct arena *a, const struct connector *network, const struct connector_raw *raw,
    struct connector_batch *batch, str *why)
{
    struct item_list list = {.a = a};
    struct mime_mail outer, inner, *mail = &outer;
    bool has_inner = false;
    str text = {0};
    TRY(mime_read(a, raw->body, &outer, &inner, &has_inner, why));
    if (has_inner && !is_from(&outer, network->notice.senders))
        mail = &inner;
    if (!is_from(mail, network->notice.senders)) {
        *why = str_print(a, "The mail is not from %.*s, but from \"%.*s\".", SARG(network->title),
            SARG(mail->from_address));
        return E_INVALID;
    }
    text = mail->text;
    if (!text.len && mail->html.len)
        TRY(html_text(a, mail->html, MIME_TEXT_BYTES, &text));
    struct connector_item *it = item_add(&list, ITEM_MESSAGE);
    fill(a, network, mail, text, mail->message_id.len ? mail->message_id : raw->body, it);
    batch_of(&list, batch);
    return OK;
}
