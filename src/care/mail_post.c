/* mail_post: see mail_post.h. */
#include "care/mail_post.h"

#include "base/file.h"
#include "care/mail.h"
#include "net/http.h"
#include "text/form_field.h"

enum {
    PIECE_BYTES = 256 * 1024,
    HEAD_BYTES = 256 * 1024, /* of a long mail: as much as a header may be */
};

static const char *const field_names[] = {"body-mime", "email", "mime", "message", "raw", NULL};

err mail_post_find(struct arena *a, str content_type, str body, struct mail_post *post, str *why)
{
    struct form_field field;
    if (!form_is(content_type)) {
        *post = (struct mail_post){.bytes = body};
        return OK;
    }
    if (form_field_find(content_type, body, field_names, &field) != OK) {
        *why =
            str_copy(a, S("The form has no field with the whole mail: body-mime (Mailgun), email "
                          "(SendGrid), mime, message or raw."));
        return E_INVALID;
    }
    *post = (struct mail_post){.bytes = field.value, .is_encoded = field.is_encoded};
    return OK;
}

/* The first n bytes at most, not ending inside a %XX. */
static str whole_codes(str s, ptrdiff_t n)
{
    str piece = str_sub(s, 0, n);
    for (int i = 1; i <= 2 && piece.len < s.len && piece.len >= i; i++)
        if (piece.at[piece.len - i] == '%')
            return str_sub(piece, 0, piece.len - i);
    return piece;
}

static err decode(char *to, str piece, str *bytes)
{
    ptrdiff_t n = http_percent_decode_to(to, piece, true);
    if (n < 0)
        return E_INVALID;
    *bytes = str_of(to, n);
    return OK;
}

err mail_post_head(struct arena *a, const struct mail_post *post, str *bytes, bool *is_long)
{
    *bytes = str_sub(post->bytes, 0, HEAD_BYTES);
    if (post->is_encoded) {
        str piece = whole_codes(post->bytes, 3 * HEAD_BYTES);
        TRY(decode(arena_alloc(a, piece.len + 1, 1), piece, bytes));
        *bytes = str_sub(*bytes, 0, HEAD_BYTES);
    }
    *is_long = bytes->len > MAIL_ROW_BYTES;
    return OK;
}

static err write_all(struct ctx *cx, const struct mail_post *post, int fd)
{
    char *room = arena_alloc(cx->arena, PIECE_BYTES, 1);
    int64_t at = 0;
    for (str rest = post->bytes, piece; rest.len > 0;) {
        str bytes = piece =
            post->is_encoded ? whole_codes(rest, PIECE_BYTES) : str_sub(rest, 0, PIECE_BYTES);
        if (post->is_encoded)
            TRY(decode(room, piece, &bytes));
        TRY(file_write_at(fd, at, bytes));
        at += bytes.len;
        rest = str_skip(rest, piece.len);
    }
    return file_sync(fd);
}

err mail_post_write(
    struct ctx *cx, const struct mail_post *post, int64_t number, struct file_sum *sum)
{
    int fd;
    int64_t size;
    TRY(part_open(cx, number, &fd, &size));
    TRY(file_truncate(fd, 0));
    TRY(write_all(cx, post, fd));
    return file_sum(cx->arena, fd, sum);
}
