/* What a WhatsApp message holds, by its type: one row of `kinds` each. A type that is not in the
 * table, or that the network itself calls unsupported, becomes a part "unsupported", so that the
 * agent sees that something came. Not here: who wrote it and where (whatsapp_parse.c).
 * Source: Meta, Cloud API, "Messages" webhook (v25.0, 2026). Thread: pure. */
#include "connector/whatsapp.h"

#include "base/limits.h"
#include "base/utf8.h"
#include "connector/part.h"
#include "connector/reading.h"

#include <math.h>

enum {
    CONTACTS_READ = 10, /* shared contacts, and numbers and addresses of each */
    PRODUCTS_READ = 50, /* of an order */
    FIELDS_READ = 50,   /* of a form that was filled in */
    TITLE_BYTES = 1024, /* of buttons, products, places */
    TYPE_BYTES = 100,
};

struct content {
    struct arena *a;
    const struct json *message;
    str type;
    struct connector_item *it;
    struct parts parts;
    str fault;
};

static void fault(struct content *c, str words)
{
    if (!c->fault.len)
        c->fault = words;
}

/* The object named like the type; a fault when it is missing. */
static const struct json *body_of(struct content *c)
{
    const struct json *body = take_object(c->message, str_z(c->a, c->type));
    if (!body)
        fault(c, str_print(c->a, "The message has no object \"%.*s\".", SARG(c->type)));
    return body;
}

/* ── text and files ── */

static void read_text(struct content *c)
{
    c->it->text = take_text(body_of(c), "body");
    if (!str_trim(c->it->text).len)
        fault(c, S("The message has no text."));
}

/* The address in a delivery asks for our token, and it is gone in minutes: the id is better. */
static void read_media(struct content *c)
{
    const struct json *body = body_of(c);
    struct connector_attachment *at = NEW(c->a, struct connector_attachment, 1);
    at->media_id = take_id(body, "id");
    if (!at->media_id.len)
        at->url = take_url(body, "url");
    if (!at->media_id.len && !at->url.len) {
        fault(c, S("The file has no id."));
        return;
    }
    at->type = http_media_type(take_line(body, "mime_type", LIMIT_NAME_BYTES));
    at->name = take_line(body, "filename", LIMIT_NAME_BYTES);
    c->it->attachments = at;
    c->it->n_attachments = 1;
    c->it->text = take_text(body, "caption");
}

static bool is_degree(const struct json *v, double most)
{
    return v && v->kind == JSON_NUMBER && isfinite(v->number) && fabs(v->number) <= most;
}

static void read_location(struct content *c)
{
    const struct json *body = body_of(c);
    const struct json *latitude = json_get(body, S("latitude"));
    const struct json *longitude = json_get(body, S("longitude"));
    if (!is_degree(latitude, 90) || !is_degree(longitude, 180)) {
        fault(c, S("The location has no place on the globe."));
        return;
    }
    part_begin(&c->parts, S("location"));
    json_key(&c->parts.j, S("latitude"));
    json_put_double(&c->parts.j, latitude->number);
    json_key(&c->parts.j, S("longitude"));
    json_put_double(&c->parts.j, longitude->number);
    part_text(&c->parts, "name", take_line(body, "name", TITLE_BYTES));
    part_text(&c->parts, "address", take_line(body, "address", TITLE_BYTES));
    part_text(&c->parts, "url", take_url(body, "url"));
    part_end(&c->parts);
}

/* "phones":["…"] out of [{"phone":"…"}]; left out when there is none. */
static void put_lines(struct content *c, const struct json *list, const char *name, const char *key)
{
    struct json_out *j = &c->parts.j;
    int n = 0;
    for (const struct json *v = list ? list->first : NULL; v && n < CONTACTS_READ; v = v->next) {
        str line = take_line(v, key, LIMIT_NAME_BYTES);
        if (!line.len)
            continue;
        if (!n++) {
            json_key(j, str_from(name));
            json_arr(j);
        }
        json_put_str(j, line);
    }
    if (n)
        json_arr_end(j);
}

static void read_contacts(struct content *c)
{
    const struct json *list = take_array(c->message, "contacts");
    int n = 0;
    for (const struct json *v = list ? list->first : NULL; v && n < CONTACTS_READ; v = v->next) {
        str name = take_line(take_object(v, "name"), "formatted_name", LIMIT_NAME_BYTES);
        if (!name.len)
            name = take_line(take_object(v, "name"), "first_name", LIMIT_NAME_BYTES);
        part_begin(&c->parts, S("contact"));
        part_text(&c->parts, "name", name);
        put_lines(c, take_array(v, "phones"), "phones", "phone");
        put_lines(c, take_array(v, "emails"), "emails", "email");
        part_text(&c->parts, "organization",
            take_line(take_object(v, "org"), "company", LIMIT_NAME_BYTES));
        part_end(&c->parts);
        n++;
    }
    if (!n)
        fault(c, S("The message shares no contact."));
}

/* ── what people press and fill in ── */

static void choice(struct content *c, str id, str title)
{
    if (!id.len && !title.len) {
        fault(c, S("The answer names no button."));
        return;
    }
    c->it->text = title;
    part_choice(&c->parts, id, title);
}

static void read_button(struct content *c)
{
    const struct json *body = body_of(c);
    choice(c, take_line(body, "payload", TITLE_BYTES), take_line(body, "text", TITLE_BYTES));
}

/* A form's answers, one a line. Its token is between network and form. */
static str form_lines(struct content *c, str first, str response)
{
    const struct json *root = NULL;
    str why;
    struct sb b = sb_make(c->a, LIMIT_TEXT_BYTES);
    sb_add(&b, first);
    if (json_parse(c->a, response, &root, &why) != OK || root->kind != JSON_OBJECT)
        return sb_str(&b);
    int n = 0;
    for (const struct json *v = root->first; v && n < FIELDS_READ; v = v->next) {
        if (str_eq(v->key, S("flow_token")) || utf8_has_control(v->key))
            continue;
        str value = json_text(v, (str){0});
        if (v->kind == JSON_BOOL || v->kind == JSON_ARRAY || v->kind == JSON_OBJECT)
            value = json_text_of(c->a, v);
        if (b.len)
            sb_byte(&b, '\n');
        sb_add(&b, v->key);
        sb_add(&b, S(": "));
        sb_add(&b, value);
        n++;
    }
    return utf8_prefix_bytes(sb_str(&b), LIMIT_TEXT_BYTES);
}

static void read_interactive(struct content *c)
{
    const struct json *body = body_of(c);
    str type = take_line(body, "type", TYPE_BYTES);
    const struct json *inner = take_object(body, str_z(c->a, type));
    if (str_eq(type, S("button_reply")) || str_eq(type, S("list_reply"))) {
        choice(c, take_line(inner, "id", TITLE_BYTES), take_line(inner, "title", TITLE_BYTES));
    } else if (str_eq(type, S("nfm_reply"))) {
        str title = take_line(inner, "body", TITLE_BYTES);
        choice(c, take_line(inner, "name", TITLE_BYTES), title);
        c->it->text = form_lines(c, title, take_text(inner, "response_json"));
    } else if (body) {
        part_unsupported(&c->parts, type.len ? type : c->type);
    }
}

/* "2 × 30 INR" under the product's own number. */
static void read_order(struct content *c)
{
    const struct json *body = body_of(c);
    const struct json *list = take_array(body, "product_items");
    int n = 0;
    c->it->text = take_text(body, "text");
    for (const struct json *v = list ? list->first : NULL; v && n < PRODUCTS_READ; v = v->next) {
        str quantity = take_line(v, "quantity", TYPE_BYTES);
        str price = take_line(v, "item_price", TYPE_BYTES);
        str currency = take_line(v, "currency", TYPE_BYTES);
        str words = str_print(c->a, "%.*s × %.*s %.*s", SARG(quantity.len ? quantity : S("1")),
            SARG(price), SARG(currency));
        part_link(
            &c->parts, (str){0}, take_line(v, "product_retailer_id", TITLE_BYTES), str_trim(words));
        n++;
    }
    if (!n && body)
        fault(c, S("The order names no product."));
}

/* ── about other messages ── */

/* The message meant becomes the item's; the event's own id stays known as another name of it, for
 * replies that quote the event. */
static void means(struct content *c, enum connector_item_kind kind, str id)
{
    if (!id.len)
        fault(c, S("The event names no message."));
    c->it->kind = kind;
    c->it->external_id = id;
}

static void read_reaction(struct content *c)
{
    const struct json *body = body_of(c);
    means(c, ITEM_REACTION, take_id(body, "message_id"));
    c->it->reaction = take_line(body, "emoji", TYPE_BYTES);
}

static void read_revoke(struct content *c)
{
    means(c, ITEM_DELETE, take_id(body_of(c), "original_message_id"));
}

static void read_edit(struct content *c)
{
    const struct json *body = body_of(c);
    const struct json *message = take_object(body, "message");
    str type = take_line(message, "type", TYPE_BYTES), id = c->it->external_id;
    const struct json *inner = take_object(message, str_z(c->a, type));
    if (!inner) {
        fault(c, S("The edit does not say what the message is now."));
        return;
    }
    c->it->text = take_text(inner, str_eq(type, S("text")) ? "body" : "caption");
    means(c, ITEM_EDIT, take_id(body, "original_message_id"));
    if (id.len) {
        str *alias = NEW(c->a, str, 1);
        *alias = id;
        c->it->aliases = alias;
        c->it->n_aliases = 1;
    }
}

/* The network's word for what it does not hand out, else the type. */
static void read_unsupported(struct content *c)
{
    str name = take_line(take_object(c->message, "unsupported"), "type", TYPE_BYTES);
    part_unsupported(&c->parts, name.len ? name : c->type);
}

static const struct {
    const char *type;
    void (*read)(struct content *c);
} kinds[] = {
    {"text",        read_text       },
    {"image",       read_media      },
    {"video",       read_media      },
    {"audio",       read_media      },
    {"document",    read_media      },
    {"sticker",     read_media      },
    {"location",    read_location   },
    {"contacts",    read_contacts   },
    {"interactive", read_interactive},
    {"button",      read_button     },
    {"order",       read_order      },
    {"reaction",    read_reaction   },
    {"edit",        read_edit       },
    {"revoke",      read_revoke     },
    {"unsupported", read_unsupported},
};

/* ── around the message ── */

static void read_context(struct content *c)
{
    const struct json *context = take_object(c->message, "context");
    const struct json *product = take_object(context, "referred_product");
    c->it->reply_to = take_id(context, "id");
    str title = take_line(product, "product_retailer_id", TITLE_BYTES);
    if (title.len)
        part_link(&c->parts, (str){0}, title, (str){0});
}

static void read_referral(struct content *c)
{
    const struct json *referral = take_object(c->message, "referral");
    if (!referral)
        return;
    part_begin(&c->parts, S("referral"));
    part_text(&c->parts, "source", take_line(referral, "source_type", TYPE_BYTES));
    part_text(&c->parts, "ref", take_line(referral, "source_id", TITLE_BYTES));
    part_text(&c->parts, "title", take_line(referral, "headline", TITLE_BYTES));
    part_text(&c->parts, "url", take_url(referral, "source_url"));
    part_end(&c->parts);
}

/* Parts beyond a message's size: the agent learns at least that something came. */
static str parts_of(struct content *c)
{
    if (c->parts.j.b.failed) {
        c->parts = parts_make(c->a);
        part_unsupported(&c->parts, c->type);
    }
    return parts_str(&c->parts);
}

bool whatsapp_content(
    struct arena *a, const struct json *message, struct connector_item *it, str *fault_words)
{
    struct content c = {.a = a, .message = message, .it = it, .parts = parts_make(a)};
    void (*read)(struct content *) = read_unsupported;
    c.type = take_line(message, "type", TYPE_BYTES);
    if (!c.type.len)
        c.type = S("unknown");
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (str_eq(c.type, str_from(kinds[i].type)))
            read = kinds[i].read;
    read(&c);
    if (it->kind == ITEM_MESSAGE) {
        read_context(&c);
        read_referral(&c);
        it->parts = parts_of(&c);
    }
    *fault_words = c.fault;
    return !c.fault.len;
}
