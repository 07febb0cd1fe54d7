/* form_field: one field of a posted form, as its bytes stand there: forwarders of mails put the
 * whole mail into one. Nothing is copied and nothing decoded; time is linear in the body. Not here:
 * forms of our own pages, which are JSON. Sources: RFC 7578, RFC 2046 (5.1), URL Standard (form
 * encoding). Thread: any. */
#pragma once
#include "base/str.h"

enum {
    FORM_FIELDS = 500,          /* looked at; a forwarder posts some forty and its attachments */
    FORM_HEAD_BYTES = 8 * 1024, /* of one part of multipart/form-data */
    FORM_BOUNDARY_BYTES = 200,  /* RFC 2046 has 70 */
};

struct form_field {
    str value;
    bool is_encoded; /* it still has its %XX and + (application/x-www-form-urlencoded) */
};
/* Is this a form at all, by its Content-Type? */
bool form_is(str content_type);
/* The first field with one of these names (ended by NULL). E_NOT_FOUND: none has; E_INVALID: no
 * form, or one that breaks off. */
err form_field_find(str content_type, str body, const char *const *names, struct form_field *field);
