/* Fuzz target: signature headers, times, addresses and forms of every network. The lines are: the
 * signature's header, the time's header, the address, then the body. Nothing passes without the
 * secret, and what we sign ourselves passes. */
#include "base/crypto.h"
#include "connector/oauth1.h"
#include "connector/sign.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void promise(bool kept)
{
    if (!kept)
        abort();
}

static const struct sign_scheme *const schemes[] = {&sign_meta, &sign_meta_sha1, &sign_websub,
    &sign_x, &sign_linkedin, &sign_tiktok, &sign_telegram, &sign_line, &sign_viber, &sign_twilio,
    &sign_slack, &sign_teams, &sign_hubspot, &sign_hubspot_v1, &sign_shopify, &sign_woocommerce,
    &sign_helpscout, &sign_zendesk, &sign_bot};

static void one(struct arena *a, const struct sign_scheme *scheme, str line[3], str body)
{
    const struct http_header headers[] = {
        {scheme->header,    line[0]                               },
        {S("Content-Type"), S("application/x-www-form-urlencoded")},
        {S("X-Time"),       line[1]                               },
    };
    struct sign_scheme timed = *scheme;
    if (timed.time_header.len > 0)
        timed.time_header = S("X-Time");
    const struct http_request req = {
        .method = HTTP_POST, .headers = headers, .header_count = 3, .body = body};
    const str secrets[] = {S("c2VjcmV0IG9mIHRoZSBmdXp6ZXI=")};
    const struct sign_request given = {.req = &req,
        .url = line[2],
        .secrets = secrets,
        .secret_count = 1,
        .now_ms = INT64_C(1767225600000)};
    str why = {0}, value;
    promise(sign_check(a, &timed, &given, &why) != OK && why.len > 0);
    /* With our own signature nothing but the sent time may still be wrong. */
    if (timed.time_header.len > 0 || sign_value(a, &timed, &given, &value) != OK)
        return;
    struct http_header ours[2] = {headers[0], headers[1]};
    ours[0].value = value;
    struct http_request again = req;
    again.headers = ours;
    again.header_count = 2;
    struct sign_request retried = given;
    retried.req = &again;
    promise(sign_check(a, &timed, &retried, &why) == OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = arena_make(0);
    str line[3], rest = str_of(data, (ptrdiff_t)size), header;
    for (int i = 0; i < 3; i++)
        (void)str_cut(rest, '\n', &line[i], &rest);
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++)
        one(&a, schemes[i], line, rest);
    const struct oauth1_keys keys = {S("k"), S("s"), line[0], line[1]};
    const struct oauth1_request r = {.url = line[2], .nonce = S("n"), .now_ms = 1000};
    promise(oauth1_header(&a, &keys, &r, &header) != OK || str_starts(header, S("OAuth ")));
    arena_free(&a);
    return 0;
}
