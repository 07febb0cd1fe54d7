/* twilio: what the simulated SMS and voice have in common: errors, forms and their signature.
 * See network.h. */
#pragma once
#include "network.h"

/* {"code", "message", "more_info", "status"} */
void twilio_fail(struct sim_call *c, int status, int code, const char *message);
void twilio_refuse(struct sim_call *c, enum sim_refusal why, int64_t retry_after_ms);
/* "&name=value", encoded. */
void twilio_form_add(struct sb *b, const char *name, str value);
/* X-Twilio-Signature over the address and the form's fields. */
void twilio_sign(struct sim *sim, const struct sim_account *account, struct sim_post *post);

/* The account's number: setting "number", else +15550001111. */
str twilio_number_of(const struct sim_account *account);
/* The number as a resource: GET lists it, POST changes where it is answered. false: the call is
 * about something else. */
struct twilio_number {
    const char *sid;
    const char *shown, *field; /* the address's name in answers, in forms: "sms_url", "SmsUrl" */
};
bool twilio_number_route(struct sim_call *c, const struct twilio_number *number);
