/* See bare_webhook.h. */
#include "bare_webhook.h"

#include <json-c/json_object.h>
#include <json-c/json_tokener.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>

void bare_webhook(str body)
{
    static const char key[] = "0123456789abcdef0123456789abcdef";
    unsigned char mac[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    if (!HMAC(EVP_sha256(), key, (int)sizeof key - 1, (const unsigned char *)body.at,
            (size_t)body.len, mac, &n))
        abort();
    struct json_tokener *t = json_tokener_new();
    struct json_object *o = json_tokener_parse_ex(t, body.at, (int)body.len);
    if (!o)
        abort();
    (void)json_object_put(o); /* 1: the last one */
    json_tokener_free(t);
}
