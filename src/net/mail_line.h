/* The line to a mail server, for IMAP (imap.h) and SMTP (smtp.h): whom to call and how, what can go
 * wrong, and a byte stream over TCP and TLS with deadlines, which another thread can end. Not here:
 * a word of either protocol.
 *
 * Every connection goes through the egress guard (purpose "mail"). With MAIL_TLS and MAIL_STARTTLS
 * the certificate must be trusted and name the host, always (net/tls_client.h). Times are real
 * ones, also where tests have fixed the clock.
 *
 * Thread: a line belongs to one thread; mail_line_cancel and mail_line_wake may come from any, from
 * mail_line_make to mail_line_close. */
#pragma once
#include "net/egress.h"

enum mail_security {
    MAIL_TLS,      /* from the first byte (IMAP 993, SMTP 465) */
    MAIL_STARTTLS, /* after a command in the clear (143, 587); no password before it */
    MAIL_PLAIN,    /* never protected: somebody chose it for a server of their own network */
};
enum mail_login {
    MAIL_LOGIN_PASSWORD,
    MAIL_LOGIN_XOAUTH2,     /* a token: Google, Microsoft; as below where only that is offered */
    MAIL_LOGIN_OAUTHBEARER, /* a token, RFC 7628; as above where only that is offered */
};
struct mail_server {
    str host; /* a name or a literal address without brackets */
    int port; /* 1–65535 */
    enum mail_security security;
    enum mail_login login;
    str user, secret;                 /* secret: the password, or the access token */
    const struct egress_rules *rules; /* must outlive the connection */
    str ca_file;                      /* PEM roots instead of the system's; "" = the system's */
};

enum mail_end_kind {
    MAIL_DONE,
    MAIL_BAD_ADDRESS,     /* the egress guard refuses it, or it is no host name */
    MAIL_UNREACHABLE,     /* no such host or no answer to a call: again later */
    MAIL_BAD_CERTIFICATE, /* not trusted, or for another name */
    MAIL_NO_TLS,          /* no TLS here, or not as it must be */
    MAIL_BAD_LOGIN,       /* user, password or token refused */
    MAIL_BAD_FOLDER,      /* no such folder, or it cannot be opened */
    MAIL_REFUSED,         /* 5xx, NO or BAD: the same would be refused again */
    MAIL_LATER,           /* 4xx, busy, over a limit, or short of memory here: again later */
    MAIL_LOST,            /* the connection ended, or nothing came in time */
    MAIL_UNKNOWN,         /* lost after the final dot: nobody knows whether it was taken */
    MAIL_CANCELLED,       /* by us */
    MAIL_BAD_ANSWER,      /* the server does not keep to the protocol, or goes beyond our limits */
};
const char *mail_end_kind_name(enum mail_end_kind kind); /* "bad_login" … */

/* How a call ended. */
struct mail_end {
    enum mail_end_kind kind;
    str why;      /* words for a person: which step, what the server said, what to do; no secrets;
                   * "" = done */
    int code;     /* SMTP's reply code; 0 = none */
    str enhanced; /* "5.7.1" (RFC 3463); "" = none */
};

struct mail_line;

struct mail_line *mail_line_make(void); /* NULL: out of memory or descriptors */
void mail_line_close(struct mail_line *line);

/* For all that follows: the longest silence in one read or write, and how long all of it may take
 * from now on (0 = no end). 60 s and no end until this is called. */
void mail_line_limit(struct mail_line *line, int64_t step_ms, int64_t all_ms);
/* Looks at every piece of the server's bytes before anybody else does; false: it has called
 * mail_line_fail, and the line has ended. */
typedef bool mail_line_look(void *arg, str bytes);
void mail_line_watch(struct mail_line *line, mail_line_look *look, void *arg);

/* Each of these four gives OK, or E_UPSTREAM, and then the line has ended: mail_line_end says how.
 * An ended line does nothing any more. */
/* Once. Looks the name up, connects, and with MAIL_TLS does the handshake; within timeout_ms. */
err mail_line_connect(struct mail_line *line, const struct mail_server *server, int64_t timeout_ms);
/* TLS from here on, after the server's yes to STARTTLS. Bytes that came before it and were not read
 * end the line: somebody in between may have put them there. */
err mail_line_secure(struct mail_line *line);
/* At least one byte: OK with *got ≥ 1. */
err mail_line_read(struct mail_line *line, char *to, ptrdiff_t cap, ptrdiff_t *got);
/* All of them, or the line ends. */
err mail_line_write(struct mail_line *line, str bytes);

enum mail_wait { MAIL_WAIT_DATA, MAIL_WAIT_TIME, MAIL_WAIT_WOKEN, MAIL_WAIT_ENDED };
/* Until bytes can be read, at most max_ms. The limits above do not count. */
enum mail_wait mail_line_wait(struct mail_line *line, int64_t max_ms);

/* Any thread. Ends the line soon, with MAIL_CANCELLED; a look-up or a connection being made is
 * waited for at most its timeout. */
void mail_line_cancel(struct mail_line *line);
/* Any thread. Ends a wait, or else the next one. */
void mail_line_wake(struct mail_line *line);

/* Ends the line for this reason (static or living as long as the line is not a must: it is copied,
 * at most 500 bytes). The first reason stays. */
void mail_line_fail(struct mail_line *line, enum mail_end_kind kind, str why);
/* MAIL_DONE while it has not ended. why lives in `a`. */
struct mail_end mail_line_end(const struct mail_line *line, struct arena *a);
bool mail_line_is_secure(const struct mail_line *line);

/* The line as libetpan wants it. The caller ends it with mailstream_close (mailimap and mailsmtp do
 * it), which leaves the line as it is; before mail_line_close. NULL: out of memory. */
struct _mailstream *mail_line_stream(struct mail_line *line);
