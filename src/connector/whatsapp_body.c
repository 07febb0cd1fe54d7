/* Bodies of what is sent on WhatsApp: text, file, buttons and lists, place, contact (templates:
 * whatsapp_template.c). One body is one message there; a piece that would need two is refused in
 * words, so that nothing is sent by halves.
 * Source: Meta, Cloud API, "Messages" (v25.0, 2026). Thread: pure. */
#include "connector/whatsapp.h"

#include "base/limits.h"
#include "base/utf8.h"
#include "connector/part.h"
#include "connector/reading.h"

enum {
    /* Characters, from the network's page. A list's text may be longer by some accounts of it; the
     * shorter figure is right by all. */
    BUTTONS_TEXT = 1024,
    BUTTON_TITLE = 20,
    BUTTON_ID = 256,
    ROW_TITLE = 24,
    ROW_ID = 200,
    BUTTONS_MOST = 3,
    ROWS_MOST = 10,
    CONTACTS_MOST = 10,
    KEY_BYTES = 200,
    BODY_BYTES = 1024 * 1024,
};

struct body {
    struct arena *a;
    const struct connector_outgoing *out;
    const struct whatsapp_file *file;
    struct json_out j;
    str why;
};

static bool refuse(struct body *b, str words)
{
    b->why = words;
    return false;
}

static void begin(struct body *b, const char *type)
{
    json_kv_str(&b->j, S("type"), str_from(type));
    json_key(&b->j, str_from(type));
}

/* {key: value} as the next value */
static void put_object_of(struct body *b, const char *key, str value)
{
    json_obj(&b->j);
    json_kv_str(&b->j, str_from(key), value);
    json_obj_end(&b->j);
}

static void kv_if(struct body *b, const char *key, str value)
{
    if (value.len)
        json_kv_str(&b->j, str_from(key), value);
}

static bool is_longer(str s, ptrdiff_t characters)
{
    return utf8_code_points(s) > characters;
}

/* ── text and files ── */

static bool put_text(struct body *b)
{
    str text = b->out->text;
    if (!str_trim(text).len)
        return refuse(b, S("There is nothing to send."));
    bool has_link = str_find(text, S("https://")) >= 0 || str_find(text, S("http://")) >= 0;
    begin(b, "text");
    json_obj(&b->j);
    json_kv_bool(&b->j, S("preview_url"), has_link);
    json_kv_str(&b->j, S("body"), text);
    json_obj_end(&b->j);
    return true;
}

static bool put_file(struct body *b)
{
    const struct whatsapp_file *f = b->file;
    bool has_caption = !str_eq(f->kind, S("audio")) && !str_eq(f->kind, S("sticker"));
    if (!has_caption && b->out->text.len)
        return refuse(
            b, S("WhatsApp sends sound and stickers without text: send the text on its own."));
    begin(b, str_z(b->a, f->kind));
    json_obj(&b->j);
    json_kv_str(&b->j, S("id"), f->media_id);
    kv_if(b, "caption", b->out->text);
    if (str_eq(f->kind, S("document")))
        kv_if(b, "filename", f->name);
    if (f->is_voice)
        json_kv_bool(&b->j, S("voice"), true);
    json_obj_end(&b->j);
    return true;
}

/* ── place and contact ── */

static bool is_without_text(struct body *b)
{
    return !b->out->text.len && !b->file->media_id.len;
}

static bool put_location(struct body *b, const struct json *part)
{
    const struct json *latitude = json_get(part, S("latitude"));
    const struct json *longitude = json_get(part, S("longitude"));
    if (!is_without_text(b))
        return refuse(b, S("WhatsApp sends a place without text or file: send them on their own."));
    if (!latitude || !longitude || latitude->kind != JSON_NUMBER || longitude->kind != JSON_NUMBER)
        return refuse(b, S("The place has no latitude and longitude."));
    begin(b, "location");
    json_obj(&b->j);
    json_key(&b->j, S("latitude"));
    json_put_double(&b->j, latitude->number);
    json_key(&b->j, S("longitude"));
    json_put_double(&b->j, longitude->number);
    kv_if(b, "name", take_line(part, "name", LIMIT_NAME_BYTES));
    kv_if(b, "address", take_line(part, "address", LIMIT_NAME_BYTES));
    json_obj_end(&b->j);
    return true;
}

/* "phones":[{"phone":"…"}] out of ["…"] */
static void put_lines(struct body *b, const struct json *list, const char *name, const char *key)
{
    if (!list || !list->first)
        return;
    json_key(&b->j, str_from(name));
    json_arr(&b->j);
    for (const struct json *v = list->first; v; v = v->next)
        put_object_of(b, key, json_text(v, S("")));
    json_arr_end(&b->j);
}

/* The network wants a first name beside the whole one. */
static void put_contact(struct body *b, const struct json *part)
{
    str name = take_line(part, "name", LIMIT_NAME_BYTES), first, rest;
    str company = take_line(part, "organization", LIMIT_NAME_BYTES);
    if (!name.len)
        name = company.len ? company : S("?");
    (void)str_cut(name, ' ', &first, &rest);
    json_obj(&b->j);
    json_key(&b->j, S("name"));
    json_obj(&b->j);
    json_kv_str(&b->j, S("formatted_name"), name);
    json_kv_str(&b->j, S("first_name"), first);
    json_obj_end(&b->j);
    put_lines(b, take_array(part, "phones"), "phones", "phone");
    put_lines(b, take_array(part, "emails"), "emails", "email");
    if (company.len) {
        json_key(&b->j, S("org"));
        put_object_of(b, "company", company);
    }
    json_obj_end(&b->j);
}

static bool put_contacts(struct body *b, const struct json *parts)
{
    int n = 0;
    if (!is_without_text(b))
        return refuse(
            b, S("WhatsApp sends a contact without text or file: send them on their own."));
    begin(b, "contacts");
    json_arr(&b->j);
    for (const struct json *p = parts->first; p && n < CONTACTS_MOST; p = p->next)
        if (str_eq(take_line(p, "type", KEY_BYTES), S("contact"))) {
            put_contact(b, p);
            n++;
        }
    json_arr_end(&b->j);
    return true;
}

/* ── buttons ── */

struct button {
    str id, title, url;
};

static bool read_buttons(struct body *b, const struct json *part, struct button *at, ptrdiff_t *n)
{
    const struct json *list = take_array(part, "buttons");
    *n = 0;
    if (list && list->count > ROWS_MOST)
        return refuse(b, S("WhatsApp shows at most 10 choices."));
    for (const struct json *v = list ? list->first : NULL; v; v = v->next) {
        struct button *k = &at[*n];
        k->title = take_line(v, "title", LIMIT_NAME_BYTES);
        k->id = take_line(v, "id", LIMIT_NAME_BYTES);
        k->url = take_url(v, "url");
        if (!k->id.len)
            k->id = k->title;
        if (!k->title.len)
            return refuse(b, S("A button has no title."));
        ++*n;
    }
    if (!*n)
        return refuse(b, S("There are no buttons."));
    bool is_list = *n > BUTTONS_MOST;
    for (ptrdiff_t i = 0; i < *n; i++) {
        if (at[i].url.len && *n > 1)
            return refuse(b, S("On WhatsApp a button that opens an address stands alone."));
        if (is_longer(at[i].title, is_list ? ROW_TITLE : BUTTON_TITLE) ||
            is_longer(at[i].id, is_list ? ROW_ID : BUTTON_ID))
            return refuse(
                b, str_print(b->a, "The button \"%.*s\" is too long: %d characters are allowed.",
                       SARG(at[i].title), is_list ? (int)ROW_TITLE : (int)BUTTON_TITLE));
    }
    return true;
}

static void put_reply_buttons(struct body *b, const struct button *at, ptrdiff_t n)
{
    json_key(&b->j, S("buttons"));
    json_arr(&b->j);
    for (ptrdiff_t i = 0; i < n; i++) {
        json_obj(&b->j);
        json_kv_str(&b->j, S("type"), S("reply"));
        json_key(&b->j, S("reply"));
        json_obj(&b->j);
        json_kv_str(&b->j, S("id"), at[i].id);
        json_kv_str(&b->j, S("title"), at[i].title);
        json_obj_end(&b->j);
        json_obj_end(&b->j);
    }
    json_arr_end(&b->j);
}

static void put_rows(struct body *b, const struct button *at, ptrdiff_t n)
{
    json_kv_str(&b->j, S("button"),
        utf8_prefix(
            setup_setting(b->a, &connector_whatsapp, b->out->setup, "list_label"), BUTTON_TITLE));
    json_key(&b->j, S("sections"));
    json_arr(&b->j);
    json_obj(&b->j);
    json_key(&b->j, S("rows"));
    json_arr(&b->j);
    for (ptrdiff_t i = 0; i < n; i++) {
        json_obj(&b->j);
        json_kv_str(&b->j, S("id"), at[i].id);
        json_kv_str(&b->j, S("title"), at[i].title);
        json_obj_end(&b->j);
    }
    json_arr_end(&b->j);
    json_obj_end(&b->j);
    json_arr_end(&b->j);
}

static void put_link_button(struct body *b, const struct button *at)
{
    json_kv_str(&b->j, S("name"), S("cta_url"));
    json_key(&b->j, S("parameters"));
    json_obj(&b->j);
    json_kv_str(&b->j, S("display_text"), at->title);
    json_kv_str(&b->j, S("url"), at->url);
    json_obj_end(&b->j);
}

/* A file over the buttons. */
static void put_file_header(struct body *b)
{
    str kind = b->file->kind;
    json_key(&b->j, S("header"));
    json_obj(&b->j);
    json_kv_str(&b->j, S("type"), kind);
    json_key(&b->j, kind);
    put_object_of(b, "id", b->file->media_id);
    json_obj_end(&b->j);
}

bool whatsapp_may_be_header(str kind)
{
    return str_eq(kind, S("image")) || str_eq(kind, S("video")) || str_eq(kind, S("document"));
}

static bool put_buttons(struct body *b, const struct json *part)
{
    struct button at[ROWS_MOST];
    ptrdiff_t n = 0;
    bool has_file = b->file->media_id.len > 0;
    if (!read_buttons(b, part, at, &n))
        return false;
    bool is_list = n > BUTTONS_MOST, is_link = at[0].url.len > 0;
    if (!str_trim(b->out->text).len)
        return refuse(b, S("Buttons need a text on WhatsApp."));
    if (is_longer(b->out->text, BUTTONS_TEXT))
        return refuse(b, S("A text with buttons may have 1,024 characters on WhatsApp."));
    if (has_file && (is_list || !whatsapp_may_be_header(b->file->kind)))
        return refuse(b, S("This file cannot stand over these buttons on WhatsApp."));
    begin(b, "interactive");
    json_obj(&b->j);
    json_kv_str(&b->j, S("type"), is_link ? S("cta_url") : is_list ? S("list") : S("button"));
    if (has_file)
        put_file_header(b);
    json_key(&b->j, S("body"));
    put_object_of(b, "text", b->out->text);
    json_key(&b->j, S("action"));
    json_obj(&b->j);
    if (is_link)
        put_link_button(b, at);
    else if (is_list)
        put_rows(b, at, n);
    else
        put_reply_buttons(b, at, n);
    json_obj_end(&b->j);
    json_obj_end(&b->j);
    return true;
}

/* ── the whole ── */

static bool put_what(struct body *b, const struct json *parts)
{
    const struct json *part;
    if ((part = part_find(parts, "template")))
        return whatsapp_put_template(b->a, &b->j, part, b->file, &b->why);
    if ((part = part_find(parts, "buttons")))
        return put_buttons(b, part);
    if ((part = part_find(parts, "location")))
        return put_location(b, part);
    if (part_find(parts, "contact"))
        return put_contacts(b, parts);
    return b->file->media_id.len ? put_file(b) : put_text(b);
}

bool whatsapp_body(struct arena *a, const struct connector_outgoing *out, str to,
    const struct whatsapp_file *file, str *body, str *why)
{
    struct body b = {.a = a, .out = out, .file = file, .j = json_out_make(a, BODY_BYTES)};
    const struct json *parts = NULL;
    str unused;
    if (out->parts.len &&
        (json_parse(a, out->parts, &parts, &unused) != OK || parts->kind != JSON_ARRAY))
        parts = NULL;
    json_obj(&b.j);
    json_kv_str(&b.j, S("messaging_product"), S("whatsapp"));
    json_kv_str(&b.j, S("recipient_type"), S("individual"));
    json_kv_str(&b.j, str_find_byte(to, '.') >= 0 ? S("recipient") : S("to"), to);
    if (out->delivery_id.len)
        json_kv_str(
            &b.j, S("biz_opaque_callback_data"), str_cat(a, S(WHATSAPP_REF), out->delivery_id));
    if (out->reply_to.len) {
        json_key(&b.j, S("context"));
        put_object_of(&b, "message_id", out->reply_to);
    }
    if (!put_what(&b, parts)) {
        *why = b.why;
        return false;
    }
    json_obj_end(&b.j);
    if (b.j.b.failed) {
        *why = S("The message is too large.");
        return false;
    }
    *body = json_str(&b.j);
    return true;
}
