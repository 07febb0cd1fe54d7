/* What X is asked for: pages of mentions, of direct messages, single posts and people. See x.h.
 *
 * Cursors: {"mentions":{…},"messages":{…}}, each {"since","top","page","from_ms","due_ms"}. Lists
 * come newest first: while pages are being read, "top" keeps the newest id of the first one and
 * becomes "since" only when the last page is stored, so that an end in the middle loses nothing.
 * One page per call. Limits: mentions 300, messages 15 per 15 minutes and person; beside a webhook
 * or a stream both are only a safety net. Source: docs.x.com, "User mentions timeline", "DM
 * lookup", August 2026. Thread: job threads. */
#include "base/clock.h"
#include "base/crypto.h"
#include "base/limits.h"
#include "connector/x.h"

enum {
    FIRST_LOOK_MS = 24 * 3600 * 1000, /* of a channel that has never asked */
    MENTIONS_MS = 30 * 1000,          /* between two questions when nothing else brings them */
    MENTIONS_NET_MS = 300 * 1000,
    MESSAGES_MS = 120 * 1000, /* 15 per 15 minutes, half of it left for pages and repair */
    MESSAGES_NET_MS = 900 * 1000,
    REFUSED_MS = 300 * 1000,
    AGAIN_MS = 30 * 1000,
    PAGE = 50,                   /* posts; long ones stay below a delivery's 1 MiB */
    SMALL_PAGE = 5,              /* when they do not */
    RECONCILE_PAGES = 16,        /* mentions: X keeps 800 */
    RECONCILE_MESSAGE_PAGES = 5, /* a third of what 15 minutes allow */
};

#define USER_FIELDS                                                                                \
    "id,name,username,profile_image_url,verified,verified_type,public_metrics,protected"
#define MEDIA_FIELDS                                                                               \
    "media_key,type,url,preview_image_url,alt_text,variants,duration_ms,width,height"

str x_post_fields(void)
{
    return S("tweet.fields=id,text,author_id,created_at,conversation_id,in_reply_to_user_id,"
             "referenced_tweets,entities,attachments,lang,public_metrics,reply_settings,"
             "edit_history_tweet_ids,note_tweet,possibly_sensitive"
             "&expansions=author_id,in_reply_to_user_id,referenced_tweets.id,"
             "referenced_tweets.id.author_id,attachments.media_keys"
             "&user.fields=" USER_FIELDS "&media.fields=" MEDIA_FIELDS);
}

/* ── pages ── */

static str get(struct arena *a, const char *name, str value)
{
    return value.len ? str_print(a, "&%s=%.*s", name, SARG(http_percent_encode(a, value)))
                     : (str){0};
}

/* Newest, oldest and next of a page; the ids of its members where meta does not say. */
static void read_page(const struct json *root, struct x_page *page)
{
    const struct json *meta = take_object(root, "meta"), *data = take_array(root, "data");
    for (const struct json *v = data ? data->first : NULL; v; v = v->next) {
        str id = take_id(v, "id");
        if (!x_is_id(id))
            continue;
        if (x_id_cmp(id, page->newest) > 0)
            page->newest = id;
        if (!page->oldest.len || x_id_cmp(id, page->oldest) < 0)
            page->oldest = id;
    }
    page->next = take_line(meta, "next_token", READING_ID_BYTES);
}

static void deliver(struct arena *a, const struct connector_setup *s, const char *key,
    const char *origin, str body, struct x_page *page)
{
    page->delivery = (struct connector_delivery){
        .key = str_print(a, "%s:%.*s:%.*s", key, SARG(page->newest), SARG(page->oldest)),
        .origin = str_print(a, "%s %.*s", origin, SARG(s->external_id)),
        .content_type = S("application/json"),
        .body = body};
}

static err ask_page(struct http_client *client, struct arena *a, const struct connector_setup *s,
    int64_t now_ms, str path, str query, struct x_page *page, str *body)
{
    struct http_result res = {0};
    str missing;
    *page = (struct x_page){0};
    for (int size = PAGE;; size = SMALL_PAGE) {
        const struct x_ask ask = {.method = HTTP_GET,
            .path = path,
            .query = str_print(a, "max_results=%d%.*s", size, SARG(query))};
        TRY(x_do(client, a, s, now_ms, &ask, &res, &missing));
        if (res.outcome != HTTP_CALL_TOO_LARGE || size == SMALL_PAGE)
            break;
    }
    *body = res.body;
    if (missing.len) {
        x_missing(X_AS_USER, missing, &page->end);
        return OK;
    }
    (void)x_answer(a, &res, now_ms, &page->end); /* the outcome says enough */
    if (page->end.outcome == CONNECTOR_UNKNOWN)
        page->end.outcome = CONNECTOR_RETRY; /* a question may be asked again */
    const struct json *root = page->end.outcome == CONNECTOR_SENT ? network_json(a, &res) : NULL;
    if (page->end.outcome == CONNECTOR_SENT && (!root || root->kind != JSON_OBJECT)) {
        page->end.outcome = CONNECTOR_RETRY;
        page->end.why = S("X's answer is not whole.");
    }
    read_page(root, page);
    return OK;
}

err x_mentions_page(struct http_client *client, struct arena *a, const struct connector_setup *s,
    int64_t now_ms, str since, int64_t from_ms, str token, struct x_page *page)
{
    str path = str_print(a, "/users/%.*s/mentions", SARG(s->external_id)), body;
    struct sb q = sb_make(a, 0);
    sb_byte(&q, '&');
    sb_add(&q, x_post_fields());
    sb_add(&q, get(a, "since_id", since));
    if (!since.len && from_ms > 0)
        sb_add(&q, get(a, "start_time", time_rfc3339(a, from_ms)));
    sb_add(&q, get(a, "pagination_token", token));
    TRY(ask_page(client, a, s, now_ms, path, sb_str(&q), page, &body));
    if (page->newest.len)
        deliver(a, s, "mentions", "posts", body, page);
    return OK;
}

/* since and from_ms: where what is known begins; pages beyond it are not asked for. */
static err messages_page(struct http_client *client, struct arena *a,
    const struct connector_setup *s, int64_t now_ms, str since, int64_t from_ms, str token,
    struct x_page *page)
{
    str body, query = str_cat(a,
                  S("&dm_event.fields=id,text,event_type,dm_conversation_id,created_at,sender_id,"
                    "attachments,referenced_tweets,entities,participant_ids"
                    "&event_types=MessageCreate&expansions=sender_id,attachments.media_keys"
                    "&user.fields=" USER_FIELDS "&media.fields=" MEDIA_FIELDS),
                  get(a, "pagination_token", token));
    TRY(ask_page(client, a, s, now_ms, S("/dm_events"), query, page, &body));
    bool is_known = since.len && x_id_cmp(page->oldest, since) <= 0;
    bool is_old = from_ms > 0 && page->oldest.len && x_id_ms(page->oldest) < from_ms;
    if (is_known || is_old)
        page->next = (str){0};
    bool is_new = page->newest.len && (!since.len || x_id_cmp(page->newest, since) > 0) &&
                  !(from_ms > 0 && x_id_ms(page->newest) < from_ms);
    if (is_new)
        deliver(a, s, "messages", "messages", body, page);
    return OK;
}

/* ── cursors ── */

struct feed {
    str since, top, page;
    int64_t from_ms, due_ms;
};

static struct feed feed_read(const struct json *cursors, const char *name)
{
    const struct json *f = take_object(cursors, name);
    return (struct feed){.since = take_id(f, "since"),
        .top = take_id(f, "top"),
        .page = take_id(f, "page"),
        .from_ms = take_int(f, "from_ms", 0),
        .due_ms = take_int(f, "due_ms", 0)};
}

static void feed_write(struct json_out *j, const char *name, const struct feed *f)
{
    json_key(j, str_from(name));
    json_obj(j);
    json_kv_str(j, S("since"), f->since);
    json_kv_str(j, S("top"), f->top);
    json_kv_str(j, S("page"), f->page);
    json_kv_int(j, S("from_ms"), f->from_ms);
    json_kv_int(j, S("due_ms"), f->due_ms);
    json_obj_end(j);
}

typedef err page_fn(struct http_client *client, struct arena *a, const struct connector_setup *s,
    int64_t now_ms, str since, int64_t from_ms, str token, struct x_page *page);

static void take_page(struct arena *a, const struct x_page *page, struct connector_polled *out)
{
    if (!page->delivery.body.len)
        return;
    struct connector_delivery *more = NEW(a, struct connector_delivery, out->n + 1);
    for (ptrdiff_t i = 0; i < out->n; i++)
        more[i] = out->deliveries[i];
    more[out->n++] = page->delivery;
    out->deliveries = more;
}

/* One page; the feed moves on. */
static err step(struct http_client *client, struct arena *a, const struct connector_poll *in,
    page_fn *ask, struct feed *f, int64_t every_ms, struct connector_polled *out)
{
    struct x_page page;
    if (!f->since.len && !f->from_ms)
        f->from_ms = in->now_ms - FIRST_LOOK_MS;
    if (f->since.len)
        f->from_ms = 0;
    TRY(ask(client, a, in->setup, in->now_ms, f->since, f->from_ms, f->page, &page));
    out->end = page.end;
    out->end.is_channel_wide = page.end.outcome == CONNECTOR_REAUTH;
    if (page.end.outcome != CONNECTOR_SENT) {
        bool is_over = page.end.outcome == CONNECTOR_FINAL;
        if (is_over)
            f->page = f->top = (str){0}; /* a page's token has a short life: begin again */
        f->due_ms = in->now_ms + (is_over ? REFUSED_MS : AGAIN_MS);
        if (page.end.wait_until_ms > in->now_ms)
            f->due_ms = page.end.wait_until_ms;
        if (is_over || page.end.outcome == CONNECTOR_WAIT)
            out->end.outcome = CONNECTOR_RETRY; /* the other list goes on */
        return OK;
    }
    take_page(a, &page, out);
    if (!f->top.len)
        f->top = page.newest;
    f->page = page.next;
    if (page.next.len)
        return OK;
    if (x_id_cmp(f->top, f->since) > 0)
        f->since = f->top;
    f->top = (str){0};
    if (f->since.len)
        f->from_ms = 0;
    f->due_ms = in->now_ms + every_ms;
    return OK;
}

static err reconcile(struct http_client *client, struct arena *a, const struct connector_poll *in,
    page_fn *ask, int pages, struct connector_polled *out)
{
    str token = {0};
    for (int i = 0; i < pages; i++) {
        struct x_page page;
        TRY(ask(client, a, in->setup, in->now_ms, (str){0}, in->since_ms, token, &page));
        out->end = page.end;
        if (page.end.outcome != CONNECTOR_SENT)
            return OK;
        take_page(a, &page, out);
        token = page.next;
        if (!token.len)
            return OK;
    }
    return OK;
}

err x_poll(struct http_client *client, struct arena *a, const struct connector_poll *in,
    struct connector_polled *out)
{
    const struct json *cursors = NULL;
    str why;
    *out = (struct connector_polled){0};
    if (!x_is_id(in->setup->external_id)) {
        out->end = (struct connector_sent){.outcome = CONNECTOR_FINAL,
            .why = S("X: the account is not known yet; test the connection.")};
        return OK;
    }
    if (in->since_ms > 0) {
        TRY(reconcile(client, a, in, x_mentions_page, RECONCILE_PAGES, out));
        if (out->end.outcome != CONNECTOR_SENT)
            return OK;
        return reconcile(client, a, in, messages_page, RECONCILE_MESSAGE_PAGES, out);
    }
    (void)json_parse(a, in->cursors, &cursors, &why); /* broken ones are as good as none */
    struct feed mentions = feed_read(cursors, "mentions");
    struct feed messages = feed_read(cursors, "messages");
    enum x_source source = x_source(a, in->setup);
    bool polls_posts = source == X_POLL, polls_messages = polls_posts || source == X_STREAM;
    if (mentions.due_ms <= in->now_ms)
        TRY(step(client, a, in, x_mentions_page, &mentions,
            polls_posts ? MENTIONS_MS : MENTIONS_NET_MS, out));
    else if (messages.due_ms <= in->now_ms)
        TRY(step(client, a, in, messages_page, &messages,
            polls_messages ? MESSAGES_MS : MESSAGES_NET_MS, out));
    struct json_out j = json_out_make(a, 0);
    json_obj(&j);
    feed_write(&j, "mentions", &mentions);
    feed_write(&j, "messages", &messages);
    json_obj_end(&j);
    out->cursors = json_str(&j);
    out->next_ms = mentions.due_ms < messages.due_ms ? mentions.due_ms : messages.due_ms;
    out->has_more = out->end.outcome == CONNECTOR_SENT && out->next_ms <= in->now_ms;
    if (out->next_ms < in->now_ms)
        out->next_ms = in->now_ms;
    return OK;
}

/* ── one post, one person ── */

err x_lookup(struct http_client *client, struct arena *a, const struct connector_setup *s,
    str external_id, int64_t now_ms, struct connector_polled *out)
{
    struct http_result res = {0};
    str missing;
    *out = (struct connector_polled){0};
    if (!x_is_id(external_id)) {
        out->end = (struct connector_sent){
            .outcome = CONNECTOR_FINAL, .why = S("X: this is not the id of a post.")};
        return OK;
    }
    const struct x_ask ask = {.method = HTTP_GET,
        .path = S("/tweets"),
        .query = str_print(a, "ids=%.*s&%.*s", SARG(external_id), SARG(x_post_fields()))};
    TRY(x_do(client, a, s, now_ms, &ask, &res, &missing));
    if (missing.len) {
        x_missing(X_AS_USER, missing, &out->end);
        return OK;
    }
    (void)x_answer(a, &res, now_ms, &out->end); /* the outcome says enough */
    if (out->end.outcome == CONNECTOR_UNKNOWN)
        out->end.outcome = CONNECTOR_RETRY;
    bool is_told = res.outcome == HTTP_CALL_ANSWERED && res.status == 200 && network_json(a, &res);
    if (!is_told)
        return OK;
    struct sha256 sum = crypto_sha256(res.body);
    struct connector_delivery *d = NEW(a, struct connector_delivery, 1);
    *d = (struct connector_delivery){
        .key = str_print(a, "lookup:%.*s:%.*s", SARG(external_id),
            SARG(crypto_hex(a, str_of(sum.b, (ptrdiff_t)sizeof sum.b)))),
        .origin = str_print(a, "posts %.*s", SARG(s->external_id)),
        .content_type = S("application/json"),
        .body = res.body};
    out->end = (struct connector_sent){.outcome = CONNECTOR_SENT, .rate = out->end.rate};
    out->deliveries = d;
    out->n = 1;
    return OK;
}

err x_person(struct http_client *client, struct arena *a, const struct connector_setup *s,
    str contact_external_id, str thread_key, struct connector_sent *end,
    struct connector_item *person)
{
    const struct json *root;
    enum x_fault fault;
    (void)thread_key;
    *person = (struct connector_item){.kind = ITEM_PERSON, .account = s->external_id};
    if (!x_is_id(contact_external_id)) {
        *end = (struct connector_sent){
            .outcome = CONNECTOR_FINAL, .why = S("X: this is not the id of a person.")};
        return OK;
    }
    const struct x_ask ask = {.method = HTTP_GET,
        .path = str_cat(a, S("/users/"), contact_external_id),
        .query = S("user.fields=" USER_FIELDS)};
    TRY(x_call(client, a, s, clock_now_ms(), &ask, end, &fault, &root));
    struct x_world w = x_world_make(a, s->external_id, true);
    const struct json *data = take_object(root, "data");
    if (data && map_put(&w.people, contact_external_id, (void *)(uintptr_t)data) != OK)
        return E_BUSY;
    x_contact(&w, contact_external_id, person);
    person->is_gone = fault == X_FAULT_GONE || fault == X_FAULT_SUSPENDED;
    if (person->is_gone) /* that is an answer, too */
        *end = (struct connector_sent){.outcome = CONNECTOR_SENT};
    return OK;
}
