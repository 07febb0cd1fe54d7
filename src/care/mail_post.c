/* mail_post: see mail_post.h. */
#include "care/mail_post.h"

#include "base/file.h"
#include "care/mail.h"
#include "net/http.h"
#include "text/form_field.h"
#include "text/form_json.h"

enum {
    PIECE_BYTES = 256 * 1024,
    HEAD_BYTES = 256 * 1024, /* of a long mail: as much as a header may be */
};

static const char *const text_names[] = {"RawEmail", "mime", "message", "raw", NULL};
static const char *const field_names[] = {"body-mime", "email", "mime", "message", "raw", NULL};

err mail_post_find(struct arena *a, str content_type, str body, struct mail_post *post, str *why)
{
    static const char form[] = "The form has no field with the whole mail: body-mime (Mailgun), "
                               "email (SendGrid), mime, message or raw.";
    static const char object[] = "The object has no text with the whole mail: RawEmail (Postmark: "
                                 "\"Include raw email content\"), mime, message or raw.";
    struct form_field field = {0};
    bool is_form = form_is(content_type);
    *post = (struct mail_post){.bytes = body};
    if (!is_form && !form_json_is(content_type))
        return OK;
    err e = is_form ? form_field_find(content_type, body, field_names, &field)
                    : form_json_find(body, text_names, &field.value);
    if (e != OK) {
        *why = str_copy(a, str_from(is_form ? form : object));
        return E_INVALID;
    }
    post->bytes = field.value;
    if (!is_form || field.is_encoded)
        post->code = is_form ? MAIL_POST_FORM : MAIL_POST_JSON;
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

/* The beginning of what is left, decoded: at most `room` bytes, which lie at `to` or where they
 * are. */
static err take_piece(enum mail_post_code code, str *rest, char *to, ptrdiff_t room, str *bytes)
{
    ptrdiff_t taken = 0, n = 0;
    str piece = code == MAIL_POST_FORM ? whole_codes(*rest, room) : str_sub(*rest, 0, room);
    switch (code) {
    case MAIL_POST_PLAIN:
        *bytes = piece;
        break;
    case MAIL_POST_FORM:
        n = http_percent_decode_to(to, piece, true);
        if (n < 0)
            return E_INVALID;
        *bytes = str_of(to, n);
        break;
    case MAIL_POST_JSON:
        TRY(form_json_decode(*rest, to, room, &taken, &n));
        *bytes = str_of(to, n);
        *rest = str_skip(*rest, taken);
        return OK;
    }
    *rest = str_skip(*rest, piece.len);
    return OK;
}

err mail_post_head(struct arena *a, const struct mail_post *post, str *bytes, bool *is_long)
{
    enum { ROOM = 3 * HEAD_BYTES }; /* each byte may be a %XX */
    bool is_plain = post->code == MAIL_POST_PLAIN;
    ptrdiff_t room = post->bytes.len < ROOM ? post->bytes.len : ROOM;
    str rest = post->bytes;
    char *to = is_plain ? NULL : arena_alloc(a, room + FORM_JSON_LETTER_BYTES, 1);
    TRY(take_piece(post->code, &rest, to, room + FORM_JSON_LETTER_BYTES, bytes));
    *bytes = str_sub(*bytes, 0, HEAD_BYTES);
    *is_long = bytes->len > MAIL_ROW_BYTES;
    return OK;
}

static err write_all(struct ctx *cx, const struct mail_post *post, int fd)
{
    char *to = arena_alloc(cx->arena, PIECE_BYTES, 1);
    int64_t at = 0;
    for (str rest = post->bytes, bytes; rest.len > 0;) {
        TRY(take_piece(post->code, &rest, to, PIECE_BYTES, &bytes));
        TRY(file_write_at(fd, at, bytes));
        at += bytes.len;
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
