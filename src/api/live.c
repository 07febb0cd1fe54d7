/* See live.h. Here: passing news and the ending of streams, on this node and, as one JSON message
 * on the database's wire, on the others. A node ignores what it said itself. Shared: the mark that
 * ends the ticking thread (a mutex), and what care/audience.h, care/elsewhere.h and care/presence.h
 * guard themselves. */
#include "api/live.h"

#include "api/server.h"
#include "base/clock.h"
#include "base/crypto.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/thread.h"
#include "care/audience.h"
#include "care/elsewhere.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    TICK_MS = 1000,
    AGAIN_TICKS = ELSEWHERE_MS / 3 / TICK_MS, /* two lost messages are no harm */
    IDS_PER_MESSAGE = 200,                    /* 22 bytes each */
};

struct live {
    struct audience *audience;
    struct elsewhere *elsewhere;
    int64_t node; /* random per start: whose message this is */
    /* The ticking thread's alone: what the other nodes were told, heap. */
    struct audience_one *told;
    ptrdiff_t n_told;
    int turn; /* whose turn it is to be told again, 0 … AGAIN_TICKS - 1 */
    /* The thread. */
    pthread_t thread;
    pthread_mutex_t lock;  /* is_ending */
    pthread_cond_t ending; /* monotonic */
    bool is_started, is_ending;
};

static const str farewell = S_INIT("event: reconnect\ndata: {}\n\n");

err live_open(struct api *api)
{
    struct live *live = alloc_zero((ptrdiff_t)sizeof *live);
    if (!live)
        return E_BUSY;
    live->audience = audience_open();
    live->elsewhere = elsewhere_open();
    if (!live->audience || !live->elsewhere) {
        audience_close(live->audience);
        elsewhere_close(live->elsewhere);
        free(live);
        return E_BUSY;
    }
    (void)thread_cond_make(&live->ending); /* Linux never refuses */
    pthread_mutex_init(&live->lock, NULL);
    crypto_random(&live->node, (ptrdiff_t)sizeof live->node);
    live->node &= INT64_MAX;
    api->live = live;
    return OK;
}

void live_close(struct api *api)
{
    struct live *live = api->live;
    if (!live)
        return;
    live_stop(api);
    pthread_mutex_destroy(&live->lock);
    pthread_cond_destroy(&live->ending);
    audience_close(live->audience);
    elsewhere_close(live->elsewhere);
    free(live->told);
    free(live);
    api->live = NULL;
}

struct elsewhere *live_elsewhere(struct api *api)
{
    return api->live ? api->live->elsewhere : NULL;
}

struct audience *live_audience(struct api *api)
{
    return api->live ? api->live->audience : NULL;
}

/* ── on this node ── */

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

/* ── between nodes ── */

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
    if (n->presence) {
        json_kv_id(&j, S("who"), n->presence->agent.v);
        json_kv_int(&j, S("how"), (int64_t)n->presence->state);
    }
    message_send(api, &j);
    arena_free(&a);
}

struct told {
    account_id account;
    struct live_news news;
    struct live_presence presence;
};

static void tell(struct api *api, void *arg)
{
    const struct told *t = arg;
    live_tell(api, t->account, &t->news);
}

void live_tell_after(struct call *call, const struct live_news *news)
{
    struct told *t = NEW(call->cx.arena, struct told, 1);
    t->account = call->cx.account;
    t->news = *news;
    if (news->presence) {
        t->presence = *news->presence;
        t->news.presence = &t->presence;
    }
    call_after_commit(call, tell, t);
}

bool live_say_presence(
    struct call *call, const struct conversation *c, agent_id agent, enum presence_state state)
{
    struct ctx *cx = &call->cx;
    /* A contact that types is here, whether or not its stream is open at this moment. */
    bool is_online = !agent.v || live_contact_is_online(call->api, cx->account, c->contact_id);
    const struct presence_place place = {
        cx->account, c->id, c->channel_id, c->team_id, c->assignee_id, c->contact_id};
    bool has_changed = presence_set(&place, agent, state, cx->now_ms);
    if (!has_changed && state == PRESENCE_LEFT)
        return false;
    struct presence now;
    presence_get(cx->account, c->id, cx->now_ms, &now);
    const struct live_presence said = {agent, state};
    live_tell_after(call, &(const struct live_news){
                              .type = S("presence.changed"),
                              .conversation = c->id,
                              .channel = c->channel_id,
                              .team = c->team_id,
                              .assignee = c->assignee_id,
                              .contact = c->contact_id,
                              .audience = EVENT_FOR_AGENTS,
                              .data = presence_json(cx->arena, c->id, &now, is_online),
                              .presence = &said,
                          });
    return has_changed;
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

static struct audience_news news_of(const struct presence_place *at)
{
    return (struct audience_news){.audience = EVENT_FOR_AGENTS,
        .conversation = at->conversation,
        .channel = at->channel,
        .team = at->team,
        .assignee = at->assignee,
        .contact = at->contact};
}

/* What this node knows of a conversation's presence, to its consoles. is_online: somebody who must
 * know says that the contact is here; else it is what this node knows. */
static void tell_presence_here(struct api *api, struct arena *a, const struct presence_place *at,
    bool is_online, int64_t now_ms)
{
    struct presence now;
    const struct audience_news news = news_of(at);
    presence_get(at->account, at->conversation, now_ms, &now);
    is_online = is_online || live_contact_is_online(api, at->account, at->contact);
    tell_here(api, a, at->account, &news, S("presence.changed"),
        presence_json(a, at->conversation, &now, is_online));
}

static void heard_presence(struct api *api, struct arena *a, account_id account,
    const struct json *v, const struct json *data)
{
    const struct presence_place at = {.account = account,
        .conversation = {id_of(v, "conversation")},
        .channel = {id_of(v, "channel")},
        .team = {id_of(v, "team")},
        .assignee = {id_of(v, "assignee")},
        .contact = {id_of(v, "contact")}};
    int64_t state = json_int(json_get(v, S("how")), -1), now_ms = clock_now_ms();
    if (state < PRESENCE_LEFT || state > PRESENCE_TYPING)
        return;
    (void)presence_set(&at, (agent_id){id_of(v, "who")}, (enum presence_state)state,
        now_ms); /* told in any case: the contact may have come or gone */
    bool is_online = json_bool(json_path(data, S("contact.is_online")), false);
    tell_presence_here(api, a, &at, is_online, now_ms);
}

/* The lists of ids in what a node says of who has come to it or gone. */
static const struct {
    str word;
    enum audience_kind kind;
    bool is_there;
} comings[] = {
    {S_INIT("left"),          AUDIENCE_AGENT,   false},
    {S_INIT("came"),          AUDIENCE_AGENT,   true },
    {S_INIT("contacts_left"), AUDIENCE_CONTACT, false},
    {S_INIT("contacts_came"), AUDIENCE_CONTACT, true },
};
enum { COMINGS = (int)(sizeof comings / sizeof comings[0]) };

/* False: it is about something else. */
static bool heard_comings(struct api *api, account_id account, const struct json *v)
{
    int64_t node = id_of(v, "node"), now_ms = clock_now_ms(), id;
    bool is_any = false;
    for (int i = 0; i < COMINGS; i++) {
        const struct json *list = json_get(v, comings[i].word);
        is_any = is_any || list;
        for (const struct json *one = list ? list->first : NULL; one; one = one->next) {
            if (str_int(json_text(one, S("")), 1, INT64_MAX, &id) != OK)
                continue;
            const struct audience_one who = {account, comings[i].kind, id};
            if (comings[i].is_there)
                elsewhere_came(api->live->elsewhere, node, who, now_ms);
            else
                elsewhere_left(api->live->elsewhere, node, who);
        }
    }
    return is_any;
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
    if (heard_comings(api, account, v))
        return;
    str type = json_text(json_get(v, S("type")), S("")), why;
    const struct json *data = NULL;
    if (!str_is_ascii_token(type))
        return;
    if (json_get(v, S("how")) &&
        json_parse(a, json_text(json_get(v, S("data")), S("{}")), &data, &why) == OK) {
        heard_presence(api, a, account, v, data);
        return;
    }
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

static bool is_elsewhere(struct api *api, account_id account, enum audience_kind kind, int64_t id)
{
    const struct audience_one who = {account, kind, id};
    return elsewhere_has(api->live->elsewhere, who, clock_now_ms());
}

bool live_contact_is_online(struct api *api, account_id account, contact_id contact)
{
    return api->live && (audience_has_contact(api->live->audience, account, contact) ||
                            is_elsewhere(api, account, AUDIENCE_CONTACT, contact.v));
}

bool live_agent_is_online(struct api *api, account_id account, agent_id agent)
{
    return api->live && (audience_has_agent(api->live->audience, account, agent) ||
                            is_elsewhere(api, account, AUDIENCE_AGENT, agent.v));
}

/* ── with time ── */

static void tell_expired(struct api *api, struct arena *a, int64_t now_ms)
{
    struct presence_place places[64];
    const ptrdiff_t most = (ptrdiff_t)(sizeof places / sizeof places[0]);
    ptrdiff_t n = most;
    while (n == most) {
        n = presence_expire(now_ms, places, most);
        for (ptrdiff_t i = 0; i < n; i++)
            tell_presence_here(api, a, &places[i], false, now_ms);
    }
}

static str word_of(enum audience_kind kind, bool is_there)
{
    int i = 0;
    while (comings[i].kind != kind || comings[i].is_there != is_there)
        i++;
    return comings[i].word;
}

/* One message per account and kind, or more when there are very many. */
static void tell_comings(
    struct api *api, struct arena *a, bool is_there, const struct audience_one *list, ptrdiff_t n)
{
    for (ptrdiff_t i = 0; i < n;) {
        struct audience_one first = list[i];
        struct json_out j = message_open(api, a, first.account);
        json_key(&j, word_of(first.kind, is_there));
        json_arr(&j);
        for (int k = 0; k < IDS_PER_MESSAGE && i < n && list[i].kind == first.kind &&
                        list[i].account.v == first.account.v;
             k++)
            json_put_id(&j, list[i++].id);
        json_arr_end(&j);
        message_send(api, &j);
    }
}

/* The low bits of ids hardly differ (base/id.h), so they are mixed. */
static int turn_of(int64_t id)
{
    return (int)((uint64_t)id * 0x9E3779B97F4A7C15u >> 40) % AGAIN_TICKS;
}

/* Those of list that are not in `others`, and those whose turn it is; both lists are in order. */
static ptrdiff_t without(struct arena *a, const struct audience_one *list, ptrdiff_t n,
    const struct audience_one *others, ptrdiff_t n_others, int turn, struct audience_one **rest)
{
    ptrdiff_t count = 0, k = 0;
    *rest = NEW(a, struct audience_one, n + 1);
    for (ptrdiff_t i = 0; i < n; i++) {
        while (k < n_others && audience_order(others[k], list[i]) < 0)
            k++;
        bool is_in = k < n_others && audience_order(others[k], list[i]) == 0;
        if (!is_in || turn_of(list[i].id) == turn)
            (*rest)[count++] = list[i];
    }
    return count;
}

/* Everybody who is here is told when they come, and again every AGAIN_TICKS, by their ids in turn:
 * all of them at once may be more than the wire holds (LIMIT_TELLS). */
static void tell_present(struct api *api, struct arena *a)
{
    enum { NOBODYS = -1 };
    struct live *live = api->live;
    const struct audience_one *here = NULL;
    struct audience_one *came, *left;
    ptrdiff_t n = audience_list(live->audience, a, &here);
    if (n < 0)
        return; /* the next second is as good */
    ptrdiff_t n_left = without(a, live->told, live->n_told, here, n, NOBODYS, &left);
    ptrdiff_t n_came = without(a, here, n, live->told, live->n_told, live->turn, &came);
    tell_comings(api, a, false, left, n_left);
    tell_comings(api, a, true, came, n_came);
    live->turn = (live->turn + 1) % AGAIN_TICKS;
    struct audience_one *told =
        n ? alloc_resize(live->told, n * (ptrdiff_t)sizeof *told) : live->told;
    if (!told && n)
        return; /* what has changed is told once more */
    live->told = told;
    live->n_told = n;
    if (n)
        memcpy(told, here, (size_t)n * sizeof *told);
}

void live_tick(struct api *api, int64_t now_ms)
{
    struct arena a = arena_make(0);
    tell_expired(api, &a, now_ms);
    if (db_kind_of(api->db) == DB_POSTGRES)
        tell_present(api, &a);
    arena_free(&a);
}

static bool waits(struct live *live)
{
    struct timespec end = thread_deadline(TICK_MS);
    pthread_mutex_lock(&live->lock);
    int rc = 0;
    while (!live->is_ending && rc == 0)
        rc = pthread_cond_timedwait(&live->ending, &live->lock, &end);
    bool is_ending = live->is_ending;
    pthread_mutex_unlock(&live->lock);
    return !is_ending;
}

static void *live_main(void *arg)
{
    struct api *api = arg;
    while (waits(api->live))
        live_tick(api, clock_now_ms());
    return NULL;
}

err live_start(struct api *api)
{
    TRY(thread_start(&api->live->thread, "seva-live", 0, live_main, api));
    api->live->is_started = true;
    return OK;
}

void live_stop(struct api *api)
{
    struct live *live = api->live;
    if (!live || !live->is_started)
        return;
    pthread_mutex_lock(&live->lock);
    live->is_ending = true;
    pthread_cond_signal(&live->ending);
    pthread_mutex_unlock(&live->lock);
    (void)pthread_join(live->thread, NULL); /* fails only for a thread that is not there */
    live->is_started = false;
    struct arena a = arena_make(0);
    tell_comings(api, &a, false, live->told, live->n_told); /* the others need not find out */
    live->n_told = 0;
    arena_free(&a);
}
