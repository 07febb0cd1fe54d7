/* The HTTP/1.x request parser: strict, incremental, without sockets. Bytes are pushed in slices of
 * any size; the verdict does not depend on where they are cut. It keeps the request's own bytes
 * (header block, joined body) so that nothing points into the reader's buffers.
 *
 * Refused, beyond RFC 9112's own errors, because lenience here is request smuggling or worse:
 *   bare LF or bare CR anywhere in the head; NUL and other controls; obs-fold; space before the
 *   colon; a name that is no token; more than one Content-Length (equal ones too), a list or sign
 * in it; a tab beside it; Content-Length with Transfer-Encoding; any coding but one "chunked", and
 * that in HTTP/1.0; chunk extensions; a chunk size without digits or of more than eight; missing
 * (in 1.1), repeated, empty or odd Host; targets in absolute, authority or asterisk form; "#", raw
 * bytes ≥ 0x80 and controls in the target; bad escapes, "." and ".." segments, encoded "/" and any
 * "\" in the path; HTTP/0.9. Accepted on purpose: one empty line before the request line (RFC
 * 9112, 2.2); pipelined requests; trailer fields (checked like header fields, then dropped);
 * HTTP/1.0 (proxies speak it).
 *
 * Time is linear in the input; memory is at most LIMIT_HTTP_LINE_BYTES + LIMIT_HTTP_HEADER_BYTES
 * twice over, plus the body. Thread: one at a time; no globals. */
#pragma once
#include "net/http.h"

enum http_parse {
    HTTP_PARSE_MORE,    /* all input used; push more */
    HTTP_PARSE_HEAD,    /* the head is whole: call http_parser_allow_body, then push on (also with
                         * an empty slice: a request without body is then done) */
    HTTP_PARSE_DONE,    /* the request is whole; input after *used belongs to the next one */
    HTTP_PARSE_REFUSED, /* status and why say what to answer; the connection must be closed */
};

struct http_parser {
    /* Result of the head; offsets into buf. */
    enum http_method method;
    bool is_http_1_0;
    bool wants_close;    /* Connection: close, or HTTP/1.0 */
    bool wants_continue; /* Expect: 100-continue with a body to come */
    bool has_length, is_chunked;
    int target_at, target_len, path_at, path_len; /* raw target; decoded path */
    int64_t content_length;
    /* When refused. */
    int status;
    const char *why;
    /* Inside. */
    uint8_t state;
    uint8_t chunk_digits;
    bool seen_empty_line;
    bool has_tab; /* the header line just taken */
    int host_count, header_count;
    char *buf; /* request line and header lines as sent, then the decoded path */
    int len, cap, line_at, headers_at, headers_end;
    int64_t chunk_left;
    char *body;
    ptrdiff_t body_len, body_cap;
    int64_t body_max, body_taken; /* taken: by http_parser_take_body, not in body any more */
    int trailer_bytes;
};

/* An empty parser; takes no memory until bytes come. */
struct http_parser http_parser_make(void);
/* Frees buf and body; the parser is empty again. */
void http_parser_free(struct http_parser *p);
/* Takes bytes from the slice; *used says how many. */
enum http_parse http_parser_push(struct http_parser *p, str bytes, ptrdiff_t *used);
/* After HEAD: the most bytes the body may have (≤ LIMIT_HTTP_LONG_BODY_BYTES); who allows more than
 * LIMIT_HTTP_BODY_BYTES takes the bytes away while they come. False = refused (413). */
bool http_parser_allow_body(struct http_parser *p, ptrdiff_t max_bytes);
/* The bytes of the body that have come since the last time; the caller's, for free(). NULL when
 * there are none. http_parser_request has only what is left. */
char *http_parser_take_body(struct http_parser *p, ptrdiff_t *len);
str http_parser_path(const struct http_parser *p); /* after HEAD */
/* After DONE: fills the parsed parts of req (all but peer, is_tls, received_ms). Slices point into
 * the parser's memory and the arena. E_INVALID: the query has a bad escape or is not UTF-8;
 * E_LIMIT: too many pairs; *why in words. */
err http_parser_request(
    const struct http_parser *p, struct arena *a, struct http_request *req, const char **why);
