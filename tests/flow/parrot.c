/* See parrot.h. */
#include "parrot.h"

#include "base/clock.h"

#include "connector/network.h"
#include "connector/oauth1.h"
#include "connector/oauth2.h"
#include "connector/reading.h"

#include <poll.h>

enum { HOUR_MS = 3600 * 1000 };

void (*parrot_meanwhile)(void);
void (*parrot_renewing)(void);

static str url_of(struct arena *a, const struct connector_setup *s, const char *path)
{
    return str_cat(a, connector_host_url(a, &connector_parrot, s->hosts, S("api")), str_from(path));
}

static err ask(struct http_client *client, struct arena *a, const struct connector_setup *s,
    const char *path, str body, struct connector_sent *sent, const struct json **root)
{
    struct http_result res;
    str token = setup_secret(a, s, "access_token");
    if (!token.len)
        token = setup_secret(a, s, "oauth1_token");
    const struct network_call call = {.method = body.len ? HTTP_POST : HTTP_GET,
        .url = url_of(a, s, path),
        .authorization = str_cat(a, S("Bearer "), token),
        .body = body};
    TRY(network_do(client, a, &call, &res));
    network_answer(a, S("Parrot"), &res, 0, sent);
    *root = network_json(a, &res);
    return OK;
}

static err check(struct http_client *client, struct arena *a, const struct connector_setup *s,
    int64_t now_ms, struct connector_checked *out)
{
    const struct json *root = NULL;
    (void)now_ms;
    *out = (struct connector_checked){0};
    TRY(ask(client, a, s, "/me", (str){0}, &out->end, &root));
    const struct json *list = take_array(root, "accounts");
    out->accounts = NEW(a, struct connector_account, list ? list->count + 1 : 1);
    for (const struct json *v = list ? list->first : NULL; v; v = v->next) {
        str token = take_line(v, "token", 200);
        out->accounts[out->n++] = (struct connector_account){.external_id = take_id(v, "id"),
            .handle = take_line(v, "handle", 200),
            .name = take_line(v, "name", 200),
            .avatar_url = take_url(v, "avatar"),
            .secrets =
                token.len ? str_print(a, "{\"access_token\":\"%.*s\"}", SARG(token)) : (str){0}};
    }
    out->note = take_line(root, "note", 200);
    out->expires_ms = take_time(root, "expires");
    return OK;
}

static err subscribe(struct http_client *client, struct arena *a, const struct connector_setup *s,
    bool on, struct connector_sent *sent)
{
    const struct json *root = NULL;
    return ask(client, a, s, "/hooks",
        str_print(a, "{\"url\":\"%.*s\",\"on\":%s}", SARG(s->hook_url), on ? "true" : "false"),
        sent, &root);
}

static err act(struct http_client *client, struct arena *a, const struct connector_act *act,
    struct connector_sent *sent)
{
    const struct json *root = NULL;
    struct json_out j = json_out_make(a, 0);
    json_obj(&j);
    json_kv_int(&j, S("kind"), act->kind);
    json_kv_str(&j, S("id"), act->external_id);
    json_kv_str(&j, S("text"), act->text);
    json_kv_str(&j, S("reaction"), act->reaction);
    json_kv_bool(&j, S("public"), act->is_public);
    json_kv_str(&j, S("token"), act->token);
    json_obj_end(&j);
    return ask(client, a, act->setup, "/act", json_str(&j), sent, &root);
}

static err typing(struct http_client *client, struct arena *a, const struct connector_setup *s,
    str to, str thread_key, struct connector_sent *sent)
{
    const struct json *root = NULL;
    (void)thread_key;
    return ask(client, a, s, "/typing", str_print(a, "{\"to\":\"%.*s\"}", SARG(to)), sent, &root);
}

static err send(struct http_client *client, struct arena *a, const struct connector_outgoing *out,
    struct connector_sent *sent)
{
    const struct json *root = NULL;
    struct json_out j = json_out_make(a, 0);
    json_obj(&j);
    json_kv_str(&j, S("to"), out->to);
    json_kv_str(&j, S("text"), out->text);
    json_kv_bool(&j, S("public"), out->is_public);
    json_kv_str(&j, S("reply_to"), out->reply_to);
    json_kv_str(&j, S("thread"), out->thread_key);
    json_kv_raw(&j, S("parts"), out->parts);
    if (out->n_files)
        json_kv_str(&j, S("preview"), out->files[0].preview_url);
    json_obj_end(&j);
    TRY(ask(client, a, out->setup, "/send", json_str(&j), sent, &root));
    if (parrot_meanwhile)
        parrot_meanwhile();
    sent->external_id = take_id(root, "id");
    if (take_bool(root, "unpaid")) {
        sent->is_channel_wide = true;
        sent->why = S("There is a problem with the payment.");
    }
    return OK;
}

static err templates(struct http_client *client, struct arena *a, const struct connector_setup *s,
    struct connector_templates *out)
{
    const struct json *root = NULL;
    *out = (struct connector_templates){0};
    TRY(ask(client, a, s, "/templates", (str){0}, &out->end, &root));
    const struct json *list = take_array(root, "templates");
    struct connector_template *rows = NEW(a, struct connector_template, list ? list->count + 1 : 1);
    for (const struct json *v = list ? list->first : NULL; v; v = v->next)
        rows[out->n++] = (struct connector_template){.name = take_line(v, "name", 100),
            .language = take_line(v, "language", 20),
            .category = S("utility"),
            .state = S("approved"),
            .header = take_line(v, "header", 100),
            .body = take_text(v, "body"),
            .footer = take_line(v, "footer", 100),
            .buttons = S("[\"Yes\"]"),
            .n_variables = 1};
    out->at = rows;
    return OK;
}

/* The peer's answer says all: {"id", "over", "outcome"}. */
static err call_do(struct http_client *client, struct arena *a, const struct connector_call *call,
    struct connector_called *out)
{
    static const char *const kinds[] = {"dial", "take", "hang_up", "look"};
    const struct json *root = NULL;
    struct json_out j = json_out_make(a, 0);
    *out = (struct connector_called){0};
    json_obj(&j);
    json_kv_str(&j, S("kind"), str_from(kinds[call->kind]));
    json_kv_str(&j, S("id"), call->external_id);
    json_kv_str(&j, S("ref"), call->ref);
    json_kv_str(&j, S("phone"), call->phone);
    json_kv_str(&j, S("to"), call->to);
    json_obj_end(&j);
    TRY(ask(client, a, call->setup, "/call", json_str(&j), &out->end, &root));
    out->end.external_id = take_id(root, "id");
    out->is_over = take_bool(root, "over");
    out->news.outcome = take_line(root, "outcome", 20);
    return OK;
}

static err verify(struct arena *a, const struct connector_hook *hook, str *why)
{
    (void)a;
    *why = S("The key is wrong.");
    return str_eq(http_header_get(hook->req, S("X-Parrot")), hook->setup->secret)
               ? OK
               : E_UNAUTHENTICATED;
}

static void read_call(struct item_list *list, const struct json *v)
{
    struct connector_item *it = item_add(list, ITEM_CALL);
    if (!it)
        return;
    it->external_id = take_id(v, "id");
    it->contact_external_id = it->contact_phone = take_id(v, "from");
    it->contact_name = take_line(v, "name", 100);
    it->call = (struct connector_call_news){.state = take_line(v, "state", 20),
        .outcome = take_line(v, "outcome", 20),
        .ref = take_id(v, "ref"),
        .agent_phone = take_line(v, "agent", 100),
        .position = take_int(v, "position", 0),
        .talk_s = take_int(v, "talk", 0),
        .is_returned = take_bool(v, "returned"),
        .error = take_line(v, "error", 100)};
}

static void read_item(struct item_list *list, const struct json *v)
{
    str kind = take_line(v, "kind", 20);
    if (str_eq(kind, S("call"))) {
        read_call(list, v);
        return;
    }
    struct connector_item *it = item_add(list, str_eq(kind, S("edit"))       ? ITEM_EDIT
                                               : str_eq(kind, S("delete"))   ? ITEM_DELETE
                                               : str_eq(kind, S("reaction")) ? ITEM_REACTION
                                               : str_eq(kind, S("status"))   ? ITEM_STATUS
                                                                             : ITEM_MESSAGE);
    if (!it)
        return;
    it->external_id = take_id(v, "id");
    it->account = take_id(v, "account");
    it->contact_external_id = take_id(v, "from");
    it->contact_name = take_line(v, "name", 100);
    it->text = take_text(v, "text");
    it->is_public = take_bool(v, "public");
    it->is_ours = take_bool(v, "ours");
    it->is_answered = take_bool(v, "answered");
    it->reaction = take_line(v, "emoji", 20);
    it->state = take_line(v, "state", 20);
    it->token = take_line(v, "token", 100);
    it->sent_ms = take_int(v, "at_ms", 0);
    it->error = take_line(v, "error", 2000);
    it->ours_ref = take_line(v, "ref", 40);
    str *alias = NEW(list->a, str, 1);
    *alias = take_id(v, "alias");
    it->aliases = alias;
    it->n_aliases = alias->len > 0;
    it->wants_author = take_bool(v, "unsure");
    it->opens_window = !take_bool(v, "opens_nothing");
    it->window_ms = take_int(v, "window_ms", 0);
    str post = take_id(v, "post");
    if (post.len) {
        it->thread_key = str_cat(list->a, S("post:"), post);
        it->post = (struct connector_post){.external_id = post,
            .kind = S("post"),
            .url = str_cat(list->a, S("https://parrot.example/p/"), post),
            .text = S("Our news"),
            .author_name = S("Shop"),
            .author_handle = S("@shop"),
            .image_url = S("https://parrot.example/p.jpg"),
            .at_ms = 1000,
            .is_ours = true};
    }
}

static err parse(
    struct arena *a, const struct connector_raw *raw, struct connector_batch *batch, str *why)
{
    const struct json *root = NULL;
    struct item_list list = {.a = a};
    if (json_parse(a, raw->body, &root, why) != OK)
        return E_INVALID;
    const struct json *items = take_array(root, "items");
    for (const struct json *v = items ? items->first : NULL; v; v = v->next)
        read_item(&list, v);
    batch_of(&list, batch);
    return OK;
}

atomic_int parrot_streams, parrot_taken, parrot_ended;
atomic_int parrot_pieces, parrot_kept;

static void keep_pieces(const struct connector_listen *in)
{
    int pieces = atomic_load(&parrot_pieces);
    for (int i = 0; i < pieces && in->keep(in->arg, i ? S("piece") : (str){0}); i++) {
        clock_advance(40 * 1000);
        atomic_fetch_add(&parrot_kept, 1);
    }
    while (atomic_load(&parrot_pieces))
        (void)poll(NULL, 0, 1); /* nothing to poll: a moment */
}

static err listen_for_ever(struct http_client *client, struct arena *a,
    const struct connector_listen *in, struct connector_polled *out)
{
    bool goes_on = true;
    (void)client;
    *out = (struct connector_polled){.end = {.outcome = CONNECTOR_SENT}};
    atomic_fetch_add(&parrot_streams, 1);
    keep_pieces(in);
    for (int i = 0; goes_on; i++) {
        str item = str_print(a,
            "{\"items\":[{\"kind\":\"message\",\"id\":\"s%d\",\"from\":\"ann\",\"text\":\"x\"}]}",
            i);
        const struct connector_delivery delivery = {.body = item, .origin = S("stream")};
        (void)poll(NULL, 0, 2); /* nothing to poll: a moment */
        goes_on = in->take(in->arg, &delivery, (str){0});
        atomic_fetch_add(&parrot_taken, goes_on);
    }
    atomic_fetch_sub(&parrot_streams, 1);
    atomic_fetch_add(&parrot_ended, 1);
    return OK;
}

static err lookup(struct http_client *client, struct arena *a, const struct connector_setup *s,
    str external_id, int64_t now_ms, struct connector_polled *out)
{
    const struct json *root = NULL;
    (void)now_ms;
    *out = (struct connector_polled){0};
    TRY(ask(client, a, s, "/lookup", str_print(a, "{\"id\":\"%.*s\"}", SARG(external_id)),
        &out->end, &root));
    struct connector_delivery *found = NEW(a, struct connector_delivery, 1);
    *found = (struct connector_delivery){.origin = S("lookup"),
        .content_type = S("application/json"),
        .body = json_text_of(a, root)};
    out->deliveries = found;
    out->n = take_array(root, "items") ? 1 : 0;
    return OK;
}

static err enroll(struct http_client *client, struct arena *a, const struct connector_setup *s,
    str redirect_uri, int64_t now_ms, struct connector_refreshed *out)
{
    const struct json *root = NULL;
    (void)now_ms;
    *out = (struct connector_refreshed){0};
    TRY(ask(client, a, s, "/apps", str_print(a, "{\"redirect\":\"%.*s\"}", SARG(redirect_uri)),
        &out->end, &root));
    out->secrets = str_print(
        a, "{\"client_id\":\"%.*s\",\"client_secret\":\"made\"}", SARG(take_line(root, "id", 100)));
    return OK;
}

/* A client_secret "renew-…" is good for new tokens. */
static err renew(struct http_client *client, struct arena *a, const struct connector_setup *s,
    int64_t now_ms, struct connector_refreshed *out)
{
    const struct json *root = NULL, *old = NULL;
    str key = setup_secret(a, s, "client_secret"), why;
    (void)now_ms;
    *out = (struct connector_refreshed){.end.outcome = CONNECTOR_RETRY};
    if (!str_starts(key, S("renew-")))
        return OK;
    TRY(ask(client, a, s, "/renew", str_print(a, "{\"secret\":\"%.*s\"}", SARG(key)), &out->end,
        &root));
    if (parrot_renewing)
        parrot_renewing();
    struct json_out j = json_out_make(a, 0);
    if (json_parse(a, s->secrets, &old, &why) != OK)
        return OK;
    json_obj(&j);
    for (const struct json *v = old->first; v; v = v->next)
        if (!str_eq(v->key, S("access_token"))) {
            json_key(&j, v->key);
            json_put_tree(&j, v);
        }
    json_kv_str(&j, S("access_token"), take_line(root, "token", 100));
    json_obj_end(&j);
    out->secrets = json_str(&j);
    return OK;
}

static const struct oauth2_provider provider = {
    .name = S_INIT("parrot"),
    .authorize_base = S_INIT("https://parrot.example"),
    .authorize_path = S_INIT("/authorize"),
    .token_base = S_INIT("https://api.parrot.example"),
    .token_path = S_INIT("/token"),
    .scopes = S_INIT("read write"),
    .separator = ' ',
    .uses_pkce = true,
};
static const struct oauth1_provider old_provider = {.host = "api"};
static const struct connector_setting settings[] = {
    {.name = "auth",         .kind = "choice", .standard = "oauth2", .choices = "oauth2 oauth1"},
    {.name = "client_id",  .kind = "text", .help = "The application's id."},
    {.name = "client_secret",                      .kind = "secret"},
    {.name = "consumer_key",       .kind = "text"},
    {.name = "consumer_secret",                      .kind = "secret"},
    {.name = "access_token",.kind = "secret", .is_required = true},
    {.name = "server", .kind = "url", .is_required = true, .standard = "https://parrot.example"},
    {.name = "most",                      .kind = "number"},
    {.name = "words",.kind = "list"},
    {.name = "wrap_up_s", .kind = "number", .standard = "120"},
    {0  },
};
static const struct connector_host hosts[] = {
    {"api", "https://api.parrot.example"},
    {0    }
};
static const struct connector_media media[] = {
    {"image/png image/jpeg", 5000000},
    {0                     }
};

const struct connector connector_parrot = {
    .name = S_INIT("x"),
    .title = S_INIT("Parrot"),
    .able = ABLE_HOOK | ABLE_PRIVATE_REPLY | ABLE_BUTTONS | ABLE_TEMPLATES | ABLE_COMMENTS,
    .acts_private = 1 << ACT_DELETE | 1 << ACT_EDIT | 1 << ACT_REACT | 1 << ACT_READ,
    .acts_public = 1 << ACT_DELETE | 1 << ACT_HIDE | 1 << ACT_UNHIDE | 1 << ACT_LIKE,
    .settings = settings,
    .hosts = hosts,
    .private_rules = {.unit = LENGTH_CODE_POINTS,
                      .max_length = 100,
                      .max_bytes = 390,
                      .max_length_with_file = 50,
                      .files_per_piece = 1,
                      .media = media,
                      .reply_window_ms = 24 * HOUR_MS,
                      .late_window_ms = INT64_C(7) * 24 * HOUR_MS,
                      .needs_template_after = true,
                      .may_split = true},
    .public_rules = {.unit = LENGTH_CODE_POINTS,       .max_length = 40,    .length_setting = "most"},
    .approval = "An account of two years.",
    .wants_preview = true,
    .resubscribe_ms = INT64_C(30) * 24 * HOUR_MS,
    .oauth1 = &old_provider,
    .oauth2 = &provider,
    .verify = verify,
    .parse = parse,
    .send = send,
    .act = act,
    .typing = typing,
    .check = check,
    .subscribe = subscribe,
    .listen = listen_for_ever,
    .templates = templates,
    .enroll = enroll,
    .refresh = renew,
    .lookup = lookup,
    .calls = 1 << CALL_DIAL | 1 << CALL_TAKE | 1 << CALL_HANG_UP | 1 << CALL_LOOK,
    .call = call_do,
};

/* ── instead of the program's registry ── */

extern const struct connector connector_widget, connector_api, connector_telegram;
static const struct connector *const connectors[] = {
    &connector_widget,
    &connector_api,
    &connector_telegram,
    &connector_parrot,
};

const struct connector *const *connector_all(ptrdiff_t *n)
{
    *n = (ptrdiff_t)(sizeof connectors / sizeof *connectors);
    return connectors;
}
