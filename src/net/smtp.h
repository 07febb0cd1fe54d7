/* Mail out: one connection to an SMTP server (submission, or a relay), and a small pool of kept
 * ones. Each mail ends in exactly one way, which says what may be done next: nothing was taken and
 * it may go again, it is refused, it was taken, or nobody knows. Not here: the mail's bytes
 * (text/mail_write.h), when to try again, DNS look-ups of a domain's own servers.
 *
 * Commands go over net/mail_line.h by a loop of our own: libetpan's mailsmtp gives one error for a
 * connection that is lost before the final dot and one that is lost after it, keeps no answer per
 * recipient and no enhanced codes. Nothing is pipelined.
 *
 * Source: RFC 5321 (SMTP), 6409 (submission), 3207 (STARTTLS), 4954 (AUTH), 4616 (PLAIN), 7628
 * (OAUTHBEARER), 2034 and 3463 (enhanced codes), 1870 (SIZE), 3461 (DSN), 6531 (SMTPUTF8);
 * XOAUTH2 and LOGIN as Google and Microsoft describe them (2024). Answers of the server are
 * foreign: at most LIMIT_SMTP_LINES lines of LIMIT_SMTP_LINE_BYTES; they are made valid UTF-8 on
 * one line, and left out where they repeat the secret.
 *
 * Thread: a connection belongs to one thread; the pool to any. */
#pragma once
#include "net/mail_line.h"

struct smtp_options {
    struct mail_server server;
    str name;         /* of this host, for EHLO: a domain or "[192.0.2.1]"; "" = "[127.0.0.1]" */
    int64_t step_ms;  /* the longest wait for one answer; 0 = 30,000. Connecting, with TLS, too */
    int64_t final_ms; /* for the answer to a whole mail, which may be scanned first; 0 = 90,000 */
    int64_t most_ms;  /* for one smtp_open or smtp_send as a whole (both, in a pool); 0 = 200,000 */
};

/* Where a recipient's server shall tell of delivery (RFC 3461); goes out only where DSN is offered.
 */
enum smtp_notify {
    SMTP_NOTIFY_DEFAULT = 0, /* says nothing: the servers' own way, mostly FAILURE and DELAY */
    SMTP_NOTIFY_FAILURE = 1,
    SMTP_NOTIFY_DELAY = 2,
    SMTP_NOTIFY_SUCCESS = 4,
    SMTP_NOTIFY_NEVER = 8, /* alone */
};

/* Makes the mail's bytes: calls put with one piece after the other until the mail is whole. False:
 * it cannot be made (the caller knows why), or put has said false. Lines may end in CRLF, LF or CR;
 * dots are doubled here. The same bytes for every try. */
typedef bool smtp_source(void *arg, bool (*put)(void *to, str piece), void *to);

struct smtp_mail {
    str from;                /* envelope sender, bounces go there; "" = <>: none */
    const str *to;           /* envelope recipients: To, Cc and Bcc together */
    int n_to;                /* 1 … LIMIT_SMTP_RECIPIENTS */
    int64_t size_bytes;      /* of the mail with CRLF line ends; 0 = not known */
    bool is_utf8;            /* header fields hold raw UTF-8: SMTPUTF8 is needed */
    bool is_8bit;            /* the body has bytes over 127 */
    unsigned notify;         /* enum smtp_notify, added up; for every recipient */
    bool returns_whole_mail; /* a bounce shall hold all of it, not the header only */
    str envelope_id;         /* comes back in bounces (ENVID); "" = none; at most 100 bytes */
    smtp_source *source;
    void *source_arg;
};

/* What became of one recipient. kind: DONE, REFUSED, LATER, or that of the whole mail. */
struct smtp_answer {
    enum mail_end_kind kind;
    int code;     /* 250, 550 …; 0 = the server was not asked */
    str enhanced; /* "5.1.1"; "" = none */
    str words;    /* the server's, or ours where it was not asked */
};

/* What became of the mail:
 *   MAIL_DONE            taken for at least one recipient; `to` says for whom. Never again.
 *   MAIL_REFUSED         taken for nobody, and it would be the same again (5xx, too large)
 *   MAIL_LATER           taken for nobody; some recipient or the whole may work later (4xx), or
 *                        most_ms was too short, or memory ended
 *   MAIL_LOST            the connection ended before the final dot was written: surely not taken
 *   MAIL_UNKNOWN         it ended, or said nonsense, after that: it may have been taken
 *   MAIL_BAD_ANSWER      nonsense before the final dot: not taken
 *   MAIL_CANCELLED       by us, before the final dot: not taken
 *   MAIL_BAD_LOGIN, MAIL_NO_TLS, MAIL_BAD_CERTIFICATE, MAIL_BAD_ADDRESS, MAIL_UNREACHABLE: as in
 *                        net/mail_line.h; not taken */
struct smtp_sent {
    enum mail_end_kind kind;
    int code;     /* of the answer that decided; 0 = none came */
    str enhanced; /* "4.2.2"; "" = none */
    str words;    /* the server's, without codes; with DONE they mostly name its queue id */
    str why;      /* a sentence for a person; "" = DONE for all */
    bool is_source_broken;  /* LOST because mail->source said false */
    bool is_before_mail;    /* ended before the server had taken MAIL FROM */
    int n_taken;            /* recipients it was taken for (UNKNOWN: perhaps) */
    struct smtp_answer *to; /* as many as mail->n_to, in that order */
};

struct smtp;

/* Connects, says EHLO, starts TLS, logs in when server.user is not empty. kind DONE: *smtp is open
 * and lives until smtp_close or, at latest, the end of the arena. Otherwise nothing is left open.
 * Strings of the options are copied; the egress rules must outlive the connection. */
struct mail_end smtp_open(struct arena *a, const struct smtp_options *options, struct smtp **smtp);
/* One mail. All of *sent lives in the arena, which may be another one. Not DONE: smtp_is_open says
 * whether the connection may serve another mail. */
void smtp_send(
    struct smtp *smtp, struct arena *a, const struct smtp_mail *mail, struct smtp_sent *sent);
/* Whether the server would take mail from this sender: MAIL FROM and no more. For "test
 * connection". */
struct mail_end smtp_probe(struct smtp *smtp, struct arena *a, str from);
bool smtp_is_open(const struct smtp *smtp);
/* The largest mail it takes, as it says (SIZE); 0 = it does not say. */
int64_t smtp_size_max(const struct smtp *smtp);
bool smtp_offers_dsn(const struct smtp *smtp);
/* Any thread, while the connection is open: what runs ends soon, with CANCELLED or UNKNOWN. */
void smtp_cancel(struct smtp *smtp);
/* Says QUIT where it can, without waiting for the answer. */
void smtp_close(struct smtp *smtp);

/* Kept connections: a mail to the same server with the same login, name and egress rules (the same
 * object) takes one that is idle for at most LIMIT_SMTP_IDLE_MS (by base/clock.h), else a fresh
 * one. A kept connection that turns out dead, or says 421, before it has taken MAIL FROM, is
 * replaced once by a fresh one; nothing is repeated after that. At most LIMIT_SMTP_KEPT are kept,
 * each for at most LIMIT_SMTP_MAILS mails. Thread: any; the threads share the pool under one mutex,
 * never a connection. */
struct smtp_pool;
struct smtp_pool *smtp_pool_open(void);       /* NULL: out of memory */
void smtp_pool_close(struct smtp_pool *pool); /* no smtp_pool_send may run */
/* As smtp_open and smtp_send. */
void smtp_pool_send(struct smtp_pool *pool, struct arena *a, const struct smtp_options *options,
    const struct smtp_mail *mail, struct smtp_sent *sent);
/* Closes what has been idle for too long; smtp_pool_send does it too. */
void smtp_pool_sweep(struct smtp_pool *pool);
/* Drain: what runs ends soon; what comes later ends with CANCELLED at once. */
void smtp_pool_cancel(struct smtp_pool *pool);
int smtp_pool_kept(struct smtp_pool *pool); /* idle connections */
