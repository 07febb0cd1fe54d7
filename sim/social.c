/* The demo's networks; see social.h. The channels' credentials are those that the simulator's first
 * accounts start with (networks/<name>.c). */
#include "social.h"

#include "base/clock.h"
#include "mailbox.h"

#include <stdio.h>
#include <time.h>

enum { EVERY_MS = 25 * 1000, FIRST_CUSTOMERS = 3 };

struct demo_network {
    const char *kind, *title;
    const char *settings; /* JSON, with the secrets, as a person would fill in the form */
    const char *external_id, *handle;
    const char *from;    /* a customer's id on the network, but for its last digits */
    const char *say;     /* kind of a message */
    const char *mention; /* what a public message begins with */
};

#define MENU                                                                                          \
    "{\"transcribe\":true,\"languages\":[{\"tag\":\"en\",\"greeting\":\"Welcome to the Seva shop.\"," \
    "\"leave_message\":\"Please speak after the tone.\",\"position\":\"You are number {position}.\"," \
    "\"goodbye\":\"Goodbye.\"}],\"menus\":{\"main\":{\"prompt\":\"Press 1 to wait for us, or 2 to "   \
    "leave a message.\",\"entries\":[{\"digit\":\"1\",\"action\":\"queue\"},{\"digit\":\"2\","        \
    "\"action\":\"voicemail\"}]}}}"

/* clang-format off */
static const struct demo_network networks[] = {
    {"facebook", "Facebook", "{\"app_secret\":\"seva-meta-app-secret-0001\",\"access_token\":\"EAAGsevaPageToken123\"}", "1029384756", "Seva Shop", "70", "", ""},
    {"instagram", "Instagram", "{\"login\":\"instagram\",\"app_secret\":\"seva-meta-app-secret-0001\",\"access_token\":\"IGAAsevaToken123\"}", "17841400000000001", "@seva.shop", "90", "", ""},
    {"whatsapp", "WhatsApp", "{\"business_account_id\":\"88001\",\"access_token\":\"EAAGsevaPageToken123\",\"app_secret\":\"seva-meta-app-secret-0001\"}", "99001", "+1 555 000 99 01", "155577700", "", ""},
    {"x", "X", "{\"auth\":\"oauth1\",\"consumer_key\":\"ck\",\"consumer_secret\":\"seva-x-consumer-secret\",\"bearer_token\":\"x-app-token\",\"oauth1_token\":\"x-oauth1-token\",\"oauth1_token_secret\":\"s\",\"source\":\"poll\"}", "1111", "@SevaCare", "22", "mention", "@SevaCare "},
    {"telegram", "Telegram", "{\"bot_token\":\"123456:ABC-DEF1234ghIkl-zyx57W2v1u123ew11\"}", "123456", "@seva_bot", "71", "", ""},
    {"line", "LINE", "{\"channel_secret\":\"seva-line-channel-secret\",\"access_token\":\"line-channel-access-token\"}", "U0123456789abcdef0123456789abcdef", "@seva", "Uaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "", ""},
    {"viber", "Viber", "{\"sender_name\":\"Seva\",\"token\":\"4453b6ac12345678-a1b2c3d4e5f60718-9a8b7c6d5e4f3021\"}", "pa:5301", "Seva", "012345678901A", "", ""},
    {"sms", "SMS", "{\"account_sid\":\"AC00000000000000000000000000000001\",\"sender\":\"+15550001111\",\"auth_token\":\"sevaTwilioAuthToken0001\"}", "", "+1 555 000 11 11", "+155577700", "", ""},
    {"voice", "Phone", "{\"account_sid\":\"AC00000000000000000000000000000001\",\"number\":\"+15550001111\",\"auth_token\":\"sevaTwilioAuthToken0001\",\"ivr\":" MENU "}", "", "+1 555 000 11 11", "+155577701", "call", ""},
    {"mastodon", "Mastodon", "{\"server\":\"e.example\",\"access_token\":\"mastodon-token\"}", "14715", "@seva", "9717", "", "@seva "},
    {"bluesky", "Bluesky", "{\"identifier\":\"care.example.com\",\"app_password\":\"bluesky-app-password\"}", "did:plc:seva", "@care.example.com", "did:plc:customer", "", ""},
};
/* clang-format on */
enum { NETWORKS = sizeof networks / sizeof *networks };

struct social {
    struct arena arena;
    struct sim *sim;
    const struct texts *texts;
    struct dice dice;
    str hosts, ca_file;
    bool is_there[NETWORKS], has_mailbox;
    int64_t next_ms;
};

struct social *social_open(struct arena *a, str folder)
{
    struct social *s = NEW(a, struct social, 1);
    str why;
    *s = (struct social){.arena = arena_make(0), .dice = {(uint64_t)clock_now_ms()}};
    if (sim_open(&s->arena,
            &(struct sim_options){.webhook_threads = 2, .ledger_entries = 20000, .has_smtp = true},
            &s->sim, &why) != OK) {
        fprintf(stderr, "The demo has no networks: %.*s.\n", SARG(why));
        return NULL;
    }
    /* Agents' phones are picked up and laid down by themselves. */
    (void)sim_account_set(s->sim, S("voice"),
        &(struct sim_account_set){.settings = S("{\"answers\":\"yes\"}")}, &why);
    s->texts = texts_load(&s->arena);
    s->hosts = str_print(&s->arena, "*=http://127.0.0.1:%d", sim_port(s->sim));
    str file = str_cat(a, folder, S("/demo-ca.pem"));
    if (mailbox_trust(&s->arena, s->sim, file))
        s->ca_file = file;
    else
        fprintf(stderr, "The demo has no mailbox: %.*s cannot be written.\n", SARG(file));
    return s;
}

void social_close(struct social *s)
{
    if (!s)
        return;
    sim_close(s->sim);
    arena_free(&s->arena);
}

str social_hosts(const struct social *s)
{
    return s->hosts;
}

str social_ca_file(const struct social *s)
{
    return s->ca_file;
}

/* ── channels ── */

/* A text of the channel of this kind; empty = there is none yet. */
static str channel_text(const struct json *list, const char *kind, str name)
{
    const struct json *items = json_get(list, S("items"));
    for (const struct json *c = items ? items->first : NULL; c; c = c->next)
        if (str_eq(json_text(json_get(c, S("kind")), S("")), str_from(kind)))
            return json_text(json_get(c, name), S(""));
    return (str){0};
}

/* Meta's webhook addresses are entered in the app's own pages, which nobody visits here. */
static void enter_addresses(struct social *s, struct shop *shop, struct arena *a)
{
    static const char *const kinds[] = {"facebook", "instagram"};
    const struct json *list = NULL;
    str why;
    if (shop_call(shop, a, HTTP_GET, S("/api/v1/channels"), shop->token, S(""), &list) != 200)
        return;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        const struct sim_account_set set = {
            .callback = channel_text(list, kinds[i], S("hook_url"))};
        if (set.callback.len)
            (void)sim_account_set(s->sim, str_from(kinds[i]), &set, &why); /* the first account */
    }
}

static bool make(struct shop *shop, struct arena *a, const struct demo_network *n)
{
    struct json_out j = json_out_make(a, 0);
    json_obj(&j);
    json_kv_str(&j, S("kind"), str_from(n->kind));
    json_kv_str(&j, S("name"), str_print(a, "%s (simulated)", n->title));
    json_kv_raw(&j, S("settings"), str_from(n->settings));
    if (n->external_id[0])
        json_kv_str(&j, S("external_id"), str_from(n->external_id));
    json_kv_str(&j, S("handle"), str_from(n->handle));
    json_obj_end(&j);
    const struct json *answer = NULL;
    int status =
        shop_call(shop, a, HTTP_POST, S("/api/v1/channels"), shop->token, json_str(&j), &answer);
    if (status != 201)
        fprintf(stderr, "The demo has no %s: status %d %.*s\n", n->title, status,
            SARG(json_text(json_path(answer, S("error.message")), shop->why)));
    return status == 201;
}

/* The simulator has forgotten where to call: switching off and on tells it again. */
static bool connect_again(struct shop *shop, struct arena *a, str id)
{
    str path = str_cat(a, S("/api/v1/channels/"), id);
    (void)shop_call(shop, a, HTTP_PATCH, path, shop->token, S("{\"is_enabled\":false}"), NULL);
    return shop_call(shop, a, HTTP_PATCH, path, shop->token, S("{\"is_enabled\":true}"), NULL) ==
           200;
}

/* ── customers ── */

/* n NULL: by mail. */
static void say(struct social *s, struct arena *a, const struct demo_network *n)
{
    const struct language *l = &s->texts->languages[dice_below(&s->dice, s->texts->count)];
    const struct scenario *scene = &l->scenarios[dice_below(&s->dice, l->scenario_count)];
    str name = dice_pick(&s->dice, l->names), id = {0}, why = {0};
    const struct text_values values = {.name = name,
        .agent = S("Asha"),
        .order = str_print(a, "%lld", (long long)dice_between(&s->dice, 10000, 99999)),
        .day = dice_pick(&s->dice, l->days),
        .product = dice_pick(&s->dice, l->products)};
    if (!n) {
        mailbox_say(s->sim, a, &s->dice, l, scene, &values);
        return;
    }
    str text = text_fill(a, dice_pick(&s->dice, scene->openings), &values);
    /* What callers press. */
    const struct json *keys = NULL;
    bool waits = dice_below(&s->dice, 3) == 0;
    if (json_parse(a, waits ? S("{\"keys\":\"1\"}") : S("{\"keys\":\"2\"}"), &keys, &why) != OK)
        return;
    const struct sim_say what = {
        .from_id = str_print(a, "%s%02lld", n->from, (long long)dice_between(&s->dice, 10, 99)),
        .from_name = name,
        .kind = str_from(n->say),
        .text = str_cat(a, str_from(n->mention), text),
        .more = str_eq(str_from(n->say), S("call")) ? keys : NULL,
    };
    (void)sim_say(s->sim, a, str_from(n->kind), &what, &id, &why); /* nobody misses it */
}

void social_connect(struct social *s, struct shop *shop, struct arena *scratch)
{
    const struct json *list = NULL;
    bool is_new[NETWORKS] = {0}, is_new_mailbox = false;
    if (shop_call(shop, scratch, HTTP_GET, S("/api/v1/channels"), shop->token, S(""), &list) != 200)
        return;
    for (int i = 0; i < NETWORKS; i++) {
        str id = channel_text(list, networks[i].kind, S("id"));
        is_new[i] = !id.len;
        s->is_there[i] =
            id.len ? connect_again(shop, scratch, id) : make(shop, scratch, &networks[i]);
    }
    enter_addresses(s, shop, scratch);
    s->has_mailbox =
        s->ca_file.len && mailbox_connect(s->sim, shop, scratch, list, &is_new_mailbox);
    /* A webhook to nowhere is lost: the jobs that tell the networks where to call go first. */
    (void)nanosleep(&(struct timespec){.tv_sec = 1}, NULL);
    for (int i = 0; i < NETWORKS; i++)
        for (int k = 0; k < FIRST_CUSTOMERS && is_new[i] && s->is_there[i]; k++)
            say(s, scratch, &networks[i]);
    if (s->has_mailbox && is_new_mailbox)
        mailbox_fill(s->sim, scratch);
    s->next_ms = clock_mono_ms() + EVERY_MS;
}

void social_run(struct social *s, struct arena *scratch)
{
    if (clock_mono_ms() < s->next_ms)
        return;
    s->next_ms = clock_mono_ms() + EVERY_MS;
    int64_t which = dice_below(&s->dice, NETWORKS + 1); /* the last one is the mailbox */
    arena_reset(scratch);
    if (which == NETWORKS ? s->has_mailbox : s->is_there[which])
        say(s, scratch, which == NETWORKS ? NULL : &networks[which]);
}
