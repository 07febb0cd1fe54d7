/* See live.h. Here: passing news and the ending of streams, on this node and, as one JSON message
 * on the database's wire, on the others. A node ignores what it said itself. */
#include "api/live.h"

#include "api/server.h"
#include "base/crypto.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/log.h"
#include "care/audience.h"

#include <stdlib.h>

struct live {
    struct audience *audience;
    int64_t node; /* random per start: whose message this is */
};

static const str farewell = S_INIT("event: reconnect\ndata: {}\n\n");

err live_open(struct api *api)
{
    struct live *live = alloc_zero((ptrdiff_t)sizeof *live);
    if (!live)
        return E_BUSY;
    live->audience = audience_open();
    if (!live->audience) {
        free(live);
        return E_BUSY;
    }
    crypto_random(&live->node, (ptrdiff_t)sizeof live->node);
    live->node &= INT64_MAX;
    api->live = live;
    return OK;
}

void live_close(struct api *api)
{
    if (!api->live)
        return;
    audience_close(api->live->audience);
    free(api->live);
    api->live = NULL;
}

struct audience *live_audience(struct api *api)
{
    return api->live ? api->live->audience : NULL;
}

/* ── on this node ───────────────────────────────────────────────────────────────────────────────
 */

static void tell_here(struct api *api, struct arena *a, account_id account,
    const struct audience_news *news, str type, str data)
{
    if (!api->hub || audience_count(api->live->audience) == 0)
        return;
    struct audience_news *about = alloc_zero((ptrdiff_t)sizeof *about);
    if (!about)
        return; /* passing news may be lost */
    *about = *news;
    struct hub_key key = audience_key(account, about);
    hub_publish(api->hub, &(struct hub_event){.keys = &key,
                              .key_count = 1,
                              .bytes = hub_block(a, (str){0}, type, data),
                              .match = audience_match,
                              .about = about,
                              .about_free = free});
}

struct end_what {
    agent_id agent;
    session_id session;
    token_id token;
};

/* False ends the stream. */
static bool may_stay(void *subject, void *arg)
{
    const struct listener *l = subject;
    const struct end_what *w = arg;
    return !((w->agent.v && l->agent.v == w->agent.v) ||
             (w->session.v && l->session.v == w->session.v) ||
             (w->token.v && l->token.v == w->token.v));
}

static void end_here(struct api *api, account_id account, struct end_what what)
{
    if (!api->hub)
        return;
    struct end_what *w = alloc_zero((ptrdiff_t)sizeof *w);
    if (!w) {
        log_line(LOG_ERROR, "streams were not ended: out of memory");
        return;
    }
    *w = what;
    hub_visit(api->hub, audience_agents_key(account), may_stay, w, free, farewell);
}

/* ── between nodes ──────────────────────────────────────────────────────────────────────────────
 */

static struct json_out message_open(struct api *api, struct arena *a, account_id account)
{
    struct json_out j = json_out_make(a, LIMIT_LIVE_BYTES * 2);
    json_obj(&j);
    json_kv_id(&j, S("node"), api->live->node);
    json_kv_id(&j, S("account"), account.v);
    return j;
}

static void message_send(struct api *api, struct json_out *j)
{
    json_obj_end(j);
    if (!j->b.failed && db_kind_of(api->db) == DB_POSTGRES)
        db_tell(api->db, json_str(j));
}

void live_tell(struct api *api, account_id account, const struct live_news *n)
{
    if (!api->live)
        return;
    if (n->data.len > LIMIT_LIVE_BYTES) {
        log_line(LOG_ERROR, "passing news is too long", LOG_S("type", n->type));
        return;
    }
    struct arena a = arena_make(0);
    const struct audience_news news = {.audience = n->audience,
        .conversation = n->conversation,
        .channel = n->channel,
        .team = n->team,
        .assignee = n->assignee,
        .contact = n->contact,
        .agent = n->agent};
    tell_here(api, &a, account, &news, n->type, n->data);
    struct json_out j = message_open(api, &a, account);
    json_kv_str(&j, S("type"), n->type);
    json_kv_int(&j, S("audience"), n->audience);
    json_kv_id(&j, S("conversation"), n->conversation.v);
    json_kv_id(&j, S("channel"), n->channel.v);
    json_kv_id(&j, S("team"), n->team.v);
    json_kv_id(&j, S("assignee"), n->assignee.v);
    json_kv_id(&j, S("contact"), n->contact.v);
    json_kv_id(&j, S("agent"), n->agent.v);
    json_kv_str(&j, S("data"), n->data);
    message_send(api, &j);
    arena_free(&a);
}

static void end_everywhere(struct api *api, account_id account, struct end_what what)
{
    if (!api->live)
        return;
    struct arena a = arena_make(0);
    end_here(api, account, what);
    struct json_out j = message_open(api, &a, account);
    json_kv_id(&j, S("end_agent"), what.agent.v);
    json_kv_id(&j, S("end_session"), what.session.v);
    json_kv_id(&j, S("end_token"), what.token.v);
    message_send(api, &j);
    arena_free(&a);
}

void live_end_agent(struct api *api, account_id account, agent_id agent)
{
    end_everywhere(api, account, (struct end_what){.agent = agent});
}

void live_end_session(struct api *api, account_id account, session_id session)
{
    end_everywhere(api, account, (struct end_what){.session = session});
}

void live_end_token(struct api *api, account_id account, token_id token)
{
    end_everywhere(api, account, (struct end_what){.token = token});
}

static int64_t id_of(const struct json *v, const char *key)
{
    int64_t id = 0;
    (void)str_int(json_text(json_get(v, str_from(key)), S("")), 1, INT64_MAX, &id); /* absent: 0 */
    return id;
}

static void heard(struct api *api, struct arena *a, const struct json *v)
{
    account_id account = {id_of(v, "account")};
    if (id_of(v, "node") == api->live->node || account.v == 0)
        return;
    const struct end_what what = {.agent = {id_of(v, "end_agent")},
        .session = {id_of(v, "end_session")},
        .token = {id_of(v, "end_token")}};
    if (what.agent.v || what.session.v || what.token.v) {
        end_here(api, account, what);
        return;
    }
    str type = json_text(json_get(v, S("type")), S(""));
    if (!str_is_ascii_token(type))
        return;
    const struct audience_news news = {
        .audience = (int)json_int(json_get(v, S("audience")), 0),
        .conversation = {id_of(v, "conversation")},
        .channel = {id_of(v, "channel")},
        .team = {id_of(v, "team")},
        .assignee = {id_of(v, "assignee")},
        .contact = {id_of(v, "contact")},
        .agent = {id_of(v, "agent")},
    };
    tell_here(api, a, account, &news, type, json_text(json_get(v, S("data")), S("{}")));
}

void live_heard(struct api *api, str payload)
{
    struct arena a = arena_make(0);
    const struct json *v = NULL;
    str why;
    if (api->live && json_parse(&a, payload, &v, &why) == OK)
        heard(api, &a, v);
    arena_free(&a);
}

bool live_contact_is_online(struct api *api, account_id account, contact_id contact)
{
    return api->live && audience_has_contact(api->live->audience, account, contact);
}

bool live_agent_is_online(struct api *api, account_id account, agent_id agent)
{
    return api->live && audience_has_agent(api->live->audience, account, agent);
}
