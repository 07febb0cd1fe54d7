/* What makes X tell us: the webhook, the activity subscriptions of our account, the rules of the
 * filtered stream. Everything here may be done again: what is there stays. See x.h. Source:
 * docs.x.com, "Webhooks", "X Activity API", "Filtered stream rules", August 2026.
 * Thread: job threads. */
#include "base/clock.h"
#include "connector/x.h"

enum { LIST_MAX = 2000, RULES = 2, RULE_BYTES = 1024 };

/* Who may ask for it: private events need the person's own rights. */
static const struct {
    const char *type;
    enum x_as as;
    const char *tag;
    bool is_needed; /* without it customers are not heard */
} events[] = {
    {"post.mention.create", X_AS_USER, "mentions", true },
    {"post.reply.create",   X_AS_USER, "replies",  true },
    {"post.quote.create",   X_AS_USER, "quotes",   false},
    {"dm.received",         X_AS_USER, "dm",       true },
    {"dm.sent",             X_AS_USER, "dm",       false},
    {"dm.read",             X_AS_USER, "dm",       false},
    {"post.create",         X_AS_APP,  "own",      false},
    {"post.delete",         X_AS_APP,  "own",      false},
    {"oauth.revoke",        X_AS_APP,  "account",  false},
};
enum { EVENTS = sizeof events / sizeof *events };

struct subscribing {
    struct http_client *client;
    struct arena *a;
    const struct connector_setup *s;
    int64_t now_ms;
    struct connector_sent *end;
};

static err ask(struct subscribing *b, enum http_method method, enum x_as as, str path, str json,
    enum x_fault *fault, const struct json **root)
{
    const struct x_ask q = {.method = method, .path = path, .as = as, .json = json};
    TRY(x_call(b->client, b->a, b->s, b->now_ms, &q, b->end, fault, root));
    if (b->end->outcome == CONNECTOR_UNKNOWN) /* the same again does no harm */
        b->end->outcome = CONNECTOR_RETRY;
    return OK;
}

static bool is_done(const struct subscribing *b)
{
    return b->end->outcome == CONNECTOR_SENT;
}

/* ── webhook ── */

/* Our address among the app's webhooks: its id, or empty. */
static str own_webhook(const struct json *root, str url, bool *is_valid)
{
    const struct json *list = take_array(root, "data");
    int n = 0;
    for (const struct json *w = list ? list->first : NULL; w && n < LIST_MAX; w = w->next, n++) {
        if (!str_eq(take_url(w, "url"), url))
            continue;
        *is_valid = take_bool(w, "valid");
        return take_id(w, "id");
    }
    return (str){0};
}

static err list_webhooks(struct subscribing *b, str *id, bool *is_valid)
{
    const struct json *root;
    enum x_fault fault;
    *id = (str){0};
    *is_valid = false;
    TRY(ask(b, HTTP_GET, X_AS_APP, S("/webhooks"), (str){0}, &fault, &root));
    if (is_done(b))
        *id = own_webhook(root, b->s->hook_url, is_valid);
    return OK;
}

static err ensure_webhook(struct subscribing *b, str *id)
{
    const struct json *root;
    enum x_fault fault;
    bool is_valid;
    TRY(list_webhooks(b, id, &is_valid));
    if (!is_done(b) || (id->len && is_valid))
        return OK;
    if (id->len)
        return ask(
            b, HTTP_PUT, X_AS_APP, str_cat(b->a, S("/webhooks/"), *id), (str){0}, &fault, &root);
    struct json_out j = json_out_make(b->a, 0);
    json_obj(&j);
    json_kv_str(&j, S("url"), b->s->hook_url);
    json_obj_end(&j);
    TRY(ask(b, HTTP_POST, X_AS_APP, S("/webhooks"), json_str(&j), &fault, &root));
    if (is_done(b))
        *id = take_id(take_object(root, "data"), "id");
    else if (fault == X_FAULT_HERE) /* somebody was quicker */
        return list_webhooks(b, id, &is_valid);
    if (is_done(b) && !id->len)
        *b->end = (struct connector_sent){
            .outcome = CONNECTOR_RETRY, .why = S("X did not say the id of the webhook.")};
    return OK;
}

/* ── subscriptions ── */

static str subscription_id(const struct json *v)
{
    str id = take_id(v, "subscription_id");
    return id.len ? id : take_id(v, "id");
}

/* Of this account, and going where it should. */
static bool is_ours(const struct json *v, str account, str webhook)
{
    str user = take_id(take_object(v, "filter"), "user_id"), goes_to = take_id(v, "webhook_id");
    bool has_no_filter = str_eq(take_line(v, "event_type", READING_ID_BYTES), S("oauth.revoke"));
    return (str_eq(user, account) || (has_no_filter && !user.len)) &&
           (!goes_to.len || !webhook.len || str_eq(goes_to, webhook));
}

static bool is_subscribed(const struct json *list, const char *type, str account, str webhook)
{
    int n = 0;
    for (const struct json *v = list ? list->first : NULL; v && n < LIST_MAX; v = v->next, n++)
        if (str_eq(take_line(v, "event_type", READING_ID_BYTES), str_from(type)) &&
            is_ours(v, account, webhook))
            return true;
    return false;
}

static str subscription(struct subscribing *b, size_t which, str webhook)
{
    struct json_out j = json_out_make(b->a, 0);
    json_obj(&j);
    json_kv_str(&j, S("event_type"), str_from(events[which].type));
    if (!str_eq(str_from(events[which].type), S("oauth.revoke"))) {
        json_key(&j, S("filter"));
        json_obj(&j);
        json_kv_str(&j, S("user_id"), b->s->external_id);
        json_obj_end(&j);
    }
    json_kv_str(&j, S("tag"), str_from(events[which].tag));
    if (webhook.len)
        json_kv_str(&j, S("webhook_id"), webhook);
    json_obj_end(&j);
    return json_str(&j);
}

/* What is there already. The list itself is UNSURE: without it everything is asked for, and X says
 * what it has. */
static err list_subscriptions(struct subscribing *b, const struct json **list)
{
    const struct json *root;
    enum x_fault fault;
    TRY(ask(b, HTTP_GET, X_AS_APP, S("/activity/subscriptions"), (str){0}, &fault, &root));
    *list = is_done(b) ? take_array(root, "data") : NULL;
    return OK;
}

static err subscribe_all(struct subscribing *b, str webhook)
{
    const struct json *list, *root;
    enum x_fault fault;
    struct sb failed = sb_make(b->a, READING_ID_BYTES);
    struct connector_sent worst = {.outcome = CONNECTOR_SENT};
    TRY(list_subscriptions(b, &list));
    for (size_t i = 0; i < EVENTS; i++) {
        if (is_subscribed(list, events[i].type, b->s->external_id, webhook))
            continue;
        TRY(ask(b, HTTP_POST, events[i].as, S("/activity/subscriptions"),
            subscription(b, i, webhook), &fault, &root));
        if (is_done(b) || fault == X_FAULT_HERE || fault == X_FAULT_DUPLICATE)
            continue;
        sb_print(&failed, "%s%s", failed.len ? ", " : "", events[i].type);
        if (events[i].is_needed || b->end->outcome == CONNECTOR_REAUTH)
            worst = *b->end;
        if (b->end->outcome == CONNECTOR_WAIT || b->end->outcome == CONNECTOR_RETRY) {
            worst = *b->end;
            break;
        }
    }
    *b->end = worst;
    if (failed.len && worst.outcome != CONNECTOR_SENT)
        b->end->why =
            str_print(b->a, "%.*s (X did not take: %.*s)", SARG(worst.why), SARG(sb_str(&failed)));
    return OK;
}

static err unsubscribe_all(struct subscribing *b)
{
    const struct json *list, *root;
    enum x_fault fault;
    str webhook;
    bool is_valid;
    int n = 0;
    TRY(list_webhooks(b, &webhook, &is_valid));
    if (!is_done(b))
        return OK;
    TRY(list_subscriptions(b, &list));
    for (const struct json *v = list ? list->first : NULL; v && n < LIST_MAX; v = v->next, n++) {
        str id = subscription_id(v);
        if (!id.len || !is_ours(v, b->s->external_id, webhook))
            continue;
        str path = str_cat(b->a, S("/activity/subscriptions/"), http_percent_encode(b->a, id));
        TRY(ask(b, HTTP_DELETE, X_AS_APP, path, (str){0}, &fault, &root));
        if (!is_done(b) && fault != X_FAULT_GONE)
            return OK;
    }
    *b->end = (struct connector_sent){.outcome = CONNECTOR_SENT};
    if (!webhook.len)
        return OK;
    TRY(ask(b, HTTP_DELETE, X_AS_APP, str_cat(b->a, S("/webhooks/"), webhook), (str){0}, &fault,
        &root));
    if (fault == X_FAULT_GONE)
        *b->end = (struct connector_sent){.outcome = CONNECTOR_SENT};
    return OK;
}

err x_subscribe(struct http_client *client, struct arena *a, const struct connector_setup *s,
    bool on, struct connector_sent *sent)
{
    enum x_source source = x_source(a, s);
    struct connector_sent end = {.outcome = CONNECTOR_SENT};
    struct subscribing b = {
        .client = client, .a = a, .s = s, .now_ms = clock_now_ms(), .end = &end};
    str webhook = {0};
    if (!x_is_id(s->external_id)) {
        end = (struct connector_sent){.outcome = CONNECTOR_FINAL,
            .why = S("X: the account is not known yet; test the connection.")};
    } else if (source == X_WEBHOOK || source == X_ACTIVITY) {
        if (on && source == X_WEBHOOK)
            TRY(ensure_webhook(&b, &webhook));
        if (on && is_done(&b))
            TRY(subscribe_all(&b, webhook));
        if (!on)
            TRY(unsubscribe_all(&b));
    } else if (source == X_STREAM && on) {
        TRY(x_rules(client, a, s, b.now_ms, &end));
    }
    *sent = end;
    return OK;
}

/* ── rules of the filtered stream ── */

/* What we want to hear: who writes to us, and what we answer in X's own app. False: no handle. */
static bool wanted_rules(struct arena *a, const struct connector_setup *s, str rules[RULES])
{
    str handle = s->handle;
    if (str_starts(handle, S("@")))
        handle = str_skip(handle, 1);
    for (ptrdiff_t i = 0; i < handle.len; i++) {
        char c = handle.at[i];
        if (!((c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') || c == '_'))
            return false;
    }
    rules[0] = str_print(a, "(@%.*s OR to:%.*s) -is:retweet", SARG(handle), SARG(handle));
    rules[1] = str_print(a, "from:%.*s is:reply", SARG(handle));
    return handle.len > 0;
}

static str rules_body(struct arena *a, const str rules[RULES], const bool has[RULES])
{
    static const char *const tags[RULES] = {"mentions", "own"};
    struct json_out j = json_out_make(a, 0);
    json_obj(&j);
    json_key(&j, S("add"));
    json_arr(&j);
    for (int i = 0; i < RULES; i++) {
        if (has[i])
            continue;
        json_obj(&j);
        json_kv_str(&j, S("value"), rules[i]);
        json_kv_str(&j, S("tag"), str_from(tags[i]));
        json_obj_end(&j);
    }
    json_arr_end(&j);
    json_obj_end(&j);
    return json_str(&j);
}

/* Marks in `has` what is there; the rest of the list as a body that deletes it, or empty. */
static str strangers(
    struct arena *a, const struct json *list, const str rules[RULES], bool has[RULES])
{
    struct json_out j = json_out_make(a, 0);
    int n = 0, found = 0;
    json_obj(&j);
    json_key(&j, S("delete"));
    json_obj(&j);
    json_key(&j, S("ids"));
    json_arr(&j);
    for (const struct json *r = list ? list->first : NULL; r && n < LIST_MAX; r = r->next, n++) {
        str value = take_line(r, "value", RULE_BYTES), id = take_id(r, "id");
        bool is_wanted = false;
        for (int i = 0; i < RULES; i++) {
            is_wanted = is_wanted || str_eq(value, rules[i]);
            has[i] = has[i] || str_eq(value, rules[i]);
        }
        if (!is_wanted && id.len) {
            json_put_str(&j, id);
            found++;
        }
    }
    json_arr_end(&j);
    json_obj_end(&j);
    json_obj_end(&j);
    return found ? json_str(&j) : (str){0};
}

err x_rules(struct http_client *client, struct arena *a, const struct connector_setup *s,
    int64_t now_ms, struct connector_sent *end)
{
    const struct json *root;
    enum x_fault fault;
    str rules[RULES];
    bool has[RULES] = {0};
    struct subscribing b = {.client = client, .a = a, .s = s, .now_ms = now_ms, .end = end};
    const str path = S("/tweets/search/stream/rules");
    if (!wanted_rules(a, s, rules)) {
        *end = (struct connector_sent){.outcome = CONNECTOR_FINAL,
            .why = S("X: the account's handle is not known yet; test the connection.")};
        return OK;
    }
    TRY(ask(&b, HTTP_GET, X_AS_APP, path, (str){0}, &fault, &root));
    if (!is_done(&b))
        return OK;
    str others = strangers(a, take_array(root, "data"), rules, has);
    if (others.len)
        TRY(ask(&b, HTTP_POST, X_AS_APP, path, others, &fault, &root));
    if (!is_done(&b) || (has[0] && has[1]))
        return OK;
    TRY(ask(&b, HTTP_POST, X_AS_APP, path, rules_body(a, rules, has), &fault, &root));
    if (fault == X_FAULT_HERE || fault == X_FAULT_DUPLICATE)
        *end = (struct connector_sent){.outcome = CONNECTOR_SENT};
    return OK;
}
