/* line: webhook events into items. See line.h. A delivery holds any number of events, also none; a
 * redelivery has the same webhookEventId and may come out of order (the time of each event stands
 * in it). LINE names people by id only: names come with connector.person. Not read: who joins and
 * leaves groups, account links, beacons, memberships, videos watched, modules. Thread: pure. */
#include "connector/line.h"

#include "base/limits.h"
#include "base/utf8.h"
#include "connector/part.h"
#include "connector/reading.h"

struct reading {
    struct arena *a;
    struct item_list list;
    str account;
    int64_t received_ms;
};

static bool read_source(const struct json *event, struct connector_item *it)
{
    const struct json *source = take_object(event, "source");
    str group = take_id(source, "groupId"), room = take_id(source, "roomId");
    it->thread_key = group.len ? group : room;
    it->contact_external_id = take_id(source, "userId");
    if (!it->contact_external_id.len) /* in groups not everybody has agreed to be named */
        it->contact_external_id = it->thread_key;
    return it->contact_external_id.len > 0;
}

/* Whole or not at all. */
static void put_token(struct json_out *j, const char *key, const struct json *of, const char *name)
{
    enum { TOKEN_BYTES = 300 }; /* three of them fit into READING_TOKEN_BYTES */
    str s = take_line(of, name, READING_TOKEN_BYTES);
    if (s.len && s.len <= TOKEN_BYTES)
        json_kv_str(j, str_from(key), s);
}

static str token_of(struct reading *r, const struct json *event, const struct json *m)
{
    struct json_out j = json_out_make(r->a, READING_TOKEN_BYTES);
    bool is_again = take_bool(take_object(event, "deliveryContext"), "isRedelivery");
    json_obj(&j);
    put_token(&j, "r", event, "replyToken");
    put_token(&j, "q", m, "quoteToken");
    put_token(&j, "m", m, "markAsReadToken");
    json_kv_int(&j, S("at"), is_again ? take_time(event, "timestamp") : r->received_ms);
    json_obj_end(&j);
    return j.b.failed ? (str){0} : json_str(&j);
}

/* ── content ── */

static void add_file(struct reading *r, const struct json *m, const char *name, const char *type,
    struct connector_item *it)
{
    const struct json *from = take_object(m, "contentProvider");
    struct connector_attachment *at = NEW(r->a, struct connector_attachment, 1);
    str url = take_url(from, "originalContentUrl");
    if (str_eq(take_line(from, "type", 20), S("external")) && url.len)
        at->url = url;
    else
        at->media_id = take_id(m, "id");
    at->name = take_line(m, "fileName", LIMIT_NAME_BYTES);
    if (!at->name.len)
        at->name = str_from(name);
    at->type = str_from(type);
    it->attachments = at;
    it->n_attachments = 1;
}

static void read_place(const struct json *m, struct parts *parts)
{
    const struct json *lat = json_get(m, S("latitude")), *lon = json_get(m, S("longitude"));
    bool is_there = lat && lon && lat->kind == JSON_NUMBER && lon->kind == JSON_NUMBER;
    if (is_there && lat->number >= -90 && lat->number <= 90 && lon->number >= -180 &&
        lon->number <= 180)
        part_location(parts, lat->number, lon->number, take_line(m, "title", LIMIT_NAME_BYTES),
            take_line(m, "address", LIMIT_NAME_BYTES));
}

/* What the sticker says: words written on it, else what it stands for. */
static void read_sticker(
    struct reading *r, const struct json *m, struct connector_item *it, struct parts *parts)
{
    enum { WORDS = 3 };
    const struct json *list = take_array(m, "keywords");
    struct sb b = sb_make(r->a, LIMIT_NAME_BYTES * 4);
    int n = 0;
    part_unsupported(parts, S("sticker"));
    it->text = take_text(m, "text");
    for (const struct json *w = list ? list->first : NULL; w && n < WORDS; w = w->next) {
        str word = str_trim(json_text(w, S("")));
        if (!word.len || word.len > LIMIT_NAME_BYTES || utf8_has_control(word))
            continue;
        sb_add(&b, n++ ? S(", ") : S(""));
        sb_add(&b, word);
    }
    if (!it->text.len)
        it->text = sb_str(&b);
}

static void read_content(struct reading *r, const struct json *m, struct connector_item *it)
{
    struct parts parts = parts_make(r->a);
    str type = take_line(m, "type", 40);
    if (str_eq(type, S("text")))
        it->text = take_text(m, "text");
    else if (str_eq(type, S("image")))
        add_file(r, m, "image.jpg", "image/jpeg", it);
    else if (str_eq(type, S("video")))
        add_file(r, m, "video.mp4", "video/mp4", it);
    else if (str_eq(type, S("audio")))
        add_file(r, m, "audio.m4a", "audio/mp4", it);
    else if (str_eq(type, S("file")))
        add_file(r, m, "file", "", it);
    else if (str_eq(type, S("location")))
        read_place(m, &parts);
    else if (str_eq(type, S("sticker")))
        read_sticker(r, m, it, &parts);
    if (!str_trim(it->text).len && !it->n_attachments && !parts.is_open)
        part_unsupported(&parts, type.len ? type : S("message"));
    if (it->n_attachments)
        part_album(&parts, take_id(take_object(m, "imageSet"), "id"));
    it->parts = parts_str(&parts);
}

/* ── events ── */

static void put(struct reading *r, const struct json *event, struct connector_item *read)
{
    struct connector_item *it = item_add(&r->list, read->kind);
    if (!it)
        return;
    read->account = r->account;
    read->sent_ms = take_time(event, "timestamp");
    if (!read->sent_ms)
        read->sent_ms = r->received_ms;
    *it = *read;
}

static void fault(struct reading *r, str words, const struct json *event)
{
    item_fault(
        &r->list, words, str_print(r->a, "{\"events\":[%.*s]}", SARG(json_text_of(r->a, event))));
}

static void read_message(struct reading *r, const struct json *event)
{
    const struct json *m = take_object(event, "message");
    struct connector_item read = {.kind = ITEM_MESSAGE, .opens_window = true};
    read.external_id = take_id(m, "id");
    if (!read.external_id.len || !read_source(event, &read)) {
        fault(r, S("The message has no number or no sender."), event);
        return;
    }
    read_content(r, m, &read);
    read.reply_to = take_id(m, "quotedMessageId");
    read.token = token_of(r, event, m);
    put(r, event, &read);
}

/* Our own buttons carry their words; a date picker, or a menu that was changed, what was picked. */
static str title_of(struct reading *r, const struct json *postback, str *id)
{
    const struct json *params = take_object(postback, "params"), *ours = NULL;
    str data = take_line(postback, "data", READING_TOKEN_BYTES), why;
    str picked = json_text(params ? params->first : NULL, S(""));
    *id = utf8_prefix_bytes(data, 300 * 3); /* UTF-16 units, as UTF-8 at most */
    if (picked.len && picked.len <= READING_ID_BYTES && !utf8_has_control(picked))
        return picked;
    if (!str_starts(data, S("{")) || json_parse(r->a, data, &ours, &why) != OK)
        return *id;
    str inner = take_line(ours, "id", READING_ID_BYTES);
    if (!inner.len)
        return *id;
    *id = inner;
    str title = take_line(ours, "title", LIMIT_NAME_BYTES);
    return title.len ? title : inner;
}

static void read_postback(struct reading *r, const struct json *event)
{
    struct connector_item read = {.kind = ITEM_MESSAGE, .opens_window = true};
    struct parts parts = parts_make(r->a);
    str id;
    read.external_id = take_id(event, "webhookEventId");
    if (!read.external_id.len || !read_source(event, &read)) {
        fault(r, S("The press of a button has no number or no sender."), event);
        return;
    }
    read.text = title_of(r, take_object(event, "postback"), &id);
    part_choice(&parts, id, read.text);
    read.parts = parts_str(&parts);
    read.token = token_of(r, event, NULL);
    put(r, event, &read);
}

static void read_event(struct reading *r, const struct json *event)
{
    str type = take_line(event, "type", 40);
    struct connector_item read = {0};
    if (str_eq(type, S("message"))) {
        read_message(r, event);
    } else if (str_eq(type, S("postback"))) {
        read_postback(r, event);
    } else if (str_eq(type, S("unsend"))) {
        read.kind = ITEM_DELETE;
        read.external_id = take_id(take_object(event, "unsend"), "messageId");
        if (read.external_id.len && read_source(event, &read))
            put(r, event, &read);
    } else if (str_eq(type, S("follow")) || str_eq(type, S("unfollow"))) {
        read.kind = ITEM_PERSON;
        read.is_gone = str_eq(type, S("unfollow"));
        if (read_source(event, &read))
            put(r, event, &read);
    } else if (str_eq(type, S("botSuspended")) || str_eq(type, S("botResumed"))) {
        read.kind = ITEM_ACCOUNT;
        read.state = str_eq(type, S("botResumed")) ? S("restored") : S("limited");
        if (str_eq(type, S("botSuspended")))
            read.error = S("LINE has suspended the account.");
        put(r, event, &read);
    }
}

err line_parse(
    struct arena *a, const struct connector_raw *raw, struct connector_batch *batch, str *why)
{
    const struct json *root = NULL;
    if (json_parse(a, raw->body, &root, why) != OK)
        return E_INVALID;
    const struct json *events = take_array(root, "events");
    if (!events) {
        *why = S("This is nothing of LINE's: events is missing.");
        return E_INVALID;
    }
    struct reading r = {.a = a,
        .list = {.a = a},
        .account = take_id(root, "destination"),
        .received_ms = raw->received_ms};
    for (const struct json *e = events->first; e; e = e->next)
        read_event(&r, e);
    batch_of(&r.list, batch);
    /* Several events of one delivery are told apart by their messages' ids. */
    str id = events->count == 1 ? take_id(events->first, "webhookEventId") : (str){0};
    if (id.len)
        batch->delivery_id = id;
    return OK;
}
