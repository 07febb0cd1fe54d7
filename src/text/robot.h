/* robot: whether a machine wrote a mail: such mails are not answered automatically and reopen
 * nothing. By headers and addresses only; words of a subject or text never make somebody a robot.
 * The subject is looked at only to tell an out-of-office notice from other mails that are a robot's
 * by their headers. Not here: X-Seva-Loop (care/mail.h: whose it is says the database), rates,
 * what to do then.
 * Sources: RFC 3834, 2919, 2369, 8058, 3464; Microsoft's X-Auto-Response-Suppress; sieve's vacation
 * (RFC 5230); subjects as Exchange, Gmail and others write them (2026). Thread: any. */
#pragma once
#include "text/mime.h"

struct robot_verdict {
    bool is_robot;   /* a machine's: no automatic answer, nothing is reopened */
    bool is_bulk;    /* of a list or to many; is_robot too */
    bool is_away;    /* an out-of-office notice; is_robot too */
    const char *why; /* English, a constant: the rule that held first; "" = none */
};

/* An address that only machines have by its name: mailer-daemon@, noreply@, bounce-1@ … */
bool robot_is_machine_address(str address);
/* The rule that a `why` tells of, to say it in another language: auto_submitted, suppress,
 * precedence, autoresponder, list, report, null_path, sender, feedback; "" = none of them. */
str robot_rule(str why);
/* *out is always filled. */
void robot_read(const struct mime_mail *mail, struct robot_verdict *out);
