/* Calls to X: addresses, credentials, and what an answer means. See x.h. Source: docs.x.com,
 * "Response codes and errors", "Rate limits", August 2026. */
#include "base/clock.h"
#include "base/crypto.h"
#include "connector/oauth1.h"
#include "connector/x.h"

#include <stdio.h>

enum {
    LIMITED_LEAST_MS = 60 * 1000,       /* after 429, whatever the reset says */
    LIMITED_MOST_MS = 25 * 3600 * 1000, /* the longest window is a day */
    CHANCE_MS = 5000,                   /* so that many do not come back in one moment */
    WORDS_BYTES = 4000,                 /* of an answer's words that are looked at */
};

/* ── asking ── */

str x_url(struct arena *a, const struct connector_setup *s, str path, str query)
{
    str base = connector_host_url(a, &connector_x, s->hosts, S("api"));
    str version = x_setting(a, s, "api_version");
    return str_print(a, "%.*s/%.*s%.*s%s%.*s", SARG(base), SARG(version), SARG(path),
        query.len ? "?" : "", SARG(query));
}

static str bearer(struct arena *a, str token, const char *without, str *missing)
{
    if (token.len)
        return str_cat(a, S("Bearer "), token);
    *missing = str_from(without);
    return (str){0};
}

str x_authorization(struct arena *a, const struct connector_setup *s, enum x_as as,
    enum http_method method, str url, int64_t now_ms, str *missing)
{
    if (as == X_AS_APP)
        return bearer(a, setup_secret(a, s, "bearer_token"),
            "X: the app's bearer token is missing in the channel's settings.", missing);
    if (!x_is_oauth1(a, s))
        return bearer(a, setup_secret(a, s, "access_token"),
            "X: nobody has connected this account yet. Press Connect.", missing);
    const struct oauth1_keys keys = {
        .consumer_key = x_setting(a, s, "consumer_key"),
        .consumer_secret = setup_secret(a, s, "consumer_secret"),
        .token = setup_secret(a, s, "oauth1_token"),
        .token_secret = setup_secret(a, s, "oauth1_token_secret"),
    };
    if (!keys.consumer_key.len || !keys.consumer_secret.len || !keys.token.len ||
        !keys.token_secret.len) {
        *missing = S("X: one of the four keys of OAuth 1.0a is missing in the channel's settings.");
        return (str){0};
    }
    const struct oauth1_request request = {.method = method, .url = url, .now_ms = now_ms};
    str header = {0};
    if (oauth1_header(a, &keys, &request, &header) != OK)
        *missing = S("X: the call could not be signed; look at the base address.");
    return header;
}

err x_do(struct http_client *client, struct arena *a, const struct connector_setup *s,
    int64_t now_ms, const struct x_ask *ask, struct http_result *res, str *missing)
{
    struct network_call call = {.method = ask->method,
        .url = x_url(a, s, ask->path, ask->query),
        .body = ask->json,
        .timeout_ms = ask->timeout_ms,
        .max_bytes = ask->max_bytes};
    *missing = (str){0};
    call.authorization = x_authorization(a, s, ask->as, ask->method, call.url, now_ms, missing);
    if (missing->len)
        return OK;
    if (ask->files && !multipart_set(ask->files, &call)) {
        *missing = S("X: a file of the message is not there any more.");
        return OK;
    }
    return network_do(client, a, &call, res);
}

/* ── faults ── */

/* Wordings, lower case, and the numbers of the older form; the first row that fits. */
static const struct {
    const char *part;
    int code;
    enum x_fault fault;
} wordings[] = {
    {"usage-capped",                0,   X_FAULT_CAPPED      },
    {"usagecap",                    0,   X_FAULT_CAPPED      },
    {"usage cap",                   0,   X_FAULT_CAPPED      },
    {"spend cap",                   0,   X_FAULT_CAPPED      },
    {"creditsdepleted",             0,   X_FAULT_CAPPED      },
    {"problems/credits",            0,   X_FAULT_CAPPED      },
    {"toomanyconnections",          0,   X_FAULT_HELD        },
    {"connectionexception",         0,   X_FAULT_HELD        },
    {"crcvalidationfailed",         0,   X_FAULT_NOT_THERE   },
    {"urlvalidationfailed",         0,   X_FAULT_NOT_THERE   },
    {"duplicateurlfailed",          0,   X_FAULT_HERE        },
    {"duplicaterule",               0,   X_FAULT_HERE        },
    {"duplicate-rules",             0,   X_FAULT_HERE        },
    {"duplicatesubscription",       0,   X_FAULT_HERE        },
    {"subscription already exists", 0,   X_FAULT_HERE        },
    {"client-forbidden",            0,   X_FAULT_APP         },
    {"client-not-enrolled",         0,   X_FAULT_APP         },
    {"oauth1-permissions",          0,   X_FAULT_APP         },
    {"oauth1 app permissions",      0,   X_FAULT_APP         },
    {"unsupported-authentication",  0,   X_FAULT_APP         },
    {"duplicate",                   187, X_FAULT_DUPLICATE   },
    {"suspended",                   64,  X_FAULT_SUSPENDED   },
    {"cannot send message",         349, X_FAULT_CLOSED      },
    {"send a direct message",       150, X_FAULT_CLOSED      },
    {"send messages to",            151, X_FAULT_CLOSED      },
    {"mentioned",                   433, X_FAULT_NOT_SUMMONED},
    {"summon",                      0,   X_FAULT_NOT_SUMMONED},
    {"not permitted to reply",      0,   X_FAULT_NOT_SUMMONED},
    {"reply to this conversation",  0,   X_FAULT_NOT_SUMMONED},
    {"replies are",                 0,   X_FAULT_NOT_SUMMONED},
    {"deleted or not visible",      385, X_FAULT_GONE        },
};

static const char *words_of(enum x_fault fault)
{
    switch (fault) {
    case X_FAULT_DUPLICATE:
        return "X has just taken the same text and refuses it again. Change the words a little.";
    case X_FAULT_NOT_SUMMONED:
        return "X does not let us answer this post: its author has not mentioned or quoted us, or "
               "lets only some people answer. Write a direct message instead.";
    case X_FAULT_CLOSED:
        return "X: this person takes no direct messages from us. Answer in public, or ask them to "
               "open their messages.";
    case X_FAULT_SUSPENDED:
        return "X: the account is suspended.";
    case X_FAULT_APP:
        return "X refuses our app (client-forbidden): its plan or permissions do not allow this. "
               "An administrator must look at the app in X's developer console.";
    case X_FAULT_CAPPED:
        return "X: the plan's usage cap or credits are used up. Nothing goes until an "
               "administrator raises them in X's developer console and tests the connection.";
    case X_FAULT_GONE:
        return "X: the post or conversation is not there any more.";
    case X_FAULT_HELD:
        return "X: another program holds the app's only stream.";
    case X_FAULT_HERE:
        return "X has it already.";
    case X_FAULT_NOT_THERE:
        return "X called our webhook address and did not get the right answer. The address must be "
               "public https without a port, and the consumer secret the app's own.";
    case X_FAULT_NONE:
    case X_FAULT_OTHER:
        break;
    }
    return NULL;
}

/* What the answer says, and its numbers. */
struct said {
    str detail; /* one sentence for people */
    str all;    /* lower case, everything */
    int64_t codes[4];
    int n_codes;
};

static void say(struct sb *b, const struct json *object, const char *key)
{
    sb_add(b, take_line(object, key, WORDS_BYTES / 8));
    sb_byte(b, ' ');
}

static struct said read_words(struct arena *a, const struct json *root)
{
    struct said said = {0};
    struct sb b = sb_make(a, 2 * WORDS_BYTES);
    static const char *const keys[] = {
        "type", "title", "detail", "reason", "message", "connection_issue", "error"};
    const struct json *errors = take_array(root, "errors");
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        say(&b, root, keys[i]);
    said.detail = take_line(root, "detail", WORDS_BYTES / 8);
    int n = 0;
    for (const struct json *e = errors ? errors->first : NULL; e && n < 4; e = e->next, n++) {
        for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
            say(&b, e, keys[i]);
        if (take_int(e, "code", 0) > 0)
            said.codes[said.n_codes++] = take_int(e, "code", 0);
        if (!said.detail.len)
            said.detail = take_line(e, "detail", WORDS_BYTES / 8);
        if (!said.detail.len)
            said.detail = take_line(e, "message", WORDS_BYTES / 8);
    }
    if (!said.detail.len)
        said.detail = take_line(root, "title", WORDS_BYTES / 8);
    said.all = str_lower_ascii(a, sb_str(&b));
    return said;
}

/* Words about people and posts mean something only where X refuses them. */
static bool is_of_refusal(enum x_fault fault)
{
    return fault == X_FAULT_SUSPENDED || fault == X_FAULT_CLOSED || fault == X_FAULT_NOT_SUMMONED ||
           fault == X_FAULT_GONE;
}

static enum x_fault fault_of(const struct said *said, int status)
{
    bool is_refusal = status == 403 || status < 300;
    if (status == 402)
        return X_FAULT_CAPPED;
    for (size_t i = 0; i < sizeof wordings / sizeof *wordings; i++) {
        bool fits = str_find(said->all, str_from(wordings[i].part)) >= 0;
        for (int k = 0; k < said->n_codes; k++)
            fits = fits || (wordings[i].code && said->codes[k] == wordings[i].code);
        if (fits && (is_refusal || !is_of_refusal(wordings[i].fault)))
            return wordings[i].fault;
    }
    return status == 404 ? X_FAULT_GONE : X_FAULT_OTHER;
}

/* ── answers ── */

/* The last reset of the limits that are used up: of 15 minutes, and of a day. */
static int64_t reset_of(const struct http_result *res)
{
    static const char *const families[] = {
        "x-rate-limit", "x-user-limit-24hour", "x-app-limit-24hour"};
    int64_t last_s = 0;
    for (size_t i = 0; i < sizeof families / sizeof *families; i++) {
        char left[48], reset[48];
        int64_t s = 0;
        (void)snprintf(left, sizeof left, "%s-remaining", families[i]);
        (void)snprintf(reset, sizeof reset, "%s-reset", families[i]);
        bool is_used_up = i == 0 || str_eq(http_result_header(res, str_from(left)), S("0"));
        str text = str_trim(http_result_header(res, str_from(reset)));
        if (is_used_up && str_int(text, 0, INT64_MAX / 1000, &s) == OK && s > last_s)
            last_s = s;
    }
    return last_s * 1000;
}

static void wait_for_reset(
    struct arena *a, const struct http_result *res, int64_t now_ms, struct connector_sent *sent)
{
    int64_t until_ms = reset_of(res);
    uint16_t chance;
    if (until_ms < sent->wait_until_ms && http_result_retry_ms(res, now_ms))
        until_ms = sent->wait_until_ms;
    if (until_ms < now_ms + LIMITED_LEAST_MS)
        until_ms = now_ms + LIMITED_LEAST_MS;
    if (until_ms > now_ms + LIMITED_MOST_MS)
        until_ms = now_ms + LIMITED_MOST_MS;
    crypto_random(&chance, (ptrdiff_t)sizeof chance);
    sent->outcome = CONNECTOR_WAIT;
    sent->is_channel_wide = true;
    sent->wait_until_ms = until_ms + chance % CHANCE_MS;
    sent->why = str_print(
        a, "X's limit is reached; it goes on at %.*s.", SARG(time_rfc3339(a, sent->wait_until_ms)));
}

static enum x_fault refuse(struct arena *a, const struct http_result *res, const struct json *root,
    int64_t now_ms, struct connector_sent *sent)
{
    struct said said = read_words(a, root);
    enum x_fault fault = fault_of(&said, res->status);
    bool is_over = res->status < 500 && res->status != 408 && res->status != 425;
    if (fault == X_FAULT_CAPPED) {
        sent->outcome = CONNECTOR_REAUTH;
        sent->is_channel_wide = true;
        sent->wait_until_ms = 0;
    } else if (res->status == 429) {
        wait_for_reset(a, res, now_ms, sent);
        return fault;
    } else if (res->status == 401) {
        sent->why = S("X refuses our credentials. Connect the account again.");
        return X_FAULT_OTHER;
    } else if (is_over) {
        sent->outcome = CONNECTOR_FINAL;
        sent->is_channel_wide = fault == X_FAULT_APP;
    }
    network_why(a, S("X"), said.detail, sent);
    if (is_over && words_of(fault))
        sent->why = str_from(words_of(fault));
    return fault;
}

enum x_fault x_answer(
    struct arena *a, const struct http_result *res, int64_t now_ms, struct connector_sent *sent)
{
    network_answer(a, S("X"), res, now_ms, sent);
    bool is_good = res->status >= 200 && res->status < 300;
    const struct json *root = res->status ? network_json(a, res) : NULL;
    if (res->outcome == HTTP_CALL_TOO_LARGE && is_good) {
        sent->outcome = CONNECTOR_UNKNOWN;
        sent->why = S("X answered more than we read.");
        return X_FAULT_OTHER;
    }
    if (!res->status || res->outcome == HTTP_CALL_UNKNOWN) {
        if (res->outcome == HTTP_CALL_UNKNOWN)
            sent->outcome = CONNECTOR_UNKNOWN;
        return X_FAULT_OTHER;
    }
    bool holds_data = json_get(root, S("data")) || json_get(root, S("meta"));
    if (is_good && (holds_data || !take_array(root, "errors")))
        return X_FAULT_NONE;
    return refuse(a, res, root, now_ms, sent);
}

void x_missing(enum x_as as, str words, struct connector_sent *sent)
{
    bool is_app = as == X_AS_APP;
    *sent = (struct connector_sent){.outcome = is_app ? CONNECTOR_FINAL : CONNECTOR_REAUTH,
        .why = words,
        .is_channel_wide = !is_app};
}

void x_app_refused(const struct http_result *res, struct connector_sent *sent)
{
    if (res->status == 401)
        *sent = (struct connector_sent){
            .outcome = CONNECTOR_FINAL, .why = S("X refuses the app's bearer token.")};
}

err x_call(struct http_client *client, struct arena *a, const struct connector_setup *s,
    int64_t now_ms, const struct x_ask *ask, struct connector_sent *sent, enum x_fault *fault,
    const struct json **root)
{
    struct http_result res = {0};
    str missing;
    *root = NULL;
    *fault = X_FAULT_OTHER;
    TRY(x_do(client, a, s, now_ms, ask, &res, &missing));
    if (missing.len) {
        x_missing(ask->as, missing, sent);
        return OK;
    }
    *fault = x_answer(a, &res, now_ms, sent);
    if (ask->as == X_AS_APP)
        x_app_refused(&res, sent);
    if (sent->outcome == CONNECTOR_SENT)
        *root = network_json(a, &res);
    return OK;
}
