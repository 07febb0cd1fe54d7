/* mime_files: the parts of a mail that are not its words: files, pictures that the HTML shows,
 * carried mails, calendars, signatures; what a report says; whether the mail is signed or sealed.
 * See mime_inner.h. */
#include "text/mime_inner.h"

#include "base/utf8.h"

#include <stdlib.h>
#include <string.h>

enum { CIDS = 2000 /* pictures named in one HTML */ };

struct files_reading {
    struct mime_reading *r;
    const struct mime_tree *tree;
    struct mime_mail *mail;
    struct mime_part *parts;
    str *cids; /* sorted */
    int n_cids;
};

/* ── what the HTML shows ── */

static str without_percent(struct arena *a, str s)
{
    if (str_find_byte(s, '%') < 0)
        return s;
    char *to = arena_alloc(a, s.len + 1, 1);
    ptrdiff_t n = 0;
    for (ptrdiff_t i = 0; i < s.len; i++) {
        int high = i + 2 < s.len ? str_hex_digit(s.at[i + 1]) : -1;
        int low = i + 2 < s.len ? str_hex_digit(s.at[i + 2]) : -1;
        bool is_coded = s.at[i] == '%' && high >= 0 && low >= 0;
        to[n++] = is_coded ? (char)(high << 4 | low) : s.at[i];
        i += is_coded ? 2 : 0;
    }
    return str_of(to, n);
}

static int by_bytes(const void *x, const void *y)
{
    return str_cmp(*(const str *)x, *(const str *)y);
}

static void read_cids(struct files_reading *f)
{
    str html = f->mail->html;
    for (ptrdiff_t i = 0; i + 4 < html.len && f->n_cids < CIDS; i++) {
        bool is_cid = html.at[i + 3] == ':' && str_eq_nocase(str_sub(html, i, 4), S("cid:"));
        if (!is_cid)
            continue;
        ptrdiff_t from = i + 4, end = from;
        while (end < html.len && end - from <= MIME_ID_BYTES && html.at[end] != ')' &&
               !strchr(" \t\n\"'<>", html.at[end]))
            end++;
        if (!f->cids)
            f->cids = NEW(f->r->a, str, CIDS);
        f->cids[f->n_cids++] = without_percent(f->r->a, str_sub(html, from, end - from));
        i = end;
    }
    if (f->n_cids)
        qsort(f->cids, (size_t)f->n_cids, sizeof *f->cids, by_bytes);
}

static bool is_shown(const struct files_reading *f, str content_id)
{
    return f->n_cids && content_id.len &&
           bsearch(&content_id, f->cids, (size_t)f->n_cids, sizeof *f->cids, by_bytes);
}

/* ── what a part is ── */

static const struct {
    const char *type;
    enum mime_part_kind kind;
    const char *name; /* of a part without one */
} types[] = {
    {"message/rfc822",                MIME_PART_MAIL,     "mail.eml"     },
    {"message/global",                MIME_PART_MAIL,     "mail.eml"     },
    {"text/calendar",                 MIME_PART_CALENDAR, "invite.ics"   },
    {"application/ics",               MIME_PART_CALENDAR, "invite.ics"   },
    {"application/ms-tnef",           MIME_PART_TNEF,     "winmail.dat"  },
    {"application/vnd.ms-tnef",       MIME_PART_TNEF,     "winmail.dat"  },
    {"application/pkcs7-signature",   MIME_PART_KEY,      "smime.p7s"    },
    {"application/x-pkcs7-signature", MIME_PART_KEY,      "smime.p7s"    },
    {"application/pgp-signature",     MIME_PART_KEY,      "signature.asc"},
    {"application/pgp-keys",          MIME_PART_KEY,      "key.asc"      },
    {"application/pgp-encrypted",     MIME_PART_KEY,      "version.txt"  },
    {"application/pkcs7-mime",        MIME_PART_FILE,     "smime.p7m"    },
    {"application/x-pkcs7-mime",      MIME_PART_FILE,     "smime.p7m"    },
    {"application/pdf",               MIME_PART_FILE,     "file.pdf"     },
    {"image/png",                     MIME_PART_FILE,     "image.png"    },
    {"image/jpeg",                    MIME_PART_FILE,     "image.jpg"    },
    {"image/gif",                     MIME_PART_FILE,     "image.gif"    },
    {"image/webp",                    MIME_PART_FILE,     "image.webp"   },
    {"image/heic",                    MIME_PART_FILE,     "image.heic"   },
    {"text/plain",                    MIME_PART_FILE,     "text.txt"     },
    {"text/html",                     MIME_PART_FILE,     "page.html"    },
};

static enum mime_part_kind kind_of(const struct files_reading *f, const struct mime_node *node)
{
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (mime_is(node, types[i].type) && types[i].kind != MIME_PART_FILE)
            return types[i].kind;
    if (str_eq_nocase(node->name, S("winmail.dat")))
        return MIME_PART_TNEF;
    if (str_eq_nocase(node->name, S("smime.p7s")))
        return MIME_PART_KEY;
    bool is_picture = mime_is(node, "image/") && is_shown(f, node->content_id);
    return is_picture ? MIME_PART_INLINE : MIME_PART_FILE;
}

static str name_of(struct arena *a, const struct mime_node *node)
{
    str name = mime_line(a, node->name, 4 * MIME_NAME_BYTES);
    if (name.len)
        return utf8_file_name(a, name);
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (mime_is(node, types[i].type))
            return str_from(types[i].name);
    return utf8_file_name(a, name);
}

static str method_of(struct arena *a, const struct mime_node *node)
{
    str method = mime_line(a, node->method, 40);
    char *to = arena_alloc(a, method.len + 1, 1);
    for (ptrdiff_t i = 0; i < method.len; i++) {
        bool is_small = method.at[i] >= 'a' && method.at[i] <= 'z';
        to[i] = is_small ? (char)(method.at[i] & ~0x20) : method.at[i];
    }
    return str_of(to, method.len);
}

static void add_part(struct files_reading *f, const struct mime_node *node)
{
    struct arena *a = f->r->a;
    struct mime_mail *mail = f->mail;
    struct mime_part *part = &f->parts[mail->n_parts++];
    *part = (struct mime_part){.kind = kind_of(f, node),
        .number = node->number,
        .type = node->type,
        .name = name_of(a, node),
        .content_id = node->content_id,
        .size = mime_decoded_bytes(node)};
    if (part->kind != MIME_PART_CALENDAR)
        return;
    part->method = method_of(a, node);
    if (!mail->calendar.len)
        mail->calendar = str_trim(mime_text(f->r, node, MIME_TEXT_BYTES));
}

/* ── reports ── */

static str report_text(struct mime_reading *r, const struct mime_node *node)
{
    bool is_cut = false;
    str bytes = mime_decode(r->a, node, MIME_REPORT_BYTES, &is_cut);
    return utf8_repair(r->a, bytes);
}

/* Up to the empty line. */
static str header_of(str mail)
{
    for (ptrdiff_t at = 0; at < mail.len;) {
        str rest = str_skip(mail, at);
        ptrdiff_t end = str_find_byte(rest, '\n');
        if (end < 0)
            break;
        if (end == 0 || (end == 1 && rest.at[0] == '\r'))
            return str_sub(mail, 0, at);
        at += end + 1;
    }
    return mail;
}

/* True for the parts that only machines read. */
static bool read_report(struct files_reading *f, const struct mime_node *node)
{
    struct mime_mail *mail = f->mail;
    bool is_status = mime_is(node, "message/delivery-status") ||
                     mime_is(node, "message/global-delivery-status") ||
                     mime_is(node, "message/feedback-report") ||
                     mime_is(node, "message/disposition-notification") ||
                     mime_is(node, "message/global-disposition-notification");
    bool is_header =
        mime_is(node, "text/rfc822-headers") || mime_is(node, "message/global-headers");
    bool is_mail = mime_is(node, "message/rfc822") || mime_is(node, "message/global");
    if (is_status && !mail->report.len)
        mail->report = report_text(f->r, node);
    if ((is_header || is_mail) && !mail->report_headers.len)
        mail->report_headers = header_of(report_text(f->r, node));
    return is_status || is_header;
}

/* ── signed and sealed ── */

static enum mime_guard smime_guard(const struct mime_node *node)
{
    if (str_eq(node->smime_type, S("signed-data")))
        return MIME_SIGNED_SMIME;
    bool is_certificate = str_eq(node->smime_type, S("certs-only"));
    return is_certificate ? MIME_OPEN : MIME_ENCRYPTED_SMIME;
}

/* Gateways turn the type into application/octet-stream; the name stays. */
static enum mime_guard node_guard(const struct mime_node *node)
{
    bool is_pgp = str_starts(node->protocol, S("application/pgp"));
    if (mime_is(node, "multipart/signed"))
        return is_pgp ? MIME_SIGNED_PGP : MIME_SIGNED_SMIME;
    if (mime_is(node, "multipart/encrypted") || mime_is(node, "application/pgp-encrypted"))
        return MIME_ENCRYPTED_PGP;
    if (mime_is(node, "application/pkcs7-mime") || mime_is(node, "application/x-pkcs7-mime") ||
        str_eq_nocase(node->name, S("smime.p7m")))
        return smime_guard(node);
    return MIME_OPEN;
}

/* An armour that stands in the text, from the beginning of a line. */
static enum mime_guard text_guard(str text)
{
    while (text.len) {
        str line;
        (void)str_cut(text, '\n', &line, &text); /* the rest decides when to end */
        if (str_starts(line, S("-----BEGIN PGP SIGNED MESSAGE-----")))
            return MIME_SIGNED_PGP;
        if (str_starts(line, S("-----BEGIN PGP MESSAGE-----")))
            return MIME_ENCRYPTED_PGP;
    }
    return MIME_OPEN;
}

static void read_guard(struct files_reading *f)
{
    for (int i = 0; i < f->tree->n && f->mail->guard == MIME_OPEN; i++)
        f->mail->guard = node_guard(&f->tree->at[i]);
    if (f->mail->guard == MIME_OPEN)
        f->mail->guard = text_guard(f->mail->text);
}

void mime_files_read(struct mime_reading *r, const struct mime_tree *tree,
    const bool is_body[MIME_NODES], struct mime_mail *mail)
{
    struct files_reading f = {
        .r = r, .tree = tree, .mail = mail, .parts = NEW(r->a, struct mime_part, tree->n)};
    read_cids(&f);
    for (int i = 0; i < tree->n; i++) {
        const struct mime_node *node = &tree->at[i];
        bool is_report = node->parent >= 0 && mime_is(&tree->at[node->parent], "multipart/report");
        if (mime_is(node, "multipart/report") && !mail->report_type.len)
            mail->report_type = mime_line(r->a, node->report_type, MIME_NAME_BYTES);
        bool is_machine = is_report && read_report(&f, node);
        bool is_empty = !node->body.len && !node->name.len;
        if (!mime_is_multipart(node) && !is_body[i] && !is_machine && !is_empty)
            add_part(&f, node);
    }
    mail->parts = f.parts;
    read_guard(&f);
}
