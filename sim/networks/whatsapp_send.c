/* Messages to customers of the simulated WhatsApp, and what becomes of them. See whatsapp.h. */
#include "whatsapp.h"

#include "base/utf8.h"

enum {
    TEXT_MAX = 4096,
    CAPTION_MAX = 1024,
    INTERACTIVE_MAX = 1024,
    BUTTON_MAX = 20,
    ROW_MAX = 24,
    ROWS_MAX = 10,
    RATE = 80, /* messages/s of a number */
    PAIR = 45, /* a burst to one person */
    PAIR_MS = 45 * 6 * 1000,
    DELIVERED_MS = 500,
    REF_MAX = 512,
};

static str text_at(const struct json *v, const char *path)
{
    return json_text(json_path(v, str_from(path)), (str){0});
}

static bool is_between(str s, ptrdiff_t least, ptrdiff_t most)
{
    ptrdiff_t n = utf8_code_points(s);
    return n >= least && n <= most;
}

static bool wrong(struct sim_call *c, int code, const char *words)
{
    sim_whatsapp_fail(c, 400, code, str_from(words));
    return false;
}

/* ── what may be said ── */

static bool template_is_good(struct sim_call *c, const struct json *template)
{
    static const struct {
        const char *name;
        int variables;
        bool is_paused;
    } known[] = {
        {"order_update", 2, false},
        {"hello",        0, false},
        {"sale",         0, true },
    };
    str name = text_at(template, "name");
    int given = 0;
    const struct json *components = json_get(template, S("components"));
    for (const struct json *v = components ? components->first : NULL; v; v = v->next) {
        const struct json *parameters = json_get(v, S("parameters"));
        if (str_eq_nocase(text_at(v, "type"), S("body")) && parameters)
            given = (int)parameters->count;
    }
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (!str_eq(name, str_from(known[i].name)) ||
            !str_eq(text_at(template, "language.code"), S("en_US")))
            continue;
        if (known[i].is_paused)
            return wrong(c, 132015, "Template is paused");
        return given == known[i].variables ||
               wrong(
                   c, 132000, "Number of parameters does not match the expected number of params");
    }
    return wrong(c, 132001, "Template name does not exist in the translation");
}

static bool buttons_are_good(struct sim_call *c, const struct json *action)
{
    const struct json *buttons = json_get(action, S("buttons"));
    if (!buttons || buttons->count < 1 || buttons->count > 3)
        return wrong(c, 131009, "One to three buttons are allowed");
    for (const struct json *b = buttons->first; b; b = b->next)
        if (!is_between(text_at(b, "reply.title"), 1, BUTTON_MAX) ||
            !is_between(text_at(b, "reply.id"), 1, 256))
            return wrong(c, 131009, "Button title or id has a wrong length");
    return true;
}

static bool list_is_good(struct sim_call *c, const struct json *action)
{
    const struct json *sections = json_get(action, S("sections"));
    ptrdiff_t rows = 0;
    if (!sections || sections->count < 1 || sections->count > 10 ||
        !is_between(text_at(action, "button"), 1, BUTTON_MAX))
        return wrong(c, 131009, "A list has a button and one to ten sections");
    for (const struct json *s = sections->first; s; s = s->next) {
        const struct json *list = json_get(s, S("rows"));
        for (const struct json *r = list ? list->first : NULL; r; r = r->next, rows++)
            if (!is_between(text_at(r, "title"), 1, ROW_MAX) ||
                !is_between(text_at(r, "id"), 1, 200))
                return wrong(c, 131009, "Row title or id has a wrong length");
    }
    return (rows >= 1 && rows <= ROWS_MAX) || wrong(c, 131009, "One to ten rows are allowed");
}

static bool interactive_is_good(struct sim_call *c, const struct json *v)
{
    str type = text_at(v, "type");
    const struct json *action = json_get(v, S("action"));
    if (!is_between(text_at(v, "body.text"), 1, INTERACTIVE_MAX))
        return wrong(c, 131009, "Body text has a wrong length");
    if (str_eq(type, S("button")))
        return buttons_are_good(c, action);
    if (str_eq(type, S("list")))
        return list_is_good(c, action);
    if (!str_eq(type, S("cta_url")))
        return wrong(c, 131009, "Unknown interactive type");
    return (text_at(action, "parameters.url").len > 0 &&
               is_between(text_at(action, "parameters.display_text"), 1, BUTTON_MAX)) ||
           wrong(c, 131009, "A link button has a text and an address");
}

static bool media_is_good(struct sim_call *c, str type, const struct json *v, struct sim_message *m)
{
    struct sim_media media;
    str id = text_at(v, "id"), caption = text_at(v, "caption");
    bool has_caption = !str_eq(type, S("audio")) && !str_eq(type, S("sticker"));
    if (caption.len > 0 && (!has_caption || !is_between(caption, 0, CAPTION_MAX)))
        return wrong(c, 131009, "Caption is not allowed or too long");
    m->text = caption;
    if (id.len == 0)
        return text_at(v, "link").len > 0 || wrong(c, 131008, "id or link is required");
    if (!sim_media_get(c->sim, c->network, c->arena, id, &media))
        return wrong(c, 131009, "Media id is unknown");
    m->media = media.sha256;
    return true;
}

static bool content_is_good(struct sim_call *c, str type, struct sim_message *m)
{
    const struct json *v = json_get(c->json, type);
    m->kind = type;
    if (!v)
        return wrong(c, 131008, "The object named by type is missing");
    if (str_eq(type, S("text"))) {
        m->text = text_at(v, "body");
        return is_between(m->text, 1, TEXT_MAX) || wrong(c, 131009, "Text has a wrong length");
    }
    if (str_eq(type, S("template"))) {
        m->text = text_at(v, "name");
        return template_is_good(c, v);
    }
    if (str_eq(type, S("interactive"))) {
        m->text = text_at(v, "body.text");
        return interactive_is_good(c, v);
    }
    if (str_eq(type, S("location")))
        return json_get(v, S("latitude")) || wrong(c, 131008, "latitude is required");
    if (str_eq(type, S("contacts")))
        return v->count > 0 || wrong(c, 131008, "contacts is empty");
    if (str_eq(type, S("reaction"))) {
        m->text = text_at(v, "emoji");
        return text_at(v, "message_id").len > 0 || wrong(c, 131008, "message_id is required");
    }
    static const char *const files[] = {"image", "video", "audio", "document", "sticker"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        if (str_eq(type, str_from(files[i])))
            return media_is_good(c, type, v, m);
    return wrong(c, 131009, "Unknown type");
}

/* ── to whom ── */

/* Brazil's mobile numbers are known without the 9 that was put before them. */
static str canonical(struct arena *a, str phone)
{
    bool has_nine = phone.len == 13 && str_starts(phone, S("55")) && phone.at[4] == '9';
    return has_nine ? str_cat(a, str_sub(phone, 0, 4), str_skip(phone, 5)) : phone;
}

static struct whatsapp_person *recipient(struct sim_call *c, bool is_template)
{
    str to = sim_field(c, S("to"));
    if (to.len == 0)
        to = sim_field(c, S("recipient"));
    bool is_any = is_template || str_eq(sim_setting(c->account, S("any_person")), S("yes")) ||
                  sim_takes_any(c->account);
    struct whatsapp_person *p =
        sim_whatsapp_person(c->account, canonical(c->arena, to), is_any && to.len > 0);
    if (p && p->last_in_ms == 0 && sim_takes_any(c->account))
        p->last_in_ms = c->now_ms;
    if (to.len == 0)
        (void)wrong(c, 131008, "to or recipient is required"); /* NULL says it as well */
    else if (!p)
        (void)wrong(c, 131030, "Recipient phone number not in allowed list"); /* likewise */
    return p;
}

static bool rate_is_kept(struct sim_call *c, const struct whatsapp_person *p)
{
    if (!str_eq(sim_setting(c->account, S("rates")), S("strict")))
        return true;
    str all = str_print(c->arena, "%.*s/all", SARG(c->account->id));
    str pair = str_print(c->arena, "%.*s/%s", SARG(c->account->id), p->user_id);
    if (!sim_rate_take(c, all, RATE, 1000, 1).is_allowed) {
        sim_whatsapp_fail(c, 429, 130429, S("Cloud API message throughput has been reached."));
        return false;
    }
    if (!sim_rate_take(c, pair, PAIR, PAIR_MS, 1).is_allowed) {
        sim_whatsapp_fail(
            c, 429, 131056, S("(Business Account, Consumer Account) pair rate limit hit"));
        return false;
    }
    return true;
}

/* The code with which this message ends; 0 = it arrives. */
static int64_t fate(const struct sim_call *c, const struct whatsapp_person *p, bool is_template)
{
    bool is_late = c->now_ms - p->last_in_ms >= WHATSAPP_WINDOW_MS;
    if (p->fails_with)
        return p->fails_with;
    return is_late && !is_template ? 131047 : 0;
}

/* ── taking it ── */

static void take(
    struct sim_call *c, const struct whatsapp_person *p, struct sim_message *m, int64_t code)
{
    str to = sim_field(c, S("to"));
    m->id = sim_whatsapp_wamid(c->sim, c->account, c->arena);
    m->ref = sim_field(c, S("biz_opaque_callback_data"));
    m->conversation = str_from(p->phone[0] ? p->phone : p->user_id);
    (void)sim_accept(c, m); /* a double is counted by the frame */
    struct json_out j = sim_json(c);
    json_obj(&j);
    json_kv_str(&j, S("messaging_product"), S("whatsapp"));
    json_key(&j, S("contacts"));
    json_arr(&j);
    json_obj(&j);
    json_kv_str(&j, S("input"), to.len > 0 ? to : sim_field(c, S("recipient")));
    if (p->phone[0])
        json_kv_str(&j, S("wa_id"), str_from(p->phone));
    json_kv_str(&j, S("user_id"), str_from(p->user_id));
    json_obj_end(&j);
    json_arr_end(&j);
    json_key(&j, S("messages"));
    json_arr(&j);
    json_obj(&j);
    json_kv_str(&j, S("id"), m->id);
    json_kv_str(&j, S("message_status"), S("accepted"));
    json_obj_end(&j);
    json_arr_end(&j);
    json_obj_end(&j);
    sim_answer_json(c, 200, &j);
    if (str_eq(sim_setting(c->account, S("statuses")), S("none")))
        return;
    sim_whatsapp_status(
        c->sim, c->account, c->arena, p, m->id, m->ref, code ? "failed" : "sent", code, 0);
    if (!code)
        sim_whatsapp_status(
            c->sim, c->account, c->arena, p, m->id, m->ref, "delivered", 0, DELIVERED_MS);
}

void sim_whatsapp_messages(struct sim_call *c)
{
    struct sim_message m = {0};
    str type = sim_field(c, S("type"));
    if (!c->json || !str_eq(sim_field(c, S("messaging_product")), S("whatsapp"))) {
        (void)wrong(c, 100, "messaging_product is required"); /* answered by it */
        return;
    }
    if (str_eq(sim_field(c, S("status")), S("read"))) {
        if (sim_field(c, S("message_id")).len == 0)
            (void)wrong(c, 131008, "message_id is required"); /* answered by it */
        else
            sim_answer_print(c, 200, "{\"success\":true}");
        return;
    }
    if (sim_field(c, S("biz_opaque_callback_data")).len > REF_MAX) {
        (void)wrong(c, 131009, "biz_opaque_callback_data is too long"); /* answered by it */
        return;
    }
    bool is_template = str_eq(type, S("template"));
    const struct whatsapp_person *p = recipient(c, is_template);
    if (!p || !rate_is_kept(c, p) || !content_is_good(c, type.len > 0 ? type : S("text"), &m))
        return;
    int64_t code = fate(c, p, is_template);
    if (code == 131047 && str_eq(sim_setting(c->account, S("window")), S("at_once")))
        (void)wrong(c, 131047, "More than 24 hours have passed"); /* answered by it */
    else
        take(c, p, &m, code);
}
