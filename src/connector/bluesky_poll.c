/* bluesky: what is asked for: notifications (mentions, answers, quotes), posts of ours (written in
 * other programs), the chat's log. See bluesky.h.
 *
 * Lists are newest first and are read until what is known: by its address, or (that post may be
 * gone) older by a minute than the newest that was seen. Roots of threads are looked up together.
 * Cursors: {"at":ms of the newest notification,"known":[addresses of the last minute],"own":key of
 * the newest post of ours,"log":cursor of the chat's log,"chat_ms":not before that}.
 * Where the app password may not read chats, the rest goes on. Thread: job threads. */
#include "base/limits.h"
#include "connector/bluesky.h"
#include "connector/reading.h"

enum {
    PAGE = 100,
    PAGES = 10, /* notifications of one poll */
    MOST = PAGES * PAGE,
    OWN = 30,    /* newest posts of ours that are looked at */
    LOGS = 5000, /* entries of one poll: more than five pages have */
    LOG_PAGES = 5,
    CONVOS = 50, /* looked up in one poll */
    ROOTS = 25,  /* in one call */
    KNOWN = 50,
    OVERLAP_MS = 60 * 1000,
    FIRST_LOOK_MS = 24 * 3600 * 1000,
    CHAT_OFF_MS = 3600 * 1000, /* until chat is tried again */
};

struct polling {
    struct http_client *client;
    struct arena *a;
    const struct connector_poll *in;
    struct connector_polled *out;
    const struct json *cursors;
    struct connector_delivery *deliveries;
    ptrdiff_t n;
    const struct json *found[MOST]; /* newest first */
    ptrdiff_t n_found;
    const struct json *roots[MOST];
    const struct json *convos[CONVOS];
    int n_convos;
    str origin, log, own;
    int64_t at_ms, chat_ms;
};

static err ask(struct polling *p, const char *nsid, str query, bool is_chat,
    struct connector_sent *end, const struct json **root)
{
    const struct bluesky_ask call = {.setup = p->in->setup,
        .method = HTTP_GET,
        .nsid = nsid,
        .query = query,
        .is_chat = is_chat,
        .now_ms = p->in->now_ms};
    struct bluesky_answer answer;
    TRY(bluesky_do(p->client, p->a, &call, end, &answer));
    *root = answer.root;
    return OK;
}

/* ── notifications ── */

static bool is_known(const struct polling *p, str uri)
{
    const struct json *known = take_array(p->cursors, "known");
    if (p->in->since_ms)
        return false;
    for (const struct json *v = known ? known->first : NULL; v; v = v->next)
        if (str_eq(json_text(v, S("")), uri))
            return true;
    return false;
}

/* Not read beyond this time. */
static int64_t edge_of(const struct polling *p)
{
    if (p->in->since_ms)
        return p->in->since_ms;
    int64_t at_ms = take_int(p->cursors, "at", 0);
    return at_ms > 0 ? at_ms - OVERLAP_MS : p->in->now_ms - FIRST_LOOK_MS;
}

static err read_notifications(struct polling *p)
{
    int64_t edge_ms = edge_of(p);
    str cursor = {0};
    for (int i = 0; i < PAGES; i++) {
        const struct json *root = NULL;
        str query = S("limit=100&reasons=mention&reasons=reply&reasons=quote");
        if (cursor.len)
            query = str_print(
                p->a, "%.*s&cursor=%.*s", SARG(query), SARG(http_percent_encode(p->a, cursor)));
        TRY(ask(p, "app.bsky.notification.listNotifications", query, false, &p->out->end, &root));
        const struct json *list = take_array(root, "notifications");
        if (p->out->end.outcome != CONNECTOR_SENT || !list)
            return OK;
        for (const struct json *v = list->first; v && p->n_found < MOST; v = v->next) {
            int64_t at_ms = take_time(v, "indexedAt");
            str uri = take_id(v, "uri");
            if (at_ms && at_ms < edge_ms)
                return OK;
            if (uri.len && !is_known(p, uri))
                p->found[p->n_found++] = v;
        }
        str next = take_line(root, "cursor", READING_ID_BYTES);
        if (!next.len || str_eq(next, cursor) || !list->count)
            return OK;
        cursor = next;
    }
    return OK;
}

static str root_of(const struct json *entry)
{
    const struct json *record = take_object(entry, "record");
    return take_id(take_object(take_object(record, "reply"), "root"), "uri");
}

/* The posts that threads stand under, as far as Bluesky shows them; without them it goes as well.
 */
static err find_roots(struct polling *p)
{
    struct connector_sent ignored;
    for (ptrdiff_t at = 0; at < p->n_found;) {
        struct sb query = sb_make(p->a, 0);
        const struct json *root = NULL;
        struct bluesky_uri u;
        ptrdiff_t from = at;
        for (int n = 0; at < p->n_found && n < ROOTS; at++) {
            str uri = root_of(p->found[at]);
            if (!bluesky_uri_read(uri, &u))
                continue;
            sb_print(&query, "%suris=%.*s", n++ ? "&" : "", SARG(http_percent_encode(p->a, uri)));
        }
        if (!query.len)
            return OK;
        TRY(ask(p, "app.bsky.feed.getPosts", sb_str(&query), false, &ignored, &root));
        const struct json *posts = take_array(root, "posts");
        for (const struct json *v = posts ? posts->first : NULL; v; v = v->next)
            for (ptrdiff_t i = from; i < at; i++)
                if (str_eq(take_id(v, "uri"), root_of(p->found[i])))
                    p->roots[i] = v;
    }
    return OK;
}

static void put_root(struct json_out *j, const struct json *root)
{
    const struct json *author = take_object(root, "author"), *record = take_object(root, "record");
    json_key(j, S("root"));
    json_obj(j);
    json_kv_str(j, S("uri"), take_id(root, "uri"));
    json_kv_str(j, S("indexedAt"), take_line(root, "indexedAt", 40));
    json_key(j, S("author"));
    json_obj(j);
    json_kv_str(j, S("did"), take_id(author, "did"));
    json_kv_str(j, S("handle"), take_line(author, "handle", LIMIT_NAME_BYTES));
    json_kv_str(j, S("displayName"), take_line(author, "displayName", LIMIT_NAME_BYTES));
    json_obj_end(j);
    json_key(j, S("record"));
    json_obj(j);
    json_kv_str(j, S("text"), take_text(record, "text"));
    json_obj_end(j);
    json_obj_end(j);
}

static void deliver(struct polling *p, str key, const char *kind, const char *name,
    const struct json *what, const struct json *root, const struct json *convo)
{
    struct json_out j = json_out_make(p->a, LIMIT_WEBHOOK_BODY_BYTES);
    json_obj(&j);
    json_kv_str(&j, S("kind"), str_from(kind));
    json_key(&j, str_from(name));
    json_put_tree(&j, what);
    if (root)
        put_root(&j, root);
    if (convo) {
        json_key(&j, S("convo"));
        json_put_tree(&j, convo);
    }
    json_obj_end(&j);
    if (!j.b.failed)
        p->deliveries[p->n++] = (struct connector_delivery){.key = key,
            .origin = p->origin,
            .content_type = S("application/json"),
            .body = json_str(&j)};
}

/* One post is one message, whatever it is told for. */
static str post_key(struct polling *p, str uri)
{
    return str_cat(p->a, S("p:"), uri);
}

static void deliver_notifications(struct polling *p)
{
    p->at_ms = take_int(p->cursors, "at", 0);
    for (ptrdiff_t i = p->n_found - 1; i >= 0; i--) {
        int64_t at_ms = take_time(p->found[i], "indexedAt");
        deliver(p, post_key(p, take_id(p->found[i], "uri")), "post", "notification", p->found[i],
            p->roots[i], NULL);
        if (at_ms > p->at_ms && at_ms <= p->in->now_ms)
            p->at_ms = at_ms;
    }
    if (!p->at_ms)
        p->at_ms = p->in->now_ms;
}

/* ── our own posts ── */

static err read_own(struct polling *p)
{
    const struct json *root = NULL;
    struct connector_sent end;
    str did = p->in->setup->external_id, newest = p->own;
    if (!bluesky_is_did(did))
        return OK;
    TRY(ask(p, "app.bsky.feed.getAuthorFeed",
        str_print(p->a, "actor=%.*s&filter=posts_with_replies&limit=%d",
            SARG(http_percent_encode(p->a, did)), OWN),
        false, &end, &root));
    const struct json *feed = take_array(root, "feed");
    for (const struct json *v = feed ? feed->first : NULL; v; v = v->next) {
        const struct json *post = take_object(v, "post");
        struct bluesky_uri u;
        if (!bluesky_uri_read(take_id(post, "uri"), &u) || !str_eq(u.did, did))
            continue; /* a repost, or what is answered */
        int64_t at_ms = take_time(post, "indexedAt");
        bool is_new = p->in->since_ms ? at_ms >= p->in->since_ms : str_cmp(u.rkey, p->own) > 0;
        if (is_new && (p->own.len || p->in->since_ms) && root_of(post).len)
            deliver(p, post_key(p, take_id(post, "uri")), "own", "post", post, NULL, NULL);
        if (str_cmp(u.rkey, newest) > 0)
            newest = u.rkey;
    }
    p->own = newest;
    return OK;
}

/* ── chat ── */

static err find_convo(struct polling *p, str id, const struct json **convo)
{
    const struct json *root = NULL;
    struct connector_sent end;
    *convo = NULL;
    for (int i = 0; i < p->n_convos && !*convo; i++)
        if (str_eq(take_id(p->convos[i], "id"), id))
            *convo = p->convos[i];
    if (*convo || p->n_convos == CONVOS)
        return OK;
    TRY(ask(p, "chat.bsky.convo.getConvo",
        str_cat(p->a, S("convoId="), http_percent_encode(p->a, id)), true, &end, &root));
    *convo = take_object(root, "convo");
    if (*convo)
        p->convos[p->n_convos++] = *convo;
    return OK;
}

/* At most *left of them. */
static err take_logs(struct polling *p, const struct json *logs, int *left, bool is_first)
{
    for (const struct json *v = logs->first; v && *left > 0; v = v->next) {
        const struct json *message = take_object(v, "message"), *convo = NULL;
        str convo_id = take_id(v, "convoId"), rev = take_id(v, "rev");
        int64_t at_ms = take_time(message, "sentAt");
        bool is_old = is_first && at_ms < p->in->now_ms - FIRST_LOOK_MS;
        if (!message || !convo_id.len || is_old)
            continue;
        TRY(find_convo(p, convo_id, &convo));
        deliver(p, str_print(p->a, "c:%.*s:%.*s", SARG(convo_id), SARG(rev)), "chat", "log", v,
            NULL, convo);
        (*left)--;
    }
    return OK;
}

/* What the chat refuses concerns the chat alone: the session was good a moment ago. */
static err read_chat(struct polling *p)
{
    int left = LOGS;
    bool is_first = !p->log.len;
    if (p->chat_ms > p->in->now_ms)
        return OK;
    p->chat_ms = 0;
    for (int i = 0; i < LOG_PAGES; i++) {
        const struct json *root = NULL;
        struct connector_sent end;
        str query =
            p->log.len ? str_cat(p->a, S("cursor="), http_percent_encode(p->a, p->log)) : (str){0};
        TRY(ask(p, "chat.bsky.convo.getLog", query, true, &end, &root));
        if (end.outcome == CONNECTOR_FINAL || end.outcome == CONNECTOR_REAUTH)
            p->chat_ms = p->in->now_ms + CHAT_OFF_MS;
        const struct json *logs = take_array(root, "logs");
        str next = take_line(root, "cursor", READING_ID_BYTES);
        if (!logs)
            return OK;
        TRY(take_logs(p, logs, &left, is_first));
        if (!next.len || str_eq(next, p->log) || !logs->count) {
            p->log = next.len ? next : p->log;
            return OK;
        }
        p->log = next;
    }
    p->out->has_more = true;
    return OK;
}

/* ── the poll ── */

static void put_known(struct polling *p, struct json_out *j)
{
    const struct json *known = take_array(p->cursors, "known");
    int n = 0;
    json_key(j, S("known"));
    json_arr(j);
    for (ptrdiff_t i = 0; i < p->n_found && n < KNOWN; i++)
        if (take_time(p->found[i], "indexedAt") >= p->at_ms - OVERLAP_MS) {
            json_put_str(j, take_id(p->found[i], "uri"));
            n++;
        }
    for (const struct json *v = known ? known->first : NULL; v && n < KNOWN; v = v->next, n++)
        json_put_str(j, json_text(v, S("")));
    json_arr_end(j);
}

static str cursors_of(struct polling *p)
{
    struct json_out j = json_out_make(p->a, 64 * 1024);
    json_obj(&j);
    json_kv_int(&j, S("at"), p->at_ms);
    put_known(p, &j);
    json_kv_str(&j, S("own"), p->own);
    json_kv_str(&j, S("log"), p->log);
    json_kv_int(&j, S("chat_ms"), p->chat_ms);
    json_obj_end(&j);
    return json_str(&j);
}

err bluesky_poll(struct http_client *client, struct arena *a, const struct connector_poll *in,
    struct connector_polled *out)
{
    struct polling *p = NEW(a, struct polling, 1);
    str why = {0};
    *out = (struct connector_polled){.end = {.outcome = CONNECTOR_SENT}};
    p->client = client;
    p->a = a;
    p->in = in;
    p->out = out;
    if (in->cursors.len && json_parse(a, in->cursors, &p->cursors, &why) != OK)
        p->cursors = NULL;
    p->deliveries = NEW(a, struct connector_delivery, MOST + OWN + LOGS + 1);
    p->origin = str_cat(a, S("poll "), in->setup->external_id);
    p->log = take_line(p->cursors, "log", READING_ID_BYTES);
    p->own = take_id(p->cursors, "own");
    p->chat_ms = take_int(p->cursors, "chat_ms", 0);
    TRY(read_notifications(p));
    if (out->end.outcome != CONNECTOR_SENT) /* what is newer than the gap must not hide it */
        return OK;
    TRY(find_roots(p));
    deliver_notifications(p);
    TRY(read_own(p));
    TRY(read_chat(p));
    out->cursors = cursors_of(p);
    out->deliveries = p->deliveries;
    out->n = p->n;
    return OK;
}
