/* mail_fields: see mail_fields.h. */
#include "text/mail_fields.h"

#include "base/crypto.h"
#include "text/form_json.h"
#include "text/mail_write_inner.h"
#include "text/mime_inner.h"

enum {
    FILES = MIME_PARTS / 2, /* mail_out.is_rebuilt */
    HEADERS = MIME_HEADERS,
    DATE_BYTES = 200,
    NAME_BYTES = 200, /* of a field of the header; of a file's type */
};

enum field {
    FROM_FULL,
    FROM,
    TO_FULL,
    TO,
    CC_FULL,
    CC,
    REPLY_TO,
    RECIPIENT,
    SUBJECT,
    ID,
    DATE,
    TEXT,
    HTML,
    LINES,
    ATTACHED,
    FIELDS
};

static const struct {
    const char *name;
    enum form_json_kind kind;
} known[FIELDS] = {
    [FROM_FULL] = {"FromFull",          FORM_JSON_OBJECT},
    [FROM] = {"From",              FORM_JSON_TEXT  },
    [TO_FULL] = {"ToFull",            FORM_JSON_LIST  },
    [TO] = {"To",                FORM_JSON_TEXT  },
    [CC_FULL] = {"CcFull",            FORM_JSON_LIST  },
    [CC] = {"Cc",                FORM_JSON_TEXT  },
    [REPLY_TO] = {"ReplyTo",           FORM_JSON_TEXT  },
    [RECIPIENT] = {"OriginalRecipient", FORM_JSON_TEXT  },
    [SUBJECT] = {"Subject",           FORM_JSON_TEXT  },
    [ID] = {"MessageID",         FORM_JSON_TEXT  },
    [DATE] = {"Date",              FORM_JSON_TEXT  },
    [TEXT] = {"TextBody",          FORM_JSON_TEXT  },
    [HTML] = {"HtmlBody",          FORM_JSON_TEXT  },
    [LINES] = {"Headers",           FORM_JSON_LIST  },
    [ATTACHED] = {"Attachments",       FORM_JSON_LIST  },
};

/* Where a file's bytes are. */
struct content {
    str value;
    struct form_json_stream stream;
    str name; /* of the field, for words */
    struct arena *a;
};

struct mail_fields {
    struct arena *a;
    struct mime_reading reading;
    struct form_json_item at[FIELDS]; /* value.at NULL = it is not there */
    struct mail_out mail;
    struct mime_header *above;
    struct mail_out_file *files;
    struct content *contents; /* by file */
    str *references;
    str *why;
};

/* ── what stands where ── */

static err refuse(struct mail_fields *f, str words)
{
    *f->why = words;
    return E_INVALID;
}

static bool is_null(const struct form_json_item *item)
{
    return item->kind == FORM_JSON_OTHER && str_eq(item->value, S("null"));
}

static err find_fields(struct mail_fields *f, str object)
{
    struct form_json_walk walk;
    struct form_json_item item;
    err e = form_json_open(object, &walk);
    if (e != OK || walk.is_list)
        return refuse(f, S("This is no JSON object."));
    while ((e = form_json_next(&walk, &item)) == OK)
        for (int i = 0; i < FIELDS; i++) {
            if (!str_eq(item.name, str_from(known[i].name)) || is_null(&item) || f->at[i].value.at)
                continue;
            if (item.kind != known[i].kind)
                return refuse(f, str_print(f->a, "%s is of the wrong kind.", known[i].name));
            f->at[i] = item;
        }
    return e == E_NOT_FOUND ? OK : refuse(f, S("The JSON object breaks off, or is none."));
}

bool mail_fields_are(str object)
{
    struct form_json_walk walk;
    struct form_json_item item;
    if (form_json_open(object, &walk) != OK || walk.is_list)
        return false;
    while (form_json_next(&walk, &item) == OK)
        if (str_eq(item.name, S("From")) || str_eq(item.name, S("FromFull")))
            return true;
    return false;
}

/* name: of the field, for words. What is longer is cut. */
static err decode(struct mail_fields *f, str value, str name, ptrdiff_t max, str *text)
{
    bool is_cut = false;
    if (form_json_text(f->a, value, max, text, &is_cut) != OK)
        return refuse(f, str_print(f->a, "%.*s is not encoded as JSON is.", SARG(name)));
    return OK;
}

static err text_of(struct mail_fields *f, enum field field, ptrdiff_t max, str *text)
{
    return decode(f, f->at[field].value, str_from(known[field].name), max, text);
}

/* Of an object inside a list: the texts of these names, "" where there is none; at most max bytes
 * each. */
static err members(struct mail_fields *f, str list, const struct form_json_item *object,
    const char *const names[2], ptrdiff_t max, str texts[2])
{
    struct form_json_walk walk;
    struct form_json_item item;
    err e;
    texts[0] = texts[1] = (str){0};
    if (object->kind != FORM_JSON_OBJECT || form_json_open(object->value, &walk) != OK)
        return refuse(f, str_print(f->a, "%.*s has something that is no object.", SARG(list)));
    while ((e = form_json_next(&walk, &item)) == OK)
        for (int i = 0; i < 2; i++)
            if (item.kind == FORM_JSON_TEXT && str_eq(item.name, str_from(names[i])))
                TRY(decode(f, item.value, list, max, &texts[i]));
    return e == E_NOT_FOUND
               ? OK
               : refuse(f, str_print(f->a, "%.*s has an object that breaks off.", SARG(list)));
}

/* ── people ── */

static const char *const person_names[] = {"Email", "Name"};

static bool is_address(struct mail_fields *f, str address)
{
    str wire, why;
    return mail_address_wire(f->a, address, true, &wire, &why) == OK;
}

static void add_person(
    struct mail_fields *f, struct mime_address *people, int *n, str name, str address)
{
    if (*n < MAIL_OUT_ADDRESSES && is_address(f, address))
        people[(*n)++] = (struct mime_address){.name = name, .address = address};
}

/* What stands as in a mail: "Asha" <asha@example.net>, … */
static err add_written(struct mail_fields *f, enum field field, struct mime_address *people, int *n)
{
    struct mime_list list = {.at = NEW(f->a, struct mime_address, MIME_ADDRESSES)};
    str text;
    TRY(text_of(f, field, MIME_LIST_BYTES, &text));
    mime_addresses(&f->reading, text, &list);
    for (int i = 0; i < list.n; i++)
        add_person(f, people, n, list.at[i].name, list.at[i].address);
    return OK;
}

static err people_of(struct mail_fields *f, enum field full, enum field written,
    const struct mime_address **people, int *n)
{
    struct mime_address *to = NEW(f->a, struct mime_address, MAIL_OUT_ADDRESSES);
    struct form_json_walk walk;
    struct form_json_item item;
    str list = str_from(known[full].name), person[2];
    *people = to;
    if (!f->at[full].value.at)
        return add_written(f, written, to, n);
    TRY(form_json_open(f->at[full].value, &walk)); /* it is a list */
    err e;
    while ((e = form_json_next(&walk, &item)) == OK) {
        TRY(members(f, list, &item, person_names, MIME_HEADER_BYTES, person));
        add_person(f, to, n, person[1], str_trim(person[0]));
    }
    return e == E_NOT_FOUND ? OK : refuse(f, str_print(f->a, "%.*s breaks off.", SARG(list)));
}

static err sender_of(struct mail_fields *f)
{
    struct mime_address *sender = NEW(f->a, struct mime_address, MAIL_OUT_ADDRESSES);
    int n = 0;
    str person[2];
    if (f->at[FROM_FULL].value.at) {
        TRY(members(f, S("FromFull"), &f->at[FROM_FULL], person_names, MIME_HEADER_BYTES, person));
        add_person(f, sender, &n, person[1], str_trim(person[0]));
    } else {
        TRY(add_written(f, FROM, sender, &n));
    }
    if (n == 0)
        return refuse(f, str_print(f->a, "%s names no mail address.",
                             f->at[FROM_FULL].value.at ? "FromFull.Email" : "From"));
    f->mail.from_name = sender[0].name;
    f->mail.from_address = sender[0].address;
    return OK;
}

static err answers_to(struct mail_fields *f)
{
    struct mime_address *people = NEW(f->a, struct mime_address, MAIL_OUT_ADDRESSES);
    int n = 0;
    TRY(add_written(f, REPLY_TO, people, &n));
    if (n > 0)
        f->mail.reply_to = people[0].address;
    return OK;
}

/* ── header ── */

/* Those that are made anew. */
static bool is_ours(str name)
{
    static const char *const ours[] = {"From", "Sender", "Reply-To", "To", "Cc", "Bcc", "Subject",
        "Date", "Message-ID", "In-Reply-To", "References", "MIME-Version", NULL};
    for (const char *const *one = ours; *one; one++)
        if (str_eq_nocase(name, str_from(*one)))
            return true;
    return str_eq_nocase(str_sub(name, 0, 8), S("Content-"));
}

static void add_line(struct mail_fields *f, str name, str value)
{
    struct mail_out *mail = &f->mail;
    str id = mime_id(&f->reading, value);
    if (str_eq_nocase(name, S("Message-ID"))) {
        if (!mail->message_id.len && mail_is_word(id, MIME_ID_BYTES))
            mail->message_id = id;
    } else if (str_eq_nocase(name, S("In-Reply-To"))) {
        mail->in_reply_to = id;
    } else if (str_eq_nocase(name, S("References"))) {
        mail->references = mime_ids(&f->reading, value, &mail->n_references);
    } else if (str_eq_nocase(name, S("Sender"))) {
        struct mime_list list = {.at = NEW(f->a, struct mime_address, MIME_ADDRESSES)};
        mime_addresses(&f->reading, value, &list);
        if (list.n && is_address(f, list.at[0].address))
            mail->sender = list.at[0].address;
    } else if (!is_ours(name) && mail->n_above < HEADERS) {
        f->above[mail->n_above++] = (struct mime_header){.name = name, .value = value};
    }
}

static err lines_of(struct mail_fields *f)
{
    static const char *const names[] = {"Name", "Value"};
    struct form_json_walk walk;
    struct form_json_item item;
    str line[2];
    f->above = NEW(f->a, struct mime_header, HEADERS + 1);
    f->mail.above = f->above;
    if (!f->at[LINES].value.at)
        return OK;
    TRY(form_json_open(f->at[LINES].value, &walk)); /* it is a list */
    err e;
    while ((e = form_json_next(&walk, &item)) == OK) {
        TRY(members(f, S("Headers"), &item, names, MIME_LIST_BYTES, line));
        add_line(f, str_trim(line[0]), line[1]);
    }
    return e == E_NOT_FOUND ? OK : refuse(f, S("Headers breaks off."));
}

static err arrived_at(struct mail_fields *f)
{
    str address;
    TRY(text_of(f, RECIPIENT, MIME_HEADER_BYTES, &address));
    if (is_address(f, str_trim(address)))
        f->above[f->mail.n_above++] =
            (struct mime_header){.name = S("X-Original-To"), .value = str_trim(address)};
    return OK;
}

static err id_of(struct mail_fields *f, str object)
{
    str id;
    if (f->mail.message_id.len)
        return OK;
    TRY(text_of(f, ID, MIME_ID_BYTES / 2, &id));
    id = str_cat(f->a, str_trim(id), S("@inbound.postmarkapp.com"));
    if (id.at[0] == '@' || !mail_is_word(id, MIME_ID_BYTES)) {
        struct sha256 sum = crypto_sha256(object);
        id = str_cat(
            f->a, crypto_hex(f->a, str_of(sum.b, (ptrdiff_t)sizeof sum.b)), S("@seva.invalid"));
    }
    f->mail.message_id = id;
    return OK;
}

/* "-04:00" is how it stands in Postmark's example; in a mail it is "-0400". */
static err date_of(struct mail_fields *f)
{
    str text;
    TRY(text_of(f, DATE, DATE_BYTES, &text));
    text = str_trim(text);
    ptrdiff_t n = text.len;
    bool has_colon =
        n > 6 && text.at[n - 3] == ':' && (text.at[n - 6] == '+' || text.at[n - 6] == '-');
    if (has_colon)
        text = str_cat(f->a, str_sub(text, 0, n - 3), str_skip(text, n - 2));
    f->mail.date_ms = mime_date(f->a, text);
    return OK;
}

/* ── body ── */

static err read_content(void *from, char *to, ptrdiff_t room, ptrdiff_t *got, str *why)
{
    struct content *content = from;
    if (form_json_read(&content->stream, to, room, got) == OK)
        return OK;
    *why = str_print(content->a,
        content->stream.is_base64 ? "%.*s is not base64." : "%.*s is not encoded as JSON is.",
        SARG(content->name));
    return E_INVALID;
}

static err add_file(
    struct mail_fields *f, struct mail_out_file file, str value, bool is_base64, str name)
{
    int n = f->mail.n_files;
    struct content *content = &f->contents[n];
    if (n == FILES)
        return refuse(f, str_print(f->a, "Attachments has more than %d files.", FILES));
    *content = (struct content){.value = value, .name = name, .a = f->a};
    form_json_stream(&content->stream, value, is_base64);
    file.stream = (struct mail_out_stream){.read = read_content, .from = content};
    file.size = -1;
    f->files[f->mail.n_files++] = file;
    return OK;
}

/* The words; where they are too long, all of them as a file. */
static err words_of(
    struct mail_fields *f, enum field field, const char *file, const char *type, str *words)
{
    bool is_cut = false;
    str value = f->at[field].value, name = str_from(known[field].name);
    if (form_json_text(f->a, value, MAIL_OUT_TEXT_BYTES, words, &is_cut) != OK)
        return refuse(f, str_print(f->a, "%.*s is not encoded as JSON is.", SARG(name)));
    const struct mail_out_file whole = {.name = str_from(file), .type = str_from(type)};
    return is_cut ? add_file(f, whole, value, false, name) : OK;
}

/* A picture of the HTML is named by its id; some write "cid:" or < > around it. */
static str content_id(struct mail_fields *f, str id)
{
    id = str_trim(id);
    if (str_eq_nocase(str_sub(id, 0, 4), S("cid:")))
        id = str_skip(id, 4);
    if (str_starts(id, S("<")) && str_ends(id, S(">")))
        id = str_sub(id, 1, id.len - 2);
    bool is_shown = id.len && str_find(f->mail.html, str_cat(f->a, S("cid:"), id)) >= 0;
    return is_shown && mail_is_word(id, MIME_ID_BYTES) ? id : (str){0};
}

static err add_attachment(struct mail_fields *f, const struct form_json_item *object, int index)
{
    static const char *const names[] = {"Name", "ContentType", "ContentID", "Content"};
    struct form_json_walk walk;
    struct form_json_item item;
    str texts[3] = {0}, content = {0};
    str list = str_print(f->a, "Attachments[%d]", index);
    if (object->kind != FORM_JSON_OBJECT || form_json_open(object->value, &walk) != OK)
        return refuse(f, str_print(f->a, "%.*s is no object.", SARG(list)));
    err e;
    while ((e = form_json_next(&walk, &item)) == OK)
        for (int i = 0; i < 4; i++) {
            if (item.kind != FORM_JSON_TEXT || !str_eq(item.name, str_from(names[i])))
                continue;
            if (i == 3)
                content = item.value;
            else
                TRY(decode(f, item.value, list, MIME_HEADER_BYTES, &texts[i]));
        }
    if (e != E_NOT_FOUND)
        return refuse(f, str_print(f->a, "%.*s breaks off.", SARG(list)));
    if (!content.at)
        return refuse(f, str_print(f->a, "%.*s.Content is no text.", SARG(list)));
    str id = content_id(f, texts[2]);
    const struct mail_out_file file = {
        .name = texts[0], .type = texts[1], .content_id = id, .is_inline = id.len > 0};
    return add_file(f, file, content, true, str_cat(f->a, list, S(".Content")));
}

static err files_of(struct mail_fields *f)
{
    struct form_json_walk walk;
    struct form_json_item item;
    if (!f->at[ATTACHED].value.at)
        return OK;
    TRY(form_json_open(f->at[ATTACHED].value, &walk)); /* it is a list */
    err e;
    for (int i = 0; (e = form_json_next(&walk, &item)) == OK; i++)
        TRY(add_attachment(f, &item, i));
    return e == E_NOT_FOUND ? OK : refuse(f, S("Attachments breaks off."));
}

static err body_of(struct mail_fields *f)
{
    struct mail_out *mail = &f->mail;
    f->files = NEW(f->a, struct mail_out_file, FILES);
    f->contents = NEW(f->a, struct content, FILES);
    mail->files = f->files;
    TRY(words_of(f, HTML, "mail.html", "text/html", &mail->html));
    TRY(files_of(f));
    return words_of(f, TEXT, "mail.txt", "text/plain", &mail->text);
}

/* ── the whole ── */

err mail_fields_read(struct arena *a, str object, struct mail_fields **fields, str *why)
{
    struct mail_fields *f = NEW(a, struct mail_fields, 1);
    struct mail_out *mail = &f->mail;
    *f = (struct mail_fields){.a = a, .reading = {.a = a}, .why = why};
    mail->is_rebuilt = true;
    TRY(find_fields(f, object));
    TRY(sender_of(f));
    TRY(people_of(f, TO_FULL, TO, &mail->to, &mail->n_to));
    TRY(people_of(f, CC_FULL, CC, &mail->cc, &mail->n_cc));
    TRY(answers_to(f));
    TRY(text_of(f, SUBJECT, MIME_HEADER_BYTES, &mail->subject));
    TRY(lines_of(f));
    TRY(arrived_at(f));
    TRY(id_of(f, object));
    TRY(date_of(f));
    TRY(body_of(f));
    mail->is_utf8 = mail_needs_utf8(mail);
    *fields = f;
    return OK;
}

err mail_fields_write(struct arena *a, struct mail_fields *fields,
    bool (*put)(void *arg, str piece), void *arg, str *why)
{
    for (int i = 0; i < fields->mail.n_files; i++) {
        struct content *content = &fields->contents[i];
        form_json_stream(&content->stream, content->value, content->stream.is_base64);
    }
    return mail_write(a, &fields->mail, put, arg, why);
}
