/* Shared by the files of net/imap: the connection, and how a command is said and its answer read.
 * libetpan's session keeps what its parser found until the next command. */
#pragma once
#include <libetpan/libetpan.h>
#include <libetpan/mailimap.h>

#include "net/imap.h"
#include "net/imap_guard.h"

enum {
    IMAP_STEP_MS = 60 * 1000,
    IMAP_COMMAND_MS = 300 * 1000,
    IMAP_COMMAND_BYTES = 16 * 1024, /* a line we say, without secrets */
    IMAP_SMALL = 4096,              /* bytes of literals where none is expected */
    IMAP_WHY_BYTES = 500,
    IMAP_SERVER_WORDS = 200, /* bytes of the server's own words that people are shown */
};

struct imap {
    struct mail_line *line;
    mailimap *session; /* NULL before imap_open and after memory ended */
    struct imap_guard guard;
    int64_t step_ms, command_ms;
    bool is_open;
    bool is_selected;
    uint32_t uidnext; /* of the selected folder when it was opened; 0 = unknown */
    enum mail_end_kind end;
    ptrdiff_t why_len;
    char why[IMAP_WHY_BYTES];
};

/* Notes how a call ended and gives E_UPSTREAM. The connection stays as it is. */
[[gnu::format(printf, 3, 4)]] err imap_refused(
    struct imap *imap, enum mail_end_kind kind, const char *format, ...);
/* The same, and ends the connection. */
[[gnu::format(printf, 3, 4)]] err imap_lost(
    struct imap *imap, enum mail_end_kind kind, const char *format, ...);

/* The line has ended, or ends now: its end becomes the call's. */
err imap_over(struct imap *imap);

/* Before each call: the last one's end is forgotten. E_UPSTREAM: the connection has ended. */
err imap_begin(struct imap *imap);

/* The server's words, fit to be shown: UTF-8, no control characters, at most IMAP_SERVER_WORDS. */
str imap_words(struct arena *a, const char *words);

/* One command whose line is `text` (without tag and end) and its answer. `what` stands in words for
 * people: "opening the folder". literal_max and bytes_max: of the answer (imap_guard_begin).
 * OK: the server said OK, and session holds what it said. On NO the code of its reason decides:
 * UNAVAILABLE, INUSE, LIMIT, SERVERBUG, OVERQUOTA are MAIL_LATER, NONEXISTENT, TRYCREATE, CANNOT
 * are MAIL_BAD_FOLDER, words of being too busy MAIL_LATER, else MAIL_REFUSED. */
err imap_run(struct imap *imap, str text, const char *what, int64_t literal_max, int64_t bytes_max);
/* Its halves, for commands of more than one line. */
err imap_say(struct imap *imap, str text);            /* tag, text, line end; sent */
err imap_say_line(struct imap *imap, str text);       /* without tag */
err imap_hear(struct imap *imap, const char *what);   /* to the tagged answer */
err imap_answer(struct imap *imap, const char *what); /* the same; its first line has been read */
/* Reads until the server says "+ …" (*is_plus; *more = what follows it, until the next read) or
 * answers the command (then as imap_hear). What it says in between is not kept. */
err imap_hear_plus(struct imap *imap, const char *what, bool *is_plus, str *more);

/* A string of a command: quoted, with its escapes. False: it cannot be one (8-bit or control). */
bool imap_quote(struct sb *b, str s);
/* A folder's name, quoted, in modified UTF-7. False: too long, or no UTF-8. */
bool imap_quote_folder(struct sb *b, str name);
/* From the wire; what is no modified UTF-7 stays as it is, when it is UTF-8; else false. */
bool imap_folder_name(struct arena *a, const char *wire, str *name);
/* "3:5,9" of rising or other uids. */
void imap_uid_set(struct sb *b, const uint32_t *uids, ptrdiff_t count);
/* "01-Jan-2026 00:00:00 +0000"; the first IMAP_DATE_LEN bytes are the day. */
enum { IMAP_DATE_LEN = 11 };
str imap_date_time(struct arena *a, int64_t ms);
