/* acknowledge: see acknowledge.h. */
#include "care/acknowledge.h"

#include "base/json.h"
#include "base/utf8.h"
#include "care/automatic_mail.h"
#include "care/news.h"
#include "care/plan.h"
#include "connector/connector.h"
#include "store/channel.h"
#include "store/conversation.h"
#include "store/message.h"
#include "text/fill.h"

struct answering {
    struct ctx *cx;
    const struct connector_item *it;
    struct channel channel;
    const struct connector *email;
    struct connector_setup setup;
    struct conversation c;
};

static str setting(const struct answering *w, const char *name)
{
    return setup_setting(w->cx->arena, w->email, &w->setup, name);
}

/* Whether this mailbox acknowledges mails of such a sender. */
static bool is_wanted(const struct answering *w)
{
    const struct connector_mail *mail = w->it->mail;
    str who = setting(w, "acknowledge");
    if (!setting(w, "smtp_host").len)
        return false;
    if (str_eq(who, S("proven")))
        return mail->is_proven;
    return str_eq(who, S("any")) && !str_eq(mail->verdict, S("fail"));
}

/* In the language of the conversation, else of the mail. False: there is no text. */
static bool choose(const struct answering *w, str *subject, str *text)
{
    struct arena *a = w->cx->arena;
    const struct json *root = NULL, *texts[FILL_LANGUAGES];
    str why, languages[FILL_LANGUAGES];
    ptrdiff_t n = 0;
    if (json_parse(a, w->channel.settings, &root, &why) != OK)
        return false;
    const struct json *list = json_get(root, S("acknowledgement"));
    for (const struct json *v = list ? list->first : NULL; v && n < FILL_LANGUAGES; v = v->next) {
        languages[n] = json_text(json_get(v, S("language")), S(""));
        texts[n++] = v;
    }
    ptrdiff_t at =
        fill_choose(languages, n, w->c.language.len ? w->c.language : w->it->mail->language);
    if (at < 0)
        return false;
    const struct fill_values values = {fill_person(w->it->contact_name), w->c.number};
    *subject = fill(a, json_text(json_get(texts[at], S("subject")), S("")), &values);
    *text = fill(a, json_text(json_get(texts[at], S("text")), S("")), &values);
    return text->len > 0;
}

/* Of a sender who is not proven not even the subject comes back. */
static str subject_for(const struct answering *w, str subject)
{
    if (utf8_has_control(subject))
        subject = (str){0};
    return subject.len || w->it->mail->is_proven ? subject : w->c.channel_name;
}

static err write(struct answering *w, str subject, str text)
{
    struct ctx *cx = w->cx;
    const struct mail_person to = {fill_person(w->it->contact_name), w->it->contact_external_id};
    const struct mail_new mail = {.subject = subject_for(w, subject), .only_to = &to};
    struct message m = {
        .id = message_next_id(&w->c, cx->now_ms),
        .conversation_id = w->c.id,
        .channel_id = w->c.channel_id,
        .kind = S("out"),
        .is_automatic = true,
        .author_kind = S("system"),
        .author_name = w->c.channel_name,
        .text = text,
        .state = S("queued"),
        /* So that there can only be one; with the id, so that conversations can be joined. */
        .client_id = str_print(cx->arena, "acknowledgement:%lld", (long long)w->c.id.v),
        .visibility = S("private"),
        .sent_ms = cx->now_ms,
        .received_ms = cx->now_ms,
    };
    TRY(mail_out_add(cx, &w->c, &mail, &m));
    TRY(message_add(cx, &m));
    w->c.last_message_id = m.id;
    TRY(conversation_write(cx, &w->c, w->c.status));
    TRY(conversation_fill_tags(cx, &w->c, 1));
    TRY(news_message(cx, &m, &w->c, S("message.created")));
    return plan_send(cx, &m, w->c.channel_kind);
}

static err answer(struct answering *w, const struct inbound_result *result, int64_t *jobs)
{
    struct ctx *cx = w->cx;
    str subject, text, why;
    bool may = false;
    TRY(conversation_get(cx, result->conversation, &w->c));
    if (!choose(w, &subject, &text))
        return OK;
    TRY(automatic_mail_may_in(cx, w->c.id, w->it->contact_external_id, &may, &why));
    if (!may)
        return OK;
    TRY(conversation_lock(cx, result->conversation, &w->c));
    ++*jobs;
    return write(w, subject, text);
}

err acknowledge(struct ctx *cx, const struct inbound_item *item, const struct connector_item *it,
    const struct inbound_result *result, int64_t *jobs)
{
    struct answering *w = NEW(cx->arena, struct answering, 1);
    if (it->is_ours)
        return OK;
    if (it->mail->is_robot)
        return automatic_mail_arrived(cx, result->conversation, it->contact_external_id);
    if (!result->is_new_conversation)
        return OK;
    *w = (struct answering){.cx = cx, .it = it, .email = connector_find(S("email"))};
    TRY(channel_get(cx, item->channel, &w->channel));
    w->setup.settings = w->channel.settings;
    return is_wanted(w) ? answer(w, result, jobs) : OK;
}
