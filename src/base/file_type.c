/* file_type: see file_type.h. Sources: PNG 1.2 (IHDR), GIF89a (logical screen), ITU-T T.81 B.2
 * (JPEG frame header), WebP container specification (VP8, VP8L, VP8X), HTML "MIME sniffing". */
#include "base/file_type.h"

#include <magic.h>
#include <string.h>

#include "base/log.h"
#include "base/thread.h"

/* ── pictures ── */

static int64_t number(str s, ptrdiff_t at, int bytes, bool is_little)
{
    int64_t v = 0;
    if (at + bytes > s.len)
        return 0;
    for (int i = 0; i < bytes; i++)
        v = v << 8 | (unsigned char)s.at[at + (is_little ? bytes - 1 - i : i)];
    return v;
}

static bool png(str s, struct file_type *t)
{
    if (!str_starts(s, S("\x89PNG\r\n\x1a\n")))
        return false;
    t->type = S("image/png");
    if (str_eq(str_sub(s, 12, 4), S("IHDR"))) {
        t->width = number(s, 16, 4, false);
        t->height = number(s, 20, 4, false);
    }
    return true;
}

static bool gif(str s, struct file_type *t)
{
    if (!str_starts(s, S("GIF87a")) && !str_starts(s, S("GIF89a")))
        return false;
    t->type = S("image/gif");
    t->width = number(s, 6, 2, true);
    t->height = number(s, 8, 2, true);
    return true;
}

/* SOF0…15 without DHT (C4), JPG (C8) and DAC (CC). */
static bool is_frame(unsigned char marker)
{
    return marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
}

static bool jpeg(str s, struct file_type *t)
{
    if (!str_starts(s, S("\xff\xd8\xff")))
        return false;
    t->type = S("image/jpeg");
    for (ptrdiff_t at = 2; at + 9 <= s.len;) {
        if ((unsigned char)s.at[at] != 0xff)
            return true;
        unsigned char marker = (unsigned char)s.at[at + 1];
        if (marker == 0xff) { /* fill */
            at++;
        } else if (is_frame(marker)) {
            t->height = number(s, at + 5, 2, false);
            t->width = number(s, at + 7, 2, false);
            return true;
        } else {
            int64_t length = number(s, at + 2, 2, false);
            if (length < 2)
                return true;
            at += 2 + length;
        }
    }
    return true;
}

static bool webp(str s, struct file_type *t)
{
    if (!str_starts(s, S("RIFF")) || !str_eq(str_sub(s, 8, 4), S("WEBP")))
        return false;
    t->type = S("image/webp");
    str chunk = str_sub(s, 12, 4);
    if (str_eq(chunk, S("VP8 "))) {
        t->width = number(s, 26, 2, true) & 0x3fff;
        t->height = number(s, 28, 2, true) & 0x3fff;
    } else if (str_eq(chunk, S("VP8L"))) {
        int64_t bits = number(s, 21, 4, true);
        t->width = s.len >= 25 ? (bits & 0x3fff) + 1 : 0;
        t->height = s.len >= 25 ? (bits >> 14 & 0x3fff) + 1 : 0;
    } else if (str_eq(chunk, S("VP8X"))) {
        t->width = s.len >= 30 ? number(s, 24, 3, true) + 1 : 0;
        t->height = s.len >= 30 ? number(s, 27, 3, true) + 1 : 0;
    }
    return true;
}

/* ── the rest ── */

/* Kinds that no program runs by showing or opening them in a browser's tab. "…/" = the family. */
static const str inert[] = {S_INIT("text/plain"), S_INIT("text/csv"), S_INIT("text/calendar"),
    S_INIT("text/vcard"), S_INIT("text/rtf"), S_INIT("application/pdf"), S_INIT("application/json"),
    S_INIT("application/zip"), S_INIT("application/gzip"), S_INIT("application/x-7z-compressed"),
    S_INIT("application/x-rar"), S_INIT("application/x-tar"), S_INIT("application/epub+zip"),
    S_INIT("application/msword"), S_INIT("application/vnd.ms-excel"),
    S_INIT("application/vnd.ms-powerpoint"), S_INIT("application/vnd.oasis.opendocument."),
    S_INIT("application/vnd.openxmlformats-officedocument."), S_INIT("message/rfc822"),
    S_INIT("audio/"), S_INIT("video/"), S_INIT("image/avif"), S_INIT("image/bmp"),
    S_INIT("image/heic"), S_INIT("image/heif"), S_INIT("image/tiff"), S_INIT("image/x-icon"),
    S_INIT("image/vnd.microsoft.icon"), S_INIT("image/vnd.adobe.photoshop"), S_INIT("font/")};

static bool is_inert(str type)
{
    for (size_t i = 0; i < sizeof inert / sizeof *inert; i++) {
        char last = inert[i].at[inert[i].len - 1];
        bool is_family = last == '/' || last == '.';
        if (is_family ? str_starts(type, inert[i]) : str_eq(type, inert[i]))
            return true;
    }
    return false;
}

/* libmagic calls short or odd markup plain text: a browser that guesses would not. */
static bool looks_like_markup(str head)
{
    for (ptrdiff_t i = 0; i + 1 < head.len && i < 4096; i++) {
        unsigned char next = (unsigned char)head.at[i + 1];
        if (head.at[i] == '<' && (next == '!' || next == '?' || next == '/' ||
                                     (next >= 'a' && next <= 'z') || (next >= 'A' && next <= 'Z')))
            return true;
    }
    return false;
}

static _Thread_local magic_t my_magic;
static _Thread_local struct thread_exit my_magic_exit;

static void magic_end(void *what)
{
    magic_close(what);
    my_magic = NULL;
}

/* NULL: out of memory, or the list of kinds is not installed. */
static magic_t magic_open_loaded(void)
{
    magic_t m = magic_open(MAGIC_MIME_TYPE | MAGIC_NO_CHECK_COMPRESS);
    if (m && magic_load(m, NULL) == 0)
        return m;
    log_line(LOG_ERROR, "the list of file kinds cannot be read",
        LOG_Z("reason", m ? magic_error(m) : "out of memory"));
    if (m)
        magic_close(m);
    return NULL;
}

static err ask_magic(struct arena *a, str head, str *type)
{
    magic_t m = my_magic;
    bool is_kept = m != NULL;
    if (!m)
        m = magic_open_loaded();
    if (!m)
        return E_BUSY;
    if (!is_kept && thread_at_exit(&my_magic_exit, magic_end, m)) {
        my_magic = m;
        is_kept = true;
    }
    const char *said = magic_buffer(m, head.at, (size_t)head.len);
    *type = str_copy(a, str_from(said ? said : "application/octet-stream"));
    if (!is_kept)
        magic_close(m);
    return OK;
}

err file_type_of(struct arena *a, str head, struct file_type *type)
{
    struct file_type t = {0};
    if (png(head, &t) || gif(head, &t) || jpeg(head, &t) || webp(head, &t)) {
        t.is_picture = true;
        *type = t;
        return OK;
    }
    TRY(ask_magic(a, head, &t.type));
    bool is_text = str_starts(t.type, S("text/")) || str_eq(t.type, S("application/json"));
    t.is_page = str_eq(t.type, S("text/html")) || str_eq(t.type, S("application/xhtml+xml"));
    if (!is_inert(t.type) || (is_text && looks_like_markup(head)))
        t.type = S("application/octet-stream");
    *type = t;
    return OK;
}
