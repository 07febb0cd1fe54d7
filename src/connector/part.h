/* part: what is in a message beside text and files, as one JSON object each (message.parts, an
 * array). Written by connectors and by the composer, shown by the console, kept as it came.
 *
 *   {"type":"location","latitude":23.81,"longitude":90.41,"name","address","url"}
 *   {"type":"contact","name","phones":["…"],"emails":["…"],"organization"}
 *   {"type":"link","url","title","text","image_url"}            a shared link, post or product
 *   {"type":"story","url","text"}                                 a reply to or a mention in a
 * story
 *   {"type":"buttons","buttons":[{"id","title","url"}]}           offered with a message
 *   {"type":"choice","id","title"}                                the button the customer pressed
 *   {"type":"template","name","language","variables":{"1":"…"}}  a message of the network's
 * templates
 *   {"type":"rating","value":4,"most":5}                          a review
 *   {"type":"referral","source","ref","title","url"}              how the customer came here
 *   {"type":"call","direction":"in","seconds":63,"outcome":"answered"|"missed"|"voicemail"|"message"}
 *   {"type":"summons"}                                            it calls on us: X lets only such
 * messages be answered (connector x, setting access)
 *   {"type":"held","reason"}                                      the network shows it to nobody
 * until it is published (act "unhide")
 *   {"type":"album","id"}                                          one of several files that were
 * sent at once: each is a message, those with the same id stand together
 *   {"type":"unsupported","name":"poll"}                          the network has it, Seva cannot
 * show it
 *
 * Members without a value are left out. Thread: pure. */
#pragma once
#include "base/json.h"

/* Builds the array; begins it with the first part and is empty when there was none. */
struct parts {
    struct json_out j;
    bool is_open;
};
struct parts parts_make(struct arena *a);
/* {"type": type …: follow with json_kv_… on &p->j and part_end. */
void part_begin(struct parts *p, str type);
void part_text(struct parts *p, const char *name, str value); /* left out when empty */
void part_end(struct parts *p);
str parts_str(struct parts *p); /* the array; empty without parts */
/* The common ones. */
void part_location(struct parts *p, double latitude, double longitude, str name, str address);
void part_link(struct parts *p, str url, str title, str text);
void part_choice(struct parts *p, str id, str title);
void part_unsupported(struct parts *p, str name);
void part_album(struct parts *p, str id); /* nothing when empty; the last part of a message */
void part_contact(struct parts *p, str name, str phone);
/* A telephone call: seconds 0 = not said; menu and key: where its caller was and what was pressed.
 */
struct part_call {
    str direction, outcome; /* words of the part "call" above */
    int64_t seconds;
    str menu, key;
};
void part_call(struct parts *p, const struct part_call *call);

/* The first part of this type in a parsed array of parts; NULL when there is none. */
const struct json *part_find(const struct json *parts, const char *type);
