/* mail_forward: see mail_forward.h. */
#include "care/mail_forward.h"

#include "base/id.h"
#include "base/json.h"
#include "base/limits.h"
#include "care/activity.h"
#include "care/attachment.h"
#include "care/mail_body.h"
#include "care/news.h"
#include "model/view_attachment.h"
#include "store/attachment.h"
#include "store/audit.h"
#include "store/conversation.h"
#include "store/message.h"

struct forwarding {
    struct ctx *cx;
    const struct forward_new *forward;
    struct message message;
    struct conversation c;
    struct mail_new mail;
    int64_t copied_from[LIMIT_ATTACHMENTS], copies[LIMIT_ATTACHMENTS];
    ptrdiff_t n_copies;
    str attachments; /* their views */
};

static bool stays(const struct forward_new *f, const struct attachment *at)
{
    bool is_left = !attachment_is_here(at); /* it has not come yet, or never will */
    for (ptrdiff_t i = 0; i < f->n_without; i++)
        is_left |= f->without[i] == at->id.v;
    return is_left;
}

/* The same bytes under a number of its own. */
static err copy(struct ctx *cx, const struct attachment *from, struct attachment *to)
{
    struct attachment at = *from;
    at.id = (attachment_id){id_make(cx->now_ms)};
    at.conversation_id = (conversation_id){0};
    at.message_id = (message_id){0};
    at.created_ms = cx->now_ms;
    bool has_thumbnail = from->thumbnail_name.len > 0;
    at.state = has_thumbnail || str_eq(from->state, S("processing")) ? S("processing") : S("ready");
    TRY(attachment_add(cx, &at));
    if (has_thumbnail)
        TRY(attachment_ready(cx, at.id, from->thumbnail_name, &at));
    else if (str_eq(at.state, S("processing")))
        TRY(attachment_plan_thumbnail(cx, at.id));
    *to = at;
    return OK;
}

static err copy_files(struct forwarding *f)
{
    struct ctx *cx = f->cx;
    struct attachment *rows = NULL;
    ptrdiff_t n = 0;
    TRY(attachment_list(cx, f->message.id, &rows, &n));
    struct json_out j = json_out_make(cx->arena, 0);
    json_arr(&j);
    for (ptrdiff_t i = 0; i < n && f->n_copies < LIMIT_ATTACHMENTS; i++) {
        struct attachment at;
        if (stays(f->forward, &rows[i]))
            continue;
        TRY(copy(cx, &rows[i], &at));
        attachment_view(&j, &at, false);
        f->copied_from[f->n_copies] = rows[i].id.v;
        f->copies[f->n_copies++] = at.id.v;
    }
    json_arr_end(&j);
    f->attachments = f->n_copies ? json_str(&j) : (str){0};
    return OK;
}

static err give_files(struct forwarding *f, const struct message *m)
{
    for (ptrdiff_t i = 0; i < f->n_copies; i++)
        TRY(attachment_bind(f->cx, (attachment_id){f->copies[i]}, m->conversation_id, m->id));
    return OK;
}

static str replaced(struct arena *a, str s, str what, str with)
{
    struct sb b = sb_make(a, 0);
    for (ptrdiff_t at; (at = str_find(s, what)) >= 0;) {
        sb_add(&b, str_sub(s, 0, at));
        sb_add(&b, with);
        s = str_skip(s, at + what.len);
    }
    sb_add(&b, s);
    return sb_str(&b);
}

/* The pictures of the quote are the copies now. */
static void name_pictures(struct forwarding *f)
{
    struct arena *a = f->cx->arena;
    const struct forward_new *of = f->forward;
    for (ptrdiff_t i = 0; i < of->n_inlines; i++)
        for (ptrdiff_t k = 0; k < f->n_copies; k++)
            if (f->copied_from[k] == of->inlines[i].attachment_id)
                f->mail.quote_html = replaced(a, f->mail.quote_html,
                    str_print(a, "\"cid:%.*s\"", SARG(of->inlines[i].content_id)),
                    str_print(a, "\"cid:%.*s\"", SARG(mail_picture_id(a, f->copies[k]))));
}

static err begin(struct forwarding *f, struct conversation *c, struct message *m)
{
    const struct json *first = f->mail.to ? f->mail.to->first : NULL;
    struct start_new start = {
        .channel = f->c.channel_id,
        .name = json_text(json_get(first, S("name")), S("")),
        .email = json_text(json_get(first, S("address")), S("")),
        .text = f->forward->text,
        .client_id = f->forward->client_id,
        .previous = f->c.id,
        .attachments = f->attachments,
        .send_ms = f->forward->send_ms,
        .mail = &f->mail,
    };
    if (!first)
        return fail_field(f->cx, "mail", "Say whom it goes to.");
    return reply_start(f->cx, &start, c, m);
}

/* The original's timeline says to whom it went. */
static err note(struct forwarding *f)
{
    struct ctx *cx = f->cx;
    struct conversation *c = &f->c;
    str to = json_text(json_get(f->mail.to->first, S("address")), S(""));
    struct message entry =
        activity_message(cx, c, activity_json(cx->arena, S("forwarded"), (str){0}, to));
    c->updated_ms = cx->now_ms;
    TRY(message_add(cx, &entry));
    TRY(conversation_write(cx, c, c->status));
    TRY(conversation_fill_tags(cx, c, 1));
    TRY(news_message(cx, &entry, c, S("message.created")));
    return audit_add(cx, S("mail.forwarded"), S("message"), f->message.id.v, (str){0});
}

err mail_forward(
    struct ctx *cx, const struct forward_new *forward, struct conversation *c, struct message *m)
{
    struct forwarding *f = NEW(cx->arena, struct forwarding, 1);
    f->cx = cx;
    f->forward = forward;
    f->mail = *forward->mail;
    TRY(message_get(cx, forward->message, &f->message));
    TRY(conversation_lock(cx, f->message.conversation_id, &f->c));
    if (!str_eq(f->c.channel_kind, S("email")))
        return fail_detail(cx, E_CONFLICT, "kind", "Only a mail can be passed on.");
    TRY(copy_files(f));
    name_pictures(f);
    TRY(begin(f, c, m));
    TRY(give_files(f, m));
    return note(f);
}
