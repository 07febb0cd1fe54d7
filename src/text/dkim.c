/* dkim: see dkim.h. The header is kept until it is signed; the body goes through a small machine
 * into a hash: what may be ignored (spaces at line ends, empty lines at the end) is held back as
 * counts. Thread: one at a time. */
#include "text/dkim.h"

#include "base/crypto.h"
#include "base/utf8.h"
#include "text/mail_write.h"

enum {
    LINE = 76,
    FIELDS = 1000, /* of a header that is signed; a mail has some 20 */
    BUFFER = 4096,
};

struct dkim {
    struct arena *a;
    struct sb header; /* with the empty line that ends it */
    bool is_in_body, is_broken /* a bare CR or LF */, is_too_long;
    char last; /* the byte before */
    struct crypto_sha256_stream *hash;
    /* of the body */
    int64_t lines_owed; /* line ends not yet hashed */
    bool owes_space, has_words;
    ptrdiff_t len;
    char buffer[BUFFER];
};

static void close_hash(void *what)
{
    struct dkim *d = what;
    if (d->hash != NULL)
        (void)crypto_sha256_close(d->hash); /* nobody asks any more */
    d->hash = NULL;
}

struct dkim *dkim_begin(struct arena *a)
{
    struct dkim *d = NEW(a, struct dkim, 1);
    d->a = a;
    d->header = sb_make(a, DKIM_HEADER_BYTES);
    arena_defer(a, close_hash, d);
    d->hash = crypto_sha256_open();
    return d->hash != NULL ? d : NULL;
}

/* ── body ── */

static void flush(struct dkim *d)
{
    crypto_sha256_add(d->hash, str_of(d->buffer, d->len));
    d->len = 0;
}

static void hash_byte(struct dkim *d, char c)
{
    if (d->len == BUFFER)
        flush(d);
    d->buffer[d->len++] = c;
}

/* RFC 6376, 3.4.4: runs of white space are one space, none at line ends, no empty lines at the end.
 */
static void add_body_byte(struct dkim *d, char c)
{
    if (c == '\r')
        return; /* its LF follows, or the mail is broken */
    if (c == '\n') {
        d->lines_owed++;
        d->owes_space = false;
    } else if (c == ' ' || c == '\t') {
        d->owes_space = true;
    } else {
        for (; d->lines_owed > 0; d->lines_owed--) {
            hash_byte(d, '\r');
            hash_byte(d, '\n');
        }
        if (d->owes_space)
            hash_byte(d, ' ');
        d->owes_space = false;
        d->has_words = true;
        hash_byte(d, c);
    }
}

void dkim_add(struct dkim *d, str piece)
{
    for (ptrdiff_t i = 0; i < piece.len; i++) {
        char c = piece.at[i];
        if ((c == '\n') != (d->last == '\r'))
            d->is_broken = true;
        if (d->is_in_body) {
            add_body_byte(d, c);
        } else {
            sb_byte(&d->header, c);
            d->is_in_body =
                c == '\n' && (str_ends(sb_str(&d->header), S("\r\n\r\n")) || d->header.len == 2);
        }
        d->last = c;
    }
    d->is_too_long = d->header.failed;
}

/* An empty body hashes as nothing, any other ends with one line end. */
static str body_hash(struct dkim *d)
{
    if (d->has_words) {
        hash_byte(d, '\r');
        hash_byte(d, '\n');
    }
    flush(d);
    struct sha256 hash = crypto_sha256_close(d->hash);
    d->hash = NULL;
    return crypto_base64(d->a, str_of(hash.b, sizeof hash.b));
}

/* ── header ── */

struct field {
    str name, value; /* as they stand; value with its folds, without the last CRLF */
};

/* The fields in order; their number, or −1 when there are too many. */
static ptrdiff_t read_fields(str header, struct field *fields)
{
    ptrdiff_t n = 0;
    while (header.len > 2) { /* the empty line is left */
        ptrdiff_t end = str_find(header, S("\r\n"));
        while (end >= 0 && end + 2 < header.len &&
               (header.at[end + 2] == ' ' || header.at[end + 2] == '\t')) {
            ptrdiff_t more = str_find(str_skip(header, end + 2), S("\r\n"));
            end = more >= 0 ? end + 2 + more : more;
        }
        if (end < 0)
            break;
        if (n == FIELDS)
            return -1;
        (void)str_cut(str_sub(header, 0, end), ':', &fields[n].name, &fields[n].value);
        fields[n].name = str_trim(fields[n].name);
        n++;
        header = str_skip(header, end + 2);
    }
    return n;
}

/* RFC 6376, 3.4.2, without the CRLF. */
static void put_relaxed(struct sb *b, struct field field)
{
    for (ptrdiff_t i = 0; i < field.name.len; i++) {
        char c = field.name.at[i];
        sb_byte(b, c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c);
    }
    sb_byte(b, ':');
    bool owes_space = false;
    str value = str_trim(field.value);
    for (ptrdiff_t i = 0; i < value.len; i++) {
        char c = value.at[i];
        if (c == '\r' || c == '\n')
            continue;
        if (c == ' ' || c == '\t') {
            owes_space = true;
            continue;
        }
        if (owes_space)
            sb_byte(b, ' ');
        owes_space = false;
        sb_byte(b, c);
    }
}

static const char *const signed_names[] = {"from", "sender", "reply-to", "to", "cc", "subject",
    "date", "message-id", "in-reply-to", "references", "mime-version", "content-type",
    "content-transfer-encoding", "auto-submitted", "list-unsubscribe", "list-unsubscribe-post"};

/* What is signed goes to `data`, the names to `names` ("from:to:from"). Fields of one name are
 * taken from the last up (RFC 6376, 5.4.2). */
static bool select_fields(
    const struct field *fields, ptrdiff_t n, struct sb *data, struct sb *names)
{
    bool has_from = false;
    for (size_t k = 0; k < sizeof signed_names / sizeof signed_names[0]; k++) {
        str name = str_from(signed_names[k]);
        for (ptrdiff_t i = n - 1; i >= 0; i--) {
            if (!str_eq_nocase(fields[i].name, name))
                continue;
            put_relaxed(data, fields[i]);
            sb_add(data, S("\r\n"));
            sb_add(names, name);
            sb_byte(names, ':');
            has_from = has_from || k == 0;
        }
    }
    sb_add(names, S("from")); /* one more than there are */
    return has_from;
}

/* ── the signature's own field ── */

struct folded {
    struct sb b;
    ptrdiff_t column;
};

static void put_piece(struct folded *f, str piece)
{
    sb_add(&f->b, piece);
    f->column += piece.len;
}

/* A piece that follows the one before without a space when is_glued, but with a line end. */
static void put_folding(struct folded *f, str piece, bool is_glued)
{
    if (f->column + !is_glued + piece.len > LINE) {
        sb_add(&f->b, S("\r\n "));
        f->column = 1;
    } else if (!is_glued) {
        put_piece(f, S(" "));
    }
    put_piece(f, piece);
}

static void put_names(struct folded *f, str names)
{
    str name;
    bool has_more = true, is_first = true;
    while (has_more) {
        has_more = str_cut(names, ':', &name, &names);
        str piece =
            str_print(f->b.a, "%s%.*s%s", is_first ? "h=" : "", SARG(name), has_more ? ":" : ";");
        put_folding(f, piece, !is_first);
        is_first = false;
    }
}

static str put_tags(struct arena *a, const struct dkim_key *key, int64_t now_ms, str names, str bh)
{
    struct folded f = {.b = sb_make(a, 0)};
    put_piece(&f, S("DKIM-Signature: v=1;"));
    put_folding(&f, S("a=rsa-sha256;"), false);
    put_folding(&f, S("c=relaxed/relaxed;"), false);
    put_folding(&f, str_print(a, "d=%.*s;", SARG(key->domain)), false);
    put_folding(&f, str_print(a, "s=%.*s;", SARG(key->selector)), false);
    put_folding(&f, str_print(a, "t=%lld;", (long long)(now_ms / 1000)), false);
    put_names(&f, names);
    put_folding(&f, str_print(a, "bh=%.*s;", SARG(bh)), false);
    sb_add(&f.b, S("\r\n b="));
    return sb_str(&f.b);
}

static str with_signature(struct arena *a, str field, str signature)
{
    struct folded f = {.b = sb_make(a, 0), .column = 3};
    str code = crypto_base64(a, signature);
    sb_add(&f.b, field);
    while (code.len > 0) {
        ptrdiff_t room = LINE - f.column;
        put_piece(&f, str_sub(code, 0, room));
        code = str_skip(code, room);
        if (code.len > 0)
            sb_add(&f.b, S("\r\n "));
        f.column = 1;
    }
    sb_add(&f.b, S("\r\n"));
    return sb_str(&f.b);
}

/* ── signing ── */

static bool is_selector(str s)
{
    bool is_fit = s.len > 0 && s.len <= DKIM_SELECTOR_BYTES && s.at[0] != '.' && s.at[0] != '-';
    for (ptrdiff_t i = 0; i < s.len && is_fit; i++) {
        char c = s.at[i];
        is_fit = (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '-' ||
                 c == '_' || c == '.';
    }
    return is_fit && s.at[s.len - 1] != '.';
}

static err refuse(str *why, err e, str words)
{
    *why = words;
    return e;
}

/* The domain as it stands in d=. */
static err wire_domain(struct arena *a, str domain, str *to, str *why)
{
    str address, said;
    err e = mail_address_wire(a, str_cat(a, S("x@"), domain), false, &address, &said);
    if (e != OK || str_find_byte(domain, '@') >= 0 || str_starts(domain, S("[")))
        return refuse(why, E_INVALID,
            str_print(
                a, "\"%.*s\" is not a domain to sign for.", SARG(utf8_preview(a, domain, 80))));
    *to = str_skip(address, 2);
    return OK;
}

static err check_mail(struct dkim *d, str *why)
{
    if (d->is_too_long)
        return refuse(why, E_LIMIT, S("The mail's header is longer than 256 KiB."));
    if (d->is_broken || d->last == '\r')
        return refuse(why, E_INVALID, S("The mail has line ends that are not CRLF."));
    if (!d->is_in_body)
        return refuse(why, E_INVALID, S("The mail's header has no end."));
    return OK;
}

err dkim_sign(struct arena *a, struct dkim *d, const struct dkim_key *key, int64_t now_ms,
    str *header, str *why)
{
    TRY(check_mail(d, why));
    struct dkim_key wire = *key;
    TRY(wire_domain(a, key->domain, &wire.domain, why));
    if (!is_selector(key->selector))
        return refuse(
            why, E_INVALID, S("The DKIM selector may have letters, digits, - _ and dots."));
    struct field *fields = NEW(a, struct field, FIELDS);
    ptrdiff_t n = read_fields(sb_str(&d->header), fields);
    if (n < 0)
        return refuse(why, E_LIMIT, S("The mail has more than 1,000 header fields."));
    struct sb data = sb_make(a, 0), names = sb_make(a, 0);
    if (!select_fields(fields, n, &data, &names))
        return refuse(why, E_INVALID, S("The mail names no sender."));
    str field = put_tags(a, &wire, now_ms, sb_str(&names), body_hash(d));
    struct field own = {0};
    (void)str_cut(field, ':', &own.name, &own.value); /* it has one */
    put_relaxed(&data, own);
    str signature;
    err e = crypto_rs256_sign(a, key->pem, sb_str(&data), &signature);
    if (e != OK)
        return refuse(why, e,
            e == E_INVALID ? S("The DKIM key is not an unencrypted RSA key of 2048 to 8192 bits.")
                           : S("There is no memory to sign the mail."));
    *header = with_signature(a, field, signature);
    return OK;
}

err dkim_record(struct arena *a, str pem, str *record, str *why)
{
    str der;
    err e = crypto_rsa_public(a, pem, &der);
    if (e != OK)
        return refuse(
            why, e, S("The DKIM key is not an unencrypted RSA key of 2048 to 8192 bits."));
    *record = str_cat(a, S("v=DKIM1; k=rsa; p="), crypto_base64(a, der));
    return OK;
}
