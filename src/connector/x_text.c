/* Out of X's JSON: texts as people read them, files, people. See x.h. Offsets of entities are never
 * used (they are code points of a text that is encoded once more); t.co addresses are unique and
 * found as such. Linear in the text times the addresses of a post, which are at most URLS. Source:
 * docs.x.com, "Data dictionary", August 2026. Thread: pure. */
#include "base/limits.h"
#include "base/utf8.h"
#include "connector/x.h"

enum {
    URLS = 64,         /* of one message that are looked at */
    VARIANTS = 32,     /* of one video */
    HANDLE_BYTES = 50, /* X gives out 15 */
    SHORT_BYTES = 64,  /* "https://t.co/" and its letters; the longest seen is 23 */
};

bool x_is_id(str s)
{
    for (ptrdiff_t i = 0; i < s.len; i++)
        if (s.at[i] < '0' || s.at[i] > '9')
            return false;
    return s.len > 0 && s.len <= X_ID_DIGITS;
}

int x_id_cmp(str x, str y)
{
    while (x.len && x.at[0] == '0')
        x = str_skip(x, 1);
    while (y.len && y.at[0] == '0')
        y = str_skip(y, 1);
    return x.len != y.len ? (x.len < y.len ? -1 : 1) : str_cmp(x, y);
}

int64_t x_id_ms(str id)
{
    const int64_t began_ms = INT64_C(1288834974657); /* X's own epoch */
    int64_t n = 0;
    if (str_int(id, 0, INT64_MAX, &n) != OK || n >> 22 == 0)
        return 0;
    return (n >> 22) + began_ms;
}

/* ── text ── */

struct short_url {
    str from, to; /* to: empty = leave it out */
};

static bool is_picture_page(str url, str display)
{
    return str_starts(display, S("pic.x.com/")) || str_starts(display, S("pic.twitter.com/")) ||
           (str_find(url, S("/status/")) > 0 &&
               (str_find(url, S("/photo/")) > 0 || str_find(url, S("/video/")) > 0));
}

static ptrdiff_t read_urls(
    const struct json *entities, str quoted, struct short_url *to, ptrdiff_t n)
{
    const struct json *list = take_array(entities, "urls");
    for (const struct json *u = list ? list->first : NULL; u && n < URLS; u = u->next) {
        str from = take_url(u, "url"), whole = take_url(u, "expanded_url");
        if (!from.len || from.len > SHORT_BYTES || !whole.len)
            continue;
        bool is_own = take_id(u, "media_key").len > 0 ||
                      is_picture_page(whole, take_line(u, "display_url", SHORT_BYTES));
        bool is_quoted =
            quoted.len && str_find(whole, S("/status/")) > 0 && str_ends(whole, quoted);
        to[n++] = (struct short_url){from, is_own || is_quoted ? (str){0} : whole};
    }
    return n;
}

static ptrdiff_t entity(str s, char *c)
{
    static const struct {
        const char *name;
        char c;
    } known[] = {
        {"&amp;", '&'},
        {"&lt;",  '<'},
        {"&gt;",  '>'}
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (str_starts(s, str_from(known[i].name))) {
            *c = known[i].c;
            return str_from(known[i].name).len;
        }
    }
    return 0;
}

/* A t.co address at the start of s whose letters end there. */
static const struct short_url *short_at(str s, const struct short_url *urls, ptrdiff_t n)
{
    for (ptrdiff_t i = 0; i < n; i++) {
        str from = urls[i].from;
        char next = s.len > from.len ? s.at[from.len] : ' ';
        bool goes_on = (next >= '0' && next <= '9') || ((next | 32) >= 'a' && (next | 32) <= 'z');
        if (str_starts(s, from) && !goes_on)
            return &urls[i];
    }
    return NULL;
}

/* As much of s as b has room for. */
static void add_cut(struct sb *b, str s)
{
    sb_add(b, str_sub(s, 0, b->max - b->len));
}

str x_plain(
    struct arena *a, str text, const struct json *urls, const struct json *more_urls, str quoted)
{
    struct short_url *known = NEW(a, struct short_url, URLS);
    ptrdiff_t n = read_urls(more_urls, quoted, known, read_urls(urls, quoted, known, 0));
    struct sb b = sb_make(a, LIMIT_TEXT_BYTES);
    ptrdiff_t from = 0; /* what comes before is in b */
    for (ptrdiff_t at = 0; at < text.len && !b.failed;) {
        char c = text.at[at];
        const struct short_url *u = c == 'h' ? short_at(str_skip(text, at), known, n) : NULL;
        ptrdiff_t len = u ? u->from.len : c == '&' ? entity(str_skip(text, at), &c) : 0;
        if (!len) {
            at++;
            continue;
        }
        add_cut(&b, str_sub(text, from, at - from));
        sb_add(&b, u ? u->to : str_of(&c, 1));
        from = at += len;
    }
    add_cut(&b, str_skip(text, from));
    return str_trim(utf8_prefix_bytes(utf8_repair(a, sb_str(&b)), LIMIT_TEXT_BYTES));
}

str x_post_text(struct arena *a, const struct json *post, str quoted)
{
    const struct json *note = take_object(post, "note_tweet");
    const struct json *of_post = take_object(post, "entities");
    str whole = take_text(note, "text");
    if (whole.len)
        return x_plain(a, whole, take_object(note, "entities"), of_post, quoted);
    return x_plain(a, take_text(post, "text"), of_post, NULL, quoted);
}

/* ── people ── */

struct x_world x_world_make(struct arena *a, str account, bool is_whole)
{
    return (struct x_world){.a = a,
        .account = account,
        .is_whole = is_whole,
        .people = {.a = a},
        .media = {.a = a},
        .posts = {.a = a}};
}

static void index_by(struct map *m, const struct json *list, const char *key)
{
    for (const struct json *v = list ? list->first : NULL; v; v = v->next) {
        str id = take_id(v, key);
        if (v->kind == JSON_OBJECT && id.len && map_put(m, id, (void *)(uintptr_t)v) != OK)
            return; /* less is known than could be */
    }
}

void x_world_add(struct x_world *w, const struct json *includes)
{
    index_by(&w->people, take_array(includes, "users"), "id");
    index_by(&w->media, take_array(includes, "media"), "media_key");
    index_by(&w->posts, take_array(includes, "tweets"), "id");
    index_by(&w->posts, take_array(includes, "posts"), "id");
}

const struct json *x_told(const struct x_world *w, str id)
{
    return id.len ? map_get(&w->people, id) : NULL;
}

str x_picture(struct arena *a, const struct json *person)
{
    str url = take_url(person, "profile_image_url");
    if (!url.len)
        url = take_url(person, "profile_image_url_https");
    ptrdiff_t at = str_find(url, S("_normal."));
    return at < 0 ? url : str_cat(a, str_sub(url, 0, at), str_skip(url, at + 7));
}

str x_handle(const struct json *person)
{
    str handle = take_line(person, "username", HANDLE_BYTES);
    if (!handle.len)
        handle = take_line(person, "screen_name", HANDLE_BYTES);
    for (ptrdiff_t i = 0; i < handle.len; i++) {
        char c = handle.at[i], low = (char)(c | 32);
        if (!((c >= '0' && c <= '9') || (low >= 'a' && low <= 'z') || c == '_'))
            return (str){0};
    }
    return handle;
}

str x_post_url(struct arena *a, str handle, str id)
{
    return x_is_id(id) ? str_print(a, "https://x.com/%.*s/status/%.*s",
                             SARG(handle.len ? handle : S("i/web")), SARG(id))
                       : (str){0};
}

void x_contact(const struct x_world *w, str id, struct connector_item *it)
{
    const struct json *person = x_told(w, id);
    it->contact_external_id = id;
    it->contact_name = take_line(person, "name", LIMIT_NAME_BYTES);
    it->contact_handle = x_handle(person);
    it->contact_avatar_url = x_picture(w->a, person);
    if (it->contact_handle.len)
        it->contact_profile_url = str_print(w->a, "https://x.com/%.*s", SARG(it->contact_handle));
}

/* ── files ── */

/* The variant of most bits a second that is a file and not a playlist. */
static const struct json *best_variant(const struct json *list)
{
    const struct json *best = NULL;
    int64_t most = -1;
    int n = 0;
    for (const struct json *v = list ? list->first : NULL; v && n < VARIANTS; v = v->next, n++) {
        int64_t rate = take_int(v, "bit_rate", take_int(v, "bitrate", 0));
        if (str_eq(take_line(v, "content_type", SHORT_BYTES), S("video/mp4")) && rate > most &&
            take_url(v, "url").len) {
            best = v;
            most = rate;
        }
    }
    return best;
}

/* Files of direct messages want our credentials: they are named by where they lie there, and
 * connector.media makes the address. Anything else is open to all. */
static void place(struct arena *a, str url, struct connector_attachment *at)
{
    static const struct {
        const char *begins, *host;
    } closed[] = {
        {"https://ton.twitter.com/",    "ton"  },
        {"https://ton.x.com/",          "ton"  },
        {"https://video.twimg.com/dm_", "video"},
    };
    at->url = url;
    for (size_t i = 0; i < sizeof closed / sizeof *closed; i++) {
        if (!str_starts(url, str_from(closed[i].begins)))
            continue;
        str rest = str_skip(url, 8); /* "https://" */
        str path = str_skip(rest, str_find_byte(rest, '/'));
        if (path.len + 8 > READING_ID_BYTES)
            continue;
        at->media_id = str_print(a, "%s:%.*s", closed[i].host, SARG(path));
        at->url = (str){0};
        return;
    }
}

bool x_file(struct arena *a, const struct json *media, struct connector_attachment *at)
{
    *at = (struct connector_attachment){0};
    const struct json *video = take_object(media, "video_info");
    const struct json *variants = take_array(media, "variants");
    const struct json *best = best_variant(variants ? variants : take_array(video, "variants"));
    str url = take_url(best, "url");
    if (best)
        at->type = S("video/mp4");
    if (!url.len)
        url = take_url(media, "url");
    if (!url.len || str_starts(url, S("https://t.co/")))
        url = take_url(media, "media_url_https");
    if (!url.len)
        url = take_url(media, "preview_image_url");
    if (!url.len)
        return false;
    place(a, url, at);
    return true;
}

void x_file_add(struct arena *a, struct connector_item *it, struct parts *parts,
    const struct connector_attachment *at)
{
    if (it->n_attachments == LIMIT_ATTACHMENTS) {
        if (at->url.len)
            part_link(parts, at->url, (str){0}, (str){0});
        return;
    }
    struct connector_attachment *list = NEW(a, struct connector_attachment, it->n_attachments + 1);
    for (ptrdiff_t i = 0; i < it->n_attachments; i++)
        list[i] = it->attachments[i];
    list[it->n_attachments++] = *at;
    it->attachments = list;
}

void x_files(const struct x_world *w, const struct json *keys, struct connector_item *it,
    struct parts *parts, bool *missing)
{
    int n = 0;
    for (const struct json *k = keys ? keys->first : NULL; k && n < URLS; k = k->next, n++) {
        const struct json *media = map_get(&w->media, json_text(k, S("")));
        struct connector_attachment at;
        if (media && x_file(w->a, media, &at))
            x_file_add(w->a, it, parts, &at);
        else
            *missing = true;
    }
}
