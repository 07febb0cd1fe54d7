/* report_inner: what the files of report share. Thread: any. */
#pragma once
#include "text/report.h"

/* Sentences that no status stands behind. */
#define REPORT_DELIVERED_WORDS "The mail was delivered."
#define REPORT_LATER_WORDS     "The mail could not be delivered so far."
#define REPORT_FAILED_WORDS    "The mail could not be delivered."
#define REPORT_DELAYED_WORDS   "The mail is delayed; the server goes on trying."
#define REPORT_READ_WORDS      "The mail was read."
#define REPORT_DELETED_WORDS   "The mail was deleted without being read."
#define REPORT_DENIED_WORDS    "The recipient sends no receipts."
#define REPORT_UNREAD_WORDS    "The mail was handled without being read."

/* One line "Name: value" with what is folded below it. */
struct report_field {
    str name, value; /* value unfolded, trimmed; valid UTF-8 */
};
/* Reads the next field of a block; false at its end: *rest then begins behind the empty line (or is
 * empty). Lines that are no field are skipped. *left counts down to 0. */
bool report_field_next(struct arena *a, str *rest, struct report_field *field, int *left);

/* "5.1.1" when s begins with a status (class 2, 4 or 5) that no digit or dot follows; else "". */
str report_status_at(str s);
/* The first status in free text that stands behind the start, a space, "#", "(" or "-". */
str report_status_in(str text);
/* '4' or '5' of the first three-digit reply code of class 4 or 5 in text, else 0. */
char report_reply_class(str text);
/* An address as a person would compare it: lower case, without < > and "rfc822;"; "" = none. */
str report_address(struct arena *a, str s);
/* The id in "<…>", or the bare word; "" when there is none. */
str report_id(str s);
/* Whether the address is to blame for a failure of this status. */
bool report_status_is_bad_address(str status);
/* One line of valid UTF-8 of at most REPORT_WORDS_BYTES. */
str report_line(struct arena *a, str s);

/* A report without structure; false: the text is none. */
bool report_text_read(struct arena *a, const struct mime_mail *mail, struct mail_report *out);
