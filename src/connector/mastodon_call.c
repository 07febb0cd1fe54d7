/* mastodon: addresses, calls, and what answers mean. See mastodon.h. */
#include "base/limits.h"
#include "connector/mastodon.h"
#include "connector/reading.h"

enum { ANSWER_BYTES = 4 * 1024 * 1024 }; /* eighty notifications with their statuses */

/* ── addresses ── */

static bool is_host(str s)
{
    for (ptrdiff_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.at[i];
        bool is_fine = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '.' || c == '-' || c == ':' || c >= 0x80;
        if (!is_fine)
            return false;
    }
    return s.len > 0;
}

/* "wss://host", "https://host/" or "host" as "https://host"; empty when it is none. */
static str address_of(struct arena *a, str given)
{
    str s = str_trim(given);
    const char *scheme = "https";
    if (str_starts(s, S("https://")))
        s = str_skip(s, 8);
    else if (str_starts(s, S("wss://")))
        s = str_skip(s, 6);
    else if (str_starts(s, S("http://")) || str_starts(s, S("ws://"))) {
        s = str_skip(s, str_find(s, S("://")) + 3);
        scheme = "http";
    }
    while (str_ends(s, S("/")))
        s.len--;
    return is_host(s) ? str_print(a, "%s://%.*s", scheme, SARG(s)) : (str){0};
}

str mastodon_base(struct arena *a, const struct connector_setup *setup)
{
    str base = connector_host_url(a, &connector_mastodon, setup->hosts, S("api"));
    return base.len ? base : address_of(a, setup_setting(a, &connector_mastodon, setup, "server"));
}

str mastodon_streaming(struct arena *a, const struct connector_setup *setup)
{
    str base = connector_host_url(a, &connector_mastodon, setup->hosts, S("streaming"));
    if (!base.len)
        base = address_of(a, setup_setting(a, &connector_mastodon, setup, "streaming_url"));
    return base.len ? base : mastodon_base(a, setup);
}

bool mastodon_is_id(str s)
{
    enum { DIGITS_MOST = 40 }; /* Mastodon: 18 digits; Pleroma: 18 letters; GoToSocial: 26 */
    for (ptrdiff_t i = 0; i < s.len; i++) {
        char c = s.at[i];
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')))
            return false;
    }
    return s.len > 0 && s.len <= DIGITS_MOST;
}

int mastodon_id_cmp(str x, str y)
{
    return x.len != y.len ? (x.len < y.len ? -1 : 1) : str_cmp(x, y);
}

/* ── calls ── */

static void judge(struct arena *a, struct mastodon_answer *answer, struct connector_sent *sent)
{
    network_why(a, S("Mastodon"), answer->words, sent);
    if (sent->outcome == CONNECTOR_REAUTH)
        sent->why = S("The instance does not take the channel's token (any more). Connect the "
                      "account anew.");
    else if (answer->status == 404 || answer->status == 410)
        sent->why = S("The post is gone, or the account may not see it (any more).");
    else if (answer->status == 429)
        sent->why = S("The instance takes no more from this account for some minutes.");
    else if (answer->status == 422 && str_find(answer->words, S("processing")) >= 0)
        sent->outcome = CONNECTOR_RETRY;
}

err mastodon_do(struct http_client *client, struct arena *a, const struct mastodon_ask *ask,
    struct connector_sent *sent, struct mastodon_answer *answer)
{
    str base = mastodon_base(a, ask->setup);
    str token = setup_secret(a, ask->setup, "access_token");
    struct network_call call = {.method = ask->method,
        .url = str_cat(a, base, ask->path),
        .body = ask->json,
        .max_bytes = ANSWER_BYTES,
        .may_repeat = ask->once.len > 0};
    struct http_result res = {0};
    *answer = (struct mastodon_answer){0};
    *sent = (struct connector_sent){.outcome = CONNECTOR_REAUTH,
        .is_channel_wide = true,
        .why = S("The channel needs the address of its instance, and to be connected there.")};
    if (!base.len || !token.len)
        return OK;
    *sent = (struct connector_sent){
        .outcome = CONNECTOR_FINAL, .why = S("The file is not there any more.")};
    if (ask->files && !multipart_set(ask->files, &call))
        return OK;
    call.authorization = str_cat(a, S("Bearer "), token);
    if (ask->once.len)
        call.extra[call.n_extra++] = (struct http_header){S("Idempotency-Key"), ask->once};
    TRY(network_do(client, a, &call, &res));
    network_answer(a, S("Mastodon"), &res, ask->now_ms, sent);
    const struct json *root = res.status ? network_json(a, &res) : NULL;
    answer->status = res.status;
    if (sent->outcome == CONNECTOR_SENT) {
        answer->root = root;
        if (!root) {
            sent->outcome = ask->method == HTTP_GET ? CONNECTOR_RETRY : CONNECTOR_UNKNOWN;
            sent->why = S("The instance's answer cannot be read.");
        }
        return OK;
    }
    if (!res.status)
        return OK;
    answer->words = take_line(root, "error_description", LIMIT_NAME_BYTES);
    if (!answer->words.len)
        answer->words = take_line(root, "error", LIMIT_NAME_BYTES);
    judge(a, answer, sent);
    return OK;
}
