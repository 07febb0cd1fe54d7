/* email_sign: the DKIM signature of a mail, where the mailbox has a key of its own (most do not:
 * their server signs). See email.h. The time in it is the mail's own, so that every try is the same
 * mail. Thread: reads files. */
#include "connector/email.h"
#include "text/dkim.h"

/* A form that has one line only loses the key's lines: PEM wants them. */
static str key_lines(struct arena *a, str pem)
{
    enum { LINE = 64 };
    str begin = S("-----BEGIN "), dashes = S("-----"), rest = str_trim(pem);
    ptrdiff_t from = str_starts(rest, begin) ? str_find(str_skip(rest, begin.len), dashes) : -1;
    if (from < 0 || str_find_byte(rest, '\n') >= 0)
        return pem;
    from += begin.len + dashes.len;
    ptrdiff_t to = str_find(str_skip(rest, from), dashes);
    if (to < 0)
        return pem;
    struct sb b = sb_make(a, 4 * rest.len + LINE);
    str body = str_trim(str_sub(rest, from, to));
    sb_add(&b, str_sub(rest, 0, from));
    for (ptrdiff_t i = 0; i < body.len; i++) {
        if (i % LINE == 0)
            sb_byte(&b, '\n');
        sb_byte(&b, body.at[i]);
    }
    sb_byte(&b, '\n');
    sb_add(&b, str_skip(rest, from + to));
    sb_byte(&b, '\n');
    return b.failed ? pem : sb_str(&b);
}

static bool add_piece(void *arg, str piece)
{
    dkim_add(arg, piece);
    return true;
}

err email_sign(struct arena *a, const struct connector_setup *setup, const struct mail_out *mail,
    str *header, str *why)
{
    const struct dkim_key key = {
        .domain = setup_setting(a, &connector_email, setup, "dkim_domain"),
        .selector = setup_setting(a, &connector_email, setup, "dkim_selector"),
        .pem = key_lines(a, setup_secret(a, setup, "dkim_key")),
    };
    *header = (str){0};
    if (!key.domain.len || !key.selector.len || !key.pem.len)
        return OK;
    struct dkim *d = dkim_begin(a);
    if (!d)
        return E_BUSY;
    TRY(mail_write(a, mail, add_piece, d, why));
    str words = {0};
    err e = dkim_sign(a, d, &key, mail->date_ms, header, &words);
    if (e != OK)
        *why = str_print(a, "The mail cannot be signed (DKIM): %.*s", SARG(words));
    return e;
}
