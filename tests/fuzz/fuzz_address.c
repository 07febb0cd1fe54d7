/* Any bytes in every header field that names people, in every order of fields: what is read keeps
 * the promises of mime.h, and who is named in one field is the same in another. */
#include "base/utf8.h"
#include "text/mime.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void must_line(str s, ptrdiff_t max)
{
    must(utf8_valid(s) && !utf8_has_control(s) && s.len <= max && str_find_byte(s, '\n') < 0);
}

static void must_people(const struct mime_address *at, int n)
{
    must(n >= 0 && n <= MIME_ADDRESSES);
    for (int i = 0; i < n; i++) {
        must_line(at[i].name, MIME_HEADER_BYTES);
        must_line(at[i].address, MIME_ID_BYTES);
        must(at[i].address.len > 0);
    }
}

static struct mime_mail read_header(struct arena *a, str bytes)
{
    struct mime_mail mail, inner;
    bool has_inner;
    str why = {0};
    must(mime_read(a, bytes, &mail, &inner, &has_inner, &why) == OK || why.len > 0);
    must_line(mail.from_name, MIME_HEADER_BYTES);
    must_line(mail.from_address, MIME_ID_BYTES);
    must_people(mail.to, mail.n_to);
    must_people(mail.cc, mail.n_cc);
    must_people(mail.reply_to, mail.n_reply_to);
    for (int i = 0; i < mail.n_delivered_to; i++)
        must_line(mail.delivered_to[i], MIME_ID_BYTES);
    must(utf8_valid(mail.degraded));
    return mail;
}

/* Folded as a mail's own lines are, so that the value ends where it is meant to. */
static str one_field(struct arena *a, const uint8_t *data, ptrdiff_t size)
{
    struct sb b = sb_make(a, 0);
    for (ptrdiff_t i = 0; i < size; i++) {
        sb_byte(&b, (char)data[i]);
        if (data[i] == '\n')
            sb_byte(&b, ' ');
    }
    return sb_str(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = arena_make(0);
    str value = one_field(&a, data, (ptrdiff_t)size);
    struct mime_mail to =
        read_header(&a, str_print(&a, "From: a@b.example\r\nTo: %.*s\r\n\r\n", SARG(value)));
    struct mime_mail cc =
        read_header(&a, str_print(&a, "Cc: %.*s\r\nFrom: a@b.example\r\n\r\n", SARG(value)));
    must(to.n_to == cc.n_cc);
    for (int i = 0; i < to.n_to; i++)
        must(str_eq(to.to[i].address, cc.cc[i].address) && str_eq(to.to[i].name, cc.cc[i].name));
    (void)read_header(&a, str_print(&a, "Reply-To: %.*s\r\nFrom: %.*s\r\nSender: %.*s\r\n\r\n",
                              SARG(value), SARG(value), SARG(value)));
    (void)read_header(
        &a, str_print(&a, "Delivered-To: %.*s\r\nReturn-Path: %.*s\r\nX-Original-To: %.*s\r\n\r\n",
                SARG(value), SARG(value), SARG(value)));
    arena_free(&a);
    return 0;
}
