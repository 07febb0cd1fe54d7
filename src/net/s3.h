/* s3: objects in a store that speaks S3 (AWS, MinIO, Ceph, Garage and others): put, get, look,
 * remove, each signed (s3_sign.h), through the egress guard (purpose "store"), with deadlines and
 * tries. Not here: what the objects are (care/blob_file.h), lists and buckets.
 *
 * Every call may be repeated: a name always has the same bytes. Results: E_NOT_FOUND no such
 * object; E_BUSY the store cannot be reached, fails, or is slow; E_UPSTREAM it refuses (keys,
 * bucket, clock), or what it gave is not what was asked for. What went wrong is logged once per
 * call; keys never are. A store that does not answer, or fails, is let alone for away_ms: whoever
 * asks meanwhile has E_BUSY at once, and then one asks whether it is back. An endpoint of http://
 * is reached only in networks that the operator has allowed for "store". Redirects are not
 * followed: keys and bytes go to the configured host alone. Thread: any; blocks: never on the loop,
 * never inside a write transaction.
 */
#pragma once
#include "net/egress.h"
#include "net/s3_sign.h"

struct s3;

struct s3_options {
    str endpoint; /* "https://s3.eu-central-1.amazonaws.com", "http://10.1.0.4:9000" */
    str bucket, prefix;
    str region;
    bool is_path_style; /* endpoint/bucket/key instead of bucket.endpoint/key */
    str key_id, secret;
    str session_token;                /* of keys for a time; empty = none */
    const struct egress_rules *rules; /* must outlive it */
    str ca_file;                      /* as in http_client.h */
    int64_t stall_ms; /* an answer in which nothing comes for so long is given up; 0 = 10,000 */
    int64_t away_ms;  /* see below; 0 = 5,000; below 0: it is asked each time */
};

/* Texts are copied. E_INVALID: *why; E_BUSY: out of memory. */
err s3_open(struct arena *a, const struct s3_options *options, struct s3 **s3, str *why);
void s3_close(struct s3 *s3); /* NULL is allowed */

/* `size` bytes of the file from `from` on, whose SHA-256 is `hash` (hex): the store refuses others.
 * OK: they are kept. */
err s3_put(struct s3 *s3, struct arena *a, str key, int fd, int64_t from, int64_t size, str hash);
/* Some bytes in memory. is_new: E_CONFLICT when there is such an object (by stores that heed
 * If-None-Match). */
err s3_put_bytes(struct s3 *s3, struct arena *a, str key, str bytes, bool is_new);
/* Into the file, from its beginning; its old bytes are gone. A length > 0 asks for that part only.
 * E_LIMIT: longer than max. */
struct s3_range {
    int64_t from, length;
};
err s3_get(struct s3 *s3, struct arena *a, str key, struct s3_range range, int64_t max, int fd,
    int64_t *size);
err s3_size(struct s3 *s3, struct arena *a, str key, int64_t *size);
err s3_remove(struct s3 *s3, struct arena *a, str key); /* gone already = OK */
/* What went wrong last, for the person who can act: "403 SignatureDoesNotMatch". No keys. */
str s3_words(struct s3 *s3, struct arena *a);
/* It did not answer when it was asked last. */
bool s3_is_away(struct s3 *s3);
