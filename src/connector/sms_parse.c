/* sms: the forms that Twilio posts, as items: a message with its files, or what became of one of
 * ours. See sms.h. Both come to the same address: a report has a MessageStatus (or SmsStatus) that
 * is not "received".
 *
 * Reports come in any order; their rank is known where they are applied (care/delivery.h). What a
 * report calls canceled was never sent. Thread: pure. */
#include "base/limits.h"
#include "base/utf8.h"
#include "connector/part.h"
#include "connector/reading.h"
#include "connector/sms.h"

#include <stdio.h>

struct reading {
    struct arena *a;
    const struct twilio_form *form;
    const struct connector_raw *raw;
    struct item_list list;
};

static str field_id(const struct reading *r, const char *name)
{
    str s = twilio_field(r->form, name);
    return s.len > READING_ID_BYTES || utf8_has_control(s) ? (str){0} : s;
}

static str message_id(const struct reading *r)
{
    static const char *const names[] = {"MessageSid", "SmsSid", "SmsMessageSid"};
    str id = {0};
    for (size_t i = 0; i < sizeof names / sizeof *names && !id.len; i++)
        id = field_id(r, names[i]);
    return id;
}

/* ── reports ── */

static const struct {
    const char *status, *state;
} states[] = {
    {"sent",        "sent"     },
    {"delivered",   "delivered"},
    {"read",        "read"     },
    {"undelivered", "failed"   },
    {"failed",      "failed"   },
    {"canceled",    "failed"   },
};

static str error_of(const struct reading *r, str status)
{
    str text = twilio_line(r->form, "ErrorCode", 10);
    str said = twilio_line(r->form, "ErrorMessage", LIMIT_NAME_BYTES);
    int64_t code = 0;
    (void)str_int(text, 1, INT32_MAX, &code); /* no code is as good as an unknown one */
    const char *words = twilio_words(code);
    if (words && code)
        return str_print(r->a, "%s (Twilio %lld)", words, (long long)code);
    if (said.len)
        return code ? str_print(r->a, "Twilio: %.*s (%lld)", SARG(said), (long long)code)
                    : str_cat(r->a, S("Twilio: "), said);
    if (code)
        return str_print(
            r->a, "Twilio could not deliver the message (error %lld).", (long long)code);
    return str_eq(status, S("canceled")) ? S("The message was taken back before it was sent.")
                                         : S("Twilio could not deliver the message.");
}

static void read_report(struct reading *r, str status)
{
    for (size_t i = 0; i < sizeof states / sizeof *states; i++) {
        if (!str_eq(status, str_from(states[i].status)))
            continue;
        struct connector_item *it = item_add(&r->list, ITEM_STATUS);
        it->external_id = message_id(r);
        it->contact_external_id = field_id(r, "To");
        it->state = str_from(states[i].state);
        if (str_eq(it->state, S("failed")))
            it->error = error_of(r, status);
        it->sent_ms = r->raw->received_ms;
    }
}

/* ── messages ── */

static void read_files(struct reading *r, struct connector_item *it, struct parts *parts)
{
    str count = twilio_line(r->form, "NumMedia", 4);
    int64_t n = 0;
    (void)str_int(count, 0, TWILIO_FIELDS, &n); /* nonsense is as good as none */
    struct connector_attachment *at = NEW(r->a, struct connector_attachment, LIMIT_ATTACHMENTS);
    for (int64_t i = 0; i < n; i++) {
        char url_name[32], type_name[32];
        (void)snprintf(url_name, sizeof url_name, "MediaUrl%d", (int)i);
        (void)snprintf(type_name, sizeof type_name, "MediaContentType%d", (int)i);
        str url = twilio_line(r->form, url_name, READING_URL_BYTES);
        if (!str_starts(url, S("https://")) && !str_starts(url, S("http://")))
            continue;
        str id = twilio_media_id(r->a, url);
        if (it->n_attachments == LIMIT_ATTACHMENTS) {
            part_link(parts, url, (str){0}, (str){0});
            continue;
        }
        at[it->n_attachments++] = (struct connector_attachment){.url = id.len ? (str){0} : url,
            .media_id = id,
            .type = twilio_line(r->form, type_name, LIMIT_NAME_BYTES)};
    }
    it->attachments = at;
}

static bool is_degrees(struct arena *a, str s, double most, double *value)
{
    const struct json *v = NULL;
    str why;
    if (!s.len || json_parse(a, s, &v, &why) != OK || v->kind != JSON_NUMBER)
        return false;
    *value = v->number;
    return v->number >= -most && v->number <= most;
}

static void read_parts(struct reading *r, struct parts *parts)
{
    double latitude, longitude;
    str title = twilio_line(r->form, "ButtonText", LIMIT_NAME_BYTES);
    str payload = twilio_line(r->form, "ButtonPayload", READING_ID_BYTES);
    if (is_degrees(r->a, twilio_line(r->form, "Latitude", 30), 90, &latitude) &&
        is_degrees(r->a, twilio_line(r->form, "Longitude", 30), 180, &longitude))
        part_location(parts, latitude, longitude, twilio_line(r->form, "Label", LIMIT_NAME_BYTES),
            twilio_line(r->form, "Address", LIMIT_NAME_BYTES));
    if (title.len || payload.len)
        part_choice(parts, payload, title);
}

/* The carrier's side heeds the word whatever we do; with advanced opt-out Twilio names it. */
static enum sms_wish wish_of(const struct reading *r, str text)
{
    static const struct {
        const char *word;
        enum sms_wish wish;
    } words[] = {
        {"STOP",        SMS_STOP },
        {"STOPALL",     SMS_STOP },
        {"UNSUBSCRIBE", SMS_STOP },
        {"CANCEL",      SMS_STOP },
        {"END",         SMS_STOP },
        {"QUIT",        SMS_STOP },
        {"START",       SMS_START},
        {"UNSTOP",      SMS_START},
    };
    str named = twilio_line(r->form, "OptOutType", 20);
    str word = named.len ? named : str_trim(text);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (str_eq_nocase(word, str_from(words[i].word)))
            return words[i].wish;
    return SMS_NO_WISH;
}

static void read_message(struct reading *r, str id, str from)
{
    struct connector_item *it = item_add(&r->list, ITEM_MESSAGE);
    struct parts parts = parts_make(r->a);
    it->external_id = id;
    it->contact_external_id = from;
    it->contact_phone = twilio_number(from);
    it->contact_name = twilio_line(r->form, "ProfileName", LIMIT_NAME_BYTES);
    it->text = utf8_prefix_bytes(twilio_field(r->form, "Body"), LIMIT_TEXT_BYTES);
    it->reply_to = field_id(r, "OriginalRepliedMessageSid");
    read_parts(r, &parts);
    read_files(r, it, &parts);
    if (!str_trim(it->text).len && !it->n_attachments && !parts.is_open)
        part_unsupported(&parts, S("empty message"));
    it->parts = parts_str(&parts);
    it->sent_ms = r->raw->received_ms;
    enum sms_wish wish = wish_of(r, it->text);
    if (wish == SMS_NO_WISH)
        return;
    struct connector_item *person = item_add(&r->list, ITEM_PERSON);
    person->contact_external_id = from;
    person->is_gone = wish == SMS_STOP;
    if (person->is_gone)
        person->error = str_from(twilio_words(TWILIO_OPTED_OUT));
}

err sms_parse(
    struct arena *a, const struct connector_raw *raw, struct connector_batch *batch, str *why)
{
    struct twilio_form form;
    TRY(twilio_form_read(a, raw->body, &form, why));
    struct reading r = {.a = a, .form = &form, .raw = raw, .list = {.a = a}};
    str id = message_id(&r), from = field_id(&r, "From");
    str status = twilio_line(&form, "MessageStatus", 20);
    if (!status.len)
        status = twilio_line(&form, "SmsStatus", 20);
    bool is_report =
        status.len && !str_eq(status, S("received")) && !str_eq(status, S("receiving"));
    if (!id.len && !twilio_field(&form, "AccountSid").len) {
        *why = S("This is no form of Twilio's.");
        return E_INVALID;
    }
    if (id.len && is_report) {
        read_report(&r, status);
    } else if (id.len && !from.len) {
        *why = S("From is missing.");
        return E_INVALID;
    } else if (id.len) {
        read_message(&r, id, from);
    }
    batch_of(&r.list, batch);
    if (id.len && !is_report)
        batch->delivery_id = id;
    return OK;
}
