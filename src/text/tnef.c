/* tnef: see tnef.h. Texts are in the code page that the sender names, or UTF-16. */
#include "text/tnef.h"

#include "base/utf8.h"
#include "text/mime_inner.h"

enum {
    SIGNATURE = 0x223e9f78,
    LEVEL_MESSAGE = 1,
    LEVEL_FILE = 2,
    CODE_PAGE = 1252,      /* when none is named */
    TEXTS = 1000,          /* converted; the others are left out */
    TEXT_BYTES = 2 * 1024, /* of names, types, ids */
};

/* Attributes, by the low half of their id. */
enum {
    ATTRIBUTE_TEXT = 0x800c,
    ATTRIBUTE_DATA = 0x800f,
    ATTRIBUTE_TITLE = 0x8010,
    ATTRIBUTE_RENDER = 0x9002, /* a file begins */
    ATTRIBUTE_MESSAGE_PROPERTIES = 0x9003,
    ATTRIBUTE_FILE_PROPERTIES = 0x9005,
    ATTRIBUTE_CODE_PAGE = 0x9007,
};

enum {
    TAG_BODY = 0x1000,
    TAG_RTF = 0x1009,
    TAG_HTML = 0x1013,
    TAG_DATA = 0x3701,
    TAG_SHORT_NAME = 0x3704,
    TAG_LONG_NAME = 0x3707,
    TAG_TYPE = 0x370e,
    TAG_CONTENT_ID = 0x3712,
    TAG_PAGE_OF_HTML = 0x3fde,
};

enum {
    KIND_SHORT = 0x02,
    KIND_LONG = 0x03,
    KIND_FLOAT = 0x04,
    KIND_DOUBLE = 0x05,
    KIND_CURRENCY = 0x06,
    KIND_APPLICATION_TIME = 0x07,
    KIND_ERROR = 0x0a,
    KIND_BOOLEAN = 0x0b,
    KIND_OBJECT = 0x0d,
    KIND_INT64 = 0x14,
    KIND_TEXT = 0x1e,
    KIND_UNICODE = 0x1f,
    KIND_TIME = 0x40,
    KIND_GUID = 0x48,
    KIND_BYTES = 0x102,
    KIND_MANY = 0x1000, /* added: several values */
    GUID_BYTES = 16,
};

/* What is left to read; is_bad sticks. */
struct cursor {
    str s;
    bool is_bad;
};

struct tnef_reading {
    struct mime_reading r;
    struct tnef *out;
    struct tnef_file *files;
    int64_t code_page, html_page;
    str html; /* in html_page */
    int texts;
    bool has_long_name; /* of the file that is read */
};

static str take(struct cursor *c, int64_t n)
{
    if (n < 0 || n > c->s.len)
        c->is_bad = true;
    str taken = c->is_bad ? (str){0} : str_sub(c->s, 0, (ptrdiff_t)n);
    c->s = str_skip(c->s, taken.len);
    return taken;
}

static int64_t number(struct cursor *c, int bytes)
{
    str s = take(c, bytes);
    int64_t v = 0;
    for (ptrdiff_t i = s.len; i > 0; i--)
        v = v << 8 | (unsigned char)s.at[i - 1];
    return v;
}

/* ── texts ── */

static str utf8_in_page(struct tnef_reading *t, str bytes, int64_t page)
{
    while (bytes.len && !bytes.at[bytes.len - 1])
        bytes.len--;
    return mime_utf8(
        &t->r, bytes, str_print(t->r.a, "cp%lld", (long long)(page > 0 ? page : CODE_PAGE)), false);
}

static str utf8_of(struct tnef_reading *t, str value, int kind)
{
    if (++t->texts > TEXTS) {
        t->out->is_cut = true;
        return (str){0};
    }
    if (kind != KIND_UNICODE)
        return utf8_in_page(t, value, t->code_page);
    while (value.len >= 2 && !value.at[value.len - 1] && !value.at[value.len - 2])
        value.len -= 2;
    return mime_utf8(&t->r, value, S("utf-16le"), false);
}

static str name_of(struct tnef_reading *t, str value, int kind)
{
    str line =
        mime_line(t->r.a, utf8_of(t, str_sub(value, 0, TEXT_BYTES), kind), 4 * MIME_NAME_BYTES);
    return line.len ? utf8_file_name(t->r.a, line) : (str){0};
}

static str body_of(struct tnef_reading *t, str value, int kind)
{
    t->out->is_cut = t->out->is_cut || value.len > TNEF_BODY_BYTES;
    return utf8_prefix_bytes(utf8_of(t, str_sub(value, 0, TNEF_BODY_BYTES), kind), TNEF_BODY_BYTES);
}

/* ── properties ── */

static void message_property(struct tnef_reading *t, int64_t tag, int kind, str value)
{
    bool is_text = kind == KIND_TEXT || kind == KIND_UNICODE;
    if (tag == TAG_BODY && is_text && !t->out->text.len)
        t->out->text = body_of(t, value, kind);
    else if (tag == TAG_RTF && kind == KIND_BYTES && !t->out->rtf.len)
        t->out->rtf = utf8_repair(t->r.a, tnef_rtf(t->r.a, value, TNEF_BODY_BYTES / 3));
    else if (tag == TAG_HTML && kind == KIND_UNICODE && !t->out->html.len)
        t->out->html = body_of(t, value, kind);
    else if (tag == TAG_HTML)
        t->html = value;
    else if (tag == TAG_PAGE_OF_HTML && kind == KIND_LONG)
        t->html_page = (unsigned char)value.at[0] | (unsigned char)value.at[1] << 8;
}

static void file_property(struct tnef_reading *t, int64_t tag, int kind, str value)
{
    struct tnef_file *file = &t->files[t->out->n_files - 1];
    bool is_text = kind == KIND_TEXT || kind == KIND_UNICODE;
    if (tag == TAG_DATA && kind == KIND_OBJECT) {
        file->bytes = str_skip(value, GUID_BYTES); /* what sort of object it is */
        file->is_mail = str_starts(file->bytes, S("\x78\x9f\x3e\x22"));
    } else if (tag == TAG_DATA && kind == KIND_BYTES) {
        file->bytes = value;
    } else if (is_text && tag == TAG_LONG_NAME && !t->has_long_name) {
        file->name = name_of(t, value, kind);
        t->has_long_name = file->name.len > 0;
    } else if (is_text && tag == TAG_SHORT_NAME && !file->name.len) {
        file->name = name_of(t, value, kind);
    } else if (is_text && tag == TAG_TYPE) {
        str type = utf8_of(t, str_sub(value, 0, TEXT_BYTES), kind);
        file->type = str_lower_ascii(t->r.a, mime_line(t->r.a, type, MIME_NAME_BYTES));
    } else if (is_text && tag == TAG_CONTENT_ID) {
        str id = utf8_of(t, str_sub(value, 0, TEXT_BYTES), kind);
        file->content_id = mime_line(t->r.a, id, MIME_ID_BYTES);
    }
}

/* Bytes of one value of a fixed size; 0 = it brings its own length. */
static int fixed_bytes(int kind)
{
    switch (kind) {
    case KIND_SHORT:
    case KIND_LONG:
    case KIND_FLOAT:
    case KIND_ERROR:
    case KIND_BOOLEAN:
        return 4;
    case KIND_DOUBLE:
    case KIND_CURRENCY:
    case KIND_APPLICATION_TIME:
    case KIND_INT64:
    case KIND_TIME:
        return 8;
    case KIND_GUID:
        return GUID_BYTES;
    default: /* a foreign number, not an enum of ours */
        return 0;
    }
}

static void padding(struct cursor *c, int64_t bytes)
{
    (void)take(c, -bytes & 3); /* a missing one shows at the next value */
}

/* The first value; the others are passed over. */
static str value_read(struct cursor *c, int kind)
{
    int single = kind & ~KIND_MANY, fixed = fixed_bytes(single);
    bool has_count = kind & KIND_MANY || !fixed;
    int64_t n = has_count ? number(c, 4) : 1;
    str first = {0};
    for (int64_t i = 0; i < n && !c->is_bad; i++) {
        int64_t bytes = fixed ? fixed : number(c, 4);
        str value = take(c, bytes);
        padding(c, bytes);
        first = i ? first : value;
        if (!value.len && !c->s.len)
            break;
    }
    return first;
}

/* A named one: a set, and in it a number or a name. */
static void skip_name(struct cursor *c)
{
    (void)take(c, GUID_BYTES);
    if (number(c, 4) == 0) {
        (void)number(c, 4);
        return;
    }
    int64_t bytes = number(c, 4);
    (void)take(c, bytes);
    padding(c, bytes);
}

static void properties_read(struct tnef_reading *t, str bytes, bool is_file)
{
    struct cursor c = {.s = bytes};
    int64_t n = number(&c, 4);
    for (int64_t i = 0; i < n && !c.is_bad; i++) {
        if (i == TNEF_PROPERTIES) {
            t->out->is_cut = true;
            return;
        }
        int kind = (int)number(&c, 2);
        int64_t tag = number(&c, 2);
        if (tag >= 0x8000)
            skip_name(&c);
        str value = value_read(&c, kind);
        if (c.is_bad || !value.len)
            continue;
        if (is_file)
            file_property(t, tag, kind, value);
        else
            message_property(t, tag, kind, value);
    }
    t->out->is_cut = t->out->is_cut || c.is_bad;
}

/* ── attributes ── */

static void message_attribute(struct tnef_reading *t, int id, str data)
{
    struct cursor c = {.s = data};
    if (id == ATTRIBUTE_CODE_PAGE)
        t->code_page = number(&c, 4);
    else if (id == ATTRIBUTE_TEXT && !t->out->text.len)
        t->out->text = body_of(t, data, KIND_TEXT);
    else if (id == ATTRIBUTE_MESSAGE_PROPERTIES)
        properties_read(t, data, false);
}

/* False: there are more files than are read. */
static bool file_attribute(struct tnef_reading *t, int id, str data)
{
    if (id == ATTRIBUTE_RENDER) {
        if (t->out->n_files == TNEF_FILES)
            return false;
        t->out->n_files++;
        t->has_long_name = false;
        return true;
    }
    if (!t->out->n_files)
        return true;
    struct tnef_file *file = &t->files[t->out->n_files - 1];
    if (id == ATTRIBUTE_DATA)
        file->bytes = data;
    else if (id == ATTRIBUTE_TITLE && !file->name.len)
        file->name = name_of(t, data, KIND_TEXT);
    else if (id == ATTRIBUTE_FILE_PROPERTIES)
        properties_read(t, data, true);
    return true;
}

static void attributes_read(struct tnef_reading *t, struct cursor *c)
{
    while (c->s.len && !c->is_bad) {
        int64_t level = number(c, 1);
        int id = (int)(number(c, 4) & 0xffff);
        str data = take(c, number(c, 4));
        (void)number(c, 2); /* the checksum */
        if (level == LEVEL_MESSAGE)
            message_attribute(t, id, data);
        else if (level != LEVEL_FILE || !file_attribute(t, id, data))
            c->is_bad = true;
    }
}

err tnef_read(struct arena *a, str bytes, struct tnef *tnef, str *why)
{
    struct tnef_reading t = {.r = {.a = a}, .out = tnef, .code_page = CODE_PAGE};
    struct cursor c = {.s = bytes};
    *tnef = (struct tnef){0};
    int64_t signature = number(&c, 4);
    (void)number(&c, 2); /* a key that nothing refers to */
    if (signature != SIGNATURE || c.is_bad) {
        *why = S("These bytes are no TNEF.");
        return E_INVALID;
    }
    t.files = NEW(a, struct tnef_file, TNEF_FILES);
    attributes_read(&t, &c);
    if (t.html.len && !tnef->html.len) {
        str page = str_sub(t.html, 0, TNEF_BODY_BYTES);
        int64_t number_of_page = t.html_page ? t.html_page : t.code_page;
        tnef->html = utf8_prefix_bytes(utf8_in_page(&t, page, number_of_page), TNEF_BODY_BYTES);
    }
    for (int i = 0; i < tnef->n_files; i++)
        if (!t.files[i].name.len)
            t.files[i].name = utf8_file_name(a, S(""));
    tnef->is_cut = tnef->is_cut || c.is_bad;
    tnef->files = t.files;
    return OK;
}
