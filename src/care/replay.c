/* replay: see replay.h. */
#include "care/replay.h"

#include "base/crypto.h"
#include "base/limits.h"
#include "care/history_inner.h"
#include "care/reply.h"
#include "connector/replayed.h"
#include "net/ip.h"
#include "store/agent.h"
#include "store/channel.h"
#include "store/conversation.h"
#include "store/door.h"
#include "store/history.h"
#include "store/identity.h"
#include "store/inbox.h"
#include "store/message_network.h"
#include "store/webhook.h"

enum { WEBHOOKS_PAGE = 200 };

/* ── whether it can leave this machine ── */

/* "http://127.0.0.1:80/x", "[::1]:25". Only literal addresses: a name may be anybody's tomorrow. */
static bool is_loopback(str address)
{
    str rest, host = address, port;
    struct ip_network v4, v6;
    struct ip_address ip;
    ptrdiff_t at = str_find(address, S("://"));
    if (at >= 0)
        host = str_skip(address, at + 3);
    (void)str_cut(host, '/', &host, &rest); /* there may be no path */
    if (str_find_byte(host, '@') >= 0)
        return false;
    if (str_starts(host, S("[")))
        (void)str_cut(str_skip(host, 1), ']', &host, &port); /* else no address */
    else
        (void)str_cut(host, ':', &host, &port); /* there may be no port */
    return ip_network_parse(S("127.0.0.0/8"), &v4) && ip_network_parse(S("::1"), &v6) &&
           ip_parse(host, &ip) && (ip_network_has(v4, ip) || ip_network_has(v6, ip));
}

/* Whether nothing of this channel can leave the machine: every base address of its network (of a
 * network without: every address in the channel's form) is a literal loopback address. False:
 * *address is the first that is not. */
static bool stays_here(
    struct arena *a, const struct connector *c, const struct connector_setup *s, str *address)
{
    for (const struct connector_host *h = c->hosts; h && h->name; h++) {
        *address = connector_host_url(a, c, s->hosts, str_from(h->name));
        if (!is_loopback(*address))
            return false;
    }
    for (const struct connector_setting *k = c->settings; !c->hosts && k && k->name; k++) {
        if (!str_eq(str_from(k->kind), S("url")) && !str_eq(str_from(k->kind), S("host")))
            continue;
        *address = setup_setting(a, c, s, k->name);
        if (address->len && !is_loopback(*address))
            return false;
    }
    return true;
}

/* ── what may be replayed ── */

static err find_owner(struct ctx *cx, struct replay *r)
{
    struct agent *agents;
    struct agent_scope *scopes;
    ptrdiff_t n;
    TRY(agent_list(cx, &agents, &scopes, &n));
    for (ptrdiff_t i = 0; i < n; i++)
        if (agents[i].is_active && str_eq(agents[i].role, S("owner")) &&
            (!r->owner.v || agents[i].id.v < r->owner.v))
            r->owner = agents[i].id;
    return OK;
}

/* Webhooks hear of every message: a shop's own systems would take the past for orders of today. */
static err look_at_webhooks(struct ctx *cx, struct replay *r)
{
    webhook_id after = {0};
    for (ptrdiff_t n = WEBHOOKS_PAGE; n == WEBHOOKS_PAGE;) {
        const struct webhook *rows;
        TRY(webhook_list(cx, after, WEBHOOKS_PAGE, &rows, &n));
        for (ptrdiff_t i = 0; i < n; i++) {
            after = rows[i].id;
            if (rows[i].is_enabled && !is_loopback(rows[i].url))
                r->refusal = str_print(cx->arena,
                    "The webhook \"%.*s\" would tell %.*s of it; switch it off first.",
                    SARG(rows[i].name), SARG(rows[i].url));
        }
    }
    return OK;
}

err replay_open(struct ctx *cx, str run, struct replay *r)
{
    *r = (struct replay){.run = run};
    TRY(history_open(cx, &r->history));
    TRY(find_owner(cx, r));
    return look_at_webhooks(cx, r);
}

/* A chat that nobody reads goes on by mail, a mail is more than these fields, and a call is no
 * message. */
static err check_kind(struct ctx *cx, const struct channel *channel, const struct connector *c)
{
    bool is_told = c && c->parse;
    if (str_eq(channel->kind, S("email")))
        return fail_field(cx, "channel",
            "A line says too little to be a mail again; bring mails with `seva mail-in`.");
    if (!is_told || (c->able & ABLE_CALLS))
        return fail_field(cx, "channel",
            "\"%.*s\" is a channel of a kind (%.*s) that cannot be replayed.", SARG(channel->name),
            SARG(channel->kind));
    return OK;
}

static err check_channel(struct ctx *cx, const struct replay *r, const struct channel *channel)
{
    const struct connector *c = connector_find(channel->kind);
    const struct connector_setup setup = {
        .settings = channel->settings, .hosts = cx->config->network_hosts};
    str address;
    TRY(check_kind(cx, channel, c));
    if (r->refusal.len)
        return fail_field(cx, "channel", "%.*s", SARG(r->refusal));
    if (!stays_here(cx->arena, c, &setup, &address))
        return fail_field(cx, "channel",
            "\"%.*s\" is a real channel: it talks to %.*s. Only channels of the simulator are replayed to, whose addresses are this machine's own (127.0.0.1); see --network-hosts.",
            SARG(channel->name), SARG(address.len ? address : S("an address of its network")));
    if (!channel->is_enabled)
        return fail_field(
            cx, "channel", "The channel \"%.*s\" is switched off.", SARG(channel->name));
    return OK;
}

/* Public or private as the network knows it; and what ours answers must be there. The run's name
 * behind its id makes a post one that the network has never had. */
static err check_visibility(struct ctx *cx, const struct history_item *item)
{
    const struct connector *c = connector_find(item->channel->kind);
    const char *visibility = item->is_public ? "public" : "private";
    int64_t room = item->is_public ? c->public_rules.max_length : c->private_rules.max_length;
    if (room <= 0)
        return fail_field(cx, "visibility", "On %.*s nothing is %s.", SARG(c->title), visibility);
    if (item->is_public && !item->is_in && c->reads_post)
        return fail_field(cx, "visibility",
            "On %.*s a public answer reads the post first, and a replayed post is not on the network: only its private answers are replayed.",
            SARG(c->title));
    return OK;
}

void replay_read(struct ctx *cx, const struct replay *r, struct replay_line *line)
{
    struct history_item *item = NEW(cx->arena, struct history_item, 1);
    *line = (struct replay_line){.text = line->text};
    cx->fault = (struct fault){0};
    err e = history_read(cx, &r->history, line->text, item);
    if (e == OK)
        e = check_channel(cx, r, item->channel);
    if (e == OK)
        e = check_visibility(cx, item);
    if (e == OK) {
        line->item = item;
        return;
    }
    line->fate = REPLAY_WRONG;
    line->field = cx->fault.field;
    line->words = cx->fault.words;
    cx->fault = (struct fault){0};
}

bool replay_is_in(const struct replay_line *line)
{
    return line->item && line->item->is_in;
}

static str of_run(struct ctx *cx, const struct replay *r, str id)
{
    return id.len ? str_print(cx->arena, "%.*s~%.*s", SARG(id), SARG(r->run)) : id;
}

/* ── what customers wrote ── */

static struct inbox_new delivery_of(
    struct ctx *cx, const struct replay *r, const struct history_item *in, source_id source)
{
    bool has_at = str_starts(in->who_handle, S("@"));
    const struct connector_item message = {.external_id = of_run(cx, r, in->id),
        .thread_key = in->thread,
        .reply_to = of_run(cx, r, in->reply_to),
        .text = in->text,
        .is_public = in->is_public,
        .contact_external_id = in->who_id,
        .contact_name = in->who_name,
        .contact_handle = str_skip(in->who_handle, has_at),
        .contact_email = in->who_email,
        .contact_location = in->who_location};
    str body = replayed_write(cx->arena, &message);
    return (struct inbox_new){.account = cx->account,
        .source = source,
        .channel = in->channel->id,
        .network = in->channel->kind,
        .delivery_key = inbox_delivery_key(cx->arena, (str){NULL, 0}, message.external_id, body),
        .content_type = S("application/json"),
        .origin = REPLAY_ORIGIN,
        .body = body,
        .received_ms = cx->now_ms};
}

err replay_take_in(struct ctx *cx, const struct replay *r, struct replay_line *lines, ptrdiff_t n)
{
    struct inbox_new *rows = NEW(cx->arena, struct inbox_new, n + 1);
    const struct inbox_new **in = NEW(cx->arena, const struct inbox_new *, n + 1);
    bool *is_new = NEW(cx->arena, bool, n + 1);
    const struct channel *channel = NULL;
    source_id source = {0};
    for (ptrdiff_t i = 0; i < n; i++) {
        if (lines[i].item->channel != channel)
            TRY(channel_source(cx, lines[i].item->channel->id, &source));
        channel = lines[i].item->channel;
        rows[i] = delivery_of(cx, r, lines[i].item, source);
        in[i] = &rows[i];
    }
    TRY(inbox_add_many(cx->db, in, n, is_new));
    for (ptrdiff_t i = 0; i < n; i++)
        lines[i].fate = is_new[i] ? REPLAY_TAKEN : REPLAY_KNOWN;
    return OK;
}

/* ── what we wrote ── */

/* The message that it answers, of this run or of before; m->id 0 = none. */
static err find_answered(
    struct ctx *cx, const struct replay *r, const struct history_item *out, struct message *m)
{
    *m = (struct message){0};
    if (!out->reply_to.len)
        return OK;
    err e = message_by_any_external(cx, out->channel->id, of_run(cx, r, out->reply_to), m);
    if (e == E_NOT_FOUND)
        e = message_by_any_external(cx, out->channel->id, out->reply_to, m);
    return e == E_NOT_FOUND ? OK : e;
}

static err find_persons(struct ctx *cx, const struct history_item *out, conversation_id *id)
{
    struct identity key = {.channel_id = out->channel->id, .external_id = out->who_id};
    struct identity_known *known;
    struct conversation *rows;
    ptrdiff_t n;
    if (!out->who_id.len)
        return OK;
    TRY(identity_find_many(cx, &key, 1, &known, &n));
    if (!n)
        return OK;
    const struct thread_key thread = {known->id, out->thread};
    TRY(conversation_newest_of_threads(cx, &thread, 1, &rows, &n));
    if (n)
        *id = rows->joined_id.v ? rows->joined_id : rows->id;
    return OK;
}

static err find_threads(struct ctx *cx, const struct history_item *out, conversation_id *id)
{
    const struct history_thread key = {.channel_id = out->channel->id, .thread_key = out->thread};
    struct history_thread *found;
    ptrdiff_t n;
    if (!out->thread.len)
        return OK;
    TRY(history_find_threads(cx, &key, 1, &found, &n));
    if (n)
        *id = found->id;
    return OK;
}

/* As an import finds it (history_place.c): beside what it answers, else the person's, else the
 * thread's. */
static err find_conversation(struct ctx *cx, const struct history_item *out,
    const struct message *answered, struct conversation *c)
{
    conversation_id id = answered->conversation_id;
    if (!id.v)
        TRY(find_persons(cx, out, &id));
    if (!id.v)
        TRY(find_threads(cx, out, &id));
    if (!id.v)
        return fail_field(cx, out->thread.len ? "thread" : "reply_to",
            "No customer has written in the conversation that it answers: whom it goes to is not known.");
    TRY(conversation_get(cx, id, c));
    if (c->channel_id.v != out->channel->id.v)
        return fail_field(cx, "channel", "The conversation goes on in another channel.");
    return OK;
}

static str client_id(struct ctx *cx, const struct replay *r, const struct history_item *out)
{
    str name = str_print(
        cx->arena, "%lld %.*s", (long long)out->channel->id.v, SARG(of_run(cx, r, out->id)));
    struct sha256 sum = crypto_sha256(name);
    return str_cat(cx->arena, S("replay:"), crypto_hex(cx->arena, str_of(sum.b, 16)));
}

static err answer(struct ctx *cx, const struct replay *r, struct replay_line *line)
{
    const struct history_item *out = line->item;
    struct conversation c, after;
    struct message answered, written;
    bool is_repeat = false;
    TRY(door_agent(cx, cx->account, out->agent ? out->agent->id : r->owner));
    TRY(find_answered(cx, r, out, &answered));
    TRY(find_conversation(cx, out, &answered, &c));
    const struct reply_new reply = {
        .text = out->text,
        .client_id = client_id(cx, r, out),
        .seen = c.last_message_id,
        .force = true,
        .reply_to = str_eq(answered.kind, S("in")) ? answered.id : (message_id){0 },
        .visibility = out->is_public ? S("public") : (str){ NULL, 0},
        .confirm_public = true
    };
    TRY(reply_add(cx, c.id, &reply, &written, &after, &is_repeat));
    line->fate = is_repeat ? REPLAY_KNOWN : REPLAY_TAKEN;
    return OK;
}

err replay_answer(
    struct ctx *cx, const struct replay *r, struct replay_line *line, int64_t after_ms)
{
    int64_t oldest_ms = 0;
    TRY(inbox_oldest_waiting(cx->db, &oldest_ms));
    if (oldest_ms && oldest_ms <= after_ms) {
        line->fate = REPLAY_WAITS;
        return OK;
    }
    return answer(cx, r, line);
}
