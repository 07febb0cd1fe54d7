/* Fetching mails: what is known of them, and their bytes. See imap.h.
 *
 * Small mails come many to a command and whole: a round trip each would be most of the time. Big
 * ones come by pieces (BODY.PEEK[]<from.length>), since libetpan holds each literal in memory. */
#include <stdlib.h>
#include <string.h>

#include "net/imap_inner.h"

static int uid_cmp(const void *x, const void *y)
{
    uint32_t a = *(const uint32_t *)x, b = *(const uint32_t *)y;
    return a < b ? -1 : a > b;
}

/* Days since 1970 of a date of the Gregorian calendar (Howard Hinnant, days_from_civil). */
static int64_t days_from(int64_t y, int64_t m, int64_t d)
{
    y -= m <= 2;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t of_era = y - era * 400;
    int64_t of_year = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static int64_t arrived_ms(const struct mailimap_date_time *t)
{
    if (t == NULL || t->dt_year < 1970 || t->dt_year > 9999 || t->dt_month < 1 ||
        t->dt_month > 12 || t->dt_day < 1 || t->dt_day > 31 || t->dt_hour < 0 || t->dt_hour > 23 ||
        t->dt_min < 0 || t->dt_min > 59 || t->dt_sec < 0 || t->dt_sec > 60)
        return 0;
    int zone = t->dt_zone; /* +0530 is 530 */
    int64_t minutes = zone >= -1459 && zone <= 1459 ? zone / 100 * 60 + zone % 100 : 0;
    int64_t s = days_from(t->dt_year, t->dt_month, t->dt_day) * 86400 + t->dt_hour * 3600 +
                t->dt_min * 60 + t->dt_sec - minutes * 60;
    return s > 0 ? s * 1000 : 0;
}

/* One mail of an answer, in whatever order its parts came. */
struct found {
    uint32_t uid; /* 0 = it was not said */
    bool has_flags, has_size;
    struct imap_mail mail;
    bool has_body, is_nil; /* NIL: the server cannot read it */
    str body;
};

static void read_flags(const struct mailimap_msg_att_dynamic *dynamic, struct imap_mail *m)
{
    m->is_seen = m->is_answered = m->is_flagged = m->is_deleted = m->is_draft = false;
    if (dynamic == NULL || dynamic->att_list == NULL)
        return;
    for (clistiter *at = clist_begin(dynamic->att_list); at != NULL; at = clist_next(at)) {
        const struct mailimap_flag_fetch *f = clist_content(at);
        if (f->fl_type != MAILIMAP_FLAG_FETCH_OTHER || f->fl_flag == NULL)
            continue;
        int type = f->fl_flag->fl_type;
        m->is_seen = m->is_seen || type == MAILIMAP_FLAG_SEEN;
        m->is_answered = m->is_answered || type == MAILIMAP_FLAG_ANSWERED;
        m->is_flagged = m->is_flagged || type == MAILIMAP_FLAG_FLAGGED;
        m->is_deleted = m->is_deleted || type == MAILIMAP_FLAG_DELETED;
        m->is_draft = m->is_draft || type == MAILIMAP_FLAG_DRAFT;
    }
}

static void read_static(const struct mailimap_msg_att_static *s, struct found *f)
{
    const struct mailimap_msg_att_body_section *section;
    switch (s->att_type) {
    case MAILIMAP_MSG_ATT_UID:
        f->uid = s->att_data.att_uid;
        break;
    case MAILIMAP_MSG_ATT_RFC822_SIZE:
        f->mail.size = s->att_data.att_rfc822_size;
        f->has_size = true;
        break;
    case MAILIMAP_MSG_ATT_INTERNALDATE:
        f->mail.arrived_ms = arrived_ms(s->att_data.att_internal_date);
        break;
    case MAILIMAP_MSG_ATT_BODY_SECTION:
        section = s->att_data.att_body_section;
        if (section == NULL)
            break;
        f->has_body = true;
        f->is_nil = section->sec_body_part == NULL;
        f->body = section->sec_body_part != NULL
                      ? str_of(section->sec_body_part, (ptrdiff_t)section->sec_length)
                      : (str){0};
        break;
    default:
        break; /* nobody asked */
    }
}

static struct found read_mail(const struct mailimap_msg_att *att)
{
    struct found f = {0};
    for (clistiter *at = clist_begin(att->att_list); at != NULL; at = clist_next(at)) {
        const struct mailimap_msg_att_item *item = clist_content(at);
        if (item->att_type == MAILIMAP_MSG_ATT_ITEM_DYNAMIC) {
            read_flags(item->att_data.att_dyn, &f.mail);
            f.has_flags = true;
        } else if (item->att_type == MAILIMAP_MSG_ATT_ITEM_STATIC &&
                   item->att_data.att_static != NULL) {
            read_static(item->att_data.att_static, &f);
        }
    }
    return f;
}

static clistiter *first_mail(const struct imap *imap)
{
    const struct mailimap_response_info *info = imap->session->imap_response_info;
    return info != NULL && info->rsp_fetch_list != NULL ? clist_begin(info->rsp_fetch_list) : NULL;
}

/* "UID FETCH set what" and its answer. */
static err ask(struct imap *imap, const uint32_t *uids, ptrdiff_t count, const char *what,
    int64_t literal_max, int64_t bytes_max)
{
    struct arena a = arena_make(128 * 1024);
    struct sb b = sb_make(&a, IMAP_COMMAND_BYTES);
    sb_add(&b, S("UID FETCH "));
    imap_uid_set(&b, uids, count);
    sb_byte(&b, ' ');
    sb_add(&b, str_from(what));
    err e = imap_run(imap, sb_str(&b), "reading mails", literal_max, bytes_max);
    arena_free(&a);
    return e;
}

static err need_mails(struct imap *imap, ptrdiff_t count)
{
    TRY(imap_begin(imap));
    if (!imap->is_selected)
        return imap_refused(imap, MAIL_BAD_FOLDER, "no folder is open");
    return count <= LIMIT_IMAP_MAILS ? OK : imap_refused(imap, MAIL_REFUSED, "too many mails");
}

/* Sorted, each once. */
static uint32_t *sorted(struct arena *a, const uint32_t *uids, ptrdiff_t *count)
{
    uint32_t *to = NEW(a, uint32_t, *count);
    memcpy(to, uids, (size_t)*count * sizeof *to);
    qsort(to, (size_t)*count, sizeof *to, uid_cmp);
    ptrdiff_t n = 0;
    for (ptrdiff_t i = 0; i < *count; i++) {
        if (n == 0 || to[i] != to[n - 1])
            to[n++] = to[i];
    }
    *count = n;
    return to;
}

/* Its place among sorted uids; −1: nobody asked for it. */
static ptrdiff_t place_of(const uint32_t *uids, ptrdiff_t count, uint32_t uid)
{
    const uint32_t *at = bsearch(&uid, uids, (size_t)count, sizeof *uids, uid_cmp);
    return at != NULL ? at - uids : -1;
}

/* A mail may be told in several parts: what is said of it later is added. */
static void add_mail(struct imap_mail *to, bool *is_known, const struct found *f)
{
    if (f->has_flags) {
        to->is_seen = f->mail.is_seen;
        to->is_answered = f->mail.is_answered;
        to->is_flagged = f->mail.is_flagged;
        to->is_deleted = f->mail.is_deleted;
        to->is_draft = f->mail.is_draft;
    }
    if (f->mail.arrived_ms != 0)
        to->arrived_ms = f->mail.arrived_ms;
    if (f->has_size) {
        to->uid = f->uid;
        to->size = f->mail.size;
        *is_known = true;
    }
}

err imap_look(struct imap *imap, struct arena *a, const uint32_t *uids, ptrdiff_t count,
    struct imap_mail **mails, ptrdiff_t *found)
{
    TRY(need_mails(imap, count));
    *mails = NULL;
    *found = 0;
    if (count == 0)
        return OK;
    uint32_t *set = sorted(a, uids, &count);
    TRY(ask(imap, set, count, "(UID FLAGS INTERNALDATE RFC822.SIZE)", IMAP_SMALL, IMAP_SMALL));
    struct imap_mail *to = NEW(a, struct imap_mail, count);
    bool *is_known = NEW(a, bool, count);
    for (clistiter *at = first_mail(imap); at != NULL; at = clist_next(at)) {
        struct found f = read_mail(clist_content(at));
        ptrdiff_t i = place_of(set, count, f.uid);
        if (i >= 0)
            add_mail(&to[i], &is_known[i], &f);
    }
    ptrdiff_t n = 0;
    for (ptrdiff_t i = 0; i < count; i++) {
        if (is_known[i])
            to[n++] = to[i];
    }
    *mails = to;
    *found = n;
    return OK;
}

static err sink_says_no(struct imap *imap)
{
    return imap_lost(imap, MAIL_CANCELLED, "reading was ended from our side");
}

/* Many small mails by one command. */
static err fetch_small(struct imap *imap, const uint32_t *uids, ptrdiff_t count, int64_t max_bytes,
    imap_sink *sink, void *arg)
{
    struct arena a = arena_make(64 * 1024);
    uint32_t *set = sorted(&a, uids, &count);
    bool *is_done = NEW(&a, bool, count);
    /* Servers' sizes are not exact: twice the room. */
    err e = ask(imap, set, count, "(UID BODY.PEEK[])", 2 * LIMIT_IMAP_PIECE_BYTES,
        2 * (LIMIT_IMAP_BATCH_BYTES + LIMIT_IMAP_PIECE_BYTES));
    for (clistiter *at = e == OK ? first_mail(imap) : NULL; at != NULL && e == OK;
         at = clist_next(at)) {
        struct found f = read_mail(clist_content(at));
        ptrdiff_t i = place_of(set, count, f.uid);
        if (i < 0 || is_done[i] || !f.has_body || f.is_nil)
            continue;
        is_done[i] = true;
        bool is_long = f.body.len > max_bytes;
        if (!sink(arg, f.uid, is_long ? (str){0} : f.body, is_long ? IMAP_TOO_LARGE : IMAP_LAST))
            e = sink_says_no(imap);
    }
    arena_free(&a);
    return e;
}

/* The stretch from `from` of a big mail's bytes, in the session's memory; found.has_body false: the
 * mail is gone. */
static err fetch_stretch(struct imap *imap, uint32_t uid, int64_t from, struct found *found)
{
    struct arena a = arena_make(4096);
    str what = str_print(&a, "(UID BODY.PEEK[]<%lld.%d>)", (long long)from, LIMIT_IMAP_PIECE_BYTES);
    err e = ask(imap, &uid, 1, str_z(&a, what), LIMIT_IMAP_PIECE_BYTES, LIMIT_IMAP_PIECE_BYTES);
    arena_free(&a);
    TRY(e);
    *found = (struct found){0};
    for (clistiter *at = first_mail(imap); at != NULL && !found->has_body; at = clist_next(at)) {
        struct found f = read_mail(clist_content(at));
        if (f.uid == uid && f.has_body)
            *found = f;
    }
    return OK;
}

static err fetch_big(struct imap *imap, uint32_t uid, int64_t max_bytes, imap_sink *sink, void *arg)
{
    for (int64_t from = 0;;) {
        struct found f;
        mail_line_limit(imap->line, imap->step_ms, imap->command_ms);
        TRY(fetch_stretch(imap, uid, from, &f));
        if ((!f.has_body || f.is_nil) && from == 0)
            return OK;
        if (!f.has_body)
            return imap_refused(imap, MAIL_LATER, "a mail went away while it was read");
        if (f.body.len > LIMIT_IMAP_PIECE_BYTES)
            return imap_lost(imap, MAIL_BAD_ANSWER, "the server sends more than was asked for");
        from += f.body.len;
        bool is_long = from > max_bytes, is_last = f.body.len < LIMIT_IMAP_PIECE_BYTES;
        enum imap_piece piece = is_long ? IMAP_TOO_LARGE : is_last ? IMAP_LAST : IMAP_MORE;
        if (!sink(arg, uid, is_long ? (str){0} : f.body, piece))
            return sink_says_no(imap);
        if (piece != IMAP_MORE)
            return OK;
    }
}

err imap_fetch(struct imap *imap, const struct imap_mail *mails, ptrdiff_t count, int64_t max_bytes,
    imap_sink *sink, void *arg)
{
    TRY(need_mails(imap, count));
    uint32_t batch[LIMIT_IMAP_MAILS];
    ptrdiff_t n = 0;
    int64_t bytes = 0;
    for (ptrdiff_t i = 0; i <= count; i++) {
        bool is_small = i < count && mails[i].size > 0 && mails[i].size <= LIMIT_IMAP_PIECE_BYTES;
        int64_t size = is_small ? mails[i].size : 0;
        if (n > 0 && (i == count || bytes + size > LIMIT_IMAP_BATCH_BYTES)) {
            mail_line_limit(imap->line, imap->step_ms, imap->command_ms);
            TRY(fetch_small(imap, batch, n, max_bytes, sink, arg));
            n = 0;
            bytes = 0;
        }
        if (is_small) {
            batch[n++] = mails[i].uid;
            bytes += size;
        } else if (i < count) {
            TRY(fetch_big(imap, mails[i].uid, max_bytes, sink, arg));
        }
    }
    return OK;
}

err imap_fetch_header(struct imap *imap, struct arena *a, uint32_t uid, str *header)
{
    TRY(need_mails(imap, 1));
    str what = str_print(a, "(UID BODY.PEEK[HEADER]<0.%d>)", LIMIT_IMAP_HEADER_BYTES);
    TRY(ask(imap, &uid, 1, str_z(a, what), LIMIT_IMAP_HEADER_BYTES, LIMIT_IMAP_HEADER_BYTES));
    *header = (str){0};
    for (clistiter *at = first_mail(imap); at != NULL; at = clist_next(at)) {
        struct found f = read_mail(clist_content(at));
        if (f.uid == uid && f.has_body)
            *header = str_copy(a, f.body);
    }
    return OK;
}
