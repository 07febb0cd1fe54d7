/* mail_source: see mail_source.h. */
#include "care/mail_source.h"

#include "care/mail_body.h"
#include "care/mail_raw.h"
#include "store/attachment.h"
#include "store/message.h"

/* The attachment of this name (tnef_part.h); 0 = none. */
static int64_t attachment_of(const struct attachment *rows, ptrdiff_t n, str name)
{
    for (ptrdiff_t i = 0; i < n; i++)
        if (str_eq(rows[i].media_id, name))
            return rows[i].id.v;
    return 0;
}

struct inlines {
    struct arena *a;
    const struct attachment *rows;
    ptrdiff_t n;
    struct mail_inline *at;
    ptrdiff_t n_at, most;
};

static void put_inline(struct inlines *in, str content_id, int number, int file)
{
    int64_t id = content_id.len && in->n_at < in->most
                     ? attachment_of(in->rows, in->n, tnef_part_name(in->a, number, file))
                     : 0;
    if (id)
        in->at[in->n_at++] = (struct mail_inline){content_id, id};
}

err mail_inlines_of(struct ctx *cx, message_id id, const struct mime_mail *mime,
    const struct tnef *tnefs, const struct mail_inline **inlines, ptrdiff_t *n)
{
    struct attachment *rows = NULL;
    struct inlines in = {.a = cx->arena, .most = mime->n_parts};
    for (int i = 0; i < mime->n_parts; i++)
        in.most += tnefs[i].n_files;
    TRY(attachment_list(cx, id, &rows, &in.n));
    in.rows = rows;
    in.at = NEW(cx->arena, struct mail_inline, in.most + 1);
    for (int i = 0; i < mime->n_parts; i++) {
        const struct mime_part *part = &mime->parts[i];
        put_inline(&in, part->content_id, part->number, -1);
        for (int k = 0; k < tnefs[i].n_files; k++)
            put_inline(&in, tnefs[i].files[k].content_id, part->number, k);
    }
    *inlines = in.at;
    *n = in.n_at;
    return OK;
}

err mail_inlines_ours(
    struct ctx *cx, message_id id, str html, const struct mail_inline **inlines, ptrdiff_t *n)
{
    struct attachment *rows = NULL;
    ptrdiff_t n_rows = 0;
    *n = 0;
    *inlines = NULL;
    if (!html.len)
        return OK;
    TRY(attachment_list(cx, id, &rows, &n_rows));
    struct mail_inline *found = NEW(cx->arena, struct mail_inline, n_rows + 1);
    for (ptrdiff_t i = 0; i < n_rows; i++) {
        str name = mail_picture_id(cx->arena, rows[i].id.v);
        if (str_find(html, str_cat(cx->arena, S("cid:"), name)) >= 0)
            found[(*n)++] = (struct mail_inline){name, rows[i].id.v};
    }
    *inlines = found;
    return OK;
}

/* As it came; what cannot be read of it is as its message has it. */
static err read_raw(struct ctx *cx, struct mail_source *s)
{
    struct mime_mail *mime = NEW(cx->arena, struct mime_mail, 2);
    bool has_inner = false;
    str bytes, why;
    err e = mail_raw_parts(cx, s->message.id, &bytes);
    if (e == E_NOT_FOUND) { /* ours */
        cx->fault = (struct fault){0};
        s->text = s->mail.body.len ? s->mail.body : s->message.text;
        s->html = s->mail.html;
        return mail_inlines_ours(cx, s->message.id, s->html, &s->inlines, &s->n_inlines);
    }
    TRY(e);
    if (mime_read(cx->arena, bytes, &mime[0], &mime[1], &has_inner, &why) != OK)
        return OK;
    const struct tnef *tnefs = tnef_part_unpack(cx->arena, bytes, mime);
    s->text = mime->text.len ? mime->text : s->message.text;
    s->html = mime->html;
    s->date_ms = mime->date_ms ? mime->date_ms : s->date_ms;
    return mail_inlines_of(cx, s->message.id, mime, tnefs, &s->inlines, &s->n_inlines);
}

err mail_source_read(struct ctx *cx, message_id id, struct mail_source *source)
{
    struct mail_source s = {0};
    const struct json *people = NULL;
    str why;
    TRY(message_get(cx, id, &s.message));
    if (!str_eq(s.message.kind, S("in")) && !str_eq(s.message.kind, S("out")))
        return fail_field(cx, "quote_id", "Only what was written between us and a customer.");
    s.from_name = s.message.author_name;
    s.text = s.message.text;
    s.date_ms = s.message.sent_ms;
    err e = mail_get(cx, id, &s.mail);
    if (e == E_NOT_FOUND) {
        cx->fault = (struct fault){0};
        s.mail = (struct mail){0};
        *source = s;
        return OK;
    }
    TRY(e);
    s.subject = s.mail.subject;
    if (s.mail.people.len && json_parse(cx->arena, s.mail.people, &people, &why) == OK) {
        s.from_name = json_text(json_path(people, S("from.name")), s.from_name);
        s.from_address = json_text(json_path(people, S("from.address")), S(""));
    }
    TRY(read_raw(cx, &s));
    *source = s;
    return OK;
}
