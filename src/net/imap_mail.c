/* A folder: opening it, what is new in it, marks, moves, waiting. See imap.h. */
#include <libetpan/condstore.h>
#include <libetpan/mmapstring.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "net/imap_inner.h"

enum {
    POLL_MS = 60 * 1000,      /* without IDLE: how often NOOP asks */
    IDLE_MS = 25 * 60 * 1000, /* servers may hang up after 30 minutes (RFC 2177) */
    DAY_MS = 24 * 60 * 60 * 1000,
    BUFFER_KEPT = 64 * 1024,
    MESSAGE_ID_BYTES = 998, /* a line of a mail (RFC 5322, 2.1.1) */
};

static int64_t now_real_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

str imap_date_time(struct arena *a, int64_t ms)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    str t = time_rfc3339(a, ms); /* 2026-01-01T00:00:00.000Z */
    int64_t month = 1;
    if (str_int(str_sub(t, 5, 2), 1, 12, &month) != OK)
        month = 1; /* cannot happen: the clock writes two digits */
    str day = str_sub(t, 8, 2), year = str_sub(t, 0, 4), clock = str_sub(t, 11, 8);
    return str_print(a, "%.*s-%.3s-%.*s %.*s +0000", SARG(day), months + 3 * (month - 1),
        SARG(year), SARG(clock));
}

void imap_uid_set(struct sb *b, const uint32_t *uids, ptrdiff_t count)
{
    for (ptrdiff_t i = 0; i < count; i++) {
        ptrdiff_t last = i;
        while (last + 1 < count && uids[last + 1] == uids[last] + 1)
            last++;
        if (b->len > 0 && b->at[b->len - 1] >= '0' && b->at[b->len - 1] <= '9')
            sb_byte(b, ',');
        sb_int(b, uids[i]);
        if (last > i) {
            sb_byte(b, ':');
            sb_int(b, uids[last]);
        }
        i = last;
    }
}

static uint64_t highest_modseq(const mailimap *session)
{
    const struct mailimap_response_info *info = session->imap_response_info;
    if (info == NULL || info->rsp_extension_list == NULL)
        return 0;
    for (clistiter *at = clist_begin(info->rsp_extension_list); at != NULL; at = clist_next(at)) {
        const struct mailimap_extension_data *x = clist_content(at);
        if (x == NULL || x->ext_extension != &mailimap_extension_condstore ||
            x->ext_type != MAILIMAP_CONDSTORE_TYPE_RESP_TEXT_CODE)
            continue;
        const struct mailimap_condstore_resptextcode *code = x->ext_data;
        if (code->cs_type == MAILIMAP_CONDSTORE_RESPTEXTCODE_HIGHESTMODSEQ)
            return code->cs_data.cs_modseq_value;
    }
    return 0;
}

static err need_folder(struct imap *imap)
{
    TRY(imap_begin(imap));
    return imap->is_selected ? OK : imap_refused(imap, MAIL_BAD_FOLDER, "no folder is open");
}

err imap_select(struct imap *imap, str name, struct imap_folder *folder)
{
    TRY(imap_begin(imap));
    struct arena a = arena_make(64 * 1024);
    struct sb b = sb_make(&a, IMAP_COMMAND_BYTES);
    mailimap *s = imap->session;
    sb_add(&b, S("SELECT"));
    sb_byte(&b, ' ');
    bool is_name = imap_quote_folder(&b, name);
    if (imap_can(imap, S("CONDSTORE")))
        sb_add(&b, S(" (CONDSTORE)"));
    imap->is_selected = false;
    if (s->imap_selection_info != NULL)
        mailimap_selection_info_free(s->imap_selection_info);
    s->imap_selection_info = mailimap_selection_info_new();
    err e = OK;
    if (s->imap_selection_info == NULL)
        e = imap_lost(imap, MAIL_LATER, "out of memory");
    else if (!is_name)
        e = imap_refused(imap, MAIL_BAD_FOLDER, "this cannot be a folder's name");
    else
        e = imap_run(imap, sb_str(&b), "opening the folder", IMAP_SMALL, IMAP_SMALL);
    arena_free(&a);
    if (e != OK) {
        if (imap->end == MAIL_REFUSED)
            imap->end = MAIL_BAD_FOLDER;
        return e;
    }
    const struct mailimap_selection_info *info = s->imap_selection_info;
    imap->is_selected = true;
    imap->uidnext = info->sel_uidnext;
    *folder = (struct imap_folder){
        .uidvalidity = info->sel_uidvalidity,
        .uidnext = info->sel_uidnext,
        .exists = info->sel_exists,
        .highest_modseq = highest_modseq(s),
        .is_read_only = info->sel_perm == MAILIMAP_MAILBOX_READONLY,
    };
    return OK;
}

static int uid_cmp(const void *x, const void *y)
{
    uint32_t a = *(const uint32_t *)x, b = *(const uint32_t *)y;
    return a < b ? -1 : a > b;
}

/* Of the last answer: those from lo to hi, rising, each once. At most LIMIT_IMAP_LINE_BYTES / 2 can
 * have come. */
static void take_uids(const mailimap *session, struct arena *a, uint32_t lo, uint32_t hi,
    uint32_t **uids, ptrdiff_t *count)
{
    const struct mailimap_response_info *info = session->imap_response_info;
    clist *list = info != NULL ? info->rsp_search_result : NULL;
    ptrdiff_t n = 0, all = list != NULL ? clist_count(list) : 0;
    uint32_t *to = NEW(a, uint32_t, all);
    for (clistiter *at = all > 0 ? clist_begin(list) : NULL; at != NULL; at = clist_next(at)) {
        uint32_t uid = *(const uint32_t *)clist_content(at);
        if (uid >= lo && uid <= hi)
            to[n++] = uid;
    }
    if (n > 1)
        qsort(to, (size_t)n, sizeof *to, uid_cmp);
    ptrdiff_t kept = 0;
    for (ptrdiff_t i = 0; i < n; i++) {
        if (kept == 0 || to[i] != to[kept - 1])
            to[kept++] = to[i];
    }
    *uids = to;
    *count = kept;
}

/* One stretch; "lo:*" when hi is the highest of all. The server answers "lo:*" with its last mail
 * even where that is below lo: take_uids drops it. */
static err search_stretch(struct imap *imap, struct arena *a, uint32_t lo, uint32_t hi,
    int64_t since_ms, uint32_t **uids, ptrdiff_t *count)
{
    struct sb b = sb_make(a, IMAP_COMMAND_BYTES);
    sb_add(&b, S("UID SEARCH UID "));
    sb_int(&b, lo);
    sb_byte(&b, ':');
    if (hi == UINT32_MAX)
        sb_byte(&b, '*');
    else
        sb_int(&b, hi);
    if (since_ms > 0) {
        str day = imap_date_time(a, since_ms > DAY_MS ? since_ms - DAY_MS : 0);
        sb_add(&b, S(" SINCE "));
        sb_add(&b, str_sub(day, 0, IMAP_DATE_LEN));
    }
    TRY(imap_run(imap, sb_str(&b), "looking for new mails", IMAP_SMALL, IMAP_SMALL));
    take_uids(imap->session, a, lo, hi, uids, count);
    return OK;
}

err imap_search(struct imap *imap, struct arena *a, uint32_t after, uint32_t *until,
    int64_t since_ms, ptrdiff_t max, uint32_t **uids, ptrdiff_t *count)
{
    TRY(need_folder(imap));
    uint32_t *found = NULL;
    ptrdiff_t n = 0;
    uint64_t span = LIMIT_IMAP_SEARCH, most = *until, looked = after;
    bool is_for_news = most == UINT32_MAX;
    if (is_for_news)
        imap->guard.has_news = false; /* what comes from now on, the search may miss */
    for (; looked < most && n == 0; span *= 2) {
        uint64_t hi = looked + span;
        if (imap->uidnext == 0 || hi >= imap->uidnext || hi > most)
            hi = most;
        TRY(search_stretch(imap, a, (uint32_t)looked + 1, (uint32_t)hi, since_ms, &found, &n));
        looked = hi;
    }
    if (max > LIMIT_IMAP_SEARCH)
        max = LIMIT_IMAP_SEARCH;
    if (n > max) {
        n = max;
        looked = found[n - 1];
    }
    if (looked < most)
        *until = (uint32_t)looked;
    if (is_for_news && looked < most)
        imap->guard.has_news = true; /* the rest waits */
    *uids = found;
    *count = n;
    return OK;
}

err imap_has_message_id(struct imap *imap, str message_id, bool *is_there)
{
    TRY(need_folder(imap));
    struct arena a = arena_make(64 * 1024);
    struct sb b = sb_make(&a, IMAP_COMMAND_BYTES);
    sb_add(&b, S("UID SEARCH HEADER Message-ID "));
    err e = OK;
    if (message_id.len == 0 || message_id.len > MESSAGE_ID_BYTES || !imap_quote(&b, message_id))
        e = imap_refused(imap, MAIL_REFUSED, "this cannot be searched for as a Message-ID");
    else
        e = imap_run(imap, sb_str(&b), "looking for a Message-ID", IMAP_SMALL, IMAP_SMALL);
    const struct mailimap_response_info *info = imap->session->imap_response_info;
    if (e == OK)
        *is_there = info != NULL && info->rsp_search_result != NULL &&
                    clist_begin(info->rsp_search_result) != NULL;
    arena_free(&a);
    return e;
}

/* `before` set `after`, for mails of the open folder. */
static err run_on(struct imap *imap, const char *before, const uint32_t *uids, ptrdiff_t count,
    str after, const char *what)
{
    if (count == 0)
        return OK;
    if (count > LIMIT_IMAP_MAILS)
        return imap_refused(imap, MAIL_REFUSED, "%s: too many mails at once", what);
    struct arena a = arena_make(128 * 1024);
    struct sb set = sb_make(&a, IMAP_COMMAND_BYTES);
    imap_uid_set(&set, uids, count);
    str text = sb_str(&set);
    text = str_print(&a, "%s %.*s %.*s", before, SARG(text), SARG(after));
    err e = imap_run(imap, text, what, IMAP_SMALL, LIMIT_IMAP_TEXT_BYTES);
    arena_free(&a);
    return e;
}

err imap_mark_seen(struct imap *imap, const uint32_t *uids, ptrdiff_t count)
{
    TRY(need_folder(imap));
    return run_on(
        imap, "UID STORE", uids, count, S("+FLAGS.SILENT (\\Seen)"), "marking mails as read");
}

static err move_by_copy(struct imap *imap, const uint32_t *uids, ptrdiff_t count, str folder)
{
    static const char what[] = "moving mails";
    TRY(run_on(imap, "UID COPY", uids, count, folder, what));
    TRY(run_on(imap, "UID STORE", uids, count, S("+FLAGS.SILENT (\\Deleted)"), what));
    return imap_can(imap, S("UIDPLUS")) ? run_on(imap, "UID EXPUNGE", uids, count, S(""), what)
                                        : OK;
}

err imap_move(struct imap *imap, const uint32_t *uids, ptrdiff_t count, str folder)
{
    TRY(need_folder(imap));
    struct arena a = arena_make(16 * 1024);
    struct sb b = sb_make(&a, IMAP_COMMAND_BYTES);
    err e = OK;
    if (!imap_quote_folder(&b, folder))
        e = imap_refused(imap, MAIL_BAD_FOLDER, "this cannot be a folder's name");
    else if (imap_can(imap, S("MOVE")))
        e = run_on(imap, "UID MOVE", uids, count, sb_str(&b), "moving mails");
    else
        e = move_by_copy(imap, uids, count, sb_str(&b));
    arena_free(&a);
    return e;
}

err imap_noop(struct imap *imap)
{
    TRY(imap_begin(imap));
    return imap_run(imap, S("NOOP"), "asking for news", IMAP_SMALL, LIMIT_IMAP_TEXT_BYTES);
}

/* libetpan's buffer grows to the longest answer and stays so: megabytes for hours, after mails. */
static void let_go(mailimap *session)
{
    MMAPString *old = session->imap_stream_buffer;
    MMAPString *fresh =
        old != NULL && old->allocated_len > BUFFER_KEPT ? mmap_string_new("") : NULL;
    if (fresh == NULL)
        return;
    mmap_string_free(old);
    session->imap_stream_buffer = fresh;
}

/* One IDLE, from its word to its end. */
static err idle_once(struct imap *imap, int64_t until_ms, enum mail_wait *how)
{
    static const char what[] = "waiting for mails";
    bool is_plus = false;
    str more;
    int64_t end_ms = now_real_ms() + IDLE_MS;
    if (until_ms < end_ms)
        end_ms = until_ms;
    mail_line_limit(imap->line, imap->step_ms, imap->command_ms);
    imap_guard_begin(&imap->guard, IMAP_SMALL, LIMIT_IMAP_TEXT_BYTES);
    TRY(imap_say(imap, S("IDLE")));
    TRY(imap_hear_plus(imap, what, &is_plus, &more));
    if (!is_plus)
        return imap_lost(imap, MAIL_BAD_ANSWER, "%s: the server ends IDLE at once", what);
    mail_line_limit(imap->line, imap->step_ms, 0); /* hours are nothing here */
    *how = MAIL_WAIT_TIME;
    while (!imap->guard.has_news) {
        int64_t left_ms = end_ms - now_real_ms();
        *how = mail_line_wait(imap->line, left_ms > 0 ? left_ms : 0);
        if (*how == MAIL_WAIT_ENDED)
            return imap_over(imap);
        if (*how != MAIL_WAIT_DATA)
            break;
        const char *line = mailimap_read_line(imap->session);
        if (line == NULL)
            return imap_over(imap);
        if (line[0] != '*') /* it has ended IDLE by itself */
            return imap_answer(imap, what);
    }
    mail_line_limit(imap->line, imap->step_ms, imap->command_ms);
    TRY(imap_say_line(imap, S("DONE")));
    return imap_hear(imap, what);
}

/* Where there is no IDLE. */
static err poll_once(struct imap *imap, int64_t until_ms, enum mail_wait *how)
{
    int64_t left_ms = until_ms - now_real_ms();
    *how = mail_line_wait(imap->line, left_ms < POLL_MS ? left_ms > 0 ? left_ms : 0 : POLL_MS);
    if (*how == MAIL_WAIT_ENDED)
        return imap_over(imap);
    return *how == MAIL_WAIT_WOKEN ? OK : imap_noop(imap);
}

err imap_idle(struct imap *imap, int64_t max_ms, enum imap_news *news)
{
    TRY(need_folder(imap));
    int64_t until_ms = now_real_ms() + max_ms;
    let_go(imap->session);
    bool can_idle = imap_can(imap, S("IDLE"));
    enum mail_wait how = MAIL_WAIT_TIME;
    while (!imap->guard.has_news && how != MAIL_WAIT_WOKEN) {
        TRY(can_idle ? idle_once(imap, until_ms, &how) : poll_once(imap, until_ms, &how));
        if (now_real_ms() >= until_ms)
            break;
    }
    *news = imap->guard.has_news ? IMAP_NEWS : how == MAIL_WAIT_WOKEN ? IMAP_WOKEN : IMAP_NO_NEWS;
    return OK;
}
