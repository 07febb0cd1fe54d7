/* mime_flowed: format=flowed (RFC 3676): a line that ends with a blank goes on in the next one of
 * the same quote depth. Marks of quotes are kept ("> words"), the blank that mailers stuff before a
 * line is taken away, "-- " is never joined. See mime_inner.h. */
#include "text/mime_inner.h"

enum { QUOTES = 50 }; /* deeper ones are shown as this deep */

static str quote_cut(str line, int *depth)
{
    *depth = 0;
    while (line.len && line.at[0] == '>') {
        line = str_skip(line, 1);
        *depth += *depth < QUOTES;
    }
    return str_starts(line, S(" ")) ? str_skip(line, 1) : line;
}

static void begin_line(struct sb *b, int depth)
{
    for (int i = 0; i < depth; i++)
        sb_byte(b, '>');
    if (depth)
        sb_byte(b, ' ');
}

str mime_unflow(struct arena *a, str text, bool is_delsp)
{
    struct sb b = sb_make(a, 2 * text.len + 2);
    bool goes_on = false;
    int before = 0;
    while (text.len) {
        str line;
        int depth;
        (void)str_cut(text, '\n', &line, &text); /* the rest decides when to end */
        line = quote_cut(line, &depth);
        bool is_signature = str_eq(line, S("-- "));
        if (goes_on && (is_signature || depth != before)) {
            sb_byte(&b, '\n');
            goes_on = false;
        }
        if (!goes_on)
            begin_line(&b, depth);
        goes_on = str_ends(line, S(" ")) && !is_signature;
        sb_add(&b, goes_on && is_delsp ? str_sub(line, 0, line.len - 1) : line);
        if (!goes_on)
            sb_byte(&b, '\n');
        before = depth;
    }
    return sb_str(&b);
}
