/* bluesky: addresses, names, calls and what their answers mean. See bluesky.h. */
#include "base/crypto.h"
#include "base/id.h"
#include "base/limits.h"
#include "connector/bluesky.h"
#include "connector/reading.h"

#define CHAT_SERVICE "did:web:api.bsky.chat#bsky_chat"

enum { ANSWER_BYTES = 4 * 1024 * 1024 };

/* ── names ── */

static bool is_plain(str s, const char *more)
{
    for (ptrdiff_t i = 0; i < s.len; i++) {
        char c = s.at[i];
        bool is_word = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!is_word && str_find_byte(str_from(more), c) < 0)
            return false;
    }
    return s.len > 0;
}

bool bluesky_is_did(str s)
{
    return str_starts(s, S("did:")) && s.len <= READING_ID_BYTES && is_plain(s, ":.-_%");
}

bool bluesky_uri_read(str s, struct bluesky_uri *uri)
{
    struct bluesky_uri u;
    str rest = str_skip(s, 5);
    if (!str_starts(s, S("at://")) || s.len > READING_ID_BYTES)
        return false;
    (void)str_cut(rest, '/', &u.did, &rest);
    (void)str_cut(rest, '/', &u.collection, &u.rkey);
    if (!bluesky_is_did(u.did) || !is_plain(u.collection, ".-") || !is_plain(u.rkey, ".-_:~"))
        return false;
    *uri = u;
    return true;
}

str bluesky_web_url(struct arena *a, str uri)
{
    struct bluesky_uri u;
    if (!bluesky_uri_read(uri, &u) || !str_eq(u.collection, S("app.bsky.feed.post")))
        return (str){0};
    return str_print(a, "https://bsky.app/profile/%.*s/post/%.*s", SARG(u.did), SARG(u.rkey));
}

/* 64 bits: a zero, 53 bits of microseconds, 10 bits of a clock's number; five bits a letter. */
str bluesky_tid(struct arena *a, str delivery_id, str did)
{
    static const char letters[] = "234567abcdefghijklmnopqrstuvwxyz";
    static const uint64_t some_ms = UINT64_C(1704067200000), year_ms = UINT64_C(31536000000);
    struct sha256 d = crypto_sha256(str_print(a, "%.*s %.*s", SARG(delivery_id), SARG(did)));
    uint64_t chance = 0;
    for (int i = 0; i < 8; i++)
        chance = chance << 8 | d.b[i];
    str number, piece;
    int64_t id = 0;
    (void)str_cut(delivery_id, '.', &number, &piece);
    uint64_t ms = id_parse(number, &id) == OK && id_time_ms(id) > 0 ? (uint64_t)id_time_ms(id)
                                                                    : some_ms + chance % year_ms;
    uint64_t us = ms * 1000 + (chance >> 40) % 1000;
    uint64_t n = (us & ((UINT64_C(1) << 53) - 1)) << 10 | (chance & 1023);
    char *to = NEW(a, char, BLUESKY_TID);
    for (int i = 0; i < BLUESKY_TID; i++)
        to[BLUESKY_TID - 1 - i] = letters[n >> (5 * i) & 31];
    return str_of(to, BLUESKY_TID);
}

/* ── calls ── */

/* The operator's, else where the account lives, else where it signs in. */
static str base_of(struct arena *a, const struct connector_setup *setup)
{
    str base = connector_host_url(a, &connector_bluesky, setup->hosts, S("api"));
    str pds = setup_secret(a, setup, "pds");
    if (base.len)
        return base;
    if (!str_starts(pds, S("https://")))
        pds = setup_setting(a, &connector_bluesky, setup, "service");
    while (str_ends(pds, S("/")))
        pds.len--;
    return str_starts(pds, S("https://")) || str_starts(pds, S("http://"))
               ? pds
               : str_cat(a, S("https://"), pds);
}

static const struct {
    const char *error;
    enum connector_outcome outcome;
    const char *words; /* NULL = the network's own */
} errors[] = {
    {"ExpiredToken",           CONNECTOR_REAUTH, "The session with Bluesky has ended."          },
    {"InvalidToken",           CONNECTOR_REAUTH, "Bluesky does not take the session (any more)."},
    {"AuthenticationRequired", CONNECTOR_REAUTH,
     "Bluesky does not take the handle and app password."                                       },
    {"AuthMissing",            CONNECTOR_REAUTH, "Bluesky does not take the session (any more)."},
    {"AccountTakedown",        CONNECTOR_REAUTH, "Bluesky has taken the account down."          },
    {"AccountSuspended",       CONNECTOR_REAUTH, "Bluesky has suspended the account."           },
    {"AccountDeactivated",     CONNECTOR_REAUTH,
     "The account is deactivated. Activate it at Bluesky and test the channel."                 },
    {"InvalidRequest",         CONNECTOR_FINAL,  NULL                                           },
    {"InvalidRecord",          CONNECTOR_FINAL,  NULL                                           },
    {"InvalidSwap",            CONNECTOR_FINAL,  NULL                                           },
    {"RecordNotFound",         CONNECTOR_FINAL,  "The post is gone."                            },
    {"BlobTooLarge",           CONNECTOR_FINAL,  "The file is larger than Bluesky takes."       },
    {"ConvoLocked",            CONNECTOR_FINAL,  "The conversation is locked."                  },
    {"RateLimitExceeded",      CONNECTOR_WAIT,
     "Bluesky takes no more from this account for some minutes."                                },
    {"UpstreamFailure",        CONNECTOR_RETRY,  NULL                                           },
    {"UpstreamTimeout",        CONNECTOR_RETRY,  NULL                                           },
    {"NotEnoughResources",     CONNECTOR_RETRY,  NULL                                           },
};

static void judge(struct arena *a, const struct bluesky_answer *answer, int64_t now_ms,
    struct connector_sent *sent)
{
    enum { LIMITED_MS = 60 * 1000 };
    network_why(a, S("Bluesky"), answer->message.len ? answer->message : answer->error, sent);
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
        if (!str_eq(answer->error, str_from(errors[i].error)))
            continue;
        if (errors[i].outcome == CONNECTOR_WAIT && sent->outcome != CONNECTOR_WAIT)
            sent->wait_until_ms = now_ms + LIMITED_MS;
        bool is_later = sent->outcome == CONNECTOR_WAIT && errors[i].outcome == CONNECTOR_RETRY;
        if (!is_later) /* the answer said when */
            sent->outcome = errors[i].outcome;
        if (errors[i].words)
            sent->why = str_from(errors[i].words);
        sent->is_channel_wide =
            errors[i].outcome == CONNECTOR_REAUTH || errors[i].outcome == CONNECTOR_WAIT;
    }
    if (str_find(answer->message, S("disabled incoming messages")) >= 0)
        sent->why = S("The person takes no messages from this account.");
}

static str token_of(struct arena *a, const struct bluesky_ask *ask)
{
    if (ask->token.len)
        return ask->token;
    return setup_secret(
        a, ask->setup, ask->as == BLUESKY_REFRESH ? "refresh_token" : "access_token");
}

static void read_answer(struct arena *a, const struct bluesky_ask *ask,
    const struct http_result *res, struct connector_sent *sent, struct bluesky_answer *answer)
{
    const struct json *root = res->status ? network_json(a, res) : NULL;
    answer->status = res->status;
    if (sent->outcome == CONNECTOR_SENT) {
        answer->root = root;
        if (!root && (ask->method == HTTP_GET || res->body.len)) {
            sent->outcome = ask->method == HTTP_GET ? CONNECTOR_RETRY : CONNECTOR_UNKNOWN;
            sent->why = S("Bluesky's answer cannot be read.");
        }
        return;
    }
    if (!res->status)
        return;
    answer->error = take_line(root, "error", LIMIT_NAME_BYTES);
    answer->message = take_line(root, "message", LIMIT_NAME_BYTES);
    judge(a, answer, ask->now_ms, sent);
}

err bluesky_do(struct http_client *client, struct arena *a, const struct bluesky_ask *ask,
    struct connector_sent *sent, struct bluesky_answer *answer)
{
    str base = base_of(a, ask->setup), token = token_of(a, ask);
    struct network_call call = {.method = ask->method,
        .url = str_print(a, "%.*s/xrpc/%s%s%.*s", SARG(base), ask->nsid, ask->query.len ? "?" : "",
            SARG(ask->query)),
        .body = ask->json,
        .parts = ask->bytes,
        .n_parts = ask->bytes ? 1 : 0,
        .content_type = ask->type,
        .max_bytes = ANSWER_BYTES};
    struct http_result res = {0};
    *answer = (struct bluesky_answer){0};
    *sent = (struct connector_sent){.outcome = CONNECTOR_REAUTH,
        .is_channel_wide = true,
        .why = S("The channel has no session with Bluesky yet. Test it.")};
    if (ask->as != BLUESKY_NOBODY && !token.len)
        return OK;
    if (ask->as != BLUESKY_NOBODY)
        call.authorization = str_cat(a, S("Bearer "), token);
    if (ask->is_chat)
        call.extra[call.n_extra++] = (struct http_header){S("atproto-proxy"), S(CHAT_SERVICE)};
    TRY(network_do(client, a, &call, &res));
    network_answer(a, S("Bluesky"), &res, ask->now_ms, sent);
    read_answer(a, ask, &res, sent, answer);
    return OK;
}
