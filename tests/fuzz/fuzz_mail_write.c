/* Any bytes as the values of a mail, separated by bytes FF: either a value is refused with words
 * and nothing is written, or the bytes are a mail of which no line is too long, no header field is
 * anybody's but ours, and which the reader takes. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "text/mail_reply.h"
#include "text/mail_write.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { VALUES = 12 };

static void must(bool holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "%s\n", what);
    abort();
}

static bool add(void *arg, str piece)
{
    sb_add(arg, piece);
    return true;
}

static void check_lines(str bytes)
{
    ptrdiff_t start = 0;
    for (ptrdiff_t i = 0; i < bytes.len; i++) {
        unsigned char c = (unsigned char)bytes.at[i];
        must(c != 0 && c < 0x80, "a byte that is not 7bit");
        must((c == '\n') == (i > 0 && bytes.at[i - 1] == '\r'), "a line end that is not CRLF");
        if (c != '\n')
            continue;
        must(i - 1 - start <= 998, "a line that is too long");
        start = i + 1;
    }
    must(start == bytes.len, "no line end at the end");
}

static void check_head(str bytes)
{
    static const char *const known[] = {"Date", "From", "Sender", "Reply-To", "To", "Subject",
        "Message-ID", "In-Reply-To", "References", "Auto-Submitted", "X-Auto-Response-Suppress",
        "Precedence", "X-Seva-Loop", "MIME-Version", "Content-Type", "Content-Transfer-Encoding",
        "Content-Disposition", NULL};
    str head = str_sub(bytes, 0, str_find(bytes, S("\r\n\r\n"))), line, name, value;
    while (head.len > 0) {
        (void)str_cut(head, '\n', &line, &head);
        if (str_starts(line, S(" ")))
            continue;
        must(str_cut(line, ':', &name, &value), "a line that is no field");
        bool is_known = false;
        for (int i = 0; known[i] != NULL; i++)
            is_known = is_known || str_eq(name, str_from(known[i]));
        must(is_known, "a field of somebody else");
    }
}

static void check_quote(struct arena *a, str *values)
{
    struct mail_quoted of = {.attribution = values[1], .text = values[8], .html = values[9]};
    str text, html;
    must(mail_quote_of(a, &of, &text, &html) == OK, "no quote");
    must(utf8_valid(text) && utf8_valid(html), "a quote that is no text");
    str subject = mail_reply_subject(a, values[5]);
    must(str_starts(subject, S("Re:")), "no mark");
    must(str_eq(mail_reply_subject(a, subject), subject), "a mark twice");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = arena_make(0);
    str rest = str_of(data, (ptrdiff_t)size), values[VALUES] = {0}, why = {0};
    for (int i = 0; i < VALUES; i++)
        (void)str_cut(rest, '\xff', &values[i], &rest);
    int flags = values[0].len > 0 ? values[0].at[0] : 0;
    struct mime_address to = {.name = values[1], .address = S("b@c.example")};
    struct mail_out_file file = {.name = values[10],
        .type = values[11],
        .content_id = values[11],
        .bytes = values[8],
        .is_inline = (flags & 8) != 0};
    struct mail_out mail = {.from_name = values[1],
        .from_address = values[2],
        .sender = values[3],
        .reply_to = values[4],
        .subject = values[5],
        .message_id = values[6],
        .in_reply_to = values[7],
        .references = &values[7],
        .n_references = 1,
        .to = &to,
        .n_to = 1,
        .text = values[8],
        .html = values[9],
        .files = &file,
        .n_files = (flags & 4) != 0,
        .loop = values[11],
        .is_automatic = (flags & 1) != 0,
        .is_bulk = (flags & 2) != 0};
    struct sb once = sb_make(&a, 0), twice = sb_make(&a, 0);
    err e = mail_write(&a, &mail, add, &once, &why);
    if (e == OK) {
        check_lines(sb_str(&once));
        check_head(sb_str(&once));
        must(mail_write(&a, &mail, add, &twice, &why) == OK, "not twice");
        must(str_eq(sb_str(&once), sb_str(&twice)), "other bytes");
        struct mime_mail back, inner;
        bool has_inner;
        must(mime_read(&a, sb_str(&once), &back, &inner, &has_inner, &why) == OK, "no mail");
    } else {
        must((e == E_INVALID || e == E_LIMIT) && why.len > 0 && once.len == 0, "no words");
    }
    check_quote(&a, values);
    arena_free(&a);
    return 0;
}
