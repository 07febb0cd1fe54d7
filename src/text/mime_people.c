/* mime_people: the header of a mail: who, to whom, about what, in answer to what; and all its
 * fields as they stand. Of a field that may stand there once, the first counts. See mime_inner.h.
 */
#include "text/mime_inner.h"

#include "base/file_map.h"
#include "base/utf8.h"

#include <gmime/gmime.h>
#include <string.h>

enum { DATE_BYTES = 200, DELIVERED = 20 };

enum field_kind {
    FIELD_FROM,
    FIELD_SENDER,
    FIELD_RETURN_PATH,
    FIELD_REPLY_TO,
    FIELD_TO,
    FIELD_CC,
    FIELD_SUBJECT,
    FIELD_MESSAGE_ID,
    FIELD_DATE,
    FIELD_IN_REPLY_TO,
    FIELD_REFERENCES,
    FIELD_DELIVERED, /* and what else names the address a mail came in at */
    FIELD_KINDS,
};

static const struct {
    const char *name;
    enum field_kind kind;
} fields[] = {
    {"from",          FIELD_FROM       },
    {"sender",        FIELD_SENDER     },
    {"return-path",   FIELD_RETURN_PATH},
    {"reply-to",      FIELD_REPLY_TO   },
    {"to",            FIELD_TO         },
    {"cc",            FIELD_CC         },
    {"subject",       FIELD_SUBJECT    },
    {"message-id",    FIELD_MESSAGE_ID },
    {"date",          FIELD_DATE       },
    {"in-reply-to",   FIELD_IN_REPLY_TO},
    {"references",    FIELD_REFERENCES },
    {"delivered-to",  FIELD_DELIVERED  },
    {"x-original-to", FIELD_DELIVERED  },
    {"envelope-to",   FIELD_DELIVERED  },
};

struct people {
    struct mime_reading *r;
    struct mime_mail *mail;
    struct mime_list lists[FIELD_KINDS];
    bool has[FIELD_KINDS];
    struct mime_header *headers; /* mail->headers */
    int room;                    /* for them */
    ptrdiff_t kept_bytes;
};

static enum field_kind kind_of(str name)
{
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (str_eq_nocase(name, str_from(fields[i].name)))
            return fields[i].kind;
    return FIELD_KINDS;
}

/* What servers and programs say to each other has no RFC 2047 words: decoding what looks like one
 * there would let a sender's address say "; dmarc=pass" in a trusted server's name. */
static bool is_for_programs(str name)
{
    static const str names[] = {S_INIT("Authentication-Results"), S_INIT("Received"),
        S_INIT("Received-SPF"), S_INIT("DKIM-Signature"), S_INIT("Auto-Submitted"),
        S_INIT("Return-Path")};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (str_eq_nocase(name, names[i]))
            return true;
    return str_eq_nocase(str_sub(name, 0, 4), S("ARC-"));
}

static str value_of(struct mime_reading *r, const struct mime_field *field)
{
    if (!is_for_programs(field->name))
        return mime_value(r, field->value, MIME_VALUE_BYTES);
    str text = mime_unfold(r->a, field->value, 4 * MIME_VALUE_BYTES);
    return mime_line(r->a, mime_bare_utf8(r, text), MIME_VALUE_BYTES);
}

static void keep(struct people *p, const struct mime_field *field)
{
    struct mime_mail *mail = p->mail;
    p->kept_bytes += field->name.len + field->value.len;
    if (mail->n_headers >= MIME_HEADERS || p->kept_bytes > MIME_HEADERS_BYTES) {
        p->r->flaws |= MIME_FLAW_HEADER;
        return;
    }
    if (mail->n_headers == p->room) {
        int room = p->room ? 2 * p->room : 32;
        struct mime_header *more = NEW(p->r->a, struct mime_header, room);
        if (p->room)
            memcpy(more, p->headers, (size_t)p->room * sizeof *more);
        mail->headers = p->headers = more;
        p->room = room;
    }
    p->headers[mail->n_headers++] = (struct mime_header){
        .name = mime_line(p->r->a, utf8_repair(p->r->a, field->name), MIME_NAME_BYTES),
        .value = value_of(p->r, field)};
}

static void add_people(struct people *p, enum field_kind kind, str value)
{
    struct mime_list *list = &p->lists[kind];
    if (!list->at)
        list->at = NEW(p->r->a, struct mime_address, MIME_ADDRESSES);
    mime_addresses(p->r, value, list);
}

int64_t mime_date(struct arena *a, str value)
{
    str line = mime_unfold(a, value, DATE_BYTES);
    GDateTime *date = line.len ? g_mime_utils_header_decode_date(str_z(a, line)) : NULL;
    int64_t s = date ? g_date_time_to_unix(date) : 0;
    if (date)
        g_date_time_unref(date);
    return s > 0 ? s * 1000 : 0;
}

static void read_once(struct people *p, enum field_kind kind, str value)
{
    struct mime_mail *mail = p->mail;
    struct mime_reading *r = p->r;
    if (kind == FIELD_SUBJECT)
        mail->subject = mime_value(r, value, MIME_HEADER_BYTES);
    else if (kind == FIELD_MESSAGE_ID)
        mail->message_id = mime_id(r, value);
    else if (kind == FIELD_DATE)
        mail->date_ms = mime_date(r->a, value);
    else if (kind == FIELD_IN_REPLY_TO)
        mail->in_reply_to = mime_id(r, value);
    else if (kind == FIELD_REFERENCES)
        mail->references = mime_ids(r, value, &mail->n_references);
    else
        add_people(p, kind, value);
}

/* Lists may be spread over several fields, against RFC 5322. */
static void read_field(struct people *p, enum field_kind kind, str value)
{
    bool is_list = kind == FIELD_TO || kind == FIELD_CC || kind == FIELD_DELIVERED;
    bool is_first = !p->has[kind];
    p->has[kind] = true;
    if (is_list && p->lists[kind].n < MIME_ADDRESSES)
        add_people(p, kind, value);
    else if (is_list)
        p->r->flaws |= MIME_FLAW_LISTS;
    else if (is_first)
        read_once(p, kind, value);
    else if (kind == FIELD_FROM)
        p->r->flaws |= MIME_FLAW_FROM;
}

static struct mime_address first(const struct mime_list *list)
{
    return list->n ? list->at[0] : (struct mime_address){0};
}

static void set_people(struct people *p)
{
    struct mime_mail *mail = p->mail;
    const struct mime_list *from = &p->lists[FIELD_FROM], *in = &p->lists[FIELD_DELIVERED];
    struct mime_address writer = first(from);
    if (from->n > 1)
        p->r->flaws |= MIME_FLAW_FROM;
    mail->sender = first(&p->lists[FIELD_SENDER]);
    mail->return_path = first(&p->lists[FIELD_RETURN_PATH]);
    if (!writer.address.len)
        writer = mail->sender.address.len ? mail->sender : mail->return_path;
    mail->from_name = writer.name;
    mail->from_address = writer.address;
    mail->reply_to = p->lists[FIELD_REPLY_TO].at;
    mail->n_reply_to = p->lists[FIELD_REPLY_TO].n;
    mail->to = p->lists[FIELD_TO].at;
    mail->n_to = p->lists[FIELD_TO].n;
    mail->cc = p->lists[FIELD_CC].at;
    mail->n_cc = p->lists[FIELD_CC].n;
    mail->n_delivered_to = in->n < DELIVERED ? in->n : DELIVERED;
    str *addresses = NEW(p->r->a, str, DELIVERED);
    for (int i = 0; i < mail->n_delivered_to; i++)
        addresses[i] = in->at[i].address;
    mail->delivered_to = addresses;
}

void mime_people_read(struct mime_reading *r, str header, struct mime_mail *mail)
{
    struct people p = {.r = r, .mail = mail};
    struct mime_field field;
    str all = header;
    for (ptrdiff_t passed = 0; mime_field_next(r, &header, &field);
         file_map_walk(all, header.at - all.at, &passed)) {
        enum field_kind kind = kind_of(field.name);
        if (kind != FIELD_KINDS)
            read_field(&p, kind, field.value);
        keep(&p, &field);
    }
    set_people(&p);
}
