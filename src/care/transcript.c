/* transcript: see transcript.h. */
#include "care/transcript.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "care/letter.h"
#include "model/view_message.h"
#include "store/account.h"
#include "store/channel.h"
#include "store/contact.h"
#include "store/mail.h"
#include "store/message.h"
#include "text/html_escape.h"
#include "text/words.h"

enum { TRANSCRIPT_MAX = 2000 }; /* messages, the newest */

struct writing {
    struct arena *a;
    const struct chat_reader *reader;
    bool is_theirs;
    struct sb html, text;
};

static str sentence(const struct writing *w, const char *key, str name, int64_t at_ms)
{
    const struct words_arg args[] = {
        {.name = "name",   .text = name           },
        { .name = "at", .number = at_ms, .zone = w->reader->zone},
    };
    return words(w->a, w->reader->locale, key, args, 2);
}

static void put_files(struct writing *w, const struct message *m)
{
    const struct json *files = NULL;
    str why;
    if (!m->attachments.len || json_parse(w->a, m->attachments, &files, &why) != OK)
        return;
    for (const struct json *f = files->first; f; f = f->next) {
        str line =
            sentence(w, "transcript.attachment", json_text(json_get(f, S("name")), S("file")), 0);
        sb_add(&w->html, S("<p dir=\"auto\">"));
        html_escape(&w->html, line);
        sb_add(&w->html, S("</p>"));
        sb_print(&w->text, "%.*s\n", SARG(line));
    }
}

static str speaker(const struct writing *w, const struct message *m)
{
    if (!str_eq(m->kind, S("in")))
        return m->author_name;
    if (w->is_theirs)
        return sentence(w, "transcript.you", S(""), 0);
    return m->author_name.len ? m->author_name : sentence(w, "transcript.customer", S(""), 0);
}

static void put_said(struct writing *w, const struct message *m)
{
    str name = speaker(w, m), at = sentence(w, "transcript.at", S(""), m->sent_ms);
    sb_add(&w->html, S("<section><h2 style=\"font-size:1em;margin:1.2em 0 0\"><bdi>"));
    html_escape(&w->html, name);
    sb_print(&w->html, "</bdi> <time datetime=\"%.*s\" style=\"font-weight:normal;color:#666\">",
        SARG(time_rfc3339(w->a, m->sent_ms)));
    html_escape(&w->html, at);
    sb_add(&w->html, S("</time></h2><p dir=\"auto\" style=\"margin:0.3em 0\">"));
    html_escape_lines(&w->html, m->text);
    sb_add(&w->html, S("</p>"));
    sb_print(&w->text, "%.*s, %.*s\n%.*s\n", SARG(name), SARG(at), SARG(m->text));
    put_files(w, m);
    sb_add(&w->html, S("</section>\n"));
    sb_byte(&w->text, '\n');
}

static void put_head(struct writing *w, str title, int64_t now_ms)
{
    str made = sentence(w, "transcript.made", S(""), now_ms);
    sb_print(&w->html,
        "<!doctype html>\n<html lang=\"%.*s\" dir=\"%s\"><head><meta charset=\"utf-8\"><title>",
        SARG(w->reader->locale), words_is_rtl(w->reader->locale) ? "rtl" : "ltr");
    html_escape(&w->html, title);
    sb_add(&w->html, S("</title></head><body><h1 style=\"font-size:1.4em\">"));
    html_escape(&w->html, title);
    sb_add(&w->html, S("</h1><p>"));
    html_escape(&w->html, made);
    sb_add(&w->html, S("</p>\n"));
    sb_print(&w->text, "%.*s\n%.*s\n\n", SARG(title), SARG(made));
}

err transcript_write(struct ctx *cx, const struct conversation *c, const struct chat_reader *reader,
    bool is_theirs, struct transcript *t)
{
    struct message *rows = NULL;
    ptrdiff_t n = 0;
    bool has_older;
    struct writing w = {.a = cx->arena,
        .reader = reader,
        .is_theirs = is_theirs,
        .html = sb_make(cx->arena, LIMIT_ARENA_BYTES / 4),
        .text = sb_make(cx->arena, LIMIT_ARENA_BYTES / 8)};
    if (c->id.v)
        TRY(message_list(cx, c->id, (message_id){0}, TRANSCRIPT_MAX, &rows, &n, &has_older));
    str title = sentence(&w, "transcript.title", c->channel_name, 0);
    put_head(&w, title, cx->now_ms);
    for (ptrdiff_t i = 0; i < n; i++)
        if (message_is_for_visitor(&rows[i]))
            put_said(&w, &rows[i]);
    sb_add(&w.html, S("</body></html>\n"));
    if (w.html.failed || w.text.failed)
        return fail(cx, E_LIMIT, "the conversation is too long for one page");
    *t = (struct transcript){title, sb_str(&w.html), sb_str(&w.text)};
    return OK;
}

/* ── as a letter ── */

/* The chat's own mailbox, else that of the account. */
static err find_mailbox(struct ctx *cx, const struct conversation *c, channel_id *mailbox)
{
    struct channel channel;
    struct account account;
    TRY(channel_get(cx, c->channel_id, &channel));
    TRY(account_get(cx, &account));
    *mailbox = account.mail_channel_id;
    if (str_eq(channel.kind, S("widget"))) {
        channel_id own = chat_mail_settings(cx->arena, channel.settings).mailbox;
        *mailbox = own.v ? own : *mailbox;
    }
    if (!mailbox->v)
        return fail_detail(cx, E_CONFLICT, "mailbox",
            "Neither this channel nor the account has a mailbox that mails go out by.");
    return OK;
}

err transcript_mail(struct ctx *cx, const struct conversation *c, str to, struct letter *letter)
{
    struct contact contact;
    struct chat_reader reader;
    struct transcript t;
    struct letter_new new = {.kind = S("transcript"), .conversation = c->id};
    TRY(contact_get(cx, c->contact_id, &contact));
    str address = utf8_fold(cx->arena, str_trim(to));
    bool is_theirs = !address.len || str_eq(address, contact.email);
    if (is_theirs && !contact.email.len)
        return fail_field(cx, "email", "The customer has given no mail address.");
    TRY(find_mailbox(cx, c, &new.mailbox));
    TRY(chat_mail_reader(cx, c, &contact, &reader));
    TRY(transcript_write(cx, c, &reader, is_theirs, &t));
    new.to = is_theirs ? (struct mail_person){contact.name, contact.email}
                       : (struct mail_person){S(""), address};
    new.subject = t.title;
    new.text = t.text;
    new.html = t.html;
    TRY(letter_add(cx, &new, letter));
    if (!is_theirs)
        return OK; /* whoever else got it does not take part: their answer stands beside it */
    const struct mail_member member = {letter->to_address, letter->to_name, false};
    return mail_member_add_many(cx, c->id, &member, 1);
}
