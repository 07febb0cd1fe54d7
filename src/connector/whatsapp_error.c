/* WhatsApp's error codes: what each means for the piece that was sent, and in words for people. The
 * same codes come back with calls, in statuses of messages, and about the account. The network's
 * titles are going away, so only the code counts; its details go after our words.
 * Source: Meta, Cloud API, "Error codes" (v25.0, 2026). Thread: pure. */
#include "connector/whatsapp.h"

#include "connector/network.h"
#include "connector/reading.h"

enum action {
    STOP,       /* the channel: its people must act */
    REFUSED,    /* this one never goes */
    BARRED,     /* nor any other of its kind, until the account's people see to it */
    LIMITED,    /* channel: back off, twice as long each time */
    PAIR,       /* this recipient: 1, 4, 16, 64 … s */
    PAUSE,      /* channel: an hour */
    PAUSE_ONE,  /* this one: an hour */
    LATER,      /* channel: minutes */
    THREE_DAYS, /* registering too often */
    AGAIN,      /* back-off */
    ONCE,       /* again once, then refused */
};
enum {
    SECOND_MS = 1000,
    MINUTE_MS = 60 * SECOND_MS,
    HOUR_MS = 60 * MINUTE_MS,
    LIMITED_MOST_MS = 5 * MINUTE_MS,
    PAIR_MOST_MS = 15 * MINUTE_MS,
    LATER_MS = 5 * MINUTE_MS,
    THREE_DAYS_MS = 72 * HOUR_MS,
    DETAIL_BYTES = 500,
    NO_CODE = -1, /* 0 is one of the network's */
};

struct rule {
    int64_t from, to;
    enum action action;
    const char *state; /* of the account, when the network reports it unasked */
    const char *words;
};

/* clang-format off */
static const struct rule rules[] = {
    {0,      0,      STOP,       "revoked", "The access token is not accepted. Connect the channel again."},
    {190,    190,    STOP,       "revoked", "The access token is no longer valid. Connect the channel again."},
    {368,    368,    STOP,       "limited", "Meta has blocked the account for a time because of its rules. See the account's quality page."},
    {131031, 131031, STOP,       "limited", "Meta has locked the account. See the account's quality page."},
    {1,      2,      AGAIN,      NULL,      "The network had a fault of its own."},
    {3,      3,      BARRED,     NULL,      "The token lacks a permission: it needs whatsapp_business_messaging and whatsapp_business_management."},
    {10,     10,     BARRED,     NULL,      "The token lacks a permission: it needs whatsapp_business_messaging and whatsapp_business_management."},
    {200,    299,    BARRED,     NULL,      "The token lacks a permission: it needs whatsapp_business_messaging and whatsapp_business_management."},
    {4,      4,      LIMITED,    NULL,      "The app has made too many calls for now."},
    {80007,  80007,  LIMITED,    NULL,      "The business account has made too many calls for now."},
    {130429, 130429, LIMITED,    NULL,      "The number sends faster than it may."},
    {131056, 131056, PAIR,       NULL,      "Too many messages to this person in a short time."},
    {131048, 131048, PAUSE,      "limited", "Many people have reported messages of this number as spam, so sending is limited for now."},
    {131064, 131064, PAUSE_ONE,  "limited", "The number of people who may be written to first in 24 hours is used up."},
    {133016, 133016, THREE_DAYS, NULL,      "The number was registered too often. It can be registered again after 72 hours."},
    {130497, 130497, REFUSED,    NULL,      "This account may not write to people in that country."},
    {131047, 131047, REFUSED,    NULL,      "The customer last wrote more than 24 hours ago. Send a template."},
    {131026, 131026, REFUSED,    NULL,      "The message cannot be delivered: the person is not on WhatsApp, uses an old version, or has not accepted its terms."},
    {131049, 131049, REFUSED,    NULL,      "The person has had enough advertising for now. Do not send it again within 24 hours."},
    {131050, 131050, REFUSED,    NULL,      "The person wants no advertising from this number."},
    {130472, 130472, REFUSED,    NULL,      "The person takes part in an experiment of Meta and gets no advertising."},
    {131051, 131051, REFUSED,    NULL,      "The network does not know this kind of message."},
    {131052, 131052, ONCE,       NULL,      "The file could not be fetched."},
    {131053, 131053, ONCE,       NULL,      "The file could not be taken. Look at its type and size."},
    {131008, 131008, REFUSED,    NULL,      "Something is missing in the message."},
    {131009, 131009, REFUSED,    NULL,      "Something in the message is not valid."},
    {131021, 131021, REFUSED,    NULL,      "A number cannot write to itself."},
    {131030, 131030, REFUSED,    NULL,      "The number is a test number and this person is not in its list of recipients."},
    {131042, 131042, BARRED,     "limited", "There is a problem with the payment. See the billing of the account at Meta."},
    {131044, 131044, BARRED,     "limited", "There is a problem with the payment. See the billing of the account at Meta."},
    {131045, 131045, BARRED,     "limited", "The number is not registered rightly. Register it again."},
    {131037, 131037, BARRED,     "limited", "The display name of the number is not approved."},
    {131057, 131057, LATER,      NULL,      "The account is being maintained."},
    {131000, 131000, AGAIN,      NULL,      "The network had a fault of its own."},
    {131005, 131005, BARRED,     NULL,      "The token may not do this."},
    {131016, 131016, AGAIN,      NULL,      "The service is not available for now."},
    {135000, 135000, AGAIN,      NULL,      "The network had a fault of its own."},
    {131062, 131062, REFUSED,    NULL,      "A template of this kind can only go to a phone number, and the person's number is not known."},
    {132000, 132000, REFUSED,    NULL,      "The template has another number of variables."},
    {132001, 132001, REFUSED,    NULL,      "There is no such template in this language, or it is not approved."},
    {132005, 132005, REFUSED,    NULL,      "The template is too long with these variables."},
    {132007, 132007, REFUSED,    NULL,      "The template's text is against Meta's rules."},
    {132008, 132008, REFUSED,    NULL,      "A variable has a value that the template does not take."},
    {132012, 132012, REFUSED,    NULL,      "A variable has another form than the template asks for."},
    {132015, 132015, REFUSED,    NULL,      "The template is paused because of its quality."},
    {132016, 132016, REFUSED,    NULL,      "The template was disabled because of its quality."},
    {132068, 132068, REFUSED,    NULL,      "The form in the template is blocked."},
    {132069, 132069, REFUSED,    NULL,      "The form in the template has been used too often for now."},
    {137000, 137000, REFUSED,    NULL,      "The person's identity key has changed (a new phone, or WhatsApp installed anew). Make sure who you write to, then send it again."},
};
/* clang-format on */

static const struct rule *rule_of(int64_t code)
{
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        if (code >= rules[i].from && code <= rules[i].to)
            return &rules[i];
    return NULL;
}

const char *whatsapp_error_state(int64_t code)
{
    const struct rule *rule = rule_of(code);
    return rule ? rule->state : NULL;
}

/* Our words by the code, then the network's details; for a code we do not know what the network
 * calls it. */
str whatsapp_error_words(struct arena *a, const struct json *error)
{
    int64_t code = take_int(error, "code", NO_CODE);
    const struct rule *rule = rule_of(code);
    str detail = take_line(take_object(error, "error_data"), "details", DETAIL_BYTES);
    if (!detail.len && !rule)
        detail = take_line(error, "message", DETAIL_BYTES);
    if (!detail.len && !rule)
        detail = take_line(error, "title", DETAIL_BYTES);
    str ours = rule ? str_from(rule->words) : (str){0};
    if (!ours.len && !detail.len)
        ours = S("WhatsApp did not say why.");
    str number = code == NO_CODE ? (str){0} : str_print(a, " (%lld)", (long long)code);
    return str_print(a, "%.*s%s%.*s%.*s", SARG(ours),
        detail.len ? ours.len ? " WhatsApp says: " : "WhatsApp says: " : "", SARG(detail),
        SARG(number));
}

static int64_t at_most(int64_t ms, int64_t most)
{
    return ms < most ? ms : most;
}

/* The waits come out of the time since the first try, so that they double (1, 2, 4 … s after 0, 1,
 * 3 … s) or grow fourfold (1, 4, 16 … s after 0, 1, 5 … s) without a count of tries. */
static void apply(const struct rule *rule, const struct whatsapp_try *t, int64_t asked_ms,
    struct connector_sent *s)
{
    int64_t since =
        t->first_try_ms > 0 && t->first_try_ms < t->now_ms ? t->now_ms - t->first_try_ms : 0;
    int64_t wait = 0;
    s->is_channel_wide = false;
    switch (rule->action) {
    case STOP:
        s->outcome = CONNECTOR_REAUTH;
        s->is_channel_wide = true;
        break;
    case REFUSED:
        s->outcome = CONNECTOR_FINAL;
        break;
    case BARRED:
        s->outcome = CONNECTOR_FINAL;
        s->is_channel_wide = true;
        break;
    case LIMITED:
        wait = at_most(SECOND_MS + since, LIMITED_MOST_MS);
        s->is_channel_wide = true;
        break;
    case PAIR:
        wait = at_most(SECOND_MS + 3 * since, PAIR_MOST_MS);
        break;
    case PAUSE:
        wait = HOUR_MS;
        s->is_channel_wide = true;
        break;
    case PAUSE_ONE:
        wait = HOUR_MS;
        break;
    case LATER:
        wait = LATER_MS;
        s->is_channel_wide = true;
        break;
    case THREE_DAYS:
        wait = THREE_DAYS_MS;
        break;
    case AGAIN:
        s->outcome = CONNECTOR_RETRY;
        break;
    case ONCE:
        s->outcome = since ? CONNECTOR_FINAL : CONNECTOR_RETRY;
        break;
    }
    s->wait_until_ms = 0;
    if (!wait)
        return;
    bool is_asked = rule->action == LIMITED && asked_ms > t->now_ms;
    s->outcome = CONNECTOR_WAIT;
    s->wait_until_ms = is_asked ? asked_ms : t->now_ms + wait;
}

void whatsapp_judge(struct arena *a, const struct whatsapp_try *t, const struct http_result *res,
    struct meta_answer *got)
{
    const struct json *error = take_object(got->json, "error");
    const struct rule *rule = rule_of(take_int(error, "code", NO_CODE));
    const struct connector_rate *rate = &got->sent.rate;
    int64_t asked_ms = http_result_retry_ms(res, t->now_ms);
    if (!error)
        return;
    if (!asked_ms && rate->limit && !rate->remaining)
        asked_ms = rate->reset_ms;
    got->sent.why = whatsapp_error_words(a, error);
    if (rule)
        apply(rule, t, asked_ms, &got->sent);
}
