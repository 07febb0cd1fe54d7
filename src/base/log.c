/* One JSON line per event on standard error; see log.h. Not: metrics, nor the audit log (a table).
 * Thread: any; the line is built on the stack and leaves in one write(2). */
#include "base/log.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/utf8.h"

static _Atomic int least_level = LOG_INFO;
typedef void capture_fn(enum log_level level, str line, void *arg);
static _Atomic(capture_fn *) capture;
static void *_Atomic capture_arg;

struct line {
    ptrdiff_t len;
    char text[LIMIT_LOG_LINE_BYTES];
};

/* Every put keeps room for the closing brace and the newline. */
static void put(struct line *l, str s)
{
    ptrdiff_t room = LIMIT_LOG_LINE_BYTES - 2 - l->len;
    if (s.len > 0 && s.len <= room) {
        memcpy(l->text + l->len, s.at, (size_t)s.len);
        l->len += s.len;
    }
}

static void put_int(struct line *l, int64_t v)
{
    char digits[STR_INT_BYTES];
    put(l, str_int_to(digits, v));
}

/* Length of a tell-tale word at the start of s, with its separator; 0 = none. */
static ptrdiff_t telltale_len(str s)
{
    static const str words[] = {S_INIT("bearer "), S_INIT("basic "), S_INIT("token"),
        S_INIT("password"), S_INIT("passwd"), S_INIT("secret"), S_INIT("api_key"), S_INIT("apikey"),
        S_INIT("signature"), S_INIT("authorization")};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        str w = words[i];
        if (!str_eq_nocase(str_sub(s, 0, w.len), w))
            continue;
        if (w.at[w.len - 1] == ' ')
            return w.len;
        ptrdiff_t n = w.len;
        while (n < s.len && n < w.len + 4 && strchr("\"' =:", s.at[n]) != NULL && s.at[n] != 0)
            n++;
        bool has_separator = memchr(s.at + w.len, '=', (size_t)(n - w.len)) != NULL ||
                             memchr(s.at + w.len, ':', (size_t)(n - w.len)) != NULL;
        return has_separator ? n : 0;
    }
    return 0;
}

/* How many bytes at the start of s are the secret after a tell-tale word; 0 when another tell-tale
 * word comes first, as in `Authorization: Bearer …`. */
static ptrdiff_t secret_len(str s)
{
    ptrdiff_t n = 0;
    if (telltale_len(s) > 0)
        return 0;
    while (n < s.len && strchr(" \"'&,;\r\n\t)}]<>", s.at[n]) == NULL)
        n++;
    return n;
}

static void put_escaped_byte(struct line *l, unsigned char c)
{
    static const char hex[] = "0123456789abcdef";
    char escape[6] = {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]};
    if (c == '"' || c == '\\') {
        escape[1] = (char)c;
        put(l, str_of(escape, 2));
    } else {
        put(l, str_of(escape, 6));
    }
}

static void put_text(struct line *l, str s)
{
    s = utf8_prefix_bytes(s, LIMIT_LOG_VALUE_BYTES);
    bool is_valid = utf8_valid(s);
    put(l, S("\""));
    for (ptrdiff_t i = 0; i < s.len;) {
        ptrdiff_t told = telltale_len(str_skip(s, i));
        for (ptrdiff_t end = i + (told > 0 ? told : 1); i < end; i++) {
            unsigned char c = (unsigned char)s.at[i];
            if (c < 0x20 || c == '"' || c == '\\' || c == 0x7f || (c >= 0x80 && !is_valid))
                put_escaped_byte(l, c);
            else
                put(l, str_of(s.at + i, 1));
        }
        ptrdiff_t hidden = told > 0 ? secret_len(str_skip(s, i)) : 0;
        if (hidden > 0)
            put(l, S("[hidden]"));
        i += hidden;
    }
    put(l, S("\""));
}

static bool key_is_secret(str key)
{
    static const str parts[] = {S_INIT("password"), S_INIT("secret"), S_INIT("authorization"),
        S_INIT("cookie"), S_INIT("token"), S_INIT("api_key")};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        if (str_find(key, parts[i]) >= 0)
            return true;
    return false;
}

static void put_field(struct line *l, const struct log_field *f)
{
    str key = str_from(f->key);
    ptrdiff_t before = l->len;
    ptrdiff_t longest = 8 + 6 * key.len + 6 * (LIMIT_LOG_VALUE_BYTES + 8);
    put(l, S(","));
    put_text(l, key);
    put(l, S(":"));
    if (f->kind == 'i')
        put_int(l, f->integer);
    else if (key_is_secret(key) && f->text.len > 0)
        put(l, S("\"[hidden]\""));
    else
        put_text(l, f->text);
    /* A value may have been cut in its middle when the line is nearly full: leave the field out. */
    if (LIMIT_LOG_LINE_BYTES - 2 - before < longest && l->len > LIMIT_LOG_LINE_BYTES - 16)
        l->len = before;
}

static const char *level_name(enum log_level level)
{
    switch (level) {
    case LOG_DEBUG:
        return "debug";
    case LOG_INFO:
        return "info";
    case LOG_WARN:
        return "warn";
    case LOG_ERROR:
        return "error";
    }
    return "error";
}

static void write_line(str line)
{
    while (line.len > 0) {
        ssize_t n = write(STDERR_FILENO, line.at, (size_t)line.len);
        if (n < 0 && errno != EINTR)
            return; /* nowhere left to tell it */
        if (n > 0)
            line = str_skip(line, n);
    }
}

void log_write(enum log_level level, const char *msg, const struct log_field *fields, ptrdiff_t n)
{
    if ((int)level < atomic_load_explicit(&least_level, memory_order_relaxed))
        return;
    struct line l;
    char at[TIME_RFC3339_LEN];
    int errno_before = errno;
    l.len = 0;
    time_rfc3339_to(at, clock_now_ms());
    put(&l, S("{\"at\":\""));
    put(&l, str_of(at, TIME_RFC3339_LEN));
    put(&l, S("\",\"level\":\""));
    put(&l, str_from(level_name(level)));
    put(&l, S("\",\"msg\":"));
    put_text(&l, str_from(msg));
    for (ptrdiff_t i = 0; i < n; i++)
        put_field(&l, &fields[i]);
    l.text[l.len++] = '}';
    capture_fn *fn = atomic_load(&capture);
    if (fn != NULL) {
        fn(level, str_of(l.text, l.len), atomic_load(&capture_arg));
    } else {
        l.text[l.len++] = '\n';
        write_line(str_of(l.text, l.len));
    }
    errno = errno_before;
}

void log_level_set(enum log_level least)
{
    atomic_store(&least_level, (int)least);
}

void log_capture(void (*fn)(enum log_level level, str line, void *arg), void *arg)
{
    atomic_store(&capture_arg, arg);
    atomic_store(&capture, fn);
}
