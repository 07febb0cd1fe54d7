/* mail_body: see mail_body.h. */
#include "care/mail_body.h"

#include "base/json.h"
#include "base/limits.h"
#include "text/html_clean.h"

enum { WHOLE_BYTES = 2 * HTML_CLEAN_BYTES };

str mail_picture_id(struct arena *a, int64_t attachment)
{
    return str_print(a, "%lld@seva.invalid", (long long)attachment);
}

/* The files of the message, as content ids. */
static int pictures_of(struct arena *a, const struct message *m, const str **ids)
{
    const struct json *list = NULL;
    str why, *found = NEW(a, str, LIMIT_ATTACHMENTS);
    int n = 0;
    *ids = found;
    if (!m->attachments.len || json_parse(a, m->attachments, &list, &why) != OK)
        return 0;
    for (const struct json *v = list->first; v && n < LIMIT_ATTACHMENTS; v = v->next)
        found[n++] = str_cat(a, json_text(json_get(v, S("id")), S("")), S("@seva.invalid"));
    return n;
}

static err clean(struct ctx *cx, const struct message *m, str html, str *clean)
{
    const str *pictures = NULL;
    str why = {0};
    int n = pictures_of(cx->arena, m, &pictures);
    err e = html_clean(cx->arena, html, pictures, n, clean, &why);
    return e == E_LIMIT ? fail_field(cx, "mail.html", "%.*s", SARG(why)) : e;
}

static void add_below(struct sb *b, const char *before, str words)
{
    if (!words.len)
        return;
    if (b->len)
        sb_add(b, str_from(before));
    sb_add(b, words);
}

err mail_body_make(
    struct ctx *cx, const struct message *m, const struct mail_words *words, struct mail *mail)
{
    const struct mail_signature *signature = &words->signature;
    str html = {0}, body = {0};
    if (words->html.len) {
        struct sb b = sb_make(cx->arena, WHOLE_BYTES);
        str own;
        TRY(clean(cx, m, words->html, &own));
        sb_add(&b, own);
        add_below(&b, "<div><br/></div>", signature->html);
        add_below(&b, "<div><br/></div>", words->quote_html);
        if (b.failed)
            return fail_field(cx, "mail.html", "The mail is too long.");
        html = sb_str(&b);
    }
    if (signature->text.len || words->quote_text.len) {
        struct sb b = sb_make(cx->arena, WHOLE_BYTES);
        sb_add(&b, m->text);
        if (signature->text.len) {
            sb_add(&b, b.len ? S("\n\n-- \n") : S("-- \n"));
            sb_add(&b, signature->text);
        }
        add_below(&b, "\n\n", words->quote_text);
        if (b.failed)
            return fail_field(cx, "text", "The mail is too long.");
        body = sb_str(&b);
    }
    mail->html = html;
    mail->body = body;
    return OK;
}
