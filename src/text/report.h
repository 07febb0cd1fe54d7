/* report: what a mail server, a provider or a mail program says about a mail of ours: that it could
 * not be delivered, was delayed, was called spam, was read. Not here: which message it concerns
 * (the caller looks up message_id, then verp, then recipient), and whether the report is genuine:
 * anybody can write one, so it may only mark a message that we did send to that recipient.
 * Sources: RFC 3464 (delivery status), 3463 (status codes), 5965 (feedback), 8098 (receipts), and
 * the texts of qmail, sendmail, Postfix, Exim, Exchange, Gmail, Yahoo and others for reports that
 * have no structure. The latter are taken only from a mailer's own address (MAILER-DAEMON,
 * postmaster, an empty return path) and with one of these texts. Thread: any. */
#pragma once
#include "text/mime.h"

enum {
    REPORT_BLOCKS = 200,           /* recipients looked at */
    REPORT_FIELDS = 2000,          /* fields looked at, over all blocks */
    REPORT_TEXT_BYTES = 32 * 1024, /* of a report without structure */
    REPORT_WORDS_BYTES = 500,      /* diagnostic */
};

enum report_kind {
    REPORT_NONE,      /* no report, or one that concerns nobody here (an authentication failure) */
    REPORT_BOUNCE,    /* given up */
    REPORT_DELAY,     /* the server goes on trying */
    REPORT_DELIVERED, /* delivered, relayed to where no reports come from, or expanded to a list */
    REPORT_COMPLAINT, /* somebody called it spam, fraud, a virus, or wants no more */
    REPORT_READ,      /* a receipt: it was displayed */
    REPORT_UNREAD,    /* a receipt: deleted, refused … without having been displayed */
};

struct mail_report {
    enum report_kind kind;
    str message_id; /* of our mail, without < >; "" = the report does not say */
    str verp;       /* the address the report came to, when its local part begins with "bounce+" */
    str recipient;  /* lower case; of several the one that fared worst; "" = not said */
    str status;     /* "5.1.1" (RFC 3463); "" = not said */
    str words;      /* an English sentence for a person: "The mailbox does not exist." */
    str diagnostic; /* what the other server said, one line, REPORT_WORDS_BYTES; may be "" */
    str action;     /* lower case: failed delayed delivered relayed expanded; of a complaint its
                     * feedback type (abuse …); of a receipt its disposition (displayed …) */
    int recipients; /* blocks of recipients; 0 = without structure */
    bool is_permanent; /* BOUNCE: trying again is of no use (class 5) */
    /* BOUNCE, permanent: because of the address itself (no such mailbox, disabled, moved, no such
     * host), not because of this mail, our server, or the space left. Two such reports make an
     * address invalid. */
    bool is_bad_address;
};

/* *out is always filled; broken reports say what can be read of them. */
void report_read(struct arena *a, const struct mime_mail *mail, struct mail_report *out);

/* The sentence for a status ("5.1.1" → "The mailbox does not exist."); of unknown details that of
 * its class; never empty. */
str report_status_words(str status);
/* The way back, to say it in another language: which of the sentences above words begin with, by
 * the detail of its status ("1.1"; "1" for a subject alone) or delivered, later, failed, delayed,
 * read, deleted, denied, unread; "" = none of ours. *said: what the other server said, which stands
 * behind the sentence in brackets; all of the words when none is ours. */
str report_words_name(str words, str *said);
