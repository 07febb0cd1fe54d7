/* chat_mail: see chat_mail.h. */
#include "care/chat_mail.h"

#include "base/id.h"
#include "base/json.h"
#include "base/limits.h"
#include "care/automatic_mail.h"
#include "care/letter.h"
#include "care/news.h"
#include "model/view_message.h"
#include "store/account.h"
#include "store/attachment.h"
#include "store/channel.h"
#include "store/contact.h"
#include "store/conversation.h"
#include "store/job.h"
#include "store/letter.h"
#include "store/mail.h"
#include "store/message.h"
#include "store/visitor.h"
#include "text/html_escape.h"
#include "text/words.h"

#define UNSEEN_MS (INT64_C(7) * 24 * 3600 * 1000) /* what is older is not brought up again */
enum {
    BODY_BYTES = 512 * 1024,
    REFS_BYTES = 16 * 1024,
    REFS_MOST = 20,
    FILES_BYTES = 15 * 1024 * 1024, /* of all files of a letter; mailboxes take 25 MB as base64 */
};

/* ── settings ── */

struct chat_mail_settings chat_mail_settings(struct arena *a, str settings)
{
    struct chat_mail_settings s = {.after_ms = CHAT_MAIL_MINUTES * INT64_C(60000)};
    const struct json *root = NULL;
    str why;
    if (json_parse(a, settings, &root, &why) != OK)
        return s;
    str mailbox = json_text(json_get(root, S("mail_channel_id")), S(""));
    if (id_parse(mailbox, &s.mailbox.v) != OK)
        s.mailbox = (channel_id){0};
    int64_t minutes = json_int(json_get(root, S("mail_after_minutes")), CHAT_MAIL_MINUTES);
    if (minutes >= 1 && minutes <= CHAT_MAIL_MINUTES_MOST)
        s.after_ms = minutes * 60000;
    s.gives_transcript = json_bool(json_get(root, S("transcript_mail_enabled")), false);
    return s;
}

static str first_of(str x, str y, str z)
{
    return x.len ? x : y.len ? y : z;
}

err chat_mail_reader(struct ctx *cx, const struct conversation *c, const struct contact *contact,
    struct chat_reader *r)
{
    struct visitor visitor = {0};
    struct account account;
    TRY(account_get(cx, &account));
    err e = visitor_of_contact(cx, contact->id, &visitor);
    if (e != E_NOT_FOUND)
        TRY(e);
    str language = first_of(visitor.locale, contact->language, c->language);
    *r = (struct chat_reader){.locale = words_locale(language.len ? language : account.locale),
        .zone = first_of(visitor.time_zone, contact->time_zone, account.time_zone)};
    return OK;
}

/* ── when ── */

err chat_mail_plan(struct ctx *cx, message_id id)
{
    struct message m;
    struct channel channel;
    TRY(message_get(cx, id, &m));
    if (!str_eq(m.author_kind, S("agent")) && !str_eq(m.author_kind, S("token")))
        return OK;
    TRY(channel_get(cx, m.channel_id, &channel));
    struct chat_mail_settings s = chat_mail_settings(cx->arena, channel.settings);
    if (!str_eq(channel.kind, S("widget")) || !s.mailbox.v)
        return OK;
    return job_add(cx, &(struct job_new){.kind = S("chat_mail"),
                           .key = str_print(cx->arena, "%lld", (long long)id.v),
                           .run_ms = cx->now_ms + s.after_ms});
}

struct going_on {
    struct message m;
    struct conversation c;
    struct contact contact;
    struct channel channel;
    struct chat_mail_settings settings;
    struct chat_reader reader;
    struct message *unseen;
    ptrdiff_t n_unseen;
};

/* *is_due: g is filled, but for what the letter says. */
static err gather(struct ctx *cx, message_id id, struct going_on *g, bool *is_due)
{
    *is_due = false;
    err e = message_get(cx, id, &g->m);
    if (e == E_NOT_FOUND) {
        cx->fault = (struct fault){0};
        return OK;
    }
    TRY(e);
    bool is_unseen = str_eq(g->m.state, S("sent")) || str_eq(g->m.state, S("delivered"));
    if (!is_unseen || g->m.letter_id.v || g->m.deleted_ms)
        return OK;
    TRY(conversation_get(cx, g->m.conversation_id, &g->c));
    TRY(channel_get(cx, g->c.channel_id, &g->channel));
    TRY(contact_get(cx, g->c.contact_id, &g->contact));
    g->settings = chat_mail_settings(cx->arena, g->channel.settings);
    *is_due = str_eq(g->channel.kind, S("widget")) && g->settings.mailbox.v &&
              g->contact.email.len && !g->contact.is_blocked;
    return OK;
}

err chat_mail_look(struct ctx *cx, message_id id, struct chat_mail_due *due)
{
    struct going_on g = {0};
    bool may = true;
    *due = (struct chat_mail_due){0};
    TRY(gather(cx, id, &g, &due->is_due));
    if (!due->is_due)
        return OK;
    due->contact = g.contact.id;
    TRY(automatic_mail_has_room(cx, g.contact.email, &may));
    due->is_held_back = !may;
    return OK;
}

/* ── what it says ── */

struct saying {
    struct arena *a;
    const struct going_on *g;
    struct sb text, html;
};

static void put_both(struct saying *s, str line)
{
    sb_add(&s->text, line);
    sb_add(&s->text, S("\n\n"));
    sb_add(&s->html, S("<p dir=\"auto\">"));
    html_escape_lines(&s->html, line);
    sb_add(&s->html, S("</p>\n"));
}

static str sentence(const struct saying *s, const char *key, str name, int64_t at_ms)
{
    const struct chat_reader *r = &s->g->reader;
    const struct words_arg args[] = {
        {.name = "name",   .text = name   },
        { .name = "at", .number = at_ms, .zone = r->zone},
    };
    return words(s->a, r->locale, key, args, 2);
}

static void put_quoted(struct saying *s, const struct message *asked)
{
    str said = sentence(s, "chat.you_wrote", S(""), asked->sent_ms), line, rest = asked->text;
    sb_print(&s->text, "%.*s\n", SARG(said));
    for (bool more = rest.len > 0; more;) {
        more = str_cut(rest, '\n', &line, &rest);
        sb_print(&s->text, "> %.*s\n", SARG(line));
    }
    sb_byte(&s->text, '\n');
    sb_add(&s->html, S("<p dir=\"auto\" style=\"color:#666\">"));
    html_escape(&s->html, said);
    sb_add(&s->html, S("</p>\n<blockquote dir=\"auto\" style=\"margin:0 0 1em;padding:0 1em;"
                       "border-inline-start:3px solid #ccc;color:#666\">"));
    html_escape_lines(&s->html, asked->text);
    sb_add(&s->html, S("</blockquote>\n"));
}

static void put_files(struct saying *s, const struct message *m)
{
    const struct json *files = NULL;
    str why;
    if (!m->attachments.len || json_parse(s->a, m->attachments, &files, &why) != OK)
        return;
    for (const struct json *f = files->first; f; f = f->next)
        put_both(
            s, sentence(s, "transcript.attachment", json_text(json_get(f, S("name")), S("")), 0));
}

static void put_said(struct saying *s, const struct message *m)
{
    str head = sentence(s, "chat.said", m->author_name, m->sent_ms);
    sb_print(&s->text, "%.*s\n", SARG(head));
    sb_add(&s->html, S("<p dir=\"auto\" style=\"margin-bottom:0;color:#666\">"));
    html_escape(&s->html, head);
    sb_add(&s->html, S("</p>\n"));
    if (m->text.len)
        put_both(s, m->text);
    put_files(s, m);
}

/* What they asked, the newest of theirs; {0} when there is none. */
static err find_asked(struct ctx *cx, const struct going_on *g, struct message *asked)
{
    *asked = (struct message){0};
    err e = g->c.last_in_id.v ? message_get(cx, g->c.last_in_id, asked) : E_NOT_FOUND;
    if (e == E_NOT_FOUND)
        cx->fault = (struct fault){0};
    return e == E_NOT_FOUND ? OK : e;
}

static err say(struct ctx *cx, const struct going_on *g, struct letter_new *new)
{
    struct saying s = {.a = cx->arena,
        .g = g,
        .text = sb_make(cx->arena, BODY_BYTES),
        .html = sb_make(cx->arena, 2 * BODY_BYTES)};
    struct message asked;
    TRY(find_asked(cx, g, &asked));
    sb_print(&s.html, "<!doctype html>\n<html lang=\"%.*s\" dir=\"%s\"><body>\n",
        SARG(g->reader.locale), words_is_rtl(g->reader.locale) ? "rtl" : "ltr");
    put_both(&s, sentence(&s, "chat.missed", g->c.channel_name, 0));
    for (ptrdiff_t i = 0; i < g->n_unseen; i++)
        put_said(&s, &g->unseen[i]);
    put_both(&s, sentence(&s, "chat.answer", S(""), 0));
    if (asked.text.len)
        put_quoted(&s, &asked);
    sb_add(&s.html, S("</body></html>\n"));
    if (s.text.failed || s.html.failed)
        return fail(cx, E_LIMIT, "The messages are too long for a mail.");
    new->subject = sentence(&s, "chat.subject", g->c.channel_name, 0);
    new->text = sb_str(&s.text);
    new->html = sb_str(&s.html);
    return OK;
}

/* As many as fit; all of them are named in the text. */
static err find_files(struct ctx *cx, const struct going_on *g, str *files)
{
    int64_t *ids = NEW(cx->arena, int64_t, 50 * LIMIT_ATTACHMENTS + 1);
    int64_t size = 0;
    ptrdiff_t n = 0;
    for (ptrdiff_t i = 0; i < g->n_unseen && i < 50; i++) {
        struct attachment *rows = NULL;
        ptrdiff_t n_rows = 0;
        if (g->unseen[i].attachments.len)
            TRY(attachment_list(cx, g->unseen[i].id, &rows, &n_rows));
        for (ptrdiff_t k = 0; k < n_rows; k++) {
            size += rows[k].size;
            if (size <= FILES_BYTES)
                ids[n++] = rows[k].id.v;
        }
    }
    *files = id_text(cx->arena, ids, n);
    return OK;
}

/* The letters of this chat before, and what the customer answered last by mail. */
static err find_refs(struct ctx *cx, const struct going_on *g, str *refs)
{
    struct letter before = {0};
    struct mail last = {0};
    const struct json *list = NULL;
    str why;
    err e = letter_of_chat(cx, g->c.id, &before);
    if (e != E_NOT_FOUND)
        TRY(e);
    e = mail_last_in(cx, g->c.id, &last);
    if (e != E_NOT_FOUND)
        TRY(e);
    struct json_out j = json_out_make(cx->arena, REFS_BYTES);
    json_arr(&j);
    if (before.refs.len && json_parse(cx->arena, before.refs, &list, &why) == OK) {
        ptrdiff_t skip = list->count - REFS_MOST;
        for (const struct json *v = list->first; v; v = v->next)
            if (skip-- <= 0)
                json_put_str(&j, json_text(v, S("")));
    }
    if (before.internet_id.len)
        json_put_str(&j, before.internet_id);
    if (last.internet_id.len)
        json_put_str(&j, last.internet_id);
    json_arr_end(&j);
    *refs = j.b.failed ? (str){0} : json_str(&j);
    return OK;
}

/* ── sending ── */

static err mark(struct ctx *cx, struct going_on *g, letter_id letter)
{
    TRY(conversation_fill_tags(cx, &g->c, 1));
    for (ptrdiff_t i = 0; i < g->n_unseen; i++) {
        struct message *m = &g->unseen[i];
        TRY(message_set_letter(cx, m->id, letter));
        m->letter_id = letter;
        TRY(news_message(cx, m, &g->c, S("message.updated")));
        TRY(news_message_visitor(cx, m, &g->c, S("message.updated")));
    }
    return OK;
}

err chat_mail_send(struct ctx *cx, message_id id)
{
    struct going_on g = {0};
    struct letter letter;
    bool is_due = false;
    TRY(gather(cx, id, &g, &is_due));
    if (!is_due)
        return OK;
    struct letter_new new = {
        .mailbox = g.settings.mailbox,
        .kind = S("chat"),
        .to = {g.contact.name, g.contact.email},
        .conversation = g.c.id
    };
    TRY(conversation_lock(cx, g.c.id, &g.c)); /* two jobs of one chat: the second finds it mailed */
    TRY(message_list_unmailed(cx, g.c.id, cx->now_ms - UNSEEN_MS, &g.unseen, &g.n_unseen));
    bool is_still_unseen = false;
    for (ptrdiff_t i = 0; i < g.n_unseen; i++)
        is_still_unseen |= g.unseen[i].id.v == id.v;
    if (!is_still_unseen)
        return OK;
    TRY(chat_mail_reader(cx, &g.c, &g.contact, &g.reader));
    TRY(say(cx, &g, &new));
    TRY(find_files(cx, &g, &new.files));
    TRY(find_refs(cx, &g, &new.refs));
    err e = letter_add(cx, &new, &letter);
    if (e == E_CONFLICT || e == E_INVALID || e == E_LIMIT) {
        cx->fault = (struct fault){0}; /* the mailbox is gone, or this is no address: as without */
        return OK;
    }
    TRY(e);
    const struct mail_member member = {letter.to_address, letter.to_name, false};
    TRY(mail_member_add_many(cx, g.c.id, &member, 1));
    return mark(cx, &g, letter.id);
}
