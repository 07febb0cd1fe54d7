/* preview: see preview.h. */
#include "care/preview.h"

#include "base/json.h"
#include "base/utf8.h"

enum { PREVIEW_GRAPHEMES = 140 };

str message_preview(struct arena *a, str text, str attachments)
{
    str line = utf8_preview(a, text, PREVIEW_GRAPHEMES);
    if (line.len || !attachments.len)
        return line;
    const struct json *list;
    str why;
    if (json_parse(a, attachments, &list, &why) != OK || !list->first)
        return line;
    str name = json_text(json_get(list->first, S("name")), S("file"));
    return utf8_preview(a, str_cat(a, S("\xF0\x9F\x93\x8E "), name), PREVIEW_GRAPHEMES);
}
