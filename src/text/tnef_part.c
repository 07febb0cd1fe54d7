/* tnef_part: see tnef_part.h. */
#include "text/tnef_part.h"

#define PREFIX S("part:")

static bool keep(void *arg, str piece)
{
    struct sb *b = arg;
    sb_add(b, piece);
    return !b->failed;
}

err tnef_part_read(struct arena *a, str mail, int number, struct tnef *tnef, str *why)
{
    struct sb b = sb_make(a, TNEF_PART_BYTES);
    err e = mime_part_write(a, mail, number, keep, &b, why);
    if (b.failed)
        *why = S("winmail.dat is too long to be taken apart.");
    if (e != OK || b.failed)
        return E_INVALID;
    return tnef_read(a, sb_str(&b), tnef, why);
}

const struct tnef *tnef_part_unpack(struct arena *a, str bytes, struct mime_mail *mail)
{
    struct tnef *tnefs = NEW(a, struct tnef, mail->n_parts + 1);
    for (int i = 0; i < mail->n_parts; i++) {
        struct tnef *t = &tnefs[i];
        str why;
        if (mail->parts[i].kind != MIME_PART_TNEF)
            continue;
        if (tnef_part_read(a, bytes, mail->parts[i].number, t, &why) != OK)
            *t = (struct tnef){.is_cut = true};
        if (mail->text.len || mail->html.len)
            continue;
        mail->text = t->text;
        mail->html = t->html;
    }
    return tnefs;
}

str tnef_part_name(struct arena *a, int number, int file)
{
    return file < 0 ? str_print(a, "%.*s%d", SARG(PREFIX), number)
                    : str_print(a, "%.*s%d/%d", SARG(PREFIX), number, file);
}

bool tnef_part_name_read(str name, int *number, int *file)
{
    str part = str_skip(name, PREFIX.len), inner = {0};
    int64_t n = 0, k = -1;
    if (!str_starts(name, PREFIX))
        return false;
    bool has_file = str_cut(part, '/', &part, &inner);
    if (str_int(part, 0, INT32_MAX, &n) != OK)
        return false;
    if (has_file && str_int(inner, 0, INT32_MAX, &k) != OK)
        return false;
    *number = (int)n;
    *file = (int)k;
    return true;
}
