/* youtube: what a comment says. See youtube.h. Thread: pure. */
#include "base/limits.h"
#include "base/utf8.h"
#include "connector/part.h"
#include "connector/reading.h"
#include "connector/youtube.h"

/* ── text ── */

struct entity {
    const char *name, *text;
};
/* What YouTube writes into textDisplay; numbers are read apart from these. */
static const struct entity entities[] = {
    {"&amp;",  "&" },
    {"&lt;",   "<" },
    {"&gt;",   ">" },
    {"&quot;", "\""},
    {"&apos;", "'" },
    {"&nbsp;", " " },
};

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Length of the tag that begins at s; 0 = it is none ("a < b"). */
static ptrdiff_t tag_length(str s)
{
    bool is_tag = s.len > 2 && (is_letter(s.at[1]) || (s.at[1] == '/' && is_letter(s.at[2])));
    return is_tag ? str_find_byte(s, '>') + 1 : 0;
}

static void put_code_point(struct sb *b, int64_t c)
{
    if (c < 0x20 || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
        c = c == '\n' ? c : 0xfffd;
    if (c < 0x80) {
        sb_byte(b, (char)c);
    } else if (c < 0x800) {
        sb_byte(b, (char)(0xc0 | c >> 6));
        sb_byte(b, (char)(0x80 | (c & 0x3f)));
    } else if (c < 0x10000) {
        sb_byte(b, (char)(0xe0 | c >> 12));
        sb_byte(b, (char)(0x80 | (c >> 6 & 0x3f)));
        sb_byte(b, (char)(0x80 | (c & 0x3f)));
    } else {
        sb_byte(b, (char)(0xf0 | c >> 18));
        sb_byte(b, (char)(0x80 | (c >> 12 & 0x3f)));
        sb_byte(b, (char)(0x80 | (c >> 6 & 0x3f)));
        sb_byte(b, (char)(0x80 | (c & 0x3f)));
    }
}

/* Decimal "&#39;"; hexadecimal ones are not written by YouTube. */
static ptrdiff_t number_entity(str s, struct sb *b)
{
    int64_t c = 0;
    ptrdiff_t end = str_find_byte(str_sub(s, 0, 12), ';');
    if (!str_starts(s, S("&#")) || end < 0 || str_int(str_sub(s, 2, end - 2), 1, 0x10ffff, &c))
        return 0;
    put_code_point(b, c);
    return end + 1;
}

static ptrdiff_t put_entity(str s, struct sb *b)
{
    for (size_t i = 0; i < sizeof entities / sizeof *entities; i++) {
        str name = str_from(entities[i].name);
        if (str_starts(s, name)) {
            sb_add(b, str_from(entities[i].text));
            return name.len;
        }
    }
    return number_entity(s, b);
}

static bool has_markup(str s)
{
    return str_find(s, S("<br")) >= 0 || str_find(s, S("</a>")) >= 0 ||
           str_find(s, S("</b>")) >= 0 || str_find(s, S("</i>")) >= 0 ||
           str_find(s, S("&#39;")) >= 0 || str_find(s, S("&quot;")) >= 0 ||
           str_find(s, S("&amp;")) >= 0 || str_find(s, S("&lt;")) >= 0 ||
           str_find(s, S("&gt;")) >= 0;
}

static str without_markup(struct arena *a, str s)
{
    struct sb b = sb_make(a, LIMIT_TEXT_BYTES);
    while (s.len > 0) {
        ptrdiff_t n = s.at[0] == '<' ? tag_length(s) : 0;
        if (n > 0 && str_starts(s, S("<br")))
            sb_byte(&b, '\n');
        if (n <= 0)
            n = s.at[0] == '&' ? put_entity(s, &b) : 0;
        if (n <= 0) {
            sb_byte(&b, s.at[0]);
            n = 1;
        }
        s = str_skip(s, n);
    }
    return sb_str(&b);
}

str youtube_text(struct arena *a, const struct json *comment)
{
    const struct json *snippet = take_object(comment, "snippet");
    str text = take_text(snippet, "textOriginal");
    if (text.len)
        return text;
    text = take_text(snippet, "textDisplay");
    return has_markup(text) ? without_markup(a, text) : text;
}

str youtube_author(const struct json *comment)
{
    const struct json *snippet = take_object(comment, "snippet");
    str id = take_id(take_object(snippet, "authorChannelId"), "value");
    return id.len ? id : take_id(snippet, "authorChannelId");
}

/* ── items ── */

static void read_person(struct connector_item *it, const struct json *comment)
{
    const struct json *snippet = take_object(comment, "snippet");
    str name = take_line(snippet, "authorDisplayName", LIMIT_NAME_BYTES);
    it->contact_external_id = youtube_author(comment);
    it->contact_name = name;
    if (str_starts(name, S("@")))
        it->contact_handle = str_skip(name, 1);
    it->contact_avatar_url = take_url(snippet, "authorProfileImageUrl");
    it->contact_profile_url = take_url(snippet, "authorChannelUrl");
    if (!it->contact_external_id.len) /* a closed channel: the handle is all there is */
        it->contact_external_id = name;
}

static struct connector_post post_of(
    struct arena *a, const struct json *thread, const struct json *video, str account)
{
    struct connector_post post = {.external_id = take_id(thread, "videoId"), .kind = S("video")};
    const struct json *snippet = take_object(video, "snippet");
    const struct json *pictures = take_object(snippet, "thumbnails");
    if (!post.external_id.len) {
        post.external_id = take_id(thread, "id");
        post.kind = S("post");
        post.is_ours = true;
        return post;
    }
    post.url = str_print(
        a, "https://www.youtube.com/watch?v=%.*s", SARG(http_percent_encode(a, post.external_id)));
    post.text = take_text(snippet, "title");
    post.author_name = take_line(snippet, "channelTitle", LIMIT_NAME_BYTES);
    post.image_url = take_url(take_object(pictures, "medium"), "url");
    if (!post.image_url.len)
        post.image_url = take_url(take_object(pictures, "default"), "url");
    post.at_ms = take_time(snippet, "publishedAt");
    str owner = take_id(snippet, "channelId");
    post.is_ours = !owner.len || str_eq(owner, account);
    return post;
}

static str parts_of(struct arena *a, const struct json *root)
{
    struct parts p = parts_make(a);
    str held = take_line(root, "held", 40);
    if (held.len) {
        part_begin(&p, S("held"));
        part_text(&p, "reason", held);
        part_end(&p);
    }
    return parts_str(&p);
}

static void read_comment(
    struct item_list *list, const struct json *root, const struct json *comment)
{
    struct arena *a = list->a;
    const struct json *parent = take_object(root, "parent");
    const struct json *snippet = take_object(comment, "snippet");
    struct connector_item it = {.kind = ITEM_MESSAGE, .is_public = true, .opens_window = true};
    it.account = take_id(root, "account");
    it.external_id = take_id(comment, "id");
    it.is_ours = it.account.len && str_eq(youtube_author(comment), it.account);
    it.text = youtube_text(a, comment);
    it.parts = parts_of(a, root);
    it.sent_ms = take_time(snippet, "publishedAt");
    it.post = post_of(a, take_object(root, "thread"), take_object(root, "video"), it.account);
    it.thread_key = str_cat(a, S("post:"), it.post.external_id);
    if (parent)
        it.reply_to = take_id(parent, "id");
    read_person(&it, it.is_ours ? parent : comment);
    /* Our own comment that answers nobody, and our answer to ourselves, belong to no customer. */
    bool is_nobodys = it.is_ours && (!parent || str_eq(it.contact_external_id, it.account));
    bool is_whole = it.external_id.len && it.contact_external_id.len && it.post.external_id.len &&
                    it.thread_key.len <= READING_ID_BYTES && str_trim(it.text).len;
    if (is_nobodys || !is_whole)
        return;
    struct connector_item *to = item_add(list, ITEM_MESSAGE);
    if (to)
        *to = it;
    to = take_time(snippet, "updatedAt") > it.sent_ms ? item_add(list, ITEM_EDIT) : NULL;
    if (!to)
        return;
    it.kind = ITEM_EDIT;
    it.sent_ms = take_time(snippet, "updatedAt");
    *to = it;
}

err youtube_parse(
    struct arena *a, const struct connector_raw *raw, struct connector_batch *batch, str *why)
{
    const struct json *root = NULL;
    struct item_list list = {.a = a};
    if (!str_eq(raw->origin, S("comment"))) { /* nothing else is stored of YouTube */
        *why = S("This is no comment of YouTube's.");
        return E_INVALID;
    }
    if (json_parse(a, raw->body, &root, why) != OK)
        return E_INVALID;
    const struct json *comment = take_object(root, "comment");
    if (comment)
        read_comment(&list, root, comment);
    batch_of(&list, batch);
    return OK;
}
