/* twilio: see twilio.h. */
#include "connector/twilio.h"

#include "base/limits.h"
#include "base/utf8.h"
#include "connector/credentials.h"
#include "connector/reading.h"
#include "connector/sign.h"

/* ── the form ── */

static bool decode(struct arena *a, str s, str *out)
{
    char *to = NEW(a, char, s.len + 1);
    ptrdiff_t n = http_percent_decode_to(to, s, true);
    if (n < 0)
        return false;
    *out = utf8_repair(a, str_of(to, n));
    return true;
}

err twilio_form_read(struct arena *a, str body, struct twilio_form *form, str *why)
{
    struct http_pair *at = NEW(a, struct http_pair, TWILIO_FIELDS);
    str rest = str_trim(body), pair, name, value;
    ptrdiff_t n = 0;
    for (bool more = rest.len > 0; more;) {
        more = str_cut(rest, '&', &pair, &rest);
        if (!pair.len)
            continue;
        (void)str_cut(pair, '=', &name, &value);
        if (n == TWILIO_FIELDS || !decode(a, name, &at[n].name) ||
            !decode(a, value, &at[n].value)) {
            *why = n == TWILIO_FIELDS ? S("The form has too many fields.")
                                      : S("The form is not rightly encoded.");
            return E_INVALID;
        }
        n++;
    }
    *form = (struct twilio_form){at, n};
    return OK;
}

str twilio_field(const struct twilio_form *form, const char *name)
{
    for (ptrdiff_t i = 0; i < form->n; i++)
        if (str_eq(form->at[i].name, str_from(name)))
            return form->at[i].value;
    return (str){0};
}

str twilio_line(const struct twilio_form *form, const char *name, ptrdiff_t max)
{
    str s = str_trim(twilio_field(form, name));
    return utf8_has_control(s) ? (str){0} : utf8_prefix_bytes(s, max);
}

/* ── names ── */

bool twilio_is_sid(str s, const char *kinds)
{
    str rest = str_from(kinds), kind;
    bool fits = false;
    if (s.len != TWILIO_SID_BYTES)
        return false;
    for (bool more = true; more;) {
        more = str_cut(rest, ' ', &kind, &rest);
        fits |= str_eq(str_sub(s, 0, 2), kind);
    }
    for (ptrdiff_t i = 2; i < s.len; i++) {
        char c = s.at[i];
        fits &= (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    }
    return fits;
}

str twilio_number(str address)
{
    enum { DIGITS_MOST = 15, DIGITS_LEAST = 6 }; /* E.164 */
    str number = address, before, rest;
    if (str_cut(address, ':', &before, &rest))
        number = rest;
    ptrdiff_t digits = number.len - 1;
    if (!str_starts(number, S("+")) || digits < DIGITS_LEAST || digits > DIGITS_MOST)
        return (str){0};
    for (ptrdiff_t i = 1; i < number.len; i++)
        if (number.at[i] < '0' || number.at[i] > '9')
            return (str){0};
    return number;
}

/* ── what Twilio posts ── */

err twilio_verify(struct arena *a, const struct connector_hook *hook, str *why)
{
    const str secrets[] = {setup_secret(a, hook->setup, "auth_token"),
        setup_secret(a, hook->setup, "auth_token_other")};
    str path, query;
    bool has_query = str_cut(hook->req->raw_target, '?', &path, &query);
    const struct sign_request given = {.req = hook->req,
        .url = has_query ? str_print(a, "%.*s?%.*s", SARG(hook->setup->hook_url), SARG(query))
                         : hook->setup->hook_url,
        .secrets = secrets,
        .secret_count = (ptrdiff_t)(sizeof secrets / sizeof *secrets),
        .now_ms = hook->now_ms};
    return sign_check(a, &sign_twilio, &given, why);
}

/* ── calls ── */

static const struct {
    int64_t code;
    enum connector_outcome outcome;
    const char *words; /* NULL = Twilio's own */
} codes[] = {
    {20003, CONNECTOR_REAUTH,
     "Twilio refuses the account's credentials. Enter the account's SID and auth token anew."   },
    {20404, CONNECTOR_FINAL,  "Twilio does not find it (any more)."                             },
    {20429, CONNECTOR_WAIT,   "Twilio takes no more calls at once; it goes on in a moment."     },
    {21211, CONNECTOR_FINAL,  "The number is not a telephone number."                           },
    {21408, CONNECTOR_FINAL,
     "This country is switched off in the Twilio account (geographic permissions)."             },
    {21606, CONNECTOR_FINAL,
     "The channel's sender may not write to this number. Check the sender in the settings."     },
    {21610, CONNECTOR_FINAL,
     "The person has written STOP and gets no more messages until they write START."            },
    {21612, CONNECTOR_FINAL,  "Twilio has no way from the channel's sender to this number."     },
    {21614, CONNECTOR_FINAL,  "The number is not a mobile number."                              },
    {21617, CONNECTOR_FINAL,  "The text is longer than 1,600 characters."                       },
    {21620, CONNECTOR_FINAL,  "Twilio cannot load the file from its address."                   },
    {30001, CONNECTOR_RETRY,  "Too many messages were waiting at Twilio."                       },
    {30002, CONNECTOR_FINAL,  "The Twilio account is suspended."                                },
    {30003, CONNECTOR_FINAL,  "The telephone cannot be reached: it is off or out of coverage."  },
    {30004, CONNECTOR_FINAL,  "The number or its network blocks these messages."                },
    {30005, CONNECTOR_FINAL,  "The number is not in use."                                       },
    {30006, CONNECTOR_FINAL,  "The number is a landline or its network takes no messages."      },
    {30007, CONNECTOR_FINAL,  "The network has taken the message for spam."                     },
    {30008, CONNECTOR_RETRY,  "The network gave no reason."                                     },
    {30017, CONNECTOR_RETRY,  "The network was overloaded."                                     },
    {30034, CONNECTOR_FINAL,
     "The sender is not registered for messages to the United States (A2P 10DLC)."              },
    {11200, CONNECTOR_RETRY,  "Twilio could not load an address of ours."                       },
    {11205, CONNECTOR_RETRY,  "Twilio could not connect to an address of ours."                 },
    {12100, CONNECTOR_FINAL,  "Twilio could not read our answer."                               },
    {12200, CONNECTOR_FINAL,  "Twilio could not read our answer."                               },
    {12300, CONNECTOR_FINAL,  "An address of ours gave Twilio a kind of content it cannot take."},
};

const char *twilio_words(int64_t code)
{
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (codes[i].code == code)
            return codes[i].words;
    return NULL;
}

static void judge(struct arena *a, const struct json *error, int64_t code, int64_t now_ms,
    struct connector_sent *sent)
{
    enum { ACCOUNT_SUSPENDED = 30002, SENDER_UNREGISTERED = 30034 };
    enum { LIMITED_MS = 5 * 1000 }; /* calls at once, not calls a minute: soon over */
    network_why(a, S("Twilio"), take_line(error, "message", LIMIT_NAME_BYTES), sent);
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        if (codes[i].code != code)
            continue;
        if (sent->outcome != codes[i].outcome && codes[i].outcome == CONNECTOR_WAIT)
            sent->wait_until_ms = now_ms + LIMITED_MS;
        sent->outcome = codes[i].outcome;
        sent->why = str_from(codes[i].words);
        sent->is_channel_wide = codes[i].outcome == CONNECTOR_REAUTH ||
                                codes[i].outcome == CONNECTOR_WAIT || code == ACCOUNT_SUSPENDED ||
                                code == SENDER_UNREGISTERED;
    }
    if (sent->outcome == CONNECTOR_REAUTH && !code)
        sent->why = str_from(twilio_words(20003));
}

/* Empty: the channel has no credentials that could be right. */
static str authorization(
    struct arena *a, const struct connector *c, const struct connector_setup *setup)
{
    str user = setup_setting(a, c, setup, "api_key_sid");
    str password = setup_secret(a, setup, "api_key_secret"), header = {0};
    if (!user.len || !password.len) {
        user = setup_setting(a, c, setup, "account_sid");
        password = setup_secret(a, setup, "auth_token");
    }
    if (!user.len || !password.len || credentials_basic(a, user, password, &header) != OK)
        return (str){0};
    return header;
}

static str account_url(
    struct arena *a, const struct connector *c, const struct connector_setup *setup, str account)
{
    str base = connector_host_url(a, c, setup->hosts, S("api"));
    str version = setup_setting(a, c, setup, "api_version");
    return str_print(a, "%.*s/%.*s/Accounts/%.*s", SARG(base),
        SARG(http_percent_encode(a, version)), SARG(account));
}

static str url_of(struct arena *a, const struct twilio_ask *ask)
{
    str account = setup_setting(a, ask->connector, ask->setup, "account_sid");
    str host = str_from(ask->host);
    if (!str_eq(host, S("api")))
        return str_cat(
            a, connector_host_url(a, ask->connector, ask->setup->hosts, host), ask->path);
    if (!twilio_is_sid(account, "AC"))
        return (str){0};
    return str_cat(a, account_url(a, ask->connector, ask->setup, account), ask->path);
}

err twilio_do(struct http_client *client, struct arena *a, const struct twilio_ask *ask,
    struct connector_sent *sent, struct twilio_answer *answer)
{
    const struct network_call call = {.method = ask->method,
        .url = url_of(a, ask),
        .authorization = authorization(a, ask->connector, ask->setup),
        .body = ask->form ? *ask->form : (str){0},
        .content_type = S("application/x-www-form-urlencoded")};
    struct http_result res = {0};
    *answer = (struct twilio_answer){0};
    *sent = (struct connector_sent){.outcome = CONNECTOR_REAUTH,
        .is_channel_wide = true,
        .why = S("The channel needs the account's SID (AC and 32 digits) and its auth token.")};
    if (!call.url.len || !call.authorization.len)
        return OK;
    TRY(network_do(client, a, &call, &res));
    network_answer(a, S("Twilio"), &res, ask->now_ms, sent);
    const struct json *root = res.status ? network_json(a, &res) : NULL;
    answer->status = res.status;
    if (sent->outcome == CONNECTOR_SENT) {
        answer->root = root;
        if (!root && res.body.len) {
            sent->outcome = ask->method == HTTP_GET ? CONNECTOR_RETRY : CONNECTOR_UNKNOWN;
            sent->why = S("Twilio's answer cannot be read.");
        }
        return OK;
    }
    if (!res.status)
        return OK;
    answer->code = take_int(root, "code", 0);
    judge(a, root, answer->code, ask->now_ms, sent);
    return OK;
}

/* ── files ── */

/* The next two parts of a path: `name`, then an id of that kind. */
static bool take_pair(str *path, str name, const char *kinds, str *sid)
{
    str word;
    (void)str_cut(*path, '/', &word, path);
    (void)str_cut(*path, '/', sid, path);
    return str_eq(word, name) && twilio_is_sid(*sid, kinds);
}

str twilio_media_id(struct arena *a, str url)
{
    str account, message, media;
    ptrdiff_t at = str_find(url, S("/Accounts/"));
    if (at < 0)
        return (str){0};
    str rest = str_skip(url, at + 1);
    if (!take_pair(&rest, S("Accounts"), "AC", &account) ||
        !take_pair(&rest, S("Messages"), "SM MM", &message) ||
        !take_pair(&rest, S("Media"), "ME", &media) || rest.len)
        return (str){0};
    return str_print(a, "%.*s/%.*s/%.*s", SARG(account), SARG(message), SARG(media));
}

err twilio_media(struct arena *a, const struct connector *c, const struct connector_setup *setup,
    str media_id, struct connector_source *out)
{
    str account, message, media, rest = media_id;
    (void)str_cut(rest, '/', &account, &rest);
    (void)str_cut(rest, '/', &message, &media);
    *out = (struct connector_source){.end = {.outcome = CONNECTOR_SENT}};
    if (!twilio_is_sid(account, "AC") || !twilio_is_sid(message, "SM MM") ||
        !twilio_is_sid(media, "ME")) {
        out->end = (struct connector_sent){
            .outcome = CONNECTOR_FINAL, .why = S("Twilio has no file of this name.")};
        return OK;
    }
    return twilio_source(a, c, setup, account,
        str_print(a, "/Messages/%.*s/Media/%.*s", SARG(message), SARG(media)), out);
}

err twilio_source(struct arena *a, const struct connector *c, const struct connector_setup *setup,
    str account, str path, struct connector_source *out)
{
    str header = authorization(a, c, setup);
    *out = (struct connector_source){.end = {.outcome = CONNECTOR_SENT}};
    if (!header.len) {
        out->end = (struct connector_sent){.outcome = CONNECTOR_REAUTH,
            .is_channel_wide = true,
            .why = S("The channel has no credentials for Twilio.")};
        return OK;
    }
    out->url = str_cat(a, account_url(a, c, setup, account), path);
    out->headers[0] = (struct http_header){S("Authorization"), header};
    out->n_headers = 1;
    return OK;
}
