/* See bare_webhook.h. */
#include "bare_webhook.h"

#include <json-c/json_object.h>
#include <json-c/json_tokener.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>

static struct json_object *parse(const char *text, int len)
{
    struct json_tokener *t = json_tokener_new();
    struct json_object *o = json_tokener_parse_ex(t, text, len);
    if (!o)
        abort();
    json_tokener_free(t);
    return o;
}

void bare_webhook(str body, const char *inner)
{
    static const char key[] = "0123456789abcdef0123456789abcdef";
    unsigned char mac[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    if (!HMAC(EVP_sha256(), key, (int)sizeof key - 1, (const unsigned char *)body.at,
            (size_t)body.len, mac, &n))
        abort();
    struct json_object *o = parse(body.at, (int)body.len), *text = NULL;
    if (inner && !json_object_object_get_ex(o, inner, &text))
        abort();
    if (inner) /* 1: the last one, here and below */
        (void)json_object_put(
            parse(json_object_get_string(text), json_object_get_string_len(text)));
    (void)json_object_put(o);
}
