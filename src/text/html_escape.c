/* html_escape: see html_escape.h. */
#include "text/html_escape.h"

void html_escape_lines(struct sb *b, str text)
{
    str line, rest = text;
    for (bool has_more = true; has_more;) {
        has_more = str_cut(rest, '\n', &line, &rest);
        html_escape(b, line);
        if (has_more)
            sb_add(b, S("<br>\n"));
    }
}
