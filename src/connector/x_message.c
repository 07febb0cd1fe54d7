/* Direct messages: the older form of webhooks (message_create, times as texts of milliseconds, a
 * map of users whose entries may be wrapped in "data") and the form of /2/dm_events. See x.h.
 *
 * A talk of two has no thread of its own: the person is the thread. X names it by both ids joined
 * by a hyphen, whose order is not promised: it is looked at, never built. A group's number is its
 * thread. Source: docs.x.com, "Direct messages", August 2026. Thread: pure. */
#include "base/limits.h"
#include "connector/x.h"

enum { WORD_BYTES = 64, PEOPLE_MAX = 64 };

/* One message, out of either form. */
struct letter {
    const struct json *node;
    str id, sender, other; /* other: the one it went to, when the form says it */
    str conversation, text;
    const struct json *entities, *keys, *media, *choice;
    int64_t sent_ms;
};

static bool is_of_two(str conversation)
{
    return !conversation.len || str_find_byte(conversation, '-') >= 0;
}

/* Of "1111-2222" the one that is not us; empty for anything else. */
static str partner(str conversation, str account)
{
    str first, second;
    if (!str_cut(conversation, '-', &first, &second) || !x_is_id(first) || !x_is_id(second))
        return (str){0};
    return str_eq(first, account) ? second : str_eq(second, account) ? first : (str){0};
}

static str first_other(const struct json *ids, str account)
{
    int n = 0;
    for (const struct json *v = ids ? ids->first : NULL; v && n < PEOPLE_MAX; v = v->next, n++) {
        str id = json_text(v, S(""));
        if (x_is_id(id) && !str_eq(id, account))
            return id;
    }
    return (str){0};
}

static void letter_add(struct item_list *list, struct x_world *w, const struct letter *m)
{
    bool is_ours = w->account.len && str_eq(m->sender, w->account);
    str person = is_ours ? m->other : m->sender;
    struct connector_item *it = x_is_id(person) ? item_add(list, ITEM_MESSAGE) : NULL;
    if (!it)
        return; /* ours, to nobody that is named */
    struct parts parts = parts_make(w->a);
    struct connector_attachment file;
    bool missing = false;
    x_contact(w, person, it);
    it->account = w->account;
    it->external_id = m->id;
    it->is_ours = is_ours;
    it->thread_key = is_of_two(m->conversation) ? (str){0} : m->conversation;
    it->text = x_plain(w->a, m->text, m->entities, NULL, (str){0});
    it->sent_ms = m->sent_ms ? m->sent_ms : x_id_ms(m->id);
    if (m->media && x_file(w->a, m->media, &file))
        x_file_add(w->a, it, &parts, &file);
    x_files(w, m->keys, it, &parts, &missing);
    str post = x_reference(m->node, "quoted");
    if (x_is_id(post))
        part_link(&parts, x_post_url(w->a, (str){0}, post), (str){0}, (str){0});
    if (m->choice)
        part_choice(&parts, take_id(m->choice, "metadata"), it->text);
    if (missing || (!it->text.len && !it->n_attachments && !parts.is_open))
        part_unsupported(&parts, missing ? S("file") : S("message"));
    it->parts = parts_str(&parts);
}

/* ── the older form ── */

/* {"2222":{"data":{…}}} or {"2222":{…}}. */
static void add_people(struct x_world *w, const struct json *people)
{
    int n = 0;
    if (!people || people->kind != JSON_OBJECT)
        return;
    for (const struct json *v = people->first; v && n < LIMIT_HOOK_ITEMS; v = v->next, n++) {
        const struct json *data = take_object(v, "data");
        const struct json *person = data ? data : v;
        if (person->kind == JSON_OBJECT && x_is_id(v->key) &&
            map_put(&w->people, v->key, (void *)(uintptr_t)person) != OK)
            return;
    }
}

static void fault_of_event(struct item_list *list, const struct x_world *w,
    const struct json *event, const struct json *one, const char *member)
{
    struct arena *a = list->a;
    item_fault(list, S("A direct message without an id or a sender."),
        str_print(a,
            "{\"data\":{\"event_type\":\"%.*s\",\"filter\":{\"user_id\":\"%.*s\"},\"payload\":{\"%s\":"
            "[%.*s]}}}",
            SARG(take_line(event, "event_type", 16)), SARG(w->account), member,
            SARG(json_text_of(a, one))));
}

static void parse_created(
    struct item_list *list, struct x_world *w, const struct json *event, const struct json *one)
{
    const struct json *create = take_object(one, "message_create");
    const struct json *data = take_object(create, "message_data");
    const struct json *target = take_object(create, "target");
    const struct json *attachment = take_object(data, "attachment");
    struct letter m = {.node = one,
        .id = take_id(one, "id"),
        .sender = take_id(create, "sender_id"),
        .other = take_id(target, "recipient_id"),
        .conversation = take_id(target, "conversation_id"),
        .text = take_text(data, "text"),
        .entities = take_object(data, "entities"),
        .media = take_object(attachment, "media"),
        .choice = take_object(data, "quick_reply_response"),
        .sent_ms = take_time(one, "created_timestamp")};
    if (!m.conversation.len)
        m.conversation = take_id(one, "dm_conversation_id");
    if (!w->account.len) /* which of the two is ours, the event's name tells */
        w->account =
            str_eq(take_line(event, "event_type", WORD_BYTES), S("dm.sent")) ? m.sender : m.other;
    if (!x_is_id(m.id) || !x_is_id(m.sender))
        fault_of_event(list, w, event, one, "direct_message_events");
    else
        letter_add(list, w, &m);
}

/* The customer has read what we wrote until then. */
static void parse_read(struct item_list *list, const struct x_world *w, const struct json *one)
{
    str reader = take_id(one, "sender_id");
    int64_t at_ms = take_time(one, "created_timestamp");
    if (!at_ms)
        at_ms = x_id_ms(take_id(one, "last_read_event_id"));
    bool is_theirs = x_is_id(reader) && !str_eq(reader, w->account) && at_ms > 0;
    struct connector_item *it = is_theirs ? item_add(list, ITEM_READ) : NULL;
    if (!it)
        return;
    x_contact(w, reader, it);
    it->account = w->account;
    it->state = S("read");
    it->sent_ms = at_ms;
}

static void parse_letter_of_v2(struct item_list *list, struct x_world *w, const struct json *one);

void x_parse_messages(
    struct item_list *list, struct x_world *w, const struct json *event, const struct json *payload)
{
    str type = take_line(event, "event_type", WORD_BYTES);
    add_people(w, take_object(payload, "users"));
    if (str_eq(type, S("dm.read"))) {
        const struct json *reads = take_array(payload, "direct_message_mark_read_events");
        for (const struct json *r = reads ? reads->first : NULL; r; r = r->next)
            parse_read(list, w, r);
        if (!reads && take_id(payload, "sender_id").len)
            parse_read(list, w, payload);
        return;
    }
    if (!str_eq(type, S("dm.received")) && !str_eq(type, S("dm.sent")))
        return; /* typing */
    const struct json *events = take_array(payload, "direct_message_events");
    for (const struct json *one = events ? events->first : NULL; one; one = one->next) {
        str kind = take_line(one, "type", WORD_BYTES);
        if (str_eq(kind, S("message_create")) || !kind.len)
            parse_created(list, w, event, one);
    }
    if (!events && payload)
        parse_letter_of_v2(list, w, payload); /* UNSURE: the newer form may come here too */
}

/* ── /2/dm_events ── */

static void parse_letter_of_v2(struct item_list *list, struct x_world *w, const struct json *one)
{
    const struct json *attached = take_object(one, "attachments");
    str kind = take_line(one, "event_type", WORD_BYTES);
    struct letter m = {.node = one,
        .id = take_id(one, "id"),
        .sender = take_id(one, "sender_id"),
        .conversation = take_id(one, "dm_conversation_id"),
        .text = take_text(one, "text"),
        .entities = take_object(one, "entities"),
        .keys = take_array(attached, "media_keys"),
        .sent_ms = take_time(one, "created_at")};
    if (kind.len && !str_eq(kind, S("MessageCreate")))
        return; /* somebody came or went */
    m.other = partner(m.conversation, w->account);
    if (!m.other.len)
        m.other = first_other(take_array(one, "participant_ids"), w->account);
    if (x_is_id(m.id) && x_is_id(m.sender))
        letter_add(list, w, &m);
    else
        item_fault(list, S("A direct message without an id or a sender."),
            str_print(list->a, "{\"data\":[%.*s]}", SARG(json_text_of(list->a, one))));
}

void x_parse_message_page(struct item_list *list, struct x_world *w, const struct json *root)
{
    const struct json *data = json_get(root, S("data"));
    if (data && data->kind == JSON_OBJECT)
        parse_letter_of_v2(list, w, data);
    if (data && data->kind == JSON_ARRAY)
        for (const struct json *one = data->first; one; one = one->next)
            parse_letter_of_v2(list, w, one);
}
