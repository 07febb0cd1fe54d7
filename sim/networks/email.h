/* What the parts of the network "email" share: email.c (the mailbox and who writes to it),
 * email_read.c (a mail of ours, as a customer's program reads it), email_write.c (a mail of theirs,
 * as it arrives), email_answer.c (how their programs quote). Texts live in the arena or are slices
 * of what was given. Sources: RFC 5322, 2045 to 2047, 2369, 3834, 8601. */
#pragma once
#include "network.h"

/* What is read of a mail; empty = it is not there. Ids without < >. */
struct email_mail {
    str message_id, in_reply_to;
    str references; /* as they stand: <a> <b> */
    str subject, from_name, from, reply_to, date, auto_submitted;
    str text, html; /* of the first part of each type */
    int n_files;    /* other parts: files, pictures */
};
/* False: it is no mail: no Message-ID, From or Date, or its multiparts are broken. */
bool email_read(struct arena *a, str bytes, struct email_mail *mail);

/* A mail of a customer's, as it stands in the mailbox. */
struct email_draft {
    str from_name, from, to, subject, text;
    str html; /* "" = none; a file that it names as cid:NAME is a picture of it */
    const struct sim_file *files;
    ptrdiff_t n_files;
    str message_id, in_reply_to, references; /* references: as they stand */
    str language;                            /* Content-Language; "" = none */
    int64_t date_ms;
    bool is_auto_reply; /* a program answers: Auto-Submitted, no sender for bounces */
    bool is_list;       /* a newsletter */
    bool is_unproven;   /* the mailbox's server could not tell that it is from there */
};
str email_write(struct arena *a, const struct email_draft *draft);

/* Makes an answer of the draft, in one of several programs' ways (by who writes): subject,
 * Message-IDs, and below its text what it answers. */
void email_answer(struct arena *a, const struct email_mail *to, struct email_draft *draft);
/* Whether an address is the mailbox's: name+anything@ is, too. */
bool email_is_own(str mailbox, str address);
/* "Sat, 28 Nov 2026 22:14:00 +0000" */
str email_date(struct arena *a, int64_t ms);
/* With & < > " as HTML has them, lines parted by <br>. */
str email_html(struct arena *a, str text);
