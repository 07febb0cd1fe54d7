/* sms: what the files of the SMS connector share. Rooms: sms.c (the form, rules, check, where
 * Twilio calls), sms_parse.c (messages and reports that Twilio posts), sms_send.c (what goes out).
 * What is Twilio's and not only a message's is in twilio.h. Source: Twilio Programmable Messaging,
 * API 2010-04-01 (2026). Thread: as connector.h says. */
#pragma once
#include "connector/twilio.h"

extern const struct connector connector_sms;

enum {
    SMS_SEGMENTS = 10,                 /* of one message: 1,530 letters, or 670 outside GSM-7 */
    SMS_FILES = 10,                    /* of one MMS */
    SMS_FILES_BYTES = 5 * 1024 * 1024, /* of all of them */
};

/* The words by which a person ends or begins messages again, in any case, alone in a text. */
enum sms_wish { SMS_NO_WISH, SMS_STOP, SMS_START };

err sms_parse(
    struct arena *a, const struct connector_raw *raw, struct connector_batch *batch, str *why);
err sms_send(struct http_client *client, struct arena *a, const struct connector_outgoing *out,
    struct connector_sent *sent);
