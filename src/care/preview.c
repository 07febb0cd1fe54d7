/* preview: see preview.h. */
#include "care/preview.h"

#include "base/json.h"
#include "base/utf8.h"

enum { PREVIEW_GRAPHEMES = 140 };

static const struct json *first_of(struct arena *a, str array)
{
    const struct json *list;
    str why;
    return array.len && json_parse(a, array, &list, &why) == OK ? list->first : NULL;
}

/* Without words of a language: a sign and what the part is called. */
static str of_part(struct arena *a, const struct json *part)
{
    static const struct {
        const char *type, *sign, *name;
    } signs[] = {
        {"location", "\xF0\x9F\x93\x8D", "name"   },
        {"contact",  "\xF0\x9F\x91\xA4", "name"   },
        {"link",     "\xF0\x9F\x94\x97", "title"  },
        {"story",    "\xF0\x9F\x94\x97", "text"   },
        {"choice",   "\xE2\x98\x91",     "title"  },
        {"template", "\xF0\x9F\x93\x84", "name"   },
        {"rating",   "\xE2\xAD\x90",     "value"  },
        {"call",     "\xF0\x9F\x93\x9E", "outcome"},
    };
    str type = json_text(json_get(part, S("type")), S(""));
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
        if (str_eq(type, str_from(signs[i].type)))
            return str_print(a, "%s %.*s", signs[i].sign,
                SARG(json_text(json_get(part, str_from(signs[i].name)), S(""))));
    return S("\xE2\x80\xA6");
}

str message_preview(struct arena *a, str text, str attachments, str parts)
{
    str line = utf8_preview(a, text, PREVIEW_GRAPHEMES);
    if (line.len)
        return line;
    const struct json *file = first_of(a, attachments), *part = first_of(a, parts);
    if (!file && !part)
        return line;
    if (!file)
        return utf8_preview(a, of_part(a, part), PREVIEW_GRAPHEMES);
    str name = json_text(json_get(file, S("name")), S("file"));
    return utf8_preview(a, str_cat(a, S("\xF0\x9F\x93\x8E "), name), PREVIEW_GRAPHEMES);
}

str arrival_preview(struct arena *a, str text, str subject, str attachments, str parts)
{
    str line = message_preview(a, text, attachments, parts);
    if (!subject.len || !str_eq(text, subject) || !first_of(a, attachments))
        return line;
    str both = str_print(
        a, "%.*s %.*s", SARG(line), SARG(message_preview(a, (str){0}, attachments, parts)));
    return utf8_preview(a, both, PREVIEW_GRAPHEMES);
}
