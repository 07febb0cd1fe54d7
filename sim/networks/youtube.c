/* YouTube Data API v3: comments of a channel. Base addresses: …/youtube/api, …/youtube/token.
 *
 * Account: id = the channel's id. Settings: "units" = the day's quota (10,000), "spam":"yes"
 * filters our replies away after they were taken. say: kind "" or "comment" (conversation = video,
 * reply_to = a comment), "edit", "delete" (reply_to = the comment). A page has 100 threads and
 * shows three answers of each. */
#include "board.h"
#include "google.h"

static const int64_t day_ms = INT64_C(24) * 3600 * 1000;
enum { PAGE = 100, SHOWN = 3, TEXT_MOST = 10000, UNITS = 10000 };

extern const struct sim_network sim_youtube;

static void put_comment(struct json_out *j, const struct board_entry *e)
{
    json_obj(j);
    json_kv_str(j, S("kind"), S("youtube#comment"));
    json_kv_str(j, S("id"), str_from(e->id));
    json_key(j, S("snippet"));
    json_obj(j);
    json_kv_str(j, S("textDisplay"), board_text_of(e));
    json_kv_str(j, S("textOriginal"), board_text_of(e));
    json_kv_str(j, S("authorDisplayName"), str_from(e->handle));
    json_key(j, S("authorChannelId"));
    json_obj(j);
    json_kv_str(j, S("value"), str_from(e->author));
    json_obj_end(j);
    json_kv_text(j, S("parentId"), str_from(e->parent));
    json_kv_time(j, S("publishedAt"), e->made_ms);
    json_kv_time(j, S("updatedAt"), e->changed_ms);
    json_obj_end(j);
    json_obj_end(j);
}

/* False: the day's quota is used up, and it has been answered. */
static bool spend(struct sim_call *c, int64_t units)
{
    int64_t most = UNITS;
    (void)str_int(sim_setting(c->account, S("units")), 0, UNITS, &most);
    if (sim_rate_take(c, c->account->id, most, day_ms, units).is_allowed)
        return true;
    google_fail(c, 403, "quotaExceeded", "The request cannot be completed: quota exceeded.");
    return false;
}

/* ── reading ── */

static void put_thread(
    struct json_out *j, const struct board *b, const struct board_entry *top, str channel)
{
    int shown = 0;
    json_obj(j);
    json_kv_str(j, S("kind"), S("youtube#commentThread"));
    json_kv_str(j, S("id"), str_from(top->id));
    json_key(j, S("snippet"));
    json_obj(j);
    json_kv_str(j, S("channelId"), channel);
    json_kv_str(j, S("videoId"), str_from(top->post));
    json_kv_int(j, S("totalReplyCount"), board_below(b, str_from(top->id)));
    json_key(j, S("topLevelComment"));
    put_comment(j, top);
    json_obj_end(j);
    json_key(j, S("replies"));
    json_obj(j);
    json_key(j, S("comments"));
    json_arr(j);
    for (const struct board_entry *e = b->oldest; e && shown < SHOWN; e = e->newer) {
        if (!str_eq(str_from(e->parent), str_from(top->id)) || e->is_hidden)
            continue;
        put_comment(j, e);
        shown++;
    }
    json_arr_end(j);
    json_obj_end(j);
    json_obj_end(j);
}

/* Threads, or (parent) answers, newest first; a page token is where the next page begins. */
static void list(struct sim_call *c, str parent)
{
    const struct board *b = c->account->data;
    int64_t from = 0, at = 0, n = 0;
    bool has_more = false;
    if (str_int(sim_field(c, S("pageToken")), 0, BOARD_ENTRIES, &from) != OK &&
        sim_field(c, S("pageToken")).len) {
        google_fail(c, 400, "invalidPageToken", "The page token is not valid.");
        return;
    }
    struct json_out j = sim_json(c);
    json_obj(&j);
    json_key(&j, S("items"));
    json_arr(&j);
    for (const struct board_entry *e = b->newest; e && !has_more; e = e->older) {
        if (!str_eq(str_from(e->parent), parent) || e->is_hidden || at++ < from)
            continue;
        has_more = n++ == PAGE;
        if (has_more)
            break;
        if (parent.len)
            put_comment(&j, e);
        else
            put_thread(&j, b, e, c->account->id);
    }
    json_arr_end(&j);
    if (has_more)
        json_kv_str(&j, S("nextPageToken"), str_print(c->arena, "%lld", (long long)(from + PAGE)));
    json_obj_end(&j);
    sim_answer_json(c, 200, &j);
}

static void videos(struct sim_call *c)
{
    str id, rest = sim_field(c, S("id"));
    struct json_out j = sim_json(c);
    json_obj(&j);
    json_key(&j, S("items"));
    json_arr(&j);
    for (bool more = rest.len > 0; more;) {
        more = str_cut(rest, ',', &id, &rest);
        json_obj(&j);
        json_kv_str(&j, S("id"), id);
        json_key(&j, S("snippet"));
        json_obj(&j);
        json_kv_str(&j, S("title"), str_cat(c->arena, S("Video "), id));
        json_kv_str(&j, S("channelId"), c->account->id);
        json_kv_str(&j, S("channelTitle"), c->account->name);
        json_obj_end(&j);
        json_obj_end(&j);
    }
    json_arr_end(&j);
    json_obj_end(&j);
    sim_answer_json(c, 200, &j);
}

static void channels(struct sim_call *c)
{
    struct json_out j = sim_json(c);
    json_obj(&j);
    json_key(&j, S("items"));
    json_arr(&j);
    json_obj(&j);
    json_kv_str(&j, S("id"), c->account->id);
    json_key(&j, S("snippet"));
    json_obj(&j);
    json_kv_str(&j, S("title"), c->account->name);
    json_kv_str(&j, S("customUrl"), S("@seva"));
    json_obj_end(&j);
    json_obj_end(&j);
    json_arr_end(&j);
    json_obj_end(&j);
    sim_answer_json(c, 200, &j);
}

/* ── writing ── */

static void answer_comment(struct sim_call *c, const struct board_entry *e)
{
    struct json_out j = sim_json(c);
    put_comment(&j, e);
    sim_answer_json(c, 200, &j);
}

static void reply(struct sim_call *c)
{
    struct board *b = c->account->data;
    const struct json *snippet = sim_field_json(c, S("snippet"));
    str text = json_text(json_get(snippet, S("textOriginal")), S(""));
    const struct board_entry *top =
        board_find_any(c, json_text(json_get(snippet, S("parentId")), S("")));
    if (!top || top->parent[0]) {
        google_fail(c, 404, "parentCommentNotFound", "The parent comment is not there.");
    } else if (!text.len) {
        google_fail(c, 400, "commentTextRequired", "The comment has no text.");
    } else if (text.len > TEXT_MOST * 4) {
        google_fail(c, 400, "commentTextTooLong", "The comment is too long.");
    } else if (spend(c, 50)) {
        str id = str_print(
            c->arena, "%s.%.*s", top->id, SARG(sim_random_word(c->sim, c->network, c->arena, 22)));
        struct board_entry *e = board_add(b, id, text, c->now_ms);
        sim_keep(e->parent, sizeof e->parent, str_from(top->id));
        sim_keep(e->post, sizeof e->post, str_from(top->post));
        sim_keep(e->author, sizeof e->author, c->account->id);
        sim_keep(e->handle, sizeof e->handle, S("@seva"));
        e->is_ours = true;
        e->is_hidden = str_eq(sim_setting(c->account, S("spam")), S("yes"));
        (void)sim_accept(
            c, &(struct sim_message){.conversation = str_from(e->parent), .id = id, .text = text});
        answer_comment(c, e);
    }
}

static void change(struct sim_call *c)
{
    struct board *b = c->account->data;
    bool is_edit = c->req->method == HTTP_PUT, is_delete = c->req->method == HTTP_DELETE;
    struct board_entry *e = board_find(b, sim_field(c, S("id")));
    str status = sim_field(c, S("moderationStatus"));
    if (!e) {
        google_fail(c, 404, "commentNotFound", "The comment is not there.");
        return;
    }
    if ((is_edit || is_delete) && !e->is_ours) {
        google_fail(c, 403, "forbidden", "The comment is somebody else's.");
        return;
    }
    if (!spend(c, 50))
        return;
    if (is_edit) {
        const struct json *snippet = sim_field_json(c, S("snippet"));
        board_text(e, json_text(json_get(snippet, S("textOriginal")), S("")), c->now_ms);
        answer_comment(c, e);
        return;
    }
    e->is_hidden = str_eq(status, S("heldForReview"));
    if (is_delete || str_eq(status, S("rejected")))
        board_drop(b, e);
    sim_answer(c, 204, (str){0}, (str){0});
}

static void handle(struct sim_call *c)
{
    str none[8];
    if (sim_route(c, HTTP_POST, "/token/token", none)) {
        google_token(c);
        return;
    }
    if (!google_is_let_in(c))
        return;
    bool is_read = c->req->method == HTTP_GET && str_starts(c->path, S("/api/"));
    if (is_read && !spend(c, 1))
        return;
    if (sim_route(c, HTTP_GET, "/api/commentThreads", none))
        list(c, S(""));
    else if (sim_route(c, HTTP_GET, "/api/comments", none))
        list(c, sim_field(c, S("parentId")));
    else if (sim_route(c, HTTP_GET, "/api/videos", none))
        videos(c);
    else if (sim_route(c, HTTP_GET, "/api/channels", none))
        channels(c);
    else if (sim_route(c, HTTP_POST, "/api/comments", none))
        reply(c);
    else if (sim_route(c, HTTP_PUT, "/api/comments", none) ||
             sim_route(c, HTTP_DELETE, "/api/comments", none) ||
             sim_route(c, HTTP_POST, "/api/comments/setModerationStatus", none))
        change(c);
}

static err say(struct sim *sim, struct sim_account *account, struct arena *a,
    const struct sim_say *said, str *id, str *why)
{
    struct board *b = account->data;
    struct board_entry *of = said->reply_to.len ? board_find(b, said->reply_to) : NULL;
    bool is_edit = str_eq(said->kind, S("edit")), is_delete = str_eq(said->kind, S("delete"));
    *why = S("reply_to is no comment");
    if ((said->reply_to.len || is_edit || is_delete) && !of)
        return E_NOT_FOUND;
    if (is_edit)
        board_text(of, said->text, sim_now(sim));
    if (is_delete)
        board_drop(b, of);
    if (is_edit || is_delete) {
        *id = said->reply_to;
        return OK;
    }
    str top = of ? (of->parent[0] ? str_from(of->parent) : str_from(of->id)) : (str){0};
    *id = of ? str_print(a, "%.*s.%.*s", SARG(top), SARG(sim_random_word(sim, &sim_youtube, a, 22)))
             : str_cat(a, S("Ug"), sim_random_word(sim, &sim_youtube, a, 24));
    str video = said->conversation.len ? said->conversation : S("dQseva00001");
    struct board_entry *e = board_add(b, *id, said->text, sim_now(sim));
    board_said(e, said);
    sim_keep(e->handle, sizeof e->handle, str_print(a, "@%s", e->handle));
    sim_keep(e->parent, sizeof e->parent, top);
    sim_keep(e->post, sizeof e->post, of ? str_from(of->post) : video);
    return OK;
}

const struct sim_network sim_youtube = {
    .name = S_INIT("youtube"),
    .title = S_INIT("YouTube Data API v3"),
    .account = {.id = S_INIT("UCseva"),
                .name = S_INIT("Seva"),
                .token = S_INIT("ya29.sim-youtube")},
    .account_open = board_open,
    .account_close = board_close,
    .handle = handle,
    .refuse = google_refuse,
    .say = say,
};
