/* mastodon: what is asked for: notifications and our own statuses since the last time, oldest
 * first, and the first status of the thread above an answer. See mastodon.h.
 *
 * Cursors: {"notification":id,"own":id}, the newest ones seen. Without one, and for comparing
 * (since_ms), pages are read backwards until they are older. min_id gives the oldest that are
 * newer: nothing is skipped however many there are. Thread: job threads. */
#include "base/limits.h"
#include "connector/mastodon.h"
#include "connector/reading.h"

enum {
    PAGE = 80,     /* notifications; 40 statuses */
    OWN_PAGE = 40, /* the instance's own maximum */
    PAGES = 8,     /* of one poll; then at once the next */
    ROOTS = 60,    /* threads looked up in one poll */
    FIRST_LOOK_MS = 24 * 3600 * 1000,
    MOST = PAGES * PAGE,
};

struct asking {
    struct http_client *client;
    struct arena *a;
    const struct connector_poll *in;
    struct connector_polled *out;
    const struct json *found[MOST]; /* newest first */
    ptrdiff_t n;
    struct connector_delivery *deliveries;
    ptrdiff_t n_deliveries;
    str origin;
    int roots;
    bool is_over; /* the rest comes with the next poll */
};

/* ── deliveries ── */

static void put_root(struct json_out *j, const struct json *root)
{
    static const char *const keys[] = {
        "id", "url", "created_at", "content", "spoiler_text", "visibility"};
    static const char *const author_keys[] = {"id", "acct", "display_name"};
    const struct json *author = take_object(root, "account");
    json_obj(j);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        json_kv_str(j, str_from(keys[i]), json_text(json_get(root, str_from(keys[i])), S("")));
    json_key(j, S("account"));
    json_obj(j);
    for (size_t i = 0; i < sizeof author_keys / sizeof *author_keys; i++)
        json_kv_str(j, str_from(author_keys[i]),
            json_text(json_get(author, str_from(author_keys[i])), S("")));
    json_obj_end(j);
    json_obj_end(j);
}

str mastodon_body(struct arena *a, str event, str data, const struct json *root)
{
    struct json_out j = json_out_make(a, LIMIT_WEBHOOK_BODY_BYTES);
    json_obj(&j);
    json_kv_str(&j, S("event"), event);
    json_kv_raw(&j, S("data"), data);
    if (root) {
        json_key(&j, S("root"));
        put_root(&j, root);
    }
    json_obj_end(&j);
    return j.b.failed ? (str){0} : json_str(&j);
}

bool mastodon_wants_root(const struct json *status)
{
    str visibility = take_line(status, "visibility", 20);
    bool is_public = str_eq(visibility, S("public")) || str_eq(visibility, S("unlisted"));
    return is_public && mastodon_is_id(take_id(status, "in_reply_to_id"));
}

static err ask(struct asking *q, str path, const struct json **root)
{
    const struct mastodon_ask call = {
        .setup = q->in->setup, .method = HTTP_GET, .path = path, .now_ms = q->in->now_ms};
    struct mastodon_answer answer;
    TRY(mastodon_do(q->client, q->a, &call, &q->out->end, &answer));
    *root = answer.root;
    return OK;
}

/* *root NULL: there is none above it (any more). False in q->out->end: ask again later. */
static err find_root(struct asking *q, const struct json *status, const struct json **root)
{
    const struct json *context = NULL;
    str id = take_id(status, "id");
    *root = NULL;
    if (!mastodon_wants_root(status) || !mastodon_is_id(id))
        return OK;
    if (q->roots++ >= ROOTS) {
        q->is_over = true;
        return OK;
    }
    TRY(ask(q, str_print(q->a, "/api/v1/statuses/%.*s/context", SARG(id)), &context));
    if (q->out->end.outcome == CONNECTOR_FINAL)
        q->out->end = (struct connector_sent){.outcome = CONNECTOR_SENT}; /* gone meanwhile */
    const struct json *above = take_array(context, "ancestors");
    *root = above ? above->first : NULL;
    return OK;
}

/* One entry as a delivery; false in q->is_over: no more of them now. */
static err deliver(struct asking *q, const struct json *entry, bool is_own)
{
    const struct json *root = NULL, *status = is_own ? entry : take_object(entry, "status");
    str id = take_id(entry, "id");
    TRY(find_root(q, status, &root));
    if (q->is_over || q->out->end.outcome != CONNECTOR_SENT)
        return OK;
    str body = mastodon_body(
        q->a, is_own ? S("update") : S("notification"), json_text_of(q->a, entry), root);
    if (body.len)
        q->deliveries[q->n_deliveries++] = (struct connector_delivery){
            .key = str_print(q->a, "%s:%.*s", is_own ? "s" : "n", SARG(id)),
            .origin = q->origin,
            .content_type = S("application/json"),
            .body = body};
    return OK;
}

/* ── pages ── */

static void keep_page(struct asking *q, const struct json *list, bool is_newer)
{
    ptrdiff_t count = 0;
    for (const struct json *v = list->first; v && q->n + count < MOST; v = v->next)
        if (mastodon_is_id(take_id(v, "id")))
            count++;
    if (is_newer) /* before what is there */
        for (ptrdiff_t i = q->n - 1; i >= 0; i--)
            q->found[i + count] = q->found[i];
    ptrdiff_t at = is_newer ? 0 : q->n;
    for (const struct json *v = list->first; v && count > 0; v = v->next)
        if (mastodon_is_id(take_id(v, "id"))) {
            q->found[at++] = v;
            q->n++;
            count--;
        }
}

/* Everything behind `cursor`; or everything since `since_ms`. */
static err read_pages(struct asking *q, str path, int64_t size, str cursor, int64_t since_ms)
{
    q->n = 0;
    q->is_over = false;
    str edge = since_ms ? (str){0} : cursor;
    for (int i = 0;; i++) {
        const struct json *list = NULL;
        str name = since_ms ? S("max_id") : S("min_id");
        str url =
            edge.len ? str_print(q->a, "%.*s&%.*s=%.*s", SARG(path), SARG(name), SARG(edge)) : path;
        TRY(ask(q, url, &list));
        if (q->out->end.outcome != CONNECTOR_SENT || !list || list->kind != JSON_ARRAY)
            return OK;
        keep_page(q, list, !since_ms);
        if (list->count < size || !q->n)
            return OK;
        const struct json *last = q->found[since_ms ? q->n - 1 : 0];
        str next = take_id(last, "id");
        bool is_old = since_ms && take_time(last, "created_at") < since_ms;
        if (is_old || str_eq(next, edge))
            return OK;
        edge = next;
        if (i + 1 == PAGES || q->n == MOST) {
            q->out->has_more = !since_ms; /* going back ends here */
            return OK;
        }
    }
}

/* Oldest first; *cursor moves behind what was delivered. */
static err deliver_found(struct asking *q, bool is_own, int64_t since_ms, str *cursor)
{
    for (ptrdiff_t i = q->n - 1; i >= 0; i--) {
        const struct json *entry = q->found[i];
        str id = take_id(entry, "id");
        bool is_wanted = !since_ms || take_time(entry, "created_at") >= since_ms;
        bool is_answer = !is_own || take_id(entry, "in_reply_to_id").len ||
                         (take_array(entry, "mentions") && take_array(entry, "mentions")->count);
        if (is_wanted && is_answer)
            TRY(deliver(q, entry, is_own));
        if (q->is_over)
            q->out->has_more = true;
        if (q->is_over || q->out->end.outcome != CONNECTOR_SENT)
            return OK;
        if (mastodon_id_cmp(id, *cursor) > 0)
            *cursor = id;
    }
    return OK;
}

static err read_notifications(struct asking *q, str *cursor)
{
    str path = str_print(q->a,
        "/api/v1/notifications?types%%5B%%5D=mention&types%%5B%%5D=quote&types%%5B%%5D=update&limit=%d",
        PAGE);
    int64_t since_ms = q->in->since_ms;
    if (!since_ms && !cursor->len)
        since_ms = q->in->now_ms - FIRST_LOOK_MS;
    TRY(read_pages(q, path, PAGE, *cursor, since_ms));
    return deliver_found(q, false, since_ms, cursor);
}

static err read_own(struct asking *q, str *cursor)
{
    str own = q->in->setup->external_id;
    if (!mastodon_is_id(own))
        return OK;
    str path = str_print(
        q->a, "/api/v1/accounts/%.*s/statuses?exclude_reblogs=true&limit=%d", SARG(own), OWN_PAGE);
    int64_t since_ms = q->in->since_ms;
    if (!since_ms && !cursor->len)
        since_ms = q->in->now_ms; /* what is older was written before the channel was */
    TRY(read_pages(q, path, OWN_PAGE, *cursor, since_ms));
    return deliver_found(q, true, since_ms, cursor);
}

err mastodon_poll(struct http_client *client, struct arena *a, const struct connector_poll *in,
    struct connector_polled *out)
{
    const struct json *cursors = NULL;
    struct asking *q = NEW(a, struct asking, 1);
    str why = {0};
    *out = (struct connector_polled){.end = {.outcome = CONNECTOR_SENT}};
    *q = (struct asking){.client = client, .a = a, .in = in, .out = out};
    q->deliveries = NEW(a, struct connector_delivery, 2 * MOST);
    q->origin = str_cat(a, S("poll "), in->setup->external_id);
    if (in->cursors.len && json_parse(a, in->cursors, &cursors, &why) != OK)
        cursors = NULL;
    str notification = take_id(cursors, "notification"), own = take_id(cursors, "own");
    TRY(read_notifications(q, &notification));
    if (out->end.outcome == CONNECTOR_SENT && !out->has_more)
        TRY(read_own(q, &own));
    struct json_out j = json_out_make(a, 1024);
    json_obj(&j);
    json_kv_str(&j, S("notification"), notification);
    json_kv_str(&j, S("own"), own);
    json_obj_end(&j);
    out->cursors = json_str(&j);
    out->deliveries = q->deliveries;
    out->n = q->n_deliveries;
    return OK;
}
