/* whatsapp: what the files of the WhatsApp connector share. The connector itself is whatsapp.c; it
 * reads deliveries in whatsapp_parse.c (what a message holds: whatsapp_content.c), asks the network
 * in whatsapp_account.c, sends in whatsapp_send.c with the bodies of whatsapp_body.c and
 * whatsapp_template.c, and knows the network's error codes in whatsapp_error.c.
 *
 * People have up to two ids: the phone number ("15557770001", digits) and, since April 2026, the
 * business-scoped user id ("US.13491208655302741918"). The user id stays when somebody hides the
 * number behind a user name, so it leads wherever the network gives it; the number is the other id
 * under which the person may be known already.
 * Source: Meta, WhatsApp Business Platform, Cloud API (v25.0, 2026). Thread: pure, but for the
 * calls through a client. */
#pragma once
#include "connector/connector.h"
#include "connector/meta.h"

/* Our delivery_id travels as "seva:<id>": what other software of the same number writes there is
 * not taken for ours. */
#define WHATSAPP_REF "seva:"

/* ── in ── */

err whatsapp_parse(
    struct arena *a, const struct connector_raw *raw, struct connector_batch *batch, str *why);
/* Reads what the message holds by its "type" into text, parts, attachments, reply_to (and kind,
 * external_id and reaction for edit, revoke and reaction). False with *fault in words: there is
 * nothing in it that could be shown; the item is then of no use. */
bool whatsapp_content(
    struct arena *a, const struct json *message, struct connector_item *it, str *fault);
/* "+15557770001" of a phone number in digits; empty when it is none. */
str whatsapp_phone(struct arena *a, str digits);

/* ── what the network's error codes mean ── */

/* When a call is made, and when what it sends was first tried. */
struct whatsapp_try {
    int64_t now_ms, first_try_ms;
};
/* An answer of the Graph API in WhatsApp's own terms: outcome, wait and words by its code. */
void whatsapp_judge(struct arena *a, const struct whatsapp_try *t, const struct http_result *res,
    struct meta_answer *got);
/* Words for people about one object of an "errors" list. */
str whatsapp_error_words(struct arena *a, const struct json *error);
/* For an error that the network reports about the account itself: "revoked" or "limited"; NULL when
 * it concerns no more than one message. */
const char *whatsapp_error_state(int64_t code);

/* ── asking ── */

/* Our number's id: the channel's account, or the one of the form; empty = not chosen yet. */
str whatsapp_number(struct arena *a, const struct connector_setup *s);
/* One call. path: "/99001/messages"; query: encoded, may be empty; body: JSON, empty = GET. */
struct whatsapp_call {
    const struct connector_setup *setup;
    struct whatsapp_try at;
    str path, query, body;
    struct multipart *multipart; /* instead of body */
    bool may_repeat;             /* a repetition does no harm */
    int64_t timeout_ms;          /* 0 = the client's */
};
err whatsapp_ask(struct http_client *client, struct arena *a, const struct whatsapp_call *call,
    struct meta_answer *got);

/* The next part of a list of the business account: *after is the cursor, before and after the call;
 * empty = the beginning, and at the end. */
struct whatsapp_list {
    const char *edge, *fields;
    int64_t now_ms;
};
err whatsapp_list(struct http_client *client, struct arena *a, const struct connector_setup *setup,
    const struct whatsapp_list *list, str *after, struct meta_answer *got);

err whatsapp_check(struct http_client *client, struct arena *a, const struct connector_setup *setup,
    int64_t now_ms, struct connector_checked *out);
err whatsapp_subscribe(struct http_client *client, struct arena *a,
    const struct connector_setup *setup, bool on, struct connector_sent *sent);
err whatsapp_media(struct http_client *client, struct arena *a, const struct connector_setup *setup,
    const struct connector_attachment *at, struct connector_source *out);
err whatsapp_templates(struct http_client *client, struct arena *a,
    const struct connector_setup *setup, struct connector_templates *out);

/* ── out ── */

/* A file of ours that the network has, and as what it goes. */
struct whatsapp_file {
    str media_id; /* empty = no file */
    str kind;     /* "image", "video", "audio", "document", "sticker" */
    str name;
    bool is_voice;
};
/* The kind for a media type; empty when the network takes no such file. */
str whatsapp_file_kind(str type);
/* Whether a file of this kind can stand over buttons, and over a template's text. */
bool whatsapp_may_be_header(str kind);
/* "type":"template","template":{…} of a part "template". False with *why in words. */
bool whatsapp_put_template(struct arena *a, struct json_out *j, const struct json *part,
    const struct whatsapp_file *file, str *why);
/* {"messaging_product":"whatsapp", … to whom …, … what …}. False with *why in words when a piece
 * like this cannot be said on WhatsApp. to: phone number or user id. */
bool whatsapp_body(struct arena *a, const struct connector_outgoing *out, str to,
    const struct whatsapp_file *file, str *body, str *why);
err whatsapp_send(struct http_client *client, struct arena *a, const struct connector_outgoing *out,
    struct connector_sent *sent);
err whatsapp_act(struct http_client *client, struct arena *a, const struct connector_act *act,
    struct connector_sent *sent);

extern const struct connector connector_whatsapp;
