/* mail_reply: see mail_reply.h. Thread: any. */
#include "text/mail_reply.h"

#include "base/utf8.h"
#include "text/html_clean.h"
#include "text/html_text.h"

enum {
    MARK_BYTES = 48, /* of a mark with its counter; longer beginnings are words */
};

/* Case folded. What stands before a colon in answers and forwards; vs is both (Finnish, Norwegian).
 */
static const char *const answers[] = {"re", "aw", "antw", "antwort", "sv", "vs", "ant", "odp",
    "ynt", "res", "rif", "r", "rép", "rsp", "atb", "ats", "odg", "bls", "vá", "vast", "tl", "ra",
    "отв", "ответ", "на", "отг", "відп", "απ", "απαντ", "σχετ", "תגובה", "השב", "رد", "پاسخ",
    "回复", "答复", "回覆", "回信", "返信", "회신", "답장", "ตอบกลับ", "जवाब", "উত্তর", NULL};
static const char *const forwards[] = {"fwd", "fw", "wg", "tr", "rv", "vb", "vl", "fs", "doorst",
    "enc", "pd", "i", "ilt", "i̇lt", "trs", "vid", "továbbítás", "yml", "пересл", "fwd.", "πρθ",
    "הועבר", "إعادة توجيه", "转发", "轉寄", "轉發", "転送", "전달", NULL};

static bool is_in(str word, const char *const *list)
{
    for (; *list != NULL; list++)
        if (str_eq(word, str_from(*list)))
            return true;
    return false;
}

/* Counters behind a mark: "[2]", "(2)", "^2", "*2", "2". */
static str without_counter(str mark)
{
    while (mark.len > 0 && (str_find_byte(S("0123456789[]()^* "), mark.at[mark.len - 1]) >= 0))
        mark.len--;
    return mark;
}

/* Behind the colon of a mark at the start of s, or 0. */
static ptrdiff_t mark_end(struct arena *a, str s, bool takes_answers, bool takes_forwards)
{
    str head = str_sub(s, 0, MARK_BYTES), wide = S("：");
    ptrdiff_t colon = str_find_byte(head, ':'), wide_colon = str_find(head, wide);
    ptrdiff_t end = colon + 1;
    if (wide_colon >= 0 && (colon < 0 || wide_colon < colon)) {
        colon = wide_colon;
        end = colon + wide.len;
    }
    if (colon <= 0)
        return 0;
    str mark = utf8_fold(a, without_counter(str_trim(str_sub(head, 0, colon))));
    bool is_mark =
        (takes_answers && is_in(mark, answers)) || (takes_forwards && is_in(mark, forwards));
    return is_mark ? end : 0;
}

static str without_marks(struct arena *a, str subject, bool answers_too, bool forwards_too)
{
    str s = str_trim(utf8_repair(a, subject));
    for (ptrdiff_t end; (end = mark_end(a, s, answers_too, forwards_too)) > 0;)
        s = str_trim(str_skip(s, end));
    return utf8_prefix_bytes(s, MAIL_SUBJECT_BYTES);
}

str mail_subject_bare(struct arena *a, str subject)
{
    return without_marks(a, subject, true, true);
}

static str marked(struct arena *a, str mark, str rest)
{
    return rest.len > 0 ? str_print(a, "%.*s %.*s", SARG(mark), SARG(rest)) : mark;
}

str mail_reply_subject(struct arena *a, str subject)
{
    return marked(a, S("Re:"), without_marks(a, subject, true, false));
}

str mail_forward_subject(struct arena *a, str subject)
{
    return marked(a, S("Fwd:"), without_marks(a, subject, false, true));
}

/* ── quotes ── */

static str quoted_text(struct arena *a, str attribution, str text)
{
    struct sb b = sb_make(a, 0);
    str line;
    if (attribution.len > 0) {
        sb_add(&b, attribution);
        sb_byte(&b, '\n');
    }
    bool has_more = true;
    while (has_more) {
        has_more = str_cut(text, '\n', &line, &text);
        if (str_ends(line, S("\r")))
            line.len--;
        sb_byte(&b, '>');
        if (line.len > 0 && line.at[0] != '>')
            sb_byte(&b, ' ');
        sb_add(&b, line);
        if (has_more)
            sb_byte(&b, '\n');
    }
    return sb_str(&b);
}

static err clean_quote(
    struct arena *a, const struct mail_quoted *of, str attribution, str text, str *html)
{
    str why, inner = {0};
    err e = of->html.len > 0 ? html_clean(a, of->html, of->pictures, of->n_pictures, &inner, &why)
                             : E_LIMIT;
    if (e == OK && inner.len > MAIL_QUOTE_BYTES)
        e = E_LIMIT;
    if (e != OK && e != E_LIMIT)
        return e;
    if (e == E_LIMIT)
        inner = html_clean_of_text(a, text);
    struct sb b = sb_make(a, 0);
    sb_add(&b, html_clean_of_text(a, attribution));
    sb_add(&b, S("<blockquote type=\"cite\">"));
    sb_add(&b, inner);
    sb_add(&b, S("</blockquote>"));
    /* One level more may be one too many. */
    e = html_clean(a, sb_str(&b), of->pictures, of->n_pictures, html, &why);
    if (e != E_LIMIT)
        return e;
    *html = html_clean_of_text(a, quoted_text(a, attribution, text));
    return OK;
}

err mail_quote_of(struct arena *a, const struct mail_quoted *of, str *text, str *html)
{
    str attribution = utf8_preview(a, of->attribution, 400), words = of->text;
    if (words.len == 0 && of->html.len > 0)
        TRY(html_text_mail(a, of->html, MAIL_QUOTE_BYTES, &words));
    words = utf8_repair(a, utf8_prefix_bytes(words, MAIL_QUOTE_BYTES));
    while (words.len > 0 && (words.at[words.len - 1] == '\n' || words.at[words.len - 1] == ' ' ||
                                words.at[words.len - 1] == '\r'))
        words.len--;
    if (words.len == 0 && of->html.len == 0) {
        *text = *html = (str){0};
        return OK;
    }
    str made;
    TRY(clean_quote(a, of, attribution, words, &made));
    *text = words.len > 0 ? quoted_text(a, attribution, words) : (str){0};
    *html = made;
    return OK;
}
