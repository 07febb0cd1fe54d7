/* sms: what goes out. See sms.h. Twilio knows no repetition: after a call of which nobody can say
 * whether it acted, its list of messages is asked once. A message that stands there alone with the
 * same number, text and files since the call began is ours; otherwise the end stays unknown, or
 * (the network said that it failed) it is tried again. Thread: calls block. */
#include "base/clock.h"
#include "connector/reading.h"
#include "connector/sms.h"

enum {
    LIST_SIZE = 20,   /* newest messages to this number that are looked at */
    SKEW_MS = 5000,   /* between our clock and Twilio's, whose dates are whole seconds */
    CREATED_LEN = 31, /* "Thu, 01 Jan 2026 00:00:00 +0000" */
};

/* ── looking it up ── */

static bool digits_at(str s, ptrdiff_t at, ptrdiff_t n, int64_t *value)
{
    return str_int(str_sub(s, at, n), 0, 9999, value) == OK;
}

/* Unix ms of an RFC 2822 date in UTC; 0 for another form. */
static int64_t created_ms(struct arena *a, str s)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    int64_t day, year, hour, minute, second, ms = 0;
    ptrdiff_t month = str_find(str_from(months), str_sub(s, 8, 3));
    bool is_date = s.len == CREATED_LEN && month >= 0 && month % 3 == 0 &&
                   str_ends(s, S(" +0000")) && digits_at(s, 5, 2, &day) &&
                   digits_at(s, 12, 4, &year) && digits_at(s, 17, 2, &hour) &&
                   digits_at(s, 20, 2, &minute) && digits_at(s, 23, 2, &second);
    if (!is_date)
        return 0;
    str text = str_print(a, "%04d-%02d-%02dT%02d:%02d:%02dZ", (int)year, (int)(month / 3) + 1,
        (int)day, (int)hour, (int)minute, (int)second);
    return time_parse(text, &ms) == OK ? ms : 0;
}

static bool is_ours(struct arena *a, const struct json *m, const struct connector_outgoing *out)
{
    str date = take_line(m, "date_created", 40);
    return str_starts(take_line(m, "direction", 20), S("outbound")) &&
           str_eq(take_line(m, "to", READING_ID_BYTES), out->to) &&
           str_ends(take_text(m, "body"), out->text) && /* a trial account puts words before it */
           take_int(m, "num_media", 0) == out->n_files &&
           created_ms(a, date) >= out->now_ms - SKEW_MS;
}

/* The only message that can be this one; NULL: none, or two that might. */
static err find_sent(struct http_client *client, struct arena *a,
    const struct connector_outgoing *out, const struct json **found)
{
    const struct twilio_ask ask = {.connector = &connector_sms,
        .setup = out->setup,
        .host = "api",
        .method = HTTP_GET,
        .path = str_print(a, "/Messages.json?To=%.*s&PageSize=%d",
            SARG(http_percent_encode(a, out->to)), LIST_SIZE),
        .now_ms = out->now_ms};
    struct connector_sent sent;
    struct twilio_answer answer;
    int n = 0;
    *found = NULL;
    TRY(twilio_do(client, a, &ask, &sent, &answer));
    const struct json *list = take_array(answer.root, "messages");
    for (const struct json *m = list ? list->first : NULL; m; m = m->next)
        if (is_ours(a, m, out)) {
            *found = m;
            n++;
        }
    if (n != 1)
        *found = NULL;
    return OK;
}

/* ── a message ── */

/* "+15557770001", "whatsapp:+15557770001", or the digits of a short code. */
static bool is_reachable(str to)
{
    int64_t n;
    return twilio_number(to).len > 0 || str_int(to, 1, 99999999, &n) == OK;
}

/* Why it cannot go; empty: it can. */
static str obstacle(const struct connector_outgoing *out, str from, str service)
{
    int64_t bytes = 0;
    if (!is_reachable(out->to))
        return S("Nobody can answer to a sender that is a name and no number.");
    if (!from.len && !service.len)
        return S("The channel has no sender: enter a number or a messaging service.");
    if (!out->text.len && !out->n_files)
        return S("An SMS carries text and files only.");
    if (out->n_files > SMS_FILES)
        return S("An MMS carries up to 10 files.");
    for (ptrdiff_t i = 0; i < out->n_files; i++) {
        bytes += out->files[i].size;
        if (!out->files[i].url.len)
            return S("Twilio loads files from a public address, and this installation has none.");
    }
    return bytes > SMS_FILES_BYTES ? S("The files of an MMS have at most 5 MB together.")
                                   : (str){0};
}

static str form_of(struct arena *a, const struct connector_outgoing *out, str from, str service)
{
    struct form f = form_make(a);
    form_add(&f, "To", out->to);
    if (from.len)
        form_add(&f, "From", from);
    if (service.len)
        form_add(&f, "MessagingServiceSid", service);
    if (out->text.len)
        form_add(&f, "Body", out->text);
    for (ptrdiff_t i = 0; i < out->n_files; i++)
        form_add(&f, "MediaUrl", out->files[i].url);
    if (out->setup->hook_url.len)
        form_add(&f, "StatusCallback", out->setup->hook_url);
    return form_str(&f);
}

/* Twilio answers 201 also to what has failed at once. */
static void read_answer(struct arena *a, const struct json *root, struct connector_sent *sent)
{
    str status = take_line(root, "status", 20);
    int64_t code = take_int(root, "error_code", 0);
    const char *words = twilio_words(code);
    sent->external_id = take_id(root, "sid");
    if (!str_eq(status, S("failed")) && !str_eq(status, S("undelivered")))
        return;
    sent->outcome = CONNECTOR_FINAL;
    sent->why = words ? str_from(words) : S("Twilio could not deliver the message.");
    network_why(a, S("Twilio"), words ? (str){0} : take_line(root, "error_message", 200), sent);
}

err sms_send(struct http_client *client, struct arena *a, const struct connector_outgoing *out,
    struct connector_sent *sent)
{
    str from = setup_setting(a, &connector_sms, out->setup, "sender");
    str service = setup_setting(a, &connector_sms, out->setup, "messaging_service_sid");
    const struct json *found = NULL;
    struct twilio_answer answer;
    str why_not = obstacle(out, from, service);
    if (why_not.len) {
        *sent = (struct connector_sent){.outcome = CONNECTOR_FINAL, .why = why_not};
        return OK;
    }
    str form = form_of(a, out, from, service);
    const struct twilio_ask ask = {.connector = &connector_sms,
        .setup = out->setup,
        .host = "api",
        .method = HTTP_POST,
        .path = S("/Messages.json"),
        .form = &form,
        .now_ms = out->now_ms};
    TRY(twilio_do(client, a, &ask, sent, &answer));
    if (sent->outcome == CONNECTOR_SENT) {
        read_answer(a, answer.root, sent);
        return OK;
    }
    bool may_have_gone = sent->outcome == CONNECTOR_UNKNOWN || answer.status >= 500;
    if (!may_have_gone)
        return OK;
    TRY(find_sent(client, a, out, &found));
    if (found) {
        *sent = (struct connector_sent){.outcome = CONNECTOR_SENT};
        read_answer(a, found, sent);
    }
    return OK;
}
