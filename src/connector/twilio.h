/* twilio: what the SMS and the voice connector share: the form that Twilio posts, its signature, a
 * call to its REST API with what its error codes mean, and files behind Basic auth. Not here:
 * messages (sms.h), calls and TwiML.
 *
 * Settings and secrets, the same in both connectors: account_sid, auth_token (it also signs what
 * Twilio posts), auth_token_other (the second one while the token is changed), api_key_sid and
 * api_key_secret (for calls instead of the token), api_version.
 * Source: Twilio API 2010-04-01, "Security", "Error and warning dictionary" (2026). The table of
 * errors is UNSURE: a code without a row is judged by its status. Thread: pure but for twilio_do.
 */
#pragma once
#include "connector/connector.h"
#include "connector/network.h"

enum {
    TWILIO_FIELDS = 256, /* of one form; ten files with all else are some 60 */
    TWILIO_SID_BYTES = 34,
    TWILIO_OPTED_OUT = 21610, /* the person has written STOP */
};

/* The rows of settings that both have. */
#define TWILIO_ACCOUNT                                                                             \
    {.name = "account_sid",                                                                        \
        .kind = "text",                                                                            \
        .is_required = true,                                                                       \
        .help = "The account's SID, from the Twilio console: AC and 32 digits."},                  \
        {.name = "auth_token",                                                                     \
            .kind = "secret",                                                                      \
            .is_required = true,                                                                   \
            .help = "The account's auth token; it also proves that what comes in is Twilio's."},   \
        {.name = "auth_token_other",                                                               \
            .kind = "secret",                                                                      \
            .help = "The second auth token, while the token is being changed."},                   \
        {.name = "api_key_sid",                                                                    \
            .kind = "text",                                                                        \
            .help = "An API key (SK…) for calls to Twilio instead of the auth token."},            \
    {                                                                                              \
        .name = "api_key_secret", .kind = "secret", .help = "The API key's secret."                \
    }
#define TWILIO_VERSION                                                                             \
    {                                                                                              \
        .name = "api_version", .kind = "text", .standard = "2010-04-01",                           \
        .help = "The version of Twilio's API."                                                     \
    }

struct twilio_form {
    const struct http_pair *at; /* decoded; bytes that are no UTF-8, and NUL, became U+FFFD */
    ptrdiff_t n;
};
/* E_INVALID with words: no form, or more than TWILIO_FIELDS fields. */
err twilio_form_read(struct arena *a, str body, struct twilio_form *form, str *why);
/* The first field of that name; empty when absent. */
str twilio_field(const struct twilio_form *form, const char *name);
/* A line of at most max bytes, cut at a character; empty when it holds control characters. */
str twilio_line(const struct twilio_form *form, const char *name, ptrdiff_t max);

/* Two letters and 32 hex digits: "SM0123…". kinds: the letters allowed, "SM MM". */
bool twilio_is_sid(str s, const char *kinds);
/* "+15557770001" out of it and of "whatsapp:+15557770001"; empty: a name or a short code. */
str twilio_number(str address);

/* Over the channel's public address with the query that came, with either token. */
err twilio_verify(struct arena *a, const struct connector_hook *hook, str *why);

struct twilio_ask {
    const struct connector *connector;
    const struct connector_setup *setup;
    const char *host; /* "api": path is below the account; else below the host */
    enum http_method method;
    str path;        /* "/Messages.json" */
    const str *form; /* body; NULL = none */
    int64_t now_ms;
};
struct twilio_answer {
    const struct json *root; /* NULL unless SENT */
    int status;              /* HTTP; 0 = none came */
    int64_t code;            /* of Twilio's error; 0 = none */
};
/* A 2xx whose body does not parse is UNKNOWN for a POST and RETRY for a GET. */
err twilio_do(struct http_client *client, struct arena *a, const struct twilio_ask *ask,
    struct connector_sent *sent, struct twilio_answer *answer);
/* What an error code says in words for people; NULL = not known here. */
const char *twilio_words(int64_t code);

/* Account, message and file of "…/Accounts/AC…/Messages/MM…/Media/ME…" as "AC…/MM…/ME…"; empty: no
 * such address. */
str twilio_media_id(struct arena *a, str url);
/* Where the file of such an id is, with the account's credentials: the storage behind its redirect
 * does not see them (http_client.h). FINAL when it is no such id. */
err twilio_media(struct arena *a, const struct connector *c, const struct connector_setup *setup,
    str media_id, struct connector_source *out);
/* The same for any path below the account ("/Recordings/RE….mp3"). */
err twilio_source(struct arena *a, const struct connector *c, const struct connector_setup *setup,
    str account, str path, struct connector_source *out);
