/* mime_body: which parts are what a person wrote. A text is body unless it is an attachment or a
 * named file. Of alternatives the plain one and the HTML one are taken; of related parts only the
 * root is text. Bodies one after the other (text, picture, text; a list's footer) are joined, and
 * where one form lacks such a piece it is made from the other form, so that either is whole.
 * Sources: RFC 2046 5.1, 2387; how mail programs show what others write. See mime_inner.h. */
#include "text/mime_inner.h"

#include "base/utf8.h"
#include "text/html_text.h"

#include <string.h>

enum {
    META_BYTES = 1024, /* of HTML, looked through for its charset */
    CUT_BYTES = 1000,  /* a text that is cut ends with a line no further back than this */
};

struct body_reading {
    struct mime_reading *r;
    const struct mime_tree *tree;
    int *plain_branch, *html_branch; /* per multipart/alternative: the child taken; 0 = none */
    struct sb text, html;
    bool has_text, has_html;
};

/* ── one text ── */

/* A page without a charset in its part's header may name one itself. */
static str charset_of(const struct mime_node *node, str bytes)
{
    if (node->charset.len || !mime_is(node, "text/html"))
        return node->charset;
    str head = str_sub(bytes, 0, META_BYTES);
    ptrdiff_t at = 0, end = 0;
    while (at + 8 <= head.len && !str_eq_nocase(str_sub(head, at, 8), S("charset=")))
        at++;
    str rest = str_skip(head, at + 8);
    while (rest.len && (rest.at[0] == '"' || rest.at[0] == '\''))
        rest = str_skip(rest, 1);
    while (end < rest.len && rest.at[end] > ' ' && !strchr("\"';/>", rest.at[end]))
        end++;
    return str_sub(rest, 0, end);
}

/* Not in the middle of a character, of any charset. */
static str cut_at_line(str bytes)
{
    for (ptrdiff_t n = bytes.len; n > 0 && n > bytes.len - CUT_BYTES; n--)
        if (bytes.at[n - 1] == '\n')
            return str_sub(bytes, 0, n);
    return bytes;
}

/* LF line ends; other control characters become spaces. */
static str cleaned(struct arena *a, str text, ptrdiff_t max)
{
    char *to = arena_alloc(a, text.len + 1, 1);
    ptrdiff_t n = 0;
    for (ptrdiff_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.at[i];
        bool is_crlf = c == '\r' && i + 1 < text.len && text.at[i + 1] == '\n';
        if (is_crlf)
            continue;
        to[n++] = c == '\r' ? '\n' : c < ' ' && c != '\n' && c != '\t' ? ' ' : text.at[i];
    }
    str all = str_of(to, n);
    if (str_starts(all, S("\xEF\xBB\xBF")))
        all = str_skip(all, 3);
    return utf8_prefix_bytes(all, max);
}

str mime_text(struct mime_reading *r, const struct mime_node *node, ptrdiff_t max)
{
    bool is_cut = false;
    str bytes = mime_decode(r->a, node, 2 * max, &is_cut);
    if (is_cut)
        bytes = cut_at_line(bytes);
    str utf8 = mime_utf8(r, bytes, charset_of(node, bytes), true);
    str text = cleaned(r->a, utf8, max);
    if (is_cut || utf8.len > max + CUT_BYTES)
        r->flaws |= MIME_FLAW_TEXT;
    if (node->is_flowed)
        text = utf8_prefix_bytes(mime_unflow(r->a, text, node->is_delsp), max);
    return text;
}

/* ── which ── */

static bool is_root(const struct mime_tree *tree, int i)
{
    const struct mime_node *node = &tree->at[i], *parent = &tree->at[node->parent];
    for (int j = node->parent + 1; j < tree->n; j++) {
        const struct mime_node *other = &tree->at[j];
        bool is_start = parent->start.len && str_eq(other->content_id, parent->start);
        if (other->parent == node->parent && is_start)
            return i == j;
    }
    return i == node->parent + 1;
}

/* Whether everything from this node up to the mail may be shown as its body. */
static bool is_shown(const struct mime_tree *tree, int i)
{
    for (; tree->at[i].parent >= 0; i = tree->at[i].parent) {
        const struct mime_node *parent = &tree->at[tree->at[i].parent];
        bool is_first = i == tree->at[i].parent + 1;
        if (mime_is(parent, "multipart/related") && !is_root(tree, i))
            return false;
        if ((mime_is(parent, "multipart/signed") || mime_is(parent, "multipart/report")) &&
            !is_first)
            return false;
        if (mime_is(parent, "multipart/encrypted"))
            return false;
    }
    return true;
}

/* A part with a name is a file, unless it is one of alternatives or (may_have_name) nothing else is
 * text. */
static bool is_text(const struct mime_tree *tree, int i, bool may_have_name)
{
    const struct mime_node *node = &tree->at[i];
    bool is_kind = mime_is(node, "text/plain") || mime_is(node, "text/html");
    if (mime_is_multipart(node) || !is_kind || node->is_attachment)
        return false;
    const struct mime_node *parent = node->parent >= 0 ? &tree->at[node->parent] : NULL;
    may_have_name = may_have_name || !parent || mime_is(parent, "multipart/alternative") ||
                    mime_is(parent, "multipart/related");
    return (may_have_name || !node->name.len) && is_shown(tree, i);
}

/* The outermost alternative around a node, or the node itself: what the forms of one piece share.
 */
static int piece_of(const struct mime_tree *tree, int i)
{
    int piece = i;
    for (int up = tree->at[i].parent; up >= 0; up = tree->at[up].parent)
        if (mime_is(&tree->at[up], "multipart/alternative"))
            piece = up;
    return piece;
}

/* Of alternatives: the first with plain text, the last (richest) with HTML. */
static void choose(struct body_reading *b, int i)
{
    bool is_html = mime_is(&b->tree->at[i], "text/html");
    for (int child = i, up = b->tree->at[i].parent; up >= 0;
         child = up, up = b->tree->at[up].parent) {
        if (!mime_is(&b->tree->at[up], "multipart/alternative"))
            continue;
        if (is_html)
            b->html_branch[up] = child;
        else if (!b->plain_branch[up])
            b->plain_branch[up] = child;
    }
}

static bool is_chosen(const struct body_reading *b, int i)
{
    bool is_html = mime_is(&b->tree->at[i], "text/html");
    for (int child = i, up = b->tree->at[i].parent; up >= 0;
         child = up, up = b->tree->at[up].parent) {
        int taken = is_html ? b->html_branch[up] : b->plain_branch[up];
        if (mime_is(&b->tree->at[up], "multipart/alternative") && taken != child)
            return false;
    }
    return true;
}

/* ── put together ── */

static void add(struct mime_reading *r, struct sb *to, str piece, str between)
{
    piece = str_trim(piece);
    if (!piece.len)
        return;
    if (to->len)
        sb_add(to, between);
    ptrdiff_t room = to->max - to->len;
    if (piece.len > room)
        r->flaws |= MIME_FLAW_TEXT;
    sb_add(to, utf8_prefix_bytes(piece, room));
}

static str escaped(struct arena *a, str text)
{
    struct sb b = sb_make(a, 2 * MIME_TEXT_BYTES);
    sb_add(&b, S("<pre>"));
    for (ptrdiff_t i = 0; i < text.len; i++)
        if (text.at[i] == '&')
            sb_add(&b, S("&amp;"));
        else if (text.at[i] == '<')
            sb_add(&b, S("&lt;"));
        else if (text.at[i] == '>')
            sb_add(&b, S("&gt;"));
        else
            sb_byte(&b, text.at[i]);
    sb_add(&b, S("</pre>"));
    return b.failed ? (str){0} : sb_str(&b);
}

/* Both forms of one piece; a form is made only where the mail has it elsewhere. */
static void add_piece(struct body_reading *b, str plain, str html)
{
    struct arena *a = b->r->a;
    str words = plain, page = html;
    if (!str_trim(plain).len && b->has_text && html.len &&
        html_text(a, html, MIME_TEXT_BYTES, &words) != OK)
        words = (str){0};
    if (!str_trim(html).len && b->has_html && str_trim(plain).len)
        page = escaped(a, str_trim(plain));
    if (b->has_text)
        add(b->r, &b->text, words, S("\n\n"));
    if (b->has_html)
        add(b->r, &b->html, page, S("\n"));
}

static void read_pieces(struct body_reading *b, const bool is_taken[MIME_NODES])
{
    const struct mime_tree *tree = b->tree;
    for (int i = 0; i < tree->n;) {
        if (!is_taken[i]) {
            i++;
            continue;
        }
        int piece = piece_of(tree, i), j = i;
        struct sb plain = sb_make(b->r->a, MIME_TEXT_BYTES), html = plain;
        for (; j < tree->n && (!is_taken[j] || piece_of(tree, j) == piece); j++) {
            bool is_html = mime_is(&tree->at[j], "text/html");
            struct sb *to = is_html ? &html : &plain;
            const struct sb *whole = is_html ? &b->html : &b->text;
            ptrdiff_t room = whole->max - whole->len - to->len;
            if (is_taken[j])
                add(b->r, to, mime_text(b->r, &tree->at[j], room > 0 ? room : 0),
                    is_html ? S("\n") : S("\n\n"));
        }
        add_piece(b, sb_str(&plain), sb_str(&html));
        i = j;
    }
}

/* An alternative that was not taken (a second plain text, text/enriched, text/x-amp-html) is no
 * file: it says the same. */
static bool is_other_choice(const struct body_reading *b, int i)
{
    const struct mime_node *node = &b->tree->at[i];
    if (node->parent < 0 || !mime_is(&b->tree->at[node->parent], "multipart/alternative"))
        return false;
    bool is_read = b->plain_branch[node->parent] || b->html_branch[node->parent];
    return is_read && mime_is(node, "text/") && !mime_is(node, "text/calendar") &&
           !node->is_attachment;
}

static void find_texts(struct body_reading *b, bool is_body[MIME_NODES])
{
    bool has_any = false;
    for (int i = 0; i < b->tree->n; i++) {
        is_body[i] = is_text(b->tree, i, false);
        has_any = has_any || is_body[i];
    }
    for (int i = 0; i < b->tree->n && !has_any; i++)
        has_any = is_body[i] = is_text(b->tree, i, true);
    for (int i = 0; i < b->tree->n; i++)
        if (is_body[i])
            choose(b, i);
}

void mime_body_read(struct mime_reading *r, const struct mime_tree *tree, struct mime_mail *mail,
    bool is_body[MIME_NODES])
{
    struct body_reading b = {.r = r,
        .tree = tree,
        .plain_branch = NEW(r->a, int, tree->n),
        .html_branch = NEW(r->a, int, tree->n),
        .text = sb_make(r->a, MIME_TEXT_BYTES),
        .html = sb_make(r->a, MIME_TEXT_BYTES)};
    bool *is_taken = NEW(r->a, bool, tree->n);
    find_texts(&b, is_body);
    for (int i = 0; i < tree->n; i++) {
        is_taken[i] = is_body[i] && is_chosen(&b, i);
        is_body[i] = is_body[i] || is_other_choice(&b, i);
        bool is_html = mime_is(&tree->at[i], "text/html");
        b.has_html = b.has_html || (is_taken[i] && is_html);
        b.has_text = b.has_text || (is_taken[i] && !is_html);
        mail->is_flowed = mail->is_flowed || (is_taken[i] && tree->at[i].is_flowed);
        mail->is_delsp = mail->is_delsp || (is_taken[i] && tree->at[i].is_delsp);
    }
    read_pieces(&b, is_taken);
    mail->text = sb_str(&b.text);
    mail->html = sb_str(&b.html);
}
