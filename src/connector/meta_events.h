/* meta_events: what happens in the private inbox of a Facebook page or an Instagram account, as
 * both tell it: the envelope of a delivery and the members of `messaging` and `standby`. Not here:
 * public comments and mentions (facebook_parse.c, instagram_parse.c).
 *
 * Items: a message (also an echo of ours), a pressed button and the way somebody came in are
 * ITEM_MESSAGE; edits, withdrawals, reactions, deliveries and readings theirs; opt-ins, hand-overs
 * and what is unknown are passed over. Threads we do not own (standby) are read like our own.
 * Source: Meta, Messenger and Instagram webhooks, v25.0, August 2026. Thread: pure. */
#pragma once
#include "connector/part.h"
#include "connector/reading.h"

struct meta_reading {
    struct item_list list;
    str object;      /* "page" or "instagram" */
    str account;     /* of the entry at hand */
    int64_t time_ms; /* of the entry; the reception's when it does not say */
    int64_t received_ms;
    int64_t ad_window_ms; /* the reply window after an advertisement; 0 = as after any message */
};

/* Takes {"field":…,"value":…} of `changes`. */
typedef void meta_change(struct meta_reading *r, const struct json *change);

/* A whole delivery. E_INVALID with words when it is not of this object. */
err meta_parse(struct arena *a, str body, struct meta_reading *r, meta_change *change, str *why);
/* One member of messaging, standby, or the value of a change of that shape. */
void meta_event(struct meta_reading *r, const struct json *v);
/* An item that is not understood: it comes back as a delivery with only this member of `list`. */
void meta_fault(struct meta_reading *r, const char *list, const struct json *v, str words);

/* A message's text, files and parts as they are gathered. */
struct meta_content {
    struct arena *a;
    str text; /* of a template: stands for the message's when that has none */
    struct parts parts;
    struct connector_attachment *files;
    ptrdiff_t n_files;
};
struct meta_content meta_content_make(struct arena *a);
/* A file by address; beyond LIMIT_ATTACHMENTS it becomes a link. */
void meta_content_file(struct meta_content *c, str url, str name, str type);
/* Members of `attachments` of a message. */
void meta_content_read(struct meta_content *c, const struct json *attachments);
/* Into the item; one that holds nothing gets a part "unsupported" of this name. */
void meta_content_end(struct meta_content *c, struct connector_item *it, const char *otherwise);

/* As take_time; also the Graph API's "2026-01-01T00:00:00+0000", which RFC 3339 has with a colon.
 */
int64_t meta_time(struct arena *a, const struct json *object, const char *key);

/* "❤" of "love"; empty when the name is not known. */
str meta_emoji(str reaction);
/* "love" of "❤" (with or without U+FE0F); empty when there is no such reaction. */
str meta_reaction(str emoji);
