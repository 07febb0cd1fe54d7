/* meta_node: see meta_node.h. */
#include "connector/meta_node.h"

#include "base/crypto.h"
#include "base/limits.h"

enum {
    TYPE_BYTES = 64,
    CURSOR_BYTES = 1024,
    AT_ONCE = 5,                     /* conversations per poll */
    CALL_MS = 500,                   /* two calls a second */
    CALLS_MOST = 12,                 /* per poll; then no further conversation is begun */
    MESSAGES = 20,                   /* asked for one by one: the network tells no more of them */
    FIRST_MS = 7 * 24 * 3600 * 1000, /* what a new channel reads back: what may still be answered */
    OVERLAP_MS = 60 * 1000, /* read again: a message may appear after the conversation's time */
};

str meta_origin(str origin, int nth)
{
    str word = {0}, rest = origin;
    for (int i = 0; i <= nth; i++)
        (void)str_cut(rest, ' ', &word, &rest);
    return word;
}

/* ── a conversation ── */

static void read_file(struct meta_content *c, const struct json *v)
{
    str url = take_url(take_object(v, "image_data"), "url");
    if (!url.len)
        url = take_url(take_object(v, "video_data"), "url");
    if (!url.len)
        url = take_url(v, "file_url");
    if (url.len)
        meta_content_file(
            c, url, take_line(v, "name", LIMIT_NAME_BYTES), take_line(v, "mime_type", TYPE_BYTES));
    else
        part_unsupported(&c->parts, S("attachment"));
}

/* The other one: the customer. */
static const struct json *person_of(struct meta_reading *r, const struct json *v, bool is_ours)
{
    if (!is_ours)
        return take_object(v, "from");
    const struct json *to = take_array(take_object(v, "to"), "data");
    for (const struct json *p = to ? to->first : NULL; p; p = p->next)
        if (!str_eq(take_id(p, "id"), r->account))
            return p;
    return NULL;
}

static void read_message(struct meta_reading *r, const struct json *v, int64_t floor_ms)
{
    int64_t at_ms = meta_time(r->list.a, v, "created_time");
    str author = take_id(take_object(v, "from"), "id");
    bool is_ours = author.len && str_eq(author, r->account);
    const struct json *person = person_of(r, v, is_ours);
    str id = take_id(v, "id"), customer = take_id(person, "id");
    bool is_old = at_ms && at_ms < floor_ms;
    struct connector_item *it =
        id.len && customer.len && !is_old ? item_add(&r->list, ITEM_MESSAGE) : NULL;
    if (!it)
        return;
    it->account = r->account;
    it->external_id = id;
    it->contact_external_id = customer;
    it->contact_name = take_line(person, "name", LIMIT_NAME_BYTES);
    it->contact_handle = take_line(person, "username", LIMIT_NAME_BYTES);
    it->is_ours = is_ours;
    it->opens_window = !is_ours;
    it->sent_ms = at_ms && at_ms < r->received_ms ? at_ms : r->received_ms;
    it->text = take_text(v, "message");
    struct meta_content c = meta_content_make(r->list.a);
    const struct json *files = take_array(take_object(v, "attachments"), "data");
    for (const struct json *f = files ? files->first : NULL; f; f = f->next)
        read_file(&c, f);
    meta_content_end(&c, it, "message");
}

void meta_conversation(struct meta_reading *r, const struct json *root, int64_t floor_ms)
{
    const struct json *data = take_array(take_object(root, "messages"), "data");
    const struct json **at = NEW(r->list.a, const struct json *, (data ? data->count : 0) + 1);
    ptrdiff_t n = 0;
    for (const struct json *v = data ? data->first : NULL; v; v = v->next)
        at[n++] = v;
    while (n > 0)
        read_message(r, at[--n], floor_ms);
}

void meta_deliver(struct arena *a, str origin, str external_id, const struct json *body,
    struct connector_polled *out)
{
    struct connector_delivery *one = NEW(a, struct connector_delivery, 1);
    str text = json_text_of(a, body);
    struct sha256 hash = crypto_sha256(str_print(a, "%.*s\n%.*s", SARG(external_id), SARG(text)));
    *one = (struct connector_delivery){
        .key = str_cat(a, S("lookup:"), crypto_hex(a, str_of(hash.b, sizeof hash.b))),
        .origin = origin,
        .content_type = S("application/json"),
        .body = text,
    };
    out->deliveries = one;
    out->n = 1;
}

/* ── catching up ── */

struct walk {
    int64_t done_ms;  /* read up to then in earlier walks */
    int64_t floor_ms; /* of this walk; 0 = none is under way */
    int64_t top_ms;   /* newest conversation seen in this walk */
    str after;        /* page of the list */
    int64_t skip;     /* conversations of that page that are read */
};

static struct walk walk_of(struct arena *a, const struct connector_poll *in)
{
    const struct json *root = NULL;
    str why;
    struct walk w = {0};
    if (json_parse(a, in->cursors, &root, &why) == OK)
        w = (struct walk){.done_ms = take_int(root, "done", 0),
            .floor_ms = take_int(root, "floor", 0),
            .top_ms = take_int(root, "top", 0),
            .after = take_line(root, "after", CURSOR_BYTES),
            .skip = take_int(root, "skip", 0)};
    int64_t floor_ms = in->since_ms;
    if (floor_ms <= 0)
        floor_ms = w.done_ms > 0 ? w.done_ms - OVERLAP_MS : in->now_ms - FIRST_MS;
    bool goes_on = w.floor_ms > 0 && w.skip >= 0 && (in->since_ms <= 0 || w.floor_ms == floor_ms);
    if (!goes_on)
        w = (struct walk){.done_ms = w.done_ms, .floor_ms = floor_ms};
    return w;
}

static str walk_str(struct arena *a, const struct walk *w)
{
    struct json_out j = json_out_make(a, 8 * CURSOR_BYTES);
    json_obj(&j);
    json_kv_int(&j, S("done"), w->done_ms);
    if (w->floor_ms > 0) {
        json_kv_int(&j, S("floor"), w->floor_ms);
        json_kv_int(&j, S("top"), w->top_ms);
        json_kv_str(&j, S("after"), w->after);
        json_kv_int(&j, S("skip"), w->skip);
    }
    json_obj_end(&j);
    return json_str(&j);
}

static err ask_list(struct http_client *client, struct arena *a, const struct meta_inbox *inbox,
    const struct walk *w, struct meta_answer *answer)
{
    struct form query = form_make(a);
    form_add(&query, "platform", str_from(inbox->platform));
    form_add(&query, "fields", S("id,updated_time"));
    if (w->after.len)
        form_add(&query, "after", w->after);
    str path = str_print(a, "/%.*s/conversations", SARG(inbox->owner));
    const struct network_call call = meta_call(a, inbox->api, HTTP_GET, path, form_str(&query));
    return meta_do(client, a, inbox->api, &call, answer);
}

#define MESSAGE_FIELDS "id,created_time,from,to,message,attachments"

static err ask_one(struct http_client *client, struct arena *a, const struct meta_inbox *inbox,
    str id, const char *fields, struct meta_answer *answer)
{
    struct form query = form_make(a);
    form_add(&query, "fields", str_from(fields));
    str path = str_print(a, "/%.*s", SARG(http_percent_encode(a, id)));
    const struct network_call call = meta_call(a, inbox->api, HTTP_GET, path, form_str(&query));
    return meta_do(client, a, inbox->api, &call, answer);
}

/* What a poll has come to so far. */
struct turn {
    struct connector_delivery *deliveries;
    ptrdiff_t n;
    int64_t calls;
    struct connector_sent end; /* of the last call */
};

static bool is_stopped(const struct turn *turn)
{
    return turn->end.outcome != CONNECTOR_SENT && turn->end.outcome != CONNECTOR_FINAL;
}

/* *body: a conversation with its messages. They are listed whole, or by id only. */
static err gather_messages(struct http_client *client, struct arena *a,
    const struct meta_inbox *inbox, const struct json *conversation, struct turn *turn, str *body)
{
    const struct json *data = take_array(take_object(conversation, "messages"), "data");
    const struct json *first = data ? data->first : NULL;
    if (!first || json_get(first, S("from"))) {
        *body = json_text_of(a, conversation);
        return OK;
    }
    struct json_out j = json_out_make(a, LIMIT_WEBHOOK_BODY_BYTES);
    int n = 0;
    json_obj(&j);
    json_key(&j, S("messages"));
    json_obj(&j);
    json_key(&j, S("data"));
    json_arr(&j);
    for (const struct json *v = first; v && n < MESSAGES; v = v->next, n++) {
        struct meta_answer one = {0};
        str id = take_id(v, "id");
        if (!id.len)
            continue;
        TRY(ask_one(client, a, inbox, id, MESSAGE_FIELDS, &one));
        turn->calls++;
        turn->end = one.sent;
        if (is_stopped(turn))
            return OK;
        if (one.sent.outcome == CONNECTOR_SENT)
            json_put_tree(&j, one.json);
    }
    json_arr_end(&j);
    json_obj_end(&j);
    json_obj_end(&j);
    *body = json_str(&j);
    return OK;
}

/* One conversation; what we may not read keeps none of the others back. */
static err read_one(struct http_client *client, struct arena *a, const struct meta_inbox *inbox,
    str id, int64_t updated_ms, int64_t floor_ms, struct turn *turn)
{
    struct meta_answer one = {0};
    str body = {0};
    TRY(ask_one(client, a, inbox, id, "messages{" MESSAGE_FIELDS "}", &one));
    turn->calls++;
    turn->end = one.sent;
    if (one.sent.outcome != CONNECTOR_SENT)
        return OK;
    TRY(gather_messages(client, a, inbox, one.json, turn, &body));
    if (is_stopped(turn))
        return OK;
    turn->deliveries[turn->n++] = (struct connector_delivery){
        .key = str_print(
            a, "conversation:%.*s:%lld:%lld", SARG(id), (long long)updated_ms, (long long)floor_ms),
        .origin = str_print(a, "conversation %.*s %lld", SARG(inbox->account), (long long)floor_ms),
        .content_type = S("application/json"),
        .body = body,
    };
    return OK;
}

/* The list's page is read, or enough of it: where the walk stands then. */
static void turn_page(const struct json *list, bool is_at_end, struct walk *w)
{
    const struct json *paging = take_object(list, "paging");
    str after = json_get(paging, S("next"))
                    ? take_line(take_object(paging, "cursors"), "after", CURSOR_BYTES)
                    : (str){0};
    w->skip = 0;
    w->after = after;
    if (is_at_end || !after.len)
        *w = (struct walk){.done_ms = w->top_ms > w->done_ms ? w->top_ms : w->done_ms};
}

/* Reads the page's next conversations. */
static err read_page(struct http_client *client, struct arena *a, const struct meta_inbox *inbox,
    const struct json *list, struct walk *w, struct turn *turn)
{
    const struct json *data = take_array(list, "data");
    bool is_at_end = false;
    int64_t nth = 0;
    for (const struct json *v = data ? data->first : NULL; v && !is_at_end; v = v->next, nth++) {
        str id = take_id(v, "id");
        int64_t updated_ms = meta_time(a, v, "updated_time");
        if (nth < w->skip)
            continue;
        if (turn->n == AT_ONCE || turn->calls >= CALLS_MOST)
            return OK;
        w->top_ms = updated_ms > w->top_ms ? updated_ms : w->top_ms;
        is_at_end = updated_ms > 0 && updated_ms < w->floor_ms;
        if (is_at_end || !id.len)
            continue;
        TRY(read_one(client, a, inbox, id, updated_ms, w->floor_ms, turn));
        if (is_stopped(turn))
            return OK;
        w->skip = nth + 1;
    }
    turn_page(list, is_at_end, w);
    return OK;
}

err meta_catch_up(struct http_client *client, struct arena *a, const struct meta_inbox *inbox,
    const struct connector_poll *in, struct connector_polled *out)
{
    struct walk w = walk_of(a, in);
    struct meta_answer list = {0};
    TRY(ask_list(client, a, inbox, &w, &list));
    struct turn turn = {
        .deliveries = NEW(a, struct connector_delivery, AT_ONCE), .calls = 1, .end = list.sent};
    bool is_listed = list.sent.outcome == CONNECTOR_SENT;
    if (is_listed)
        TRY(read_page(client, a, inbox, list.json, &w, &turn));
    *out = (struct connector_polled){
        .end = is_listed && !is_stopped(&turn) ? list.sent : turn.end,
        .deliveries = turn.deliveries,
        .n = turn.n,
        .cursors = is_listed ? walk_str(a, &w) : (str){0},
        .next_ms = w.floor_ms > 0 && is_listed && !is_stopped(&turn)
                       ? in->now_ms + turn.calls * CALL_MS
                       : 0,
    };
    return OK;
}
