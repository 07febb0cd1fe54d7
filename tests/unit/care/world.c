/* world: see world.h. */
#include "world.h"

#include "base/id.h"
#include "store/conversation.h"
#include "store/message.h"

static struct world the_world;
static int64_t counter;

static void run(struct world *w, str sql)
{
    assert_ok(db_run(w->cx.db, sql, NO_ARGS, NULL));
}

static void begin(struct world *w, int64_t account)
{
    assert_false(w->is_open);
    w->cx = (struct ctx){
        .arena = test_arena(),
        .account = {account          },
        .now_ms = clock_now_ms(),
        .actor = { .kind = ACTOR_SYSTEM, .sees_all = true},
    };
    assert_ok(db_begin(w->t->db, DB_WRITE, test_arena(), &w->cx.db));
    assert_ok(db_scope(w->cx.db, w->cx.account));
    w->is_open = true;
}

struct ctx *as_system(struct world *w)
{
    begin(w, ACCOUNT);
    return &w->cx;
}

struct ctx *in_account(struct world *w, int64_t account)
{
    begin(w, account);
    return &w->cx;
}

struct ctx *as_agent(struct world *w, int64_t agent)
{
    static const int64_t team[] = {TEAM};
    begin(w, ACCOUNT);
    w->cx.actor = (struct actor){
        .kind = ACTOR_AGENT,
        .agent = {agent},
        .caps = ~UINT64_C(0),
        .sees_all = agent == ANNA,
        .team_ids = team,
        .n_teams = agent == BEN ? 1 : 0,
        .name = agent == ANNA  ? S("Anna")
                : agent == BEN ? S("Ben")
                               : S("Cleo"),
    };
    return &w->cx;
}

void done(struct world *w)
{
    assert_true(w->is_open);
    w->is_open = false;
    assert_ok(db_commit(w->cx.db));
}

void undone(struct world *w)
{
    assert_true(w->is_open);
    w->is_open = false;
    assert_ok(db_rollback(w->cx.db));
}

void world_later(int64_t ms)
{
    clock_advance(ms);
}

static void add_people(struct world *w)
{
    run(w,
        S("INSERT INTO account (id, name, locale, time_zone, undo_seconds, reopen_days, settings,"
          " created_ms) VALUES (1, 'Shop', 'en', 'UTC', 5, 7, '{}', 1),"
          " (2, 'Other', 'en', 'UTC', 0, 7, '{}', 1)"));
    run(w, S("INSERT INTO login (id, email, totp_step, recovery, created_ms) VALUES"
             " (1, 'anna@shop.example', 0, '[]', 1), (2, 'ben@shop.example', 0, '[]', 1),"
             " (3, 'cleo@shop.example', 0, '[]', 1), (4, 'gone@shop.example', 0, '[]', 1)"));
    run(w,
        S("INSERT INTO agent (id, account_id, login_id, name, email, introduction, role, locale,"
          " time_zone, availability, settings, is_active, joined_ms, created_ms) VALUES"
          " (11, 1, 1, 'Anna', 'anna@shop.example', '', 'owner', 'en', 'UTC', 'online', '{}', 1, 1,"
          " 1), (12, 1, 2, 'Ben', 'ben@shop.example', '', 'agent', 'en', 'UTC', 'online', '{}', 1,"
          " 1, 1), (13, 1, 3, 'Cleo', 'cleo@shop.example', '', 'agent', 'en', 'UTC', 'online',"
          " '{}', 1, 1, 1), (14, 1, 4, 'Gone', 'gone@shop.example', '', 'agent', 'en', 'UTC',"
          " 'away', '{}', 0, 1, 1)"));
    run(w, S("INSERT INTO team (id, account_id, name, description, created_ms)"
             " VALUES (21, 1, 'Returns', '', 1)"));
}

static void add_channels(struct world *w, str sql)
{
    run(w, sql);
}

struct world *world_open(enum db_kind kind)
{
    struct world *w = &the_world;
    *w = (struct world){.t = test_db_open(kind)};
    if (!w->t)
        return NULL;
    counter = 0;
    begin(w, ACCOUNT);
    add_people(w);
    add_channels(
        w, S("INSERT INTO channel (id, account_id, kind, name, is_enabled, public_key, languages,"
             " settings, created_ms, updated_ms) VALUES"
             " (31, 1, 'widget', 'Website', 1, 'w1', '[]', '{}', 1, 1),"
             " (32, 1, 'api', 'App', 1, 'a1', '[]', '{}', 1, 1)"));
    done(w);
    begin(w, OTHER_ACCOUNT);
    add_channels(
        w, S("INSERT INTO channel (id, account_id, kind, name, is_enabled, public_key, languages,"
             " settings, created_ms, updated_ms) VALUES"
             " (33, 2, 'api', 'Theirs', 1, 'a2', '[]', '{}', 1, 1)"));
    done(w);
    return w;
}

void world_close(struct world *w)
{
    if (w->is_open)
        undone(w);
    test_db_close(w->t);
}

struct inbound_item said(int64_t channel, const char *person, const char *text)
{
    counter++;
    return (struct inbound_item){
        .channel = {channel},
        .channel_kind = channel == WIDGET ? S("widget") : S("api"),
        .external_id = str_print(test_arena(), "m%lld", (long long)counter),
        .contact_external_id = str_from(person),
        .contact_name = str_from(person),
        .text = str_from(text),
    };
}

int64_t take(struct world *w, int64_t channel, const char *person, const char *text)
{
    struct inbound_item item = said(channel, person, text);
    struct inbound_result result;
    assert_ok(inbound_take_many(as_system(w), &item, 1, &result, NULL));
    assert_ok(result.result);
    done(w);
    return result.conversation.v;
}

struct conversation look(struct world *w, int64_t conversation)
{
    struct conversation c;
    bool was_open = w->is_open;
    struct ctx cx = w->cx;
    if (!was_open)
        cx = *as_system(w);
    cx.actor = (struct actor){.kind = ACTOR_SYSTEM, .sees_all = true};
    assert_ok(conversation_get(&cx, (conversation_id){conversation}, &c));
    assert_ok(conversation_fill_tags(&cx, &c, 1));
    if (!was_open)
        done(w);
    return c;
}

int64_t reply_as(struct world *w, int64_t agent, int64_t conversation, const char *text)
{
    struct reply_new reply = {
        .text = str_from(text),
        .client_id = str_print(test_arena(), "c%lld", (long long)++counter),
        .seen = look(w, conversation).last_message_id,
    };
    struct message m;
    struct conversation c;
    bool is_repeat = false;
    assert_ok(
        reply_add(as_agent(w, agent), (conversation_id){conversation}, &reply, &m, &c, &is_repeat));
    assert_false(is_repeat);
    done(w);
    return m.id.v;
}

struct message look_message(struct world *w, int64_t message)
{
    struct message m;
    assert_ok(message_get(as_system(w), (message_id){message}, &m));
    done(w);
    return m;
}

int64_t count(struct world *w, str sql)
{
    struct number {
        int64_t n;
    } row;
    static const struct db_col cols[] = {COL(struct number, n)};
    bool was_open = w->is_open;
    if (!was_open)
        (void)as_system(w); /* the same ctx */
    assert_ok(db_one(w->cx.db, sql, NO_ARGS, COLS(cols), &row));
    if (!was_open)
        done(w);
    return row.n;
}
