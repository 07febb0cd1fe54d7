/* channel_setup: see channel_setup.h. */
#include "care/channel_setup.h"

#include "base/id.h"
#include "base/limits.h"
#include "care/channel_form.h"
#include "care/news.h"
#include "connector/connector.h"
#include "model/view_channel.h"
#include "store/channel.h"
#include "store/job.h"
#include "store/pace.h"
#include "store/template.h"

err channel_tell(struct ctx *cx, channel_id id)
{
    struct channel channel;
    TRY(channel_get(cx, id, &channel));
    TRY(channel_fill(cx, &channel, 1));
    struct json_out j = json_out_make(cx->arena, 0);
    channel_view(&j, &channel);
    if (j.b.failed)
        return E_BUSY; /* half a text is none */
    return news_thing(cx, S("channel.updated"), S("channel"), id.v, (agent_id){0}, json_str(&j));
}

str channel_hook_url(struct arena *a, const struct config *config, str kind, str key)
{
    return str_print(a, "%.*s/hooks/%.*s/%.*s", SARG(config->base_url), SARG(kind), SARG(key));
}

err channel_setup(struct ctx *cx, const struct channel *channel, struct connector_setup *setup)
{
    str identity;
    *setup = (struct connector_setup){
        .settings = channel->settings,
        .external_id = channel->external_id,
        .handle = channel->handle,
        .hook_url = channel_hook_url(cx->arena, cx->config, channel->kind, channel->public_key),
        .hosts = cx->config->network_hosts,
    };
    TRY(channel_secrets(cx, channel, &setup->secret, &setup->old_secret, &identity));
    return channel_network_secrets(cx, channel, &setup->secrets);
}

/* ── what is shown ── */

/* {name: true}; secrets that do not open with this key file are as good as none. */
static str names_of(struct ctx *cx, const struct channel *channel)
{
    const struct json *root = NULL;
    str secrets, why;
    if (channel_network_secrets(cx, channel, &secrets) != OK ||
        json_parse(cx->arena, secrets, &root, &why) != OK) {
        cx->fault = (struct fault){0};
        return (str){0};
    }
    struct json_out j = json_out_make(cx->arena, 0);
    json_obj(&j);
    for (const struct json *v = root->first; v; v = v->next)
        json_kv_bool(&j, v->key, true);
    json_obj_end(&j);
    return json_str(&j);
}

static err fill(struct ctx *cx, struct channel *channel)
{
    const struct connector *c = connector_find(channel->kind);
    struct pace pace;
    bool is_capture = channel_is_capture(cx->arena, channel->settings);
    if (c && (is_capture ? c->notice.senders != NULL : c->verify != NULL))
        channel->hook_url =
            channel_hook_url(cx->arena, cx->config, channel->kind, channel->public_key);
    channel->secret_names = names_of(cx, channel);
    if (!c || !c->send)
        return OK;
    TRY(pace_get(cx, channel->id, &pace));
    TRY(pace_waiting(cx, channel->id, &channel->waiting));
    bool is_closed = pace.reason.len && !str_eq(pace.reason, PACE_GAP) && pace.open_ms > cx->now_ms;
    channel->pace = is_closed ? pace.reason : (str){0};
    channel->pace_until_ms = is_closed ? pace.open_ms : 0;
    channel->budget_limit = pace.budget_limit;
    channel->budget_left = pace.budget_left;
    channel->budget_reset_ms = pace.budget_reset_ms;
    return OK;
}

err channel_fill(struct ctx *cx, struct channel *rows, ptrdiff_t n)
{
    for (ptrdiff_t i = 0; i < n; i++)
        TRY(fill(cx, &rows[i]));
    return OK;
}

/* ── jobs ── */

static str id_key(struct ctx *cx, channel_id id)
{
    return str_print(cx->arena, "%lld", (long long)id.v);
}

/* Each has a key of its own: what changed while one runs is told by the next. */
static err plan_subscribe(struct ctx *cx, channel_id id, str payload)
{
    const struct job_new job = {
        .kind = S("subscribe"),
        .key = str_print(cx->arena, "%lld:%lld", (long long)id.v, (long long)id_make(cx->now_ms)),
        .order_key = str_print(cx->arena, "subscribe:%lld", (long long)id.v),
        .payload = payload,
    };
    return job_add(cx, &job);
}

enum { RECONCILE_FIRST_MS = 24 * 3600 * 1000 }; /* a new channel's first night */

err channel_plan(struct ctx *cx, const struct channel *channel)
{
    const struct connector *c = connector_find(channel->kind);
    if (!c || channel_is_capture(cx->arena, channel->settings))
        return OK;
    TRY(pace_set_gap(cx, channel->id, c->send_gap_ms));
    if (c->subscribe)
        TRY(plan_subscribe(cx, channel->id, S("{}")));
    if (channel->is_enabled && c->able & (ABLE_POLL | ABLE_LISTEN))
        TRY(job_add(cx, &(struct job_new){.kind = S("poll"), .key = id_key(cx, channel->id)}));
    if (channel->is_enabled && c->poll)
        TRY(job_add(cx, &(struct job_new){.kind = S("reconcile"),
                            .key = id_key(cx, channel->id),
                            .run_ms = cx->now_ms + RECONCILE_FIRST_MS}));
    if (channel->is_enabled && c->templates)
        TRY(job_add(cx, &(struct job_new){.kind = S("templates"), .key = id_key(cx, channel->id)}));
    return OK;
}

#define PLAN_AAD "job/subscribe"

static str plan_aad(struct ctx *cx)
{
    return str_print(cx->arena, "%lld/" PLAN_AAD, (long long)cx->account.v);
}

err channel_plan_end(struct ctx *cx, const struct channel *channel)
{
    const struct connector *c = connector_find(channel->kind);
    struct connector_setup setup;
    str sealed;
    if (!c || !c->subscribe || !channel->is_enabled ||
        channel_is_capture(cx->arena, channel->settings))
        return OK;
    TRY(channel_setup(cx, channel, &setup));
    struct json_out inner = json_out_make(cx->arena, LIMIT_SEALED_BYTES / 2);
    json_obj(&inner);
    json_kv_str(&inner, S("settings"), setup.settings);
    json_kv_str(&inner, S("secrets"), setup.secrets);
    json_kv_str(&inner, S("external_id"), setup.external_id);
    json_kv_str(&inner, S("handle"), setup.handle);
    json_kv_str(&inner, S("hook_url"), setup.hook_url);
    json_kv_str(&inner, S("secret"), setup.secret);
    json_obj_end(&inner);
    if (inner.b.failed) /* too long to go along: the network finds out by itself */
        return OK;
    TRY(keyring_seal(cx->arena, cx->config->keys, plan_aad(cx), json_str(&inner), &sealed));
    struct json_out j = json_out_make(cx->arena, LIMIT_JOB_PAYLOAD_BYTES);
    json_obj(&j);
    json_kv_str(&j, S("kind"), channel->kind);
    json_kv_str(&j, S("sealed"), sealed);
    json_obj_end(&j);
    return j.b.failed ? OK : plan_subscribe(cx, channel->id, json_str(&j));
}

err channel_plan_read(struct ctx *cx, str payload, str *kind, struct connector_setup *setup)
{
    const struct json *root = NULL, *inner = NULL;
    str why, plain;
    if (json_parse(cx->arena, payload, &root, &why) != OK || !json_get(root, S("sealed")))
        return E_INVALID;
    if (keyring_open(cx->arena, cx->config->keys, plan_aad(cx),
            json_text(json_get(root, S("sealed")), S("")), &plain) != OK ||
        json_parse(cx->arena, plain, &inner, &why) != OK)
        return fail(cx, E_INTERNAL, "what goes along with the job does not open");
    *kind = json_text(json_get(root, S("kind")), S(""));
    *setup = (struct connector_setup){
        .settings = json_text(json_get(inner, S("settings")), S("{}")),
        .secrets = json_text(json_get(inner, S("secrets")), S("{}")),
        .external_id = json_text(json_get(inner, S("external_id")), S("")),
        .handle = json_text(json_get(inner, S("handle")), S("")),
        .hook_url = json_text(json_get(inner, S("hook_url")), S("")),
        .secret = json_text(json_get(inner, S("secret")), S("")),
        .hosts = cx->config->network_hosts,
    };
    return OK;
}

err channel_templates_store(
    struct ctx *cx, channel_id id, const struct connector_templates *templates)
{
    ptrdiff_t n = templates->n < TEMPLATES_MOST ? templates->n : TEMPLATES_MOST;
    struct template *rows = NEW(cx->arena, struct template, n + 1);
    for (ptrdiff_t i = 0; i < n; i++) {
        const struct connector_template *t = &templates->at[i];
        rows[i] = (struct template){.name = t->name,
            .language = t->language,
            .category = t->category,
            .state = t->state,
            .header = t->header,
            .body = t->body,
            .footer = t->footer,
            .buttons = t->buttons,
            .variables = t->n_variables};
    }
    return template_replace(cx, id, rows, n);
}
