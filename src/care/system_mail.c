/* system_mail: see system_mail.h. */
#include "care/system_mail.h"

#include "care/letter.h"
#include "store/account.h"
#include "text/html_escape.h"
#include "text/words.h"

enum { BODY_BYTES = 32 * 1024 };

struct telling {
    struct ctx *cx;
    const struct account *account;
    const struct agent *agent;
    str locale;
    int64_t expires_ms;
};

static str sentence(const struct telling *t, const char *key)
{
    const struct words_arg name = {.name = "name", .text = t->agent->name};
    const struct words_arg account = {.name = "account", .text = t->account->name};
    const struct words_arg by = {.name = "by", .text = t->cx->actor.name};
    const struct words_arg at = {
        .name = "at", .number = t->expires_ms, .zone = t->agent->time_zone};
    const struct words_arg args[] = {name, account, by, at};
    return words(t->cx->arena, t->locale, key, args, 4);
}

static void put(struct sb *text, struct sb *html, str line)
{
    sb_print(text, "%.*s\n\n", SARG(line));
    sb_add(html, S("<p dir=\"auto\">"));
    html_escape_lines(html, line);
    sb_add(html, S("</p>\n"));
}

static void put_link(struct sb *text, struct sb *html, str label)
{
    sb_add(text, S(LETTER_LINK "\n\n"));
    sb_add(
        html, S("<p><a href=\"" LETTER_LINK "\" style=\"display:inline-block;padding:0.6em 1.2em;"
                "border-radius:6px;background:#1a6b4f;color:#fff;text-decoration:none\">"));
    html_escape(html, label);
    sb_add(html, S("</a></p>\n<p dir=\"ltr\" style=\"color:#666\">" LETTER_LINK "</p>\n"));
}

/* keys: hello, what it is about, the button, until when, and what to do when it is a mistake. */
static err tell(const struct telling *t, str kind, const char *const keys[6], str token)
{
    struct ctx *cx = t->cx;
    struct letter letter;
    struct sb text = sb_make(cx->arena, BODY_BYTES), html = sb_make(cx->arena, BODY_BYTES);
    sb_print(&html, "<!doctype html>\n<html lang=\"%.*s\" dir=\"%s\"><body>\n", SARG(t->locale),
        words_is_rtl(t->locale) ? "rtl" : "ltr");
    put(&text, &html, sentence(t, keys[1]));
    put(&text, &html, sentence(t, keys[2]));
    put_link(&text, &html, sentence(t, keys[3]));
    put(&text, &html, sentence(t, keys[4]));
    put(&text, &html, sentence(t, keys[5]));
    sb_add(&html, S("</body></html>\n"));
    if (text.failed || html.failed)
        return fail(cx, E_LIMIT, "the names are too long for a mail");
    return letter_add(cx,
        &(struct letter_new){
            .mailbox = t->account->mail_channel_id,
            .kind = kind,
            .to = {t->agent->name, t->agent->email},
            .subject = sentence(t, keys[0]),
            .text = sb_str(&text),
            .html = sb_str(&html),
            .link =
                str_print(cx->arena, "%.*s/app/link/%.*s", SARG(cx->config->base_url), SARG(token)),
    },
        &letter);
}

static err can_send(struct ctx *cx, struct account *account, bool *can)
{
    struct channel mailbox;
    TRY(account_get(cx, account));
    *can =
        account->mail_channel_id.v && letter_mailbox(cx, account->mail_channel_id, &mailbox) == OK;
    cx->fault = (struct fault){0};
    return OK;
}

err system_mail_can(struct ctx *cx, bool *can)
{
    struct account account;
    return can_send(cx, &account, can);
}

static err send(struct ctx *cx, const struct agent *agent, str kind, const char *const keys[6],
    str token, int64_t expires_ms, bool *is_sent)
{
    struct account account;
    TRY(can_send(cx, &account, is_sent));
    if (!*is_sent)
        return OK;
    str language = agent->locale.len ? agent->locale : account.locale;
    const struct telling t = {cx, &account, agent, words_locale(language), expires_ms};
    err e = tell(&t, kind, keys, token);
    *is_sent = e == OK;
    if (e != E_INVALID && e != E_CONFLICT)
        return e;
    cx->fault = (struct fault){0}; /* no address that takes mails: the link is there to copy */
    return OK;
}

err system_mail_invitation(
    struct ctx *cx, const struct agent *agent, str token, int64_t expires_ms, bool *is_sent)
{
    static const char *const keys[6] = {"invitation.subject", "mail.hello", "invitation.text",
        "invitation.open", "mail.until", "invitation.mistake"};
    return send(cx, agent, S("invitation"), keys, token, expires_ms, is_sent);
}

err system_mail_reset(
    struct ctx *cx, const struct agent *agent, str token, int64_t expires_ms, bool *is_sent)
{
    static const char *const keys[6] = {
        "reset.subject", "mail.hello", "reset.text", "reset.open", "mail.until", "reset.mistake"};
    return send(cx, agent, S("password_reset"), keys, token, expires_ms, is_sent);
}
