/* HTTP value types shared by the server, the API and tests: a request as a handler sees it, a
 * response as a handler gives it, small look-ups over both. Not here: parsing (http_parse.h),
 * sockets (http_server.h). Rules: RFC 9110, RFC 9112. Thread: pure. */
#pragma once
#include "base/str.h"

enum http_method {
    HTTP_GET,
    HTTP_HEAD,
    HTTP_POST,
    HTTP_PUT,
    HTTP_PATCH,
    HTTP_DELETE,
    HTTP_OPTIONS,
};
enum { HTTP_METHOD_COUNT = HTTP_OPTIONS + 1 };

struct http_header {
    str name;  /* as sent; compare without case */
    str value; /* trimmed; may hold bytes ≥ 0x80 that are not UTF-8 */
};

struct http_pair {
    str name, value; /* decoded, valid UTF-8 without NUL */
};

/* A part of an open file as body of an answer (the server owns fd from http_respond on and closes
 * it), or a request's body (the server closes it with the exchange). */
struct http_file {
    int fd;
    int64_t offset, size;     /* bytes */
    struct http_source *more; /* NULL: all of it is in fd. Else the first `here` bytes are */
    int64_t here;
};

/* Where the rest of a long answer comes from, that is not on this machine. Owned as a file is. */
struct http_source {
    /* The next bytes: an open file, `*size` of them from `*offset` on, which the server closes. May
     * wait for a network; the server's thread of sources, one call at a time. An error cuts the
     * answer off: the client sees that it is not whole, and can ask for the rest. */
    err (*next)(struct http_source *source, int *fd, int64_t *offset, int64_t *size);
    void (*close)(struct http_source *source); /* any thread */
};
void http_file_close(const struct http_file *file);

/* Everything points into memory of the exchange (http_server.h) and lives until http_finish. */
struct http_request {
    enum http_method method;
    str raw_target;                /* as sent: path and query, e.g. "/a%20b?x=1" */
    str path;                      /* decoded, valid UTF-8, begins with "/". No NUL or other
                                    * control, no "\", no encoded "/", no "." or ".." segment (they are refused
                                    * with 400 before a handler sees them). "//" is kept as sent. */
    const struct http_pair *query; /* in order; a name may come twice */
    ptrdiff_t query_count;
    const struct http_header *headers; /* in order */
    ptrdiff_t header_count;
    str body;      /* whole; chunked bodies are already joined */
    bool has_file; /* the body is long: it is `file`, and `body` is empty */
    struct http_file file;
    str peer;    /* textual address of the client, "192.0.2.1" or "2001:db8::1"; behind a configured
                  * proxy the last address of X-Forwarded-For that is not a proxy */
    bool is_tls; /* our TLS, or a configured proxy says X-Forwarded-Proto: https */
    int64_t received_ms; /* clock_now_ms when the last byte came */
};

/* What a handler answers. The server adds Date, Content-Length and Connection; never give those.
 * Everything is copied by http_respond except a static body and the file's descriptor. */
struct http_response {
    int status;                        /* 200–599 */
    str content_type;                  /* empty = no header */
    const struct http_header *headers; /* names are tokens, values hold no control bytes, else the
                                        * answer becomes a 500 and an error is logged */
    ptrdiff_t header_count;
    str body;
    bool body_is_static; /* body lives as long as the process: not copied (embedded web files) */
    bool has_file;       /* the body is `file` instead */
    struct http_file file;
    bool close_after; /* close the connection after this answer */
};

/* "GET"; never NULL. */
const char *http_method_name(enum http_method m);
/* Case sensitive, as RFC 9110 has it; false when the method is not one of ours. */
bool http_method_parse(str s, enum http_method *m);
/* "Not Found"; "Unknown" for a status without a phrase. */
const char *http_status_phrase(int status);
/* The first header of that name (any case), or the empty str {NULL, 0} when absent. */
str http_header_get(const struct http_request *req, str name);
/* How often the header was sent. */
ptrdiff_t http_header_count(const struct http_request *req, str name);
/* The first value of a query name; {NULL, 0} when absent (a present empty value has at != NULL). */
str http_query_get(const struct http_request *req, str name);
/* A cookie's value out of the Cookie header(s); {NULL, 0} when absent. The first one wins. */
str http_cookie_get(const struct http_request *req, str name);
/* The media type of a Content-Type value without parameters: "application/json". */
str http_media_type(str content_type);
/* Decodes %XX (and + as space when plus_is_space). E_INVALID for a bad escape, for bytes that are
 * not UTF-8, and for NUL. */
err http_percent_decode(struct arena *a, str s, bool plus_is_space, str *out);
/* The same into out (room for s.len bytes) and without the UTF-8 check; −1 for a bad escape. */
ptrdiff_t http_percent_decode_to(char *out, str s, bool plus_is_space);
/* Encodes everything but RFC 3986 unreserved characters. */
str http_percent_encode(struct arena *a, str s);
/* "a=1&b=2" (a query, or an application/x-www-form-urlencoded body) into pairs; empty parts are
 * skipped. E_INVALID as above; E_LIMIT above LIMIT_HTTP_QUERY_PAIRS. */
err http_pairs_parse(struct arena *a, str s, const struct http_pair **pairs, ptrdiff_t *count);
