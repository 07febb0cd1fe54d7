/* See mail_peer.h. */
#include "mail_peer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { STEPS = 256, HEARD = 256, LINE = 64 * 1024, PATIENCE_S = 60, TAG = 32 };

struct mail_peer {
    int listening, port, fd;
    pthread_t thread;
    bool is_joined, may_stop;
    char *steps[STEPS];
    ptrdiff_t n_steps;
    char *heard[HEARD];
    ptrdiff_t n_heard;
    char tag[TAG];
    char *wrong; /* why the script ended early */
    SSL_CTX *context;
    SSL *ssl;
    str ca;
};

static void say(struct mail_peer *p, const char *at, size_t left)
{
    while (left > 0) {
        ssize_t n = p->ssl != NULL ? SSL_write(p->ssl, at, (int)(left < 16384 ? left : 16384))
                                   : send(p->fd, at, left, MSG_NOSIGNAL);
        if (n <= 0)
            return; /* the other side has gone: what it does next shows it */
        at += n;
        left -= (size_t)n;
    }
}

static bool hear_byte(struct mail_peer *p, char *c)
{
    return (p->ssl != NULL ? SSL_read(p->ssl, c, 1) : recv(p->fd, c, 1, 0)) == 1;
}

static void stop(struct mail_peer *p, const char *step, const char *heard)
{
    if (asprintf(&p->wrong, "script expected \"%s\", heard \"%s\"", step, heard) < 0)
        abort();
}

static bool hear_line(struct mail_peer *p, const char *step)
{
    char *line = calloc(1, LINE);
    ptrdiff_t n = 0;
    char c = 0;
    while (n < LINE - 1 && hear_byte(p, &c) && c != '\n')
        line[n++] = c;
    if (n > 0 && line[n - 1] == '\r')
        line[--n] = 0;
    if (p->n_heard < HEARD)
        p->heard[p->n_heard++] = line;
    str tag, rest;
    if (str_cut(str_of(line, n), ' ', &tag, &rest) && tag.len < TAG) {
        memcpy(p->tag, tag.at, (size_t)tag.len);
        p->tag[tag.len] = 0;
    }
    if (c == '\n' && strcasestr(line, step + 2) != NULL)
        return true;
    stop(p, step, c == '\n' ? line : "the end of the connection");
    return false;
}

static void say_line(struct mail_peer *p, const char *text)
{
    char *line;
    bool has_tag = text[0] == '$';
    int n = asprintf(&line, "%s%s\r\n", has_tag ? p->tag : "", has_tag ? text + 1 : text);
    if (n < 0)
        abort();
    say(p, line, (size_t)n);
    free(line);
}

static bool shake(struct mail_peer *p)
{
    p->ssl = SSL_new(p->context);
    SSL_set_fd(p->ssl, p->fd);
    if (SSL_accept(p->ssl) == 1)
        return true;
    ERR_clear_error();
    stop(p, "tls", "a refusal");
    return false;
}

static bool play(struct mail_peer *p, const char *step)
{
    char c;
    if (strncmp(step, "> ", 2) == 0) {
        say_line(p, step + 2);
    } else if (strncmp(step, ">>", 2) == 0) {
        say(p, step + 2, strlen(step + 2));
    } else if (strncmp(step, "< ", 2) == 0) {
        return hear_line(p, step);
    } else if (strncmp(step, "<!", 2) == 0) {
        for (long left = strtol(step + 2, NULL, 10); left > 0; left--) {
            if (!hear_byte(p, &c)) {
                stop(p, step, "the end of the connection");
                return false;
            }
        }
    } else if (strcmp(step, "tls") == 0) {
        return shake(p);
    } else if (strncmp(step, "many ", 5) == 0) {
        char *text = NULL;
        for (long left = strtol(step + 5, &text, 10); left > 0; left--)
            say_line(p, text + 1);
    } else { /* hang */
        while (hear_byte(p, &c)) {
        }
    }
    return true;
}

static void *peer_main(void *arg)
{
    struct mail_peer *p = arg;
    p->fd = accept4(p->listening, NULL, NULL, SOCK_CLOEXEC);
    if (p->fd < 0)
        return NULL;
    const struct timeval patience = {.tv_sec = PATIENCE_S};
    const int on = 1; /* or each line would wait for the one before it to be acknowledged */
    (void)setsockopt(p->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    (void)setsockopt(p->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    for (ptrdiff_t i = 0; i < p->n_steps && play(p, p->steps[i]); i++) {
    }
    if (p->ssl != NULL)
        (void)SSL_shutdown(p->ssl);
    SSL_free(p->ssl);
    p->ssl = NULL;
    (void)shutdown(p->fd, SHUT_WR);
    close(p->fd);
    return NULL;
}

static struct mail_peer *make(const char *const *script, ptrdiff_t steps)
{
    struct mail_peer *p = calloc(1, sizeof *p);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    assert_non_null(p);
    assert_true(steps <= STEPS);
    (void)signal(SIGPIPE, SIG_IGN); /* as the server does */
    for (ptrdiff_t i = 0; i < steps; i++)
        p->steps[i] = strdup(script[i]);
    p->n_steps = steps;
    p->listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(p->listening, (struct sockaddr *)&at, len), 0);
    assert_int_equal(listen(p->listening, 8), 0);
    assert_int_equal(getsockname(p->listening, (struct sockaddr *)&at, &len), 0);
    p->port = ntohs(at.sin_port);
    return p;
}

static X509 *certify(
    EVP_PKEY *key, const char *name, const char *extension, X509 *by, EVP_PKEY *by_key)
{
    X509 *cert = X509_new();
    assert_non_null(cert);
    X509_set_version(cert, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(cert), by == NULL ? 1 : 2);
    X509_gmtime_adj(X509_getm_notBefore(cert), -3600);
    X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
    X509_set_pubkey(cert, key);
    X509_NAME *subject = X509_get_subject_name(cert);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0);
    X509_set_issuer_name(cert, by != NULL ? X509_get_subject_name(by) : subject);
    bool is_ca = by == NULL && extension == NULL;
    X509_EXTENSION *x =
        is_ca ? X509V3_EXT_conf_nid(NULL, NULL, NID_basic_constraints, "critical,CA:TRUE")
              : X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, extension);
    assert_non_null(x);
    X509_add_ext(cert, x, -1);
    X509_EXTENSION_free(x);
    assert_true(X509_sign(cert, by_key, EVP_sha256()) > 0);
    return cert;
}

static struct mail_peer *with_certificate(
    struct mail_peer *p, const char *name, bool is_self_signed)
{
    EVP_PKEY *ca_key = EVP_EC_gen("P-256"), *key = EVP_EC_gen("P-256");
    X509 *ca = certify(ca_key, "Test authority", NULL, NULL, ca_key);
    X509 *cert =
        certify(key, "peer", name, is_self_signed ? NULL : ca, is_self_signed ? key : ca_key);
    p->ca = test_path("ca.pem");
    FILE *out = fopen(str_z(test_arena(), p->ca), "we");
    assert_non_null(out);
    assert_int_equal(PEM_write_X509(out, ca), 1);
    assert_int_equal(fclose(out), 0);
    p->context = SSL_CTX_new(TLS_server_method());
    assert_int_equal(SSL_CTX_use_certificate(p->context, cert), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey(p->context, key), 1);
    X509_free(ca);
    X509_free(cert);
    EVP_PKEY_free(ca_key);
    EVP_PKEY_free(key);
    return p;
}

static struct mail_peer *start(struct mail_peer *p)
{
    assert_int_equal(pthread_create(&p->thread, NULL, peer_main, p), 0);
    return p;
}

struct mail_peer *mail_peer_open(const char *const *script, ptrdiff_t steps)
{
    return start(make(script, steps));
}

struct mail_peer *mail_peer_open_tls(
    const char *const *script, ptrdiff_t steps, const char *name, bool is_self_signed)
{
    return start(with_certificate(make(script, steps), name, is_self_signed));
}

int mail_peer_port(const struct mail_peer *p)
{
    return p->port;
}

str mail_peer_ca(const struct mail_peer *p)
{
    return p->ca;
}

static void join(struct mail_peer *p)
{
    if (!p->is_joined) {
        /* Nobody may have called: the accept ends too. */
        (void)shutdown(p->listening, SHUT_RDWR);
        assert_int_equal(pthread_join(p->thread, NULL), 0);
    }
    p->is_joined = true;
}

str mail_peer_heard(struct mail_peer *p, int nth)
{
    join(p);
    if (nth >= p->n_heard)
        fail_msg("line %d was not heard", nth);
    return str_copy(test_arena(), str_from(p->heard[nth]));
}

void mail_peer_may_stop(struct mail_peer *p)
{
    p->may_stop = true;
}

void mail_peer_close(struct mail_peer *p)
{
    join(p);
    close(p->listening);
    str wrong = p->wrong != NULL ? str_copy(test_arena(), str_from(p->wrong)) : (str){0};
    bool may_stop = p->may_stop;
    for (ptrdiff_t i = 0; i < p->n_steps; i++)
        free(p->steps[i]);
    for (ptrdiff_t i = 0; i < p->n_heard; i++)
        free(p->heard[i]);
    free(p->wrong);
    SSL_CTX_free(p->context);
    free(p);
    if (wrong.len > 0 && !may_stop)
        fail_msg("%.*s", SARG(wrong));
}
