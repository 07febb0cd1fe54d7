/* s3_sign: signature version 4, by which stores that speak S3 know who asks. Not here: the requests
 * themselves (s3.h). Source: AWS, "Signature Version 4 for API requests" and "Authenticating
 * Requests: Using the Authorization Header" (S3 API Reference), 2025. Thread: any. */
#pragma once
#include "net/http.h"

struct s3_keys {
    str id, secret; /* the secret goes into no log and no words */
};

struct s3_signing {
    const char *method;
    str path;                          /* as in the request: encoded, from '/' on */
    str query;                         /* as in the request: encoded, without '?' */
    const struct http_header *headers; /* all that are signed, with host and x-amz-date */
    ptrdiff_t header_count;            /* at most S3_SIGNED_HEADERS */
    str body_hash;                     /* SHA-256 of the body, hex */
    str stamp;                         /* what x-amz-date says */
    str region, service;               /* "eu-central-1", "s3" */
};
enum { S3_SIGNED_HEADERS = 16, S3_QUERY_PAIRS = 16 };

/* "20150830T123600Z": for x-amz-date. */
str s3_stamp(struct arena *a, int64_t now_ms);
/* What the header Authorization says. E_INVALID: more headers or query parts than above. */
err s3_sign(struct arena *a, const struct s3_keys *keys, const struct s3_signing *request,
    str *authorization);
