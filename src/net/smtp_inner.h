/* What the files of the SMTP client share: smtp.c (the connection and its commands), smtp_login.c,
 * smtp_send.c, smtp_pool.c. Nobody else includes this. */
#pragma once
#include "net/smtp.h"
#include "net/smtp_reply.h"

enum { SMTP_BUFFER_BYTES = 8 * 1024, SMTP_TOLD = 3 };

struct smtp {
    struct arena *a; /* of the connection: what the server offers, copies of the options */
    struct mail_line *line;
    struct smtp_options options;
    int64_t until_ms;    /* real; the end of the call under way */
    char *buffer;        /* SMTP_BUFFER_BYTES read and not yet taken */
    ptrdiff_t from, to;  /* what of it is still to be taken */
    str told[SMTP_TOLD]; /* base64 of secrets, as it went out: no words of the server may repeat it
                          */
    int n_told;
    bool is_bad;      /* not open any more, or not usable: broken answers, a mail cut short */
    bool has_greeted; /* QUIT would be understood */
    /* What EHLO offers, of the last one. */
    bool has_starttls, has_size, has_dsn, has_smtputf8, has_8bitmime, has_auth;
    bool has_plain, has_login, has_xoauth2, has_oauthbearer;
    int64_t size_max;
    str mechanisms; /* as offered, for words */
};

int64_t smtp_real_ms(void);
/* The call under way ends at most_ms from now. */
void smtp_begin(struct smtp *s);
/* The waits of what follows: at most step_ms each, never beyond the call's end. */
void smtp_limit(struct smtp *s, int64_t step_ms);

/* The times of these options for what follows; most_ms: what is left of theirs, 0 = the usual. */
void smtp_retime(struct smtp *s, const struct smtp_options *from, int64_t most_ms);
/* Whether this connection is to that server, with that login and name. */
bool smtp_is_for(const struct smtp *s, const struct smtp_options *options);

/* Reads one answer. OK: *reply (in a; words cleaned of secrets). E_UPSTREAM: the connection has
 * ended or the answer is broken: smtp_lost says how. */
err smtp_hear(struct smtp *s, struct arena *a, struct smtp_reply *reply);
/* Sends one command (without CRLF, which must not stand in it) and reads its answer. */
err smtp_ask(struct smtp *s, struct arena *a, str command, struct smtp_reply *reply);
/* How the connection ended; words begin with `step`: "saying hello". */
struct mail_end smtp_lost(struct smtp *s, struct arena *a, const char *step);
/* An answer that is no yes, as an end: 421 and 4xx LATER, 530, 534, 535 and 538 BAD_LOGIN (530
 * without TLS: NO_TLS), other 5xx REFUSED, the rest BAD_ANSWER. Notes that the connection is no use
 * where that follows. */
struct mail_end smtp_no(
    struct smtp *s, struct arena *a, const char *step, const struct smtp_reply *reply);
/* Our own reason: the server was not asked. */
struct mail_end smtp_says(struct arena *a, enum mail_end_kind kind, str why);
void smtp_tell(struct smtp *s, str base64); /* this goes out and is secret; lives in s->a */

/* smtp_open in two steps: what smtp_make has made can be cancelled while smtp_start runs; both in
 * s->a. NULL: out of memory or descriptors. */
struct smtp *smtp_make(struct arena *a, const struct smtp_options *options);
struct mail_end smtp_start(struct smtp *s);

/* AUTH, after EHLO. DONE: logged in. */
struct mail_end smtp_login(struct smtp *s, struct arena *a);
