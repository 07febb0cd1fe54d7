/* origin: see origin.h. Sources: RFC 6454; RFC 6265bis (cookie prefixes); OWASP CSRF cheat sheet
 * (HMAC token, Origin check). */
#include "api/origin.h"

#include "base/crypto.h"

static bool loopback_split(str origin, str *port)
{
    static const str names[] = {
        S_INIT("http://localhost"), S_INIT("http://127.0.0.1"), S_INIT("http://[::1]")};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (!str_starts(origin, names[i]))
            continue;
        str rest = str_skip(origin, names[i].len);
        if (!rest.len || rest.at[0] == ':') {
            *port = rest;
            return true;
        }
    }
    return false;
}

bool origin_is_ours(const struct config *config, str origin)
{
    if (str_eq(origin, config->base_url))
        return true;
    str port, our_port;
    return loopback_split(origin, &port) && loopback_split(config->base_url, &our_port) &&
           str_eq(port, our_port);
}

str csrf_token(struct ctx *cx, session_id session)
{
    struct sha256 key = keyring_derive(cx->config->keys, S("csrf"));
    str id = str_print(cx->arena, "%lld", (long long)session.v);
    struct sha256 sum = crypto_hmac_sha256(str_of(key.b, sizeof key.b), id);
    return crypto_base64url(cx->arena, str_of(sum.b, sizeof sum.b));
}

str session_cookie_name(const struct config *config)
{
    return config->base_is_https ? S("__Host-seva_session") : S("seva_session");
}
