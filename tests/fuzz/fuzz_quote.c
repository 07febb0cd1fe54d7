/* Any bytes as a mail's text and HTML: every piece is a piece of the text, own words are never
 * lost, and the marked HTML without its marks is the HTML given. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "text/quote.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

static bool is_inside(str piece, str text)
{
    return piece.len == 0 ||
           (piece.at >= text.at && piece.at + piece.len <= text.at + text.len && piece.len > 0);
}

static void plain(str text)
{
    struct quote_parts p;
    quote_split(text, &p);
    must(is_inside(p.own, text) && is_inside(p.quoted, text) && is_inside(p.signature, text));
    must(p.own.len > 0 || str_trim(text).len == 0);
    must(p.own.len + p.quoted.len + p.signature.len <= text.len);
    /* What is folded is one piece behind another. */
    must(p.signature.len == 0 || p.signature.at >= p.own.at + p.own.len);
}

static void html(struct arena *a, str given)
{
    static const str marks[] = {S_INIT("<span data-seva-quote=rest></span>"),
        S_INIT(" data-seva-quote=rest"), S_INIT(" data-seva-quote=element")};
    struct quote_html q;
    quote_split_html(a, given, &q);
    must((q.kind == QUOTE_HTML_NONE) == (q.at < 0) && q.at <= given.len);
    ptrdiff_t at = 0;
    for (ptrdiff_t i = 0; i < q.html.len; i++) {
        str rest = str_skip(q.html, i);
        int m = 0;
        while (m < 3 && !str_starts(rest, marks[m]))
            m++;
        if (m < 3) {
            i += marks[m].len - 1;
            continue;
        }
        must(at < given.len);
        /* The attribute that the mail brings is renamed in one byte. */
        must(q.html.at[i] == given.at[at] || q.html.at[i] == '_');
        at++;
    }
    must(at == given.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = arena_make(0);
    str text = str_of(data, (ptrdiff_t)size);
    plain(text);
    plain(utf8_repair(&a, text));
    html(&a, text);
    arena_free(&a);
    return 0;
}
