/* static: the built web pages: console, widget, demo shop, and / → /app/. Which page may do what
 * (CSP), and for how long it may be cached. The bytes are embedded (asset.h).
 * Not here: the widget's JSON API, photos, attachments. */
#include "api/asset.h"
#include "api/input.h"
#include "api/server.h"
#include "base/json.h"
#include "store/source.h"
#include "text/words.h"

/* Console: no inline script, Trusted Types; widget preview in a frame. blob: and data: for images
 * that are being uploaded. */
static const str csp_console =
    S_INIT("default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
           "media-src 'self' data:; font-src 'self'; connect-src 'self'; worker-src 'self'; "
           "manifest-src 'self'; frame-src 'self'; frame-ancestors 'none'; base-uri 'none'; "
           "form-action 'self'; require-trusted-types-for 'script'; "
           "trusted-types seva-worker dompurify");
/* The sheet on which the console lays out a mail (web/console/mail/frame.tsx): nothing runs,
 * nothing is sent, no way out but a link in a new tab; pictures come from this server alone, those
 * of other sites too (mail_picture.c). */
static const str csp_sheet =
    S_INIT("sandbox allow-same-origin allow-popups allow-popups-to-escape-sandbox; "
           "default-src 'none'; img-src 'self' data:; style-src 'unsafe-inline'; base-uri 'none'; "
           "form-action 'none'; frame-ancestors 'self'");
static const str csp_shop =
    S_INIT("default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
           "connect-src 'self'; frame-src 'self'; base-uri 'none'");
#define CSP_FRAME                                                                                  \
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob: https:; " \
    "media-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; "            \
    "require-trusted-types-for 'script'; frame-ancestors "

static err not_found(struct call *call)
{
    return fail(&call->cx, E_NOT_FOUND, "there is nothing at this address");
}

/* With the right caching; 304 when the browser has it. */
static err asset_answer(struct call *call, const struct asset *asset, str cache)
{
    if (!asset)
        return not_found(call);
    if (asset->is_immutable)
        cache = S("public, max-age=31536000, immutable");
    answer_header(call, "Cache-Control", cache);
    answer_header(call, "ETag", asset->etag);
    answer_header(call, "Vary", S("Accept-Encoding"));
    str known = http_header_get(call->req, S("If-None-Match"));
    if (known.len && str_eq(known, asset->etag)) {
        call->res.status = 304;
        return OK;
    }
    bool as_gzip =
        asset->gzip.len && asset_accepts_gzip(http_header_get(call->req, S("Accept-Encoding")));
    if (as_gzip)
        answer_header(call, "Content-Encoding", S("gzip"));
    call->res.body_is_static = true;
    return answer_bytes(call, 200, asset->content_type, as_gzip ? asset->gzip : asset->bytes);
}

static const struct asset *asset_below(struct call *call, str folder, str path)
{
    return asset_find(str_cat(call->cx.arena, folder, path));
}

static err root(struct call *call)
{
    call->res.status = 302;
    answer_header(call, "Location", S("/app/"));
    return OK;
}

static str console_csp(str path)
{
    return str_eq(path, S("mail_sheet.html")) ? csp_sheet : csp_console;
}

static err console(struct call *call)
{
    const struct asset *asset = asset_below(call, S("console/"), call->params[0]);
    if (!asset && str_starts(call->params[0], S("assets/")))
        return not_found(call);
    if (!asset) /* the console's own pages: its router reads the address */
        asset = asset_find(S("console/index.html"));
    answer_header(call, "Content-Security-Policy", console_csp(call->params[0]));
    return asset_answer(call, asset, S("no-cache"));
}

static err console_plain(struct call *call)
{
    call->res.status = 302;
    answer_header(call, "Location", S("/app/"));
    return OK;
}

/* ── widget ── */

static err loader(struct call *call)
{
    answer_header(call, "Cross-Origin-Resource-Policy", S("cross-origin"));
    return asset_answer(call, asset_find(S("widget/loader.js")), S("public, max-age=300"));
}

static err widget_asset(struct call *call)
{
    return asset_answer(
        call, asset_below(call, S("widget/assets/"), call->params[0]), S("no-cache"));
}

static bool is_origin(str s)
{
    for (ptrdiff_t i = 0; i < s.len; i++)
        if (s.at[i] <= ' ' || s.at[i] == ';' || s.at[i] == ',' || s.at[i] == '\'' ||
            s.at[i] >= 0x7f)
            return false;
    return str_starts(s, S("https://")) || str_starts(s, S("http://"));
}

/* "'self'" and the channel's allowed origins; everybody when it names none. */
static str ancestors(struct call *call, const struct source *source)
{
    const struct json *settings;
    str why;
    if (json_parse(call->cx.arena, source->settings, &settings, &why) != OK)
        return S("'self'");
    const struct json *origins = json_get(settings, S("allowed_origins"));
    if (!origins || !origins->count)
        return S("*");
    struct sb b = sb_make(call->cx.arena, 0);
    sb_add(&b, S("'self'"));
    for (const struct json *origin = origins->first; origin; origin = origin->next)
        if (is_origin(json_text(origin, S(""))))
            sb_print(&b, " %.*s", SARG(origin->text));
    return sb_str(&b);
}

static err frame_headers(struct call *call, str key, bool is_preview)
{
    str allowed = S("'self'");
    if (!is_preview) {
        struct source source;
        err e = source_find(call->api->sources, call->cx.arena, S("widget"), key, &source);
        if (e == E_NOT_FOUND || (e == OK && !source.is_enabled))
            return fail(&call->cx, E_NOT_FOUND, "there is no website chat with this key");
        TRY(e);
        allowed = ancestors(call, &source);
    }
    answer_header(call, "Content-Security-Policy", str_cat(call->cx.arena, S(CSP_FRAME), allowed));
    answer_header(call, "Cross-Origin-Resource-Policy", S("cross-origin"));
    answer_header(call, "Referrer-Policy", S("strict-origin"));
    return OK;
}

static err frame(struct call *call)
{
    str key = http_query_get(call->req, S("key"));
    bool is_preview = !key.len && str_eq(http_query_get(call->req, S("preview")), S("1"));
    TRY(frame_headers(call, key, is_preview));
    return asset_answer(call, asset_find(S("widget/frame.html")), S("no-cache"));
}

static str locale_of(struct call *call)
{
    return words_locale(http_header_get(call->req, S("Accept-Language")));
}

static err link_page(struct call *call)
{
    TRY(frame_headers(call, call->params[0], false));
    bool is_sent = str_eq(http_query_get(call->req, S("sent")), S("1"));
    str path = str_print(
        call->cx.arena, "widget/%s.%.*s.html", is_sent ? "sent" : "link", SARG(locale_of(call)));
    answer_header(call, "Vary", S("Accept-Language"));
    return asset_answer(call, asset_find(path), S("no-cache"));
}

static err widget_test(struct call *call)
{
    str path = str_print(call->cx.arena, "widget/test.%.*s.html", SARG(locale_of(call)));
    answer_header(call, "Content-Security-Policy", csp_shop);
    answer_header(call, "Vary", S("Accept-Language"));
    return asset_answer(call, asset_find(path), S("no-cache"));
}

/* ── demo shop ── */

static err shop(struct call *call)
{
    if (!call->cx.config->demo)
        return not_found(call);
    str path = call->params[0].len ? call->params[0] : S("index.html");
    answer_header(call, "Content-Security-Policy", csp_shop);
    return asset_answer(call, asset_below(call, S("shop/"), path), S("no-cache"));
}

static err shop_config(struct call *call)
{
    if (!call->cx.config->demo)
        return not_found(call);
    str key = call->cx.config->demo_channel_key;
    if (!key.len)
        TRY(source_first(call->api->sources, call->cx.arena, S("widget"), &key));
    struct json_out j = json_out_make(call->cx.arena, 0);
    json_put_str(&j, key);
    return answer_bytes(call, 200, S("text/javascript; charset=utf-8"),
        str_print(call->cx.arena, "window.shopConfig={channel:%.*s};\n", SARG(json_str(&j))));
}

#define PAGE(path, handler, words)                                                                 \
    {                                                                                              \
        HTTP_GET, path, AUTH_PUBLIC, CAP_NONE, ROUTE_NO_DB, NULL, NULL, NULL, handler, words,      \
            NULL, 0                                                                                \
    }
/* clang-format off */
static const struct route routes[] = {
    PAGE("/", root, "To the console."),
    PAGE("/app", console_plain, "To the console."),
    PAGE("/app/{path*}", console, "The console."),
    PAGE("/widget/loader.js", loader, "The script that a website includes."),
    PAGE("/widget/frame", frame, "The chat inside its frame."),
    PAGE("/widget/assets/{path*}", widget_asset, "The chat's files."),
    PAGE("/widget/link/{key}", link_page, "The chat as a page of its own."),
    PAGE("/widget/test", widget_test, "A page to try a website chat on."),
    PAGE("/demo/shop", shop, "The demo shop."),
    PAGE("/demo/shop/config.js", shop_config, "Which chat the demo shop includes."),
    PAGE("/demo/shop/{path*}", shop, "The demo shop's files."),
};
/* clang-format on */
extern const struct route_table static_routes;
const struct route_table static_routes = ROUTES(routes);
