/* See smtp_peer.h. */
#include "smtp_peer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CONNECTIONS = 64, HEARD_MAX = 256 * 1024, PATIENCE_S = 60, LINE_MAX_BYTES = 16 * 1024 };

struct smtp_peer {
    const struct smtp_step *steps;
    int n_steps;
    bool is_tls;
    int listening, port;
    pthread_t thread;
    EVP_PKEY *key;
    X509 *certificate;
    SSL_CTX *context;
    pthread_mutex_t lock; /* guards the rest */
    pthread_cond_t changed;
    int fd; /* of the connection under way; −1 = none */
    bool is_over, is_ended;
    char *heard[CONNECTIONS];
    ptrdiff_t heard_len[CONNECTIONS];
    int n_connections, n_mails;
    const char *when; /* NULL = never */
    void (*then)(void *arg);
    void *then_arg;
    char fault[600];
};

/* One connection, as its thread sees it. */
struct talk {
    struct smtp_peer *p;
    int fd, nth;
    SSL *ssl;
};

static ptrdiff_t talk_read(struct talk *t, char *to, ptrdiff_t cap)
{
    return t->ssl != NULL ? SSL_read(t->ssl, to, (int)cap) : recv(t->fd, to, (size_t)cap, 0);
}

static bool talk_say(struct talk *t, str s)
{
    while (s.len > 0) {
        ptrdiff_t n = t->ssl != NULL ? SSL_write(t->ssl, s.at, (int)s.len)
                                     : send(t->fd, s.at, (size_t)s.len, MSG_NOSIGNAL);
        if (n <= 0)
            return false;
        s = str_skip(s, n);
    }
    return true;
}

static void note(struct talk *t, const char *at, ptrdiff_t len)
{
    struct smtp_peer *p = t->p;
    pthread_mutex_lock(&p->lock);
    ptrdiff_t *have = &p->heard_len[t->nth];
    if (p->heard[t->nth] == NULL)
        p->heard[t->nth] = calloc(1, HEARD_MAX);
    if (len > HEARD_MAX - *have)
        len = HEARD_MAX - *have;
    memcpy(p->heard[t->nth] + *have, at, (size_t)len);
    *have += len;
    pthread_mutex_unlock(&p->lock);
}

/* The lock orders what it does between what the test did before and what it does after. */
static void meanwhile(struct smtp_peer *p, const char *line)
{
    pthread_mutex_lock(&p->lock);
    bool is_it = p->when != NULL && strncmp(line, p->when, strlen(p->when)) == 0;
    if (is_it)
        p->when = NULL;
    pthread_mutex_unlock(&p->lock);
    if (!is_it)
        return;
    p->then(p->then_arg);
    pthread_mutex_lock(&p->lock);
    pthread_mutex_unlock(&p->lock);
}

/* A line with its LF; its length, 0 = the end. */
static ptrdiff_t talk_line(struct talk *t, char *line)
{
    ptrdiff_t len = 0;
    while (len < LINE_MAX_BYTES - 1 && talk_read(t, line + len, 1) == 1)
        if (line[len++] == '\n') {
            line[len] = 0;
            note(t, line, len);
            meanwhile(t->p, line);
            return len;
        }
    return 0;
}

/* All up to the final dot, in large pieces: nobody speaks after it. */
static bool talk_mail(struct talk *t)
{
    static const char end[] = "\r\n.\r\n";
    char piece[16 * 1024];
    char last[5] = "\0\0\0\r\n"; /* a mail that is empty is a dot */
    for (;;) {
        ptrdiff_t n = talk_read(t, piece, sizeof piece);
        if (n <= 0)
            return false;
        note(t, piece, n);
        for (ptrdiff_t i = n < 5 ? 0 : n - 5; i < n; i++) {
            memmove(last, last + 1, 4);
            last[4] = piece[i];
        }
        if (memcmp(last, end, 5) == 0)
            break;
    }
    pthread_mutex_lock(&t->p->lock);
    t->p->n_mails++;
    pthread_mutex_unlock(&t->p->lock);
    meanwhile(t->p, ".");
    return true;
}

static void talk_wait(struct talk *t)
{
    char c;
    while (talk_read(t, &c, 1) == 1)
        continue;
}

static bool talk_shake(struct talk *t)
{
    t->ssl = SSL_new(t->p->context);
    return t->ssl != NULL && SSL_set_fd(t->ssl, t->fd) == 1 && SSL_accept(t->ssl) == 1;
}

static void talk_close(struct talk *t, bool is_hard)
{
    const struct linger hard = {.l_onoff = 1, .l_linger = 0};
    if (t->ssl != NULL && !is_hard)
        (void)SSL_shutdown(t->ssl);
    SSL_free(t->ssl);
    if (is_hard)
        (void)setsockopt(t->fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    pthread_mutex_lock(&t->p->lock);
    t->p->fd = -1;
    close(t->fd);
    pthread_mutex_unlock(&t->p->lock);
}

/* False: the connection has ended. */
static bool talk_play(struct talk *t, const struct smtp_step *step, bool *is_hard)
{
    const char *says = step->says != NULL ? step->says : "";
    char line[LINE_MAX_BYTES];
    if (step->hears != NULL && strcmp(step->hears, ".") == 0) {
        if (!talk_mail(t))
            return false;
    } else if (step->hears != NULL) {
        if (talk_line(t, line) == 0)
            return false;
        if (strncmp(line, step->hears, strlen(step->hears)) != 0) {
            pthread_mutex_lock(&t->p->lock);
            snprintf(t->p->fault, sizeof t->p->fault, "heard \"%.200s\" instead of \"%.200s\"",
                line, step->hears);
            pthread_mutex_unlock(&t->p->lock);
            return false;
        }
    }
    if (strcmp(says, SMTP_PEER_RESET) == 0) {
        *is_hard = true;
        return false;
    }
    if (strcmp(says, SMTP_PEER_HANG) == 0) {
        talk_wait(t);
        return false;
    }
    if (strcmp(says, SMTP_PEER_TLS) == 0)
        return talk_say(t, S("220 2.0.0 go\r\n")) && talk_shake(t);
    if (strcmp(says, SMTP_PEER_INJECT) == 0)
        return talk_say(t, S("220 2.0.0 go\r\n250 injected\r\n")) && talk_shake(t);
    bool is_stream = strcmp(says, SMTP_PEER_STREAM) == 0;
    if (is_stream || strcmp(says, SMTP_PEER_LINES) == 0) {
        while (talk_say(t, is_stream ? S("250 aaaaaaaaaaaaaaa") : S("250-aaaaaaaaaaa\r\n")))
            continue;
        return false;
    }
    return talk_say(t, str_from(says));
}

/* Takes everything. */
static void talk_oblige(struct talk *t)
{
    char line[LINE_MAX_BYTES];
    bool goes_on = talk_say(t, S("220 mx.example.com ESMTP\r\n"));
    while (goes_on && talk_line(t, line) > 0) {
        if (strncmp(line, "EHLO", 4) == 0)
            goes_on = talk_say(t, S("250-mx.example.com\r\n250-AUTH PLAIN\r\n250 8BITMIME\r\n"));
        else if (strncmp(line, "AUTH", 4) == 0)
            goes_on = talk_say(t, S("235 2.7.0 ok\r\n"));
        else if (strncmp(line, "QUIT", 4) == 0)
            goes_on = false;
        else if (strncmp(line, "DATA", 4) == 0)
            goes_on = talk_say(t, S("354 go\r\n")) && talk_mail(t) &&
                      talk_say(t, S("250 2.0.0 queued\r\n"));
        else
            goes_on = talk_say(t, S("250 2.0.0 ok\r\n"));
    }
}

/* The next connection; false: the peer is closed. */
static bool talk_accept(struct smtp_peer *p, struct talk *t)
{
    *t = (struct talk){.p = p, .fd = accept4(p->listening, NULL, NULL, SOCK_CLOEXEC)};
    if (t->fd < 0)
        return false;
    const struct timeval patience = {.tv_sec = PATIENCE_S};
    (void)setsockopt(t->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    pthread_mutex_lock(&p->lock);
    t->nth = p->n_connections < CONNECTIONS ? p->n_connections : CONNECTIONS - 1;
    p->n_connections++;
    p->fd = t->fd;
    bool is_over = p->is_over;
    pthread_mutex_unlock(&p->lock);
    if (is_over)
        talk_close(t, true);
    return !is_over;
}

static void *peer_main(void *arg)
{
    struct smtp_peer *p = arg;
    struct talk t;
    for (int at = 0; p->steps == NULL || at < p->n_steps; at++) {
        bool is_hard = false;
        if (!talk_accept(p, &t))
            break;
        bool goes_on = !p->is_tls || talk_shake(&t);
        if (p->steps == NULL && goes_on)
            talk_oblige(&t);
        while (p->steps != NULL && at < p->n_steps &&
               (p->steps[at].hears != NULL || p->steps[at].says != NULL)) {
            goes_on = goes_on && talk_play(&t, &p->steps[at], &is_hard);
            at++;
        }
        talk_close(&t, is_hard);
    }
    pthread_mutex_lock(&p->lock);
    p->is_ended = true;
    pthread_cond_broadcast(&p->changed);
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

static void certify(struct smtp_peer *p)
{
    p->key = EVP_EC_gen("P-256");
    p->certificate = X509_new();
    assert_non_null(p->key);
    assert_non_null(p->certificate);
    X509 *c = p->certificate;
    X509_set_version(c, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(c), 1);
    X509_gmtime_adj(X509_getm_notBefore(c), -3600);
    X509_gmtime_adj(X509_getm_notAfter(c), 3600);
    X509_set_pubkey(c, p->key);
    X509_NAME *subject = X509_get_subject_name(c);
    X509_NAME_add_entry_by_txt(
        subject, "CN", MBSTRING_ASC, (const unsigned char *)"localhost", -1, -1, 0);
    X509_set_issuer_name(c, subject);
    X509_EXTENSION *names =
        X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1");
    X509_EXTENSION *ca = X509V3_EXT_conf_nid(NULL, NULL, NID_basic_constraints, "critical,CA:TRUE");
    X509_add_ext(c, names, -1);
    X509_add_ext(c, ca, -1);
    assert_true(X509_sign(c, p->key, EVP_sha256()) > 0);
    X509_EXTENSION_free(names);
    X509_EXTENSION_free(ca);
    p->context = SSL_CTX_new(TLS_server_method());
    assert_non_null(p->context);
    assert_int_equal(SSL_CTX_use_certificate(p->context, c), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey(p->context, p->key), 1);
}

struct smtp_peer *smtp_peer_open(const struct smtp_step *steps, int n, bool is_tls)
{
    struct smtp_peer *p = calloc(1, sizeof *p);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    assert_non_null(p);
    signal(SIGPIPE, SIG_IGN); /* OpenSSL writes to connections that have ended; the server's threads
                               * have all signals blocked */
    p->steps = steps;
    p->n_steps = n;
    p->is_tls = is_tls;
    p->fd = -1;
    certify(p);
    p->listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(p->listening, (struct sockaddr *)&at, len), 0);
    assert_int_equal(listen(p->listening, 8), 0);
    assert_int_equal(getsockname(p->listening, (struct sockaddr *)&at, &len), 0);
    p->port = ntohs(at.sin_port);
    assert_int_equal(pthread_mutex_init(&p->lock, NULL), 0);
    assert_int_equal(pthread_cond_init(&p->changed, NULL), 0);
    assert_int_equal(pthread_create(&p->thread, NULL, peer_main, p), 0);
    return p;
}

void smtp_peer_close(struct smtp_peer *p)
{
    pthread_mutex_lock(&p->lock);
    p->is_over = true;
    if (p->fd >= 0)
        shutdown(p->fd, SHUT_RDWR);
    pthread_mutex_unlock(&p->lock);
    shutdown(p->listening, SHUT_RDWR);
    pthread_join(p->thread, NULL);
    close(p->listening);
    for (int i = 0; i < CONNECTIONS; i++)
        free(p->heard[i]);
    SSL_CTX_free(p->context);
    X509_free(p->certificate);
    EVP_PKEY_free(p->key);
    pthread_cond_destroy(&p->changed);
    pthread_mutex_destroy(&p->lock);
    free(p);
}

int smtp_peer_port(const struct smtp_peer *p)
{
    return p->port;
}

str smtp_peer_ca(struct smtp_peer *p)
{
    str path = test_path("smtp-peer.pem");
    FILE *out = fopen(str_z(test_arena(), path), "we");
    assert_non_null(out);
    assert_int_equal(PEM_write_X509(out, p->certificate), 1);
    assert_int_equal(fclose(out), 0);
    return path;
}

str smtp_peer_heard(struct smtp_peer *p, int nth)
{
    pthread_mutex_lock(&p->lock);
    str heard = str_copy(test_arena(), str_of(p->heard[nth], p->heard_len[nth]));
    pthread_mutex_unlock(&p->lock);
    return heard;
}

int smtp_peer_connections(struct smtp_peer *p)
{
    pthread_mutex_lock(&p->lock);
    int n = p->n_connections;
    pthread_mutex_unlock(&p->lock);
    return n;
}

int smtp_peer_mails(struct smtp_peer *p)
{
    pthread_mutex_lock(&p->lock);
    int n = p->n_mails;
    pthread_mutex_unlock(&p->lock);
    return n;
}

void smtp_peer_meanwhile(struct smtp_peer *p, const char *hears, void (*then)(void *arg), void *arg)
{
    pthread_mutex_lock(&p->lock);
    p->when = hears;
    p->then = then;
    p->then_arg = arg;
    pthread_mutex_unlock(&p->lock);
}

void smtp_peer_done(struct smtp_peer *p)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += PATIENCE_S;
    pthread_mutex_lock(&p->lock);
    int waited = 0;
    while (!p->is_ended && waited == 0)
        waited = pthread_cond_timedwait(&p->changed, &p->lock, &until);
    bool is_ended = p->is_ended;
    pthread_mutex_unlock(&p->lock);
    if (!is_ended)
        fail_msg("after %d connections the script is not over", smtp_peer_connections(p));
    if (p->fault[0] != 0)
        fail_msg("the peer %s", p->fault);
}

const struct egress_rules *smtp_peer_rules(void)
{
    const struct egress_rules *rules;
    str why;
    assert_ok(egress_rules_parse(test_arena(), S("mail=127.0.0.0/8"), &rules, &why));
    return rules;
}

struct smtp_options smtp_peer_options(const struct smtp_peer *p)
{
    return (struct smtp_options){
        .server = {.host = S("127.0.0.1"),
                   .port = p->port,
                   .security = MAIL_PLAIN,
                   .rules = smtp_peer_rules()},
        .name = S("seva.example.com"),
        .step_ms = 20000,
        .final_ms = 20000,
        .most_ms = 60000,
    };
}
