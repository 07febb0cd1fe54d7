/* TikTok API for Business v1.3: direct messages and comments. Base address: …/tiktok/api.
 *
 * Account: id = the business id, secret = the application's. Everything is answered with 200 and a
 * code. A conversation is "tt-conv-" and the customer's id; ten messages of ours go in the 48 hours
 * after the customer's last, three more later, then code 40133 (the real number is not known).
 * Comments stand below videos (conversation). say: kind "" (text, or one picture), "comment",
 * "delete" (reply_to = the comment), "read" (everything of ours). Our messages are echoed, our
 * comments are told as everybody's are: without an owner. */
#include "board.h"

extern const struct sim_network sim_tiktok;

static const int64_t window_ms = INT64_C(48) * 3600 * 1000, minute_ms = 60 * 1000;
enum {
    IN_WINDOW = 10,
    AFTER_WINDOW = 3,
    TEXT_MOST = 6000,
    PER_MINUTE = 40,
    SHOWN = 3,
    PAGE = 30,
};

static void fail_with(struct sim_call *c, int code, const char *message)
{
    sim_answer_print(c, 200,
        "{\"code\":%d,\"message\":\"%s\",\"request_id\":\"r%lld\",\"data\":{}}", code, message,
        (long long)c->now_ms);
}

static void give(struct sim_call *c, str data)
{
    sim_answer_print(c, 200,
        "{\"code\":0,\"message\":\"OK\",\"request_id\":\"r%lld\",\"data\":%.*s}",
        (long long)c->now_ms, SARG(data));
}

static void refuse(struct sim_call *c, enum sim_refusal why, int64_t retry_after_ms)
{
    (void)retry_after_ms; /* TikTok does not say when */
    switch (why) {
    case SIM_REFUSE_500:
        fail_with(c, 50000, "System error");
        break;
    case SIM_REFUSE_429:
    case SIM_REFUSE_429_BARE:
        fail_with(c, 40100, "Too many requests");
        break;
    case SIM_REFUSE_401:
        fail_with(c, 40105, "Access token is incorrect or has been revoked");
        break;
    }
}

/* ── webhooks ── */

static void tell(struct sim *sim, struct sim_account *account, struct arena *a, const char *event,
    str content, str key, str conversation)
{
    if (!account->callback.len)
        return;
    struct json_out j = json_out_make(a, 1 << 20);
    json_obj(&j);
    json_kv_str(&j, S("client_key"), S("7000000000000000001"));
    json_kv_str(&j, S("event"), str_from(event));
    json_kv_int(&j, S("create_time"), sim_now(sim) / 1000);
    json_kv_str(&j, S("user_openid"), account->id);
    json_kv_str(&j, S("content"), content);
    json_obj_end(&j);
    sim_webhook_send(sim, account,
        &(struct sim_webhook){
            .method = HTTP_POST, .body = json_str(&j), .key = key, .conversation = conversation});
}

static void sign(struct sim *sim, const struct sim_account *account, struct sim_post *post)
{
    (void)sim;
    str t = str_print(post->arena, "%lld", (long long)post->now_ms / 1000);
    str text = str_print(post->arena, "%.*s.%.*s", SARG(t), SARG(post->body));
    str digest = sim_hmac_hex(post->arena, account->secret, text);
    sim_post_header(post, S("Tiktok-Signature"),
        str_print(post->arena, "t=%.*s,s=%.*s", SARG(t), SARG(digest)));
    sim_post_header(post, S("webhook-schema-version"), S("1.0"));
}

static void put_user(struct json_out *j, str key, str id)
{
    json_key(j, key);
    json_obj(j);
    json_kv_str(j, S("id"), id);
    json_obj_end(j);
}

static void tell_message(struct sim *sim, struct sim_account *account, struct arena *a,
    const struct board_entry *e, str media_id)
{
    struct json_out j = json_out_make(a, 1 << 20);
    str customer = str_skip(str_from(e->post), S("tt-conv-").len);
    json_obj(&j);
    json_kv_str(&j, S("conversation_id"), str_from(e->post));
    json_kv_str(&j, S("message_id"), str_from(e->id));
    json_kv_int(&j, S("timestamp"), e->made_ms);
    json_kv_str(&j, S("type"), media_id.len ? S("image") : S("text"));
    json_key(&j, media_id.len ? S("image") : S("text"));
    json_obj(&j);
    json_kv_str(
        &j, media_id.len ? S("media_id") : S("body"), media_id.len ? media_id : board_text_of(e));
    json_obj_end(&j);
    json_kv_str(&j, S("from"), e->is_ours ? account->name : str_from(e->handle));
    put_user(&j, S("from_user"), e->is_ours ? account->id : customer);
    put_user(&j, S("to_user"), e->is_ours ? customer : account->id);
    json_obj_end(&j);
    tell(sim, account, a, e->is_ours ? "im_send_msg" : "im_receive_msg", json_str(&j),
        str_from(e->id), str_from(e->post));
}

static void tell_comment(struct sim *sim, struct sim_account *account, struct arena *a,
    const struct board_entry *e, const char *action)
{
    struct json_out j = json_out_make(a, 1 << 20);
    json_obj(&j);
    json_kv_str(&j, S("comment_id"), str_from(e->id));
    json_kv_str(&j, S("video_id"), str_from(e->post));
    if (e->parent[0])
        json_kv_str(&j, S("parent_comment_id"), str_from(e->parent));
    json_kv_str(&j, S("comment_type"), e->parent[0] ? S("reply") : S("comment"));
    json_kv_str(&j, S("comment_action"), str_from(action));
    json_kv_int(&j, S("timestamp"), sim_now(sim) / 1000);
    json_kv_str(&j, S("unique_identifier"), str_from(e->author));
    json_kv_str(&j, S("text"), board_text_of(e));
    json_obj_end(&j);
    tell(sim, account, a, "comment.update", json_str(&j), str_from(e->id), str_from(e->post));
}

/* ── messages ── */

/* How many of ours may still go; −1: the customer never wrote. */
static int64_t left_in(const struct board *b, str conversation, int64_t now_ms)
{
    int64_t in_window = 0, later = 0;
    for (const struct board_entry *e = b->newest; e; e = e->older)
        if (e->is_private && !e->is_ours && str_eq(str_from(e->post), conversation)) {
            for (const struct board_entry *x = e->newer; x; x = x->newer)
                if (x->is_private && x->is_ours && str_eq(str_from(x->post), conversation))
                    ++*(x->made_ms - e->made_ms <= window_ms ? &in_window : &later);
            return now_ms - e->made_ms <= window_ms ? IN_WINDOW - in_window : AFTER_WINDOW - later;
        }
    return -1;
}

static void send_message(struct sim_call *c)
{
    struct board *b = c->account->data;
    str conversation = sim_field(c, S("recipient"));
    str text = json_text(json_path(c->json, S("text.body")), S(""));
    str media_id = json_text(json_path(c->json, S("image.media_id")), S(""));
    struct sim_media media = {0};
    bool has_media = media_id.len && sim_media_get(c->sim, c->network, c->arena, media_id, &media);
    int64_t left = left_in(b, conversation, c->now_ms);
    if (left < 0 && conversation.len && sim_takes_any(c->account))
        left = IN_WINDOW;
    if ((!text.len && !has_media) || text.len > TEXT_MOST * 4 || left < 0) {
        fail_with(c, 40002, "Invalid parameter");
        return;
    }
    if (left == 0) {
        fail_with(c, 40133, "The message limit of this conversation has been reached");
        return;
    }
    str id = str_print(c->arena, "tt-msg-%lld", (long long)sim_next(c->sim, &sim_tiktok));
    struct board_entry *e = board_add(b, id, text, c->now_ms);
    sim_keep(e->post, sizeof e->post, conversation);
    e->is_ours = e->is_private = true;
    (void)sim_accept(
        c, &(struct sim_message){
               .conversation = conversation, .id = id, .text = text, .media = media.sha256});
    tell_message(c->sim, c->account, c->arena, e, media_id);
    give(c, str_print(c->arena, "{\"message\":{\"message_id\":\"%.*s\"}}", SARG(id)));
}

static void upload(struct sim_call *c)
{
    const struct sim_part *part = sim_part(c, S("file"));
    if (!part) {
        fail_with(c, 40002, "file: missing");
        return;
    }
    const struct sim_file file = {part->content_type, part->file_name, part->bytes};
    struct sim_media m = sim_media_add(c->sim, c->network, c->arena, c->account->id, &file);
    give(c, str_print(c->arena, "{\"media_id\":\"%.*s\"}", SARG(m.id)));
}

static void download(struct sim_call *c)
{
    str url = sim_media_url(
        c->sim, c->network, c->arena, sim_field(c, S("media_id")), 60 * minute_ms, true);
    give(c, str_print(c->arena, "{\"download_url\":\"%.*s\"}", SARG(url)));
}

static bool may_load(struct sim_call *c, str media_id)
{
    (void)media_id;
    return sim_account_by_token(c, http_header_get(c->req, S("x-user"))) != NULL;
}

/* ── comments ── */

static void put_comment(
    struct json_out *j, const struct board *b, const struct board_entry *e, bool with_replies)
{
    int shown = 0;
    json_obj(j);
    json_kv_str(j, S("comment_id"), str_from(e->id));
    json_kv_str(j, S("video_id"), str_from(e->post));
    json_kv_str(j, S("unique_identifier"), str_from(e->author));
    json_kv_int(j, S("create_time"), e->made_ms / 1000);
    json_kv_str(j, S("text"), board_text_of(e));
    json_kv_bool(j, S("owner"), e->is_ours);
    json_kv_str(j, S("status"), e->is_hidden ? S("HIDDEN") : S("PUBLIC"));
    json_kv_str(j, S("username"), str_from(e->handle));
    json_kv_str(j, S("display_name"), str_from(e->name));
    if (e->parent[0])
        json_kv_str(j, S("parent_comment_id"), str_from(e->parent));
    json_kv_int(j, S("replies"), board_below(b, str_from(e->id)));
    if (with_replies) {
        json_key(j, S("reply_list"));
        json_arr(j);
        for (const struct board_entry *r = b->newest; r && shown < SHOWN; r = r->older) {
            if (!str_eq(str_from(r->parent), str_from(e->id)))
                continue;
            put_comment(j, b, r, false);
            shown++;
        }
        json_arr_end(j);
    }
    json_obj_end(j);
}

static void list_comments(struct sim_call *c, bool is_replies)
{
    const struct board *b = c->account->data;
    str parent = is_replies ? sim_field(c, S("comment_id")) : (str){0};
    int64_t from = sim_field_int(c, S("cursor"), 0), at = 0, n = 0;
    bool has_more = false;
    struct json_out j = sim_json(c);
    json_obj(&j);
    json_key(&j, S("comments"));
    json_arr(&j);
    for (const struct board_entry *e = b->newest; e && !has_more; e = e->older) {
        bool is_there = !e->is_private && str_eq(str_from(e->parent), parent) &&
                        str_eq(str_from(e->post), sim_field(c, S("video_id")));
        if (!is_there || at++ < from)
            continue;
        has_more = n++ == PAGE;
        if (!has_more)
            put_comment(&j, b, e, !is_replies);
    }
    json_arr_end(&j);
    json_kv_int(&j, S("cursor"), from + PAGE);
    json_kv_bool(&j, S("has_more"), has_more);
    json_obj_end(&j);
    give(c, json_str(&j));
}

static void list_videos(struct sim_call *c)
{
    const struct board *b = c->account->data;
    struct json_out j = sim_json(c);
    json_obj(&j);
    json_key(&j, S("videos"));
    json_arr(&j);
    for (const struct board_entry *e = b->newest; e; e = e->older) {
        bool is_new = !e->is_private;
        for (const struct board_entry *x = b->newest; x != e && is_new; x = x->older)
            is_new = x->is_private || !str_eq(str_from(x->post), str_from(e->post));
        if (!is_new)
            continue;
        json_obj(&j);
        json_kv_str(&j, S("item_id"), str_from(e->post));
        json_kv_str(&j, S("caption"), str_print(c->arena, "Video %s", e->post));
        json_obj_end(&j);
    }
    json_arr_end(&j);
    json_obj_end(&j);
    give(c, json_str(&j));
}

static void create_reply(struct sim_call *c)
{
    struct board *b = c->account->data;
    const struct board_entry *above = board_find_any(c, sim_field(c, S("comment_id")));
    str text = sim_field(c, S("text"));
    if (!above || above->is_private || !text.len) {
        fail_with(c, 40002, "Invalid parameter");
        return;
    }
    str id = str_print(c->arena, "74%017lld", (long long)sim_next(c->sim, &sim_tiktok));
    struct board_entry *e = board_add(b, id, text, c->now_ms);
    sim_keep(e->parent, sizeof e->parent, str_from(above->parent[0] ? above->parent : above->id));
    sim_keep(e->post, sizeof e->post, str_from(above->post));
    sim_keep(e->author, sizeof e->author, S("uniq-business"));
    sim_keep(e->handle, sizeof e->handle, c->account->name);
    sim_keep(e->name, sizeof e->name, c->account->name);
    e->is_ours = true;
    (void)sim_accept(
        c, &(struct sim_message){.conversation = str_from(e->post), .id = id, .text = text});
    tell_comment(c->sim, c->account, c->arena, e, "insert");
    give(c, str_print(c->arena, "{\"comment_id\":\"%.*s\"}", SARG(id)));
}

static void change_comment(struct sim_call *c, bool is_delete)
{
    struct board *b = c->account->data;
    struct board_entry *e = board_find(b, sim_field(c, S("comment_id")));
    if (!e || e->is_private || (is_delete && !e->is_ours)) {
        fail_with(c, 40001, "No permission");
        return;
    }
    e->is_hidden = str_eq(sim_field(c, S("action")), S("HIDE"));
    tell_comment(c->sim, c->account, c->arena, e,
        is_delete      ? "delete"
        : e->is_hidden ? "set_to_hidden"
                       : "set_to_public");
    if (is_delete)
        board_drop(b, e);
    give(c, S("{}"));
}

/* ── the account ── */

static void refresh(struct sim_call *c)
{
    struct sim_account *account = sim_account_find(c->sim, c->network, (str){0});
    bool is_good = account && !account->is_revoked &&
                   str_eq(sim_field(c, S("client_secret")), account->secret) &&
                   str_eq(sim_field(c, S("refresh_token")), S("rft.sim"));
    if (!is_good) {
        fail_with(c, 40105, "The refresh token is invalid");
        return;
    }
    str token = str_cat(c->arena, S("act."), sim_random_word(c->sim, c->network, c->arena, 40));
    c->account = account;
    sim_account_token(c->sim, account, token);
    give(c, str_print(c->arena,
                "{\"open_id\":\"%.*s\",\"access_token\":\"%.*s\",\"refresh_token\":\"rft.sim\","
                "\"expires_in\":86400,\"refresh_token_expires_in\":31536000}",
                SARG(account->id), SARG(token)));
}

static void hook(struct sim_call *c, bool is_on)
{
    if (!str_eq(sim_field(c, S("secret")), c->account->secret)) {
        fail_with(c, 40001, "secret is wrong");
        return;
    }
    sim_account_callback(c->sim, c->account, is_on ? sim_field(c, S("callback_url")) : (str){0});
    give(c, S("{}"));
}

static void handle(struct sim_call *c)
{
    str none[8];
    if (sim_route(c, HTTP_POST, "/api/tt_user/oauth2/refresh_token/", none)) {
        refresh(c);
        return;
    }
    if (!sim_account_by_token(c, http_header_get(c->req, S("Access-Token")))) {
        refuse(c, SIM_REFUSE_401, 0);
        return;
    }
    if (!sim_rate_take(c, c->path, PER_MINUTE, minute_ms, 1).is_allowed) {
        refuse(c, SIM_REFUSE_429, 0);
        return;
    }
    if (sim_route(c, HTTP_POST, "/api/business/message/send/", none))
        send_message(c);
    else if (sim_route(c, HTTP_POST, "/api/business/message/media/upload/", none))
        upload(c);
    else if (sim_route(c, HTTP_POST, "/api/business/message/media/download/", none))
        download(c);
    else if (sim_route(c, HTTP_GET, "/api/business/comment/list/", none))
        list_comments(c, false);
    else if (sim_route(c, HTTP_GET, "/api/business/comment/reply/list/", none))
        list_comments(c, true);
    else if (sim_route(c, HTTP_POST, "/api/business/comment/reply/create/", none))
        create_reply(c);
    else if (sim_route(c, HTTP_POST, "/api/business/comment/hide/", none))
        change_comment(c, false);
    else if (sim_route(c, HTTP_POST, "/api/business/comment/delete/", none))
        change_comment(c, true);
    else if (sim_route(c, HTTP_POST, "/api/business/comment/like/", none))
        give(c, S("{}"));
    else if (sim_route(c, HTTP_GET, "/api/business/video/list/", none))
        list_videos(c);
    else if (sim_route(c, HTTP_GET, "/api/business/get/", none))
        give(c, str_print(c->arena, "{\"username\":\"%.*s\",\"display_name\":\"%.*s\"}",
                    SARG(c->account->name), SARG(c->account->name)));
    else if (sim_route(c, HTTP_POST, "/api/business/webhook/update/", none))
        hook(c, true);
    else if (sim_route(c, HTTP_POST, "/api/business/webhook/delete/", none))
        hook(c, false);
    else
        fail_with(c, 40002, "Unknown path");
}

/* ── customers ── */

static void say_read(
    struct sim *sim, struct sim_account *account, struct arena *a, str conversation, str from)
{
    struct json_out j = json_out_make(a, 1 << 16);
    json_obj(&j);
    json_kv_str(&j, S("conversation_id"), conversation);
    put_user(&j, S("from_user"), from);
    json_key(&j, S("read"));
    json_obj(&j);
    json_kv_int(&j, S("last_read_timestamp"), sim_now(sim));
    json_obj_end(&j);
    json_obj_end(&j);
    tell(sim, account, a, "im_mark_read_msg", json_str(&j), (str){0}, conversation);
}

static void say_message(struct sim *sim, struct sim_account *account, struct arena *a,
    const struct sim_say *said, str conversation, str *id)
{
    str media_id = {0};
    *id = str_print(a, "tt-msg-%lld", (long long)sim_next(sim, &sim_tiktok));
    struct board_entry *e = board_add(account->data, *id, said->text, sim_now(sim));
    board_said(e, said);
    sim_keep(e->post, sizeof e->post, conversation);
    e->is_private = true;
    if (said->n_files)
        media_id = sim_media_add(sim, &sim_tiktok, a, account->id, &said->files[0]).id;
    tell_message(sim, account, a, e, media_id);
}

static err say_comment(struct sim *sim, struct sim_account *account, struct arena *a,
    const struct sim_say *said, str *id, str *why)
{
    struct board *b = account->data;
    struct board_entry *of = said->reply_to.len ? board_find(b, said->reply_to) : NULL;
    bool is_delete = str_eq(said->kind, S("delete"));
    *why = S("reply_to is no comment");
    if ((said->reply_to.len || is_delete) && (!of || of->is_private))
        return E_NOT_FOUND;
    if (is_delete) {
        *id = said->reply_to;
        tell_comment(sim, account, a, of, "delete");
        board_drop(b, of);
        return OK;
    }
    *id = str_print(a, "74%017lld", (long long)sim_next(sim, &sim_tiktok));
    str video = said->conversation.len ? said->conversation : S("7300000000000000001");
    struct board_entry *e = board_add(b, *id, said->text, sim_now(sim));
    board_said(e, said);
    sim_keep(e->post, sizeof e->post, of ? str_from(of->post) : video);
    if (of)
        sim_keep(e->parent, sizeof e->parent, str_from(of->parent[0] ? of->parent : of->id));
    tell_comment(sim, account, a, e, "insert");
    return OK;
}

static err say(struct sim *sim, struct sim_account *account, struct arena *a,
    const struct sim_say *said, str *id, str *why)
{
    str from = said->from_id.len ? said->from_id : S("7001");
    str conversation = str_cat(a, S("tt-conv-"), from);
    if (str_eq(said->kind, S("comment")) || str_eq(said->kind, S("delete")))
        return say_comment(sim, account, a, said, id, why);
    if (str_eq(said->kind, S("read")))
        say_read(sim, account, a, conversation, from);
    else
        say_message(sim, account, a, said, conversation, id);
    return OK;
}

static const int64_t retry_gaps_ms[] = {10000, 60000, 600000, 3600000, 0};

const struct sim_network sim_tiktok = {
    .name = S_INIT("tiktok"),
    .title = S_INIT("TikTok API for Business"),
    .account = {.id = S_INIT("biz-123"),
                .name = S_INIT("sevacare"),
                .token = S_INIT("act.sim-tiktok"),
                .secret = S_INIT("sim-tiktok-secret")},
    .account_open = board_open,
    .account_close = board_close,
    .handle = handle,
    .refuse = refuse,
    .say = say,
    .sign = sign,
    .retry_gaps_ms = retry_gaps_ms,
    .may_load = may_load,
};
