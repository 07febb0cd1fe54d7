/* Folders: their names on the wire, the list of them, putting a mail into one. See imap.h. */
#include <libetpan/uidplus.h>
#include <string.h>

#include "base/utf8.h"
#include "net/imap_inner.h"

enum { STORE_BYTES = 16 * 1024 };

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

/* A shifted sequence of modified UTF-7: bits of UTF-16 units, six to a character. */
struct shift {
    bool is_open;
    unsigned bits, count; /* not yet written */
};

static void shift_unit(struct sb *b, struct shift *s, uint32_t unit)
{
    if (!s->is_open)
        sb_byte(b, '&');
    s->is_open = true;
    s->bits = (s->bits << 16) | unit;
    for (s->count += 16; s->count >= 6; s->count -= 6)
        sb_byte(b, digits[(s->bits >> (s->count - 6)) & 63]);
    s->bits &= (1U << s->count) - 1;
}

static void shift_end(struct sb *b, struct shift *s)
{
    if (s->count > 0)
        sb_byte(b, digits[(s->bits << (6 - s->count)) & 63]);
    if (s->is_open)
        sb_byte(b, '-');
    *s = (struct shift){0};
}

bool imap_quote_folder(struct sb *b, str name)
{
    if (name.len == 0 || name.len > LIMIT_IMAP_NAME_BYTES || !utf8_valid(name))
        return false;
    struct shift s = {0};
    sb_byte(b, '"');
    for (ptrdiff_t i = 0; i < name.len;) {
        uint32_t c = 0;
        i += utf8_decode(name, i, &c);
        if (c >= ' ' && c < 0x7f) {
            shift_end(b, &s);
            if (c == '"' || c == '\\')
                sb_byte(b, '\\');
            sb_byte(b, (char)c);
            if (c == '&')
                sb_byte(b, '-');
        } else if (c < 0x10000) {
            shift_unit(b, &s, c);
        } else {
            shift_unit(b, &s, 0xd800 + ((c - 0x10000) >> 10));
            shift_unit(b, &s, 0xdc00 + ((c - 0x10000) & 0x3ff));
        }
    }
    shift_end(b, &s);
    sb_byte(b, '"');
    return !b->failed;
}

static void add_code_point(struct sb *b, uint32_t c)
{
    if (c < 0x80) {
        sb_byte(b, (char)c);
    } else if (c < 0x800) {
        sb_byte(b, (char)(0xc0 | (c >> 6)));
        sb_byte(b, (char)(0x80 | (c & 63)));
    } else if (c < 0x10000) {
        sb_byte(b, (char)(0xe0 | (c >> 12)));
        sb_byte(b, (char)(0x80 | ((c >> 6) & 63)));
        sb_byte(b, (char)(0x80 | (c & 63)));
    } else {
        sb_byte(b, (char)(0xf0 | (c >> 18)));
        sb_byte(b, (char)(0x80 | ((c >> 12) & 63)));
        sb_byte(b, (char)(0x80 | ((c >> 6) & 63)));
        sb_byte(b, (char)(0x80 | (c & 63)));
    }
}

/* What stands between & and -; false: it is none. */
static bool unshift(struct sb *b, str code)
{
    uint32_t bits = 0, high = 0;
    int count = 0;
    for (ptrdiff_t i = 0; i < code.len; i++) {
        const char *at = code.at[i] != 0 ? strchr(digits, code.at[i]) : NULL;
        if (at == NULL)
            return false;
        bits = (bits << 6) | (uint32_t)(at - digits);
        count += 6;
        if (count < 16)
            continue;
        count -= 16;
        uint32_t unit = bits >> count;
        bits &= (1U << count) - 1;
        bool is_low = unit >= 0xdc00 && unit < 0xe000;
        if (is_low != (high != 0))
            return false;
        if (unit >= 0xd800 && unit < 0xdc00) {
            high = unit;
            continue;
        }
        add_code_point(b, is_low ? 0x10000 + ((high - 0xd800) << 10) + (unit - 0xdc00) : unit);
        high = 0;
    }
    return high == 0 && bits == 0 && count < 6;
}

static bool decode_name(struct arena *a, str wire, str *name)
{
    struct sb b = sb_make(a, 4 * LIMIT_IMAP_NAME_BYTES);
    str head, code, rest = wire;
    while (rest.len > 0) {
        bool has_shift = str_cut(rest, '&', &head, &rest);
        sb_add(&b, head);
        if (!has_shift)
            break;
        if (!str_cut(rest, '-', &code, &rest))
            return false;
        if (code.len == 0)
            sb_byte(&b, '&');
        else if (!unshift(&b, code))
            return false;
    }
    *name = sb_str(&b);
    return !b.failed && utf8_valid(*name) && !utf8_has_control(*name);
}

bool imap_folder_name(struct arena *a, const char *wire, str *name)
{
    str s = str_from(wire);
    if (s.len == 0 || s.len > LIMIT_IMAP_NAME_BYTES)
        return false;
    if (decode_name(a, s, name))
        return true;
    *name = str_copy(a, s);
    return utf8_valid(s) && !utf8_has_control(s);
}

/* RFC 6154's words, and the older ones of XLIST that some servers still say. */
static str use_of(const char *flag)
{
    static const struct {
        const char *flag, *use;
    } uses[] = {
        {"Sent",    "Sent"   },
        {"Drafts",  "Drafts" },
        {"Trash",   "Trash"  },
        {"Junk",    "Junk"   },
        {"Spam",    "Junk"   },
        {"Archive", "Archive"},
        {"All",     "All"    },
        {"AllMail", "All"    },
        {"Flagged", "Flagged"},
        {"Starred", "Flagged"},
    };
    str s = str_from(flag);
    if (str_starts(s, S("\\")))
        s = str_skip(s, 1);
    for (size_t i = 0; i < sizeof uses / sizeof uses[0]; i++) {
        if (str_eq_nocase(s, str_from(uses[i].flag)))
            return str_from(uses[i].use);
    }
    return (str){0};
}

static void read_flags(const struct mailimap_mbx_list_flags *flags, struct imap_place *p)
{
    p->can_select = true;
    if (flags == NULL)
        return;
    if (flags->mbf_type == MAILIMAP_MBX_LIST_FLAGS_SFLAG &&
        flags->mbf_sflag == MAILIMAP_MBX_LIST_SFLAG_NOSELECT)
        p->can_select = false;
    if (flags->mbf_oflags == NULL)
        return;
    for (clistiter *at = clist_begin(flags->mbf_oflags); at != NULL; at = clist_next(at)) {
        const struct mailimap_mbx_list_oflag *f = clist_content(at);
        if (f->of_type != MAILIMAP_MBX_LIST_OFLAG_FLAG_EXT || f->of_flag_ext == NULL)
            continue;
        str use = use_of(f->of_flag_ext);
        if (use.len > 0 && p->use.len == 0)
            p->use = use;
        if (str_eq_nocase(str_from(f->of_flag_ext), S("NonExistent")))
            p->can_select = false;
    }
}

err imap_list(struct imap *imap, struct arena *a, struct imap_place **places, ptrdiff_t *count)
{
    TRY(imap_begin(imap));
    bool says_use = imap_can(imap, S("SPECIAL-USE")) && imap_can(imap, S("LIST-EXTENDED"));
    TRY(imap_run(imap, says_use ? S("LIST \"\" \"*\" RETURN (SPECIAL-USE)") : S("LIST \"\" \"*\""),
        "listing the folders", IMAP_SMALL, LIMIT_IMAP_TEXT_BYTES));
    const struct mailimap_response_info *info = imap->session->imap_response_info;
    clist *list = info != NULL ? info->rsp_mailbox_list : NULL;
    ptrdiff_t n = 0, all = list != NULL ? clist_count(list) : 0;
    if (all > LIMIT_IMAP_FOLDERS)
        all = LIMIT_IMAP_FOLDERS;
    struct imap_place *to = NEW(a, struct imap_place, all);
    for (clistiter *at = all > 0 ? clist_begin(list) : NULL; at != NULL && n < all;
         at = clist_next(at)) {
        const struct mailimap_mailbox_list *m = clist_content(at);
        struct imap_place p = {.delimiter = m->mb_delimiter};
        if (!imap_folder_name(a, m->mb_name, &p.name))
            continue; /* nobody could open it by this name */
        read_flags(m->mb_flag, &p);
        if (str_eq_nocase(p.name, S("INBOX"))) {
            p.name = S("INBOX");
            p.use = S("Inbox");
        }
        to[n++] = p;
    }
    *places = to;
    *count = n;
    return OK;
}

err imap_create(struct imap *imap, str folder)
{
    TRY(imap_begin(imap));
    struct arena a = arena_make(16 * 1024);
    struct sb b = sb_make(&a, IMAP_COMMAND_BYTES);
    sb_add(&b, S("CREATE "));
    err e = imap_quote_folder(&b, folder)
                ? imap_run(imap, sb_str(&b), "making the folder", IMAP_SMALL, IMAP_SMALL)
                : imap_refused(imap, MAIL_BAD_FOLDER, "this cannot be a folder's name");
    arena_free(&a);
    return e;
}

static uint32_t appended_uid(const mailimap *session)
{
    const struct mailimap_response_info *info = session->imap_response_info;
    if (info == NULL || info->rsp_extension_list == NULL)
        return 0;
    for (clistiter *at = clist_begin(info->rsp_extension_list); at != NULL; at = clist_next(at)) {
        const struct mailimap_extension_data *x = clist_content(at);
        if (x == NULL || x->ext_extension != &mailimap_extension_uidplus ||
            x->ext_type != MAILIMAP_UIDPLUS_RESP_CODE_APND)
            continue;
        const struct mailimap_uidplus_resp_code_apnd *code = x->ext_data;
        clist *items = code->uid_set != NULL ? code->uid_set->set_list : NULL;
        clistiter *first = items != NULL ? clist_begin(items) : NULL;
        if (first != NULL)
            return ((const struct mailimap_set_item *)clist_content(first))->set_first;
    }
    return 0;
}

struct storing {
    mailstream *stream;
    int64_t left; /* of the announced bytes */
    bool has_failed;
};

static bool store_piece(void *to, str piece)
{
    struct storing *s = to;
    if (piece.len > s->left || s->has_failed)
        return false;
    while (piece.len > 0 && !s->has_failed) {
        str some = str_sub(piece, 0, STORE_BYTES);
        s->has_failed = mailstream_write(s->stream, some.at, (size_t)some.len) < 0;
        s->left -= some.len;
        piece = str_skip(piece, some.len);
    }
    return !s->has_failed;
}

/* The announced bytes and the line's end. */
static err send_mail(struct imap *imap, int64_t size, imap_source *source, void *arg)
{
    struct storing s = {.stream = imap->session->imap_stream, .left = size};
    bool is_whole = source(arg, store_piece, &s);
    if (s.has_failed)
        return imap_over(imap);
    if (!is_whole || s.left > 0)
        return imap_lost(
            imap, MAIL_CANCELLED, "the mail to be stored is shorter or longer than said");
    return imap_say_line(imap, S(""));
}

err imap_append(struct imap *imap, str folder, int64_t date_ms, int64_t size, imap_source *source,
    void *arg, uint32_t *uid)
{
    static const char what[] = "storing a mail in a folder";
    TRY(imap_begin(imap));
    struct arena a = arena_make(64 * 1024);
    struct sb b = sb_make(&a, IMAP_COMMAND_BYTES);
    sb_add(&b, S("APPEND "));
    err e = OK;
    if (!imap_quote_folder(&b, folder))
        e = imap_refused(imap, MAIL_BAD_FOLDER, "this cannot be a folder's name");
    str date = imap_date_time(&a, date_ms);
    sb_print(&b, " (\\Seen) \"%.*s\" {%lld}", SARG(date), (long long)size);
    bool is_plus = false;
    str more;
    imap_guard_begin(&imap->guard, IMAP_SMALL, IMAP_SMALL);
    if (e == OK)
        e = imap_say(imap, sb_str(&b));
    if (e == OK)
        e = imap_hear_plus(imap, what, &is_plus, &more);
    if (e == OK && !is_plus)
        e = imap_lost(imap, MAIL_BAD_ANSWER, "%s: the server takes it before it has come", what);
    if (e == OK)
        e = send_mail(imap, size, source, arg);
    if (e == OK)
        e = imap_hear(imap, what);
    arena_free(&a);
    if (e == OK && uid != NULL)
        *uid = appended_uid(imap->session);
    return e;
}
