/* telegram: what is in a message: text, files, links, places, cards, polls, stickers. See
 * telegram.h. Files come by their file_id; of several sizes the largest one, of an animation the
 * video (it is sent as a document too). Thread: pure. */
#include "connector/telegram.h"

#include "base/limits.h"
#include "base/utf8.h"
#include "connector/part.h"
#include "connector/reading.h"

enum {
    LINKS = 20,        /* read of one text's hidden addresses */
    POLL_OPTIONS = 30, /* shown */
};

static str id_text(struct arena *a, const struct json *object, const char *key)
{
    int64_t n = take_int(object, key, 0);
    return n ? str_print(a, "%lld", (long long)n) : (str){0};
}

/* Where UTF-16 unit `unit` of the text begins; the end beyond it. */
static ptrdiff_t byte_of(str text, int64_t unit)
{
    ptrdiff_t at = 0;
    while (at < text.len && unit > 0) {
        uint32_t c = 0;
        at += utf8_decode(text, at, &c);
        unit -= c > 0xffff ? 2 : 1;
    }
    return at;
}

/* Addresses that stand behind words. */
static void read_links(const struct json *list, str text, struct parts *parts)
{
    int n = 0;
    for (const struct json *e = list ? list->first : NULL; e && n < LINKS; e = e->next) {
        str url = take_url(e, "url");
        int64_t from = take_int(e, "offset", -1), len = take_int(e, "length", -1);
        if (!url.len || from < 0 || len < 0 || len > INT32_MAX || from > INT32_MAX)
            continue;
        ptrdiff_t at = byte_of(text, from), end = byte_of(text, from + len);
        part_link(parts, url, str_trim(str_sub(text, at, end - at)), (str){0});
        n++;
    }
}

/* "/start order_1001", in groups "/start@SevaBot order_1001": what stood in the link. */
static void read_start(str text, struct parts *parts)
{
    str command, rest, at, bot;
    if (!str_cut(text, ' ', &command, &rest))
        return;
    (void)str_cut(command, '@', &at, &bot);
    rest = str_trim(rest);
    if (!rest.len || rest.len > READING_ID_BYTES || utf8_has_control(rest))
        return;
    if (!str_eq(at, S("/start")) && !str_eq(at, S("/startgroup")))
        return;
    part_begin(parts, S("referral"));
    part_text(parts, "source", S("link"));
    part_text(parts, "ref", rest);
    part_end(parts);
}

static void add_file(
    struct arena *a, struct connector_item *it, const struct json *file, str name, const char *type)
{
    struct connector_attachment *at = NEW(a, struct connector_attachment, 1);
    str own = take_line(file, "mime_type", 100);
    at->media_id = take_id(file, "file_id");
    at->name = take_line(file, "file_name", LIMIT_NAME_BYTES);
    if (!at->name.len)
        at->name = name;
    at->type = own.len ? own : str_from(type);
    if (!at->media_id.len)
        return;
    it->attachments = at;
    it->n_attachments = 1;
}

/* The largest of the sizes; the last one where they do not say. */
static const struct json *largest(const struct json *sizes)
{
    const struct json *best = NULL;
    int64_t most = -1;
    for (const struct json *s = sizes ? sizes->first : NULL; s; s = s->next) {
        int64_t width = take_int(s, "width", 0), height = take_int(s, "height", 0);
        bool is_sane = width >= 0 && height >= 0 && width < 100000 && height < 100000;
        int64_t area = is_sane ? width * height : 0;
        if (area >= most) {
            most = area;
            best = s;
        }
    }
    return best;
}

static void read_sticker(struct arena *a, const struct json *sticker, struct connector_item *it)
{
    bool is_animated = take_bool(sticker, "is_animated"), is_video = take_bool(sticker, "is_video");
    if (is_animated)
        add_file(a, it, sticker, S("sticker.tgs"), "application/x-tgsticker");
    else if (is_video)
        add_file(a, it, sticker, S("sticker.webm"), "video/webm");
    else
        add_file(a, it, sticker, S("sticker.webp"), "image/webp");
    it->text = take_line(sticker, "emoji", LIMIT_NAME_BYTES);
}

static void read_files(struct arena *a, const struct json *m, struct connector_item *it)
{
    static const struct {
        const char *key, *name, *type;
    } kinds[] = {
        {"animation",  "animation.mp4", "video/mp4"               },
        {"video",      "video.mp4",     "video/mp4"               },
        {"video_note", "video.mp4",     "video/mp4"               },
        {"audio",      "audio.mp3",     "audio/mpeg"              },
        {"voice",      "voice.ogg",     "audio/ogg"               },
        {"document",   "file",          "application/octet-stream"},
    };
    const struct json *photo = largest(take_array(m, "photo"));
    const struct json *sticker = take_object(m, "sticker");
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds && !it->n_attachments; i++) {
        const struct json *file = take_object(m, kinds[i].key);
        if (file)
            add_file(a, it, file, str_from(kinds[i].name), kinds[i].type);
    }
    if (photo && !it->n_attachments)
        add_file(a, it, photo, S("photo.jpg"), "image/jpeg");
    if (sticker)
        read_sticker(a, sticker, it);
}

static bool degrees(const struct json *location, const char *key, double most, double *out)
{
    const struct json *v = json_get(location, str_from(key));
    bool is_there = v && v->kind == JSON_NUMBER && v->number >= -most && v->number <= most;
    if (is_there)
        *out = v->number;
    return is_there;
}

static void read_location(const struct json *m, struct parts *parts)
{
    const struct json *venue = take_object(m, "venue");
    const struct json *at = take_object(venue ? venue : m, "location");
    double latitude, longitude;
    if (degrees(at, "latitude", 90, &latitude) && degrees(at, "longitude", 180, &longitude))
        part_location(parts, latitude, longitude, take_line(venue, "title", LIMIT_NAME_BYTES),
            take_line(venue, "address", LIMIT_NAME_BYTES));
}

/* A number is the writer's own only when Telegram says that the card is theirs. */
static void read_card(
    struct arena *a, const struct json *m, struct connector_item *it, struct parts *parts)
{
    const struct json *card = take_object(m, "contact");
    if (!card)
        return;
    str phone = take_line(card, "phone_number", LIMIT_NAME_BYTES);
    str first = take_line(card, "first_name", LIMIT_NAME_BYTES);
    str last = take_line(card, "last_name", LIMIT_NAME_BYTES);
    part_contact(
        parts, last.len ? str_print(a, "%.*s %.*s", SARG(first), SARG(last)) : first, phone);
    int64_t owner = take_int(card, "user_id", 0);
    if (owner && owner == take_int(take_object(m, "from"), "id", 0) && !it->is_ours)
        it->contact_phone = phone;
}

static void read_poll(
    struct arena *a, const struct json *m, struct connector_item *it, struct parts *parts)
{
    const struct json *poll = take_object(m, "poll"), *options = take_array(poll, "options");
    if (!poll)
        return;
    struct sb b = sb_make(a, LIMIT_TEXT_BYTES);
    int n = 0;
    sb_add(&b, take_line(poll, "question", LIMIT_NAME_BYTES * 4));
    for (const struct json *o = options ? options->first : NULL; o && n < POLL_OPTIONS; n++) {
        sb_add(&b, S("\n• "));
        sb_add(&b, take_line(o, "text", LIMIT_NAME_BYTES));
        o = o->next;
    }
    it->text = str_trim(sb_str(&b));
    part_unsupported(parts, S("poll"));
}

static void read_story(struct arena *a, const struct json *m, struct parts *parts)
{
    const struct json *story = take_object(m, "story");
    str handle = take_line(take_object(story, "chat"), "username", LIMIT_NAME_BYTES);
    str id = id_text(a, story, "id");
    if (!story)
        return;
    part_begin(parts, S("story"));
    if (str_is_ascii_token(handle) && id.len)
        part_text(parts, "url", str_print(a, "https://t.me/%.*s/s/%.*s", SARG(handle), SARG(id)));
    part_end(parts);
}

/* What describes a message, and what the chat says of itself. Everything else is content. */
static bool is_known(str key)
{
    static const char *const known[] = {"message_id", "message_thread_id", "direct_messages_topic",
        "from", "sender_chat", "sender_boost_count", "sender_business_bot",
        "business_connection_id", "chat", "date", "edit_date", "forward_origin", "is_topic_message",
        "is_automatic_forward", "reply_to_message", "external_reply", "quote", "reply_to_story",
        "reply_to_checklist_task_id", "via_bot", "has_protected_content", "is_from_offline",
        "is_paid_post", "media_group_id", "author_signature", "paid_star_count", "text", "entities",
        "link_preview_options", "suggested_post_info", "effect_id", "caption", "caption_entities",
        "show_caption_above_media", "has_media_spoiler", "reply_markup", "sender_tag",
        "new_chat_members", "left_chat_member", "new_chat_title", "new_chat_photo",
        "delete_chat_photo", "group_chat_created", "supergroup_chat_created",
        "channel_chat_created", "message_auto_delete_timer_changed", "migrate_to_chat_id",
        "migrate_from_chat_id", "pinned_message", "users_shared", "chat_shared",
        "connected_website", "write_access_allowed", "proximity_alert_triggered", "boost_added",
        "chat_background_set", "forum_topic_created", "forum_topic_edited", "forum_topic_closed",
        "forum_topic_reopened", "general_forum_topic_hidden", "general_forum_topic_unhidden",
        "video_chat_scheduled", "video_chat_started", "video_chat_ended",
        "video_chat_participants_invited", "chat_owner_left", "chat_owner_changed"};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (str_eq(key, str_from(known[i])))
            return true;
    return false;
}

/* Nothing of it was understood: the customer sent something that Seva cannot show. */
static void read_rest(const struct json *m, struct parts *parts)
{
    for (const struct json *v = m->first; v; v = v->next)
        if (!is_known(v->key) && v->key.len <= READING_ID_BYTES && !utf8_has_control(v->key)) {
            part_unsupported(parts, v->key);
            return;
        }
}

bool telegram_content(struct arena *a, const struct json *m, struct connector_item *it)
{
    struct parts parts = parts_make(a);
    const struct json *dice = take_object(m, "dice");
    str text = take_text(m, "text"), caption = take_text(m, "caption");
    read_files(a, m, it);
    if (text.len || caption.len)
        it->text = text.len ? text : caption;
    read_start(text, &parts);
    read_links(take_array(m, text.len ? "entities" : "caption_entities"), it->text, &parts);
    read_location(m, &parts);
    read_card(a, m, it, &parts);
    read_poll(a, m, it, &parts);
    read_story(a, m, &parts);
    if (dice)
        it->text = str_print(a, "%.*s %lld", SARG(take_line(dice, "emoji", 40)),
            (long long)take_int(dice, "value", 0));
    if (!str_trim(it->text).len && !it->n_attachments && !parts.is_open)
        read_rest(m, &parts);
    if (it->n_attachments)
        part_album(&parts, take_id(m, "media_group_id"));
    it->parts = parts_str(&parts);
    return str_trim(it->text).len || it->n_attachments || it->parts.len;
}
