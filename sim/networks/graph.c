/* State, answers, callers and webhooks of the simulated Facebook and Instagram. See graph.h. */
#include "graph.h"

#include <stdlib.h>

/* ── state ── */

bool graph_is_instagram(const struct sim_network *network)
{
    return str_eq(network->name, S("instagram"));
}

struct graph_box *graph_box(const struct sim_account *account)
{
    return account->data;
}

void graph_open(struct sim *sim, struct sim_account *account)
{
    (void)sim;
    struct graph_box *box = sim_alloc((ptrdiff_t)sizeof *box);
    box->last = &box->first;
    box->is_subscribed = true;
    account->data = box;
}

static void note_drop(struct graph_box *box)
{
    struct graph_note *note = box->first;
    box->first = note->newer;
    if (!note->newer)
        box->last = &box->first;
    box->note_count--;
    (void)map_take(&box->notes, str_from(note->id));
    free(note->text);
    free(note);
}

void graph_close(struct sim *sim, struct sim_account *account)
{
    (void)sim;
    struct graph_box *box = account->data;
    while (box->first)
        note_drop(box);
    while (box->person_list) {
        struct graph_person *person = box->person_list;
        box->person_list = person->next;
        free(person);
    }
    map_free(&box->people);
    map_free(&box->notes);
    free(box);
}

struct graph_person *graph_person(const struct sim_account *account, str id, bool is_made)
{
    struct graph_box *box = account->data;
    struct graph_person *person = map_get(&box->people, id);
    if (person || !is_made || !id.len || id.len >= (ptrdiff_t)sizeof person->id ||
        box->people.count >= GRAPH_PEOPLE_MAX)
        return person;
    person = sim_alloc((ptrdiff_t)sizeof *person);
    sim_keep(person->id, sizeof person->id, id);
    person->next = box->person_list;
    box->person_list = person;
    if (map_put(&box->people, str_from(person->id), person) != OK)
        abort();
    return person;
}

struct graph_note *graph_note(const struct sim_account *account, str id)
{
    struct graph_box *box = account->data;
    return map_get(&box->notes, id);
}

void graph_note_text(struct graph_note *note, str text)
{
    free(note->text);
    note->text = sim_copy(text);
}

/* "m_…" and "<post>_<number>" on Facebook, "aWdf…" and digits on Instagram. */
static str new_id(struct sim *sim, const struct sim_account *account, struct arena *a, str post)
{
    long long n = (long long)sim_next(sim, account->network);
    str owner, number = post, word = sim_random_word(sim, account->network, a, 24);
    if (!post.len)
        return str_cat(a, graph_is_instagram(account->network) ? S("aWdf") : S("m_"), word);
    if (graph_is_instagram(account->network))
        return str_print(a, "179%014lld", n);
    (void)str_cut(post, '_', &owner, &number);
    return str_print(a, "%.*s_%lld", SARG(number.len ? number : owner), 7000 + n);
}

struct graph_note *graph_note_add(
    struct sim *sim, const struct sim_account *account, struct arena *a, str person, str post)
{
    struct graph_box *box = account->data;
    struct graph_person *whose = graph_person(account, person, true);
    while (box->note_count >= GRAPH_NOTES_MAX)
        note_drop(box);
    struct graph_note *note = sim_alloc((ptrdiff_t)sizeof *note);
    sim_keep(note->id, sizeof note->id, new_id(sim, account, a, post));
    sim_keep(note->person, sizeof note->person, person);
    sim_keep(note->post, sizeof note->post, post);
    note->at_ms = sim_now(sim);
    note->is_public = post.len > 0;
    if (whose && !post.len)
        whose->changed_ms = note->at_ms;
    graph_note_text(note, (str){0});
    *box->last = note;
    box->last = &note->newer;
    box->note_count++;
    if (map_put(&box->notes, str_from(note->id), note) != OK)
        abort();
    return note;
}

/* ── answers ── */

void graph_fail(struct sim_call *c, int status, int code, int subcode, const char *message)
{
    struct json_out j = sim_json(c);
    json_obj(&j);
    json_key(&j, S("error"));
    json_obj(&j);
    json_kv_str(&j, S("message"), str_print(c->arena, "(#%d) %s", code, message));
    json_kv_str(&j, S("type"), S("OAuthException"));
    json_kv_int(&j, S("code"), code);
    if (subcode)
        json_kv_int(&j, S("error_subcode"), subcode);
    if (code == 2)
        json_kv_bool(&j, S("is_transient"), true);
    json_kv_str(&j, S("fbtrace_id"), sim_random_word(c->sim, c->network, c->arena, 11));
    json_obj_end(&j);
    json_obj_end(&j);
    sim_answer_json(c, status, &j);
}

void graph_done(struct sim_call *c)
{
    sim_answer_print(c, 200, "{\"success\":true}");
}

void graph_change_comment(struct sim_call *c, struct graph_note *note, const char *field)
{
    str hidden = sim_field(c, str_from(field));
    if (!note || !note->is_public || note->is_gone)
        graph_fail(c, 400, 100, 33, "Object does not exist or cannot be loaded");
    else if (c->req->method == HTTP_DELETE)
        note->is_gone = true;
    else if (!hidden.len)
        graph_fail(c, 400, 100, 0, "Nothing to change");
    else
        note->is_hidden = str_eq(hidden, S("true"));
    if (!c->status)
        graph_done(c);
}

const int64_t graph_retry_gaps_ms[] = {
    1000, 5000, 30000, 120000, 600000, 3600000, 6 * 3600000, 12 * 3600000, 17 * 3600000, 0};

/* A fault before the call was handled says that it may be repeated; one after it does not. */
void graph_refuse(struct sim_call *c, enum sim_refusal why, int64_t retry_after_ms)
{
    bool is_handled = c->account != NULL;
    if (why == SIM_REFUSE_500) {
        graph_fail(c, 500, is_handled ? 1 : 2, 0, "An unknown error occurred");
    } else if (why == SIM_REFUSE_401) {
        graph_fail(c, 401, 190, 463, "Error validating access token: Session has expired");
    } else {
        graph_fail(c, 400, 4, 2018022, "Application request limit reached");
        if (why == SIM_REFUSE_429)
            sim_header_print(c, S("X-App-Usage"),
                "{\"call_count\":100,\"total_time\":10,\"total_cputime\":10,"
                "\"estimated_time_to_regain_access\":%lld}",
                (long long)((retry_after_ms + 59999) / 60000));
    }
}

/* The account's token is the secret's; an exchanged one counts too. */
static struct sim_account *caller(struct sim_call *c, str token)
{
    struct sim_account *account = sim_account_by_token(c, token);
    for (ptrdiff_t i = 0; !account && token.len; i++) {
        struct sim_account *at = sim_account_at(c->sim, c->network, i);
        if (!at)
            return NULL;
        if (!at->is_revoked && str_eq(str_from(graph_box(at)->token), token))
            account = c->account = at;
    }
    return account;
}

static bool has_good_proof(struct sim_call *c, str token)
{
    str proof = sim_field(c, S("appsecret_proof"));
    bool is_wanted = str_eq(sim_setting(c->account, S("require_proof")), S("yes"));
    if (!proof.len)
        return !is_wanted;
    return str_eq(proof, sim_hmac_hex(c->arena, c->account->secret, token));
}

bool graph_enter(struct sim_call *c)
{
    str token = sim_bearer(c);
    if (!token.len)
        token = sim_field(c, S("access_token"));
    if (!caller(c, token)) {
        graph_fail(c, 401, 190, 467, "Invalid OAuth access token");
        return false;
    }
    if (!has_good_proof(c, token)) {
        graph_fail(c, 400, 100, 0, "Invalid appsecret_proof provided in the API argument");
        return false;
    }
    bool is_strict = str_eq(sim_setting(c->account, S("rates")), S("strict"));
    struct sim_rate rate = sim_rate_take(c, c->account->id, is_strict ? 300 : 1000000, 1000, 1);
    long long percent = (long long)((rate.limit - rate.remaining) * 100 / rate.limit);
    sim_header_print(
        c, S("X-App-Usage"), "{\"call_count\":%lld,\"total_time\":1,\"total_cputime\":1}", percent);
    if (!rate.is_allowed)
        graph_fail(c, 400, 613, 0, "Calls to this api have exceeded the rate limit.");
    return rate.is_allowed;
}

/* ── webhooks ── */

static void put_unit(struct sb *b, uint32_t unit)
{
    sb_print(b, "\\u%04x", (unsigned)unit);
}

/* As the network writes JSON: "\/" and \uXXXX for all that is not ASCII. */
static str escaped(struct arena *a, str json)
{
    struct sb b = sb_make(a, 6 * GRAPH_BODY_BYTES);
    for (ptrdiff_t i = 0; i < json.len;) {
        unsigned char x = (unsigned char)json.at[i];
        if (x < 0x80) {
            sb_add(&b, x == '/' ? S("\\/") : str_sub(json, i, 1));
            i++;
            continue;
        }
        int more = x >= 0xf0 ? 3 : x >= 0xe0 ? 2 : 1;
        uint32_t point = x & (0x3fu >> more);
        for (i++; more > 0 && i < json.len; more--, i++)
            point = point << 6 | ((unsigned char)json.at[i] & 0x3fu);
        if (point >= 0x10000) {
            put_unit(&b, 0xd800 + ((point - 0x10000) >> 10));
            put_unit(&b, 0xdc00 + ((point - 0x10000) & 0x3ff));
        } else {
            put_unit(&b, point);
        }
    }
    return sb_str(&b);
}

void graph_post(struct sim *sim, struct sim_account *account, struct arena *a, const char *list,
    str member, str key, int64_t delay_ms)
{
    if (!graph_box(account)->is_subscribed)
        return;
    str body = str_print(a,
        "{\"object\":\"%s\",\"entry\":[{\"id\":\"%.*s\",\"time\":%lld,\"%s\":"
        "[%.*s]}]}",
        graph_is_instagram(account->network) ? "instagram" : "page", SARG(account->id),
        (long long)sim_now(sim), list, SARG(member));
    sim_webhook_send(sim, account,
        &(struct sim_webhook){
            .method = HTTP_POST, .body = escaped(a, body), .key = key, .delay_ms = delay_ms});
}

void graph_post_event(struct sim *sim, struct sim_account *account, struct arena *a, str person,
    bool is_ours, str members, str key, int64_t delay_ms)
{
    str from = is_ours ? account->id : person, to = is_ours ? person : account->id;
    str member = str_print(a,
        "{\"sender\":{\"id\":\"%.*s\"},\"recipient\":{\"id\":\"%.*s\"},\"timestamp\":%lld,%.*s}",
        SARG(from), SARG(to), (long long)sim_now(sim), SARG(members));
    graph_post(sim, account, a, "messaging", member, key, delay_ms);
}

void graph_sign(struct sim *sim, const struct sim_account *account, struct sim_post *post)
{
    (void)sim;
    if (post->method != HTTP_POST)
        return;
    str hex = sim_hmac_hex(post->arena, account->secret, post->body);
    sim_post_header(post, S("X-Hub-Signature-256"), str_cat(post->arena, S("sha256="), hex));
}

/* A whole delivery, or one member of messaging. */
err graph_raw_event(struct sim *sim, struct sim_account *account, struct arena *a,
    const struct json *event, str raw, str *why)
{
    (void)why;
    if (!json_get(event, S("object"))) {
        graph_post(sim, account, a, "messaging", raw, S("event"), 0);
        return OK;
    }
    sim_webhook_send(
        sim, account, &(struct sim_webhook){.method = HTTP_POST, .body = raw, .key = S("event")});
    return OK;
}
