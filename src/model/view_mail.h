/* view_mail: the public JSON of what a mail is beside its message (API "Mail"). Fields are only
 * ever added. Thread: pure. */
#pragma once
#include "base/json.h"
#include "model/shape.h"

extern const struct shape mail_shape;

struct mail_inline {
    str content_id;
    int64_t attachment_id;
};
struct mail_shown {
    str subject, internet_id;
    str people;      /* JSON object: from, reply_to, to, cc; as stored */
    int64_t date_ms; /* what the mail says; 0 = nothing */
    str text, html;  /* the whole; html as it came: never into a page without cleaning */
    str verdict, checks /* JSON object or empty */, guard, note;
    const struct mail_inline *inlines; /* pictures that the HTML shows by their content id */
    ptrdiff_t n_inlines;
    bool shows_images; /* pictures from elsewhere, of this sender */
    bool is_ours;
};
void mail_view(struct json_out *j, const struct mail_shown *mail);
