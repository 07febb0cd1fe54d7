/* reply_rules: what may be written to a customer now, by the network's rules (connector_rules):
 * publicly or privately, within which window, how long, with which files. Not here: refusing with
 * words (reply_check.h), cutting into pieces (pieces.h), when the network counts a message as
 * opening its window (connector_item.opens_window). Rules: docs/product.md CH-3, CH-5.
 * Thread: pure. */
#pragma once
#include "connector/connector.h"
#include "model/conversation.h"

enum reply_window {
    REPLY_OPEN,     /* anything goes */
    REPLY_LATE,     /* only what a person writes */
    REPLY_TEMPLATE, /* only a template of the network's */
    REPLY_CLOSED,   /* nothing, until the customer writes again */
};
const char *reply_window_name(enum reply_window w); /* "open" … */
extern const char *const reply_window_words[];      /* NULL-terminated */

struct reply_case {
    bool is_public;               /* the customer wrote publicly last */
    bool has_post;                /* there are public messages in it */
    struct message_window window; /* of private messages there */
    int64_t now_ms;
};
struct reply_room {
    bool may_public, may_private;
    bool is_public;           /* what is taken when nothing is said */
    enum reply_window window; /* of private messages, for a person */
    int64_t window_until_ms;  /* OPEN: ends then; 0 = never */
    int64_t late_until_ms;    /* OPEN, LATE: after it not even a person; 0 = no such time */
};
/* c NULL: a network that this build does not know: private and open. */
struct reply_room reply_rules_room(const struct connector *c, const struct reply_case *in);
/* The window for a program: what is LATE for a person is over for it. */
enum reply_window reply_rules_program(const struct connector *c, enum reply_window w);
/* Whether a text is longer than the rules (connector_rules_for) allow, in the unit or in bytes;
 * *length is in the unit. */
bool reply_rules_is_too_long(const struct connector_rules *rules, str text, int64_t *length);
/* Whether one of the words ("image/jpeg image/png", "video/" = all of them, "*") is this type. */
bool reply_rules_type_fits(str types, str type);
enum reply_file { REPLY_FILE_FITS, REPLY_FILE_TYPE, REPLY_FILE_SIZE };
/* The first kind of file whose types fit decides; *max_bytes: its limit (SIZE). */
enum reply_file reply_rules_file(
    const struct connector_rules *rules, str type, int64_t size, int64_t *max_bytes);
/* "image/jpeg, image/png": what goes there. */
str reply_rules_types(struct arena *a, const struct connector_rules *rules);
