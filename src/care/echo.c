/* echo: see echo.h. */
#include "care/echo.h"

#include "base/json.h"
#include "care/pieces.h"
#include "store/channel.h"
#include "store/message_network.h"

enum { MESSAGES_MOST = 5 }; /* in pieces and under way at once, in one conversation */

static ptrdiff_t count_of(struct arena *a, str array, str *first)
{
    const struct json *list = NULL;
    str why;
    if (json_parse(a, array, &list, &why) != OK || list->kind != JSON_ARRAY)
        return 0;
    *first = json_text(list->first, S(""));
    return list->count;
}

/* Its files as the cutting looks at them. */
static ptrdiff_t files_of(struct arena *a, str attachments, struct connector_file **files)
{
    const struct json *views = NULL;
    str why;
    ptrdiff_t n = 0;
    if (!attachments.len || json_parse(a, attachments, &views, &why) != OK)
        return 0;
    *files = NEW(a, struct connector_file, views->count + 1);
    for (const struct json *v = views->first; v; v = v->next)
        (*files)[n++] = (struct connector_file){
            .name = json_text(json_get(v, S("name")), S("")),
            .type = json_text(json_get(v, S("type")), S("")),
            .size = json_int(json_get(v, S("size")), 0),
        };
    return n;
}

/* As the deliver job cuts it. */
static bool has_piece(struct arena *a, const struct connector *c,
    const struct connector_setup *setup, str text, struct echo_piece *found)
{
    const struct message *m = &found->message;
    struct connector_rules rules =
        connector_rules_for(a, c, setup, str_eq(m->visibility, S("public")));
    struct connector_file *files = NULL;
    struct piece *pieces = NULL;
    ptrdiff_t n_files = files_of(a, m->attachments, &files), n = 0;
    ptrdiff_t n_named = count_of(a, m->pieces, &found->first_id);
    str why = {0};
    if (pieces_plan(a, &rules, m->text, files, n_files, m->parts, &pieces, &n, &why) != OK)
        return false;
    for (ptrdiff_t i = n_named; i < n; i++)
        if (pieces[i].text.len && str_eq(pieces[i].text, text)) {
            found->is_last = i == n_named && i == n - 1;
            return true;
        }
    return false;
}

err echo_find_piece(struct ctx *cx, channel_id channel, conversation_id conversation, str text,
    int64_t since_ms, struct echo_piece *found)
{
    struct message *rows = NULL;
    ptrdiff_t n = 0;
    struct channel at;
    if (!text.len)
        return E_NOT_FOUND;
    TRY(message_list_in_pieces(cx, channel, conversation, since_ms, MESSAGES_MOST, &rows, &n));
    if (!n)
        return E_NOT_FOUND;
    TRY(channel_get(cx, channel, &at));
    const struct connector *c = connector_find(at.kind);
    const struct connector_setup setup = {.settings = at.settings};
    for (ptrdiff_t i = 0; c && i < n; i++) {
        struct echo_piece one = {.message = rows[i]};
        if (!has_piece(cx->arena, c, &setup, text, &one))
            continue;
        *found = one;
        return OK;
    }
    return E_NOT_FOUND;
}
