/* asset: the built web pages inside the binary (console, widget, demo shop). A table made by
 * tools/embed_assets.py from web/dist; empty when Meson's option `web` is false. Knows nothing of
 * HTTP: the caller maps URLs to names and writes headers (Content-Encoding: gzip goes with `gzip`,
 * Cache-Control by `is_immutable`). Thread: constant data, any. */
#pragma once
#include "base/str.h"

struct asset {
    str path; /* below web/dist: "console/index.html", "widget/loader.js", "shop/shop.css" */
    str content_type; /* "text/html; charset=utf-8" */
    str bytes;        /* as built */
    str gzip;         /* the same compressed; empty when that would not be smaller */
    str etag; /* with its quotes; from the bytes, so equal in every build of the same pages */
    bool is_immutable; /* the name holds a hash of the content: may be cached for ever */
};

/* The asset of exactly this path, or NULL. No normalisation: "..", "//" and a leading "/" find
 * nothing, as the table holds none. */
const struct asset *asset_find(str path);

/* True when a request's Accept-Encoding value admits gzip (RFC 9110 section 12.5.3; q=0 refuses).
 */
bool asset_accepts_gzip(str accept_encoding);

/* The table itself, sorted by path in byte order, for lists and tests. */
extern const struct asset asset_table[];
extern const ptrdiff_t asset_count;

/* Start of the embedded bytes; only the generated table refers to it. */
extern const char seva_assets_blob[];
