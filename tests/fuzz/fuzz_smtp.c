/* Any bytes as an SMTP server's answer, and as a mail on its way out. An answer's words are fit to
 * show and bounded; a mail is the same however it is cut, has CRLF line ends only, and no line that
 * is a single dot. The first byte says where to cut. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/utf8.h"
#include "net/smtp_reply.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void check_words(str text)
{
    must(utf8_valid(text));
    for (ptrdiff_t i = 0; i < text.len; i++)
        must((unsigned char)text.at[i] >= ' ' && text.at[i] != 0x7F);
}

static void check_answers(struct arena *a, str input)
{
    struct smtp_reply_reader r = {.a = a};
    while (input.len > 0) {
        str line;
        (void)str_cut(input, '\n', &line, &input);
        switch (smtp_reply_line(&r, line)) {
        case SMTP_REPLY_MORE:
            continue;
        case SMTP_REPLY_WHOLE:
            must(r.reply.code >= 200 && r.reply.code <= 599);
            must(r.reply.enhanced.len <= 9 && r.reply.text.len <= LIMIT_SMTP_REPLY_BYTES);
            must(r.reply.enhanced.len == 0 || r.reply.enhanced.at[0] == '0' + r.reply.code / 100);
            must(utf8_valid(r.reply.text));
            check_words(smtp_reply_words(a, &r.reply));
            break;
        case SMTP_REPLY_BROKEN:
            break;
        }
        r = (struct smtp_reply_reader){.a = a};
    }
}

static str stuffed(struct arena *a, str mail, ptrdiff_t cut)
{
    struct smtp_stuff state = {0};
    char *to = arena_alloc(a, mail.len * 2 + 1, 1);
    ptrdiff_t len = 0;
    while (mail.len > 0) {
        str piece = str_sub(mail, 0, cut);
        len += smtp_stuff(&state, piece, to + len);
        mail = str_skip(mail, piece.len);
    }
    return str_of(to, len);
}

static void check_mail(struct arena *a, str mail, ptrdiff_t cut)
{
    str whole = stuffed(a, mail, mail.len + 1), cut_up = stuffed(a, mail, cut);
    must(str_eq(whole, cut_up));
    bool is_start = true;
    for (ptrdiff_t i = 0; i < whole.len; i++) {
        char c = whole.at[i];
        must(!is_start || c != '.' || (i + 1 < whole.len && whole.at[i + 1] == '.'));
        must(c != '\r' || (i + 1 < whole.len && whole.at[i + 1] == '\n'));
        must(c != '\n' || (i > 0 && whole.at[i - 1] == '\r'));
        is_start = c == '\n';
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    struct arena a = arena_make(0);
    str input = str_of(data + 1, (ptrdiff_t)size - 1);
    check_answers(&a, input);
    check_mail(&a, input, 1 + data[0] % 32);
    arena_free(&a);
    return 0;
}
