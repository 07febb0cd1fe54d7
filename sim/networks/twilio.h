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
