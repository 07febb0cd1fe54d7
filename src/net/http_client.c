/* Outgoing HTTP by libcurl. See http_client.h. libcurl never resolves a name here: the egress guard
 * does, and the addresses are pinned (CURLOPT_RESOLVE) and looked at once more when the socket is
 * opened. Deadlines are libcurl's own timers, so the fixed clock of tests does not touch them. */
#include "net/http_client.h"

#include <curl/curl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/limits.h"
#include "net/tls_distrust.h"

enum {
    CONNECT_MS = 5000,
    WHOLE_MS = 20000,
    URL_MAX = 8192,
    HEADERS_MAX = 256,
    ANSWER_BYTES = 1024 * 1024,
    STALL_MS = 20000,
    STREAM_REFUSAL_BYTES = 64 * 1024, /* of the words with which a stream is refused */
    RETRY_AFTER_MAX_S = 3600,         /* a peer cannot park our work for longer at a time */
};

struct http_client {
    CURL *curl;
    const struct egress_rules *rules;
    char *ca_file, *user_agent;
    _Atomic bool is_cancelled;
    pthread_mutex_t lock; /* of the four below */
    void (*on_cancel)(void *arg);
    void *on_cancel_arg;
    void (*on_wake)(void *arg);
    void *on_wake_arg;
    int64_t until_ms; /* real; of all calls together; 0 = no end */
    struct smtp_pool *mails;
    /* Of the hop under way; freed by call_clean also when memory ends in its middle. */
    struct curl_slist *pins, *headers;
    char *answer;
};

/* One hop of a call. */
struct hop {
    struct http_client *client;
    struct arena *a;
    const struct http_call *call;
    enum egress_purpose purpose;
    const struct http_part *parts;
    ptrdiff_t part_count;
    int64_t body_size, body_read; /* bytes; taken by libcurl */
    bool was_refused;             /* the address check at the socket said no */
    bool is_too_large, is_out_of_memory;
    bool is_silent;     /* a stream from which nothing came for too long */
    int64_t heard_ms;   /* a stream's last bytes; real */
    bool is_head_whole; /* the empty line came: libcurl takes an end inside the head for a whole
                           answer */
    ptrdiff_t answer_len, answer_cap, answer_max;
    struct http_header *headers;
    ptrdiff_t header_count, header_bytes;
    char trouble[CURL_ERROR_SIZE]; /* libcurl's own words */
};

struct url {
    str whole, host, origin; /* origin: scheme://host:port */
    int port;
};

static const char *const outcome_names[] = {
    [HTTP_CALL_ANSWERED] = "answered",
    [HTTP_CALL_REFUSED] = "refused",
    [HTTP_CALL_NOT_SENT] = "not_sent",
    [HTTP_CALL_UNKNOWN] = "unknown",
    [HTTP_CALL_TOO_LARGE] = "too_large",
};

const char *http_outcome_name(enum http_outcome o)
{
    return outcome_names[o];
}

static int64_t now_real_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* libcurl's callbacks. */

/* The pieces of a file; what it says to be too long is not begun. */
static size_t pass_on(struct hop *hop, str piece)
{
    long status = 0;
    curl_off_t promised = -1;
    curl_easy_getinfo(hop->client->curl, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(hop->client->curl, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &promised);
    if (status < 200 || status > 299)
        return (size_t)piece.len;
    if (hop->call->is_stream)
        return hop->call->sink(hop->call->sink_arg, piece) ? (size_t)piece.len : 0;
    if (promised > hop->answer_max || hop->answer_len + piece.len > hop->answer_max) {
        hop->is_too_large = true;
        return 0;
    }
    hop->answer_len += piece.len;
    return hop->call->sink(hop->call->sink_arg, piece) ? (size_t)piece.len : 0;
}

/* A stream that is refused says why in a body. */
static bool is_refused_stream(const struct hop *hop)
{
    long status = 0;
    curl_easy_getinfo(hop->client->curl, CURLINFO_RESPONSE_CODE, &status);
    return hop->call->is_stream && (status < 200 || status > 299);
}

static size_t on_body(char *at, size_t size, size_t n, void *arg)
{
    struct hop *hop = arg;
    ptrdiff_t len = (ptrdiff_t)(size * n);
    hop->heard_ms = now_real_ms();
    if (hop->call->sink != NULL && !is_refused_stream(hop))
        return pass_on(hop, str_of(at, len));
    if (hop->answer_len + len > hop->answer_max) {
        hop->is_too_large = true;
        return 0;
    }
    if (hop->answer_len + len > hop->answer_cap) {
        ptrdiff_t cap = hop->answer_cap > 0 ? hop->answer_cap : 4096;
        while (cap < hop->answer_len + len)
            cap *= 2;
        char *to = alloc_resize(hop->client->answer, cap);
        if (to == NULL) {
            hop->is_out_of_memory = true;
            return 0;
        }
        hop->client->answer = to;
        hop->answer_cap = cap;
    }
    memcpy(hop->client->answer + hop->answer_len, at, (size_t)len);
    hop->answer_len += len;
    return (size_t)len;
}

static size_t on_header(char *at, size_t size, size_t n, void *arg)
{
    struct hop *hop = arg;
    str line = str_of(at, (ptrdiff_t)(size * n)), name, value;
    hop->header_bytes += line.len;
    if (hop->header_bytes > LIMIT_CALL_HEADER_BYTES) {
        hop->is_too_large = true;
        return 0;
    }
    if (str_starts(line, S("HTTP/"))) {
        hop->header_count = 0; /* a new answer: 100 Continue came before */
        hop->is_head_whole = false;
    } else if (str_trim(line).len == 0) {
        hop->is_head_whole = true;
    } else if (str_cut(line, ':', &name, &value) && hop->header_count < HEADERS_MAX) {
        char *kept = arena_try(hop->a, line.len, 1); /* no jump through libcurl's frames */
        if (kept == NULL) {
            hop->is_out_of_memory = true;
            return 0;
        }
        memcpy(kept, line.at, (size_t)line.len);
        hop->headers[hop->header_count++] = (struct http_header){
            str_trim(str_of(kept, name.len)), str_trim(str_of(kept + name.len + 1, value.len))};
    }
    return (size_t)line.len;
}

/* The next bytes of the body from body_read on, at most `most`; −1 when a file fails. */
static ptrdiff_t read_parts(struct hop *hop, char *to, ptrdiff_t most)
{
    int64_t before = 0;
    for (ptrdiff_t i = 0; i < hop->part_count; i++) {
        const struct http_part *part = &hop->parts[i];
        int64_t size = part->is_file ? part->size : part->bytes.len;
        int64_t at = hop->body_read - before;
        before += size;
        if (at >= size)
            continue;
        ptrdiff_t n = size - at < most ? (ptrdiff_t)(size - at) : most, got = 0;
        if (!part->is_file) {
            memcpy(to, part->bytes.at + at, (size_t)n);
            return n;
        }
        if (file_read_at(part->fd, part->from + at, to, n, &got) != OK || got == 0)
            return -1; /* shorter than promised: this request cannot be completed */
        return got;
    }
    return 0;
}

static size_t on_read(char *to, size_t size, size_t n, void *arg)
{
    struct hop *hop = arg;
    ptrdiff_t got = read_parts(hop, to, (ptrdiff_t)(size * n));
    if (got < 0)
        return CURL_READFUNC_ABORT;
    hop->body_read += got;
    return (size_t)got;
}

static int on_seek(void *arg, curl_off_t offset, int origin)
{
    struct hop *hop = arg;
    if (origin != SEEK_SET || offset < 0 || offset > hop->body_size)
        return CURL_SEEKFUNC_FAIL;
    hop->body_read = offset;
    return CURL_SEEKFUNC_OK;
}

static curl_socket_t on_socket(void *arg, curlsocktype type, struct curl_sockaddr *to)
{
    struct hop *hop = arg;
    struct ip_address ip;
    if (type != CURLSOCKTYPE_IPCXN || !ip_from_sockaddr(&to->addr, &ip) ||
        !egress_address_is_allowed(hop->client->rules, hop->purpose, ip)) {
        hop->was_refused = true;
        return CURL_SOCKET_BAD;
    }
    return socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
}

static int64_t stall_of(const struct http_call *call)
{
    return call->stall_ms > 0 ? call->stall_ms : STALL_MS;
}

static int on_progress(
    void *arg, curl_off_t down_all, curl_off_t down, curl_off_t up_all, curl_off_t up)
{
    (void)down_all;
    (void)down;
    (void)up_all;
    (void)up;
    struct hop *hop = arg;
    hop->is_silent = hop->call->is_stream && now_real_ms() - hop->heard_ms > stall_of(hop->call);
    return hop->is_silent || atomic_load(&hop->client->is_cancelled) ? 1 : 0;
}

/* Addresses. */

static err url_take_part(struct arena *a, CURLU *u, CURLUPart part, unsigned flags, str *out)
{
    char *text = NULL;
    if (curl_url_get(u, part, &text, flags) != CURLUE_OK)
        return E_INVALID;
    *out = str_copy(a, str_from(text));
    curl_free(text);
    return OK;
}

/* http or https, no user, no odd characters; `base` makes a relative address absolute. */
static err url_parse(struct arena *a, str text, str base, struct url *url, str *why)
{
    *why = S("the address is not a valid http or https URL");
    if (text.len == 0 || text.len > URL_MAX || memchr(text.at, 0, (size_t)text.len) != NULL)
        return E_INVALID;
    CURLU *u = curl_url();
    if (u == NULL)
        return E_BUSY;
    err e = OK;
    if (base.len > 0 && curl_url_set(u, CURLUPART_URL, str_z(a, base), 0) != CURLUE_OK)
        e = E_INVALID;
    if (e == OK && curl_url_set(u, CURLUPART_URL, str_z(a, text), CURLU_DISALLOW_USER) != CURLUE_OK)
        e = E_INVALID;
    str scheme = {0}, port = {0}, host = {0};
    int64_t number = 0;
    (void)curl_url_set(u, CURLUPART_FRAGMENT, NULL, 0); /* never sent; taking it away cannot fail */
    if (e == OK)
        e = url_take_part(a, u, CURLUPART_SCHEME, 0, &scheme);
    if (e == OK)
        e = url_take_part(a, u, CURLUPART_HOST, 0, &host);
    if (e == OK)
        e = url_take_part(a, u, CURLUPART_PORT, CURLU_DEFAULT_PORT, &port);
    if (e == OK)
        e = url_take_part(a, u, CURLUPART_URL, 0, &url->whole);
    if (e == OK && !str_eq(scheme, S("http")) && !str_eq(scheme, S("https")))
        e = E_INVALID;
    if (e == OK)
        e = str_int(port, 1, 65535, &number);
    curl_url_cleanup(u);
    if (e != OK)
        return e;
    if (host.len > 2 && host.at[0] == '[')
        host = str_sub(host, 1, host.len - 2);
    url->host = host;
    url->port = (int)number;
    url->origin = str_print(a, "%.*s://%.*s:%d", SARG(scheme), SARG(host), url->port);
    return OK;
}

/* "host:port:a,b": libcurl connects to these and nothing else. */
static struct curl_slist *pin(struct arena *a, const struct url *url, const struct egress_target *t)
{
    struct sb b = sb_make(a, 1024);
    bool is_v6_literal = str_find_byte(url->host, ':') >= 0;
    sb_print(&b, is_v6_literal ? "[%.*s]:%d:" : "%.*s:%d:", SARG(url->host), url->port);
    for (int i = 0; i < t->count; i++) {
        str ip = ip_text(a, t->address[i]);
        if (i > 0)
            sb_byte(&b, ',');
        sb_print(&b, ip_is_v4(t->address[i]) ? "%.*s" : "[%.*s]", SARG(ip));
    }
    return curl_slist_append(NULL, str_z(a, sb_str(&b)));
}

/* Setting up one hop. */

/* One more line; false: out of memory. */
static bool add_header(struct http_client *client, const char *line)
{
    struct curl_slist *longer = curl_slist_append(client->headers, line);
    if (longer != NULL)
        client->headers = longer;
    return longer != NULL;
}

static bool set_headers(struct hop *hop, bool is_same_origin)
{
    const struct http_call *call = hop->call;
    /* No surprises from libcurl: no Expect round trip, no form type. */
    bool is_fine = add_header(hop->client, "Expect:");
    bool has_type = false;
    for (ptrdiff_t i = 0; i < call->header_count && is_fine; i++) {
        struct http_header h = call->headers[i];
        bool is_secret =
            str_eq_nocase(h.name, S("Authorization")) || str_eq_nocase(h.name, S("Cookie"));
        if (is_secret && !is_same_origin)
            continue;
        has_type = has_type || str_eq_nocase(h.name, S("Content-Type"));
        str line = h.value.len > 0 ? str_print(hop->a, "%.*s: %.*s", SARG(h.name), SARG(h.value))
                                   : str_print(hop->a, "%.*s;", SARG(h.name));
        is_fine = add_header(hop->client, str_z(hop->a, line));
    }
    return is_fine && (has_type || add_header(hop->client, "Content-Type:"));
}

static void set_method(CURL *curl, struct hop *hop)
{
    const struct http_call *call = hop->call;
    bool has_body = call->method == HTTP_POST || call->method == HTTP_PUT ||
                    call->method == HTTP_PATCH || hop->body_size > 0;
    if (has_body) {
        curl_easy_setopt(curl, CURLOPT_POST, 1L);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)hop->body_size);
        curl_easy_setopt(curl, CURLOPT_READFUNCTION, on_read);
        curl_easy_setopt(curl, CURLOPT_READDATA, hop);
        curl_easy_setopt(curl, CURLOPT_SEEKFUNCTION, on_seek);
        curl_easy_setopt(curl, CURLOPT_SEEKDATA, hop);
    }
    if (call->method == HTTP_HEAD)
        curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
    else
        curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, http_method_name(call->method));
}

static void set_limits(CURL *curl, struct hop *hop, int64_t left_ms)
{
    const struct http_call *call = hop->call;
    int64_t connect_ms = call->connect_timeout_ms > 0 ? call->connect_timeout_ms : CONNECT_MS;
    if (connect_ms > left_ms)
        connect_ms = left_ms;
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)left_ms);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)connect_ms);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(curl, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(curl, CURLOPT_MAXCONNECTS, 8L);
    curl_easy_setopt(curl, CURLOPT_FRESH_CONNECT, call->may_repeat ? 0L : 1L);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, hop);
    curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, on_socket);
    curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, hop);
    if (call->sink != NULL && !call->is_stream) {
        curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1024L);
        curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, (long)((stall_of(call) + 999) / 1000));
    }
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, hop);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, hop);
}

static str certificate_words(const struct hop *hop)
{
    long found = 0;
    const char *library = curl_version_info(CURLVERSION_NOW)->ssl_version;
    bool is_gnutls = library != NULL && str_starts(str_from(library), S("GnuTLS"));
    curl_easy_getinfo(hop->client->curl, CURLINFO_SSL_VERIFYRESULT, &found);
    return tls_distrust_words(hop->a, is_gnutls, found, hop->trouble);
}

static str words_of(const struct hop *hop, CURLcode code)
{
    if (code == CURLE_OK)
        return S("the answer ended inside its head");
    if (code == CURLE_PEER_FAILED_VERIFICATION)
        return certificate_words(hop);
    return str_copy(hop->a, str_from(curl_easy_strerror(code)));
}

/* What the end of a hop means. */
static void judge(struct hop *hop, CURLcode code, struct http_result *r)
{
    CURL *curl = hop->client->curl;
    long status = 0, request_bytes = 0;
    char *peer = NULL;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(curl, CURLINFO_REQUEST_SIZE, &request_bytes);
    curl_easy_getinfo(curl, CURLINFO_PRIMARY_IP, &peer);
    r->status = (int)status;
    r->headers = hop->headers;
    r->header_count = hop->header_count;
    r->peer = str_copy(hop->a, str_from(peer));
    r->timed_out = code == CURLE_OPERATION_TIMEDOUT;
    if (code == CURLE_OK && hop->is_head_whole) {
        r->outcome = HTTP_CALL_ANSWERED;
        if (hop->call->sink != NULL && !is_refused_stream(hop))
            return;
        char *body = arena_try(hop->a, hop->answer_len + 1, 1);
        hop->is_out_of_memory = body == NULL;
        if (body != NULL && hop->answer_len > 0)
            memcpy(body, hop->client->answer, (size_t)hop->answer_len);
        r->body = str_of(body, body != NULL ? hop->answer_len : 0);
        return;
    }
    r->why = words_of(hop, code);
    /* libcurl took the whole body (or there was none and the head went out): it may have arrived.
     */
    bool may_have_arrived = request_bytes > 0 && hop->body_read >= hop->body_size;
    if (hop->is_too_large) {
        r->outcome = HTTP_CALL_TOO_LARGE;
        r->why = str_print(hop->a, "the answer is longer than %td bytes", hop->answer_max);
    } else if (hop->was_refused) {
        r->outcome = HTTP_CALL_REFUSED;
        r->why = S("the address is not on the public internet");
    } else {
        r->outcome = may_have_arrived ? HTTP_CALL_UNKNOWN : HTTP_CALL_NOT_SENT;
        if (atomic_load(&hop->client->is_cancelled))
            r->why = S("cancelled because the server is stopping");
        if (hop->is_silent) {
            r->timed_out = true;
            r->why = str_print(hop->a, "nothing came for %lld ms", (long long)stall_of(hop->call));
        }
    }
}

static err run_hop(struct hop *hop, const struct url *url, const struct egress_target *target,
    bool is_same_origin, int64_t left_ms, struct http_result *r)
{
    CURL *curl = hop->client->curl;
    struct http_client *client = hop->client;
    client->pins = pin(hop->a, url, target);
    if (client->pins == NULL || !set_headers(hop, is_same_origin))
        return E_BUSY;
    curl_easy_reset(curl);
    set_limits(curl, hop, left_ms);
    set_method(curl, hop);
    curl_easy_setopt(curl, CURLOPT_URL, str_z(hop->a, url->whole));
    curl_easy_setopt(curl, CURLOPT_RESOLVE, client->pins);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, client->headers);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, hop->client->user_agent);
    if (hop->client->ca_file != NULL)
        curl_easy_setopt(curl, CURLOPT_CAINFO, hop->client->ca_file);
    hop->trouble[0] = '\0';
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, hop->trouble);
    CURLcode code = curl_easy_perform(curl);
    judge(hop, code, r);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, NULL);
    return hop->is_out_of_memory || code == CURLE_OUT_OF_MEMORY ? E_BUSY : OK;
}

static bool is_redirect(const struct http_result *r)
{
    return r->outcome == HTTP_CALL_ANSWERED &&
           (r->status == 301 || r->status == 302 || r->status == 303 || r->status == 307 ||
               r->status == 308);
}

static bool call_is_sound(const struct http_call *call)
{
    for (ptrdiff_t i = 0; i < call->header_count; i++) {
        if (!str_is_ascii_token(call->headers[i].name))
            return false;
        str v = call->headers[i].value;
        for (ptrdiff_t j = 0; j < v.len; j++) {
            unsigned char c = (unsigned char)v.at[j];
            if ((c < 0x20 && c != '\t') || c == 0x7f)
                return false;
        }
    }
    return true;
}

static err refuse(struct http_result *r, enum http_outcome outcome, str why)
{
    r->outcome = outcome;
    r->why = why;
    return OK;
}

/* After every hop, however it ended: libcurl forgets pointers into it. */
static void call_clean(struct http_client *client)
{
    curl_easy_reset(client->curl);
    curl_slist_free_all(client->pins);
    curl_slist_free_all(client->headers);
    free(client->answer);
    client->pins = NULL;
    client->headers = NULL;
    client->answer = NULL;
}

/* One address: resolve, check, fetch. */
static err follow(struct http_client *client, struct arena *a, const struct http_call *call,
    const struct url *url, bool is_same_origin, int64_t until_ms, struct http_result *r)
{
    int64_t left_ms = until_ms - now_real_ms();
    struct egress_target target;
    str why = {0};
    r->url = url->whole;
    if (left_ms <= 0) {
        r->timed_out = true;
        return refuse(r, HTTP_CALL_NOT_SENT, S("no time was left"));
    }
    err e = egress_resolve(a, client->rules, call->purpose, url->host, left_ms, &target, &why);
    if (e == E_FORBIDDEN || e == E_INVALID)
        return refuse(r, HTTP_CALL_REFUSED, why);
    left_ms = until_ms - now_real_ms();
    if (e != OK || left_ms <= 0) {
        r->timed_out = left_ms <= 0;
        return refuse(r, HTTP_CALL_NOT_SENT, e != OK ? why : S("no time was left"));
    }
    const struct http_part whole = {.bytes = call->body};
    struct hop hop = {.client = client,
        .a = a,
        .call = call,
        .purpose = call->purpose,
        .parts = call->parts ? call->parts : &whole,
        .part_count = call->parts ? call->part_count : 1,
        .answer_max = call->max_response_bytes > 0 ? call->max_response_bytes : ANSWER_BYTES,
        .heard_ms = now_real_ms(),
        .headers = NEW(a, struct http_header, HEADERS_MAX)};
    if (call->is_stream)
        hop.answer_max = STREAM_REFUSAL_BYTES;
    for (ptrdiff_t i = 0; i < hop.part_count; i++)
        hop.body_size += hop.parts[i].is_file ? hop.parts[i].size : hop.parts[i].bytes.len;
    e = run_hop(&hop, url, &target, is_same_origin, left_ms, r);
    call_clean(client);
    return e;
}

static err call_with_redirects(struct http_client *client, struct arena *a,
    const struct http_call *call, struct http_result *r)
{
    int64_t until_ms = now_real_ms() + (call->timeout_ms > 0 ? call->timeout_ms : WHOLE_MS);
    struct url first, url;
    str why;
    if (client->until_ms && client->until_ms < until_ms)
        until_ms = client->until_ms;
    if (!call_is_sound(call))
        return refuse(r, HTTP_CALL_REFUSED, S("a header has a control character"));
    err e = url_parse(a, call->url, (str){0}, &first, &why);
    if (e != OK)
        return e == E_BUSY ? e : refuse(r, HTTP_CALL_REFUSED, why);
    url = first;
    int most = call->redirects < LIMIT_CALL_REDIRECTS ? call->redirects : LIMIT_CALL_REDIRECTS;
    for (int followed = 0;; followed++) {
        TRY(follow(client, a, call, &url, str_eq(url.origin, first.origin), until_ms, r));
        str location = http_result_header(r, S("Location"));
        bool may_follow = call->method == HTTP_GET || call->method == HTTP_HEAD;
        if (!is_redirect(r) || location.len == 0 || !may_follow || most == 0)
            return OK;
        if (followed == most)
            return refuse(r, HTTP_CALL_REFUSED, S("too many redirects"));
        e = url_parse(a, location, url.whole, &url, &why);
        if (e != OK)
            return e == E_BUSY ? e : refuse(r, HTTP_CALL_REFUSED, why);
    }
}

err http_client_call(struct http_client *client, struct arena *a, const struct http_call *call,
    struct http_result *result)
{
    int64_t began_ms = now_real_ms();
    struct http_result r = {0};
    err e = E_BUSY;
    jmp_buf out_of_memory, *outer = a->escape;
    a->escape = &out_of_memory;
    if (setjmp(out_of_memory) == 0)
        e = call_with_redirects(client, a, call, &r);
    else
        call_clean(client);
    a->escape = outer;
    if (e != OK)
        r = (struct http_result){.outcome = HTTP_CALL_NOT_SENT, .why = S("out of memory")};
    r.took_ms = now_real_ms() - began_ms;
    *result = r;
    return e == OK ? OK : E_BUSY;
}

err http_client_start(void)
{
    return curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ? OK : E_INTERNAL;
}

static char *keep(str s)
{
    char *z = alloc_zero(s.len + 1);
    if (z != NULL && s.len > 0)
        memcpy(z, s.at, (size_t)s.len);
    return z;
}

struct http_client *http_client_open(const struct http_client_options *options)
{
    struct http_client *c = alloc_zero((ptrdiff_t)sizeof *c);
    if (c == NULL)
        return NULL;
    pthread_mutex_init(&c->lock, NULL);
    c->rules = options->rules;
    c->mails = options->mails;
    c->until_ms = options->most_ms > 0 ? now_real_ms() + options->most_ms : 0;
    c->curl = curl_easy_init();
    c->user_agent =
        keep(options->user_agent.len > 0 ? options->user_agent : S("Seva/" SEVA_VERSION));
    if (options->ca_file.len > 0)
        c->ca_file = keep(options->ca_file);
    if (c->curl == NULL || c->user_agent == NULL ||
        (options->ca_file.len > 0 && c->ca_file == NULL)) {
        http_client_close(c);
        return NULL;
    }
    return c;
}

void http_client_close(struct http_client *client)
{
    if (client->curl != NULL)
        curl_easy_cleanup(client->curl);
    pthread_mutex_destroy(&client->lock);
    free(client->ca_file);
    free(client->user_agent);
    free(client);
}

void http_client_limit(struct http_client *client, int64_t most_ms)
{
    client->until_ms = most_ms > 0 ? now_real_ms() + most_ms : 0;
}

void http_client_cancel(struct http_client *client)
{
    atomic_store(&client->is_cancelled, true);
    pthread_mutex_lock(&client->lock);
    if (client->on_cancel)
        client->on_cancel(client->on_cancel_arg);
    client->on_cancel = NULL;
    pthread_mutex_unlock(&client->lock);
}

void http_client_on_cancel(struct http_client *client, void (*fn)(void *arg), void *arg)
{
    pthread_mutex_lock(&client->lock);
    bool is_over = fn && atomic_load(&client->is_cancelled);
    client->on_cancel = is_over ? NULL : fn;
    client->on_cancel_arg = arg;
    pthread_mutex_unlock(&client->lock);
    if (is_over)
        fn(arg);
}

void http_client_on_wake(struct http_client *client, void (*fn)(void *arg), void *arg)
{
    pthread_mutex_lock(&client->lock);
    client->on_wake = fn;
    client->on_wake_arg = arg;
    pthread_mutex_unlock(&client->lock);
}

void http_client_wake(struct http_client *client)
{
    pthread_mutex_lock(&client->lock);
    if (client->on_wake)
        client->on_wake(client->on_wake_arg);
    pthread_mutex_unlock(&client->lock);
}

const struct egress_rules *http_client_rules(const struct http_client *client)
{
    return client->rules;
}

str http_client_ca_file(const struct http_client *client)
{
    return client->ca_file ? str_from(client->ca_file) : (str){0};
}

struct smtp_pool *http_client_mails(const struct http_client *client)
{
    return client->mails;
}

int64_t http_client_left_ms(const struct http_client *client)
{
    int64_t left_ms = client->until_ms ? client->until_ms - now_real_ms() : 0;
    return client->until_ms && left_ms < 1 ? 1 : left_ms;
}

int64_t http_result_retry_ms(const struct http_result *result, int64_t now_ms)
{
    int64_t after_s;
    str after = http_result_header(result, S("Retry-After"));
    if (str_int(after, 1, INT32_MAX, &after_s) != OK)
        return 0;
    return now_ms + (after_s < RETRY_AFTER_MAX_S ? after_s : RETRY_AFTER_MAX_S) * 1000;
}

str http_result_header(const struct http_result *result, str name)
{
    for (ptrdiff_t i = 0; i < result->header_count; i++)
        if (str_eq_nocase(result->headers[i].name, name))
            return result->headers[i].value;
    return (str){0};
}
