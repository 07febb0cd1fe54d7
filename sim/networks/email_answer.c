/* How customers' programs answer: the subject with one "Re:", In-Reply-To and References (RFC 5322
 * 3.6.4), and what they answer below their words, each program in its own way: Gmail's page,
 * Outlook, Thunderbird in plain text. See email.h. */
#include "email.h"

enum { REFERENCES_BYTES = 4000 };
enum program { GMAIL, OUTLOOK, THUNDERBIRD };
enum { PROGRAMS = THUNDERBIRD + 1 };

/* Everybody keeps to one program. */
static enum program program_of(str address)
{
    unsigned sum = 0;
    for (ptrdiff_t i = 0; i < address.len; i++)
        sum += (unsigned char)address.at[i];
    return (enum program)(sum % PROGRAMS);
}

/* Of an HTML document what stands between <body …> and </body>. */
static str inside(str html)
{
    ptrdiff_t at = str_find(html, S("<body")), end = str_find(html, S("</body>"));
    ptrdiff_t open = at < 0 ? -1 : str_find_byte(str_skip(html, at), '>');
    if (open < 0 || end < at + open)
        return html;
    return str_sub(html, at + open + 1, end - at - open - 1);
}

static str html_of(struct arena *a, const struct email_mail *m)
{
    return m->html.len > 0 ? inside(m->html) : email_html(a, m->text);
}

static str arrows(struct arena *a, str text)
{
    struct sb b = sb_make(a, 0);
    while (text.len > 0) {
        str line;
        (void)str_cut(text, '\n', &line, &text);
        line = str_ends(line, S("\r")) ? str_sub(line, 0, line.len - 1) : line;
        sb_print(&b, line.len > 0 && line.at[0] != '>' ? "> %.*s\n" : ">%.*s\n", SARG(line));
    }
    return sb_str(&b);
}

/* "Sat, 28 Nov 2026 at 22:14", as Gmail has it in British English. */
static str when(struct arena *a, str date)
{
    ptrdiff_t colon = str_find_byte(date, ':');
    if (colon < 4)
        return date;
    return str_print(
        a, "%.*s at %.*s", SARG(str_sub(date, 0, colon - 3)), SARG(str_sub(date, colon - 2, 5)));
}

static str who(struct arena *a, const struct email_mail *m)
{
    return str_print(
        a, "%.*s <%.*s>", SARG(m->from_name.len > 0 ? m->from_name : m->from), SARG(m->from));
}

static void as_gmail(struct arena *a, const struct email_mail *m, struct email_draft *d)
{
    str at = when(a, m->date), said = email_html(a, d->text);
    d->html = str_print(a,
        "<div dir=\"auto\">%.*s</div><br><div class=\"gmail_quote\"><div dir=\"ltr\" "
        "class=\"gmail_attr\">On %.*s, %.*s wrote:<br></div><blockquote class=\"gmail_quote\" "
        "style=\"margin:0 0 0 .8ex;border-left:1px #ccc solid;padding-left:1ex\">%.*s</blockquote>"
        "</div>\r\n",
        SARG(said), SARG(at), SARG(email_html(a, who(a, m))), SARG(html_of(a, m)));
    d->text = str_print(a, "%.*s\n\nOn %.*s, %.*s wrote:\n\n%.*s", SARG(d->text), SARG(at),
        SARG(who(a, m)), SARG(arrows(a, m->text)));
}

static void as_outlook(struct arena *a, const struct email_mail *m, struct email_draft *d)
{
    str said = email_html(a, d->text), subject = email_html(a, m->subject);
    d->html = str_print(a,
        "<html><body><div>%.*s</div><div id=\"appendonsend\"></div><hr style=\"display:inline-block;width:98%%\" tabindex=\"-1\">"
        "<div id=\"divRplyFwdMsg\" dir=\"ltr\"><b>From:</b> %.*s<br><b>Sent:</b> %.*s<br><b>To:</b> "
        "%.*s<br><b>Subject:</b> %.*s</div><div>%.*s</div></body></html>\r\n",
        SARG(said), SARG(email_html(a, who(a, m))), SARG(m->date), SARG(d->from), SARG(subject),
        SARG(html_of(a, m)));
    d->text = str_print(a,
        "%.*s\n\n________________________________\nFrom: %.*s\nSent: %.*s\nTo: %.*s\nSubject: "
        "%.*s\n\n%.*s",
        SARG(d->text), SARG(who(a, m)), SARG(m->date), SARG(d->from), SARG(m->subject),
        SARG(m->text));
}

static void as_thunderbird(struct arena *a, const struct email_mail *m, struct email_draft *d)
{
    str name = m->from_name.len > 0 ? m->from_name : m->from;
    d->html = (str){0};
    d->text = str_print(a, "%.*s\n\nOn %.*s, %.*s wrote:\n%.*s", SARG(d->text),
        SARG(when(a, m->date)), SARG(name), SARG(arrows(a, m->text)));
}

static str references_of(struct arena *a, const struct email_mail *m)
{
    str before = m->references.len > 0 || m->in_reply_to.len == 0
                     ? m->references
                     : str_print(a, "<%.*s>", SARG(m->in_reply_to));
    if (before.len == 0 || before.len > REFERENCES_BYTES)
        return str_print(a, "<%.*s>", SARG(m->message_id));
    struct sb b = sb_make(a, 0); /* one a line: lines stay short */
    for (str one; before.len > 0;) {
        (void)str_cut(before, ' ', &one, &before);
        if (one.len > 0)
            sb_print(&b, "%.*s\r\n ", SARG(one));
    }
    sb_print(&b, "<%.*s>", SARG(m->message_id));
    return sb_str(&b);
}

void email_answer(struct arena *a, const struct email_mail *to, struct email_draft *draft)
{
    bool is_answer = str_eq_nocase(str_sub(to->subject, 0, 3), S("Re:"));
    if (draft->subject.len == 0)
        draft->subject = is_answer ? to->subject : str_cat(a, S("Re: "), to->subject);
    draft->in_reply_to = to->message_id;
    draft->references = references_of(a, to);
    draft->to = to->reply_to.len > 0 ? to->reply_to : to->from;
    switch (program_of(draft->from)) {
    case GMAIL:
        as_gmail(a, to, draft);
        break;
    case OUTLOOK:
        as_outlook(a, to, draft);
        break;
    case THUNDERBIRD:
        as_thunderbird(a, to, draft);
        break;
    }
}
