/* mail_address: see mail_address.h. */
#include "care/mail_address.h"

#include "base/utf8.h"

enum { WORDS_BYTES = 500 };

/* An address of which nothing is known has an empty row. */
static err look(struct ctx *cx, str address, struct mail_address *row)
{
    err e = mail_address_get(cx, address, row);
    if (e == E_NOT_FOUND)
        *row = (struct mail_address){.address = address};
    return e == E_NOT_FOUND ? OK : e;
}

static err check(struct ctx *cx, const struct mail_address *row)
{
    if (!row->is_invalid)
        return OK;
    return fail_detail(cx, E_CONFLICT, "bad_address",
        "Mails to %.*s come back: %.*s Write to another address, or say that it is to be tried again.",
        SARG(row->address), SARG(row->words));
}

err mail_address_takes(struct ctx *cx, str address)
{
    struct mail_address row;
    TRY(look(cx, address, &row));
    return check(cx, &row);
}

err mail_address_takes_all(struct ctx *cx, const struct mail_person *people, ptrdiff_t n)
{
    for (ptrdiff_t i = 0; i < n; i++)
        TRY(mail_address_takes(cx, people[i].address));
    return OK;
}

err mail_address_takes_automatic(struct ctx *cx, str address)
{
    struct mail_address row;
    TRY(look(cx, address, &row));
    TRY(check(cx, &row));
    if (row.complained_ms)
        return fail_detail(cx, E_CONFLICT, "complained",
            "%.*s has called a mail of ours spam: only people write there.", SARG(address));
    return OK;
}

err mail_address_bounced(struct ctx *cx, str address, str words)
{
    struct mail_address row;
    TRY(look(cx, address, &row));
    row.bounces++;
    row.is_invalid = row.bounces >= MAIL_BOUNCES_MOST;
    row.words = utf8_prefix_bytes(words, WORDS_BYTES);
    row.bounced_ms = cx->now_ms;
    return mail_address_set(cx, &row);
}

err mail_address_complained(struct ctx *cx, str address, str words)
{
    struct mail_address row;
    TRY(look(cx, address, &row));
    row.complained_ms = cx->now_ms;
    if (!row.bounces)
        row.words = utf8_prefix_bytes(words, WORDS_BYTES);
    return mail_address_set(cx, &row);
}

err mail_address_clear(struct ctx *cx, str address, bool *had)
{
    struct mail_address row;
    TRY(look(cx, address, &row));
    *had = row.is_invalid || row.bounces;
    if (!*had)
        return OK;
    row.is_invalid = false;
    row.bounces = 0;
    return mail_address_set(cx, &row);
}
