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
/* Times: RFC 3339, or a day. */
struct mail_invitation {
    str method, summary, starts_at, ends_at, time_zone, location, recurrence;
    str organizer_name, organizer_address;
    bool is_all_day;
    int64_t attendees;
};
struct mail_signed_by {
    str state, how, name, address, fingerprint; /* care/mail_signature.h */
    int64_t revoked_ms;
};
struct mail_recipient_shown {
    str address, state, words, reason, sentence, said, by, at; /* the last five may be empty */
};
struct mail_shown {
    str subject, message_id;
    const struct json *people; /* object: from, reply_to, to, cc, bcc; as stored */
    int64_t date_ms;           /* what the mail says; 0 = nothing */
    str text, html;            /* the whole; html as it came: never into a page without cleaning */
    str verdict, spf, dkim, dmarc, by, guard, degraded;
    str automatic, automatic_why;      /* as stored */
    str automatic_rule;                /* text/robot.h */
    struct mail_signed_by signature;   /* state empty: it is not signed */
    const struct mail_inline *inlines; /* pictures that the HTML shows by their content id */
    ptrdiff_t n_inlines;
    const struct mail_invitation *calendar; /* NULL = none */
    const struct json
        *written;        /* of ours: what was given for it, to write it again; NULL = not known */
    bool images_allowed; /* pictures from elsewhere, of this sender */
    bool is_ours;
    const struct mail_recipient_shown *recipients; /* none: not tried, or not ours */
    ptrdiff_t n_recipients;
    int64_t again_ms; /* when those who wait are tried again; 0 = nobody does */
    bool is_waiting;  /* for another try, whatever for */
};
void mail_view(struct json_out *j, const struct mail_shown *mail);

/* A mail that another carries as a file. */
extern const struct shape carried_shape;
struct carried_person {
    str name, address;
};
struct carried_file {
    int64_t part; /* its number */
    str name, type;
    int64_t size;
    str content_id;
    bool is_mail;
};
struct carried_shown {
    str subject;
    struct carried_person from;
    const struct carried_person *to, *cc;
    ptrdiff_t n_to, n_cc;
    int64_t date_ms; /* 0 = it does not say */
    str text, html;  /* html as it came: never into a page without cleaning */
    const struct carried_file *files;
    ptrdiff_t n_files;
    str degraded;
};
void carried_view(struct json_out *j, const struct carried_shown *mail);

extern const struct shape mail_address_shape;
struct mail_address_shown {
    str address, words, sentence, said; /* text/report.h */
    bool is_invalid;
    int64_t bounces, bounced_ms, complained_ms;
};
void mail_address_view(struct json_out *j, const struct mail_address_shown *address);
