/* mail: what a mail says beside what every message has: its thread, its people, how far its sender
 * is proven. Connector email writes what stands in the mail; what depends on the mailbox (whose
 * address is ours, whose checks count) is judged by care/mail.h. Thread: values. */
#pragma once
#include "text/mime.h"

struct mail_person {
    str name;    /* may be empty */
    str address; /* folded */
};
struct connector_mail {
    str subject;
    str internet_id;       /* Message-ID without < > */
    const str *references; /* internet ids that it says it answers: the nearest last */
    ptrdiff_t n_references;
    const str *arrived_at; /* addresses that it came to (To, Cc, envelope): one of them may carry
                            * our token of a conversation */
    ptrdiff_t n_arrived_at;
    str reply_to;  /* where answers are wanted; empty = at the sender's */
    bool is_robot; /* an automatic mail: it opens nothing and is not answered by itself */
    str note;      /* what could not be read of it; empty = nothing */
    const struct mime_mail *mime;

    /* Judged: */
    const struct mail_person *to, *cc; /* without our own address */
    ptrdiff_t n_to, n_cc;
    bool splits_by_subject; /* the mailbox wants it: another subject begins a conversation */
    bool is_proven; /* the sender's address has passed the checks of a server that we trust */
    str verdict;    /* "pass", "fail", "none" */
    str checks;     /* JSON object of the words: spf, dkim, dmarc, by; empty = none */
};

/* What goes out as a mail, beside the message: the same for every try. */
struct connector_letter {
    struct mail_person from; /* the mailbox */
    str reply_to;            /* brings an answer back into its conversation; empty = the mailbox */
    const struct mail_person *to, *cc, *bcc;
    ptrdiff_t n_to, n_cc, n_bcc;
    str subject, internet_id, in_reply_to;
    const str *references; /* oldest first */
    ptrdiff_t n_references;
    str html; /* cleaned; empty = a plain mail */
    str text; /* beside it, or all there is; empty = that of the message */
    int64_t date_ms;
};
