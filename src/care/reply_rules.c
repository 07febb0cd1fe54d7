/* reply_rules: see reply_rules.h. */
#include "care/reply_rules.h"

const char *const reply_window_words[] = {
    [REPLY_OPEN] = "open",
    [REPLY_LATE] = "late",
    [REPLY_TEMPLATE] = "template",
    [REPLY_CLOSED] = "closed",
    [REPLY_CLOSED + 1] = NULL,
};

const char *reply_window_name(enum reply_window w)
{
    return reply_window_words[w];
}

/* ── windows ── */

static enum reply_window after_window(const struct connector *c)
{
    return c->private_rules.needs_template_after ? REPLY_TEMPLATE : REPLY_CLOSED;
}

static void find_window(
    const struct connector *c, const struct reply_case *in, struct reply_room *room)
{
    const struct connector_rules *rules = &c->private_rules;
    bool is_private_reply = in->is_public && c->able & ABLE_PRIVATE_REPLY;
    room->window = REPLY_OPEN;
    if (!rules->reply_window_ms || is_private_reply)
        return;
    if (!in->window.opened_ms) { /* they have never written privately: we begin */
        bool may_begin = c->able & ABLE_BEGIN && !rules->needs_template_after;
        room->window = may_begin ? REPLY_OPEN : after_window(c);
        return;
    }
    int64_t until = in->window.opened_ms + rules->reply_window_ms;
    int64_t late = rules->late_window_ms ? in->window.opened_ms + rules->late_window_ms : 0;
    if (until < in->window.until_ms)
        until = in->window.until_ms;
    if (in->now_ms < until)
        room->window_until_ms = until;
    else if (in->now_ms < late)
        room->window = REPLY_LATE;
    else
        room->window = after_window(c);
    if (in->now_ms < late)
        room->late_until_ms = late;
}

struct reply_room reply_rules_room(const struct connector *c, const struct reply_case *in)
{
    struct reply_room room = {.may_private = true};
    if (!c)
        return room;
    room.may_public = c->public_rules.max_length > 0 && (in->is_public || in->has_post);
    bool can_private = c->private_rules.max_length > 0;
    bool has_way =
        !in->is_public || in->window.opened_ms || c->able & (ABLE_PRIVATE_REPLY | ABLE_BEGIN);
    room.may_private = can_private && has_way;
    room.is_public = room.may_public && (in->is_public || !room.may_private);
    find_window(c, in, &room);
    return room;
}

enum reply_window reply_rules_program(const struct connector *c, enum reply_window w)
{
    return w == REPLY_LATE && c ? after_window(c) : w;
}

/* ── texts ── */

bool reply_rules_is_too_long(const struct connector_rules *rules, str text, int64_t *length)
{
    *length = length_of(rules->unit, text);
    return *length > rules->max_length || (rules->max_bytes && text.len > rules->max_bytes);
}

/* ── files ── */

bool reply_rules_type_fits(str types, str type)
{
    str one;
    while (types.len) {
        (void)str_cut(types, ' ', &one, &types); /* the rest decides when to end */
        if (str_eq(one, S("*")) || str_eq_nocase(one, type) ||
            (str_ends(one, S("/")) && str_starts(type, one)))
            return true;
    }
    return false;
}

enum reply_file reply_rules_file(
    const struct connector_rules *rules, str type, int64_t size, int64_t *max_bytes)
{
    for (const struct connector_media *m = rules->media; m && m->types; m++) {
        if (!reply_rules_type_fits(str_from(m->types), type))
            continue;
        *max_bytes = m->max_bytes;
        return size > m->max_bytes ? REPLY_FILE_SIZE : REPLY_FILE_FITS;
    }
    return REPLY_FILE_TYPE;
}

str reply_rules_types(struct arena *a, const struct connector_rules *rules)
{
    struct sb b = sb_make(a, 0);
    for (const struct connector_media *m = rules->media; m && m->types; m++) {
        str types = str_from(m->types), one;
        while (types.len) {
            (void)str_cut(types, ' ', &one, &types); /* the rest decides when to end */
            sb_print(
                &b, "%s%.*s%s", b.len ? ", " : "", SARG(one), str_ends(one, S("/")) ? "…" : "");
        }
    }
    return sb_str(&b);
}
