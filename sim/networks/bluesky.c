/* Bluesky: a personal data server with our account, the views of posts and the chat service behind
 * it. See network.h.
 *
 * Accounts: id = our DID, token = the app password; the handle is the setting "handle"
 * (care.example.com). Settings: "chat":"no" (the app password may not chat), "session_ms" (how long
 * an access token lives; 7,200,000). say: kind "" or "mention", "reply" (reply_to = a post),
 * "quote", "chat", "request" (a first chat message that waits to be accepted); from_id = a DID.
 * special: own {text, reply_to}, disable {did} (takes no chat messages). Tokens are words, not
 * JWTs. */
#include "network.h"

#include <stdlib.h>

#include "base/clock.h"

enum {
    POSTS = 20000,
    LOGS = 20000,
    NAME = 160,
    SESSIONS = 16,
    SESSION_MS = 7200 * 1000,
    JSON_BYTES = 256 * 1024,
    IMAGE_BYTES = 1000 * 1000,
};

struct post {
    char uri[NAME], cid[64], author[NAME], reason[16];
    char *record; /* JSON */
    int64_t at_ms;
    bool is_own, is_gone;
};
struct log {
    int64_t rev;
    char convo[NAME], id[64], sender[NAME];
    char *json, *text;
    int64_t at_ms;
};
struct session {
    char access[48], refresh[48];
    int64_t until_ms;
};
struct state {
    struct post posts[POSTS]; /* rings */
    struct log logs[LOGS];
    struct session sessions[SESSIONS];
    int64_t n_posts, n_logs, n_sessions;
    char requested[NAME], disabled[NAME]; /* the last of each */
};

static void bluesky_open(struct sim *sim, struct sim_account *account)
{
    (void)sim;
    account->data = sim_alloc((ptrdiff_t)sizeof(struct state));
}

static void bluesky_close(struct sim *sim, struct sim_account *account)
{
    (void)sim;
    struct state *s = account->data;
    for (int i = 0; i < POSTS; i++)
        free(s->posts[i].record);
    for (int i = 0; i < LOGS; i++) {
        free(s->logs[i].json);
        free(s->logs[i].text);
    }
    free(s);
}

static str handle_of(const struct sim_account *account)
{
    str handle = sim_setting(account, S("handle"));
    return handle.len ? handle : S("care.example.com");
}

/* ── answers, sessions ── */

static void fail_with(struct sim_call *c, int status, const char *error, const char *message)
{
    sim_answer_print(c, status, "{\"error\":\"%s\",\"message\":\"%s\"}", error, message);
}

static void bluesky_refuse(struct sim_call *c, enum sim_refusal why, int64_t retry_after_ms)
{
    if (why == SIM_REFUSE_500)
        fail_with(c, 500, "InternalServerError", "Internal Server Error");
    else if (why == SIM_REFUSE_401)
        fail_with(c, 401, "InvalidToken", "Token could not be verified");
    else
        fail_with(c, 429, "RateLimitExceeded", "Rate Limit Exceeded");
    if (why != SIM_REFUSE_429)
        return;
    sim_header(c, S("RateLimit-Limit"), S("3000"));
    sim_header(c, S("RateLimit-Remaining"), S("0"));
    sim_header_print(
        c, S("RateLimit-Reset"), "%lld", (long long)(c->now_ms + retry_after_ms + 999) / 1000);
}

static void give_session(struct sim_call *c, struct session *s)
{
    int64_t life_ms = SESSION_MS;
    str setting = sim_setting(c->account, S("session_ms"));
    (void)str_int(setting, 1, INT64_MAX, &life_ms); /* else the usual */
    sim_keep(s->access, sizeof s->access, sim_random_word(c->sim, c->network, c->arena, 40));
    sim_keep(s->refresh, sizeof s->refresh, sim_random_word(c->sim, c->network, c->arena, 40));
    s->until_ms = c->now_ms + life_ms;
    sim_answer_print(c, 200,
        "{\"did\":\"%.*s\",\"handle\":\"%.*s\",\"accessJwt\":\"%s\",\"refreshJwt\":\"%s\","
        "\"active\":true}",
        SARG(c->account->id), SARG(handle_of(c->account)), s->access, s->refresh);
}

static void create_session(struct sim_call *c)
{
    struct state *s;
    str identifier = sim_field(c, S("identifier"));
    if (!sim_account_by_token(c, sim_field(c, S("password"))) ||
        !(str_eq(identifier, handle_of(c->account)) || str_eq(identifier, c->account->id))) {
        fail_with(c, 401, "AuthenticationRequired", "Invalid identifier or password");
        return;
    }
    s = c->account->data;
    give_session(c, &s->sessions[s->n_sessions++ % SESSIONS]);
}

/* The account and session of a bearer; both rotate with a renewal. */
static struct session *session_of(struct sim_call *c, bool is_refresh)
{
    str token = sim_bearer(c);
    struct sim_account *account;
    for (ptrdiff_t n = 0; (account = sim_account_at(c->sim, c->network, n)); n++) {
        struct state *s = account->data;
        for (int i = 0; i < SESSIONS && token.len; i++) {
            struct session *x = &s->sessions[i];
            if (account->is_revoked ||
                !str_eq(str_from(is_refresh ? x->refresh : x->access), token))
                continue;
            c->account = account;
            c->token = token;
            return x;
        }
    }
    return NULL;
}

/* ── posts ── */

static struct post *post_of(struct state *s, str uri)
{
    for (int i = 0; i < POSTS; i++)
        if (s->posts[i].record && !s->posts[i].is_gone && str_eq(str_from(s->posts[i].uri), uri))
            return &s->posts[i];
    return NULL;
}

static struct post *post_add(struct sim *sim, struct sim_account *account, struct arena *a, str uri,
    str author, const char *reason, str record)
{
    struct state *s = account->data;
    struct post *p = &s->posts[s->n_posts++ % POSTS];
    free(p->record);
    *p = (struct post){.at_ms = sim_now(sim), .record = sim_copy(record)};
    sim_keep(p->uri, sizeof p->uri, uri);
    sim_keep(p->author, sizeof p->author, author);
    sim_keep(p->reason, sizeof p->reason, str_from(reason));
    sim_keep(p->cid, sizeof p->cid,
        str_cat(a, S("bafyrei"), sim_random_hex(sim, account->network, a, 32)));
    p->is_own = str_eq(author, account->id);
    return p;
}

static void put_view(struct json_out *j, const struct sim_account *account, const struct post *p)
{
    json_kv_str(j, S("uri"), str_from(p->uri));
    json_kv_str(j, S("cid"), str_from(p->cid));
    json_key(j, S("author"));
    json_obj(j);
    json_kv_str(j, S("did"), str_from(p->author));
    json_kv_str(j, S("handle"), p->is_own ? handle_of(account) : S("asha.example.com"));
    json_kv_str(j, S("displayName"), p->is_own ? account->name : S("Asha"));
    json_obj_end(j);
    json_kv_raw(j, S("record"), str_from(p->record));
    json_kv_time(j, S("indexedAt"), p->at_ms);
}

static void list_notifications(struct sim_call *c)
{
    const struct state *s = c->account->data;
    int64_t limit = sim_field_int(c, S("limit"), 50), at = s->n_posts, n = 0;
    struct json_out j = sim_json(c);
    (void)str_int(sim_field(c, S("cursor")), 0, s->n_posts, &at); /* else from the newest */
    json_obj(&j);
    json_key(&j, S("notifications"));
    json_arr(&j);
    while (at > 0 && at > s->n_posts - POSTS && n < limit) {
        const struct post *p = &s->posts[--at % POSTS];
        if (!p->reason[0] || p->is_gone)
            continue;
        json_obj(&j);
        put_view(&j, c->account, p);
        json_kv_str(&j, S("reason"), str_from(p->reason));
        json_kv_bool(&j, S("isRead"), false);
        json_obj_end(&j);
        n++;
    }
    json_arr_end(&j);
    if (at > 0)
        json_kv_str(&j, S("cursor"), str_print(c->arena, "%lld", (long long)at));
    json_obj_end(&j);
    sim_answer_json(c, 200, &j);
}

static void list_own(struct sim_call *c)
{
    enum { MOST = 30 };
    const struct state *s = c->account->data;
    struct json_out j = sim_json(c);
    int n = 0;
    json_obj(&j);
    json_key(&j, S("feed"));
    json_arr(&j);
    for (int64_t i = s->n_posts - 1; i >= 0 && i >= s->n_posts - POSTS && n < MOST; i--) {
        const struct post *p = &s->posts[i % POSTS];
        if (!p->is_own || p->is_gone)
            continue;
        json_obj(&j);
        json_key(&j, S("post"));
        json_obj(&j);
        put_view(&j, c->account, p);
        json_obj_end(&j);
        json_obj_end(&j);
        n++;
    }
    json_arr_end(&j);
    json_obj_end(&j);
    sim_answer_json(c, 200, &j);
}

static void get_posts(struct sim_call *c)
{
    struct json_out j = sim_json(c);
    json_obj(&j);
    json_key(&j, S("posts"));
    json_arr(&j);
    for (ptrdiff_t i = 0; i < c->req->query_count; i++) {
        const struct post *p = post_of(c->account->data, c->req->query[i].value);
        if (!str_eq(c->req->query[i].name, S("uris")) || !p)
            continue;
        json_obj(&j);
        put_view(&j, c->account, p);
        json_obj_end(&j);
    }
    json_arr_end(&j);
    json_obj_end(&j);
    sim_answer_json(c, 200, &j);
}

static str uri_of(struct sim_call *c)
{
    return str_print(c->arena, "at://%.*s/%.*s/%.*s", SARG(sim_field(c, S("repo"))),
        SARG(sim_field(c, S("collection"))), SARG(sim_field(c, S("rkey"))));
}

static void get_record(struct sim_call *c)
{
    const struct post *p = post_of(c->account->data, uri_of(c));
    if (!p) {
        fail_with(c, 400, "RecordNotFound", "Could not locate record");
        return;
    }
    sim_answer_print(
        c, 200, "{\"uri\":\"%s\",\"cid\":\"%s\",\"value\":%s}", p->uri, p->cid, p->record);
}

static bool key_is_good(str rkey)
{
    for (ptrdiff_t i = 0; i < rkey.len; i++)
        if (str_find_byte(S("234567abcdefghijklmnopqrstuvwxyz"), rkey.at[i]) < 0)
            return false;
    return rkey.len == 13 && str_find_byte(S("234567abcdefghij"), rkey.at[0]) >= 0;
}

static bool answers_something(struct sim_call *c, const struct json *record)
{
    static const char *const above[] = {"root", "parent"};
    const struct json *reply = json_get(record, S("reply"));
    for (size_t i = 0; reply && i < sizeof above / sizeof *above; i++) {
        const struct json *ref = json_get(reply, str_from(above[i]));
        const struct post *p = post_of(c->account->data, json_text(json_get(ref, S("uri")), S("")));
        if (!p && sim_takes_any(c->account))
            continue;
        if (!p || !str_eq(str_from(p->cid), json_text(json_get(ref, S("cid")), S(""))))
            return false;
    }
    return true;
}

static void create_record(struct sim_call *c)
{
    enum { BYTES = 3000 };
    const struct json *record = json_get(c->json, S("record"));
    str text = json_text(json_get(record, S("text")), S("")), uri = uri_of(c);
    if (!str_eq(sim_field(c, S("repo")), c->account->id)) {
        fail_with(c, 400, "InvalidRequest", "Could not find repo");
    } else if (!key_is_good(sim_field(c, S("rkey")))) {
        fail_with(c, 400, "InvalidRequest", "Input/rkey must be a valid record key");
    } else if (text.len > BYTES || !record || !answers_something(c, record)) {
        fail_with(c, 400, "InvalidRecord", "Invalid app.bsky.feed.post record");
    } else if (post_of(c->account->data, uri)) {
        fail_with(c, 500, "InternalServerError", "There is already a value at key");
    } else {
        struct json_out j = json_out_make(c->arena, JSON_BYTES);
        const struct json *parent = json_get(json_get(record, S("reply")), S("parent"));
        json_put_tree(&j, record);
        const struct post *p =
            post_add(c->sim, c->account, c->arena, uri, c->account->id, "", json_str(&j));
        (void)sim_accept(
            c, &(struct sim_message){.conversation = json_text(json_get(parent, S("uri")), S("")),
                   .id = uri,
                   .text = text,
                   .kind = S("post"),
                   .ref = sim_field(c, S("rkey"))});
        sim_answer_print(c, 200, "{\"uri\":\"%s\",\"cid\":\"%s\",\"validationStatus\":\"valid\"}",
            p->uri, p->cid);
    }
}

static void delete_record(struct sim_call *c)
{
    struct post *p = post_of(c->account->data, uri_of(c));
    if (p)
        p->is_gone = true;
    sim_answer_print(c, 200, "{}");
}

static void upload_blob(struct sim_call *c)
{
    str type = http_header_get(c->req, S("Content-Type"));
    if (str_starts(type, S("image/")) && c->req->body.len > IMAGE_BYTES) {
        fail_with(c, 413, "BlobTooLarge", "This file is too large");
        return;
    }
    sim_answer_print(c, 200,
        "{\"blob\":{\"$type\":\"blob\",\"ref\":{\"$link\":\"bafkre%.*s\"},\"mimeType\":\"%.*s\","
        "\"size\":%td}}",
        SARG(str_sub(sim_body_hash(c), 0, 32)), SARG(type), c->req->body.len);
}

/* ── chat ── */

/* One conversation per person, named by them. */
static str convo_of(struct arena *a, str did)
{
    return str_cat(a, S("3k"), str_skip(did, str_starts(did, S("did:plc:")) ? 8 : 0));
}

static const struct log *log_add(
    struct sim *sim, struct sim_account *account, struct arena *a, str convo, str sender, str text)
{
    struct state *s = account->data;
    struct log *l = &s->logs[s->n_logs++ % LOGS];
    free(l->json);
    free(l->text);
    *l = (struct log){.rev = 100 + sim_next(sim, account->network), .at_ms = sim_now(sim)};
    sim_keep(l->convo, sizeof l->convo, convo);
    sim_keep(l->sender, sizeof l->sender, sender);
    sim_keep(l->id, sizeof l->id, str_print(a, "3kmsg%lld", (long long)l->rev));
    l->text = sim_copy(text);
    struct json_out j = json_out_make(a, JSON_BYTES);
    json_obj(&j);
    json_kv_str(&j, S("id"), str_from(l->id));
    json_kv_str(&j, S("rev"), str_print(a, "%lld", (long long)l->rev));
    json_kv_str(&j, S("text"), text);
    json_kv_raw(&j, S("sender"), str_print(a, "{\"did\":\"%.*s\"}", SARG(sender)));
    json_kv_time(&j, S("sentAt"), l->at_ms);
    json_obj_end(&j);
    l->json = sim_copy(json_str(&j));
    return l;
}

static void get_log(struct sim_call *c)
{
    const struct state *s = c->account->data;
    int64_t after = sim_field_int(c, S("cursor"), 0), last = after;
    struct sb b = sb_make(c->arena, 0);
    sb_add(&b, S("{\"logs\":["));
    bool is_first = true;
    for (int64_t i = s->n_logs > LOGS ? s->n_logs - LOGS : 0; i < s->n_logs; i++) {
        const struct log *l = &s->logs[i % LOGS];
        if (l->rev <= after)
            continue;
        sb_print(&b,
            "%s{\"$type\":\"chat.bsky.convo.defs#logCreateMessage\",\"rev\":\"%lld\",\"convoId\":\"%s\","
            "\"message\":%s}",
            is_first ? "" : ",", (long long)l->rev, l->convo, l->json);
        is_first = false;
        last = l->rev;
    }
    sb_print(&b, "],\"cursor\":\"%lld\"}", (long long)last);
    sim_answer(c, 200, S("application/json"), sb_str(&b));
}

static void give_convo(struct sim_call *c, str id)
{
    const struct state *s = c->account->data;
    bool is_request = str_eq(str_from(s->requested), id);
    sim_answer_print(c, 200,
        "{\"convo\":{\"id\":\"%.*s\",\"rev\":\"1\",\"status\":\"%s\",\"members\":[{\"did\":\"%.*s\"},{"
        "\"did\":\"did:plc:%.*s\",\"handle\":\"asha.example.com\",\"displayName\":\"Asha\"}]}}",
        SARG(id), is_request ? "request" : "accepted", SARG(c->account->id), SARG(str_skip(id, 2)));
}

static void get_messages(struct sim_call *c)
{
    const struct state *s = c->account->data;
    str convo = sim_field(c, S("convoId"));
    int64_t limit = sim_field_int(c, S("limit"), 50), n = 0;
    struct sb b = sb_make(c->arena, 0);
    sb_add(&b, S("{\"messages\":["));
    for (int64_t i = s->n_logs - 1; i >= 0 && i >= s->n_logs - LOGS && n < limit; i--) {
        const struct log *l = &s->logs[i % LOGS];
        if (str_eq(str_from(l->convo), convo))
            sb_print(&b, "%s%s", n++ ? "," : "", l->json);
    }
    sb_add(&b, S("]}"));
    sim_answer(c, 200, S("application/json"), sb_str(&b));
}

static void send_message(struct sim_call *c)
{
    enum { BYTES = 10000 };
    const struct state *s = c->account->data;
    str convo = sim_field(c, S("convoId"));
    str text = json_text(json_path(c->json, S("message.text")), S(""));
    if (s->disabled[0] && str_eq(convo, convo_of(c->arena, str_from(s->disabled)))) {
        fail_with(c, 400, "InvalidRequest", "recipient has disabled incoming messages");
        return;
    }
    if (!convo.len || !text.len || text.len > BYTES) {
        fail_with(c, 400, "InvalidRequest", "Input/message/text is required");
        return;
    }
    const struct log *l = log_add(c->sim, c->account, c->arena, convo, c->account->id, text);
    (void)sim_accept(c, /* it has no key by which to know a double */
        &(struct sim_message){
            .conversation = convo, .id = str_from(l->id), .text = text, .kind = S("chat")});
    sim_answer(c, 200, S("application/json"), str_copy(c->arena, str_from(l->json)));
}

static void accept_convo(struct sim_call *c)
{
    struct state *s = c->account->data;
    if (str_eq(str_from(s->requested), sim_field(c, S("convoId"))))
        s->requested[0] = 0;
    sim_answer_print(c, 200, "{\"rev\":\"1\"}");
}

/* ── calls ── */

static void get_session(struct sim_call *c)
{
    sim_answer_print(c, 200, "{\"did\":\"%.*s\",\"handle\":\"%.*s\",\"active\":true}",
        SARG(c->account->id), SARG(handle_of(c->account)));
}

static void get_profile(struct sim_call *c)
{
    sim_answer_print(c, 200, "{\"did\":\"%.*s\",\"displayName\":\"%.*s\"}", SARG(c->account->id),
        SARG(c->account->name));
}

static void resolve_handle(struct sim_call *c)
{
    if (str_eq(sim_field(c, S("handle")), S("asha.example.com")))
        sim_answer_print(c, 200, "{\"did\":\"did:plc:asha\"}");
    else
        fail_with(c, 400, "InvalidRequest", "Unable to resolve handle");
}

static void get_convo(struct sim_call *c)
{
    give_convo(c, sim_field(c, S("convoId")));
}

static void convo_for_members(struct sim_call *c)
{
    give_convo(c, convo_of(c->arena, sim_field(c, S("members"))));
}

static void list_convos(struct sim_call *c)
{
    sim_answer_print(c, 200, "{\"convos\":[]}");
}

static const struct {
    str nsid;
    enum http_method method;
    void (*run)(struct sim_call *c);
} methods[] = {
    {S_INIT("com.atproto.server.getSession"),           HTTP_GET,  get_session       },
    {S_INIT("app.bsky.actor.getProfile"),               HTTP_GET,  get_profile       },
    {S_INIT("com.atproto.identity.resolveHandle"),      HTTP_GET,  resolve_handle    },
    {S_INIT("app.bsky.notification.listNotifications"), HTTP_GET,  list_notifications},
    {S_INIT("app.bsky.feed.getAuthorFeed"),             HTTP_GET,  list_own          },
    {S_INIT("app.bsky.feed.getPosts"),                  HTTP_GET,  get_posts         },
    {S_INIT("com.atproto.repo.getRecord"),              HTTP_GET,  get_record        },
    {S_INIT("com.atproto.repo.createRecord"),           HTTP_POST, create_record     },
    {S_INIT("com.atproto.repo.deleteRecord"),           HTTP_POST, delete_record     },
    {S_INIT("com.atproto.repo.uploadBlob"),             HTTP_POST, upload_blob       },
    {S_INIT("chat.bsky.convo.getLog"),                  HTTP_GET,  get_log           },
    {S_INIT("chat.bsky.convo.getConvo"),                HTTP_GET,  get_convo         },
    {S_INIT("chat.bsky.convo.getConvoForMembers"),      HTTP_GET,  convo_for_members },
    {S_INIT("chat.bsky.convo.listConvos"),              HTTP_GET,  list_convos       },
    {S_INIT("chat.bsky.convo.getMessages"),             HTTP_GET,  get_messages      },
    {S_INIT("chat.bsky.convo.sendMessage"),             HTTP_POST, send_message      },
    {S_INIT("chat.bsky.convo.acceptConvo"),             HTTP_POST, accept_convo      },
};

static bool may_call(struct sim_call *c, str nsid)
{
    const struct session *s = session_of(c, false);
    str proxy = http_header_get(c->req, S("atproto-proxy"));
    bool is_chat = str_starts(nsid, S("chat.bsky."));
    if (!s)
        fail_with(c, 401, "InvalidToken", "Token could not be verified");
    else if (c->now_ms >= s->until_ms)
        fail_with(c, 400, "ExpiredToken", "Token has expired");
    else if (is_chat && !str_eq(proxy, S("did:web:api.bsky.chat#bsky_chat")))
        fail_with(c, 404, "XRPCNotSupported", "XRPCNotSupported");
    else if (is_chat && str_eq(sim_setting(c->account, S("chat")), S("no")))
        fail_with(c, 403, "InvalidToken", "Bad token method");
    else
        return true;
    return false;
}

static void bluesky_handle(struct sim_call *c)
{
    if (str_starts(c->path, S("/api/")))
        c->path = str_skip(c->path, 4);
    str nsid = sim_path(c, 1);
    if (str_eq(nsid, S("com.atproto.server.createSession"))) {
        create_session(c);
        return;
    }
    if (str_eq(nsid, S("com.atproto.server.refreshSession"))) {
        struct session *s = session_of(c, true);
        if (s)
            give_session(c, s);
        else
            fail_with(c, 400, "ExpiredToken", "Token has been revoked");
        return;
    }
    if (!may_call(c, nsid))
        return;
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
        if (str_eq(methods[i].nsid, nsid) && methods[i].method == c->req->method) {
            methods[i].run(c);
            return;
        }
    fail_with(c, 501, "MethodNotImplemented", "Method Not Implemented");
}

/* ── customers ── */

static str record_of(struct sim *sim, struct sim_account *account, struct arena *a, str text,
    const struct post *parent)
{
    struct json_out j = json_out_make(a, JSON_BYTES);
    json_obj(&j);
    json_kv_str(&j, S("$type"), S("app.bsky.feed.post"));
    json_kv_str(&j, S("text"), text);
    json_kv_time(&j, S("createdAt"), sim_now(sim));
    if (parent) {
        const struct json *above = NULL, *root = NULL;
        str why, self = str_print(a, "{\"uri\":\"%s\",\"cid\":\"%s\"}", parent->uri, parent->cid);
        if (json_parse(a, str_from(parent->record), &above, &why) == OK)
            root = json_path(above, S("reply.root"));
        json_key(&j, S("reply"));
        json_obj(&j);
        json_key(&j, S("root"));
        if (root)
            json_put_tree(&j, root);
        else
            json_put_raw(&j, self);
        json_kv_raw(&j, S("parent"), self);
        json_obj_end(&j);
    }
    json_obj_end(&j);
    (void)account;
    return json_str(&j);
}

static str new_uri(struct sim *sim, struct sim_account *account, struct arena *a, str did)
{
    return str_print(a, "at://%.*s/app.bsky.feed.post/3s%lld", SARG(did),
        (long long)(100 + sim_next(sim, account->network)));
}

static err bluesky_say(struct sim *sim, struct sim_account *account, struct arena *a,
    const struct sim_say *say, str *id, str *why)
{
    struct state *s = account->data;
    str did = say->from_id.len ? say->from_id : S("did:plc:asha");
    bool is_request = str_eq(say->kind, S("request"));
    *why = S("from_id is a DID (did:plc:…)");
    if (!str_starts(did, S("did:plc:")))
        return E_INVALID;
    if (is_request || str_eq(say->kind, S("chat"))) {
        str convo = convo_of(a, did);
        if (is_request)
            sim_keep(s->requested, sizeof s->requested, convo);
        *id = str_copy(a, str_from(log_add(sim, account, a, convo, did, say->text)->id));
        return OK;
    }
    const char *reason = str_eq(say->kind, S("quote")) ? "quote"
                         : say->reply_to.len           ? "reply"
                                                       : "mention";
    const struct post *parent = say->reply_to.len ? post_of(s, say->reply_to) : NULL;
    *why = S("reply_to must be a post");
    if (say->reply_to.len && !parent)
        return E_INVALID;
    str record = record_of(sim, account, a, say->text, parent);
    *id = new_uri(sim, account, a, did);
    (void)post_add(sim, account, a, *id, did, reason, record);
    return OK;
}

static err bluesky_special(struct sim *sim, struct sim_account *account, struct arena *a, str what,
    const struct json *input, str *answer, str *why)
{
    struct state *s = account->data;
    *why = S("own {text, reply_to} or disable {did}");
    if (str_eq(what, S("disable"))) {
        sim_keep(s->disabled, sizeof s->disabled, json_text(json_get(input, S("did")), S("")));
        return OK;
    }
    if (!str_eq(what, S("own")))
        return E_NOT_FOUND;
    const struct post *parent = post_of(s, json_text(json_get(input, S("reply_to")), S("")));
    str record = record_of(sim, account, a, json_text(json_get(input, S("text")), S("")), parent);
    str uri = new_uri(sim, account, a, account->id);
    (void)post_add(sim, account, a, uri, account->id, "", record);
    *answer = str_print(a, "{\"uri\":\"%.*s\"}", SARG(uri));
    return OK;
}

const struct sim_network sim_bluesky = {
    .name = S_INIT("bluesky"),
    .title = S_INIT("Bluesky"),
    .account = {.id = S_INIT("did:plc:seva"),
                .name = S_INIT("Seva"),
                .token = S_INIT("bluesky-app-password")},
    .account_open = bluesky_open,
    .account_close = bluesky_close,
    .handle = bluesky_handle,
    .refuse = bluesky_refuse,
    .say = bluesky_say,
    .special = bluesky_special,
};
