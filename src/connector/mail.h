/* mail: what a mail says beside what every message has: its thread, its people, how far its sender
 * is proven. Connector email writes what stands in the mail; what depends on the mailbox (whose
 * address is ours, whose checks count) is judged by care/mail.h. Thread: values. */
#pragma once
#include "text/mime.h"
#include "text/report.h"

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
    str reply_to;          /* where answers are wanted; empty = at the sender's */
    bool is_robot;         /* an automatic mail: it opens nothing and is not answered by itself */
    bool is_away, is_bulk; /* is_robot too: an out-of-office notice; of a list or to many */
    str robot_why;         /* English, by which rule */
    str language;          /* that it says it is written in; empty = nothing */
    str note;              /* what could not be read of it; empty = nothing */
    const struct mail_report
        *report; /* it says what became of a mail of ours; NULL = it does not */
    const struct mime_mail *mime;

    /* Judged: */
    bool is_loop;   /* is_robot too: an automatic mail of ours that has come back */
    bool opens_all; /* the mailbox wants programs' mails that answer nothing to open too */
    const struct mail_person *to, *cc; /* without our own address */
    ptrdiff_t n_to, n_cc;
    bool splits_by_subject; /* the mailbox wants it: another subject begins a conversation */
    bool is_proven; /* the sender's address has passed the checks of a server that we trust */
    str verdict;    /* "pass", "fail", "none" */
    str checks;     /* JSON object of the words: spf, dkim, dmarc, by; empty = none */
};

/* What became of a mail at one of its recipients. From a send: "taken", "later" (again, alone),
 * "refused", "unknown" (perhaps taken). From reports: "delayed", "delivered", "bounced", "read",
 * "complained". From an agent: "stopped" (given up while it waited). */
struct mail_reached {
    str address, state;
    str words;           /* of the server, or why; empty = none */
    str reason;          /* "stopped", "maybe_sent": what the words say, for whoever translates; */
    str by;              /* of "stopped": who did it, */
    str at;              /* and when, RFC 3339 */
    bool is_bad_address; /* refused, because there is no such mailbox: as a mail that comes back */
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
    str bounces_to;     /* envelope sender that names this mail; empty = the mailbox */
    const str *settled; /* recipients that it is not sent to (any more) */
    ptrdiff_t n_settled;
    int64_t first_try_ms; /* when a server asked for patience first; 0 = none has */
    bool is_waiting;      /* some wait for another try */
    bool is_stopped;      /* an agent has given up whoever has not got it */
    str loop;             /* this installation, for X-Seva-Loop when nobody wrote it */
};
