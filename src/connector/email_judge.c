/* email_judge: what the end of a mail's sending means. See email.h. What was taken is never sent
 * again; of what was lost after its last byte nobody knows, and an agent decides. Servers that ask
 * for patience (4xx: greylisting, a full mailbox) are asked again after 1, 5, 15 and 60 minutes,
 * then every hour, for 48 hours: for the recipients who wait, alone. That concerns this mail; what
 * happens before a server has taken the sender concerns the mailbox. Source: contract sheet of the
 * email channel, 8; RFC 5321, 4.5.4.1. Thread: pure. */
#include "base/limits.h"
#include "base/utf8.h"
#include "connector/email.h"
#include "connector/mail.h"

enum { MINUTE_MS = 60 * 1000, WHY_BYTES = 4096, ADDRESS_BYTES = 254, ANSWER_BYTES = 500 };
static const int64_t tries_ms = EMAIL_TRIES_MS;

static int64_t age_ms(const struct connector_outgoing *out)
{
    return out->letter->first_try_ms ? out->now_ms - out->letter->first_try_ms : 0;
}

int64_t email_next_try_ms(const struct connector_outgoing *out)
{
    static const struct {
        int until, wait; /* minutes */
    } steps[] = {
        {1,  1 },
        {6,  5 },
        {21, 15}
    };
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
        if (age_ms(out) < (int64_t)steps[i].until * MINUTE_MS)
            return out->now_ms + (int64_t)steps[i].wait * MINUTE_MS;
    return out->now_ms + (int64_t)60 * MINUTE_MS;
}

/* Empty: nothing was said about this recipient. */
static str state_of(enum mail_end_kind kind, bool is_over)
{
    switch (kind) {
    case MAIL_DONE:
        return S("taken");
    case MAIL_LATER:
        return is_over ? S("refused") : S("later");
    case MAIL_REFUSED:
        return S("refused");
    case MAIL_UNKNOWN:
        return S("unknown");
    case MAIL_BAD_ADDRESS:
    case MAIL_UNREACHABLE:
    case MAIL_BAD_CERTIFICATE:
    case MAIL_NO_TLS:
    case MAIL_BAD_LOGIN:
    case MAIL_BAD_FOLDER:
    case MAIL_LOST:
    case MAIL_CANCELLED:
    case MAIL_BAD_ANSWER:
        break;
    }
    return (str){0};
}

/* "550 5.1.1 User unknown" */
static str words_of(struct arena *a, const struct smtp_answer *answer)
{
    if (!answer->code)
        return answer->words;
    return str_print(a, "%d%s%.*s%s%.*s", answer->code, answer->enhanced.len ? " " : "",
        SARG(answer->enhanced), answer->words.len ? " " : "", SARG(answer->words));
}

/* RFC 3463: no such mailbox, not an address any more, disabled. */
static bool is_bad_address(const struct smtp_answer *answer)
{
    static const char *const codes[] = {"5.1.1", "5.1.6", "5.1.10", "5.2.1"};
    for (size_t i = 0; answer->code && i < sizeof codes / sizeof *codes; i++)
        if (str_eq(answer->enhanced, str_from(codes[i])))
            return true;
    return false;
}

struct judging {
    struct arena *a;
    const struct smtp_mail *mail;
    const struct smtp_sent *got;
    struct mail_reached *reached;
    ptrdiff_t n;
    bool is_over, waits;
};

static void note_all(struct judging *j)
{
    j->reached = NEW(j->a, struct mail_reached, j->mail->n_to + 1);
    for (int i = 0; i < j->mail->n_to; i++) {
        const struct smtp_answer *answer = &j->got->to[i];
        str state = state_of(answer->kind, j->is_over);
        if (!state.len)
            continue;
        j->reached[j->n++] = (struct mail_reached){.address = j->mail->to[i],
            .state = state,
            .words = answer->kind == MAIL_DONE ? (str){0} : words_of(j->a, answer),
            .is_bad_address = answer->kind == MAIL_REFUSED && is_bad_address(answer)};
        j->waits |= str_eq(state, S("later"));
    }
}

/* Some have not got it, and the agent should know. */
static str not_to(const struct judging *j)
{
    struct sb b = sb_make(j->a, WHY_BYTES);
    for (ptrdiff_t i = 0; i < j->n; i++)
        if (!str_eq(j->reached[i].state, S("taken")))
            sb_print(&b, "%s%.*s: %.*s", b.len ? "; " : "Not to ",
                SARG(str_sub(j->reached[i].address, 0, ADDRESS_BYTES)), SARG(j->reached[i].words));
    return b.failed ? S("Some recipients were refused.") : sb_str(&b);
}

/* Said about this mail, not about the mailbox or the connection. */
static bool is_own(const struct smtp_sent *got)
{
    return !got->is_before_mail && got->code && got->code != 421;
}

/* "250 2.0.0 queued as 4FxZ": by this it is found in that server's log. */
static str answer_of(struct arena *a, const struct smtp_sent *got)
{
    const struct smtp_answer taken = {
        .code = got->code, .enhanced = got->enhanced, .words = got->words};
    return utf8_prefix_bytes(words_of(a, &taken), ANSWER_BYTES);
}

static bool has_token(struct arena *a, const struct connector_setup *setup)
{
    return !str_eq(setup_setting(a, &connector_email, setup, "sign_in"), S("password"));
}

void email_judge(struct arena *a, const struct connector_outgoing *out,
    const struct smtp_mail *mail, const struct smtp_sent *got, struct connector_sent *sent)
{
    const struct mail_end end = {.kind = got->kind, .why = got->why, .code = got->code};
    struct judging j = {.a = a, .mail = mail, .got = got, .is_over = age_ms(out) >= tries_ms};
    email_end(&end, sent);
    if (sent->outcome == CONNECTOR_REAUTH && has_token(a, out->setup))
        sent->why = str_print(a, "Sign in again in the channel's settings. %.*s", SARG(got->why));
    bool is_later = got->kind == MAIL_LATER && is_own(got);
    if (is_later || got->kind == MAIL_DONE || got->kind == MAIL_REFUSED ||
        got->kind == MAIL_UNKNOWN)
        note_all(&j);
    sent->reached = j.reached;
    sent->n_reached = j.n;
    if (is_later && j.is_over) {
        sent->outcome = CONNECTOR_FINAL;
        sent->is_channel_wide = false;
        return;
    }
    if (is_later) {
        sent->outcome = CONNECTOR_WAIT;
        sent->is_channel_wide = false;
        sent->again_ms = sent->wait_until_ms = email_next_try_ms(out);
        return;
    }
    if (got->kind != MAIL_DONE)
        return;
    sent->external_id = out->letter->internet_id;
    sent->answer = answer_of(a, got);
    sent->again_ms = j.waits ? email_next_try_ms(out) : 0;
    if (got->n_taken < mail->n_to)
        sent->why = not_to(&j);
    str relay =
        email_relay_id(a, setup_setting(a, &connector_email, out->setup, "smtp_host"), got->words);
    if (relay.len && !str_eq(relay, out->letter->internet_id)) {
        str *alias = NEW(a, str, 1);
        *alias = relay;
        sent->aliases = alias;
        sent->n_aliases = 1;
    }
}
