/* /_sim/…: the simulator's own API for scripts and tests in other processes. It only decodes and
 * calls what sim.h has; sim/README.md lists the routes. */
#include <string.h>

#include "base/crypto.h"
#include "inner.h"

enum { FILES_MAX = 10 };

static void refuse(struct sim_call *c, err e, str why)
{
    int status = e == E_NOT_FOUND ? 404 : e == E_LIMIT ? 429 : 400;
    struct json_out j = sim_json(c);
    json_obj(&j);
    json_kv_str(&j, S("error"), why.len > 0 ? why : str_from(err_name(e)));
    json_obj_end(&j);
    sim_answer_json(c, status, &j);
}

static void answer_ok(struct sim_call *c)
{
    sim_answer_print(c, 200, "{\"ok\":true}");
}

static double number_of(const struct json *v)
{
    return v && v->kind == JSON_NUMBER ? v->number : 0;
}

/* ── ledger ── */

static void put_counts(struct sim_call *c, struct json_out *j, str network)
{
    json_obj(j);
    for (int i = 0; i < SIM_COUNTS; i++)
        json_kv_int(j, str_from(sim_count_name((enum sim_count)i)),
            sim_count(c->sim, network, (enum sim_count)i));
    json_obj_end(j);
}

static void put_entry(struct json_out *j, const struct sim_entry *e)
{
    const struct {
        str name, value;
    } texts[] = {
        {S("network"),      e->network     },
        {S("account"),      e->account     },
        {S("method"),       e->method      },
        {S("path"),         e->path        },
        {S("token"),        e->token       },
        {S("key"),          e->key         },
        {S("ref"),          e->ref         },
        {S("conversation"), e->conversation},
        {S("id"),           e->id          },
        {S("text"),         e->text        },
        {S("media"),        e->media       },
        {S("body_hash"),    e->body_hash   },
        {S("detail"),       e->detail      }
    };
    json_obj(j);
    json_kv_int(j, S("seq"), e->seq);
    json_kv_int(j, S("at_ms"), e->at_ms);
    json_kv_str(j, S("kind"), str_from(sim_kind_name(e->kind)));
    json_kv_str(j, S("outcome"), e->outcome);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (texts[i].value.len > 0)
            json_kv_str(j, texts[i].name, texts[i].value);
    if (e->status)
        json_kv_int(j, S("status"), e->status);
    if (e->attempt)
        json_kv_int(j, S("attempt"), e->attempt);
    json_kv_int(j, S("took_ms"), e->took_ms);
    json_obj_end(j);
}

static bool kind_parse(str name, enum sim_kind *kind)
{
    for (int i = SIM_KIND_CALL; i <= (int)SIM_KIND_WEBHOOK; i++) {
        if (!str_eq(name, str_from(sim_kind_name((enum sim_kind)i))))
            continue;
        *kind = (enum sim_kind)i;
        return true;
    }
    return false;
}

static void get_ledger(struct sim_call *c)
{
    struct sim_query q = {.network = sim_field(c, S("network")),
        .account = sim_field(c, S("account")),
        .conversation = sim_field(c, S("conversation")),
        .id = sim_field(c, S("id")),
        .key = sim_field(c, S("key")),
        .ref = sim_field(c, S("ref")),
        .outcome = sim_field(c, S("outcome")),
        .path = sim_field(c, S("path")),
        .text = sim_field(c, S("text")),
        .after_seq = sim_field_int(c, S("after"), 0),
        .limit = (ptrdiff_t)sim_field_int(c, S("limit"), 1000)};
    str kind = sim_field(c, S("kind"));
    q.has_kind = kind.len > 0;
    if (q.has_kind && !kind_parse(kind, &q.kind)) {
        refuse(c, E_INVALID, S("kind is call, message, said or webhook"));
        return;
    }
    bool is_count = str_eq(sim_field(c, S("count_only")), S("true"));
    struct sim_entry *entries;
    struct json_out j = sim_json(c);
    json_obj(&j);
    json_key(&j, S("counts"));
    put_counts(c, &j, q.network);
    json_kv_int(&j, S("matching"), sim_ledger_count(c->sim, &q));
    if (!is_count) {
        ptrdiff_t n = q.limit > 0 && q.limit <= 10000 ? 0 : -1;
        q.limit = n < 0 ? 10000 : q.limit;
        n = sim_ledger_read(c->sim, c->arena, &q, &entries);
        json_key(&j, S("entries"));
        json_arr(&j);
        for (ptrdiff_t i = 0; i < n; i++)
            put_entry(&j, &entries[i]);
        json_arr_end(&j);
    }
    json_obj_end(&j);
    sim_answer_json(c, 200, &j);
}

/* ── networks and accounts ── */

static void put_account(struct json_out *j, const struct sim_account *account)
{
    json_obj(j);
    json_kv_str(j, S("network"), account->network->name);
    json_kv_str(j, S("id"), account->id);
    json_kv_text(j, S("name"), account->name);
    json_kv_text(j, S("token"), account->token);
    json_kv_text(j, S("secret"), account->secret);
    json_kv_text(j, S("callback"), account->callback);
    json_kv_text(j, S("verify_token"), account->verify_token);
    json_kv_bool(j, S("is_revoked"), account->is_revoked);
    json_obj_end(j);
}

static void get_networks(struct sim_call *c)
{
    struct json_out j = sim_json(c);
    json_arr(&j);
    for (int i = 0; i < c->sim->room_count; i++) {
        struct sim_room *room = &c->sim->rooms[i];
        json_obj(&j);
        json_kv_str(&j, S("name"), room->network->name);
        json_kv_str(&j, S("title"), room->network->title);
        json_kv_str(&j, S("base"), sim_url(c->arena, c->sim, room->network->name));
        json_key(&j, S("counts"));
        put_counts(c, &j, room->network->name);
        json_obj_end(&j);
    }
    json_arr_end(&j);
    sim_answer_json(c, 200, &j);
}

static void get_accounts(struct sim_call *c)
{
    str network = sim_field(c, S("network"));
    struct json_out j = sim_json(c);
    json_arr(&j);
    for (int i = 0; i < c->sim->room_count; i++) {
        struct sim_room *room = &c->sim->rooms[i];
        if (network.len > 0 && !str_eq(network, room->network->name))
            continue;
        pthread_mutex_lock(&room->lock);
        for (struct account_slot *slot = room->accounts; slot; slot = slot->next)
            put_account(&j, &slot->account);
        pthread_mutex_unlock(&room->lock);
    }
    json_arr_end(&j);
    sim_answer_json(c, 200, &j);
}

static void set_account(struct sim_call *c)
{
    str why = {0};
    const struct sim_account_set set = {.id = sim_field(c, S("id")),
        .name = sim_field(c, S("name")),
        .token = sim_field(c, S("token")),
        .secret = sim_field(c, S("secret")),
        .callback = sim_field(c, S("callback")),
        .verify_token = sim_field(c, S("verify_token")),
        .settings = sim_field(c, S("settings")),
        .is_revoked = json_bool(json_get(c->json, S("is_revoked")), false)};
    err e = sim_account_set(c->sim, sim_field(c, S("network")), &set, &why);
    if (e == OK)
        answer_ok(c);
    else
        refuse(c, e, why);
}

/* ── faults and clock ── */

static void add_fault(struct sim_call *c)
{
    if (json_bool(json_get(c->json, S("clear")), false)) {
        sim_faults_clear(c->sim, sim_field(c, S("network")));
        answer_ok(c);
        return;
    }
    struct sim_fault f = {.network = sim_field(c, S("network")),
        .account = sim_field(c, S("account")),
        .path = sim_field(c, S("path")),
        .is_webhook = str_eq(sim_field(c, S("target")), S("webhooks")),
        .skip = sim_field_int(c, S("skip"), 0),
        .every = sim_field_int(c, S("every"), 0),
        .probability = number_of(json_get(c->json, S("probability"))),
        .count = sim_field_int(c, S("count"), 0),
        .from_ms = sim_field_int(c, S("from_ms"), 0),
        .until_ms = sim_field_int(c, S("until_ms"), 0),
        .retry_after_ms = sim_field_int(c, S("retry_after_ms"), 0),
        .delay_ms = sim_field_int(c, S("delay_ms"), 0)};
    int64_t for_ms = sim_field_int(c, S("for_ms"), 0);
    if (for_ms > 0)
        f.until_ms = (f.from_ms > 0 ? f.from_ms : sim_now(c->sim)) + for_ms;
    if (f.network.len > 0 && room_find(c->sim, f.network) == NULL)
        refuse(c, E_NOT_FOUND, S("no such network"));
    else if (!sim_fault_parse(sim_field(c, S("mode")), &f.mode))
        refuse(c, E_INVALID, S("mode is none of the fault modes"));
    else if (sim_fault_add(c->sim, &f) != OK)
        refuse(c, E_LIMIT, S("too many faults"));
    else
        answer_ok(c);
}

static void get_faults(struct sim_call *c)
{
    struct json_out j = sim_json(c);
    faults_write(c->sim, &j);
    sim_answer_json(c, 200, &j);
}

static void set_clock(struct sim_call *c)
{
    int64_t set_ms = sim_field_int(c, S("set_ms"), 0);
    int64_t by_ms = sim_field_int(c, S("advance_ms"), 0);
    if (str_eq(sim_field(c, S("mode")), S("real")))
        sim_clock_run(c->sim);
    else if (set_ms > 0)
        sim_clock_set(c->sim, set_ms);
    else if (by_ms != 0)
        sim_clock_advance(c->sim, by_ms);
    sim_answer_print(c, 200, "{\"now_ms\":%lld,\"mode\":\"%s\"}", (long long)sim_now(c->sim),
        atomic_load(&c->sim->is_clock_manual) ? "manual" : "real");
}

/* ── customers ── */

/* {"content_type","name","base64"|"text"|"size"}: size makes that many bytes up. */
static bool file_read(struct sim_call *c, const struct json *v, struct sim_file *f)
{
    f->content_type = json_text(json_get(v, S("content_type")), (str){0});
    f->name = json_text(json_get(v, S("name")), (str){0});
    f->bytes = json_text(json_get(v, S("text")), (str){0});
    str base64 = json_text(json_get(v, S("base64")), (str){0});
    if (base64.len > 0)
        return crypto_unbase64(c->arena, base64, &f->bytes) == OK;
    int64_t size = json_int(json_get(v, S("size")), 0);
    if (size <= 0 || f->bytes.len > 0)
        return size >= 0;
    if (size > SIM_BODY_MAX)
        return false;
    char *at = NEW(c->arena, char, size);
    uint64_t dice = (uint64_t)size;
    for (int64_t i = 0; i < size; i++)
        at[i] = (char)(dice_next(&dice) & 0xff);
    f->bytes = str_of(at, (ptrdiff_t)size);
    return true;
}

static void say(struct sim_call *c, str network)
{
    const struct json *from = json_get(c->json, S("from")), *media = json_get(c->json, S("media"));
    struct sim_file *files = NEW(c->arena, struct sim_file, FILES_MAX);
    struct sim_say s = {.account = sim_field(c, S("account")),
        .from_id = json_text(json_get(from, S("id")), (str){0}),
        .from_name = json_text(json_get(from, S("name")), (str){0}),
        .from_handle = json_text(json_get(from, S("handle")), (str){0}),
        .text = sim_field(c, S("text")),
        .kind = sim_field(c, S("kind")),
        .conversation = sim_field(c, S("conversation")),
        .reply_to = sim_field(c, S("reply_to")),
        .files = files,
        .more = c->json};
    str why = {0}, id = {0};
    for (const struct json *v = media ? media->first : NULL; v; v = v->next) {
        if (s.n_files == FILES_MAX || !file_read(c, v, &files[s.n_files])) {
            refuse(c, E_INVALID, S("media is a list of at most 10 files"));
            return;
        }
        s.n_files++;
    }
    err e = sim_say(c->sim, c->arena, network, &s, &id, &why);
    if (e != OK) {
        refuse(c, e, why);
        return;
    }
    struct json_out j = sim_json(c);
    json_obj(&j);
    json_kv_bool(&j, S("ok"), true);
    json_kv_text(&j, S("id"), id);
    json_obj_end(&j);
    sim_answer_json(c, 200, &j);
}

static void of_network(struct sim_call *c, str network, str what)
{
    str why = {0}, answer = {0}, account = sim_field(c, S("account"));
    struct sim_room *room = room_find(c->sim, network);
    if (room == NULL) {
        refuse(c, E_NOT_FOUND, S("no such network or route"));
        return;
    }
    if (str_eq(what, S("say"))) {
        say(c, network);
        return;
    }
    err e = OK;
    if (str_eq(what, S("event"))) {
        account = http_query_get(c->req, S("account"));
        e = sim_event(c->sim, c->arena, network, account, c->req->body, &why);
    } else if (str_eq(what, S("streams"))) {
        bool is_reset = str_eq(sim_field(c, S("action")), S("reset"));
        pthread_mutex_lock(&room->lock);
        int n = sim_stream_end(c->sim, room->network, sim_field(c, S("key")), is_reset);
        pthread_mutex_unlock(&room->lock);
        answer = str_print(c->arena, "{\"ended\":%d}", n);
    } else {
        e = sim_special(c->sim, c->arena, network, account, what, c->json, &answer, &why);
    }
    if (e != OK)
        refuse(c, e, why);
    else if (answer.len > 0)
        sim_answer(c, 200, S("application/json"), answer);
    else
        answer_ok(c);
}

static bool may(struct sim_call *c)
{
    str token = c->sim->options.control_token;
    return token.len == 0 || crypto_equal(sim_bearer(c), token);
}

void control_handle(struct sim_call *c)
{
    str at[8];
    if (!may(c)) {
        sim_answer_print(c, 401, "{\"error\":\"the control token is missing or wrong\"}");
    } else if (c->body_fault.len > 0) {
        refuse(c, E_INVALID, c->body_fault);
    } else if (sim_route(c, HTTP_GET, "/ledger", at)) {
        get_ledger(c);
    } else if (sim_route(c, HTTP_GET, "/networks", at)) {
        get_networks(c);
    } else if (sim_route(c, HTTP_GET, "/accounts", at)) {
        get_accounts(c);
    } else if (sim_route(c, HTTP_POST, "/accounts", at)) {
        set_account(c);
    } else if (sim_route(c, HTTP_GET, "/faults", at)) {
        get_faults(c);
    } else if (sim_route(c, HTTP_POST, "/faults", at)) {
        add_fault(c);
    } else if (sim_route(c, HTTP_GET, "/clock", at) || sim_route(c, HTTP_POST, "/clock", at)) {
        set_clock(c);
    } else if (sim_route(c, HTTP_POST, "/reset", at)) {
        sim_reset(c->sim);
        answer_ok(c);
    } else if (sim_route(c, HTTP_POST, "/settle", at)) {
        bool is_quiet = sim_settle(c->sim, sim_field_int(c, S("most_ms"), 10000));
        sim_answer_print(c, 200, "{\"ok\":%s}", is_quiet ? "true" : "false");
    } else if (sim_route(c, HTTP_POST, "/{}/{}", at)) {
        of_network(c, at[0], at[1]);
    } else {
        refuse(c, E_NOT_FOUND, S("no such route; sim/README.md lists them"));
    }
}
