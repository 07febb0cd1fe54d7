/* Customers of the simulated WhatsApp: what they write and do, and what the network reports. See
 * whatsapp.h. */
#include "whatsapp.h"

/* ── around every event ── */

static void put_contacts(struct json_out *j, const struct whatsapp_person *p)
{
    json_key(j, S("contacts"));
    json_arr(j);
    json_obj(j);
    json_key(j, S("profile"));
    json_obj(j);
    json_kv_str(j, S("name"), str_from(p->name));
    if (p->handle[0])
        json_kv_str(j, S("username"), str_from(p->handle));
    json_obj_end(j);
    if (p->phone[0])
        json_kv_str(j, S("wa_id"), str_from(p->phone));
    json_kv_str(j, S("user_id"), str_from(p->user_id));
    json_obj_end(j);
    json_arr_end(j);
}

static void put_seconds(struct json_out *j, struct arena *a, int64_t ms)
{
    json_kv_str(j, S("timestamp"), str_print(a, "%lld", (long long)ms / 1000));
}

void sim_whatsapp_status(struct sim *sim, struct sim_account *account, struct arena *a,
    const struct whatsapp_person *person, str id, str ref, const char *status, int64_t code,
    int64_t delay_ms)
{
    struct json_out j = json_out_make(a, WHATSAPP_PAYLOAD_BYTES);
    json_obj(&j);
    json_key(&j, S("statuses"));
    json_arr(&j);
    json_obj(&j);
    json_kv_str(&j, S("id"), id);
    json_kv_str(&j, S("status"), str_from(status));
    put_seconds(&j, a, sim_now(sim) + delay_ms);
    if (person && person->phone[0])
        json_kv_str(&j, S("recipient_id"), str_from(person->phone));
    if (person)
        json_kv_str(&j, S("recipient_user_id"), str_from(person->user_id));
    if (ref.len > 0)
        json_kv_str(&j, S("biz_opaque_callback_data"), ref);
    if (code)
        json_kv_raw(&j, S("errors"),
            str_print(a,
                "[{\"code\":%lld,\"title\":\"Error\",\"message\":\"Error\",\"error_data\":{"
                "\"details\":\"Simulated error %lld\"}}]",
                (long long)code, (long long)code));
    json_obj_end(&j);
    json_arr_end(&j);
    json_obj_end(&j);
    str key = str_print(a, "%.*s/%s", SARG(id), status);
    sim_whatsapp_post(sim, account, a, S("messages"), json_str(&j), key,
        person ? str_from(person->phone[0] ? person->phone : person->user_id) : (str){0}, delay_ms);
}

/* ── what a customer says ── */

struct incoming {
    struct sim *sim;
    struct sim_account *account;
    struct arena *a;
    const struct sim_say *say;
    struct whatsapp_person *person;
    struct json_out j;
};

static void begin(struct incoming *in, const char *type)
{
    json_kv_str(&in->j, S("type"), str_from(type));
    json_key(&in->j, str_from(type));
}

static void put_file(struct incoming *in)
{
    const struct sim_file *file = &in->say->files[0];
    struct sim_media m = sim_media_add(in->sim, in->account->network, in->a, in->account->id, file);
    str kind = S("document"), type = m.content_type;
    if (str_starts(type, S("image/webp")))
        kind = S("sticker");
    else if (str_starts(type, S("image/")) || str_starts(type, S("video/")) ||
             str_starts(type, S("audio/")))
        kind = str_sub(type, 0, 5);
    begin(in, str_z(in->a, kind));
    json_obj(&in->j);
    json_kv_str(&in->j, S("id"), m.id);
    json_kv_str(
        &in->j, S("mime_type"), str_eq(type, S("audio/ogg")) ? S("audio/ogg; codecs=opus") : type);
    json_kv_str(&in->j, S("sha256"), m.sha256);
    if (str_eq(kind, S("audio")))
        json_kv_bool(&in->j, S("voice"), str_eq(type, S("audio/ogg")));
    else if (in->say->text.len > 0)
        json_kv_str(&in->j, S("caption"), in->say->text);
    if (str_eq(kind, S("document")))
        json_kv_str(&in->j, S("filename"), m.name);
    json_obj_end(&in->j);
}

static void put_plain(struct incoming *in)
{
    if (in->say->n_files > 0) {
        put_file(in);
        return;
    }
    begin(in, "text");
    json_obj(&in->j);
    json_kv_str(&in->j, S("body"), in->say->text);
    json_obj_end(&in->j);
}

static str more(const struct incoming *in, const char *name, const char *otherwise)
{
    return json_text(json_get(in->say->more, str_from(name)), str_from(otherwise));
}

static void put_reply(struct incoming *in, const char *type)
{
    begin(in, "interactive");
    json_obj(&in->j);
    begin(in, type);
    json_obj(&in->j);
    json_kv_str(&in->j, S("id"), more(in, "payload", "1"));
    json_kv_str(&in->j, S("title"), in->say->text);
    json_obj_end(&in->j);
    json_obj_end(&in->j);
}

static void put_button(struct incoming *in)
{
    put_reply(in, "button_reply");
}

static void put_list(struct incoming *in)
{
    put_reply(in, "list_reply");
}

static void put_form(struct incoming *in)
{
    begin(in, "interactive");
    json_obj(&in->j);
    begin(in, "nfm_reply");
    json_obj(&in->j);
    json_kv_str(&in->j, S("name"), S("flow"));
    json_kv_str(&in->j, S("body"), S("Sent"));
    json_kv_str(&in->j, S("response_json"), in->say->text);
    json_obj_end(&in->j);
    json_obj_end(&in->j);
}

static void put_location(struct incoming *in)
{
    begin(in, "location");
    json_obj(&in->j);
    json_kv_raw(&in->j, S("latitude"), S("12.97"));
    json_kv_raw(&in->j, S("longitude"), S("77.59"));
    json_kv_str(&in->j, S("name"), in->say->text);
    json_obj_end(&in->j);
}

static void put_shared(struct incoming *in)
{
    begin(in, "contacts");
    json_arr(&in->j);
    json_obj(&in->j);
    json_key(&in->j, S("name"));
    json_obj(&in->j);
    json_kv_str(&in->j, S("formatted_name"), in->say->text);
    json_obj_end(&in->j);
    json_kv_raw(&in->j, S("phones"), S("[{\"phone\":\"+15557770009\",\"type\":\"CELL\"}]"));
    json_obj_end(&in->j);
    json_arr_end(&in->j);
}

static void put_order(struct incoming *in)
{
    begin(in, "order");
    json_obj(&in->j);
    json_kv_str(&in->j, S("catalog_id"), S("c1"));
    json_kv_str(&in->j, S("text"), in->say->text);
    json_kv_raw(&in->j, S("product_items"),
        S("[{\"product_retailer_id\":\"SKU1\",\"quantity\":2,\"item_price\":30,\"currency\":\"INR\"}]"));
    json_obj_end(&in->j);
}

static void put_edit(struct incoming *in)
{
    begin(in, "edit");
    json_obj(&in->j);
    json_kv_str(&in->j, S("original_message_id"), in->say->reply_to);
    json_key(&in->j, S("message"));
    json_obj(&in->j);
    put_plain(in);
    json_obj_end(&in->j);
    json_obj_end(&in->j);
}

static void put_revoke(struct incoming *in)
{
    begin(in, "revoke");
    json_obj(&in->j);
    json_kv_str(&in->j, S("original_message_id"), in->say->reply_to);
    json_obj_end(&in->j);
}

static void put_reaction(struct incoming *in)
{
    begin(in, "reaction");
    json_obj(&in->j);
    json_kv_str(&in->j, S("message_id"), in->say->reply_to);
    if (in->say->text.len > 0)
        json_kv_str(&in->j, S("emoji"), in->say->text);
    json_obj_end(&in->j);
}

static void put_unsupported(struct incoming *in)
{
    json_kv_str(&in->j, S("type"), S("unsupported"));
    json_kv_raw(&in->j, S("errors"),
        S("[{\"code\":131051,\"title\":\"Message type unknown\",\"message\":\"Message type unknown\","
          "\"error_data\":{\"details\":\"Message type is currently not supported.\"}}]"));
}

static void put_welcome(struct incoming *in)
{
    json_kv_str(&in->j, S("type"), S("request_welcome"));
}

static const struct {
    const char *kind;
    void (*put)(struct incoming *in);
    bool is_about_other; /* reply_to is the message meant, not one that is quoted */
} kinds[] = {
    {"",            put_plain,       false},
    {"message",     put_plain,       false},
    {"echo",        put_plain,       false},
    {"button",      put_button,      false},
    {"list",        put_list,        false},
    {"form",        put_form,        false},
    {"location",    put_location,    false},
    {"contacts",    put_shared,      false},
    {"order",       put_order,       false},
    {"edit",        put_edit,        true },
    {"delete",      put_revoke,      true },
    {"reaction",    put_reaction,    true },
    {"unsupported", put_unsupported, false},
    {"welcome",     put_welcome,     false},
};

static void put_head(struct incoming *in, str id, bool is_echo)
{
    const struct whatsapp_person *p = in->person;
    if (is_echo)
        json_kv_str(&in->j, S("from"), S("15550001111"));
    if (p->phone[0])
        json_kv_str(&in->j, is_echo ? S("to") : S("from"), str_from(p->phone));
    json_kv_str(&in->j, is_echo ? S("to_user_id") : S("from_user_id"), str_from(p->user_id));
    json_kv_str(&in->j, S("id"), id);
    put_seconds(&in->j, in->a, sim_now(in->sim));
}

static str make_event(struct incoming *in, size_t kind, str id, bool is_echo)
{
    in->j = json_out_make(in->a, WHATSAPP_PAYLOAD_BYTES);
    json_obj(&in->j);
    if (!is_echo)
        put_contacts(&in->j, in->person);
    json_key(&in->j, is_echo ? S("message_echoes") : S("messages"));
    json_arr(&in->j);
    json_obj(&in->j);
    put_head(in, id, is_echo);
    if (in->say->reply_to.len > 0 && !kinds[kind].is_about_other) {
        json_key(&in->j, S("context"));
        json_obj(&in->j);
        json_kv_str(&in->j, S("id"), in->say->reply_to);
        json_obj_end(&in->j);
    }
    kinds[kind].put(in);
    json_obj_end(&in->j);
    json_arr_end(&in->j);
    json_obj_end(&in->j);
    return json_str(&in->j);
}

static void know(struct incoming *in)
{
    struct whatsapp_number *number = in->account->data;
    struct whatsapp_person *p = in->person;
    str phone = more(in, "phone", "");
    if (in->say->from_name.len > 0)
        sim_keep(p->name, WHATSAPP_NAME_BYTES, in->say->from_name);
    if (in->say->from_handle.len > 0)
        sim_keep(p->handle, WHATSAPP_NAME_BYTES, in->say->from_handle);
    if (phone.len == 0 || p->phone[0] || phone.len >= WHATSAPP_ID_BYTES)
        return;
    sim_keep(p->phone, WHATSAPP_ID_BYTES, phone);
    (void)map_put(&number->people, str_from(p->phone), p); /* without it: known by user id only */
}

err sim_whatsapp_say(struct sim *sim, struct sim_account *account, struct arena *a,
    const struct sim_say *say, str *id, str *why)
{
    struct incoming in = {.sim = sim, .account = account, .a = a, .say = say};
    size_t kind = 0, n = sizeof kinds / sizeof *kinds;
    while (kind < n && !str_eq(say->kind, str_from(kinds[kind].kind)))
        kind++;
    in.person =
        sim_whatsapp_person(account, say->from_id.len > 0 ? say->from_id : S("15557770001"), true);
    if (kind == n || !in.person) {
        *why = kind == n ? S("there is no such kind; see the head of whatsapp.c")
                         : S("from is a phone number in digits or a user id");
        return E_INVALID;
    }
    bool is_echo = str_eq(say->kind, S("echo"));
    know(&in);
    str made = sim_whatsapp_wamid(sim, account, a);
    str event = make_event(&in, kind, made, is_echo);
    if (!is_echo && !kinds[kind].is_about_other)
        in.person->last_in_ms = sim_now(sim);
    sim_whatsapp_post(sim, account, a, is_echo ? S("smb_message_echoes") : S("messages"), event,
        made, str_from(in.person->phone[0] ? in.person->phone : in.person->user_id), 0);
    *id = made;
    return OK;
}

/* ── what the network does ── */

static void new_number(struct sim *sim, struct sim_account *account, struct arena *a,
    struct whatsapp_person *p, str phone)
{
    struct whatsapp_person *now = sim_whatsapp_person(account, phone, true);
    struct json_out j = json_out_make(a, WHATSAPP_PAYLOAD_BYTES);
    json_obj(&j);
    json_key(&j, S("messages"));
    json_arr(&j);
    json_obj(&j);
    json_kv_str(&j, S("from"), str_from(p->phone));
    json_kv_str(&j, S("from_user_id"), str_from(p->user_id));
    json_kv_str(&j, S("id"), sim_whatsapp_wamid(sim, account, a));
    put_seconds(&j, a, sim_now(sim));
    json_kv_str(&j, S("type"), S("system"));
    json_key(&j, S("system"));
    json_obj(&j);
    json_kv_str(&j, S("body"), S("The customer has a new number"));
    json_kv_str(&j, S("type"), S("user_changed_number"));
    json_kv_str(&j, S("wa_id"), phone);
    json_kv_str(&j, S("user_id"), str_from(now ? now->user_id : ""));
    json_obj_end(&j);
    json_obj_end(&j);
    json_arr_end(&j);
    json_obj_end(&j);
    sim_whatsapp_post(sim, account, a, S("messages"), json_str(&j), phone, phone, 0);
}

err sim_whatsapp_special(struct sim *sim, struct sim_account *account, struct arena *a, str what,
    const struct json *input, str *answer, str *why)
{
    str person = json_text(json_get(input, S("person")), (str){0});
    str event = json_text(json_get(input, S("event")), (str){0});
    struct whatsapp_person *p = sim_whatsapp_person(account, person, false);
    (void)answer;
    if (str_eq(what, S("read"))) {
        str id = json_text(json_get(input, S("id")), (str){0});
        sim_whatsapp_status(sim, account, a, p, id, (str){0}, "read", 0, 0);
        return OK;
    }
    if (str_eq(what, S("template"))) {
        str value = str_print(a,
            "{\"event\":\"%.*s\",\"message_template_name\":\"%.*s\",\"message_template_language\":"
            "\"en_US\",\"reason\":\"NONE\"}",
            SARG(event), SARG(json_text(json_get(input, S("name")), S("sale"))));
        sim_whatsapp_post(
            sim, account, a, S("message_template_status_update"), value, event, (str){0}, 0);
        return OK;
    }
    if (str_eq(what, S("account"))) {
        str value = str_print(a, "{\"event\":\"%.*s\"}", SARG(event));
        sim_whatsapp_post(sim, account, a, S("account_update"), value, event, (str){0}, 0);
        return OK;
    }
    bool is_fail = str_eq(what, S("fail"));
    if (!is_fail && !str_eq(what, S("new_number")))
        return E_NOT_FOUND;
    if (!p) {
        *why = S("person is a phone number or user id of somebody who wrote");
        return E_INVALID;
    }
    if (is_fail)
        p->fails_with = json_int(json_get(input, S("code")), 0);
    else
        new_number(sim, account, a, p, json_text(json_get(input, S("phone")), S("15557770009")));
    return OK;
}
