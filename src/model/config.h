/* The configuration as the rooms see it: an immutable snapshot, filled by app/config.c.
 * Thread: read by any. */
#pragma once
#include "base/crypto.h"
#include "base/str.h"

struct config {
    str data_dir;                  /* absolute */
    str blobs_dir;                 /* absolute; with a store: its cache, and uploads on their way */
    struct blob_store *blob_store; /* NULL: attachments are files of blobs_dir */
    str base_url;                  /* "https://care.example", no slash at the end */
    bool base_is_https;
    const struct keyring *keys;
    int node;  /* 0–1023 */
    bool demo; /* serve the demo shop */
    str demo_channel_key;
    str egress_allow;      /* "webhook=127.0.0.0/8, webhook=10.0.0.0/8": net/egress.h parses it */
    str trusted_proxies;   /* CIDR list: forwarded headers are believed from these only */
    str network_hosts;     /* other base addresses of networks: connector_host_url reads it */
    str metrics_token;     /* empty = loopback only */
    str thumbnail_program; /* "vipsthumbnail" */
    int64_t started_ms;
};
