/* Webhooks, subscriptions, rules and streams of the simulated X. See x.h. A webhook is tested (CRC)
 * when it is registered, on PUT and by the special "crc"; one that fails gets nothing. */
#include "x.h"

#include <string.h>

enum { CRC_MS = 10 * 1000 };

/* ── CRC ── */

static struct xnet_hook *hook_find(struct xnet *x, str id)
{
    for (int i = 0; i < x->n_hooks; i++)
        if (str_eq(str_from(x->hooks[i].id), id))
            return &x->hooks[i];
    return NULL;
}

static void ask_crc(struct sim *sim, struct sim_account *account, struct xnet_hook *hook)
{
    struct arena a = arena_make(0);
    sim_keep(hook->crc, sizeof hook->crc, sim_random_hex(sim, account->network, &a, 32));
    hook->is_asked = true;
    hook->is_valid = false;
    sim_webhook_send(sim, account,
        &(struct sim_webhook){.method = HTTP_GET,
            .url = str_print(&a, "%s?crc_token=%s", hook->url, hook->crc),
            .key = str_from(hook->id),
            .tag = XNET_TAG_CRC,
            .is_once = true});
    arena_free(&a);
}

void xnet_answered(struct sim *sim, struct sim_account *account, const struct sim_answered *answer)
{
    struct xnet_hook *hook = hook_find(account->data, answer->key);
    if (answer->tag != XNET_TAG_CRC || hook == NULL)
        return;
    str wanted = str_print(answer->arena, "sha256=%.*s",
        SARG(sim_hmac_base64(answer->arena, account->secret, str_from(hook->crc))));
    const struct json *root = NULL;
    str why;
    bool is_json =
        answer->status == 200 && json_parse(answer->arena, answer->body, &root, &why) == OK;
    hook->is_valid =
        is_json && str_eq(json_text(json_get(root, S("response_token")), S("")), wanted);
    hook->is_asked = false;
    sim_wake(sim, account->network);
}

/* Lets the call wait for the answer; NULL: answered with the fault. */
static struct xnet_hook *test_hook(struct sim_call *c, str hook_id)
{
    str account = str_copy(c->arena, c->account->id), id = str_copy(c->arena, hook_id);
    int64_t until_ms = sim_now(c->sim) + CRC_MS;
    struct xnet_hook *asked = hook_find(c->account->data, id);
    if (asked)
        ask_crc(c->sim, c->account, asked);
    for (bool waits = true;;) {
        c->account = sim_account_find(c->sim, c->network, account);
        struct xnet_hook *hook = c->account ? hook_find(c->account->data, id) : NULL;
        if (hook && hook->is_valid)
            return hook;
        if (hook == NULL || !hook->is_asked || !waits)
            break;
        waits = sim_wait(c, until_ms);
    }
    xnet_fail(c, 400, "invalid-request",
        S("CrcValidationFailed: the CRC check of the webhook did not succeed"));
    return NULL;
}

/* ── webhooks ── */

static void put_hook(struct json_out *j, const struct xnet_hook *hook)
{
    json_obj(j);
    json_kv_str(j, S("id"), str_from(hook->id));
    json_kv_str(j, S("url"), str_from(hook->url));
    json_kv_bool(j, S("valid"), hook->is_valid);
    json_obj_end(j);
}

static void list_hooks(struct sim_call *c)
{
    const struct xnet *x = c->account->data;
    struct json_out j = sim_json(c);
    json_obj(&j);
    json_key(&j, S("data"));
    json_arr(&j);
    for (int i = 0; i < x->n_hooks; i++)
        put_hook(&j, &x->hooks[i]);
    json_arr_end(&j);
    json_obj_end(&j);
    sim_answer_json(c, 200, &j);
}

static void drop_hook(struct xnet *x, str id)
{
    for (int i = 0; i < x->n_hooks; i++) {
        if (!str_eq(str_from(x->hooks[i].id), id))
            continue;
        x->n_hooks--;
        memmove(&x->hooks[i], &x->hooks[i + 1], sizeof x->hooks[0] * (size_t)(x->n_hooks - i));
        return;
    }
}

static void add_hook(struct sim_call *c)
{
    struct xnet *x = c->account->data;
    str url = sim_field(c, S("url"));
    for (int i = 0; i < x->n_hooks; i++)
        if (str_eq(str_from(x->hooks[i].url), url)) {
            xnet_fail(c, 400, "invalid-request", S("DuplicateUrlFailed: the webhook is there"));
            return;
        }
    if (x->n_hooks == XNET_HOOKS_MAX) {
        xnet_fail(c, 403, "about:blank", S("WebhookLimitExceeded: too many webhooks"));
        return;
    }
    if (!str_starts(url, S("http")) || str_find_byte(url, '?') >= 0) {
        xnet_fail(c, 400, "invalid-request", S("UrlValidationFailed: the URL is not valid"));
        return;
    }
    struct xnet_hook *hook = &x->hooks[x->n_hooks++];
    memset(hook, 0, sizeof *hook);
    str id = xnet_new_id(c->sim, c->account, c->arena);
    sim_keep(hook->id, sizeof hook->id, id);
    sim_keep(hook->url, sizeof hook->url, url);
    hook = test_hook(c, id);
    if (hook == NULL) {
        if (c->account)
            drop_hook(c->account->data, id);
        return;
    }
    struct json_out j = sim_json(c);
    json_obj(&j);
    json_key(&j, S("data"));
    put_hook(&j, hook);
    json_obj_end(&j);
    sim_answer_json(c, 200, &j);
}

static bool hook_call(struct sim_call *c, str path)
{
    str id = str_starts(path, S("/webhooks/")) ? str_skip(path, 10) : (str){0};
    enum http_method m = c->req->method;
    if (!str_eq(path, S("/webhooks")) && id.len == 0)
        return false;
    if (id.len == 0 && m == HTTP_GET) {
        list_hooks(c);
    } else if (id.len == 0 && m == HTTP_POST) {
        add_hook(c);
    } else if (hook_find(c->account->data, id) == NULL) {
        xnet_fail(c, 404, "resource-not-found", S("Could not find webhook."));
    } else if (m == HTTP_PUT) {
        if (test_hook(c, id))
            sim_answer_print(c, 200, "{\"data\":{\"valid\":true}}");
    } else if (m == HTTP_DELETE) {
        drop_hook(c->account->data, id);
        sim_answer_print(c, 200, "{\"data\":{\"deleted\":true}}");
    }
    return true;
}

/* ── subscriptions ── */

static void list_subscriptions(struct sim_call *c)
{
    const struct xnet *x = c->account->data;
    struct json_out j = sim_json(c);
    json_obj(&j);
    json_key(&j, S("data"));
    json_arr(&j);
    for (int i = 0; i < x->n_subscriptions; i++) {
        json_obj(&j);
        json_kv_str(&j, S("subscription_id"), str_from(x->subscriptions[i].id));
        json_kv_str(&j, S("event_type"), str_from(x->subscriptions[i].event));
        json_key(&j, S("filter"));
        json_obj(&j);
        json_kv_str(&j, S("user_id"), c->account->id);
        json_obj_end(&j);
        if (x->subscriptions[i].hook[0])
            json_kv_str(&j, S("webhook_id"), str_from(x->subscriptions[i].hook));
        json_obj_end(&j);
    }
    json_arr_end(&j);
    json_obj_end(&j);
    sim_answer_json(c, 200, &j);
}

static void add_subscription(struct sim_call *c)
{
    struct xnet *x = c->account->data;
    str event = sim_field(c, S("event_type")), hook = sim_field(c, S("webhook_id"));
    str user = json_text(json_path(c->json, S("filter.user_id")), S(""));
    bool has_filter = !str_eq(event, S("oauth.revoke"));
    if (event.len == 0 || (has_filter && !str_eq(user, c->account->id)) ||
        (hook.len > 0 && hook_find(x, hook) == NULL)) {
        xnet_fail(c, 400, "invalid-request", S("The subscription is not valid."));
        return;
    }
    for (int i = 0; i < x->n_subscriptions; i++)
        if (str_eq(str_from(x->subscriptions[i].event), event)) {
            xnet_fail(c, 409, "about:blank", S("DuplicateSubscription"));
            return;
        }
    if (x->n_subscriptions == XNET_SUBSCRIPTIONS_MAX) {
        xnet_fail(c, 403, "about:blank", S("Too many subscriptions."));
        return;
    }
    struct xnet_subscription *s = &x->subscriptions[x->n_subscriptions++];
    sim_keep(s->id, sizeof s->id, xnet_new_id(c->sim, c->account, c->arena));
    sim_keep(s->event, sizeof s->event, event);
    sim_keep(s->hook, sizeof s->hook, hook);
    sim_answer_print(c, 201, "{\"data\":{\"subscription_id\":\"%s\"}}", s->id);
}

static void drop_subscription(struct sim_call *c, str id)
{
    struct xnet *x = c->account->data;
    for (int i = 0; i < x->n_subscriptions; i++) {
        if (!str_eq(str_from(x->subscriptions[i].id), id))
            continue;
        x->subscriptions[i] = x->subscriptions[--x->n_subscriptions];
        sim_answer_print(c, 200, "{\"data\":{\"deleted\":true}}");
        return;
    }
    xnet_fail(c, 404, "resource-not-found", S("Could not find subscription."));
}

/* ── rules and streams ── */

static void change_rules(struct sim_call *c)
{
    struct xnet *x = c->account->data;
    const struct json *add = json_get(c->json, S("add"));
    const struct json *drop = json_path(c->json, S("delete.ids"));
    for (const struct json *v = drop ? drop->first : NULL; v; v = v->next)
        for (int i = 0; i < x->n_rules; i++)
            if (str_eq(str_from(x->rules[i].id), json_text(v, S(""))))
                x->rules[i] = x->rules[--x->n_rules];
    for (const struct json *v = add ? add->first : NULL; v && x->n_rules < XNET_RULES_MAX;
         v = v->next) {
        struct xnet_rule *r = &x->rules[x->n_rules++];
        sim_keep(r->id, sizeof r->id, xnet_new_id(c->sim, c->account, c->arena));
        sim_keep(r->value, sizeof r->value, json_text(json_get(v, S("value")), S("")));
        sim_keep(r->tag, sizeof r->tag, json_text(json_get(v, S("tag")), S("")));
    }
    sim_answer_print(c, 200, "{\"meta\":{\"summary\":{\"created\":%d}}}", add ? 1 : 0);
}

static void list_rules(struct sim_call *c)
{
    const struct xnet *x = c->account->data;
    struct json_out j = sim_json(c);
    json_obj(&j);
    json_key(&j, S("data"));
    json_arr(&j);
    for (int i = 0; i < x->n_rules; i++) {
        json_obj(&j);
        json_kv_str(&j, S("id"), str_from(x->rules[i].id));
        json_kv_str(&j, S("value"), str_from(x->rules[i].value));
        json_kv_str(&j, S("tag"), str_from(x->rules[i].tag));
        json_obj_end(&j);
    }
    json_arr_end(&j);
    json_obj_end(&j);
    sim_answer_json(c, 200, &j);
}

static str stream_key(struct arena *a, const struct sim_account *account, const char *name)
{
    return str_print(a, "%s:%.*s", name, SARG(account->id));
}

static void open_stream(struct sim_call *c, const char *name)
{
    str key = stream_key(c->arena, c->account, name);
    if (sim_stream_count(c->sim, c->network, key) > 0) {
        sim_answer_print(c, 429,
            "{\"title\":\"ConnectionException\",\"detail\":\"This stream is currently at the "
            "maximum allowed connection limit.\",\"connection_issue\":\"TooManyConnections\"}");
        return;
    }
    sim_stream_open(c, &(struct sim_stream_options){.key = key,
                           .content_type = S("application/json"),
                           .first = S("\r\n"),
                           .keep_alive = S("\r\n"),
                           .keep_alive_ms = 20000});
}

bool xnet_hooks_handle(struct sim_call *c, str path)
{
    enum http_method m = c->req->method;
    if (str_eq(path, S("/activity/subscriptions")) && m == HTTP_GET)
        list_subscriptions(c);
    else if (str_eq(path, S("/activity/subscriptions")) && m == HTTP_POST)
        add_subscription(c);
    else if (str_starts(path, S("/activity/subscriptions/")) && m == HTTP_DELETE)
        drop_subscription(c, str_skip(path, 24));
    else if (str_eq(path, S("/activity/stream")) && m == HTTP_GET)
        open_stream(c, "activity");
    else if (str_eq(path, S("/tweets/search/stream/rules")) && m == HTTP_GET)
        list_rules(c);
    else if (str_eq(path, S("/tweets/search/stream/rules")) && m == HTTP_POST)
        change_rules(c);
    else if (str_eq(path, S("/tweets/search/stream")) && m == HTTP_GET)
        open_stream(c, "filter");
    else
        return hook_call(c, path);
    return true;
}

/* ── events ── */

void xnet_sign(struct sim *sim, const struct sim_account *account, struct sim_post *post)
{
    (void)sim;
    if (post->method == HTTP_POST)
        sim_post_header(post, S("x-twitter-webhooks-signature"),
            str_cat(post->arena, S("sha256="),
                sim_hmac_base64(post->arena, account->secret, post->body)));
}

void xnet_event(struct sim *sim, struct sim_account *account, struct arena *a, const char *type,
    str payload, str includes)
{
    struct xnet *x = account->data;
    str uuid = str_print(a, "-%lld", (long long)sim_next(sim, account->network));
    for (int i = 0; i < x->n_subscriptions; i++) {
        const struct xnet_subscription *s = &x->subscriptions[i];
        if (!str_eq(str_from(s->event), str_from(type)))
            continue;
        str body = str_print(a,
            "{\"data\":{\"event_uuid\":\"%.*s\",\"filter\":{\"user_id\":\"%.*s\"},\"event_type\":"
            "\"%s\",\"tag\":\"t\",\"payload\":%.*s%s%.*s}}",
            SARG(uuid), SARG(account->id), type, SARG(payload),
            includes.len > 0 ? ",\"includes\":" : "", SARG(includes));
        const struct xnet_hook *hook = hook_find(x, str_from(s->hook));
        if (hook && hook->is_valid)
            sim_webhook_send(sim, account,
                &(struct sim_webhook){.method = HTTP_POST,
                    .url = str_from(hook->url),
                    .body = body,
                    .key = uuid,
                    .tag = XNET_TAG_EVENT});
        if (!s->hook[0])
            (void)sim_stream_push(sim, account->network, stream_key(a, account, "activity"),
                str_cat(a, body, S("\r\n"))); /* nobody may listen */
    }
}

void xnet_tell_post(struct sim *sim, struct sim_account *account, struct arena *a,
    const struct xnet_thing *post, const char *type)
{
    const struct xnet *x = account->data;
    struct json_out j = json_out_make(a, 0), k = json_out_make(a, 0);
    xnet_put_post(&j, account, post);
    xnet_put_includes(sim, &k, a, account, &post, 1);
    /* Thin, as X's own are, when the account is set so. */
    bool is_thin = str_eq(sim_setting(account, S("events")), S("thin"));
    xnet_event(sim, account, a, type, json_str(&j), is_thin ? (str){0} : json_str(&k));
    if (x->n_rules > 0)
        (void)sim_stream_push(sim, account->network, stream_key(a, account, "filter"),
            str_print(a,
                "{\"data\":%.*s,\"includes\":%.*s,\"matching_rules\":[{\"id\":\"%s\"}]}\r\n",
                SARG(json_str(&j)), SARG(json_str(&k)), x->rules[0].id)); /* nobody may listen */
}

void xnet_tell_message(
    struct sim *sim, struct sim_account *account, struct arena *a, const struct xnet_thing *m)
{
    bool is_ours = str_eq(str_from(m->author), account->id);
    struct json_out j = json_out_make(a, 0);
    json_put_str(&j, str_of(m->text, m->text_len));
    str text = json_str(&j), file = {0};
    j = json_out_make(a, 0);
    xnet_put_person(&j, account, str_from(m->talk));
    if (m->n_media > 0)
        file = str_print(a,
            ",\"attachment\":{\"type\":\"media\",\"media\":{\"id\":\"1\",\"media_url_https\":"
            "\"https://ton.twitter.com/1.1/ton/data/dm/%s\"}}",
            m->media[0]);
    xnet_event(sim, account, a, is_ours ? "dm.sent" : "dm.received",
        str_print(a,
            "{\"direct_message_events\":[{\"type\":\"message_create\",\"id\":\"%s\",\"created_"
            "timestamp\":\"%lld\",\"message_create\":{\"target\":{\"recipient_id\":\"%.*s\"},"
            "\"sender_id\":\"%s\",\"message_data\":{\"text\":%.*s%.*s}}}],\"users\":{\"%s\":{"
            "\"data\":%.*s}}}",
            m->id, (long long)m->at_ms, SARG(is_ours ? str_from(m->talk) : account->id), m->author,
            SARG(text), SARG(file), m->talk, SARG(json_str(&j))),
        (str){0});
}
