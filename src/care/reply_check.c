/* reply_check: see reply_check.h. */
#include "care/reply_check.h"

#include "base/json.h"
#include "base/limits.h"
#include "care/channel_form.h"
#include "care/pieces.h"
#include "store/channel.h"
#include "store/message.h"
#include "store/message_network.h"
#include "store/post.h"
#include "text/personal.h"

enum { PARTS_MOST = 10, PARTS_BYTES = 16 * 1024 };

/* ── where it stands ── */

err reply_window_of(struct ctx *cx, const struct conversation *c, struct message_window *window)
{
    const struct connector *connector = connector_find(c->channel_kind);
    *window = (struct message_window){.opened_ms = conversation_window_ms(c)};
    if (!window->opened_ms || !connector || !connector->private_rules.reply_window_ms)
        return OK;
    return message_window(cx, c->id, c->channel_id, window);
}

static err load(struct ctx *cx, const struct conversation *c, const struct channel *channel,
    struct reply_view *view)
{
    const struct connector *connector = connector_find(c->channel_kind);
    struct reply_case in = {.is_public = str_eq(c->visibility, S("public")), .now_ms = cx->now_ms};
    *view = (struct reply_view){0};
    if (c->post_id.v) {
        err e = post_get(cx, c->post_id, &view->post);
        if (e != OK && e != E_NOT_FOUND)
            return e;
        in.has_post = view->post.channel_id.v == c->channel_id.v; /* it may have moved away */
    }
    if (!channel) { /* removed: it can only be answered elsewhere */
        view->room = (struct reply_room){.window = REPLY_CLOSED};
        return OK;
    }
    if (channel_is_capture(cx->arena, channel->settings)) {
        view->is_capture = true;
        view->room = (struct reply_room){.window = REPLY_CLOSED};
        return OK;
    }
    TRY(reply_window_of(cx, c, &in.window));
    view->room = reply_rules_room(connector, &in);
    return OK;
}

err reply_room_of(struct ctx *cx, const struct conversation *c, struct reply_view *view)
{
    struct channel channel;
    err e = channel_get(cx, c->channel_id, &channel);
    if (e != OK && e != E_NOT_FOUND)
        return e;
    cx->fault = (struct fault){0};
    return load(cx, c, e == OK ? &channel : NULL, view);
}

/* ── the reply ── */

struct checking {
    struct ctx *cx;
    const struct conversation *c;
    const struct reply_new *r;
    const struct connector *connector;
    struct connector_rules rules; /* of the visibility it has */
    struct reply_view view;
    bool is_public, has_template;
    struct connector_file *files;
    ptrdiff_t n_files;
};

static err check_visibility(struct checking *k)
{
    const struct reply_room *room = &k->view.room;
    str wanted = k->r->visibility;
    if (k->view.is_capture) {
        err e = fail_detail(k->cx, E_CONFLICT, "capture",
            "This was brought in by hand. Answer it on the network itself.");
        struct json_out j = json_out_make(k->cx->arena, 0);
        json_obj(&j);
        json_kv_text(&j, S("url"), k->view.post.url);
        json_obj_end(&j);
        k->cx->fault.details_json = json_str(&j);
        return e;
    }
    k->is_public = wanted.len ? str_eq(wanted, S("public")) : room->is_public;
    if (k->is_public && !room->may_public)
        return fail_field(k->cx, "visibility", "A public reply is not possible here.");
    if (!k->is_public && !room->may_private)
        return fail_field(k->cx, "visibility", "A private reply is not possible here.");
    return OK;
}

static err check_window(struct checking *k)
{
    enum reply_window window = k->view.room.window;
    if (k->is_public)
        return OK;
    if (k->cx->actor.kind != ACTOR_AGENT)
        window = reply_rules_program(k->connector, window);
    if (window == REPLY_OPEN || window == REPLY_LATE ||
        (window == REPLY_TEMPLATE && k->has_template))
        return OK;
    if (window == REPLY_TEMPLATE)
        return fail_detail(k->cx, E_CONFLICT, "window",
            "The customer wrote too long ago: now only an approved template goes.");
    return fail_detail(k->cx, E_CONFLICT, "window",
        "The customer wrote too long ago: %.*s takes an answer again when they write.",
        SARG(k->connector->title));
}

/* ── parts ── */

static err check_part(struct checking *k, const struct json *part)
{
    str type = json_text(json_get(part, S("type")), S(""));
    uint32_t able = k->connector->able;
    if (part->kind != JSON_OBJECT)
        return fail_field(k->cx, "parts", "Each part is an object with a type.");
    if (str_eq(type, S("template"))) {
        bool is_whole = json_text(json_get(part, S("name")), S("")).len &&
                        json_text(json_get(part, S("language")), S("")).len;
        k->has_template = true;
        if (!(able & ABLE_TEMPLATES) || k->is_public)
            return fail_field(k->cx, "parts", "There are no templates here.");
        return is_whole ? OK : fail_field(k->cx, "parts", "A template has a name and a language.");
    }
    if (str_eq(type, S("buttons"))) {
        const struct json *buttons = json_get(part, S("buttons"));
        if (!(able & ABLE_BUTTONS))
            return fail_field(k->cx, "parts", "There are no buttons here.");
        if (!buttons || buttons->kind != JSON_ARRAY || !buttons->count)
            return fail_field(k->cx, "parts", "Name the buttons.");
        return OK;
    }
    bool is_known = str_eq(type, S("location")) || str_eq(type, S("contact"));
    return is_known ? OK : fail_field(k->cx, "parts", "There is no such part of a reply.");
}

static err check_parts(struct checking *k)
{
    const struct json *parts = NULL;
    str why;
    if (!k->r->parts.len)
        return OK;
    if (k->r->parts.len > PARTS_BYTES ||
        json_parse(k->cx->arena, k->r->parts, &parts, &why) != OK || parts->kind != JSON_ARRAY ||
        parts->count > PARTS_MOST)
        return fail_field(k->cx, "parts", "parts is a list of at most %d objects.", PARTS_MOST);
    for (const struct json *part = parts->first; part; part = part->next)
        TRY(check_part(k, part));
    return OK;
}

/* ── files and text ── */

static err check_files(struct checking *k)
{
    struct ctx *cx = k->cx;
    const struct json *views = NULL;
    str why;
    if (!k->r->attachments.len || json_parse(cx->arena, k->r->attachments, &views, &why) != OK)
        return OK;
    k->files = NEW(cx->arena, struct connector_file, views->count + 1);
    for (const struct json *v = views->first; v; v = v->next) {
        struct connector_file file = {
            .name = json_text(json_get(v, S("name")), S("")),
            .type = json_text(json_get(v, S("type")), S("")),
            .size = json_int(json_get(v, S("size")), 0),
        };
        int64_t most = 0;
        k->files[k->n_files++] = file;
        if (!k->rules.files_per_piece)
            return fail_field(
                cx, "attachment_ids", "%.*s takes no files here.", SARG(k->connector->title));
        switch (reply_rules_file(&k->rules, file.type, file.size, &most)) {
        case REPLY_FILE_FITS:
            break;
        case REPLY_FILE_TYPE:
            return fail_field(cx, "attachment_ids", "%.*s does not go there. What fits: %.*s.",
                SARG(file.name), SARG(reply_rules_types(cx->arena, &k->rules)));
        case REPLY_FILE_SIZE:
            return fail_field(cx, "attachment_ids",
                "%.*s is too large: at most %lld bytes of this kind fit.", SARG(file.name),
                (long long)most);
        }
    }
    return OK;
}

static err check_length(struct checking *k)
{
    int64_t length = 0;
    struct piece *pieces = NULL;
    ptrdiff_t n = 0;
    str why = {0};
    bool is_long = reply_rules_is_too_long(&k->rules, k->r->text, &length);
    if (is_long && !k->rules.may_split)
        return fail_field(k->cx, "text", "The text has %lld of at most %lld.", (long long)length,
            (long long)k->rules.max_length);
    if (pieces_plan(k->cx->arena, &k->rules, k->r->text, k->files, k->n_files, k->r->parts, &pieces,
            &n, &why) != OK)
        return fail_field(k->cx, "text", "%.*s", SARG(why));
    return OK;
}

/* ── in public ── */

/* A browser counts in UTF-16 units. */
static int64_t units_before(str text, ptrdiff_t at)
{
    return length_of(LENGTH_UTF16, str_sub(text, 0, at));
}

static err check_personal(struct checking *k)
{
    static const char *const kinds[] = {[PERSONAL_CARD] = "card",
        [PERSONAL_PHONE] = "phone",
        [PERSONAL_MAIL] = "mail",
        [PERSONAL_ORDER] = "order"};
    struct personal_list found = {0};
    str text = k->r->text;
    if (!k->is_public || k->r->confirm_public)
        return OK;
    personal_find(text, &found);
    if (!found.n)
        return OK;
    struct json_out j = json_out_make(k->cx->arena, 0);
    json_obj(&j);
    json_key(&j, S("findings"));
    json_arr(&j);
    for (ptrdiff_t i = 0; i < found.n; i++) {
        json_obj(&j);
        json_kv_str(&j, S("kind"), str_from(kinds[found.at[i].kind]));
        json_kv_int(&j, S("from"), units_before(text, found.at[i].start));
        json_kv_int(&j, S("to"), units_before(text, found.at[i].end));
        json_obj_end(&j);
    }
    json_arr_end(&j);
    json_obj_end(&j);
    err e = fail_detail(k->cx, E_CONFLICT, "personal",
        "Everybody could read personal data in this reply. Take it out, answer privately, or "
        "confirm.");
    k->cx->fault.details_json = json_str(&j);
    return e;
}

/* Only a message of the same conversation can be answered. */
static err check_reply_to(struct checking *k)
{
    struct message to;
    if (!k->r->reply_to.v)
        return OK;
    err e = message_get(k->cx, k->r->reply_to, &to);
    if (e == E_NOT_FOUND || (e == OK && to.conversation_id.v != k->c->id.v))
        return fail_field(k->cx, "reply_to_id", "There is no such message in this conversation.");
    return e;
}

err reply_check(
    struct ctx *cx, const struct conversation *c, const struct reply_new *r, str *visibility)
{
    struct checking k = {.cx = cx, .c = c, .r = r, .connector = connector_find(c->channel_kind)};
    struct channel channel;
    TRY(check_reply_to(&k));
    TRY(channel_get(cx, c->channel_id, &channel));
    TRY(load(cx, c, &channel, &k.view));
    TRY(check_visibility(&k));
    *visibility = k.is_public ? S("public") : S("private");
    if (!k.connector)
        return OK;
    const struct connector_setup setup = {.settings = channel.settings};
    k.rules = connector_rules_for(cx->arena, k.connector, &setup, k.is_public);
    TRY(check_parts(&k));
    TRY(check_window(&k));
    TRY(check_files(&k));
    TRY(check_length(&k));
    return check_personal(&k);
}
