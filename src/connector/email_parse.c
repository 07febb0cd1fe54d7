/* email_parse: what a mail becomes. See email.h. A message, of a program too; one that reports
 * about a mail brings what it says (care/mail_report.h finds out whether it is one of ours). Not
 * here: to which conversation it belongs (care/mail_thread.h). Thread: pure. */
#include "base/crypto.h"
#include "base/file_map.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "connector/email.h"
#include "connector/mail.h"
#include "connector/reading.h"
#include "text/html_text.h"
#include "text/mail_signed.h"
#include "text/quote.h"
#include "text/report.h"
#include "text/robot.h"
#include "text/tnef_part.h"

enum {
    HASH_DIGITS = 16,
    ID_MOST = 230,      /* leaves room for the ending in READING_ID_BYTES */
    LANGUAGE_BYTES = 35 /* of a tag (RFC 5646, 4.4.1) */
};

struct reading {
    struct arena *a;
    const struct connector_raw *raw;
    str bytes; /* as parts are counted: care/mail_raw.h */
    struct mime_mail mail, inner;
    const struct tnef *tnefs; /* by part */
    str note;                 /* what could not be read beside what the mail itself says */
    struct mail_report report;
};

static str hex_of(struct arena *a, str bytes)
{
    struct sha256 sum = crypto_sha256(bytes);
    return crypto_hex(a, str_of(sum.b, (ptrdiff_t)sizeof sum.b));
}

str email_delivery_id(struct arena *a, str bytes)
{
    return hex_of(a, bytes);
}

/* What follows the header: the same in every copy, whatever servers have written above it. */
static str body_of(str bytes)
{
    ptrdiff_t at = file_map_find(bytes, S("\r\n\r\n"));
    ptrdiff_t plain = file_map_find(at < 0 ? bytes : str_sub(bytes, 0, at), S("\n\n"));
    if (at >= 0 && plain < 0)
        return str_skip(bytes, at + 4);
    return plain >= 0 ? str_skip(bytes, plain + 2) : (str){0};
}

/* A mail without a name gets one from its bytes. */
static str internet_id(struct reading *r)
{
    str id = r->mail.message_id;
    if (id.len && id.len <= ID_MOST)
        return id;
    return str_cat(r->a, hex_of(r->a, id.len ? id : r->raw->body), S("@seva.invalid"));
}

static const str *references_of(struct reading *r, ptrdiff_t *n)
{
    const struct mime_mail *m = &r->mail;
    str *ids = NEW(r->a, str, m->n_references + 1);
    *n = 0;
    for (int i = 0; i < m->n_references; i++)
        if (!str_eq(m->references[i], m->in_reply_to))
            ids[(*n)++] = m->references[i];
    if (m->in_reply_to.len)
        ids[(*n)++] = m->in_reply_to;
    return ids;
}

static bool is_there(const str *at, ptrdiff_t n, str s)
{
    for (ptrdiff_t i = 0; i < n; i++)
        if (str_eq(at[i], s))
            return true;
    return false;
}

static void arrived_at(struct reading *r, struct connector_mail *mail)
{
    const struct mime_mail *m = &r->mail;
    str *at = NEW(r->a, str, m->n_to + m->n_cc + m->n_delivered_to + 1);
    ptrdiff_t n = 0;
    for (int i = 0; i < m->n_delivered_to; i++)
        if (!is_there(at, n, m->delivered_to[i]))
            at[n++] = m->delivered_to[i];
    for (int i = 0; i < m->n_to; i++)
        if (!is_there(at, n, m->to[i].address))
            at[n++] = m->to[i].address;
    for (int i = 0; i < m->n_cc; i++)
        if (!is_there(at, n, m->cc[i].address))
            at[n++] = m->cc[i].address;
    mail->arrived_at = at;
    mail->n_arrived_at = n;
}

/* The first tag of Content-Language (RFC 3282); what is no tag is nothing. */
static str language_of(const struct mime_mail *m)
{
    str tag, rest;
    (void)str_cut(
        mime_header(m, "Content-Language"), ',', &tag, &rest); /* without one: the whole */
    tag = str_trim(tag);
    return tag.len <= LANGUAGE_BYTES && str_is_ascii_token(tag) ? tag : (str){0};
}

static struct connector_mail *mail_of(struct reading *r)
{
    const struct mime_mail *m = &r->mail;
    struct connector_mail *mail = NEW(r->a, struct connector_mail, 1);
    struct robot_verdict robot = {0};
    robot_read(m, &robot);
    *mail = (struct connector_mail){
        .subject = m->subject,
        .internet_id = internet_id(r),
        .reply_to = m->n_reply_to ? m->reply_to[0].address : (str){0},
        .is_robot = robot.is_robot,
        .is_away = robot.is_away,
        .is_bulk = robot.is_bulk,
        .robot_why = str_from(robot.why),
        .language = language_of(m),
        .note = r->note.len && m->degraded.len
                    ? str_print(r->a, "%.*s %.*s", SARG(m->degraded), SARG(r->note))
                : r->note.len ? r->note
                              : m->degraded,
        .mime = m,
        .report = r->report.kind == REPORT_NONE ? NULL : &r->report,
        .verdict = S("none"),
    };
    mail->references = references_of(r, &mail->n_references);
    arrived_at(r, mail);
    return mail;
}

/* ── what it says ── */

/* Signed with the words inside the signature, and too long to be opened. */
static bool is_shut(const struct reading *r)
{
    return r->mail.guard == MIME_SIGNED_SMIME && r->bytes.len > MAIL_SIGNED_OPEN_BYTES &&
           str_find(mime_header(&r->mail, "Content-Type"), S("pkcs7-mime")) >= 0;
}

/* What Outlook packs is taken apart. */
static void unpack(struct reading *r)
{
    if (is_shut(r))
        r->note = S("The mail is too long for its signature to be opened; it is kept as a file.");
    r->tnefs = tnef_part_unpack(r->a, r->bytes, &r->mail);
    for (int i = 0; i < r->mail.n_parts; i++)
        if (r->tnefs[i].is_cut)
            r->note = S("Not all of winmail.dat could be read; it is kept as a file.");
}

/* "[]", "[cid:…]" and "[image: box.png]": what programs write where a picture stands. */
static bool is_for_picture(const struct mime_mail *m, str inside)
{
    bool is = !inside.len || str_eq_nocase(str_sub(inside, 0, 4), S("cid:"));
    for (int i = 0; i < m->n_parts && !is; i++)
        is = m->parts[i].name.len && str_ends(inside, m->parts[i].name);
    return is;
}

/* Nothing but such marks. */
static bool is_wordless(const struct mime_mail *m, str text)
{
    str rest = str_trim(text);
    while (str_starts(rest, S("["))) {
        ptrdiff_t end = str_find_byte(rest, ']');
        if (end < 0 || !is_for_picture(m, str_trim(str_sub(rest, 1, end - 1))))
            return false;
        rest = str_trim(str_skip(rest, end + 1));
    }
    return !rest.len;
}

/* The writer's own words; of a mail that has none, its subject. */
static err words_of(struct reading *r, str *text)
{
    str whole = r->mail.text;
    struct quote_parts parts;
    if (!whole.len && r->mail.html.len)
        TRY(html_text(r->a, r->mail.html, LIMIT_TEXT_BYTES, &whole));
    quote_split(whole, &parts);
    str own = str_trim(parts.own);
    bool has_words = !is_wordless(&r->mail, own);
    *text = utf8_prefix_bytes(has_words ? own : r->mail.subject, LIMIT_TEXT_BYTES);
    return OK;
}

static void attach_one(
    struct connector_item *it, struct connector_attachment *at, struct connector_attachment one)
{
    if (it->n_attachments < LIMIT_ATTACHMENTS)
        at[it->n_attachments++] = one;
}

/* "Minutes" of a mail that is carried as a whole opens in a mail program as "Minutes.eml". */
static str name_of(struct reading *r, const struct mime_part *part)
{
    bool is_named = part->kind != MIME_PART_MAIL || str_ends(part->name, S(".eml"));
    return is_named ? part->name : str_cat(r->a, part->name, S(".eml"));
}

static void attach(struct reading *r, struct connector_item *it)
{
    const struct mime_mail *m = &r->mail;
    struct connector_attachment *at = NEW(r->a, struct connector_attachment, LIMIT_ATTACHMENTS);
    for (int i = 0; i < m->n_parts; i++) {
        const struct mime_part *part = &m->parts[i];
        const struct tnef *t = &r->tnefs[i];
        bool is_whole = part->kind != MIME_PART_TNEF || t->is_cut;
        for (int k = 0; k < t->n_files; k++)
            attach_one(it, at,
                (struct connector_attachment){.media_id = tnef_part_name(r->a, part->number, k),
                    .name = t->files[k].name,
                    .type = t->files[k].type});
        if (part->kind != MIME_PART_KEY && is_whole)
            attach_one(it, at,
                (struct connector_attachment){.media_id = tnef_part_name(r->a, part->number, -1),
                    .name = name_of(r, part),
                    .type = part->type});
    }
    it->attachments = at;
}

static err read_message(struct reading *r, struct item_list *list)
{
    const struct mime_mail *m = &r->mail;
    str text, body = body_of(r->raw->body);
    unpack(r);
    struct connector_mail *mail = mail_of(r);
    TRY(words_of(r, &text));
    struct connector_item *it = item_add(list, ITEM_MESSAGE);
    str *alias = NEW(r->a, str, 1);
    *alias = mail->internet_id;
    it->external_id = str_print(r->a, "%.*s/%.*s", SARG(mail->internet_id),
        SARG(str_sub(hex_of(r->a, body), 0, HASH_DIGITS)));
    it->aliases = alias;
    it->n_aliases = 1;
    it->contact_external_id = it->contact_email = m->from_address;
    it->contact_name = m->from_name;
    it->text = text;
    it->sent_ms = m->date_ms;
    it->opens_window = true;
    it->mail = mail;
    attach(r, it);
    return OK;
}

err email_parse(
    struct arena *a, const struct connector_raw *raw, struct connector_batch *batch, str *why)
{
    struct reading *r = NEW(a, struct reading, 1);
    struct item_list list = {.a = a};
    bool has_inner = false;
    *r = (struct reading){.a = a, .raw = raw, .bytes = mail_signed_open(a, raw->body)};
    if (mime_read(a, r->bytes, &r->mail, &r->inner, &has_inner, why) != OK)
        return E_INVALID;
    report_read(a, &r->mail, &r->report);
    TRY(read_message(r, &list));
    batch_of(&list, batch);
    batch->delivery_id = email_delivery_id(a, raw->body);
    return OK;
}
