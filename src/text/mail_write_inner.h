/* What the files of mail_write share: mail_write.c (what the mail consists of), mail_head.c (header
 * fields), mail_body.c (transfer encodings and pieces), mail_name.c (addresses). Thread: pure, but
 * files. */
#pragma once
#include "text/mail_write.h"

enum {
    MAIL_FOLD = 76,  /* bytes of a header or body line, without CRLF */
    MAIL_LINE = 998, /* RFC 5322, 2.1.1 */
};

/* ── header fields (mail_head.c) ── */

struct mail_head {
    struct arena *a;
    struct sb b;
    ptrdiff_t line; /* where in b the last line begins */
};
struct mail_head mail_head_make(struct arena *a);
void mail_head_begin(struct mail_head *h, const char *name);
void mail_head_end(struct mail_head *h);
/* One word that holds no space: on this line when it fits, else on the next. */
void mail_head_token(struct mail_head *h, str token);
/* name: token */
void mail_head_field(struct mail_head *h, const char *name, str token);
/* Free text, such as a subject. */
void mail_head_text(struct mail_head *h, const char *name, str text);
/* A person, "," after them when more follow. address is of mail_address_wire. */
void mail_head_person(struct mail_head *h, str name, str address, bool has_more);
/* "; name=value" of a file name: encoded words in quotes (name), RFC 2231 (filename). */
void mail_head_name_words(struct mail_head *h, const char *parameter, str value);
void mail_head_name_2231(struct mail_head *h, const char *parameter, str value);
/* Text as one line: valid, controls and line ends as spaces, none at its ends, at most max bytes.
 */
str mail_one_line(struct arena *a, str text, ptrdiff_t max);
/* Whether an id or token stands between < > as it is: 1 to max printable bytes, no < > and space.
 */
bool mail_is_word(str s, ptrdiff_t max);

/* ── bodies (mail_body.c) ── */

struct mail_sink {
    bool (*put)(void *arg, str piece);
    void *arg;
    bool is_stopped; /* put said false */
    ptrdiff_t len;
    char buffer[16 * 1024];
};
void mail_sink_add(struct mail_sink *s, str bytes);
void mail_sink_flush(struct mail_sink *s);

enum mail_coding { MAIL_7BIT, MAIL_QUOTED, MAIL_BASE64 };
/* Text with LF line ends, none at its end. */
str mail_lines(struct arena *a, str text);
enum mail_coding mail_coding_of(str lines);
const char *mail_coding_name(enum mail_coding coding);
/* Without a line end after the last line. */
void mail_body_text(struct mail_sink *s, str lines, enum mail_coding coding);
err mail_body_file(
    struct arena *a, struct mail_sink *s, const struct mail_out_file *file, str *why);
