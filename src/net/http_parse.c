/* The strict request parser. See http_parse.h for what it refuses and why. Sources: RFC 9112
 * (2022), RFC 9110, RFC 3986; the refusals follow published request-smuggling research. Works line
 * by line: a line is gathered into buf up to its LF, then checked whole; bodies are copied in runs.
 */
#include "net/http_parse.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/utf8.h"

enum state {
    AT_START,
    IN_REQUEST_LINE,
    IN_HEADERS,
    AFTER_HEAD,
    IN_BODY,
    IN_CHUNK_SIZE,
    AT_CHUNK_SIZE_LF,
    IN_CHUNK_DATA,
    AT_CHUNK_CR,
    AT_CHUNK_LF,
    IN_TRAILERS,
    IS_DONE,
    IS_REFUSED,
};

enum { FIRST_BUFFER = 1024, FIRST_BODY = 4096, CHUNK_DIGITS = 8 };

static enum http_parse refuse(struct http_parser *p, int status, const char *why)
{
    p->state = IS_REFUSED;
    p->status = status;
    p->why = why;
    return HTTP_PARSE_REFUSED;
}

/* Room for `more` bytes after len; false = out of memory. */
static bool reserve(struct http_parser *p, ptrdiff_t more)
{
    if (p->len + more <= p->cap)
        return true;
    ptrdiff_t cap = p->cap > 0 ? p->cap : FIRST_BUFFER;
    while (cap < p->len + more)
        cap *= 2;
    char *to = alloc_resize(p->buf, cap);
    if (to == NULL)
        return false;
    p->buf = to;
    p->cap = (int)cap;
    return true;
}

static bool body_add(struct http_parser *p, str bytes)
{
    if (p->body_len + bytes.len > p->body_cap) {
        ptrdiff_t cap = p->body_cap > 0 ? p->body_cap : FIRST_BODY;
        while (cap < p->body_len + bytes.len)
            cap *= 2;
        if (p->has_length && cap > p->content_length - p->body_taken)
            cap = (ptrdiff_t)(p->content_length - p->body_taken);
        char *to = alloc_resize(p->body, cap);
        if (to == NULL)
            return false;
        p->body = to;
        p->body_cap = cap;
    }
    if (bytes.len > 0)
        memcpy(p->body + p->body_len, bytes.at, (size_t)bytes.len);
    p->body_len += bytes.len;
    return true;
}

/* Gathers up to the next LF. MORE: no LF yet. DONE: *line is the line without CRLF. */
static enum http_parse take_line(
    struct http_parser *p, str bytes, ptrdiff_t *used, ptrdiff_t max, int too_long, str *line)
{
    const char *lf = bytes.len > 0 ? memchr(bytes.at, '\n', (size_t)bytes.len) : NULL;
    ptrdiff_t n = lf != NULL ? lf - bytes.at + 1 : bytes.len;
    ptrdiff_t held = p->len - p->line_at;
    if (held + n > max + 2)
        return refuse(p, too_long, "the request line or header is too long");
    if (!reserve(p, n))
        return refuse(p, 503, "out of memory");
    if (n > 0)
        memcpy(p->buf + p->len, bytes.at, (size_t)n);
    p->len += (int)n;
    *used += n;
    if (lf == NULL)
        return HTTP_PARSE_MORE;
    str s = str_of(p->buf + p->line_at, p->len - p->line_at - 1);
    if (s.len == 0 || s.at[s.len - 1] != '\r')
        return refuse(p, 400, "a line ends with LF alone");
    s.len--;
    if (memchr(s.at, '\r', (size_t)s.len) != NULL)
        return refuse(p, 400, "CR inside a line");
    *line = s;
    return HTTP_PARSE_DONE;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Decodes and checks the path of the raw target into buf after the head. */
static enum http_parse take_path(struct http_parser *p, str raw)
{
    if (!reserve(p, raw.len))
        return refuse(p, 503, "out of memory");
    raw.at = p->buf + p->target_at; /* reserve may have moved it */
    for (ptrdiff_t i = 0; i + 2 < raw.len; i++) {
        bool is_slash = raw.at[i] == '%' && raw.at[i + 1] == '2' && (raw.at[i + 2] | 32) == 'f';
        bool is_backslash = raw.at[i] == '%' && raw.at[i + 1] == '5' && (raw.at[i + 2] | 32) == 'c';
        if (is_slash || is_backslash)
            return refuse(p, 400, "the path has an encoded slash or backslash");
    }
    char *to = p->buf + p->len;
    ptrdiff_t n = http_percent_decode_to(to, raw, false);
    if (n < 0)
        return refuse(p, 400, "the path has a bad percent escape");
    str path = str_of(to, n);
    if (!utf8_valid(path))
        return refuse(p, 400, "the path is not UTF-8");
    ptrdiff_t segment = 1;
    for (ptrdiff_t i = 1; i <= n; i++) {
        if (i < n && ((unsigned char)to[i] < 0x20 || to[i] == 0x7f || to[i] == '\\'))
            return refuse(p, 400, "the path has a control character or backslash");
        if (i < n && to[i] != '/')
            continue;
        str s = str_of(to + segment, i - segment);
        if (str_eq(s, S(".")) || str_eq(s, S("..")))
            return refuse(p, 400, "the path has a dot segment");
        segment = i + 1;
    }
    p->path_at = p->len;
    p->path_len = (int)n;
    p->len += (int)n;
    return HTTP_PARSE_DONE;
}

static enum http_parse check_target(struct http_parser *p, str target)
{
    if (target.len == 0 || target.at[0] != '/')
        return refuse(p, 400, "the target must be a path");
    for (ptrdiff_t i = 0; i < target.len; i++) {
        unsigned char c = (unsigned char)target.at[i];
        if (c <= 0x20 || c >= 0x7f || c == '#')
            return refuse(p, 400, "the target has a character that must be percent-encoded");
    }
    return HTTP_PARSE_DONE;
}

static enum http_parse check_version(struct http_parser *p, str version)
{
    if (str_eq(version, S("HTTP/1.1")))
        return HTTP_PARSE_DONE;
    if (str_eq(version, S("HTTP/1.0"))) {
        p->is_http_1_0 = true;
        p->wants_close = true;
        return HTTP_PARSE_DONE;
    }
    if (version.len == 8 && str_starts(version, S("HTTP/")) && is_digit(version.at[5]) &&
        version.at[6] == '.' && is_digit(version.at[7]))
        return refuse(p, 505, "the HTTP version is neither 1.0 nor 1.1");
    return refuse(p, 400, "the request line does not end with an HTTP version");
}

static enum http_parse take_request_line(struct http_parser *p, str line)
{
    if (line.len == 0) {
        if (p->seen_empty_line)
            return refuse(p, 400, "more than one empty line before the request");
        p->seen_empty_line = true;
        p->len = 0;
        return HTTP_PARSE_MORE;
    }
    str method, target, version, rest;
    if (!str_cut(line, ' ', &method, &rest) || !str_cut(rest, ' ', &target, &version))
        return refuse(p, 400, "the request line is not method, target, version");
    if (!str_is_ascii_token(method))
        return refuse(p, 400, "the method is no token");
    enum http_parse r = check_version(p, version);
    if (r == HTTP_PARSE_REFUSED)
        return r;
    if (!http_method_parse(method, &p->method))
        return refuse(p, 501, "the method is not known here");
    r = check_target(p, target);
    if (r == HTTP_PARSE_REFUSED)
        return r;
    p->target_at = (int)(target.at - p->buf);
    p->target_len = (int)target.len;
    p->line_at = p->headers_at = p->len;
    p->state = IN_HEADERS;
    return HTTP_PARSE_DONE;
}

static bool host_is_well_formed(str host)
{
    if (host.len == 0 || host.len > 255 + 6)
        return false;
    for (ptrdiff_t i = 0; i < host.len; i++) {
        char c = host.at[i];
        if (c == '.' && i > 0 && host.at[i - 1] == '.')
            return false;
        bool is_fine = is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                       c == '.' || c == '-' || c == '_' || c == ':' || c == '[' || c == ']';
        if (!is_fine)
            return false;
    }
    return true;
}

static enum http_parse take_length(struct http_parser *p, str value)
{
    if (p->has_length)
        return refuse(p, 400, "Content-Length is repeated");
    if (value.len == 0 || value.len > 15)
        return refuse(p, 400, "Content-Length is not a number");
    int64_t n = 0;
    for (ptrdiff_t i = 0; i < value.len; i++) {
        if (!is_digit(value.at[i]))
            return refuse(p, 400, "Content-Length is not a number");
        n = n * 10 + (value.at[i] - '0');
    }
    p->has_length = true;
    p->content_length = n;
    return HTTP_PARSE_DONE;
}

/* The fields that decide about framing and the connection; everything else is the handler's. */
static enum http_parse take_known_field(struct http_parser *p, str name, str value)
{
    bool is_framing =
        str_eq_nocase(name, S("Content-Length")) || str_eq_nocase(name, S("Transfer-Encoding"));
    if (is_framing && p->has_tab) /* allowed by the letter, but not all servers trim it */
        return refuse(p, 400, "a tab beside the length or coding of the body");
    if (str_eq_nocase(name, S("Content-Length")))
        return take_length(p, value);
    if (str_eq_nocase(name, S("Transfer-Encoding"))) {
        if (p->is_chunked)
            return refuse(p, 400, "Transfer-Encoding is repeated");
        if (!str_eq_nocase(value, S("chunked")))
            return refuse(p, 501, "the only transfer coding known here is chunked");
        p->is_chunked = true;
    } else if (str_eq_nocase(name, S("Host"))) {
        if (++p->host_count > 1)
            return refuse(p, 400, "Host is repeated");
        if (!host_is_well_formed(value))
            return refuse(p, 400, "Host is malformed");
    } else if (str_eq_nocase(name, S("Connection"))) {
        while (value.len > 0) {
            str word;
            (void)str_cut(value, ',', &word, &value);
            if (str_eq_nocase(str_trim(word), S("close")))
                p->wants_close = true;
        }
    } else if (str_eq_nocase(name, S("Expect"))) {
        if (!str_eq_nocase(value, S("100-continue")))
            return refuse(p, 417, "the only expectation known here is 100-continue");
        p->wants_continue = true;
    }
    return HTTP_PARSE_DONE;
}

static enum http_parse check_field(struct http_parser *p, str line, str *name, str *value)
{
    if (line.at[0] == ' ' || line.at[0] == '\t')
        return refuse(p, 400, "a header line begins with white space");
    str n, v;
    if (!str_cut(line, ':', &n, &v))
        return refuse(p, 400, "a header line has no colon");
    if (!str_is_ascii_token(n))
        return refuse(p, 400, "a header name is no token");
    for (ptrdiff_t i = 0; i < v.len; i++) {
        unsigned char c = (unsigned char)v.at[i];
        if ((c < 0x20 && c != '\t') || c == 0x7f)
            return refuse(p, 400, "a header value has a control character");
    }
    if (++p->header_count > LIMIT_HTTP_HEADERS)
        return refuse(p, 431, "too many header fields");
    *name = n;
    *value = str_trim(v);
    p->has_tab = str_find_byte(v, '\t') >= 0;
    return HTTP_PARSE_DONE;
}

static enum http_parse finish_head(struct http_parser *p)
{
    if (p->host_count == 0 && !p->is_http_1_0)
        return refuse(p, 400, "Host is missing");
    if (p->is_chunked && p->has_length)
        return refuse(p, 400, "both Content-Length and Transfer-Encoding");
    if (p->is_chunked && p->is_http_1_0)
        return refuse(p, 400, "Transfer-Encoding in HTTP/1.0");
    bool may_have_body = p->method == HTTP_POST || p->method == HTTP_PUT || p->method == HTTP_PATCH;
    if (p->is_http_1_0 && may_have_body && !p->has_length)
        return refuse(p, 411, "HTTP/1.0 needs Content-Length here");
    if (p->is_http_1_0 || (!p->is_chunked && p->content_length == 0))
        p->wants_continue = false;
    p->headers_end = p->line_at;
    str path, query;
    (void)str_cut(str_of(p->buf + p->target_at, p->target_len), '?', &path, &query);
    enum http_parse r = take_path(p, path);
    if (r == HTTP_PARSE_REFUSED)
        return r;
    p->state = AFTER_HEAD;
    p->body_max = LIMIT_HTTP_BODY_BYTES;
    return HTTP_PARSE_HEAD;
}

static enum http_parse take_header_line(struct http_parser *p, str line)
{
    if (line.len == 0)
        return finish_head(p);
    str name, value;
    enum http_parse r = check_field(p, line, &name, &value);
    if (r != HTTP_PARSE_REFUSED)
        r = take_known_field(p, name, value);
    p->line_at = p->len;
    return r;
}

static enum http_parse push_head(struct http_parser *p, str bytes, ptrdiff_t *used)
{
    for (;;) {
        str line, left = str_skip(bytes, *used);
        bool is_first = p->state == IN_REQUEST_LINE;
        ptrdiff_t room = is_first ? LIMIT_HTTP_LINE_BYTES
                                  : LIMIT_HTTP_HEADER_BYTES - (p->line_at - p->headers_at);
        enum http_parse r = take_line(p, left, used, room, is_first ? 414 : 431, &line);
        if (r != HTTP_PARSE_DONE)
            return r;
        r = is_first ? take_request_line(p, line) : take_header_line(p, line);
        if (r == HTTP_PARSE_REFUSED || r == HTTP_PARSE_HEAD)
            return r;
    }
}

static enum http_parse push_start(struct http_parser *p, str bytes)
{
    if (bytes.len == 0)
        return HTTP_PARSE_MORE;
    /* TLS on a plain port, other protocols: no need to wait for a line end. */
    if (bytes.at[0] != '\r' && !str_is_ascii_token(str_sub(bytes, 0, 1)))
        return refuse(p, 400, "this is not HTTP");
    p->state = IN_REQUEST_LINE;
    return HTTP_PARSE_DONE;
}

static enum http_parse after_head(struct http_parser *p)
{
    if (p->is_chunked)
        p->state = IN_CHUNK_SIZE;
    else if (p->content_length > 0)
        p->state = IN_BODY;
    else
        p->state = IS_DONE;
    return HTTP_PARSE_DONE;
}

static enum http_parse push_body(struct http_parser *p, str bytes, ptrdiff_t *used)
{
    int64_t left = p->content_length - p->body_taken - p->body_len;
    str part = str_sub(bytes, *used, (ptrdiff_t)left);
    if (!body_add(p, part))
        return refuse(p, 503, "out of memory");
    *used += part.len;
    if (part.len < left)
        return HTTP_PARSE_MORE;
    p->state = IS_DONE;
    return HTTP_PARSE_DONE;
}

static enum http_parse push_chunk_size(struct http_parser *p, char c)
{
    int digit = str_hex_digit(c);
    if (digit >= 0) {
        if (++p->chunk_digits > CHUNK_DIGITS)
            return refuse(p, 400, "a chunk size has too many digits");
        p->chunk_left = p->chunk_left * 16 + digit;
        return HTTP_PARSE_DONE;
    }
    if (c != '\r' || p->chunk_digits == 0)
        return refuse(p, 400, "a chunk size is malformed");
    if (p->chunk_left > p->body_max - p->body_taken - p->body_len)
        return refuse(p, 413, "the body is too large");
    p->state = AT_CHUNK_SIZE_LF;
    return HTTP_PARSE_DONE;
}

static enum http_parse push_chunk_data(struct http_parser *p, str bytes, ptrdiff_t *used)
{
    str part = str_sub(bytes, *used, (ptrdiff_t)p->chunk_left);
    if (!body_add(p, part))
        return refuse(p, 503, "out of memory");
    *used += part.len;
    p->chunk_left -= part.len;
    if (p->chunk_left > 0)
        return HTTP_PARSE_MORE;
    p->state = AT_CHUNK_CR;
    return HTTP_PARSE_DONE;
}

/* The single bytes between chunks. */
static enum http_parse push_chunk_mark(struct http_parser *p, char c)
{
    bool wants_cr = p->state == AT_CHUNK_CR;
    if (c != (wants_cr ? '\r' : '\n'))
        return refuse(p, 400, "a chunk does not end with CRLF");
    if (wants_cr) {
        p->state = AT_CHUNK_LF;
    } else if (p->state == AT_CHUNK_LF) {
        p->state = IN_CHUNK_SIZE;
        p->chunk_digits = 0;
    } else if (p->chunk_left > 0) {
        p->state = IN_CHUNK_DATA;
    } else {
        p->state = IN_TRAILERS;
        p->line_at = p->len;
    }
    return HTTP_PARSE_DONE;
}

static enum http_parse push_trailers(struct http_parser *p, str bytes, ptrdiff_t *used)
{
    str line, name, value;
    ptrdiff_t room = LIMIT_HTTP_HEADER_BYTES - p->trailer_bytes;
    enum http_parse r = take_line(p, str_skip(bytes, *used), used, room, 431, &line);
    if (r != HTTP_PARSE_DONE)
        return r;
    p->trailer_bytes += p->len - p->line_at;
    if (line.len == 0)
        p->state = IS_DONE;
    else
        r = check_field(p, line, &name, &value);
    p->len = p->line_at;
    return r;
}

static enum http_parse push_chunked(struct http_parser *p, str bytes, ptrdiff_t *used)
{
    enum http_parse r = HTTP_PARSE_DONE;
    while (r == HTTP_PARSE_DONE && p->state != IS_DONE) {
        if (*used >= bytes.len)
            return HTTP_PARSE_MORE;
        if (p->state == IN_CHUNK_SIZE)
            r = push_chunk_size(p, bytes.at[(*used)++]);
        else if (p->state == IN_CHUNK_DATA)
            r = push_chunk_data(p, bytes, used);
        else if (p->state == IN_TRAILERS)
            r = push_trailers(p, bytes, used);
        else
            r = push_chunk_mark(p, bytes.at[(*used)++]);
    }
    return r;
}

enum http_parse http_parser_push(struct http_parser *p, str bytes, ptrdiff_t *used)
{
    ptrdiff_t n = 0;
    enum http_parse r = HTTP_PARSE_DONE;
    while (r == HTTP_PARSE_DONE && p->state != IS_DONE) {
        if (p->state == IS_REFUSED)
            r = HTTP_PARSE_REFUSED;
        else if (p->state == AT_START)
            r = push_start(p, bytes);
        else if (p->state == IN_REQUEST_LINE || p->state == IN_HEADERS)
            r = push_head(p, bytes, &n);
        else if (p->state == AFTER_HEAD)
            r = after_head(p);
        else if (p->state == IN_BODY)
            r = push_body(p, bytes, &n);
        else
            r = push_chunked(p, bytes, &n);
    }
    *used = n;
    return r;
}

struct http_parser http_parser_make(void)
{
    return (struct http_parser){.state = AT_START};
}

void http_parser_free(struct http_parser *p)
{
    free(p->buf);
    free(p->body);
    *p = http_parser_make();
}

bool http_parser_allow_body(struct http_parser *p, ptrdiff_t max_bytes)
{
    p->body_max = max_bytes < LIMIT_HTTP_LONG_BODY_BYTES ? max_bytes : LIMIT_HTTP_LONG_BODY_BYTES;
    if (p->has_length && p->content_length > p->body_max) {
        (void)refuse(p, 413, "the body is too large"); /* the caller looks at the return value */
        return false;
    }
    return true;
}

char *http_parser_take_body(struct http_parser *p, ptrdiff_t *len)
{
    char *bytes = p->body;
    *len = p->body_len;
    p->body_taken += p->body_len;
    p->body = NULL;
    p->body_len = p->body_cap = 0;
    return bytes;
}

str http_parser_path(const struct http_parser *p)
{
    return str_of(p->buf + p->path_at, p->path_len);
}

err http_parser_request(
    const struct http_parser *p, struct arena *a, struct http_request *req, const char **why)
{
    *req = (struct http_request){
        .method = p->method,
        .raw_target = str_of(p->buf + p->target_at, p->target_len),
        .path = http_parser_path(p),
        .body = str_of(p->body, p->body_len),
    };
    struct http_header *headers = NEW(a, struct http_header, p->header_count + 1);
    str block = str_of(p->buf + p->headers_at, p->headers_end - p->headers_at);
    while (block.len > 0) {
        str line, value;
        (void)str_cut(block, '\n', &line, &block);
        (void)str_cut(line, ':', &headers[req->header_count].name, &value);
        headers[req->header_count++].value = str_trim(value);
    }
    req->headers = headers;
    str path, query;
    (void)str_cut(req->raw_target, '?', &path, &query);
    err e = http_pairs_parse(a, query, &req->query, &req->query_count);
    if (e == E_INVALID)
        *why = "the query has a bad percent escape or is not UTF-8";
    else if (e == E_LIMIT)
        *why = "the query has too many parts";
    else if (e != OK)
        *why = "out of memory";
    return e;
}
