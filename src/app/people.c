/* people: see people.h. */
#include "app/people.h"

#include "base/clock.h"
#include "base/id.h"
#include "base/json.h"
#include "base/utf8.h"
#include "model/names.h"
#include "store/account.h"
#include "store/agent.h"
#include "store/audit.h"
#include "store/channel.h"
#include "store/door.h"
#include "store/link.h"
#include "store/login.h"
#include "store/role.h"
#include "store/session.h"
#include "store/token.h"

/* One command's work: input, and the reply for the person. */
struct work {
    const struct settings *s;
    str password_hash; /* empty = none was given */
    struct sb out;
};

/* ── making ── */

static err account_make(struct ctx *cx, str name)
{
    struct account account = {
        .name = name.len ? name : S("Seva"),
        .locale = S("en"),
        .time_zone = S("UTC"),
        .undo_seconds = 5,
        .reopen_days = 7,
        .settings = S("{}"),
    };
    TRY(door_account_add(cx, &account));
    cx->actor.name = S("seva");
    return audit_add(cx, S("account.created"), S("account"), account.id.v, (str){0});
}

/* An agent of cx->account: signed up when there is a password, else invited. */
static err agent_make(
    struct ctx *cx, str email, str name, str role, str password_hash, struct agent *agent)
{
    struct account account;
    struct login login;
    struct role found;
    if (str_find_byte(email, '@') <= 0)
        return fail(cx, E_INVALID, "%.*s is not a mail address", SARG(email));
    TRY(role_by_key(cx, role, &found));
    TRY(account_get(cx, &account));
    TRY(login_ensure(cx, email, &login));
    if (login.password_hash.len && password_hash.len)
        return fail(cx, E_CONFLICT, "%.*s has a password already; leave it out and send the link",
            SARG(login.email));
    str local, domain;
    (void)str_cut(login.email, '@', &local, &domain);
    *agent = (struct agent){
        .id = {id_make(cx->now_ms)},
        .login_id = login.id,
        .name = name.len ? name : local,
        .email = login.email,
        .role = role,
        .locale = account.locale,
        .time_zone = account.time_zone,
        .availability = S("online"),
        .settings = S("{}"),
        .is_active = true,
        .joined_ms = password_hash.len ? cx->now_ms : 0,
        .created_ms = cx->now_ms,
    };
    TRY(agent_add(cx, agent));
    TRY(login_join(cx, login.id, agent->id));
    if (password_hash.len)
        TRY(login_set_password(cx, login.id, password_hash));
    return audit_add(cx, S("agent.added"), S("agent"), agent->id.v, (str){0});
}

static err link_print(struct ctx *cx, const struct agent *agent, struct sb *out)
{
    str token;
    int64_t expires_ms;
    TRY(link_add(cx, agent->login_id, agent->id, agent->joined_ms ? S("reset") : S("invitation"),
        &token, &expires_ms));
    TRY(audit_add(cx, S("agent.link_made"), S("agent"), agent->id.v, (str){0}));
    sb_print(out, "%.*s/app/link/%.*s\nGood until %.*s.\n", SARG(cx->config->base_url), SARG(token),
        SARG(time_rfc3339(cx->arena, expires_ms)));
    return OK;
}

/* ── init ── */

static err channels_make(struct ctx *cx, struct json_out *j)
{
    struct channel widget = {
        .kind = S("widget"), .name = S("Website chat"), .languages = S("[]"), .settings = S("{}")};
    struct channel api = {
        .kind = S("api"), .name = S("API"), .languages = S("[]"), .settings = S("{}")};
    str identity_secret, secret;
    TRY(channel_add(cx, &widget, &identity_secret));
    TRY(channel_add(cx, &api, &secret));
    json_key(j, S("channels"));
    json_arr(j);
    json_obj(j);
    json_kv_id(j, S("id"), widget.id.v);
    json_kv_str(j, S("kind"), widget.kind);
    json_kv_str(j, S("public_key"), widget.public_key);
    json_kv_str(j, S("identity_secret"), identity_secret);
    json_obj_end(j);
    json_obj(j);
    json_kv_id(j, S("id"), api.id.v);
    json_kv_str(j, S("kind"), api.kind);
    json_kv_str(j, S("source_key"), api.public_key);
    json_kv_str(j, S("secret"), secret);
    json_obj_end(j);
    json_arr_end(j);
    return OK;
}

static err init_work(struct ctx *cx, struct work *w)
{
    account_id *ids;
    ptrdiff_t n;
    struct agent owner;
    TRY(door_accounts(cx, &ids, &n));
    if (n)
        return fail(cx, E_CONFLICT, PEOPLE_HAS_ACCOUNTS);
    TRY(account_make(cx, w->s->values[SET_NAME]));
    TRY(agent_make(cx, w->s->values[SET_OWNER], (str){0}, S("owner"), w->password_hash, &owner));
    struct token token = {
        .agent_id = owner.id,
        .name = S("init"),
        .scopes = capabilities_json(cx->arena, builtin_roles[0].caps),
    };
    str secret;
    TRY(token_add(cx, &token, &secret));
    struct json_out j = json_out_make(cx->arena, 0);
    json_obj(&j);
    json_kv_id(&j, S("account_id"), cx->account.v);
    json_kv_id(&j, S("owner_id"), owner.id.v);
    json_kv_str(&j, S("token"), secret);
    TRY(channels_make(cx, &j));
    str link = {0};
    if (!w->password_hash.len) {
        struct sb words = sb_make(cx->arena, 0);
        TRY(link_print(cx, &owner, &words));
        link = sb_str(&words);
        str url, rest;
        (void)str_cut(link, '\n', &url, &rest);
        json_kv_str(&j, S("link"), url);
    }
    json_obj_end(&j);
    if (settings_flag(w->s, SET_JSON)) {
        sb_add(&w->out, json_str(&j));
        sb_byte(&w->out, '\n');
        return OK;
    }
    sb_print(&w->out,
        "Account %lld is ready. Start the server with `seva serve --data %.*s` and sign in as "
        "%.*s.\nChannels, keys and an owner's token (shown this once):\n%.*s\n",
        (long long)cx->account.v, SARG(cx->config->data_dir), SARG(owner.email),
        SARG(json_str(&j)));
    if (link.len)
        sb_print(&w->out, "Set the owner's password here:\n%.*s", SARG(link));
    return OK;
}

/* ── account, user ── */

static err account_add_work(struct ctx *cx, struct work *w)
{
    struct agent owner;
    str name = w->s->n_words > 2 ? w->s->words[2] : w->s->values[SET_NAME];
    TRY(account_make(cx, name));
    TRY(agent_make(cx, w->s->values[SET_OWNER], (str){0}, S("owner"), w->password_hash, &owner));
    sb_print(&w->out, "Account %lld.\n", (long long)cx->account.v);
    return w->password_hash.len ? OK : link_print(cx, &owner, &w->out);
}

static err account_list_work(struct ctx *cx, struct work *w)
{
    account_id *ids;
    ptrdiff_t n;
    TRY(door_accounts(cx, &ids, &n));
    for (ptrdiff_t i = 0; i < n; i++) {
        struct account account;
        TRY(door_account(cx, ids[i]));
        TRY(account_get(cx, &account));
        sb_print(&w->out, "%lld  %.*s\n", (long long)account.id.v, SARG(account.name));
    }
    return OK;
}

/* The account of --account, or the only one there is. */
static err account_choose(struct ctx *cx, const struct work *w)
{
    account_id *ids;
    ptrdiff_t n, at = 0;
    TRY(door_accounts(cx, &ids, &n));
    if (!n)
        return fail(cx, E_NOT_FOUND, "there is no account yet; run `seva init`");
    str wanted = w->s->values[SET_ACCOUNT];
    if (!wanted.len && n > 1)
        return fail(cx, E_INVALID, "there are several accounts; say which with --account ID");
    int64_t id = ids[0].v;
    if (wanted.len && id_parse(wanted, &id) != OK)
        return fail(cx, E_INVALID, "--account needs an id; see `seva account list`");
    while (at < n && ids[at].v != id)
        at++;
    if (at == n)
        return fail(cx, E_NOT_FOUND, "there is no account %lld", (long long)id);
    TRY(door_account(cx, ids[at]));
    cx->actor.name = S("seva");
    return OK;
}

static err user_find(struct ctx *cx, struct work *w, struct login *login, struct agent *agent)
{
    struct membership *rows;
    ptrdiff_t n;
    if (w->s->n_words < 3)
        return fail(cx, E_INVALID, "which mail address?");
    str email = w->s->words[2];
    err e = login_by_email(cx, email, login);
    if (e == E_NOT_FOUND)
        return fail(cx, E_NOT_FOUND, "nobody has the mail address %.*s", SARG(email));
    TRY(e);
    TRY(login_memberships(cx, login->id, &rows, &n));
    str wanted = w->s->values[SET_ACCOUNT];
    for (ptrdiff_t i = 0; i < n; i++)
        if (!wanted.len ||
            str_eq(wanted, str_print(cx->arena, "%lld", (long long)rows[i].account_id.v))) {
            TRY(door_account(cx, rows[i].account_id));
            cx->actor.name = S("seva");
            return agent_get(cx, rows[i].agent_id, agent);
        }
    return fail(cx, E_NOT_FOUND, "%.*s is in no such account", SARG(email));
}

static err user_add_work(struct ctx *cx, struct work *w)
{
    struct agent agent;
    if (w->s->n_words < 3)
        return fail(cx, E_INVALID, "usage: seva user add MAIL [--role ROLE] [--name NAME]");
    TRY(account_choose(cx, w));
    TRY(agent_make(cx, w->s->words[2], w->s->values[SET_NAME], w->s->values[SET_ROLE],
        w->password_hash, &agent));
    sb_print(&w->out, "Agent %lld.\n", (long long)agent.id.v);
    return w->password_hash.len ? OK : link_print(cx, &agent, &w->out);
}

static err user_passwd_work(struct ctx *cx, struct work *w)
{
    struct login login;
    struct agent agent;
    if (!w->password_hash.len)
        return fail(cx, E_INVALID, "usage: seva user passwd MAIL --password-file FILE");
    TRY(user_find(cx, w, &login, &agent));
    TRY(login_set_password(cx, login.id, w->password_hash));
    TRY(session_end_login(cx, login.id, (session_id){0}));
    TRY(agent_joined(cx, agent.id, (str){0}));
    TRY(audit_add(cx, S("agent.password_reset"), S("agent"), agent.id.v, (str){0}));
    sb_print(&w->out, "Done; all sessions of %.*s have ended.\n", SARG(login.email));
    return OK;
}

static err user_link_work(struct ctx *cx, struct work *w)
{
    struct login login;
    struct agent agent;
    TRY(user_find(cx, w, &login, &agent));
    return link_print(cx, &agent, &w->out);
}

static err user_list_work(struct ctx *cx, struct work *w)
{
    struct agent *agents;
    struct agent_scope *scopes;
    ptrdiff_t n;
    TRY(account_choose(cx, w));
    TRY(agent_list(cx, &agents, &scopes, &n));
    for (ptrdiff_t i = 0; i < n; i++)
        sb_print(&w->out, "%lld  %-12.*s %-8s %.*s\n", (long long)agents[i].id.v,
            SARG(agents[i].role),
            !agents[i].is_active  ? "inactive"
            : agents[i].joined_ms ? "active"
                                  : "invited",
            SARG(agents[i].email));
    return OK;
}

struct command {
    const char *noun, *verb;
    err (*work)(struct ctx *cx, struct work *w);
};
/* clang-format off */
static const struct command commands[] = {
    {"account", "add",    account_add_work },
    {"account", "list",   account_list_work},
    {"user",    "add",    user_add_work    },
    {"user",    "passwd", user_passwd_work },
    {"user",    "link",   user_link_work   },
    {"user",    "list",   user_list_work   },
};
/* clang-format on */

static int run(struct arena *a, const struct people *people, const struct settings *s, str password,
    err (*work)(struct ctx *, struct work *), str *out)
{
    struct work w = {.s = s, .out = sb_make(a, 0)};
    struct ctx cx = {
        .arena = a, .now_ms = clock_now_ms(), .config = people->config, .trace = S("command")};
    if (password.len && crypto_password_hash(a, password, &w.password_hash) != OK) {
        *out = S("seva: out of memory\n");
        return 1;
    }
    err e = db_begin(people->db, DB_WRITE, a, &cx.db);
    if (e == OK) {
        e = work(&cx, &w);
        err end = e == OK ? db_commit(cx.db) : db_rollback(cx.db);
        if (e == OK && end != OK)
            e = fail(&cx, end, "the database did not take it; nothing was changed");
    } else {
        e = fail(&cx, e, "the database is busy");
    }
    if (e == OK) {
        *out = sb_str(&w.out);
        return 0;
    }
    str words = cx.fault.code == e ? cx.fault.words : str_from(err_name(e));
    *out = str_print(a, "seva: %.*s\n", SARG(words));
    return 1;
}

int people_command(
    struct arena *a, const struct people *people, const struct settings *s, str password, str *out)
{
    for (size_t i = 0; s->n_words > 1 && i < sizeof commands / sizeof commands[0]; i++)
        if (str_eq(s->words[0], str_from(commands[i].noun)) &&
            str_eq(s->words[1], str_from(commands[i].verb)))
            return run(a, people, s, password, commands[i].work, out);
    *out = S("seva: user add|passwd|link|list, account add|list\n");
    return 2;
}

err people_are_none(struct arena *a, struct db *db, str *why)
{
    account_id *ids;
    ptrdiff_t n = 0;
    struct ctx cx = {.arena = a, .now_ms = clock_now_ms(), .trace = S("command")};
    *why = S("the database is busy");
    TRY(db_begin(db, DB_READ, a, &cx.db));
    err e = door_accounts(&cx, &ids, &n);
    (void)db_rollback(cx.db); /* it has read only */
    if (n)
        *why = S(PEOPLE_HAS_ACCOUNTS);
    return e != OK ? e : n ? E_CONFLICT : OK;
}

int people_init(
    struct arena *a, const struct people *people, const struct settings *s, str password, str *out)
{
    return run(a, people, s, password, init_work, out);
}
