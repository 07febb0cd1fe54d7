/* Facebook pages, Graph API v25.0: Messenger, comments, mentions. See graph.h for the parts,
 * graph_say.c for what customers do.
 *
 * Accounts: id = the page, token = its access token, secret = the app secret, callback = where the
 * app's webhook goes, verify_token. A token "user:<page token>" is the page's manager and lists
 * pages. Settings: "require_proof":"yes" wants appsecret_proof; "human_agent":"no": the feature is
 * not approved; "rates":"strict": 300 calls a second. */
#include "graph.h"

static void about_me(struct sim_call *c)
{
    struct json_out j = sim_json(c);
    json_obj(&j);
    json_kv_str(&j, S("id"), c->account->id);
    json_kv_str(&j, S("name"), c->account->name);
    json_obj_end(&j);
    sim_answer_json(c, 200, &j);
}

static void about_person(struct sim_call *c, const struct graph_person *person)
{
    struct json_out j = sim_json(c);
    json_obj(&j);
    json_kv_str(&j, S("first_name"), str_from(person->name));
    json_kv_str(&j, S("id"), str_from(person->id));
    json_obj_end(&j);
    sim_answer_json(c, 200, &j);
}

/* A comment or a message, by itself. */
static void about_note(struct sim_call *c, const struct graph_note *note)
{
    struct json_out j = sim_json(c);
    graph_put_message(&j, c->account, note, c->arena);
    sim_answer_json(c, 200, &j);
}

static void list_pages(struct sim_call *c, str token)
{
    struct sim_account *page = NULL;
    for (ptrdiff_t i = 0; !page; i++) {
        struct sim_account *at = sim_account_at(c->sim, c->network, i);
        if (!at)
            break;
        if (str_eq(at->token, str_skip(token, 5)) && !at->is_revoked)
            page = at;
    }
    if (!page) {
        graph_fail(c, 401, 190, 467, "Invalid OAuth access token");
        return;
    }
    struct json_out j = sim_json(c);
    json_obj(&j);
    json_key(&j, S("data"));
    json_arr(&j);
    json_obj(&j);
    json_kv_str(&j, S("id"), page->id);
    json_kv_str(&j, S("name"), page->name);
    json_kv_str(&j, S("access_token"), page->token);
    json_kv_raw(&j, S("tasks"), S("[\"MESSAGING\",\"MODERATE\"]"));
    json_obj_end(&j);
    json_arr_end(&j);
    json_obj_end(&j);
    sim_answer_json(c, 200, &j);
}

static void read_node(struct sim_call *c, str id)
{
    struct graph_person *person = graph_person(c->account, id, false);
    struct graph_note *note = graph_note(c->account, id);
    if (str_starts(id, S("t_")) && graph_person(c->account, str_skip(id, 2), false))
        graph_conversation(c, graph_person(c->account, str_skip(id, 2), false));
    else if (person)
        about_person(c, person);
    else if (note && !note->is_gone)
        about_note(c, note);
    else
        graph_fail(c, 400, 100, 33, "Object does not exist or cannot be loaded");
}

static void write_comment(struct sim_call *c, str id)
{
    struct graph_note *note = graph_note(c->account, id);
    bool is_post = !note && (str_find_byte(id, '_') > 0 || sim_takes_any(c->account));
    if ((note && note->is_gone) || (!note && !is_post))
        graph_fail(c, 400, 100, 33, "Object does not exist or cannot be loaded");
    else
        graph_comment(c, note, note ? str_from(note->post) : id, sim_field(c, S("message")),
            sim_field(c, S("attachment_url")));
}

static bool is_ours(const struct sim_call *c, str id)
{
    return str_eq(id, S("me")) || str_eq(id, c->account->id);
}

static void by_edge(struct sim_call *c, str id, str edge)
{
    bool is_post = c->req->method == HTTP_POST;
    if (str_eq(edge, S("subscribed_apps")) && is_ours(c, id))
        graph_subscription(c);
    else if (str_eq(edge, S("messages")) && is_post && is_ours(c, id))
        graph_messages(c);
    else if (str_eq(edge, S("message_attachments")) && is_post && is_ours(c, id))
        graph_upload(c);
    else if (str_eq(edge, S("conversations")) && !is_post && is_ours(c, id))
        graph_conversations(c);
    else if (str_eq(edge, S("comments")) && is_post)
        write_comment(c, id);
    else if (str_eq(edge, S("likes")) && is_post && graph_note(c->account, id))
        graph_done(c);
    else
        graph_fail(c, 400, 100, 0, "Tried accessing nonexisting field");
}

static void handle(struct sim_call *c)
{
    str id = sim_path(c, 2), edge = sim_path(c, 3), token = sim_bearer(c);
    bool is_graph = str_eq(sim_path(c, 0), S("graph")) && str_starts(sim_path(c, 1), S("v"));
    if (!is_graph) {
        graph_fail(c, 404, 2500, 0, "Unknown path components");
        return;
    }
    if (str_starts(token, S("user:")) && str_eq(id, S("me")) && str_eq(edge, S("accounts"))) {
        list_pages(c, token);
        return;
    }
    if (!graph_enter(c))
        return;
    if (edge.len)
        by_edge(c, id, edge);
    else if (c->req->method != HTTP_GET)
        graph_change_comment(c, graph_note(c->account, id), "is_hidden");
    else if (is_ours(c, id))
        about_me(c);
    else
        read_node(c, id);
}

const struct sim_network sim_facebook = {
    .name = S_INIT("facebook"),
    .title = S_INIT("Facebook pages"),
    .account = {.id = S_INIT("1029384756"),
                .name = S_INIT("Seva Shop"),
                .token = S_INIT("EAAGsevaPageToken123"),
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
