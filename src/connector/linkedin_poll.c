/* linkedin: what is asked. See linkedin.h.
 *
 * Notifications of the page since the last time, then each comment by its name. Ranges overlap;
 * what the one before brought is not asked for again, since each comment costs up to three calls of
 * a day's budget. Cursors: {"mark_ms": everything before has been brought, "end_ms" and "start": a
 * range that is under way, "seen": keys of what was brought last}. Thread: blocks. */
#include "base/limits.h"
#include "connector/fetched.h"
#include "connector/linkedin.h"
#include "connector/reading.h"

static const int64_t day_ms = INT64_C(24) * 3600 * 1000;
static const int64_t overlap_ms = INT64_C(5) * 60 * 1000; /* events come late */

enum {
    FIRST_DAYS = 14,
    KEPT_DAYS = 60, /* LinkedIn keeps them so long */
    COUNT = 50,
    PAGES = 2,  /* of notifications in one poll: each may need three calls */
    POSTS = 32, /* remembered in one poll */
    SEEN = 200, /* remembered for the next polls: of more in one overlap some are asked again */
};

struct asking {
    struct http_client *client;
    struct arena *a;
    struct linkedin_api api;
    str account;
    struct {
        str urn;
        const struct json *post; /* NULL: it is not given */
    } posts[POSTS];
    int n_posts;
    const struct json *seen; /* keys that the polls before brought; NULL = none */
    struct fetched f;
};

/* *found NULL: it is not there, or not for us. */
static err ask_comment(
    struct asking *q, str urn, const struct json **found, struct connector_sent *end)
{
    struct linkedin_comment c;
    struct linkedin_answer got;
    *found = NULL;
    if (!linkedin_comment_read(urn, &c))
        return OK;
    str path = str_print(q->a, "%.*s/%.*s", SARG(linkedin_comments_path(q->a, c.post)), SARG(c.id));
    TRY(linkedin_do(q->client, q->a, &q->api, HTTP_GET, path, (str){0}, &got));
    if (got.sent.outcome == CONNECTOR_SENT)
        *found = got.json;
    else if (got.sent.outcome != CONNECTOR_FINAL)
        *end = got.sent;
    return OK;
}

static err ask_post(struct asking *q, str urn, const struct json **post)
{
    struct linkedin_answer got;
    *post = NULL;
    if (!linkedin_is_urn(urn))
        return OK;
    for (int i = 0; i < q->n_posts; i++) {
        if (str_eq(q->posts[i].urn, urn)) {
            *post = q->posts[i].post;
            return OK;
        }
    }
    str path = str_cat(q->a, S("/posts/"), http_percent_encode(q->a, urn));
    TRY(linkedin_do(q->client, q->a, &q->api, HTTP_GET, path, (str){0}, &got));
    *post = got.sent.outcome == CONNECTOR_SENT ? got.json : NULL;
    if (q->n_posts < POSTS) {
        q->posts[q->n_posts].urn = urn;
        q->posts[q->n_posts++].post = *post;
    }
    return OK;
}

static void put_tree(struct json_out *j, str key, const struct json *v)
{
    if (!v)
        return;
    json_key(j, key);
    json_put_tree(j, v);
}

static void deliver(struct asking *q, str key, const struct json *notification,
    const struct json *comment, const struct json *parent, const struct json *post)
{
    struct json_out j = json_out_make(q->a, LIMIT_WEBHOOK_BODY_BYTES);
    json_obj(&j);
    json_kv_str(&j, S("account"), q->account);
    put_tree(&j, S("notification"), notification);
    put_tree(&j, S("comment"), comment);
    put_tree(&j, S("parent"), parent);
    put_tree(&j, S("post"), post);
    json_obj_end(&j);
    if (key.len && !j.b.failed)
        (void)fetched_add(&q->f, key, S("comment"), json_str(&j)); /* a page is far from full */
}

/* An answer of ours goes to the one above it; for others the parent's name is enough. */
static err ask_around(struct asking *q, str urn, str source, const struct json **comment,
    const struct json **parent, const struct json **post, struct connector_sent *end)
{
    TRY(ask_comment(q, urn, comment, end));
    bool is_ours = *comment && str_eq(linkedin_actor(*comment), q->account);
    if (is_ours)
        TRY(ask_comment(q, take_id(*comment, "parentComment"), parent, end));
    if (!linkedin_is_urn(source) && *comment)
        source = take_id(*comment, "object");
    return ask_post(q, source, post);
}

static str key_of(struct asking *q, const struct json *notification)
{
    str id = take_id(notification, "notificationId");
    if (id.len)
        return id;
    return str_print(q->a, "%.*s@%lld", SARG(take_id(notification, "generatedActivity")),
        (long long)take_time(notification, "lastModifiedAt"));
}

static bool is_seen(const struct asking *q, str key)
{
    for (const struct json *v = q->seen ? q->seen->first : NULL; v; v = v->next)
        if (str_eq(json_text(v, (str){0}), key))
            return true;
    return false;
}

static err take_notification(
    struct asking *q, const struct json *notification, struct connector_sent *end)
{
    str key = key_of(q, notification);
    if (is_seen(q, key))
        return OK;
    str action = take_line(notification, "action", 40);
    str urn = take_id(notification, "generatedActivity");
    const struct json *comment = NULL, *parent = NULL, *post = NULL;
    bool is_gone = str_eq(action, S("COMMENT_DELETE"));
    bool is_comment = str_eq(action, S("COMMENT")) || str_eq(action, S("ADMIN_COMMENT")) ||
                      str_eq(action, S("COMMENT_EDIT"));
    if (str_eq(action, S("SHARE_MENTION")))
        TRY(ask_post(q, urn, &post));
    else if (is_comment)
        TRY(ask_around(q, urn, take_id(notification, "sourcePost"), &comment, &parent, &post, end));
    if (end->outcome != CONNECTOR_SENT)
        return OK;
    if (comment || post || is_gone)
        deliver(q, key, notification, comment, parent, post);
    return OK;
}

/* *n: how many notifications were on the page. */
static err take_page(struct asking *q, int64_t from_ms, int64_t to_ms, int64_t start, int *n,
    struct connector_sent *end)
{
    struct linkedin_answer got;
    str path = str_print(q->a,
        "/organizationalEntityNotifications?q=criteria&actions=List(COMMENT,ADMIN_COMMENT,"
        "COMMENT_EDIT,COMMENT_DELETE,SHARE_MENTION)&organizationalEntity=%.*s"
        "&timeRange=(start:%lld,end:%lld)&start=%lld&count=%d",
        SARG(http_percent_encode(q->a, q->account)), (long long)from_ms, (long long)to_ms,
        (long long)start, COUNT);
    TRY(linkedin_do(q->client, q->a, &q->api, HTTP_GET, path, (str){0}, &got));
    *end = got.sent;
    for (const struct json *v = list_first(got.json, "elements");
         v && end->outcome == CONNECTOR_SENT; v = v->next, ++*n)
        TRY(take_notification(q, v, end));
    return OK;
}

static str cursors_text(const struct asking *q, int64_t mark_ms, int64_t end_ms, int64_t start)
{
    struct json_out j = json_out_make(q->a, LIMIT_JSON_BODY_BYTES);
    json_obj(&j);
    json_kv_int(&j, S("mark_ms"), mark_ms);
    json_kv_int(&j, S("end_ms"), end_ms);
    json_kv_int(&j, S("start"), start);
    json_key(&j, S("seen"));
    json_arr(&j);
    int n = 0;
    for (ptrdiff_t i = q->f.n; i > 0 && n < SEEN; i--, n++)
        json_put_str(&j, q->f.at[i - 1].key);
    for (const struct json *v = q->seen ? q->seen->first : NULL; v && n < SEEN; v = v->next, n++)
        json_put_str(&j, json_text(v, (str){0}));
    json_arr_end(&j);
    json_obj_end(&j);
    return json_str(&j);
}

static struct asking *asking_make(struct http_client *client, struct arena *a,
    const struct connector_setup *setup, int64_t now_ms)
{
    struct asking *q = NEW(a, struct asking, 1);
    *q = (struct asking){
        .client = client, .a = a, .api = {setup, now_ms},
                .account = setup->external_id, .f.a = a
    };
    return q;
}

err linkedin_poll(struct http_client *client, struct arena *a, const struct connector_poll *in,
    struct connector_polled *out)
{
    struct asking *q = asking_make(client, a, in->setup, in->now_ms);
    struct connector_polled got = {.end.outcome = CONNECTOR_SENT};
    const struct json *c = cursors_read(a, in->cursors);
    int64_t mark_ms = take_int(c, "mark_ms", in->now_ms - FIRST_DAYS * day_ms);
    int64_t start = take_int(c, "start", 0);
    int64_t end_ms = start > 0 ? take_int(c, "end_ms", in->now_ms) : in->now_ms;
    int64_t from_ms = mark_ms - overlap_ms, oldest_ms = in->now_ms - KEPT_DAYS * day_ms;
    if (in->since_ms) {
        from_ms = in->since_ms;
        end_ms = in->now_ms;
        start = 0;
    } else {
        q->seen = take_array(c, "seen");
    }
    if (from_ms < oldest_ms)
        from_ms = oldest_ms;
    bool is_done = false;
    for (int i = 0; i < PAGES && !is_done && got.end.outcome == CONNECTOR_SENT; i++) {
        int n = 0;
        TRY(take_page(q, from_ms, end_ms, start, &n, &got.end));
        if (got.end.outcome != CONNECTOR_SENT)
            break; /* the page again: what it had is known by its keys */
        is_done = n < COUNT;
        start += n;
    }
    /* since_ms: the whole range at once is more than a poll takes; the cursors carry it on. */
    got.cursors = is_done ? cursors_text(q, end_ms, 0, 0)
                          : cursors_text(q, from_ms + overlap_ms, end_ms, start);
    got.has_more = !is_done && got.end.outcome == CONNECTOR_SENT;
    if (got.end.outcome == CONNECTOR_WAIT)
        got.next_ms = got.end.wait_until_ms;
    got.deliveries = q->f.at;
    got.n = q->f.n;
    *out = got;
    return OK;
}

err linkedin_lookup(struct http_client *client, struct arena *a,
    const struct connector_setup *setup, str external_id, int64_t now_ms,
    struct connector_polled *out)
{
    struct asking *q = asking_make(client, a, setup, now_ms);
    struct connector_polled got = {.end.outcome = CONNECTOR_SENT};
    const struct json *comment = NULL, *parent = NULL, *post = NULL;
    TRY(ask_around(q, external_id, (str){0}, &comment, &parent, &post, &got.end));
    if (comment && got.end.outcome == CONNECTOR_SENT)
        deliver(q,
            str_print(a, "%.*s#%lld", SARG(external_id),
                (long long)take_time(take_object(comment, "lastModified"), "time")),
            NULL, comment, parent, post);
    got.deliveries = q->f.at;
    got.n = q->f.n;
    *out = got;
    return OK;
}
