/* pieces: see pieces.h. */
#include "care/pieces.h"

#include "base/json.h"
#include "care/reply_rules.h"
#include "text/length.h"
#include "text/split.h"

static bool fits(const struct connector_rules *rules, str text, int64_t max)
{
    if (rules->max_bytes && text.len > rules->max_bytes)
        return false;
    return length_of(rules->unit, text) <= max;
}

static err split(struct arena *a, const struct connector_rules *rules, str text,
    struct str_list *texts, str *why)
{
    const struct split_limit limits[] = {
        {rules->unit,  rules->max_length},
        {LENGTH_BYTES, rules->max_bytes },
    };
    if (!rules->may_split) {
        *why = str_print(a, "The text is longer than the %lld that this network takes.",
            (long long)rules->max_length);
        return E_INVALID;
    }
    if (text_split(a, text, limits, rules->max_bytes ? 2 : 1, rules->may_number, texts) == OK)
        return OK;
    *why = S("The text cannot be split into parts that this network takes.");
    return E_INVALID;
}

/* Files of some types take no text along. */
static bool any_alone(
    const struct connector_rules *rules, const struct connector_file *files, ptrdiff_t n)
{
    for (ptrdiff_t i = 0; rules->alone_types && i < n; i++)
        if (reply_rules_type_fits(str_from(rules->alone_types), files[i].type))
            return true;
    return false;
}

/* Parts of some types take no text and no files along. */
static bool are_alone(struct arena *a, const struct connector_rules *rules, str parts)
{
    const struct json *list = NULL;
    str why;
    if (!rules->alone_parts || !parts.len || json_parse(a, parts, &list, &why) != OK)
        return false;
    str type = json_text(json_get(list->first, S("type")), S(""));
    return type.len && reply_rules_type_fits(str_from(rules->alone_parts), type);
}

err pieces_plan(struct arena *a, const struct connector_rules *rules, str text,
    const struct connector_file *files, ptrdiff_t n_files, str parts, struct piece **pieces,
    ptrdiff_t *n, str *why)
{
    struct str_list texts = {.at = &text, .len = text.len ? 1 : 0};
    if (n_files && !rules->files_per_piece) {
        *why = S("This network takes no files here.");
        return E_INVALID;
    }
    if (text.len && !fits(rules, text, rules->max_length))
        TRY(split(a, rules, text, &texts, why));
    ptrdiff_t most = texts.len + n_files + 2, count = 0, file = 0;
    struct piece *made = NEW(a, struct piece, most);
    bool go_together = n_files && rules->max_length_with_file && texts.len <= 1 &&
                       (!text.len || fits(rules, text, rules->max_length_with_file)) &&
                       !any_alone(rules, files, n_files);
    for (ptrdiff_t i = 0; i < texts.len && !go_together; i++)
        made[count++] = (struct piece){.text = texts.at[i]};
    while (file < n_files) {
        ptrdiff_t take =
            n_files - file < rules->files_per_piece ? n_files - file : rules->files_per_piece;
        made[count++] = (struct piece){
            .text = go_together && !file ? text : (str){0}, .first_file = file, .n_files = take};
        file += take;
    }
    if (!count || are_alone(a, rules, parts))
        made[count++] = (struct piece){.has_parts = parts.len > 0};
    else
        made[0].has_parts = parts.len > 0;
    *pieces = made;
    *n = count;
    return OK;
}
