/* The Pages that a person who has authorised us may act for, each with its own token:
 * GET /me/accounts. Not here: the person's token (oauth2.h), subscribing a Page to webhooks.
 * Source: Meta, "Pages API", v25.0, August 2026. Thread: blocks on its client. */
#pragma once
#include "connector/oauth.h"
#include "net/http_client.h"

enum {
    META_PAGES = 500,         /* Pages read at most; more are counted as "there are more" */
    META_PAGES_AT_ONCE = 100, /* per call */
};

struct meta_page {
    str id, name;
    str access_token;  /* the Page's: long-lived when the person's token is */
    bool can_message;  /* the person's tasks on it hold MESSAGING (or are not told) */
    bool can_moderate; /* … MODERATE */
};
struct meta_pages {
    const struct meta_page *at;
    ptrdiff_t n;
    bool has_more;
};

/* base: "https://graph.facebook.com/v25.0" or the configuration's. app_secret: for the proof;
 * empty = without. A Page without id or token is left out. E_BUSY only when memory ended; *end says
 * the rest, *pages is set when OK. */
err meta_pages_list(struct http_client *client, struct arena *a, str base, str user_token,
    str app_secret, int64_t now_ms, struct meta_pages *pages, struct oauth_end *end);
