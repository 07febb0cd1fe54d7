/* mail_carried: a mail that another one carries as a file (message/rfc822, "forwarded as an
 * attachment"), to be read without a mail program (API "Messages"): its head, its words, its files;
 * and the mails inside it, by the numbers of the parts that lead to them, at most DEPTH. Nobody has
 * checked who wrote it, and nothing follows from it: it belongs to no conversation, is quoted by
 * nobody and proves nothing. Its HTML is as it came; its own pictures are files of it that the HTML
 * names by their content ids; those from elsewhere are never fetched.
 * Not here: the mail that came itself (mail.c), the file as a whole (attachments.c). Thread:
 * workers. */
#include "api/file_answer.h"
#include "api/input.h"
#include "api/server.h"
#include "base/file.h"
#include "base/file_type.h"
#include "base/json.h"
#include "base/limits.h"
#include "care/attachment.h"
#include "care/blob_file.h"
#include "model/view_mail.h"
#include "text/mail_signed.h"
#include "text/mime.h"
#include "text/quote.h"

enum {
    DEPTH = 5,
    INSIDE_BYTES = 16 * 1024 * 1024, /* of a mail inside the file, decoded into memory */
    SHOWN_BYTES = 8 * 1024 * 1024,
    WITHIN_BYTES = 40,
};

struct carried_query {
    str within;
};
static const struct input_field carried_fields[] = {
    FIELD(struct carried_query, within, IN_TEXT, 0, 0, WITHIN_BYTES,
        "of a mail inside it: the parts that lead there, from outside, like 3.1"),
};
static const struct input_spec carried_spec =
    SPEC("CarriedMailQuery", struct carried_query, carried_fields);

struct file_query {
    str within;
    int64_t part;
};
static const struct input_field file_fields[] = {
    FIELD(struct file_query, within, IN_TEXT, 0, 0, WITHIN_BYTES, "as for the mail"),
    FIELD(struct file_query, part, IN_INT, 0, 0, 10000, "the number of one of the mail's files"),
};
static const struct input_spec file_spec = SPEC("CarriedFileQuery", struct file_query, file_fields);

struct carried {
    str bytes; /* as its parts are counted */
    struct mime_mail mail;
};

/* ── which mail ── */

/* One without a sender may be read all the same: it is whatever somebody has attached. */
static err read_mail(struct ctx *cx, str bytes, struct carried *c)
{
    struct mime_mail *inner = NEW(cx->arena, struct mime_mail, 1);
    bool has_inner = false;
    str why;
    c->bytes = mail_signed_open(cx->arena, bytes);
    err e = mime_read(cx->arena, c->bytes, &c->mail, inner, &has_inner, &why);
    if (e == OK || c->mail.subject.len || c->mail.message_id.len || c->mail.date_ms)
        return OK;
    return fail(cx, E_CONFLICT, "This file is no mail.");
}

static const struct mime_part *part_of(const struct mime_mail *mail, int64_t number)
{
    for (int i = 0; i < mail->n_parts; i++)
        if (mail->parts[i].number == number)
            return &mail->parts[i];
    return NULL;
}

static bool add_piece(void *arg, str piece)
{
    struct sb *b = arg;
    sb_add(b, piece);
    return !b->failed;
}

/* The mail in that part of *c takes its place. */
static err go_inside(struct ctx *cx, struct carried *c, str number)
{
    int64_t n = 0;
    str why;
    bool is_number = str_int(number, 0, MIME_PARTS, &n) == OK;
    const struct mime_part *part = is_number ? part_of(&c->mail, n) : NULL;
    if (!part || part->kind != MIME_PART_MAIL)
        return fail(cx, E_NOT_FOUND, "There is no mail in this part.");
    if (part->size > INSIDE_BYTES)
        return fail(cx, E_LIMIT, "This mail is too long to be read inside another: take the file.");
    struct sb b = sb_make(cx->arena, INSIDE_BYTES + 1);
    if (mime_part_write(cx->arena, c->bytes, part->number, add_piece, &b, &why) != OK)
        return fail(cx, E_LIMIT, "This mail is too long to be read inside another: take the file.");
    return read_mail(cx, sb_str(&b), c);
}

static bool is_mail(const struct attachment *at)
{
    return str_eq(at->type, S("message/rfc822")) || str_ends(at->name, S(".eml"));
}

static err open_mail(struct call *call, str within, struct carried *c)
{
    struct ctx *cx = &call->cx;
    struct attachment at;
    str bytes, number, rest = within;
    TRY(attachment_seen(cx, (attachment_id){call->id}, &at));
    if (!is_mail(&at) || !attachment_is_here(&at))
        return fail(cx, E_CONFLICT, "This file is no mail.");
    err e = blob_map(cx, at.blob_name, LIMIT_UPLOAD_BYTES, &bytes);
    if (e == E_BUSY)
        return fail(cx, e, "The file cannot be read just now; try again.");
    if (e != OK)
        return fail(cx, E_NOT_FOUND, "This file is not here any more.");
    TRY(read_mail(cx, bytes, c));
    for (int depth = 0; rest.len; depth++) {
        if (depth == DEPTH)
            return fail(cx, E_NOT_FOUND, "This mail lies too deep inside others.");
        (void)str_cut(rest, '.', &number, &rest);
        TRY(go_inside(cx, c, number));
    }
    return OK;
}

/* ── reading it ── */

static const struct carried_person *people_of(
    struct arena *a, const struct mime_address *from, int n)
{
    struct carried_person *to = NEW(a, struct carried_person, n + 1);
    for (int i = 0; i < n; i++)
        to[i] = (struct carried_person){from[i].name, from[i].address};
    return to;
}

static const struct carried_file *files_of(struct arena *a, const struct mime_mail *mail)
{
    struct carried_file *files = NEW(a, struct carried_file, mail->n_parts + 1);
    for (int i = 0; i < mail->n_parts; i++) {
        const struct mime_part *part = &mail->parts[i];
        files[i] = (struct carried_file){.part = part->number,
            .name = part->name,
            .type = part->type,
            .size = part->size,
            .content_id = part->content_id,
            .is_mail = part->kind == MIME_PART_MAIL};
    }
    return files;
}

static err get(struct call *call)
{
    struct arena *a = call->cx.arena;
    const struct carried_query *query = call->query;
    struct carried c = {0};
    struct quote_html quoted;
    TRY(open_mail(call, query->within, &c));
    quote_split_html(a, c.mail.html, &quoted);
    const struct carried_shown shown = {
        .subject = c.mail.subject,
        .from = {c.mail.from_name, c.mail.from_address},
        .to = people_of(a, c.mail.to, c.mail.n_to),
        .n_to = c.mail.n_to,
        .cc = people_of(a, c.mail.cc, c.mail.n_cc),
        .n_cc = c.mail.n_cc,
        .date_ms = c.mail.date_ms,
        .text = c.mail.text,
        .html = quoted.html,
        .files = files_of(a, &c.mail),
        .n_files = c.mail.n_parts,
        .degraded = c.mail.degraded
    };
    struct json_out j = json_out_make(a, SHOWN_BYTES);
    carried_view(&j, &shown);
    if (j.b.failed)
        return fail(&call->cx, E_LIMIT, "The mail is too long to be shown here: take the file.");
    return answer_json(call, 200, json_str(&j));
}

/* ── its files ── */

struct writing {
    int fd;
    int64_t size;
    struct sb head; /* the first bytes: what it is */
};

static bool write_piece(void *arg, str piece)
{
    struct writing *w = arg;
    if (file_write_at(w->fd, w->size, piece) != OK)
        return false;
    w->size += piece.len;
    sb_add(&w->head, str_sub(piece, 0, FILE_TYPE_HEAD_BYTES - w->head.len));
    return true;
}

/* What a stranger's mail calls the bytes counts for nothing: a picture by what they are, else
 * unknown ones. */
static err type_of(struct ctx *cx, const struct writing *w, str *type)
{
    struct file_type is;
    TRY(file_type_of(cx->arena, sb_str(&w->head), &is));
    *type = is.is_picture ? is.type : S("application/octet-stream");
    return OK;
}

/* Always a download by its headers; browsers show a picture in <img> all the same. */
static err get_file(struct call *call)
{
    struct ctx *cx = &call->cx;
    const struct file_query *query = call->query;
    struct carried c = {0};
    struct writing w = {.fd = -1, .head = sb_make(cx->arena, FILE_TYPE_HEAD_BYTES)};
    str type, why;
    TRY(open_mail(call, query->within, &c));
    const struct mime_part *part = part_of(&c.mail, query->part);
    if (!part)
        return fail(cx, E_NOT_FOUND, "The mail has no such file.");
    if (blob_scratch(cx, &w.fd) != OK)
        return fail(cx, E_BUSY, "The file cannot be taken out just now; try again.");
    if (mime_part_write(cx->arena, c.bytes, part->number, write_piece, &w, &why) != OK ||
        type_of(cx, &w, &type) != OK) {
        file_close(w.fd);
        return fail(cx, E_BUSY, "The file cannot be taken out just now; try again.");
    }
    return answer_open_file(call, (struct http_file){.fd = w.fd}, w.size,
        &(struct file_shown){
            .type = type, .name = part->name, .cache = S("private, max-age=3600")});
}

/* clang-format off */
static const struct route routes[] = {
    {HTTP_GET, "/api/v1/attachments/{id}/mail", AUTH_AGENT, CAP_ATTACHMENT_READ,
     ROUTE_READ | ROUTE_409, &carried_spec, NULL, NULL, get,
     "A mail that came as a file of another (.eml), to read it.", &carried_shape, 0},
    {HTTP_GET, "/api/v1/attachments/{id}/mail/file", AUTH_AGENT, CAP_ATTACHMENT_READ,
     ROUTE_READ | ROUTE_BYTES | ROUTE_PARTS | ROUTE_409, &file_spec, NULL, NULL, get_file,
     "A file of such a mail.", NULL, 0},
};
/* clang-format on */
extern const struct route_table mail_carried_routes;
const struct route_table mail_carried_routes = ROUTES(routes);
