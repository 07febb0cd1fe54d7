/* mail_write: addresses as they stand in envelope and headers. Domains by ICU (UTS #46, as browsers
 * do it, without the transitional letters). Thread: any. */
#include "text/mail_write.h"

#include <unicode/uidna.h>

#include "base/utf8.h"

enum {
    LOCAL_BYTES = 64, /* RFC 5321, 4.5.3.1 */
    DOMAIN_BYTES = 253,
    ADDRESS_BYTES = 254,
    LABEL_BYTES = 63,
};

static bool is_ascii(str s)
{
    for (ptrdiff_t i = 0; i < s.len; i++)
        if ((unsigned char)s.at[i] >= 0x80)
            return false;
    return true;
}

static bool is_alnum(char c)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

/* RFC 5322 atext and the dot, RFC 6531 letters of other scripts. */
static bool is_dot_atom(str local)
{
    if (local.len == 0 || local.at[0] == '.' || local.at[local.len - 1] == '.' ||
        str_find(local, S("..")) >= 0)
        return false;
    for (ptrdiff_t i = 0; i < local.len; i++)
        if ((unsigned char)local.at[i] < 0x80 && !is_alnum(local.at[i]) &&
            str_find_byte(S("!#$%&'*+-/=?^_`{|}~."), local.at[i]) < 0)
            return false;
    return true;
}

/* "…" with \ before " and \. */
static bool is_quoted(str local)
{
    if (local.len < 3 || local.at[0] != '"' || local.at[local.len - 1] != '"')
        return false;
    for (ptrdiff_t i = 1; i < local.len - 1; i++) {
        if (local.at[i] == '"' || (unsigned char)local.at[i] < ' ' || local.at[i] == 0x7f)
            return false;
        if (local.at[i] == '\\' && ++i == local.len - 1)
            return false;
    }
    return true;
}

static bool is_ascii_domain(str domain)
{
    str rest = domain, label;
    bool has_more = domain.len > 0 && domain.len <= DOMAIN_BYTES;
    if (!has_more)
        return false;
    if (domain.at[0] == '[' && str_ends(domain, S("]"))) { /* an address: [192.0.2.1] */
        for (ptrdiff_t i = 1; i < domain.len - 1; i++)
            if (!is_alnum(domain.at[i]) && domain.at[i] != '.' && domain.at[i] != ':')
                return false;
        return domain.len > 2;
    }
    while (has_more) {
        has_more = str_cut(rest, '.', &label, &rest);
        if (label.len == 0 || label.len > LABEL_BYTES || label.at[0] == '-' ||
            label.at[label.len - 1] == '-')
            return false;
        for (ptrdiff_t i = 0; i < label.len; i++)
            if (!is_alnum(label.at[i]) && label.at[i] != '-' && label.at[i] != '_')
                return false;
    }
    return true;
}

/* false: not a domain, or no memory. */
static bool domain_to_ascii(struct arena *a, str domain, str *ascii)
{
    if (domain.len > DOMAIN_BYTES * 4)
        return false;
    if (is_ascii(domain)) {
        *ascii = str_lower_ascii(a, domain);
        return is_ascii_domain(domain);
    }
    char to[DOMAIN_BYTES + 1];
    UErrorCode status = U_ZERO_ERROR;
    UIDNAInfo info = UIDNA_INFO_INITIALIZER;
    UIDNA *idna = uidna_openUTS46(
        UIDNA_CHECK_BIDI | UIDNA_CHECK_CONTEXTJ | UIDNA_NONTRANSITIONAL_TO_ASCII, &status);
    int32_t len =
        uidna_nameToASCII_UTF8(idna, domain.at, (int32_t)domain.len, to, sizeof to, &info, &status);
    uidna_close(idna);
    if (U_FAILURE(status) || info.errors != 0 || len > DOMAIN_BYTES)
        return false;
    *ascii = str_copy(a, str_of(to, len));
    return is_ascii_domain(*ascii);
}

static bool split_address(str address, str *local, str *domain)
{
    ptrdiff_t at = address.len - 1;
    while (at >= 0 && address.at[at] != '@')
        at--;
    *local = str_sub(address, 0, at < 0 ? 0 : at);
    *domain = str_skip(address, at + 1);
    return at > 0;
}

err mail_address_wire(struct arena *a, str address, bool is_utf8, str *wire, str *why)
{
    str local, domain, ascii;
    str shown = utf8_preview(a, address, 80);
    address = str_trim(address);
    if (!split_address(address, &local, &domain) || !utf8_valid(address) ||
        local.len > LOCAL_BYTES || utf8_has_control(address) ||
        !(is_dot_atom(local) || is_quoted(local)) || !domain_to_ascii(a, domain, &ascii)) {
        *why = str_print(a, "\"%.*s\" is not a mail address.", SARG(shown));
        return E_INVALID;
    }
    if (!is_utf8 && !is_ascii(local)) {
        *why =
            str_print(a, "\"%.*s\" has letters before the @ that need a mail server with SMTPUTF8.",
                SARG(shown));
        return E_INVALID;
    }
    if (local.len + 1 + ascii.len > ADDRESS_BYTES) {
        *why = str_print(a, "\"%.*s\" is too long for a mail address.", SARG(shown));
        return E_INVALID;
    }
    *wire = str_print(a, "%.*s@%.*s", SARG(local), SARG(is_utf8 ? domain : ascii));
    return OK;
}

static bool needs_utf8(str address)
{
    str local, domain;
    return split_address(address, &local, &domain) && !is_ascii(local);
}

bool mail_needs_utf8(const struct mail_out *mail)
{
    bool needs =
        needs_utf8(mail->from_address) || needs_utf8(mail->sender) || needs_utf8(mail->reply_to);
    for (int i = 0; i < mail->n_to; i++)
        needs = needs || needs_utf8(mail->to[i].address);
    for (int i = 0; i < mail->n_cc; i++)
        needs = needs || needs_utf8(mail->cc[i].address);
    return needs;
}
