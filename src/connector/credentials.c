/* See credentials.h. Thread: pure. */
#include "connector/credentials.h"

#include "base/crypto.h"

static bool is_line(str s)
{
    for (ptrdiff_t i = 0; i < s.len; i++)
        if ((unsigned char)s.at[i] < 0x20 || s.at[i] == 0x7f)
            return false;
    return true;
}

err credentials_basic(struct arena *a, str user, str password, str *header)
{
    if (!is_line(user) || !is_line(password) || str_find_byte(user, ':') >= 0)
        return E_INVALID;
    str both = str_print(a, "%.*s:%.*s", SARG(user), SARG(password));
    *header = str_cat(a, S("Basic "), crypto_base64(a, both));
    return OK;
}

err credentials_plain(struct arena *a, str user, str password, str *response)
{
    if (user.len == 0 || str_find_byte(user, '\0') >= 0 || str_find_byte(password, '\0') >= 0)
        return E_INVALID;
    struct sb b = sb_make(a, 0);
    sb_byte(&b, '\0');
    sb_add(&b, user);
    sb_byte(&b, '\0');
    sb_add(&b, password);
    *response = crypto_base64(a, sb_str(&b));
    return OK;
}

err credentials_xoauth2(struct arena *a, str user, str access_token, str *response)
{
    if (user.len == 0 || !is_line(user) || !is_line(access_token))
        return E_INVALID;
    *response = crypto_base64(a, str_print(a,
                                     "user=%.*s\x01"
                                     "auth=Bearer %.*s\x01\x01",
                                     SARG(user), SARG(access_token)));
    return OK;
}

err credentials_oauthbearer(
    struct arena *a, str user, str host, int port, str access_token, str *response)
{
    if (user.len == 0 || !is_line(user) || !is_line(host) || !is_line(access_token))
        return E_INVALID;
    struct sb b = sb_make(a, 0);
    sb_add(&b, S("n,a="));
    for (ptrdiff_t i = 0; i < user.len; i++)
        if (user.at[i] == ',' || user.at[i] == '=')
            sb_add(&b, user.at[i] == ',' ? S("=2C") : S("=3D"));
        else
            sb_byte(&b, user.at[i]);
    sb_print(&b, ",\x01host=%.*s\x01port=%d\x01", SARG(host), port);
    sb_print(&b, "auth=Bearer %.*s\x01\x01", SARG(access_token));
    *response = crypto_base64(a, sb_str(&b));
    return OK;
}
