/* mail_post: see mail_post.h. */
#include "care/mail_post.h"

#include "base/file.h"
#include "base/file_map.h"
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

static err find_in_form(str type, str body, struct mail_post *post, str *why)
{
    struct form_field field = {0};
    if (form_field_find(type, body, field_names, &field) != OK) {
        *why =
            S("The form has no field with the whole mail: body-mime (Mailgun), email (SendGrid), "
              "mime, message or raw.");
        return E_INVALID;
    }
    post->bytes = field.value;
    post->code = field.is_encoded ? MAIL_POST_FORM : MAIL_POST_PLAIN;
    return OK;
}

static err find_in_json(struct arena *a, str body, struct mail_post *post, str *why)
{
    str value;
    if (form_json_find(body, text_names, &value) == OK) {
        post->bytes = value;
        post->code = MAIL_POST_JSON;
        return OK;
    }
    if (sns_is(body)) {
        TRY(sns_read(a, body, &post->sns, why));
        post->bytes = post->sns.mail;
        return OK;
    }
    if (mail_fields_are(body)) {
        post->code = MAIL_POST_FIELDS;
        post->bytes = (str){0};
        return mail_fields_read(a, body, &post->fields, why);
    }
    *why = S("The object has no mail: neither a text with the whole of it (RawEmail, mime, message "
             "or raw), nor Postmark's fields (From …), nor what Amazon SNS posts.");
    return E_INVALID;
}

err mail_post_find(
    struct arena *a, str content_type, bool is_json, str body, struct mail_post *post, str *why)
{
    *post = (struct mail_post){.bytes = body};
    if (is_json || form_json_is(content_type))
        return find_in_json(a, body, post, why);
    return form_is(content_type) ? find_in_form(content_type, body, post, why) : OK;
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
    case MAIL_POST_FIELDS:
        return E_INTERNAL; /* there are no bytes */
    }
    *rest = str_skip(*rest, piece.len);
    return OK;
}

static bool keep(void *arg, str piece)
{
    struct sb *b = arg;
    sb_add(b, str_sub(piece, 0, HEAD_BYTES - b->len));
    return b->len < HEAD_BYTES;
}

/* As much as is kept of it, put together. */
static err head_of_fields(struct arena *a, const struct mail_post *post, str *bytes, str *why)
{
    struct sb b = sb_make(a, HEAD_BYTES);
    err e = mail_fields_write(a, post->fields, keep, &b, why);
    *bytes = sb_str(&b);
    return e == E_UPSTREAM ? OK : e; /* it was enough */
}

err mail_post_head(
    struct arena *a, const struct mail_post *post, str *bytes, bool *is_long, str *why)
{
    enum { ROOM = 3 * HEAD_BYTES }; /* each byte may be a %XX */
    *why = S("The field is not encoded as forms, or JSON, are.");
    if (post->code == MAIL_POST_FIELDS) {
        TRY(head_of_fields(a, post, bytes, why));
        *is_long = bytes->len > MAIL_ROW_BYTES;
        return OK;
    }
    bool is_plain = post->code == MAIL_POST_PLAIN;
    ptrdiff_t room = post->bytes.len < ROOM ? post->bytes.len : ROOM;
    str rest = post->bytes;
    char *to = is_plain ? NULL : arena_alloc(a, room + FORM_JSON_LETTER_BYTES, 1);
    TRY(take_piece(post->code, &rest, to, room + FORM_JSON_LETTER_BYTES, bytes));
    *bytes = str_sub(*bytes, 0, HEAD_BYTES);
    *is_long = bytes->len > MAIL_ROW_BYTES;
    return OK;
}

struct writing {
    int fd;
    int64_t at;
    err e;
};

static bool write_piece(void *arg, str piece)
{
    struct writing *w = arg;
    w->e = file_write_at(w->fd, w->at, piece);
    w->at += piece.len;
    return w->e == OK;
}

static err write_fields(struct arena *a, const struct mail_post *post, struct writing *w, str *why)
{
    err e = mail_fields_write(a, post->fields, write_piece, w, why);
    if (e != OK && w->e == OK)
        return e == E_INVALID || e == E_LIMIT ? E_INVALID : e;
    return w->e;
}

static err write_all(struct ctx *cx, const struct mail_post *post, struct writing *w)
{
    char *to = arena_alloc(cx->arena, PIECE_BYTES, 1);
    ptrdiff_t passed = 0;
    for (str rest = post->bytes, bytes; rest.len > 0;) {
        TRY(take_piece(post->code, &rest, to, PIECE_BYTES, &bytes));
        if (!write_piece(w, bytes))
            return w->e;
        file_map_walk(post->bytes, post->bytes.len - rest.len, &passed);
    }
    return OK;
}

err mail_post_write(
    struct ctx *cx, const struct mail_post *post, int64_t number, struct file_sum *sum, str *why)
{
    struct writing w = {0};
    int64_t size;
    *why = S("The field is not encoded as forms, or JSON, are.");
    TRY(part_open(cx, number, &w.fd, &size));
    TRY(file_truncate(w.fd, 0));
    TRY(post->code == MAIL_POST_FIELDS ? write_fields(cx->arena, post, &w, why)
                                       : write_all(cx, post, &w));
    TRY(file_sync(w.fd));
    return file_sum(cx->arena, w.fd, sum);
}
