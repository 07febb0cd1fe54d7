/* viber: what Viber tells into items. See viber.h. A press of a keyboard's button comes as a text
 * of the customer; which button it was stands in the tracking data that we sent with the keyboard.
 * Opening a chat is no message unless the link that led there says what it is about. Thread: pure.
 */
#include "connector/viber.h"

#include "base/limits.h"
#include "connector/part.h"
#include "connector/reading.h"

static void read_user(const struct json *user, struct connector_item *it)
{
    it->contact_external_id = take_id(user, "id");
    it->contact_name = take_line(user, "name", LIMIT_NAME_BYTES);
    it->contact_avatar_url = take_url(user, "avatar");
    it->contact_language = take_line(user, "language", 35);
}

static void read_file(
    struct arena *a, const struct json *m, const char *type, struct connector_item *it)
{
    struct connector_attachment *at = NEW(a, struct connector_attachment, 1);
    at->url = take_url(m, "media");
    at->name = take_line(m, "file_name", LIMIT_NAME_BYTES);
    at->type = str_from(type);
    it->attachments = at;
    it->n_attachments = at->url.len ? 1 : 0;
}

static void read_place(const struct json *m, struct parts *parts)
{
    const struct json *at = take_object(m, "location");
    const struct json *lat = json_get(at, S("lat")), *lon = json_get(at, S("lon"));
    bool is_there = lat && lon && lat->kind == JSON_NUMBER && lon->kind == JSON_NUMBER;
    if (is_there && lat->number >= -90 && lat->number <= 90 && lon->number >= -180 &&
        lon->number <= 180)
        part_location(parts, lat->number, lon->number, (str){0}, (str){0});
}

static void read_card(const struct json *m, struct parts *parts)
{
    const struct json *card = take_object(m, "contact");
    str phone = take_line(card, "phone_number", LIMIT_NAME_BYTES);
    if (!card)
        return;
    part_contact(parts, take_line(card, "name", LIMIT_NAME_BYTES), phone);
}

/* Our own tracking data holds [id, title] of each button that was offered. */
static void read_choice(struct arena *a, const struct json *m, str text, struct parts *parts)
{
    const struct json *data = NULL;
    str why, given = take_text(m, "tracking_data");
    if (!str_starts(given, S("{")) || json_parse(a, given, &data, &why) != OK)
        return;
    const struct json *list = take_array(data, "buttons");
    for (const struct json *b = list ? list->first : NULL; b; b = b->next) {
        str id = b->kind == JSON_ARRAY ? json_text(b->first, S("")) : S("");
        str title =
            b->kind == JSON_ARRAY && b->count == 2 ? json_text(b->first->next, S("")) : S("");
        if (!title.len || !str_eq(title, text) || id.len > READING_ID_BYTES)
            continue;
        part_choice(parts, id, title);
        return;
    }
}

static void read_content(struct arena *a, const struct json *m, struct connector_item *it)
{
    struct parts parts = parts_make(a);
    str type = take_line(m, "type", 40);
    it->text = take_text(m, "text");
    if (str_eq(type, S("text"))) {
        read_choice(a, m, it->text, &parts);
    } else if (str_eq(type, S("picture"))) {
        read_file(a, m, "image/jpeg", it);
    } else if (str_eq(type, S("video"))) {
        read_file(a, m, "video/mp4", it);
    } else if (str_eq(type, S("file"))) {
        read_file(a, m, "", it);
    } else if (str_eq(type, S("location"))) {
        read_place(m, &parts);
    } else if (str_eq(type, S("contact"))) {
        read_card(m, &parts);
    } else if (str_eq(type, S("url"))) {
        str url = take_url(m, "media");
        if (url.len)
            part_link(&parts, url, (str){0}, (str){0});
    }
    if (!str_trim(it->text).len && !it->n_attachments && !parts.is_open)
        part_unsupported(&parts, type.len ? type : S("message"));
    it->parts = parts_str(&parts);
}

static void read_message(struct item_list *list, const struct json *root, int64_t received_ms)
{
    const struct json *m = take_object(root, "message");
    str id = take_id(root, "message_token");
    struct connector_item read = {.kind = ITEM_MESSAGE, .opens_window = true};
    read_user(take_object(root, "sender"), &read);
    if (!m || !id.len || !read.contact_external_id.len) {
        item_fault(list, S("The message has no content, no number or no sender."),
            json_text_of(list->a, root));
        return;
    }
    read.external_id = id;
    read.sent_ms = take_time(root, "timestamp");
    if (!read.sent_ms)
        read.sent_ms = received_ms;
    read_content(list->a, m, &read);
    struct connector_item *it = item_add(list, ITEM_MESSAGE);
    if (it)
        *it = read;
}

static void read_person(struct item_list *list, const struct json *root, bool is_gone)
{
    const struct json *user = take_object(root, "user");
    struct connector_item read = {.kind = ITEM_PERSON, .is_gone = is_gone};
    read_user(user, &read);
    if (!read.contact_external_id.len)
        read.contact_external_id = take_id(root, "user_id");
    read.sent_ms = take_time(root, "timestamp");
    struct connector_item *it = read.contact_external_id.len ? item_add(list, ITEM_PERSON) : NULL;
    if (it)
        *it = read;
}

/* Opening a chat is no message yet, unless the link that led here says what it is about. */
static void read_started(struct item_list *list, const struct json *root)
{
    str context = take_line(root, "context", READING_ID_BYTES), id = take_id(root, "message_token");
    struct connector_item read = {.kind = ITEM_MESSAGE, .opens_window = true};
    struct parts parts = parts_make(list->a);
    read_user(take_object(root, "user"), &read);
    if (!context.len || !id.len || !read.contact_external_id.len) {
        read_person(list, root, false);
        return;
    }
    part_begin(&parts, S("referral"));
    part_text(&parts, "source", S("link"));
    part_text(&parts, "ref", context);
    part_end(&parts);
    read.parts = parts_str(&parts);
    read.external_id = id;
    read.sent_ms = take_time(root, "timestamp");
    struct connector_item *it = item_add(list, ITEM_MESSAGE);
    if (it)
        *it = read;
}

static void read_status(struct item_list *list, const struct json *root, str state)
{
    str id = take_id(root, "message_token");
    struct connector_item *it = id.len ? item_add(list, ITEM_STATUS) : NULL;
    if (!it)
        return;
    it->external_id = id;
    it->contact_external_id = take_id(root, "user_id");
    it->state = state;
    it->error = take_line(root, "desc", LIMIT_NAME_BYTES);
    it->sent_ms = take_time(root, "timestamp");
}

err viber_parse(
    struct arena *a, const struct connector_raw *raw, struct connector_batch *batch, str *why)
{
    const struct json *root = NULL;
    if (json_parse(a, raw->body, &root, why) != OK)
        return E_INVALID;
    str event = take_line(root, "event", 40), token = take_id(root, "message_token");
    struct item_list list = {.a = a};
    if (!event.len) {
        *why = S("This is nothing of Viber's: event is missing.");
        return E_INVALID;
    }
    if (str_eq(event, S("message")))
        read_message(&list, root, raw->received_ms);
    else if (str_eq(event, S("conversation_started")))
        read_started(&list, root);
    else if (str_eq(event, S("subscribed")) || str_eq(event, S("unsubscribed")))
        read_person(&list, root, str_eq(event, S("unsubscribed")));
    else if (str_eq(event, S("delivered")) || str_eq(event, S("failed")))
        read_status(&list, root, event);
    else if (str_eq(event, S("seen")))
        read_status(&list, root, S("read"));
    batch_of(&list, batch);
    /* delivered and seen name the same message: the event tells them apart. */
    if (token.len)
        batch->delivery_id = str_print(a, "%.*s:%.*s", SARG(event), SARG(token));
    return OK;
}
