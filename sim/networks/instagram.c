/* Instagram, v25.0: direct messages, comments, mentions, by its own login and behind a page. See
 * graph.h for the parts, graph_say.c for what customers do.
 *
 * Accounts: id = the account (numbers as webhooks have them), token = its access token in both
 * ways, secret = the app secret. Settings: as facebook.c, and "page_id" (behind a page;
 * "1029384756"). An access token "hour:<token>" is exchanged for a long-lived one. */
#include "graph.h"

#include "base/utf8.h"

enum { COMMENT_POINTS = 300, COMMENT_TAGS = 4, TOKEN_S = 5183944 };

static str page_of(const struct sim_call *c)
{
    str page = sim_setting(c->account, S("page_id"));
    return page.len ? page : S("1029384756");
}

/* The account by its own login, its page behind one. */
static bool is_sender(const struct sim_call *c, str id)
{
    bool is_own = str_eq(sim_path(c, 0), S("instagram"));
    return str_eq(id, S("me")) || str_eq(id, is_own ? c->account->id : page_of(c));
}

static void about_me(struct sim_call *c)
{
    str id = c->account->id, name = c->account->name;
    if (str_eq(sim_path(c, 0), S("instagram")))
        sim_answer_print(c, 200,
            "{\"user_id\":\"%.*s\",\"id\":\"77%.*s\",\"username\":\"seva.shop\",\"name\":\"%.*s\"}",
            SARG(id), SARG(str_sub(id, 0, 6)), SARG(name));
    else
        sim_answer_print(c, 200,
            "{\"id\":\"%.*s\",\"name\":\"%.*s\",\"instagram_business_account\":{\"id\":\"%.*s\","
            "\"username\":\"seva.shop\"}}",
            SARG(page_of(c)), SARG(name), SARG(id));
}

static void about_person(struct sim_call *c, const struct graph_person *person)
{
    struct json_out j = sim_json(c);
    json_obj(&j);
    json_kv_str(&j, S("name"), str_from(person->name));
    json_kv_str(&j, S("username"), str_from(person->handle));
    json_kv_str(&j, S("id"), str_from(person->id));
    json_obj_end(&j);
    sim_answer_json(c, 200, &j);
}

/* fields=mentioned_comment.comment_id(ID){…} or mentioned_media.media_id(ID){…} */
static void about_mention(struct sim_call *c, str fields)
{
    str before, rest, id;
    (void)str_cut(fields, '(', &before, &rest);
    (void)str_cut(rest, ')', &id, &rest);
    bool is_comment = str_starts(before, S("mentioned_comment"));
    const struct graph_note *note = is_comment ? graph_note(c->account, id) : NULL;
    struct json_out j = sim_json(c);
    if (is_comment && !note) {
        graph_fail(c, 400, 100, 33, "Object does not exist or cannot be loaded");
        return;
    }
    json_obj(&j);
    json_key(&j, is_comment ? S("mentioned_comment") : S("mentioned_media"));
    json_obj(&j);
    json_kv_str(&j, is_comment ? S("text") : S("caption"),
        note ? str_from(note->text) : S("A post with @seva.shop"));
    if (note)
        json_kv_int(&j, S("timestamp"), note->at_ms / 1000);
    json_obj_end(&j);
    json_kv_str(&j, S("id"), c->account->id);
    json_obj_end(&j);
    sim_answer_json(c, 200, &j);
}

static void about_comment(struct sim_call *c, const struct graph_note *note)
{
    struct json_out j = sim_json(c);
    json_obj(&j);
    json_kv_str(&j, S("id"), str_from(note->id));
    json_kv_str(&j, S("text"), str_from(note->text));
    json_kv_int(&j, S("timestamp"), note->at_ms / 1000);
    json_key(&j, S("media"));
    json_obj(&j);
    json_kv_str(&j, S("id"), str_from(note->post));
    json_obj_end(&j);
    json_obj_end(&j);
    sim_answer_json(c, 200, &j);
}

static void read_node(struct sim_call *c, str id)
{
    struct graph_person *person = graph_person(c->account, id, false);
    const struct graph_note *note = graph_note(c->account, id);
    str fields = sim_field(c, S("fields"));
    if (str_starts(fields, S("mentioned_")) && str_eq(id, c->account->id)) {
        about_mention(c, fields);
    } else if (str_eq(id, S("me"))) {
        about_me(c);
    } else if (str_starts(id, S("t_")) && graph_person(c->account, str_skip(id, 2), false)) {
        graph_conversation(c, graph_person(c->account, str_skip(id, 2), false));
    } else if (person) {
        about_person(c, person);
    } else if (note && note->is_public && !note->is_gone) {
        about_comment(c, note);
    } else if (note && !note->is_gone) {
        struct json_out j = sim_json(c);
        graph_put_message(&j, c->account, note, c->arena);
        sim_answer_json(c, 200, &j);
    } else {
        graph_fail(c, 400, 100, 33, "Object does not exist or cannot be loaded");
    }
}

static bool is_comment_good(struct sim_call *c, str text)
{
    int tags = 0;
    for (ptrdiff_t i = 0; i < text.len; i++)
        tags += text.at[i] == '#';
    bool is_good = utf8_code_points(text) <= COMMENT_POINTS && tags <= COMMENT_TAGS;
    if (!is_good)
        graph_fail(c, 400, 100, 0, "The comment breaks a rule for comments");
    return is_good;
}

static void reply_to_comment(struct sim_call *c, str id)
{
    struct graph_note *note = graph_note(c->account, id);
    str text = sim_field(c, S("message"));
    bool is_any = !note && sim_takes_any(c->account);
    if (!is_any && (!note || !note->is_public || note->is_gone || note->is_mention))
        graph_fail(c, 400, 100, 33, "Object does not exist or cannot be loaded");
    else if (is_comment_good(c, text))
        graph_comment(c, note, note ? str_from(note->post) : id, text, (str){0});
}

static void reply_to_mention(struct sim_call *c)
{
    str media = sim_field(c, S("media_id")), text = sim_field(c, S("message"));
    str comment = sim_field(c, S("comment_id"));
    struct graph_note *note = graph_note(c->account, comment);
    if (!media.len || (comment.len && (!note || !note->is_mention)))
        graph_fail(c, 400, 100, 0, "There is no such mention");
    else if (is_comment_good(c, text))
        graph_comment(c, note, media, text, (str){0});
}

/* ── tokens ── */

static void give_token(struct sim_call *c, struct sim_account *account)
{
    struct graph_box *box = graph_box(account);
    str token = str_cat(c->arena, S("IGAA"), sim_random_word(c->sim, c->network, c->arena, 40));
    c->account = account;
    sim_keep(box->token, sizeof box->token, token);
    sim_answer_print(c, 200,
        "{\"access_token\":\"%.*s\",\"token_type\":\"bearer\",\"expires_in\":%d}", SARG(token),
        TOKEN_S);
}

/* "hour:<token>" with the app's secret. */
static void exchange(struct sim_call *c)
{
    str given = sim_field(c, S("access_token"));
    for (ptrdiff_t i = 0; str_starts(given, S("hour:")); i++) {
        struct sim_account *at = sim_account_at(c->sim, c->network, i);
        if (!at)
            break;
        bool is_it = str_eq(at->token, str_skip(given, 5)) && !at->is_revoked;
        if (is_it && str_eq(at->secret, sim_field(c, S("client_secret")))) {
            give_token(c, at);
            return;
        }
    }
    graph_fail(c, 400, 100, 0, "The token cannot be exchanged");
}

/* ── calls ── */

static void by_edge(struct sim_call *c, str id, str edge)
{
    bool is_post = c->req->method == HTTP_POST;
    if (str_eq(edge, S("subscribed_apps")) && is_sender(c, id))
        graph_subscription(c);
    else if (str_eq(edge, S("messages")) && is_post && is_sender(c, id))
        graph_messages(c);
    else if (str_eq(edge, S("conversations")) && !is_post && is_sender(c, id))
        graph_conversations(c);
    else if (str_eq(edge, S("mentions")) && is_post && str_eq(id, c->account->id))
        reply_to_mention(c);
    else if (str_eq(edge, S("replies")) && is_post)
        reply_to_comment(c, id);
    else
        graph_fail(c, 400, 100, 0, "Tried accessing nonexisting field");
}

static void handle(struct sim_call *c)
{
    str host = sim_path(c, 0), version = sim_path(c, 1), id = sim_path(c, 2), edge = sim_path(c, 3);
    bool is_own = str_eq(host, S("instagram"));
    if (is_own && str_eq(version, S("access_token"))) {
        exchange(c);
        return;
    }
    if (!is_own && !str_eq(host, S("graph"))) {
        graph_fail(c, 404, 2500, 0, "Unknown path components");
        return;
    }
    if (!graph_enter(c))
        return;
    if (is_own && str_eq(version, S("refresh_access_token")))
        give_token(c, c->account);
    else if (edge.len)
        by_edge(c, id, edge);
    else if (c->req->method != HTTP_GET)
        graph_change_comment(c, graph_note(c->account, id), "hide");
    else
        read_node(c, id);
}

const struct sim_network sim_instagram = {
    .name = S_INIT("instagram"),
    .title = S_INIT("Instagram"),
    .account = {.id = S_INIT("17841400000000001"),
                .name = S_INIT("Seva Shop"),
                .token = S_INIT("IGAAsevaToken123"),
                .secret = S_INIT("seva-meta-app-secret-0001"),
                .verify_token = S_INIT("seva-verify")},
    .account_open = graph_open,
    .account_close = graph_close,
    .handle = handle,
    .refuse = graph_refuse,
    .say = graph_say,
    .event = graph_raw_event,
    .special = graph_special,
    .sign = graph_sign,
    .retry_gaps_ms = graph_retry_gaps_ms,
};
