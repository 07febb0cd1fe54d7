/* Structured log: one JSON object a line on standard error:
 * {"at":"…","level":"warn","msg":"…","trace":"…", …fields}. Secrets never reach a field: values
 * come as str and the caller passes none; base/log.c also masks "Bearer …", "token=…", "password".
 * Tests capture lines: an expected error is asserted, an unexpected one fails the test.
 * Thread: any; one write(2) per line. */
#pragma once
#include "base/str.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };
struct log_field {
    const char *key;
    str text;        /* used when kind is 's' */
    int64_t integer; /* used when kind is 'i' */
    char kind;
};
#define LOG_S(k, v) ((struct log_field){.key = (k), .text = (v), .kind = 's'})
#define LOG_Z(k, v) ((struct log_field){.key = (k), .text = str_from(v), .kind = 's'})
#define LOG_I(k, v) ((struct log_field){.key = (k), .integer = (int64_t)(v), .kind = 'i'})
void log_write(enum log_level level, const char *msg, const struct log_field *fields, ptrdiff_t n);
/* log_line(LOG_WARN, "webhook refused", LOG_S("host", host), LOG_I("status", 503)) */
#define log_line(level, msg, ...)                                                                  \
    log_write((level), (msg), (const struct log_field[]){__VA_ARGS__ __VA_OPT__(, ){.key = NULL}}, \
        (ptrdiff_t)(sizeof((const struct log_field[]){__VA_ARGS__ __VA_OPT__(, ){.key = NULL}}) /  \
                    sizeof(struct log_field)) -                                                    \
            1)
void log_level_set(enum log_level least);
/* Test seam: lines go to fn instead (NULL = standard error). */
void log_capture(void (*fn)(enum log_level level, str line, void *arg), void *arg);
