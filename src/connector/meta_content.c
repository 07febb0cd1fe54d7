/* meta_events: what is in a message: files, shared posts, stories, places, templates. See
 * meta_events.h. Addresses of files are signed and end soon: they are fetched at once. */
#include "base/limits.h"
#include "connector/meta_events.h"

enum { TYPE_BYTES = 64, TEMPLATE_ELEMENTS = 10, TEMPLATE_BUTTONS = 13 };

static const struct {
    const char *name, *emoji;
} reactions[] = {
    {"love",    "❤" },
    {"like",    "👍"},
    {"dislike", "👎"},
    {"smile",   "😆"},
    {"wow",     "😮"},
    {"sad",     "😢"},
    {"angry",   "😠"},
};

str meta_emoji(str reaction)
{
    for (size_t i = 0; i < sizeof reactions / sizeof *reactions; i++)
        if (str_eq(str_from(reactions[i].name), reaction))
            return str_from(reactions[i].emoji);
    return (str){0};
}

str meta_reaction(str emoji)
{
    static const char emoji_style[] = "\xef\xb8\x8f"; /* U+FE0F */
    if (str_ends(emoji, str_from(emoji_style)))
        emoji.len -= (ptrdiff_t)sizeof emoji_style - 1;
    for (size_t i = 0; i < sizeof reactions / sizeof *reactions; i++)
        if (str_eq(str_from(reactions[i].emoji), emoji))
            return str_from(reactions[i].name);
    return (str){0};
}

struct meta_content meta_content_make(struct arena *a)
{
    return (struct meta_content){.a = a, .parts = parts_make(a)};
}

void meta_content_file(struct meta_content *c, str url, str name, str type)
{
    if (c->n_files == LIMIT_ATTACHMENTS) {
        part_link(&c->parts, url, name, (str){0});
        return;
    }
    if (!c->files)
        c->files = NEW(c->a, struct connector_attachment, LIMIT_ATTACHMENTS);
    c->files[c->n_files++] = (struct connector_attachment){.url = url, .name = name, .type = type};
}

void meta_content_end(struct meta_content *c, struct connector_item *it, const char *otherwise)
{
    if (!it->text.len)
        it->text = c->text;
    if (!it->text.len && !c->n_files && !c->parts.is_open)
        part_unsupported(&c->parts, str_from(otherwise));
    it->attachments = c->files;
    it->n_attachments = c->n_files;
    it->parts = parts_str(&c->parts);
    if (!it->text.len && !it->n_attachments && !it->parts.len) {
        struct parts instead = parts_make(c->a); /* the parts were too long to keep */
        part_unsupported(&instead, str_from(otherwise));
        it->parts = parts_str(&instead);
    }
}

/* A page to open, not a file to fetch: addresses of files are on hosts of their own. */
static bool is_page(str url)
{
    static const char *const sites[] = {
        "facebook.com", "instagram.com", "fb.com", "fb.watch", "fb.me", "m.me", "ig.me"};
    ptrdiff_t at = str_find(url, S("://"));
    str host = str_skip(url, at < 0 ? 0 : at + 3);
    ptrdiff_t end = 0;
    while (end < host.len && host.at[end] != '/' && host.at[end] != '?' && host.at[end] != '#' &&
           host.at[end] != ':')
        end++;
    host = str_sub(host, 0, end);
    if (str_starts(host, S("lookaside.")))
        return false;
    for (size_t i = 0; i < sizeof sites / sizeof *sites; i++) {
        str site = str_from(sites[i]);
        bool is_below = host.len > site.len && host.at[host.len - site.len - 1] == '.';
        if (str_eq(host, site) || (str_ends(host, site) && is_below))
            return true;
    }
    return false;
}

/* A post, reel or story of somebody that was shared or mentions us. */
static void read_shared(struct meta_content *c, str type, str url, str title)
{
    bool is_story = str_eq(type, S("story_mention"));
    if (!url.len) {
        part_unsupported(&c->parts, type);
        return;
    }
    part_begin(&c->parts, is_story ? S("story") : S("link"));
    part_text(&c->parts, "url", url);
    part_text(&c->parts, is_story ? "text" : "title", title);
    part_end(&c->parts);
    if (!is_page(url))
        meta_content_file(c, url, (str){0}, (str){0});
}

static void read_location(struct meta_content *c, const struct json *payload, str title, str url)
{
    const struct json *at = take_object(payload, "coordinates");
    const struct json *latitude = json_get(at, S("lat")), *longitude = json_get(at, S("long"));
    bool has_place = latitude && longitude && latitude->kind == JSON_NUMBER &&
                     longitude->kind == JSON_NUMBER && latitude->number >= -90 &&
                     latitude->number <= 90 && longitude->number >= -180 &&
                     longitude->number <= 180;
    if (has_place)
        part_location(&c->parts, latitude->number, longitude->number, title, (str){0});
    else if (url.len)
        part_link(&c->parts, url, title, (str){0});
    else
        part_unsupported(&c->parts, S("location"));
}

static void put_buttons(struct meta_content *c, const struct json *buttons)
{
    struct parts *p = &c->parts;
    if (!buttons || !buttons->first)
        return;
    part_begin(p, S("buttons"));
    json_key(&p->j, S("buttons"));
    json_arr(&p->j);
    int n = 0;
    for (const struct json *b = buttons->first; b && n < TEMPLATE_BUTTONS; b = b->next, n++) {
        json_obj(&p->j);
        part_text(p, "id", take_line(b, "payload", LIMIT_NAME_BYTES));
        part_text(p, "title", take_line(b, "title", LIMIT_NAME_BYTES));
        part_text(p, "url", take_url(b, "url"));
        json_obj_end(&p->j);
    }
    json_arr_end(&p->j);
    part_end(p);
}

/* What an automat of the account sent: text with buttons, or cards. */
static void read_template(struct meta_content *c, const struct json *payload)
{
    const struct json *elements = take_array(payload, "elements");
    const struct json *generic = take_object(payload, "generic"); /* Instagram wraps them */
    if (!elements)
        elements = take_array(generic, "elements");
    str text = take_text(payload, "text");
    bool is_empty = !text.len && !(elements && elements->first);
    c->text = text;
    put_buttons(c, take_array(payload, "buttons"));
    int n = 0;
    for (const struct json *v = elements ? elements->first : NULL; v && n < TEMPLATE_ELEMENTS;
         v = v->next, n++) {
        part_begin(&c->parts, S("link"));
        part_text(&c->parts, "url", take_url(take_object(v, "default_action"), "url"));
        part_text(&c->parts, "title", take_line(v, "title", LIMIT_NAME_BYTES));
        part_text(&c->parts, "text", take_line(v, "subtitle", LIMIT_NAME_BYTES));
        part_text(&c->parts, "image_url", take_url(v, "image_url"));
        part_end(&c->parts);
        put_buttons(c, take_array(v, "buttons"));
    }
    if (is_empty)
        part_unsupported(&c->parts, S("template"));
}

static bool is_one_of(str type, const char *const *names)
{
    for (ptrdiff_t i = 0; names[i]; i++)
        if (str_eq(type, str_from(names[i])))
            return true;
    return false;
}

static void read_attachment(struct meta_content *c, const struct json *v)
{
    static const char *const files[] = {"image", "video", "audio", "file", "sticker", NULL};
    static const char *const shared[] = {
        "story_mention", "share", "ig_post", "ig_reel", "reel", "post", NULL};
    const struct json *payload = take_object(v, "payload");
    str type = take_line(v, "type", TYPE_BYTES);
    str url = take_url(payload, "url"), title = take_line(payload, "title", LIMIT_NAME_BYTES);
    if (!url.len)
        url = take_url(v, "url");
    if (!title.len)
        title = take_line(v, "title", LIMIT_NAME_BYTES);
    if (url.len && is_one_of(type, files))
        meta_content_file(c, url, (str){0}, (str){0});
    else if (is_one_of(type, shared))
        read_shared(c, type, url, title);
    else if (str_eq(type, S("fallback")) && (url.len || title.len))
        part_link(&c->parts, url, title, (str){0});
    else if (str_eq(type, S("location")))
        read_location(c, payload, title, url);
    else if (str_eq(type, S("template")))
        read_template(c, payload);
    else {
        if (url.len)
            part_link(&c->parts, url, title, (str){0});
        part_unsupported(&c->parts, type.len ? type : S("attachment"));
    }
}

void meta_content_read(struct meta_content *c, const struct json *attachments)
{
    for (const struct json *v = attachments ? attachments->first : NULL; v; v = v->next)
        read_attachment(c, v);
}
