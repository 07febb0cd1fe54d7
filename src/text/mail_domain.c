/* mail_domain: see mail_domain.h. */
#include "text/mail_domain.h"

#include <unicode/uidna.h>

#include "base/utf8.h"

enum { DOMAIN_BYTES = 253 /* RFC 1035, without the last dot */, DOMAIN_IN_BYTES = 1000 };

/* Second labels that are public under two-letter country codes. More than are really so: the price
 * is a check that does not count as aligned. */
static const str second_labels[] = {S_INIT("ac"), S_INIT("asn"), S_INIT("asso"), S_INIT("biz"),
    S_INIT("co"), S_INIT("com"), S_INIT("coop"), S_INIT("edu"), S_INIT("firm"), S_INIT("gen"),
    S_INIT("go"), S_INIT("gob"), S_INIT("gouv"), S_INIT("gov"), S_INIT("govt"), S_INIT("gub"),
    S_INIT("id"), S_INIT("idv"), S_INIT("in"), S_INIT("ind"), S_INIT("inf"), S_INIT("info"),
    S_INIT("k12"), S_INIT("ltd"), S_INIT("me"), S_INIT("mil"), S_INIT("name"), S_INIT("ne"),
    S_INIT("net"), S_INIT("nhs"), S_INIT("nic"), S_INIT("nom"), S_INIT("or"), S_INIT("org"),
    S_INIT("plc"), S_INIT("police"), S_INIT("pro"), S_INIT("res"), S_INIT("sch"), S_INIT("school"),
    S_INIT("store"), S_INIT("tm"), S_INIT("web")};

/* Where strangers have names side by side. */
static const str rented[] = {S_INIT("000webhostapp.com"), S_INIT("amazonaws.com"),
    S_INIT("appspot.com"), S_INIT("azurewebsites.net"), S_INIT("blogspot.com"), S_INIT("br.com"),
    S_INIT("cloudfront.net"), S_INIT("cn.com"), S_INIT("co.com"), S_INIT("de.com"),
    S_INIT("eu.com"), S_INIT("firebaseapp.com"), S_INIT("fly.dev"), S_INIT("gb.net"),
    S_INIT("github.io"), S_INIT("gitlab.io"), S_INIT("gr.com"), S_INIT("herokuapp.com"),
    S_INIT("hu.com"), S_INIT("hu.net"), S_INIT("jp.net"), S_INIT("jpn.com"),
    S_INIT("mybigcommerce.com"), S_INIT("myshopify.com"), S_INIT("netlify.app"), S_INIT("ngrok.io"),
    S_INIT("onmicrosoft.com"), S_INIT("onrender.com"), S_INIT("pages.dev"), S_INIT("ru.com"),
    S_INIT("sa.com"), S_INIT("se.net"), S_INIT("uk.com"), S_INIT("uk.net"), S_INIT("us.com"),
    S_INIT("vercel.app"), S_INIT("web.app"), S_INIT("wixsite.com"), S_INIT("wordpress.com"),
    S_INIT("workers.dev"), S_INIT("za.com")};

static bool is_in(const str *list, size_t n, str s)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq(list[i], s))
            return true;
    return false;
}

static bool is_public_suffix(str domain)
{
    str head, rest;
    if (!str_cut(domain, '.', &head, &rest))
        return true;
    if (is_in(rented, sizeof rented / sizeof rented[0], domain))
        return true;
    return rest.len == 2 && str_find_byte(rest, '.') < 0 &&
           is_in(second_labels, sizeof second_labels / sizeof second_labels[0], head);
}

static bool is_domain(str s)
{
    if (s.len < 1 || s.len > DOMAIN_BYTES || s.at[0] == '.' || s.at[s.len - 1] == '.')
        return false;
    for (ptrdiff_t i = 0; i < s.len; i++) {
        char c = s.at[i];
        bool is_letter = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
        if (!is_letter && !(c == '.' && s.at[i - 1] != '.'))
            return false;
    }
    return true;
}

static bool is_ascii(str s)
{
    for (ptrdiff_t i = 0; i < s.len; i++)
        if ((unsigned char)s.at[i] >= 0x80)
            return false;
    return true;
}

str mail_domain(struct arena *a, str written)
{
    str s = str_trim(written);
    if (s.len > 0 && s.at[s.len - 1] == '.')
        s.len--;
    if (s.len < 1 || s.len > DOMAIN_IN_BYTES || !utf8_valid(s))
        return S("");
    if (!is_ascii(s)) {
        UErrorCode status = U_ZERO_ERROR;
        UIDNAInfo info = UIDNA_INFO_INITIALIZER;
        UIDNA *idna = uidna_openUTS46(UIDNA_NONTRANSITIONAL_TO_ASCII, &status);
        char *to = arena_alloc(a, DOMAIN_IN_BYTES, 1);
        int32_t n =
            uidna_nameToASCII_UTF8(idna, s.at, (int32_t)s.len, to, DOMAIN_IN_BYTES, &info, &status);
        if (U_SUCCESS(status))
            uidna_close(idna);
        if (U_FAILURE(status) || info.errors != 0 || n > DOMAIN_IN_BYTES)
            return S("");
        s = str_of(to, n);
        if (s.len > 0 && s.at[s.len - 1] == '.')
            s.len--;
    }
    s = str_lower_ascii(a, s);
    return is_domain(s) ? s : S("");
}

bool mail_domain_is_aligned(str x, str y)
{
    str shorter = x.len < y.len ? x : y, longer = x.len < y.len ? y : x;
    if (shorter.len == 0 || is_public_suffix(shorter))
        return false;
    ptrdiff_t before = longer.len - shorter.len;
    return str_ends(longer, shorter) && (before == 0 || longer.at[before - 1] == '.');
}

/* What an address list says, as far as it matters here: how many addresses, and the last one. */
struct list_walk {
    int addresses;
    str last;
};

static ptrdiff_t skip_to(str s, ptrdiff_t at, char end)
{
    for (at++; at < s.len && s.at[at] != end; at++)
        if (s.at[at] == '\\')
            at++;
    return at < s.len ? at + 1 : s.len;
}

static ptrdiff_t skip_comments(str s, ptrdiff_t at)
{
    int depth = 0;
    for (; at < s.len; at++) {
        if (s.at[at] == '\\')
            at++;
        else if (s.at[at] == '(')
            depth++;
        else if (s.at[at] == ')' && --depth == 0)
            return at + 1;
    }
    return s.len;
}

/* One mailbox between commas: <…> when it has one, else the bare words if they hold an "@". */
static void end_mailbox(struct list_walk *w, str angle, str bare)
{
    str address = str_trim(angle.len > 0 ? angle : bare);
    if (address.len == 0 || str_find_byte(address, '@') < 0)
        return;
    w->addresses++;
    w->last = address;
}

static void walk_list(str s, struct list_walk *w)
{
    ptrdiff_t from = 0, stop = -1; /* stop: where a comment behind the bare words begins */
    str angle = S("");
    for (ptrdiff_t at = 0; at < s.len;) {
        char c = s.at[at];
        if (c == '"') {
            ptrdiff_t end = skip_to(s, at, '"');
            /* "a b"@example.com: the quoted string is part of the address. */
            if (end >= s.len || s.at[end] != '@')
                from = end;
            at = end;
        } else if (c == '(') {
            bool is_first = str_trim(str_sub(s, from, at - from)).len == 0;
            stop = stop < 0 && !is_first ? at : stop;
            at = skip_comments(s, at);
            from = is_first ? at : from;
        } else if (c == '<') {
            ptrdiff_t end = skip_to(s, at, '>');
            if (angle.len > 0) /* two of them in one mailbox: neither is clear */
                w->addresses++;
            angle = str_sub(s, at + 1, end - at - 2);
            at = end;
        } else if (c == ',' || c == ';') {
            end_mailbox(w, angle, str_sub(s, from, (stop < 0 ? at : stop) - from));
            angle = S("");
            stop = -1;
            from = ++at;
        } else {
            from = c == ':' && angle.len == 0 ? at + 1 : from; /* a group's name ends */
            at++;
        }
    }
    end_mailbox(w, angle, str_sub(s, from, (stop < 0 ? s.len : stop) - from));
}

bool mail_from_is_clear(struct arena *a, const struct mime_mail *mail)
{
    struct list_walk w = {0};
    int headers = 0;
    for (int i = 0; i < mail->n_headers; i++) {
        if (!str_eq_nocase(mail->headers[i].name, S("From")))
            continue;
        headers++;
        walk_list(mail->headers[i].value, &w);
    }
    return headers == 1 && w.addresses == 1 && mail->from_address.len > 0 &&
           str_eq(utf8_fold(a, w.last), mail->from_address);
}
