/* http_range: which part of a file a request asks for, and whether whoever asks has it already (RFC
 * 9110, 13 and 14). One range of bytes; a request for several, or in words that are none, is for
 * the whole. Thread: pure. */
#pragma once
#include "net/http.h"

enum http_range_kind {
    HTTP_RANGE_ALL,  /* 200 */
    HTTP_RANGE_PART, /* 206 */
    HTTP_RANGE_NONE, /* 416: there is nothing at that place */
};
struct http_range {
    enum http_range_kind kind;
    int64_t from, length; /* bytes; of the whole too */
};

/* etag: of the bytes that are there now, strong, in quotes; empty = they have none, and an If-Range
 * is never met. */
struct http_range http_range_of(const struct http_request *req, int64_t size, str etag);
/* If-None-Match names the etag: 304. */
bool http_is_known(const struct http_request *req, str etag);
