/* What the tests of text/mail_write share: a mail, its bytes, a field of it. */
#pragma once
#include "test.h"

#include "text/mail_write.h"
#include "text/mime.h"

struct got {
    struct sb b;
    int pieces, stop_at;
    ptrdiff_t longest;
};

static inline bool take(void *arg, str piece)
{
    struct got *got = arg;
    sb_add(&got->b, piece);
    if (piece.len > got->longest)
        got->longest = piece.len;
    return ++got->pieces != got->stop_at;
}

static const struct mime_address asha = {S_INIT("Asha"), S_INIT("asha@example.net")};

static inline struct mail_out plain_mail(void)
{
    return (struct mail_out){.from_name = S("Care"),
        .from_address = S("care@example.com"),
        .to = &asha,
        .n_to = 1,
        .subject = S("Re: Your parcel"),
        .message_id = S("seva.1.2.abc@care.example.com"),
        .date_ms = TEST_NOW_MS,
        .text = S("Hello Asha,\n\nit is on its way.\n")};
}

static inline err write_to(const struct mail_out *mail, str *bytes, str *why)
{
    struct got got = {.b = sb_make(test_arena(), 0)};
    err e = mail_write(test_arena(), mail, take, &got, why);
    assert_true(got.longest <= 64 * 1024);
    *bytes = sb_str(&got.b);
    return e;
}

static inline str written(const struct mail_out *mail)
{
    str bytes = {0}, why = {0};
    err e = write_to(mail, &bytes, &why);
    if (e != OK)
        fail_msg("%s: %.*s", err_name(e), SARG(why));
    return bytes;
}

/* A field's value as it stands, folds included; "" = there is none. */
static inline str field(str bytes, const char *name)
{
    str head = str_sub(bytes, 0, str_find(bytes, S("\r\n\r\n")) + 2);
    str from = str_print(test_arena(), "\r\n%s: ", name);
    ptrdiff_t at = str_find(str_cat(test_arena(), S("\r\n"), head), from);
    if (at < 0)
        return (str){0};
    str value = str_skip(head, at - 2 + from.len);
    for (ptrdiff_t i = 0; i + 2 < value.len; i++)
        if (value.at[i] == '\r' && value.at[i + 2] != ' ')
            return str_sub(value, 0, i);
    return str_sub(value, 0, value.len - 2);
}

static inline str body(str bytes)
{
    return str_skip(bytes, str_find(bytes, S("\r\n\r\n")) + 4);
}

static inline struct mime_mail read_back(str bytes)
{
    struct mime_mail mail, inner;
    bool has_inner;
    str why;
    assert_ok(mime_read(test_arena(), bytes, &mail, &inner, &has_inner, &why));
    return mail;
}

static inline void check_lines(str bytes, ptrdiff_t most)
{
    ptrdiff_t start = 0;
    for (ptrdiff_t i = 0; i < bytes.len; i++) {
        if (bytes.at[i] == '\r')
            assert_true(i + 1 < bytes.len && bytes.at[i + 1] == '\n');
        if (bytes.at[i] != '\n')
            continue;
        assert_true(i > 0 && bytes.at[i - 1] == '\r');
        assert_true(i - 1 - start <= most);
        start = i + 1;
    }
    assert_true(bytes.len > 1 && start == bytes.len);
}
