/* WhatsApp's deliveries: entries with changes, each of one field; what is read of a field stands in
 * the table `fields`, all others are ignored. Not taken in: `history` (old conversations of a phone
 * that joins), `calls`, `user_preferences` (a template to somebody who wants no advertising comes
 * back with its own error).
 * Source: Meta, Cloud API webhooks (v25.0, 2026). Thread: pure. */
#include "connector/whatsapp.h"

#include "base/limits.h"
#include "connector/reading.h"

enum {
    PHONE_DIGITS_LEAST = 5,
    PHONE_DIGITS_MOST = 15, /* ITU-T E.164 */
    WORD_BYTES = 200,
};

struct walk {
    struct arena *a;
    struct item_list list;
    str entry_id, field;
    const struct json *value;
    str account;
    int64_t received_ms;
    bool is_full;
};

static struct connector_item *add(struct walk *w, enum connector_item_kind kind)
{
    struct connector_item *it = item_add(&w->list, kind);
    w->is_full |= !it;
    if (it)
        it->account = w->account;
    return it;
}

str whatsapp_phone(struct arena *a, str digits)
{
    bool is_phone = digits.len >= PHONE_DIGITS_LEAST && digits.len <= PHONE_DIGITS_MOST;
    for (ptrdiff_t i = 0; i < digits.len; i++)
        is_phone &= digits.at[i] >= '0' && digits.at[i] <= '9';
    return is_phone ? str_cat(a, S("+"), digits) : (str){0};
}

/* ── people ── */

/* The one of contacts[] that these ids mean; of a message without ids, the only one there is. */
static const struct json *contact_of(const struct walk *w, str phone, str user_id)
{
    const struct json *list = take_array(w->value, "contacts");
    for (const struct json *v = list ? list->first : NULL; v; v = v->next) {
        str its_user = take_id(v, "user_id"), its_phone = take_id(v, "wa_id");
        if (user_id.len && its_user.len ? str_eq(user_id, its_user)
                                        : phone.len && str_eq(phone, its_phone))
            return v;
    }
    bool is_only = list && list->count == 1 && !phone.len && !user_id.len;
    return is_only ? list->first : NULL;
}

static void set_person(struct walk *w, struct connector_item *it, str phone, str user_id)
{
    const struct json *contact = contact_of(w, phone, user_id);
    const struct json *profile = take_object(contact, "profile");
    if (!phone.len)
        phone = take_id(contact, "wa_id");
    if (!user_id.len)
        user_id = take_id(contact, "user_id");
    it->contact_external_id = user_id.len ? user_id : phone;
    it->contact_other_id = user_id.len ? phone : (str){0};
    it->contact_phone = whatsapp_phone(w->a, phone);
    it->contact_name = take_line(profile, "name", LIMIT_NAME_BYTES);
    it->contact_handle = take_line(profile, "username", LIMIT_NAME_BYTES);
}

/* ── messages ── */

/* The delivery as if it had held nothing but this message. */
static str alone(struct walk *w, const struct json *message, const char *list)
{
    str from = take_id(message, "from"), from_user = take_id(message, "from_user_id");
    const struct json *metadata = take_object(w->value, "metadata");
    const struct json *contact = contact_of(w, from, from_user);
    struct json_out j = json_out_make(w->a, LIMIT_WEBHOOK_BODY_BYTES * 2);
    json_obj(&j);
    json_kv_str(&j, S("object"), S("whatsapp_business_account"));
    json_key(&j, S("entry"));
    json_arr(&j);
    json_obj(&j);
    json_kv_str(&j, S("id"), w->entry_id);
    json_key(&j, S("changes"));
    json_arr(&j);
    json_obj(&j);
    json_kv_str(&j, S("field"), w->field);
    json_key(&j, S("value"));
    json_obj(&j);
    if (metadata) {
        json_key(&j, S("metadata"));
        json_put_tree(&j, metadata);
    }
    if (contact)
        json_kv_raw(
            &j, S("contacts"), str_print(w->a, "[%.*s]", SARG(json_text_of(w->a, contact))));
    json_kv_raw(&j, str_from(list), str_print(w->a, "[%.*s]", SARG(json_text_of(w->a, message))));
    json_obj_end(&j);
    json_obj_end(&j);
    json_arr_end(&j);
    json_obj_end(&j);
    json_arr_end(&j);
    json_obj_end(&j);
    return json_str(&j);
}

static void add_fault(struct walk *w, str words, const struct json *message, const char *list)
{
    w->is_full |= w->list.n == LIMIT_HOOK_ITEMS;
    item_fault(&w->list, words, alone(w, message, list));
}

/* The customer has a new number, and with it a new user id: the old ids lead to the new one. */
static void read_new_number(struct walk *w, const struct json *message, const struct json *system)
{
    str old_phone = take_id(message, "from"), old_user = take_id(message, "from_user_id");
    str phone = take_id(system, "wa_id"), user = take_id(system, "user_id");
    str now = user.len ? user : phone;
    const str olds[] = {old_user, old_phone};
    for (size_t i = 0; i < sizeof olds / sizeof *olds && now.len; i++) {
        if (!olds[i].len || str_eq(olds[i], now))
            continue;
        struct connector_item *it = add(w, ITEM_PERSON);
        if (!it)
            return;
        it->contact_external_id = now;
        it->contact_other_id = olds[i];
        it->contact_phone = whatsapp_phone(w->a, phone);
        it->sent_ms = take_time(message, "timestamp");
    }
}

static void read_person(struct walk *w, const struct json *message)
{
    struct connector_item *it = add(w, ITEM_PERSON);
    if (!it)
        return;
    set_person(w, it, take_id(message, "from"), take_id(message, "from_user_id"));
    it->sent_ms = take_time(message, "timestamp");
    if (!it->contact_external_id.len)
        w->list.n--;
}

/* True when it is no message at all but news of a person. */
static bool is_about_person(struct walk *w, const struct json *message)
{
    str type = take_line(message, "type", WORD_BYTES);
    if (str_eq(type, S("request_welcome"))) {
        read_person(w, message);
        return true;
    }
    if (!str_eq(type, S("system")))
        return false;
    const struct json *system = take_object(message, "system");
    if (take_id(system, "wa_id").len || take_id(system, "user_id").len)
        read_new_number(w, message, system);
    else
        read_person(w, message);
    return true;
}

static void set_ref(struct connector_item *it, const struct json *v)
{
    str ref = take_line(v, "biz_opaque_callback_data", READING_ID_BYTES);
    if (str_starts(ref, S(WHATSAPP_REF)))
        it->ours_ref = str_skip(ref, S(WHATSAPP_REF).len);
}

static void read_message(struct walk *w, const struct json *message, bool is_ours)
{
    const char *list = is_ours ? "message_echoes" : "messages";
    struct connector_item it = {.kind = ITEM_MESSAGE, .opens_window = !is_ours};
    str fault = {0};
    if (is_about_person(w, message))
        return;
    it.account = w->account;
    it.is_ours = is_ours;
    it.external_id = take_id(message, "id");
    it.sent_ms = take_time(message, "timestamp");
    set_ref(&it, message);
    set_person(w, &it, take_id(message, is_ours ? "to" : "from"),
        take_id(message, is_ours ? "to_user_id" : "from_user_id"));
    if (!it.external_id.len)
        fault = S("The message has no id.");
    else if (!it.contact_external_id.len)
        fault = S("The message does not say whose it is.");
    else
        (void)whatsapp_content(w->a, message, &it, &fault); /* fault says it as well */
    if (fault.len) {
        add_fault(w, fault, message, list);
        return;
    }
    struct connector_item *to = add(w, it.kind);
    if (to)
        *to = it;
}

/* ── statuses ── */

/* "deleted" is the customer's own copy, "warning" a product that is sold out: nothing becomes of
 * our message by them. A voice note that was played was read. */
static const struct {
    const char *word, *state;
} states[] = {
    {"sent",      "sent"     },
    {"delivered", "delivered"},
    {"read",      "read"     },
    {"played",    "read"     },
    {"failed",    "failed"   },
};

static void add_account(struct walk *w, const char *state, str words)
{
    struct connector_item *it = add(w, ITEM_ACCOUNT);
    if (!it)
        return;
    it->state = str_from(state);
    it->error = words;
    it->sent_ms = w->received_ms;
}

static void read_status(struct walk *w, const struct json *v)
{
    str word = take_line(v, "status", WORD_BYTES), id = take_id(v, "id");
    const char *state = NULL;
    for (size_t i = 0; i < sizeof states / sizeof *states; i++)
        if (str_eq(word, str_from(states[i].word)))
            state = states[i].state;
    if (!state || !id.len)
        return;
    struct connector_item *it = add(w, ITEM_STATUS);
    if (!it)
        return;
    it->external_id = id;
    it->state = str_from(state);
    it->sent_ms = take_time(v, "timestamp");
    set_ref(it, v);
    set_person(w, it, take_id(v, "recipient_id"), take_id(v, "recipient_user_id"));
    const struct json *errors = take_array(v, "errors");
    if (!str_eq(word, S("failed")))
        return;
    it->error = whatsapp_error_words(w->a, errors ? errors->first : NULL);
    const char *account = whatsapp_error_state(take_int(errors ? errors->first : NULL, "code", -1));
    if (account) /* not of this message alone: payment, name, registration */
        add_account(w, account, it->error);
}

/* ── our account ── */

static void read_errors(struct walk *w)
{
    const struct json *list = take_array(w->value, "errors");
    for (const struct json *v = list ? list->first : NULL; v && !w->is_full; v = v->next) {
        const char *state = whatsapp_error_state(take_int(v, "code", -1));
        if (state)
            add_account(w, state, whatsapp_error_words(w->a, v));
    }
}

static const struct {
    const char *event, *state, *words;
} account_events[] = {
    {"ACCOUNT_DELETED",         "revoked",  "The WhatsApp Business account was deleted."                  },
    {"PARTNER_REMOVED",         "revoked",  "The connection to the WhatsApp Business account was removed."},
    {"PARTNER_APP_UNINSTALLED", "revoked",
     "The app was removed from the WhatsApp Business account."                                            },
    {"DISABLED_UPDATE",         "limited",  "Meta has disabled the WhatsApp Business account."            },
    {"ACCOUNT_RESTRICTION",     "limited",  "Meta has restricted the WhatsApp Business account."          },
    {"ACCOUNT_VIOLATION",       "limited",  "Meta reports a violation of its rules by the account."       },
    {"FLAGGED",                 "limited",  "The quality rating of the number is low; a limit may follow."},
    {"DOWNGRADE",               "limited",  "Fewer people a day can be written to first than before."     },
    {"UNFLAGGED",               "restored", "The quality rating of the number is good again."             },
    {"UPGRADE",                 "restored", "More people a day can be written to first than before."      },
    {"VERIFIED_ACCOUNT",        "restored", "Meta has verified the WhatsApp Business account."            },
};

static void read_account_event(struct walk *w)
{
    str event = take_line(w->value, "event", WORD_BYTES);
    const struct json *ban = take_object(w->value, "ban_info");
    str ban_state = take_line(ban, "waba_ban_state", WORD_BYTES);
    if (str_eq(ban_state, S("REINSTATE"))) {
        add_account(w, "restored", S("Meta has put the WhatsApp Business account back."));
        return;
    }
    for (size_t i = 0; i < sizeof account_events / sizeof *account_events; i++)
        if (str_eq(event, str_from(account_events[i].event)))
            add_account(w, account_events[i].state, str_from(account_events[i].words));
}

/* What became of a template: its event, its new quality, or its new category. */
static const struct {
    const char *member, *words;
} template_news[] = {
    {"event",             "is now"            },
    {"new_quality_score", "is now of quality" },
    {"new_category",      "is now of category"},
};

static void read_template(struct walk *w)
{
    str name = take_line(w->value, "message_template_name", WORD_BYTES);
    str language = take_line(w->value, "message_template_language", WORD_BYTES);
    str reason = take_line(w->value, "reason", WORD_BYTES);
    bool has_reason = reason.len && !str_eq(reason, S("NONE"));
    for (size_t i = 0; i < sizeof template_news / sizeof *template_news; i++) {
        str word = take_line(w->value, template_news[i].member, WORD_BYTES);
        if (!name.len || !word.len)
            continue;
        add_account(w, "template",
            str_print(w->a, "Template %.*s (%.*s) %s %.*s%s%.*s.", SARG(name), SARG(language),
                template_news[i].words, SARG(str_lower_ascii(w->a, word)), has_reason ? ": " : "",
                SARG(has_reason ? reason : (str){0})));
        return;
    }
}

/* ── the walk ── */

static void read_messages(struct walk *w)
{
    const struct json *messages = take_array(w->value, "messages");
    const struct json *statuses = take_array(w->value, "statuses");
    for (const struct json *v = messages ? messages->first : NULL; v && !w->is_full; v = v->next)
        read_message(w, v, false);
    for (const struct json *v = statuses ? statuses->first : NULL; v && !w->is_full; v = v->next)
        read_status(w, v);
    read_errors(w);
}

static void read_echoes(struct walk *w)
{
    const struct json *list = take_array(w->value, "message_echoes");
    for (const struct json *v = list ? list->first : NULL; v && !w->is_full; v = v->next)
        read_message(w, v, true);
}

static const struct {
    const char *field;
    void (*read)(struct walk *w);
} fields[] = {
    {"messages",                        read_messages     },
    {"smb_message_echoes",              read_echoes       },
    {"account_update",                  read_account_event},
    {"phone_number_quality_update",     read_account_event},
    {"message_template_status_update",  read_template     },
    {"message_template_quality_update", read_template     },
    {"template_category_update",        read_template     },
};

static void read_change(struct walk *w, const struct json *change)
{
    w->field = take_line(change, "field", WORD_BYTES);
    w->value = take_object(change, "value");
    w->account = take_id(take_object(w->value, "metadata"), "phone_number_id");
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (str_eq(w->field, str_from(fields[i].field)))
            fields[i].read(w);
}

err whatsapp_parse(
    struct arena *a, const struct connector_raw *raw, struct connector_batch *batch, str *why)
{
    const struct json *root = NULL;
    if (json_parse(a, raw->body, &root, why) != OK)
        return E_INVALID;
    const struct json *entries = take_array(root, "entry");
    if (!str_eq(take_line(root, "object", WORD_BYTES), S("whatsapp_business_account")) ||
        !entries) {
        *why = S("This is not a delivery of a WhatsApp Business account.");
        return E_INVALID;
    }
    struct walk w = {.a = a, .list = {.a = a}, .received_ms = raw->received_ms};
    for (const struct json *e = entries->first; e; e = e->next) {
        const struct json *changes = take_array(e, "changes");
        w.entry_id = take_id(e, "id");
        for (const struct json *c = changes ? changes->first : NULL; c; c = c->next)
            read_change(&w, c);
    }
    if (w.is_full) {
        *why = S("There are more than 1,000 events in one delivery.");
        return E_INVALID;
    }
    batch_of(&w.list, batch);
    return OK;
}
