/* The connection, and how a command is said and its answer read. See imap.h. Signing in:
 * imap_login.c; mails: imap_mail.c, imap_fetch.c; folders: imap_folder.c. */
#include "net/imap.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "net/imap_inner.h"

[[gnu::format(printf, 3, 0)]] static void keep_why(
    struct imap *imap, enum mail_end_kind kind, const char *format, va_list args)
{
    imap->end = kind;
    int n = vsnprintf(imap->why, IMAP_WHY_BYTES, format, args);
    imap->why_len = n < 0 ? 0 : n < IMAP_WHY_BYTES ? n : IMAP_WHY_BYTES - 1;
    imap->why_len = utf8_valid_len(str_of(imap->why, imap->why_len)); /* no half character */
}

err imap_refused(struct imap *imap, enum mail_end_kind kind, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    keep_why(imap, kind, format, args);
    va_end(args);
    return E_UPSTREAM;
}

err imap_lost(struct imap *imap, enum mail_end_kind kind, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    keep_why(imap, kind, format, args);
    va_end(args);
    mail_line_fail(imap->line, kind, str_of(imap->why, imap->why_len));
    imap->is_open = false;
    return E_UPSTREAM;
}

err imap_over(struct imap *imap)
{
    struct arena a = arena_make(16 * 1024);
    struct mail_end end = mail_line_end(imap->line, &a);
    imap->is_open = false;
    if (end.kind == MAIL_DONE)
        (void)imap_lost(imap, MAIL_LOST, "the connection ended"); /* said below */
    else
        (void)imap_refused(imap, end.kind, "%.*s", SARG(end.why));
    arena_free(&a);
    return E_UPSTREAM;
}

/* The guard's answer becomes the line's end. */
static bool look(void *arg, str bytes)
{
    struct imap *imap = arg;
    if (imap_guard_look(&imap->guard, bytes))
        return true;
    struct arena a = arena_make(16 * 1024);
    if (imap->guard.is_bye) {
        str said = imap_words(&a, str_z(&a, str_of(imap->guard.bye, imap->guard.bye_len)));
        str why = str_print(&a, "the server says goodbye: %.*s", SARG(said));
        mail_line_fail(imap->line, imap->is_open ? MAIL_LOST : MAIL_LATER, why);
    } else {
        mail_line_fail(imap->line, MAIL_BAD_ANSWER,
            str_print(&a, "the server goes beyond what is accepted: %s", imap->guard.why));
    }
    arena_free(&a);
    return false;
}

struct imap *imap_make(void)
{
    struct imap *imap = alloc_zero((ptrdiff_t)sizeof *imap);
    if (imap == NULL)
        return NULL;
    imap->line = mail_line_make();
    if (imap->line == NULL) {
        free(imap);
        return NULL;
    }
    imap->step_ms = IMAP_STEP_MS;
    imap->command_ms = IMAP_COMMAND_MS;
    mail_line_watch(imap->line, look, imap);
    return imap;
}

void imap_close(struct imap *imap)
{
    if (imap->session != NULL) {
        if (imap->is_open) {
            mail_line_limit(imap->line, 1000, 1000);
            (void)imap_say(imap, S("LOGOUT")); /* a courtesy: the connection ends in any case */
        }
        if (imap->session->imap_stream != NULL)
            (void)mailstream_close(imap->session->imap_stream); /* always 0 */
        imap->session->imap_stream = NULL; /* or libetpan would wait for an answer to LOGOUT */
        mailimap_free(imap->session);
    }
    mail_line_close(imap->line);
    free(imap);
}

void imap_cancel(struct imap *imap)
{
    mail_line_cancel(imap->line);
}

void imap_wake(struct imap *imap)
{
    mail_line_wake(imap->line);
}

void imap_limit(struct imap *imap, int64_t step_ms, int64_t command_ms)
{
    imap->step_ms = step_ms;
    imap->command_ms = command_ms;
}

bool imap_is_open(const struct imap *imap)
{
    return imap->is_open;
}

struct mail_end imap_end(const struct imap *imap, struct arena *a)
{
    return (struct mail_end){
        .kind = imap->end, .why = str_copy(a, str_of(imap->why, imap->why_len))};
}

bool imap_can(const struct imap *imap, str capability)
{
    const struct mailimap_connection_info *info =
        imap->session != NULL ? imap->session->imap_connection_info : NULL;
    if (info == NULL || info->imap_capability == NULL || info->imap_capability->cap_list == NULL)
        return false; /* an answer without one leaves no list */
    str auth = str_starts(capability, S("AUTH=")) ? str_skip(capability, 5) : (str){0};
    clist *list = info->imap_capability->cap_list;
    for (clistiter *at = clist_begin(list); at != NULL; at = clist_next(at)) {
        const struct mailimap_capability *c = clist_content(at);
        bool is_auth = c->cap_type == MAILIMAP_CAPABILITY_AUTH_TYPE;
        str name = str_from(is_auth ? c->cap_data.cap_auth_type : c->cap_data.cap_name);
        if (is_auth == (auth.len > 0) && str_eq_nocase(name, is_auth ? auth : capability))
            return true;
    }
    return false;
}

str imap_words(struct arena *a, const char *words)
{
    str s = str_trim(str_from(words));
    char *to = arena_alloc(a, IMAP_SERVER_WORDS, 1);
    ptrdiff_t n = 0;
    while (n < s.len && n < IMAP_SERVER_WORDS) {
        unsigned char c = (unsigned char)s.at[n];
        to[n] = (char)(c < ' ' || c == 0x7f ? ' ' : c);
        n++;
    }
    str shown = str_of(to, n);
    if (n < s.len)
        shown = str_sub(shown, 0, utf8_valid_len(shown));
    return utf8_repair(a, shown);
}

err imap_begin(struct imap *imap)
{
    imap->end = MAIL_DONE;
    imap->why_len = 0;
    if (imap->session == NULL)
        return imap_lost(imap, MAIL_LOST, "the mailbox is not connected");
    struct arena a = arena_make(16 * 1024);
    bool is_over = mail_line_end(imap->line, &a).kind != MAIL_DONE;
    arena_free(&a);
    if (is_over)
        return imap_over(imap);
    mail_line_limit(imap->line, imap->step_ms, imap->command_ms);
    return OK;
}

static err flush_line(struct imap *imap, str text)
{
    mailstream *stream = imap->session->imap_stream;
    assert(str_find_byte(text, '\r') < 0 && str_find_byte(text, '\n') < 0);
    if (mailstream_write(stream, text.at, (size_t)text.len) < 0 ||
        mailstream_write(stream, "\r\n", 2) < 0 || mailstream_flush(stream) < 0)
        return imap_over(imap);
    return OK;
}

err imap_say(struct imap *imap, str text)
{
    if (mailimap_send_current_tag(imap->session) != MAILIMAP_NO_ERROR)
        return imap_over(imap);
    return flush_line(imap, text);
}

err imap_say_line(struct imap *imap, str text)
{
    return flush_line(imap, text);
}

/* Large providers refuse for a while with words only: Gmail "[ALERT] Too many simultaneous
 * connections", Microsoft 365 "BAD Request is throttled". It is neither the password's nor the
 * command's fault. */
static bool says_later(str said)
{
    static const char *const words[] = {
        "throttl", "too many", "rate limit", "temporar", "try again later", "bandwidth limit"};
    struct arena a = arena_make(16 * 1024);
    str lower = str_lower_ascii(&a, said);
    bool is_later = false;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        is_later = is_later || str_find(lower, str_from(words[i])) >= 0;
    arena_free(&a);
    return is_later;
}

/* What a NO means. Source: RFC 5530, response codes. */
static enum mail_end_kind refusal_kind(const mailimap *session, str said)
{
    static const struct {
        const char *code;
        enum mail_end_kind kind;
    } codes[] = {
        {"UNAVAILABLE", MAIL_LATER     },
        {"INUSE",       MAIL_LATER     },
        {"LIMIT",       MAIL_LATER     },
        {"SERVERBUG",   MAIL_LATER     },
        {"OVERQUOTA",   MAIL_LATER     },
        {"NONEXISTENT", MAIL_BAD_FOLDER},
        {"CANNOT",      MAIL_BAD_FOLDER},
    };
    const struct mailimap_response_info *info = session->imap_response_info;
    if (says_later(said))
        return MAIL_LATER;
    if (info == NULL)
        return MAIL_REFUSED;
    if (info->rsp_trycreate)
        return MAIL_BAD_FOLDER;
    str code = str_from(info->rsp_atom);
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        if (str_eq_nocase(code, str_from(codes[i].code)))
            return codes[i].kind;
    }
    return MAIL_REFUSED;
}

err imap_answer(struct imap *imap, const char *what)
{
    struct mailimap_response *response = NULL;
    int r = mailimap_parse_response(imap->session, &response);
    struct arena a = arena_make(16 * 1024);
    str said = imap_words(&a, imap->session->imap_response);
    err e = OK;
    if (r == MAILIMAP_ERROR_STREAM || r == MAILIMAP_ERROR_FATAL) {
        e = imap_over(imap);
    } else if (r == MAILIMAP_ERROR_PROTOCOL) {
        e = imap_lost(imap, says_later(said) ? MAIL_LATER : MAIL_REFUSED,
            "%s: the server does not understand: %.*s", what, SARG(said));
    } else if (r == MAILIMAP_ERROR_MEMORY) {
        e = imap_lost(imap, MAIL_LATER, "out of memory");
    } else if (r != MAILIMAP_NO_ERROR) {
        e = imap_lost(imap, MAIL_BAD_ANSWER, "%s: the server's answer cannot be read", what);
    } else {
        int type = response->rsp_resp_done->rsp_data.rsp_tagged->rsp_cond_state->rsp_type;
        if (type != MAILIMAP_RESP_COND_STATE_OK)
            e = imap_refused(imap, refusal_kind(imap->session, said),
                "%s: the server refuses: %.*s", what, SARG(said));
        mailimap_response_free(response);
    }
    arena_free(&a);
    return e;
}

err imap_hear(struct imap *imap, const char *what)
{
    if (mailimap_read_line(imap->session) == NULL)
        return imap_over(imap);
    return imap_answer(imap, what);
}

err imap_hear_plus(struct imap *imap, const char *what, bool *is_plus, str *more)
{
    for (int i = 0; i < LIMIT_IMAP_LINES; i++) {
        const char *text = mailimap_read_line(imap->session);
        if (text == NULL)
            return imap_over(imap);
        str line = str_trim(str_from(text));
        if (str_starts(line, S("+"))) {
            *is_plus = true;
            *more = str_trim(str_skip(line, 1));
            return OK;
        }
        /* What stands between is looked at by the guard alone. */
        if (!str_starts(line, S("*")) && line.len > 0) {
            *is_plus = false;
            return imap_answer(imap, what);
        }
    }
    return imap_lost(imap, MAIL_BAD_ANSWER, "%s: the server answers other questions", what);
}

err imap_run(struct imap *imap, str text, const char *what, int64_t literal_max, int64_t bytes_max)
{
    imap_guard_begin(&imap->guard, literal_max, bytes_max);
    TRY(imap_say(imap, text));
    return imap_hear(imap, what);
}

bool imap_quote(struct sb *b, str s)
{
    sb_byte(b, '"');
    for (ptrdiff_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.at[i];
        if (c < ' ' || c >= 0x7f)
            return false;
        if (c == '"' || c == '\\')
            sb_byte(b, '\\');
        sb_byte(b, (char)c);
    }
    sb_byte(b, '"');
    return !b->failed;
}
