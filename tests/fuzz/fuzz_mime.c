/* Any bytes as a mail, and as the header fields of one: what is read keeps the promises of mime.h,
 * and every part gives as many bytes as it says. */
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

static bool count(void *arg, str piece)
{
    must(piece.len > 0 && piece.len <= 64 * 1024);
    *(int64_t *)arg += piece.len;
    return true;
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
    }
}

static void must_header(const struct mime_mail *mail)
{
    must_line(mail->from_name, MIME_HEADER_BYTES);
    must_line(mail->subject, MIME_HEADER_BYTES);
    must_line(mail->message_id, MIME_ID_BYTES);
    must_line(mail->in_reply_to, MIME_ID_BYTES);
    must_people(&mail->sender, 1);
    must_people(&mail->return_path, 1);
    must_people(mail->reply_to, mail->n_reply_to);
    must_people(mail->to, mail->n_to);
    must_people(mail->cc, mail->n_cc);
    must(mail->n_references <= MIME_REFERENCES && mail->n_headers <= MIME_HEADERS);
    for (int i = 0; i < mail->n_references; i++)
        must_line(mail->references[i], MIME_ID_BYTES);
    for (int i = 0; i < mail->n_headers; i++)
        must_line(mail->headers[i].value, MIME_VALUE_BYTES);
}

static void must_body(const struct mime_mail *mail)
{
    must(utf8_valid(mail->text) && mail->text.len <= MIME_TEXT_BYTES);
    must(utf8_valid(mail->html) && mail->html.len <= MIME_TEXT_BYTES);
    must(utf8_valid(mail->calendar) && mail->calendar.len <= MIME_TEXT_BYTES);
    must(utf8_valid(mail->report) && utf8_valid(mail->report_headers));
    must(utf8_valid(mail->degraded) && mail->n_parts <= MIME_PARTS);
}

static void read_whole(struct arena *a, str bytes)
{
    struct mime_mail mail, inner;
    bool has_inner;
    str why = {0};
    must(mime_read(a, bytes, &mail, &inner, &has_inner, &why) == OK || why.len > 0);
    must_header(&mail);
    must_body(&mail);
    must_header(&inner);
    must_body(&inner);
    for (int i = 0; i < mail.n_parts; i++) {
        const struct mime_part *part = &mail.parts[i];
        int64_t n = 0;
        must_line(part->name, 4 * MIME_NAME_BYTES);
        must(part->name.len > 0 && str_find_byte(part->name, '/') < 0);
        must(utf8_valid(part->type) && utf8_valid(part->content_id) && utf8_valid(part->method));
        must(mime_part_write(a, bytes, part->number, count, &n, &why) == OK && n == part->size);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = arena_make(0);
    str bytes = str_of(data, (ptrdiff_t)size);
    read_whole(&a, bytes);
    read_whole(&a, str_cat(&a, S("From: a@b.example\nTo: "), bytes));
    read_whole(&a, str_cat(&a, S("From: "), bytes));
    arena_free(&a);
    return 0;
}
