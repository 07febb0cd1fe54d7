/* mail_picture: pictures from elsewhere in mails, through this server, so that whoever sent the
 * mail learns nothing of who reads it but that somebody did: no address, no browser, no cookie, no
 * referrer. Only what stands in that mail is fetched, for whoever may read it: this is no proxy for
 * anything else. Through the egress guard, again at each redirect; at most PICTURE_BYTES and
 * PICTURE_MS; a picture by its bytes (base/file_type.h: PNG, JPEG, GIF, WebP), whatever it is
 * called. One of a pixel or two is there to be asked for: it is not shown. Kept for a week as a
 * file of the account, for all its mails. Source: docs/security.md 3, 4. Thread: workers; a fetch
 * blocks one, at most PICTURE_CALLS_AT_ONCE of them. */
#include "store/mail_picture.h"
#include "api/file_answer.h"
#include "api/input.h"
#include "api/network_call.h"
#include "base/crypto.h"
#include "base/file.h"
#include "base/file_type.h"
#include "base/id.h"
#include "base/limits.h"
#include "care/blob_file.h"
#include "care/mail_raw.h"
#include "store/blob.h"
#include "store/mail.h"
#include "store/message.h"
#include "text/html_picture.h"
#include "text/mail_signed.h"
#include "text/mime.h"
#include "text/tnef_part.h"

enum { PICTURE_BYTES = 10 * 1024 * 1024, TRACKER_PIXELS = 2 };

struct picture_query {
    str address;
};
static const struct input_field picture_fields[] = {
    FIELD(struct picture_query, address, IN_TEXT, IN_MULTILINE, 0, HTML_PICTURE_BYTES,
        "of the picture, as the src of an img of the mail has it"),
};
static const struct input_spec picture_spec =
    SPEC("MailPictureQuery", struct picture_query, picture_fields);

struct picture {
    str url;
    struct mail_picture row; /* what is known; blob_name empty = nothing to show */
    int64_t number;          /* of the part that it comes into */
    int fd;
    int64_t size;
    bool is_written;
    struct http_result result;
    struct file_sum sum;
};

/* ── does it stand there ── */

static err html_of(struct ctx *cx, message_id id, str *html)
{
    struct mail mail;
    struct mime_mail *mime = NEW(cx->arena, struct mime_mail, 2);
    bool has_inner = false;
    str bytes, why;
    TRY(mail_get(cx, id, &mail));
    *html = mail.html;
    err e = mail_raw_open(cx, id, &bytes);
    if (e == E_NOT_FOUND)
        return OK;
    TRY(e);
    str inside = mail_signed_open(cx->arena, bytes);
    if (mime_read(cx->arena, inside, &mime[0], &mime[1], &has_inner, &why) != OK)
        return OK;
    (void)tnef_part_unpack(cx->arena, inside, mime); /* for the words that it gives the mail */
    *html = mime[0].html;
    return OK;
}

static str name_of(struct arena *a, str address)
{
    struct sha256 sum = crypto_sha256(address);
    return crypto_hex(a, str_of(sum.b, (ptrdiff_t)sizeof sum.b));
}

/* *is_known: there is nothing to fetch now. */
static err look(struct call *call, struct picture *p, bool *is_known)
{
    struct ctx *cx = &call->cx;
    const struct picture_query *query = call->query;
    struct message m;
    str html = {0};
    TRY(db_scope(cx->db, cx->account));
    TRY(message_get(cx, (message_id){call->id}, &m));
    err e = html_of(cx, m.id, &html);
    if (e == E_NOT_FOUND)
        return fail(cx, E_NOT_FOUND, "This message is no mail.");
    TRY(e);
    p->url = html_picture_url(cx->arena, query->address);
    if (!p->url.len || !html_has_picture(cx->arena, html, query->address))
        return fail(cx, E_CONFLICT, "There is no such picture in this mail.");
    p->row = (struct mail_picture){.name = name_of(cx->arena, p->url)};
    e = mail_picture_get(cx, p->row.name, &p->row);
    *is_known = e == OK;
    return e == E_NOT_FOUND ? OK : e;
}

static err look_in_read(struct call *call, struct picture *p, bool *is_known)
{
    TRY(prepare_read_begin(call));
    err e = look(call, p, is_known);
    prepare_read_end(call);
    if (!blob_is_wanted(&call->cx))
        return e;
    call->cx.fault = (struct fault){0};
    (void)blob_bring(&call->cx); /* what came of it is asked for again */
    return look_in_read(call, p, is_known);
}

/* ── fetching ── */

static bool keep(void *arg, str piece)
{
    struct picture *p = arg;
    p->is_written = file_write_at(p->fd, p->size, piece) == OK;
    p->size += piece.len;
    return p->is_written;
}

static err download(struct call *call, struct http_client *client, struct picture *p)
{
    static const struct http_header headers[] = {
        {S_INIT("Accept"), S_INIT("image/webp,image/png,image/jpeg,image/gif")},
    };
    const struct http_call get = {
        .method = HTTP_GET,
        .url = p->url,
        .purpose = EGRESS_MEDIA,
        .headers = headers,
        .header_count = 1,
        .timeout_ms = NETWORK_CALL_MS,
        .max_response_bytes = PICTURE_BYTES,
        .redirects = LIMIT_CALL_REDIRECTS,
        .sink = keep,
        .sink_arg = p,
    };
    return http_client_call(client, call->cx.arena, &get, &p->result);
}

/* *is_shown: it is a picture, and one to be seen. */
static err recognise(struct call *call, struct picture *p, bool *is_shown)
{
    struct file_type type;
    const struct http_result *r = &p->result;
    *is_shown = false;
    if (r->outcome != HTTP_CALL_ANSWERED || r->status / 100 != 2 || !p->size)
        return OK;
    TRY(file_sync(p->fd));
    TRY(file_sum(call->cx.arena, p->fd, &p->sum));
    TRY(file_type_of(call->cx.arena, p->sum.head, &type));
    *is_shown = type.is_picture && type.width > TRACKER_PIXELS && type.height > TRACKER_PIXELS;
    p->row.type = type.type;
    return OK;
}

static err claim_write(struct ctx *cx, void *arg)
{
    const struct picture *p = arg;
    return blob_claim(cx, p->sum.hash, p->sum.size);
}

static err row_write(struct ctx *cx, void *arg)
{
    const struct picture *p = arg;
    return mail_picture_set(cx, &p->row);
}

static err bring(struct call *call, struct http_client *client, struct picture *p)
{
    struct ctx *cx = &call->cx;
    bool is_shown = false;
    int64_t before = 0;
    TRY(part_open(cx, p->number, &p->fd, &before));
    TRY(download(call, client, p));
    if (p->size && !p->is_written)
        return E_BUSY;
    TRY(recognise(call, p, &is_shown));
    p->row.fetched_ms = cx->now_ms;
    if (is_shown) {
        TRY(prepare_write(call, claim_write, p));
        TRY(blob_place(cx, part_path(cx, p->number, ""), p->sum.hash));
        p->row.blob_name = p->sum.hash;
    }
    return prepare_write(call, row_write, p);
}

static err fetch(struct call *call, struct http_client *client, void *arg)
{
    struct picture *p = arg;
    struct ctx *cx = &call->cx;
    p->number = id_make(cx->now_ms);
    err e = bring(call, client, p);
    if (!p->row.blob_name.len)
        (void)file_remove(part_path(cx, p->number, "")); /* one that stays is swept */
    if (e != OK && !cx->fault.words.len)
        return fail(cx, E_BUSY, "The picture cannot be kept just now; please try again.");
    return e;
}

/* ── the answer ── */

static err prepare(struct call *call)
{
    struct picture *p = NEW(call->cx.arena, struct picture, 1);
    bool is_known = false;
    call->prepared = p;
    TRY(look_in_read(call, p, &is_known));
    return is_known ? OK : picture_call_do(call, fetch, p);
}

static err get(struct call *call)
{
    const struct picture *p = call->prepared;
    if (!p->row.blob_name.len)
        return fail(&call->cx, E_CONFLICT, "At this address is no picture that is shown.");
    return answer_file(call, p->row.blob_name, p->row.type, (str){0}, S("private, max-age=86400"));
}

/* clang-format off */
static const struct route routes[] = {
    {HTTP_GET, "/api/v1/messages/{id}/mail/picture", AUTH_AGENT, CAP_CONVERSATION_READ,
     ROUTE_NO_DB | ROUTE_BYTES | ROUTE_PARTS | ROUTE_409, &picture_spec, NULL, prepare, get,
     "A picture from elsewhere that the mail shows, fetched by this server.", NULL, 0},
};
/* clang-format on */
extern const struct route_table mail_picture_routes;
const struct route_table mail_picture_routes = ROUTES(routes);
