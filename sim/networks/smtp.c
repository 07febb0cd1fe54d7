/* The SMTP server beside the simulated networks: it takes mails of ours for the network "email"
 * (email.c), as a provider's server for submission does, and is strict where such servers are:
 * EHLO, STARTTLS before a password, AUTH PLAIN before a mail, a sender that is the user's own, line
 * ends and line lengths, commands in their order. The connection, its thread and the faults are
 * wire.c's: a mail that is whole is a call with an envelope, on the path "/smtp". See inner.h.
 * Sources: RFC 5321, 6409, 3207, 4954, 4616, 1870, 6152, 2034. */
#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"
#include "email.h"
#include "inner.h"

enum {
    LINE_BYTES = 1002,     /* of a mail with CRLF and a dot that was doubled (RFC 5321 4.5.3.1.6) */
    COMMAND_BYTES = 12288, /* with AUTH (RFC 4954 4) */
    MAIL_BYTES = 26 * 1024 * 1024,
    RECIPIENTS = 100,
    ADDRESS_BYTES = 254,
    MISTAKES = 20, /* then the server hangs up */
};

enum line { LINE_OK, LINE_BAD, LINE_GONE }; /* BAD: too long, or its end is not CRLF */

struct talk {
    struct connection *conn;
    struct arena a; /* of the mail under way */
    str user;       /* in users; empty = not signed in */
    char users[ADDRESS_BYTES + 1];
    bool has_greeted, has_sender;
    str from, to[RECIPIENTS];
    int n_to, mistakes;
    char line[COMMAND_BYTES];
};

static void say(struct talk *t, const char *text)
{
    if (!wire_say(t->conn, str_from(text)))
        t->conn->is_ending = true;
}

static void refuse(struct talk *t, const char *text)
{
    say(t, ++t->mistakes < MISTAKES ? text : "421 4.7.0 Too many mistakes, closing\r\n");
    t->conn->is_ending = t->conn->is_ending || t->mistakes == MISTAKES;
}

/* Up to CRLF, which is not in *line. Also after a bad one the next begins where it should. */
static enum line read_line(struct talk *t, ptrdiff_t cap, str *line)
{
    ptrdiff_t len = 0;
    bool is_bad = false;
    for (char c = 0, last = 0; c != '\n'; last = c) {
        if (!wire_fill(t->conn))
            return LINE_GONE;
        c = t->conn->input[t->conn->at++];
        is_bad = is_bad || len == cap || c == 0 || (last == '\r') != (c == '\n');
        if (len < cap)
            t->line[len++] = c;
    }
    *line = str_sub(str_of(t->line, len), 0, len - 2);
    return is_bad ? LINE_BAD : LINE_OK;
}

/* ── signing in ── */

static bool may_sign_in(struct talk *t, str user, str password)
{
    struct sim *sim = t->conn->sim;
    struct sim_room *room = room_find(sim, S("email"));
    if (room == NULL || user.len == 0 || user.len > ADDRESS_BYTES)
        return false;
    pthread_mutex_lock(&room->lock);
    const struct sim_account *account = sim_account_find(sim, room->network, user);
    bool may = account != NULL && !account->is_revoked && crypto_equal(account->token, password);
    pthread_mutex_unlock(&room->lock);
    return may;
}

static void command_auth(struct talk *t, str rest)
{
    str mechanism, given, plain, who, user, password;
    (void)str_cut(rest, ' ', &mechanism, &given);
    if (!t->has_greeted || t->user.len > 0) {
        refuse(t, "503 5.5.1 Not now\r\n");
        return;
    }
    if (t->conn->tls == NULL) {
        refuse(t, "538 5.7.11 Encryption required: STARTTLS first\r\n");
        return;
    }
    if (!str_eq_nocase(mechanism, S("PLAIN"))) {
        refuse(t, "504 5.5.4 PLAIN is what is offered\r\n");
        return;
    }
    if (given.len == 0) {
        say(t, "334 \r\n");
        if (t->conn->is_ending || read_line(t, COMMAND_BYTES, &given) != LINE_OK) {
            t->conn->is_ending = true;
            return;
        }
    }
    if (crypto_unbase64(&t->a, given, &plain) != OK || !str_cut(plain, '\0', &who, &plain) ||
        !str_cut(plain, '\0', &user, &password)) {
        refuse(t, "501 5.5.2 No AUTH PLAIN\r\n");
    } else if (!may_sign_in(t, user, password)) {
        refuse(t, "535 5.7.8 User or password is wrong\r\n");
    } else {
        sim_keep(t->users, sizeof t->users, user);
        t->user = str_from(t->users);
        say(t, "235 2.7.0 Signed in\r\n");
    }
}

static void command_ehlo(struct talk *t, str name)
{
    if (name.len == 0 || str_find_byte(name, ' ') >= 0) {
        refuse(t, "501 5.5.4 EHLO wants a name\r\n");
        return;
    }
    t->has_greeted = true;
    t->has_sender = false;
    t->n_to = 0;
    say(t, t->conn->tls ? "250-mail.sim.example\r\n250-SIZE 27262976\r\n250-8BITMIME\r\n250-"
                          "ENHANCEDSTATUSCODES\r\n250 AUTH PLAIN\r\n"
                        : "250-mail.sim.example\r\n250-SIZE 27262976\r\n250-8BITMIME\r\n250-"
                          "ENHANCEDSTATUSCODES\r\n250 STARTTLS\r\n");
}

static void command_starttls(struct talk *t)
{
    struct connection *conn = t->conn;
    if (!t->has_greeted || conn->tls != NULL) {
        refuse(t, "503 5.5.1 Not now\r\n");
        return;
    }
    if (conn->at < conn->len) { /* somebody may have put it there (RFC 3207 6) */
        say(t, "554 5.5.1 Nothing may follow STARTTLS in the clear\r\n");
        conn->is_ending = true;
        return;
    }
    say(t, "220 2.0.0 Go ahead\r\n");
    conn->is_ending = conn->is_ending || !smtp_tls_accept(conn);
    t->has_greeted = false;
}

/* ── one mail ── */

static void mail_forget(struct talk *t)
{
    t->has_sender = false;
    t->n_to = 0;
    arena_reset(&t->a);
}

/* "<address>" and what follows; false: it is none. */
static bool path_read(struct talk *t, str rest, str *address, str *more)
{
    ptrdiff_t end = str_find_byte(rest, '>');
    if (!str_starts(rest, S("<")) || end < 0 || end > ADDRESS_BYTES + 1)
        return false;
    *address = str_copy(&t->a, str_sub(rest, 1, end - 1));
    *more = str_trim(str_skip(rest, end + 1));
    return true;
}

static bool is_address(str s)
{
    ptrdiff_t at = str_find_byte(s, '@');
    return at > 0 && at < s.len - 1 && str_find_byte(s, ' ') < 0;
}

/* SIZE=n and BODY=8BITMIME are what is offered. */
static bool parameters_are_good(str more, int64_t *size)
{
    while (more.len > 0) {
        str one;
        (void)str_cut(more, ' ', &one, &more);
        bool is_size = str_eq_nocase(str_sub(one, 0, 5), S("SIZE="));
        if (is_size && str_int(str_skip(one, 5), 0, INT64_MAX, size) != OK)
            return false;
        if (!is_size && !str_eq_nocase(one, S("BODY=8BITMIME")) &&
            !str_eq_nocase(one, S("BODY=7BIT")))
            return false;
    }
    return true;
}

static void command_mail(struct talk *t, str rest)
{
    str from, more;
    int64_t size = 0;
    if (!t->has_greeted || t->has_sender)
        refuse(t, "503 5.5.1 Not now\r\n");
    else if (t->user.len == 0)
        refuse(t, "530 5.7.0 Sign in first\r\n");
    else if (!path_read(t, rest, &from, &more) || (from.len > 0 && !is_address(from)))
        refuse(t, "501 5.1.7 No sender's address\r\n");
    else if (!parameters_are_good(more, &size))
        refuse(t, "555 5.5.4 Parameters that were not offered\r\n");
    else if (size > MAIL_BYTES)
        refuse(t, "552 5.3.4 Larger than 26 MB\r\n");
    else if (from.len > 0 && !email_is_own(t->user, from))
        refuse(t, "550 5.7.1 Not your address\r\n");
    else {
        t->from = from;
        t->has_sender = true;
        say(t, "250 2.1.0 Ok\r\n");
    }
}

static void command_rcpt(struct talk *t, str rest)
{
    str to, more;
    if (!t->has_sender)
        refuse(t, "503 5.5.1 MAIL first\r\n");
    else if (!path_read(t, rest, &to, &more) || !is_address(to) || more.len > 0)
        refuse(t, "501 5.1.3 No recipient's address\r\n");
    else if (t->n_to == RECIPIENTS)
        refuse(t, "452 4.5.3 Too many recipients\r\n");
    else if (str_starts(to, S("nobody@")))
        say(t, "550 5.1.1 No such mailbox\r\n");
    else {
        t->to[t->n_to++] = to;
        say(t, "250 2.1.5 Ok\r\n");
    }
}

/* All up to the final dot; false: the peer has gone. *fault: an answer, or NULL. */
static bool read_mail(struct talk *t, struct sb *mail, const char **fault)
{
    str line;
    for (;;) {
        enum line got = read_line(t, LINE_BYTES, &line);
        if (got == LINE_GONE)
            return false;
        if (got == LINE_BAD)
            *fault = "554 5.6.0 A line is too long, or its end is not CRLF\r\n";
        if (got == LINE_OK && str_eq(line, S(".")))
            break;
        sb_add(mail, str_starts(line, S(".")) ? str_skip(line, 1) : line);
        sb_add(mail, S("\r\n"));
    }
    if (mail->failed)
        *fault = "552 5.3.4 Larger than 26 MB\r\n";
    return true;
}

static void command_data(struct talk *t)
{
    struct connection *conn = t->conn;
    if (t->n_to == 0) {
        refuse(t, t->has_sender ? "554 5.5.1 No recipients\r\n" : "503 5.5.1 MAIL first\r\n");
        return;
    }
    say(t, "354 End with a dot on a line of its own\r\n");
    struct sb mail = sb_make(&t->a, MAIL_BYTES);
    const char *fault = NULL;
    if (conn->is_ending || !read_mail(t, &mail, &fault)) {
        conn->is_ending = true;
        return;
    }
    if (fault != NULL) {
        refuse(t, fault);
    } else {
        const struct http_request req = {.method = HTTP_POST, .body = sb_str(&mail)};
        const struct sim_envelope envelope = {t->user, t->from, t->to, t->n_to};
        struct call_inner in = {
            .fd = conn->fd, .began_ms = sim_real_ms(), .room = room_find(conn->sim, S("email"))};
        struct sim_call c = {.sim = conn->sim,
            .network = in.room->network,
            .arena = &t->a,
            .req = &req,
            .path = S("/smtp"),
            .now_ms = sim_now(conn->sim),
            .envelope = &envelope,
            .inner = &in};
        wire_run(conn, &c);
    }
    mail_forget(t);
}

/* ── commands ── */

static bool takes(str line, str command, str *rest)
{
    if (!str_eq_nocase(str_sub(line, 0, command.len), command))
        return false;
    *rest = str_skip(line, command.len);
    return true;
}

static void run_command(struct talk *t, str line)
{
    str rest;
    if (takes(line, S("EHLO "), &rest))
        command_ehlo(t, rest);
    else if (str_eq_nocase(line, S("STARTTLS")))
        command_starttls(t);
    else if (takes(line, S("AUTH "), &rest))
        command_auth(t, rest);
    else if (takes(line, S("MAIL FROM:"), &rest))
        command_mail(t, rest);
    else if (takes(line, S("RCPT TO:"), &rest))
        command_rcpt(t, rest);
    else if (str_eq_nocase(line, S("DATA")))
        command_data(t);
    else if (str_eq_nocase(line, S("RSET"))) {
        mail_forget(t);
        say(t, "250 2.0.0 Ok\r\n");
    } else if (takes(line, S("NOOP"), &rest))
        say(t, "250 2.0.0 Ok\r\n");
    else if (str_eq_nocase(line, S("QUIT"))) {
        say(t, "221 2.0.0 Bye\r\n");
        t->conn->is_ending = true;
    } else
        refuse(t, "500 5.5.2 No command of this server\r\n");
}

void smtp_serve(struct connection *conn)
{
    struct talk *t = sim_alloc((ptrdiff_t)sizeof *t);
    str line;
    t->conn = conn;
    t->a = arena_make(SIM_CALL_ARENA);
    say(t, "220 mail.sim.example ESMTP, simulated\r\n");
    while (!conn->is_ending && !atomic_load(&conn->sim->is_closing)) {
        enum line got = read_line(t, COMMAND_BYTES, &line);
        if (got == LINE_GONE)
            conn->is_ending = true;
        else if (got == LINE_BAD)
            refuse(t, "500 5.5.2 A line is too long, or its end is not CRLF\r\n");
        else
            run_command(t, line);
    }
    arena_free(&t->a);
    free(t);
}
