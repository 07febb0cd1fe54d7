/* TLS for connections we make. See tls_client.h. */
#include "net/tls_client.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "net/ip.h"

enum {
    WHY_BYTES = 400,
    NAMES_SHOWN = 5,
    ROOTS_MOST = 4, /* files of roots that are known at a time; in use: one, in tests two */
    ROOTS_MS = 60 * 60 * 1000, /* then they are read anew, changed or not */
    ROOTS_FILE_BYTES = 1024,
};

/* A context with the trusted roots of a file. The system's roots take about 2 MB and 20 ms to read:
 * connections share them (a context is OpenSSL's to count and to lock). */
struct roots {
    SSL_CTX *context; /* NULL = a free place */
    char file[ROOTS_FILE_BYTES];
    int64_t read_ms; /* clock_mono_ms */
    int64_t size;    /* of the file, and when it was changed */
    struct timespec changed;
};

/* Shared by all threads; listed in docs/architecture.md. */
static pthread_mutex_t roots_lock = PTHREAD_MUTEX_INITIALIZER;
static struct roots known_roots[ROOTS_MOST];

struct tls_client {
    SSL *ssl;
    int fd;
    int verify_error; /* X509_V_…; of the first refusal */
    bool is_broken;   /* after a fatal error OpenSSL must not be asked to say goodbye */
    bool shook;
    bool was_cut; /* the peer went away; nothing is wrong with its TLS */
    ptrdiff_t why_len;
    char why[WHY_BYTES];
};

[[gnu::format(printf, 2, 3)]] static void explain(struct tls_client *t, const char *format, ...)
{
    if (t->why_len > 0)
        return; /* the first reason is the reason */
    va_list args;
    va_start(args, format);
    int n = vsnprintf(t->why, WHY_BYTES, format, args);
    va_end(args);
    t->why_len = n < 0 ? 0 : n < WHY_BYTES ? n : WHY_BYTES - 1;
}

/* A name as a certificate holds it: foreign bytes, shown only when they are plain ASCII. */
static void names_add(struct sb *b, str name)
{
    bool is_plain = name.len > 0 && name.len <= 253;
    for (ptrdiff_t i = 0; i < name.len && is_plain; i++)
        is_plain = name.at[i] > ' ' && name.at[i] < 0x7f;
    if (!is_plain)
        return;
    if (b->len > 0)
        sb_add(b, S(", "));
    sb_add(b, name);
}

static str certificate_names(struct arena *a, X509 *certificate)
{
    struct sb b = sb_make(a, 200);
    GENERAL_NAMES *names = certificate != NULL
                               ? X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL)
                               : NULL;
    int shown = 0;
    for (int i = 0; i < sk_GENERAL_NAME_num(names) && shown < NAMES_SHOWN; i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
        if (name->type != GEN_DNS)
            continue;
        names_add(&b,
            str_of(ASN1_STRING_get0_data(name->d.dNSName), ASN1_STRING_length(name->d.dNSName)));
        shown++;
    }
    GENERAL_NAMES_free(names);
    return sb_str(&b);
}

/* Called by OpenSSL for each certificate. Only looks: what it is handed is what it gives back. */
static int note_verdict(int is_good, X509_STORE_CTX *store)
{
    if (is_good == 1)
        return 1;
    const SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    struct tls_client *t = ssl != NULL ? SSL_get_app_data(ssl) : NULL;
    if (t == NULL)
        return 0;
    int error = X509_STORE_CTX_get_error(store);
    t->verify_error = error != X509_V_OK ? error : X509_V_ERR_UNSPECIFIED;
    if (error == X509_V_ERR_HOSTNAME_MISMATCH || error == X509_V_ERR_IP_ADDRESS_MISMATCH) {
        struct arena a = arena_make(64 * 1024);
        str names = certificate_names(&a, X509_STORE_CTX_get0_cert(store));
        if (names.len > 0)
            explain(t, "its certificate is for %.*s, not for this name", SARG(names));
        else
            explain(t, "its certificate is not for this name");
        arena_free(&a);
    } else if (error == X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT ||
               error == X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN) {
        explain(t, "its certificate is signed by nobody we trust (self-signed)");
    } else {
        explain(t, "its certificate cannot be trusted: %s", X509_verify_cert_error_string(error));
    }
    return 0;
}

static err set_name(struct arena *a, struct tls_client *t, str host)
{
    struct ip_address ip;
    char *name = str_z(a, host);
    X509_VERIFY_PARAM *param = SSL_get0_param(t->ssl);
    if (ip_parse(host, &ip))
        return X509_VERIFY_PARAM_set1_ip_asc(param, name) == 1 ? OK : E_BUSY;
    X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    bool is_set = X509_VERIFY_PARAM_set1_host(param, name, (size_t)host.len) == 1 &&
                  SSL_set_tlsext_host_name(t->ssl, name) == 1;
    return is_set ? OK : E_BUSY;
}

/* file NULL = the system's. NULL with *is_bad: the file cannot be used; without: out of memory. */
static SSL_CTX *context_make(const char *file, bool *is_bad)
{
    SSL_CTX *c = SSL_CTX_new(TLS_client_method());
    if (c == NULL || SSL_CTX_set_min_proto_version(c, TLS1_2_VERSION) != 1 ||
        SSL_CTX_set_cipher_list(c, "ECDHE+AESGCM:ECDHE+CHACHA20:!aNULL:!PSK") != 1) {
        SSL_CTX_free(c);
        return NULL;
    }
    SSL_CTX_set_options(c, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
    SSL_CTX_set_mode(c, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                            SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_verify(c, SSL_VERIFY_PEER, note_verdict);
    if ((file != NULL ? SSL_CTX_load_verify_file(c, file) : SSL_CTX_set_default_verify_paths(c)) ==
        1)
        return c;
    ERR_clear_error();
    SSL_CTX_free(c);
    *is_bad = true;
    return NULL;
}

/* Whether it holds the roots of this file as the file is now. */
static bool is_current(const struct roots *r, str ca_file, const struct stat *now)
{
    return r->context != NULL && str_eq(str_from(r->file), ca_file) && r->size == now->st_size &&
           r->changed.tv_sec == now->st_mtim.tv_sec && r->changed.tv_nsec == now->st_mtim.tv_nsec &&
           clock_mono_ms() - r->read_ms < ROOTS_MS;
}

/* Where this file's roots go: where they were, a free place, or that of the oldest. */
static struct roots *place_for(str ca_file)
{
    struct roots *place = &known_roots[0];
    for (int i = 0; i < ROOTS_MOST; i++) {
        struct roots *r = &known_roots[i];
        if (r->context != NULL && str_eq(str_from(r->file), ca_file))
            return r;
        if (place->context != NULL && (r->context == NULL || r->read_ms < place->read_ms))
            place = r;
    }
    return place;
}

/* With the lock held. The context belongs to the place, and to its caller once more. */
static SSL_CTX *context_of(const char *file, str ca_file, bool *is_bad)
{
    struct stat now = {0};
    (void)stat(file != NULL ? file : X509_get_default_cert_file(), &now); /* else reading says so */
    struct roots *r = place_for(ca_file);
    if (!is_current(r, ca_file, &now)) {
        SSL_CTX *c = context_make(file, is_bad);
        if (c == NULL || ca_file.len >= ROOTS_FILE_BYTES)
            return c;
        SSL_CTX_free(r->context);
        *r = (struct roots){
            .context = c, .read_ms = clock_mono_ms(), .size = now.st_size, .changed = now.st_mtim};
        if (ca_file.len > 0)
            memcpy(r->file, ca_file.at, (size_t)ca_file.len);
    }
    (void)SSL_CTX_up_ref(r->context); /* fails only when it counts beyond an int */
    return r->context;
}

static err fill(struct arena *a, struct tls_client *t, str host, str ca_file, str *why)
{
    const char *file = ca_file.len > 0 ? str_z(a, ca_file) : NULL;
    bool is_bad = false;
    ERR_clear_error();
    pthread_mutex_lock(&roots_lock);
    SSL_CTX *context = context_of(file, ca_file, &is_bad);
    pthread_mutex_unlock(&roots_lock);
    if (is_bad)
        *why = str_print(a, "the file of trusted certificates %.*s cannot be used", SARG(ca_file));
    if (context == NULL)
        return is_bad ? E_INVALID : E_BUSY;
    t->ssl = SSL_new(context); /* holds the context from here on */
    SSL_CTX_free(context);
    if (t->ssl == NULL || SSL_set_fd(t->ssl, t->fd) != 1)
        return E_BUSY;
    SSL_set_app_data(t->ssl, t);
    SSL_set_connect_state(t->ssl);
    return set_name(a, t, host);
}

err tls_client_open(
    struct arena *a, int fd, str host, str ca_file, struct tls_client **client, str *why)
{
    struct tls_client *t = alloc_zero((ptrdiff_t)sizeof *t);
    if (t == NULL) {
        *why = S("out of memory");
        return E_BUSY;
    }
    t->fd = fd;
    *why = S("out of memory");
    err e = fill(a, t, host, ca_file, why);
    if (e != OK) {
        tls_client_close(t);
        return e;
    }
    *client = t;
    return OK;
}

void tls_client_close(struct tls_client *t)
{
    if (t == NULL)
        return;
    if (t->shook && !t->is_broken)
        (void)SSL_shutdown(t->ssl); /* best effort: the socket closes next */
    ERR_clear_error();
    SSL_free(t->ssl);
    free(t);
}

static enum tls_step step_failed(struct tls_client *t, int error, int number)
{
    unsigned long code = ERR_peek_error();
    t->is_broken = true;
    t->was_cut = code == 0 || (ERR_GET_LIB(code) == ERR_LIB_SSL &&
                                  ERR_GET_REASON(code) == SSL_R_UNEXPECTED_EOF_WHILE_READING);
    if (ERR_GET_LIB(code) == ERR_LIB_SSL &&
        ERR_GET_REASON(code) == SSL_R_UNEXPECTED_EOF_WHILE_READING)
        explain(t, "the connection was cut");
    else if (ERR_GET_LIB(code) == ERR_LIB_SSL && ERR_GET_REASON(code) == SSL_R_WRONG_VERSION_NUMBER)
        explain(t, "it does not speak TLS here");
    else if (code != 0 && ERR_reason_error_string(code) != NULL)
        explain(t, "TLS failed: %s", ERR_reason_error_string(code));
    else if (error == SSL_ERROR_SYSCALL && number != 0)
        explain(t, "the connection was cut: %s", strerrordesc_np(number));
    else
        explain(t, "the connection was cut");
    ERR_clear_error();
    return TLS_FAILED;
}

static enum tls_step step_of(struct tls_client *t, int result, int number)
{
    int error = SSL_get_error(t->ssl, result);
    switch (error) {
    case SSL_ERROR_NONE:
        return TLS_DONE;
    case SSL_ERROR_WANT_READ:
        return TLS_WANTS_READ;
    case SSL_ERROR_WANT_WRITE:
        return TLS_WANTS_WRITE;
    case SSL_ERROR_ZERO_RETURN:
        return TLS_ENDED;
    default:
        return step_failed(t, error, number);
    }
}

enum tls_step tls_client_shake(struct tls_client *t)
{
    ERR_clear_error();
    errno = 0;
    int r = SSL_do_handshake(t->ssl);
    enum tls_step step = step_of(t, r, errno);
    if (step == TLS_DONE && SSL_get_verify_result(t->ssl) != X509_V_OK) {
        explain(t, "its certificate cannot be trusted"); /* cannot happen: VERIFY_PEER ends it */
        t->is_broken = true;
        return TLS_FAILED;
    }
    t->shook = t->shook || step == TLS_DONE;
    return step;
}

enum tls_step tls_client_read(struct tls_client *t, char *to, ptrdiff_t cap, ptrdiff_t *got)
{
    size_t n = 0;
    ERR_clear_error();
    errno = 0;
    int r = SSL_read_ex(t->ssl, to, (size_t)cap, &n);
    enum tls_step step = step_of(t, r, errno);
    if (step == TLS_DONE)
        *got = (ptrdiff_t)n;
    return step;
}

enum tls_step tls_client_write(struct tls_client *t, str bytes, ptrdiff_t *taken)
{
    size_t n = 0;
    ERR_clear_error();
    errno = 0;
    int r = SSL_write_ex(t->ssl, bytes.at, (size_t)bytes.len, &n);
    enum tls_step step = step_of(t, r, errno);
    if (step == TLS_DONE)
        *taken = (ptrdiff_t)n;
    return step;
}

bool tls_client_has_waiting(const struct tls_client *t)
{
    return SSL_pending(t->ssl) > 0;
}

str tls_client_why(const struct tls_client *t)
{
    return str_of(t->why, t->why_len);
}

bool tls_client_was_cut(const struct tls_client *t)
{
    return t->was_cut;
}

bool tls_client_is_untrusted(const struct tls_client *t)
{
    return t->verify_error != X509_V_OK;
}
