/* A Mastodon instance (API of 4.5) with our account and its customers on others. See network.h.
 *
 * Accounts: id = the account's id, token = its access token. Settings: "rates":"strict" applies 300
 * calls in five minutes; "slow_files":"yes" answers 202 to files and has them ready at the second
 * look. say: kind "" or "public", "unlisted", "private", "direct" (a mention; reply_to = the
 * status answered), "edit", "delete", "like" (reply_to = the status meant). special: own {text,
 * reply_to} posts as another program of ours would. There are no WebSockets: the stream is SSE. */
#include "network.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

enum {
    STATUSES = 20000,
    NOTES = 20000,
    FILES = 200,
    LENGTH = 500,
    JSON_BYTES = 256 * 1024,
};

struct status {
    int64_t id, parent;
    bool is_own, is_gone;
    char *json;
};
struct note {
    int64_t id;
    char *json;
};
struct file {
    char id[32];
    int looks;
};
struct state {
    struct status statuses[STATUSES]; /* rings: the newest are kept */
    struct note notes[NOTES];
    struct file files[FILES];
    int64_t n_statuses, n_notes, n_files;
};

static void mastodon_open(struct sim *sim, struct sim_account *account)
{
    (void)sim;
    account->data = sim_alloc((ptrdiff_t)sizeof(struct state));
}

static void mastodon_close(struct sim *sim, struct sim_account *account)
{
    (void)sim;
    struct state *s = account->data;
    for (int i = 0; i < STATUSES; i++)
        free(s->statuses[i].json);
    for (int i = 0; i < NOTES; i++)
        free(s->notes[i].json);
    free(s);
}

static struct status *status_of(const struct sim_account *account, str id)
{
    struct state *s = account->data;
    int64_t n = 0;
    if (str_int(id, 1, INT64_MAX, &n) != OK)
        return NULL;
    for (int i = 0; i < STATUSES; i++)
        if (s->statuses[i].id == n && !s->statuses[i].is_gone)
            return &s->statuses[i];
    return NULL;
}

/* ── answers ── */

static void fail_with(struct sim_call *c, int status, const char *words)
{
    sim_answer_print(c, status, "{\"error\":\"%s\"}", words);
}

static void mastodon_refuse(struct sim_call *c, enum sim_refusal why, int64_t retry_after_ms)
{
    if (why == SIM_REFUSE_500)
        fail_with(c, 500, "Internal server error");
    else if (why == SIM_REFUSE_401)
        fail_with(c, 401, "The access token is invalid");
    else
        fail_with(c, 429, "Too many requests");
    if (why != SIM_REFUSE_429)
        return;
    sim_header(c, S("X-RateLimit-Limit"), S("300"));
    sim_header(c, S("X-RateLimit-Remaining"), S("0"));
    sim_header(c, S("X-RateLimit-Reset"), time_rfc3339(c->arena, c->now_ms + retry_after_ms));
}

static void give(struct sim_call *c, str json)
{
    sim_answer(c, 200, S("application/json"), json);
}

/* ── statuses ── */

static str html_of(struct arena *a, str text)
{
    struct sb b = sb_make(a, 0);
    sb_add(&b, S("<p>"));
    for (ptrdiff_t i = 0; i < text.len; i++)
        switch (text.at[i]) {
        case '&':
            sb_add(&b, S("&amp;"));
            break;
        case '<':
            sb_add(&b, S("&lt;"));
            break;
        case '\n':
            sb_add(&b, S("<br>"));
            break;
        default:
            sb_byte(&b, text.at[i]);
        }
    sb_add(&b, S("</p>"));
    return sb_str(&b);
}

struct author {
    str id, acct, name;
};

static void put_author(struct json_out *j, const struct author *who)
{
    json_obj(j);
    json_kv_str(j, S("id"), who->id);
    json_kv_str(j, S("username"), who->acct);
    json_kv_str(j, S("acct"), who->acct);
    json_kv_str(j, S("display_name"), who->name);
    json_kv_str(j, S("url"), str_print(j->b.a, "https://e.example/@%.*s", SARG(who->acct)));
    json_obj_end(j);
}

struct draft {
    struct author by;
    str text, visibility, parent, files; /* files: JSON array */
    const struct author *mentions;
    int n_mentions;
    int64_t edited_ms;
};

static str status_json(struct sim *sim, struct arena *a, int64_t id, const struct draft *d)
{
    struct json_out j = json_out_make(a, JSON_BYTES);
    json_obj(&j);
    json_kv_str(&j, S("id"), str_print(a, "%lld", (long long)id));
    json_kv_str(&j, S("uri"), str_print(a, "https://e.example/statuses/%lld", (long long)id));
    json_kv_str(&j, S("url"), str_print(a, "https://e.example/@x/%lld", (long long)id));
    json_kv_time(&j, S("created_at"), sim_now(sim));
    json_kv_text(&j, S("in_reply_to_id"), d->parent);
    json_kv_str(&j, S("visibility"), d->visibility);
    json_kv_str(&j, S("spoiler_text"), S(""));
    json_kv_bool(&j, S("sensitive"), false);
    json_kv_str(&j, S("language"), S("en"));
    json_kv_str(&j, S("content"), html_of(a, d->text));
    json_kv_time(&j, S("edited_at"), d->edited_ms);
    json_key(&j, S("account"));
    put_author(&j, &d->by);
    json_key(&j, S("mentions"));
    json_arr(&j);
    for (int i = 0; i < d->n_mentions; i++)
        put_author(&j, &d->mentions[i]);
    json_arr_end(&j);
    json_kv_raw(&j, S("media_attachments"), d->files.len ? d->files : S("[]"));
    json_obj_end(&j);
    return json_str(&j);
}

static struct status *status_add(struct sim *sim, struct sim_account *account, struct arena *a,
    const struct draft *d, bool is_own)
{
    struct state *s = account->data;
    struct status *t = &s->statuses[s->n_statuses++ % STATUSES];
    int64_t parent = 0;
    (void)str_int(d->parent, 1, INT64_MAX, &parent); /* empty is none */
    free(t->json);
    *t = (struct status){
        .id = 1000 + sim_next(sim, account->network), .parent = parent, .is_own = is_own};
    t->json = sim_copy(status_json(sim, a, t->id, d));
    return t;
}

static struct author ourselves(const struct sim_account *account)
{
    return (struct author){account->id, S("seva"), account->name};
}

static void push(
    struct sim *sim, struct sim_account *account, struct arena *a, const char *event, str data)
{
    (void)sim_stream_push(sim, account->network, str_cat(a, S("user:"), account->id),
        str_print(a, "event: %s\ndata: %.*s\n\n", event, SARG(data)));
}

static void note_add(struct sim *sim, struct sim_account *account, struct arena *a,
    const char *type, const struct author *by, str status)
{
    struct state *s = account->data;
    struct note *n = &s->notes[s->n_notes++ % NOTES];
    struct json_out j = json_out_make(a, JSON_BYTES);
    free(n->json);
    n->id = 5000 + sim_next(sim, account->network);
    json_obj(&j);
    json_kv_str(&j, S("id"), str_print(a, "%lld", (long long)n->id));
    json_kv_str(&j, S("type"), str_from(type));
    json_kv_time(&j, S("created_at"), sim_now(sim));
    json_key(&j, S("account"));
    put_author(&j, by);
    json_kv_raw(&j, S("status"), status);
    json_obj_end(&j);
    n->json = sim_copy(json_str(&j));
    push(sim, account, a, "notification", str_from(n->json));
}

/* ── lists ── */

struct window {
    int64_t min_id, max_id, limit;
};

static struct window window_of(const struct sim_call *c, int64_t most)
{
    struct window w = {sim_field_int(c, S("min_id"), 0), sim_field_int(c, S("max_id"), INT64_MAX),
        sim_field_int(c, S("limit"), 20)};
    w.limit = w.limit < 1 || w.limit > most ? most : w.limit;
    return w;
}

/* Newest first; with min_id the oldest that are newer. rows: the ids of a ring by age. */
static ptrdiff_t choose(const int64_t *ids, ptrdiff_t n, const struct window *w, ptrdiff_t *first)
{
    ptrdiff_t from = 0, to = n;
    while (from < n && ids[from] <= w->min_id)
        from++;
    while (to > from && ids[to - 1] >= w->max_id)
        to--;
    ptrdiff_t take = to - from < w->limit ? to - from : (ptrdiff_t)w->limit;
    *first = w->min_id ? from : to - take;
    return take;
}

static bool asks_for(const struct sim_call *c, str json)
{
    bool is_any = true;
    for (ptrdiff_t i = 0; i < c->req->query_count; i++) {
        if (!str_eq(c->req->query[i].name, S("types[]")))
            continue;
        is_any = false;
        str part = str_print(c->arena, "\"type\":\"%.*s\"", SARG(c->req->query[i].value));
        if (str_find(json, part) >= 0)
            return true;
    }
    return is_any;
}

static void answer_list(
    struct sim_call *c, const int64_t *ids, char *const *rows, ptrdiff_t n, int64_t most)
{
    struct window w = window_of(c, most);
    ptrdiff_t first, take = choose(ids, n, &w, &first);
    struct sb b = sb_make(c->arena, 0);
    for (ptrdiff_t i = first + take - 1; i >= first; i--)
        sb_print(&b, "%s%s", b.len ? "," : "[", rows[i]);
    if (!b.len)
        sb_byte(&b, '[');
    sb_byte(&b, ']');
    give(c, sb_str(&b));
}

static void list_notifications(struct sim_call *c)
{
    const struct state *s = c->account->data;
    int64_t *ids = arena_alloc(c->arena, NOTES * (ptrdiff_t)sizeof *ids, 8);
    char **rows = arena_alloc(c->arena, NOTES * (ptrdiff_t)sizeof *rows, 8);
    ptrdiff_t n = 0;
    for (int64_t i = s->n_notes > NOTES ? s->n_notes - NOTES : 0; i < s->n_notes; i++) {
        const struct note *x = &s->notes[i % NOTES];
        if (!asks_for(c, str_from(x->json)))
            continue;
        ids[n] = x->id;
        rows[n++] = x->json;
    }
    answer_list(c, ids, rows, n, 80);
}

static void list_own(struct sim_call *c)
{
    const struct state *s = c->account->data;
    int64_t *ids = arena_alloc(c->arena, STATUSES * (ptrdiff_t)sizeof *ids, 8);
    char **rows = arena_alloc(c->arena, STATUSES * (ptrdiff_t)sizeof *rows, 8);
    ptrdiff_t n = 0;
    for (int64_t i = s->n_statuses > STATUSES ? s->n_statuses - STATUSES : 0; i < s->n_statuses;
         i++) {
        const struct status *x = &s->statuses[i % STATUSES];
        if (!x->is_own || x->is_gone)
            continue;
        ids[n] = x->id;
        rows[n++] = x->json;
    }
    answer_list(c, ids, rows, n, 40);
}

static void context(struct sim_call *c, const struct status *t)
{
    enum { DEPTH = 40 };
    const struct status *above[DEPTH];
    struct sb b = sb_make(c->arena, 0);
    int n = 0;
    for (const struct status *at = t; at->parent && n < DEPTH; at = above[n - 1]) {
        const struct status *up =
            status_of(c->account, str_print(c->arena, "%lld", (long long)at->parent));
        if (!up)
            break;
        above[n++] = up;
    }
    sb_add(&b, S("{\"ancestors\":["));
    for (int i = n - 1; i >= 0; i--)
        sb_print(&b, "%s%s", above[i]->json, i ? "," : "");
    sb_add(&b, S("],\"descendants\":[]}"));
    give(c, sb_str(&b));
}

/* ── posting ── */

static bool visibility_is_known(str v)
{
    return str_eq(v, S("public")) || str_eq(v, S("unlisted")) || str_eq(v, S("private")) ||
           str_eq(v, S("direct"));
}

/* False: answered. */
static bool take_files(struct sim_call *c, struct draft *d, int *n)
{
    const struct state *s = c->account->data;
    const struct json *list = sim_field_json(c, S("media_ids"));
    struct sb b = sb_make(c->arena, 0);
    *n = 0;
    for (const struct json *v = list ? list->first : NULL; v; v = v->next) {
        str id = json_text(v, S(""));
        const struct file *f = NULL;
        for (int i = 0; i < FILES; i++)
            if (str_eq(str_from(s->files[i].id), id))
                f = &s->files[i];
        if (!f || f->looks > 0) {
            fail_with(c, 422,
                f ? "Cannot attach files that have not finished processing. Try again in a moment!"
                  : "Validation failed: media not found");
            return false;
        }
        sb_print(&b, "%s{\"id\":\"%.*s\",\"type\":\"image\",\"url\":\"https://e.example/f\"}",
            b.len ? "," : "[", SARG(id));
        ++*n;
    }
    if (b.len)
        sb_byte(&b, ']');
    d->files = sb_str(&b);
    return *n <= 4;
}

static void post_status(struct sim_call *c)
{
    struct draft d = {.by = ourselves(c->account),
        .text = sim_field(c, S("status")),
        .visibility = sim_field(c, S("visibility")),
        .parent = sim_field(c, S("in_reply_to_id"))};
    int n_files = 0;
    c->key = http_header_get(c->req, S("Idempotency-Key"));
    const struct sim_kept *before = c->key.len ? sim_once_find(c, c->key) : NULL;
    if (before) {
        sim_answer_again(c, before);
        return;
    }
    if (!d.visibility.len)
        d.visibility = S("public");
    if (!visibility_is_known(d.visibility) || (d.parent.len && !status_of(c->account, d.parent))) {
        fail_with(c, d.parent.len ? 404 : 422, "Record not found");
        return;
    }
    if (!take_files(c, &d, &n_files))
        return;
    if ((!d.text.len && !n_files) || d.text.len > 4 * LENGTH) {
        fail_with(c, 422, "Validation failed: Text character limit of 500 exceeded");
        return;
    }
    struct status *t = status_add(c->sim, c->account, c->arena, &d, true);
    (void)sim_accept(c, &(struct sim_message){.conversation = d.parent,
                            .id = str_print(c->arena, "%lld", (long long)t->id),
                            .text = d.text,
                            .kind = d.visibility,
                            .ref = c->key});
    give(c, str_copy(c->arena, str_from(t->json)));
    if (c->key.len)
        sim_once_keep(c, c->key, 3600 * 1000);
    push(c->sim, c->account, c->arena, "update", str_from(t->json));
}

static void change_status(struct sim_call *c, struct status *t)
{
    if (!t || !t->is_own) {
        fail_with(c, 404, "Record not found");
        return;
    }
    str before = str_copy(c->arena, str_from(t->json));
    if (c->req->method == HTTP_PUT) {
        const struct draft d = {.by = ourselves(c->account),
            .text = sim_field(c, S("status")),
            .visibility = S("public"),
            .edited_ms = c->now_ms};
        free(t->json);
        t->json = sim_copy(status_json(c->sim, c->arena, t->id, &d));
        give(c, str_copy(c->arena, str_from(t->json)));
        return;
    }
    t->is_gone = true;
    give(c, before);
}

static void add_file(struct sim_call *c)
{
    struct state *s = c->account->data;
    const struct sim_part *part = sim_part(c, S("file"));
    if (!part || !part->is_file || !part->bytes.len) {
        fail_with(c, 422, "Validation failed: File can't be blank");
        return;
    }
    bool is_slow = str_eq(sim_setting(c->account, S("slow_files")), S("yes"));
    struct file *f = &s->files[s->n_files++ % FILES];
    str id = str_print(c->arena, "%lld", (long long)(9000 + sim_next(c->sim, c->network)));
    memset(f, 0, sizeof *f);
    memcpy(f->id, id.at, (size_t)id.len);
    f->looks = is_slow ? 1 : 0;
    sim_answer_print(c, is_slow ? 202 : 200, "{\"id\":\"%s\",\"type\":\"image\",\"url\":%s}", f->id,
        is_slow ? "null" : "\"https://e.example/f\"");
}

static void look_at_file(struct sim_call *c, str id)
{
    struct state *s = c->account->data;
    for (int i = 0; i < FILES; i++)
        if (str_eq(str_from(s->files[i].id), id)) {
            bool is_ready = s->files[i].looks == 0 || --s->files[i].looks == 0;
            sim_answer_print(c, is_ready ? 200 : 206, "{\"id\":\"%s\"}", s->files[i].id);
            return;
        }
    fail_with(c, 404, "Record not found");
}

/* ── calls ── */

static void instance(struct sim_call *c)
{
    give(c,
        S("{\"domain\":\"e.example\",\"configuration\":{\"urls\":{},\"statuses\":{"
          "\"max_characters\":500,\"max_media_attachments\":4,\"characters_reserved_per_url\":23},"
          "\"media_attachments\":{\"image_size_limit\":16777216,\"video_size_limit\":103809024}}}"));
}

static void verify(struct sim_call *c)
{
    struct json_out j = sim_json(c);
    const struct author us = ourselves(c->account);
    put_author(&j, &us);
    sim_answer_json(c, 200, &j);
}

static void stream(struct sim_call *c)
{
    sim_stream_open(
        c, &(struct sim_stream_options){.key = str_cat(c->arena, S("user:"), c->account->id),
               .content_type = S("text/event-stream"),
               .first = S(":)\n"),
               .keep_alive = S(":thump\n"),
               .keep_alive_ms = 15 * 1000});
}

static bool is_limited(struct sim_call *c)
{
    enum { CALLS = 300, WINDOW_MS = 300 * 1000 };
    if (!str_eq(sim_setting(c->account, S("rates")), S("strict")))
        return false;
    struct sim_rate rate = sim_rate_take(c, c->account->id, CALLS, WINDOW_MS, 1);
    if (rate.is_allowed) {
        sim_header(c, S("X-RateLimit-Limit"), S("300"));
        sim_header_print(c, S("X-RateLimit-Remaining"), "%lld", (long long)rate.remaining);
        sim_header(c, S("X-RateLimit-Reset"), time_rfc3339(c->arena, rate.reset_ms));
        return false;
    }
    mastodon_refuse(c, SIM_REFUSE_429, rate.reset_ms - c->now_ms);
    return true;
}

static void handle_status(struct sim_call *c, str id, str what)
{
    struct status *t = status_of(c->account, id);
    if (what.len == 0 && (c->req->method == HTTP_PUT || c->req->method == HTTP_DELETE))
        change_status(c, t);
    else if (!t)
        fail_with(c, 404, "Record not found");
    else if (str_eq(what, S("context")))
        context(c, t);
    else
        give(c, str_copy(c->arena, str_from(t->json)));
}

static void mastodon_handle(struct sim_call *c)
{
    str at[8];
    if (str_starts(c->path, S("/api/api/")))
        c->path = str_skip(c->path, 4);
    else if (str_starts(c->path, S("/streaming/api/")))
        c->path = str_skip(c->path, 10);
    if (sim_route(c, HTTP_POST, "/api/v1/apps", at)) {
        give(c, S("{\"id\":\"1\",\"client_id\":\"sim-client\",\"client_secret\":\"sim-secret\"}"));
        return;
    }
    if (!sim_account_by_token(c, sim_bearer(c))) {
        fail_with(c, 401, "The access token is invalid");
        return;
    }
    if (is_limited(c))
        return;
    if (sim_route(c, HTTP_GET, "/api/v1/accounts/verify_credentials", at))
        verify(c);
    else if (sim_route(c, HTTP_GET, "/api/v2/instance", at))
        instance(c);
    else if (sim_route(c, HTTP_GET, "/api/v1/notifications", at))
        list_notifications(c);
    else if (sim_route(c, HTTP_GET, "/api/v1/accounts/{}/statuses", at))
        list_own(c);
    else if (sim_route(c, HTTP_GET, "/api/v1/streaming/user", at))
        stream(c);
    else if (sim_route(c, HTTP_POST, "/api/v1/statuses", at))
        post_status(c);
    else if (sim_route(c, HTTP_POST, "/api/v2/media", at))
        add_file(c);
    else if (sim_route(c, HTTP_GET, "/api/v1/media/{}", at))
        look_at_file(c, at[0]);
    else if (sim_route(c, HTTP_GET, "/api/v1/statuses/{}/context", at))
        handle_status(c, at[0], S("context"));
    else if (sim_route(c, HTTP_POST, "/api/v1/statuses/{}/favourite", at))
        handle_status(c, at[0], S("favourite"));
    else if (sim_route(c, c->req->method, "/api/v1/statuses/{}", at))
        handle_status(c, at[0], S(""));
    else
        fail_with(c, 404, "Record not found");
}

/* ── customers ── */

static str files_of(
    struct sim *sim, struct sim_account *account, struct arena *a, const struct sim_say *say)
{
    struct sb b = sb_make(a, 0);
    for (ptrdiff_t i = 0; i < say->n_files; i++) {
        struct sim_media m = sim_media_add(sim, account->network, a, account->id, &say->files[i]);
        str url = sim_media_url(sim, account->network, a, m.id, 0, false);
        sb_print(&b, "%s{\"id\":\"%.*s\",\"type\":\"image\",\"url\":\"%.*s\"}", b.len ? "," : "[",
            SARG(m.id), SARG(url));
    }
    if (b.len)
        sb_byte(&b, ']');
    return sb_str(&b);
}

static err change(struct sim *sim, struct sim_account *account, struct arena *a,
    const struct sim_say *say, const struct author *by, str *id, str *why)
{
    struct status *t = status_of(account, say->reply_to);
    *why = S("reply_to must be a status");
    if (!t)
        return E_INVALID;
    *id = say->reply_to;
    if (str_eq(say->kind, S("like"))) {
        note_add(sim, account, a, "favourite", by, str_from(t->json));
    } else if (str_eq(say->kind, S("delete"))) {
        t->is_gone = true;
        push(sim, account, a, "delete", say->reply_to);
    } else {
        const struct author us = ourselves(account);
        const struct draft d = {.by = *by,
            .text = say->text,
            .visibility = S("public"),
            .mentions = &us,
            .n_mentions = 1,
            .edited_ms = sim_now(sim)};
        free(t->json);
        t->json = sim_copy(status_json(sim, a, t->id, &d));
        push(sim, account, a, "status.update", str_from(t->json));
    }
    return OK;
}

static err mastodon_say(struct sim *sim, struct sim_account *account, struct arena *a,
    const struct sim_say *say, str *id, str *why)
{
    const struct author us = ourselves(account);
    const struct author by = {say->from_id.len ? say->from_id : S("971724"),
        say->from_handle.len ? say->from_handle : S("asha@example.social"),
        say->from_name.len ? say->from_name : S("Asha")};
    if (str_eq(say->kind, S("edit")) || str_eq(say->kind, S("delete")) ||
        str_eq(say->kind, S("like")))
        return change(sim, account, a, say, &by, id, why);
    str visibility = say->kind.len ? say->kind : S("public");
    *why = S("kind is public, unlisted, private, direct, edit, delete or like");
    if (!visibility_is_known(visibility))
        return E_INVALID;
    *why = S("reply_to must be a status");
    if (say->reply_to.len && !status_of(account, say->reply_to))
        return E_INVALID;
    const struct draft d = {.by = by,
        .text = say->text,
        .visibility = visibility,
        .parent = say->reply_to,
        .files = files_of(sim, account, a, say),
        .mentions = &us,
        .n_mentions = 1};
    struct status *t = status_add(sim, account, a, &d, false);
    *id = str_print(a, "%lld", (long long)t->id);
    note_add(sim, account, a, "mention", &by, str_from(t->json));
    return OK;
}

/* {"event","data"}: as it is on the stream. */
static err mastodon_event(struct sim *sim, struct sim_account *account, struct arena *a,
    const struct json *event, str raw, str *why)
{
    (void)raw;
    struct json_out j = json_out_make(a, JSON_BYTES);
    str name = json_text(json_get(event, S("event")), S(""));
    const struct json *data = json_get(event, S("data"));
    *why = S("an event has event and data");
    if (!name.len || !data)
        return E_INVALID;
    json_put_tree(&j, data);
    push(sim, account, a, str_z(a, name), data->kind == JSON_STRING ? data->text : json_str(&j));
    return OK;
}

static err mastodon_special(struct sim *sim, struct sim_account *account, struct arena *a, str what,
    const struct json *input, str *answer, str *why)
{
    const struct author whom = {S("971724"), S("asha@example.social"), S("Asha")};
    *why = S("own {text, reply_to}");
    if (!str_eq(what, S("own")))
        return E_NOT_FOUND;
    const struct draft d = {.by = ourselves(account),
        .text = json_text(json_get(input, S("text")), S("")),
        .visibility = S("public"),
        .parent = json_text(json_get(input, S("reply_to")), S("")),
        .mentions = &whom,
        .n_mentions = 1};
    struct status *t = status_add(sim, account, a, &d, true);
    push(sim, account, a, "update", str_from(t->json));
    *answer = str_print(a, "{\"id\":\"%lld\"}", (long long)t->id);
    return OK;
}

const struct sim_network sim_mastodon = {
    .name = S_INIT("mastodon"),
    .title = S_INIT("Mastodon"),
    .account = {.id = S_INIT("14715"),
                .name = S_INIT("Seva Care"),
                .token = S_INIT("mastodon-token")},
    .account_open = mastodon_open,
    .account_close = mastodon_close,
    .handle = mastodon_handle,
    .refuse = mastodon_refuse,
    .say = mastodon_say,
    .event = mastodon_event,
    .special = mastodon_special,
};
