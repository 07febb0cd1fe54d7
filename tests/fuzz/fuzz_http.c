/* Any bytes as HTTP input. The verdict must not depend on where the bytes are cut; what is accepted
 * must keep the promises of http.h, and must, written out plainly, be read back as the same
 * request. The first byte says where to cut. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/utf8.h"
#include "net/http_parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

static enum http_parse push(struct http_parser *p, str input, ptrdiff_t cut, ptrdiff_t *used)
{
    *used = 0;
    for (;;) {
        ptrdiff_t n;
        enum http_parse r = http_parser_push(p, str_sub(input, *used, cut), &n);
        *used += n;
        if (r == HTTP_PARSE_HEAD && !http_parser_allow_body(p, 4096))
            return HTTP_PARSE_REFUSED;
        if (r == HTTP_PARSE_DONE || r == HTTP_PARSE_REFUSED)
            return r;
        if (r == HTTP_PARSE_MORE && *used == input.len)
            return r;
    }
}

static void check_path(str path)
{
    must(path.len >= 1 && path.at[0] == '/' && utf8_valid(path));
    str rest = path, segment;
    while (rest.len > 0) {
        (void)str_cut(rest, '/', &segment, &rest);
        must(!str_eq(segment, S(".")) && !str_eq(segment, S("..")));
    }
    for (ptrdiff_t i = 0; i < path.len; i++)
        must((unsigned char)path.at[i] >= 0x20 && path.at[i] != 0x7f && path.at[i] != '\\');
}

static void check_request(const struct http_parser *p, const struct http_request *req)
{
    check_path(req->path);
    must(req->body.len <= 4096);
    must(req->header_count <= LIMIT_HTTP_HEADERS);
    must(http_header_count(req, S("Host")) == 1 || p->is_http_1_0);
    must(http_header_count(req, S("Content-Length")) +
             http_header_count(req, S("Transfer-Encoding")) <=
         1);
    for (ptrdiff_t i = 0; i < req->header_count; i++) {
        str v = req->headers[i].value;
        must(str_is_ascii_token(req->headers[i].name));
        for (ptrdiff_t j = 0; j < v.len; j++)
            must((unsigned char)v.at[j] >= 0x20 || v.at[j] == '\t');
    }
    for (ptrdiff_t i = 0; i < req->query_count; i++)
        must(utf8_valid(req->query[i].name) && utf8_valid(req->query[i].value));
}

static bool is_framing(str name)
{
    return str_eq_nocase(name, S("Content-Length")) || str_eq_nocase(name, S("Transfer-Encoding"));
}

/* Written with a length instead of chunks, the request means the same. */
static void check_again(
    struct arena *a, const struct http_parser *p, const struct http_request *req)
{
    struct sb b = sb_make(a, 1 << 20);
    sb_print(&b, "%s %.*s %s\r\n", http_method_name(req->method), SARG(req->raw_target),
        p->is_http_1_0 ? "HTTP/1.0" : "HTTP/1.1");
    for (ptrdiff_t i = 0; i < req->header_count; i++)
        if (!is_framing(req->headers[i].name))
            sb_print(&b, "%.*s: %.*s\r\n", SARG(req->headers[i].name), SARG(req->headers[i].value));
    sb_print(&b, "Content-Length: %td\r\n\r\n", req->body.len);
    sb_add(&b, req->body);
    struct http_parser again = http_parser_make();
    ptrdiff_t used;
    enum http_parse r = push(&again, sb_str(&b), 1 << 20, &used);
    if (r == HTTP_PARSE_DONE) {
        must(used == sb_str(&b).len);
        must(str_eq(http_parser_path(&again), req->path));
        must(again.method == req->method && again.wants_close == p->wants_close);
        must(str_eq(str_of(again.body, again.body_len), req->body));
    } else {
        /* Only the head's limits may forbid it: it has grown by the length. */
        must(r == HTTP_PARSE_REFUSED && again.status == 431);
    }
    http_parser_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    ptrdiff_t cut = 1 + data[0] % 32, used, used_in_pieces;
    str input = str_of(data + 1, (ptrdiff_t)size - 1);
    struct http_parser whole = http_parser_make(), pieces = http_parser_make();
    enum http_parse r = push(&whole, input, 1 << 20, &used);
    enum http_parse r_in_pieces = push(&pieces, input, cut, &used_in_pieces);
    must(r == r_in_pieces);
    must(whole.status == pieces.status);
    if (r == HTTP_PARSE_DONE) {
        must(used == used_in_pieces);
        must(whole.body_len == pieces.body_len);
        struct arena a = arena_make(0);
        struct http_request req;
        const char *why = "";
        if (http_parser_request(&whole, &a, &req, &why) == OK) {
            check_request(&whole, &req);
            check_again(&a, &whole, &req);
        }
        arena_free(&a);
    } else if (r == HTTP_PARSE_REFUSED) {
        must(whole.status >= 400 && whole.status <= 505 && whole.why != NULL);
    }
    http_parser_free(&whole);
    http_parser_free(&pieces);
    return 0;
}
