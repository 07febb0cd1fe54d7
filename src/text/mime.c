/* mime: see mime.h. */
#include "text/mime.h"

#include "base/utf8.h"

#include <gmime/gmime.h>
#include <pthread.h>
#include <setjmp.h>

struct reading {
    struct arena *a;
    struct mime_mail *mail, *inner;
    bool has_inner;
    int parts;
};

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void begin(void)
{
    g_mime_init();
}

/* A copy that keeps the promises of mime.h; is_line: control characters become spaces. */
static str kept(struct arena *a, const char *text, ptrdiff_t max, bool is_line)
{
    str whole = text ? utf8_prefix_bytes(utf8_repair(a, str_from(text)), max) : (str){0};
    char *to = arena_alloc(a, whole.len + 1, 1);
    for (ptrdiff_t i = 0; i < whole.len; i++) {
        unsigned char c = (unsigned char)whole.at[i];
        bool is_space = c == '\n' || c == '\t';
        to[i] = c < ' ' && (is_line || !is_space) ? ' ' : whole.at[i];
    }
    return str_trim(str_of(to, whole.len));
}

static void read_from(struct arena *a, GMimeMessage *message, struct mime_mail *mail)
{
    InternetAddressList *list = g_mime_message_get_from(message);
    if (!list || internet_address_list_length(list) < 1)
        return;
    InternetAddress *first = internet_address_list_get_address(list, 0);
    if (!INTERNET_ADDRESS_IS_MAILBOX(first))
        return;
    mail->from_name = kept(a, internet_address_get_name(first), MIME_HEADER_BYTES, true);
    const char *address = internet_address_mailbox_get_addr(INTERNET_ADDRESS_MAILBOX(first));
    mail->from_address = utf8_fold(a, kept(a, address, MIME_HEADER_BYTES, true));
}

static int64_t date_of(GMimeMessage *message)
{
    GDateTime *date = g_mime_message_get_date(message);
    int64_t s = date ? g_date_time_to_unix(date) : 0;
    return s > 0 ? s * 1000 : 0;
}

static void read_headers(struct arena *a, GMimeMessage *message, struct mime_mail *mail)
{
    read_from(a, message, mail);
    mail->subject = kept(a, g_mime_message_get_subject(message), MIME_HEADER_BYTES, true);
    mail->message_id = kept(a, g_mime_message_get_message_id(message), MIME_HEADER_BYTES, true);
    mail->date_ms = date_of(message);
}

static void read_text(struct reading *r, GMimeTextPart *part, struct mime_mail *mail)
{
    GMimeObject *object = GMIME_OBJECT(part);
    GMimeContentType *type = g_mime_object_get_content_type(object);
    bool is_html = g_mime_content_type_is_type(type, "text", "html");
    bool is_plain = g_mime_content_type_is_type(type, "text", "plain");
    str *to = is_html ? &mail->html : &mail->text;
    const char *disposition = g_mime_object_get_disposition(object);
    bool is_file = disposition && g_ascii_strcasecmp(disposition, "attachment") == 0;
    if ((!is_html && !is_plain) || is_file || to->len)
        return;
    char *text = g_mime_text_part_get_text(part);
    *to = kept(r->a, text, MIME_TEXT_BYTES, false);
    g_free(text);
}

static void read_part(struct reading *r, GMimeObject *part, struct mime_mail *mail, int depth);

static void read_message(
    struct reading *r, GMimeMessage *message, struct mime_mail *mail, int depth)
{
    read_headers(r->a, message, mail);
    GMimeObject *body = g_mime_message_get_mime_part(message);
    if (body)
        read_part(r, body, mail, depth + 1);
}

static void read_part(struct reading *r, GMimeObject *part, struct mime_mail *mail, int depth)
{
    if (depth > MIME_DEPTH || ++r->parts > MIME_PARTS)
        return;
    if (GMIME_IS_MULTIPART(part)) {
        GMimeMultipart *many = GMIME_MULTIPART(part);
        int n = g_mime_multipart_get_count(many);
        for (int i = 0; i < n && r->parts < MIME_PARTS; i++)
            read_part(r, g_mime_multipart_get_part(many, i), mail, depth + 1);
    } else if (GMIME_IS_MESSAGE_PART(part)) {
        GMimeMessage *message = g_mime_message_part_get_message(GMIME_MESSAGE_PART(part));
        if (message && !r->has_inner) {
            r->has_inner = true;
            read_message(r, message, r->inner, depth + 1);
        }
    } else if (GMIME_IS_TEXT_PART(part)) {
        read_text(r, GMIME_TEXT_PART(part), mail);
    }
}

/* The arena may end it anywhere: GMime's objects are let go all the same. */
static err read_guarded(struct reading *r, GMimeMessage *message)
{
    volatile err e = E_BUSY;
    jmp_buf out_of_memory, *outer = r->a->escape;
    r->a->escape = &out_of_memory;
    if (setjmp(out_of_memory) == 0) {
        read_message(r, message, r->mail, 0);
        e = OK;
    }
    r->a->escape = outer;
    return e;
}

err mime_read(struct arena *a, str bytes, struct mime_mail *mail, struct mime_mail *inner,
    bool *has_inner, str *why)
{
    struct reading r = {.a = a, .mail = mail, .inner = inner};
    *mail = *inner = (struct mime_mail){0};
    pthread_once(&once, begin);
    GMimeStream *stream = g_mime_stream_mem_new_with_buffer(bytes.at, (size_t)bytes.len);
    GMimeParser *parser = g_mime_parser_new_with_stream(stream);
    GMimeMessage *message = g_mime_parser_construct_message(parser, NULL);
    err e = message ? read_guarded(&r, message) : OK;
    if (message)
        g_object_unref(message);
    g_object_unref(parser);
    g_object_unref(stream);
    *has_inner = r.has_inner;
    *why = S("This is no mail: it names no sender.");
    return e == OK && !mail->from_address.len ? E_INVALID : e;
}

str mime_header(const struct mime_mail *mail, const char *name)
{
    for (int i = 0; i < mail->n_headers; i++)
        if (str_eq_nocase(mail->headers[i].name, str_from(name)))
            return mail->headers[i].value;
    return (str){0};
}
