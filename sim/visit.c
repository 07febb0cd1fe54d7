/* Visitors of the demo shop; see visit.h. */
#include "visit.h"

#include "base/clock.h"
#include "base/crypto.h"
#include "base/json.h"
#include "dice.h"
#include "texts.h"

#include <stdlib.h>
#include <string.h>

enum { VISITORS = 16, TOKEN_BYTES = 512, ID_BYTES = 64 };
enum stage { AWAY, WAITS, WILL_ASK, WAITS_AGAIN, WILL_THANK };

struct visitor {
    enum stage stage;
    bool on_chat;
    char token[TOKEN_BYTES]; /* on the chat */
    int token_len;
    char id[ID_BYTES]; /* on the API channel: the contact */
    int id_len;
    int64_t number;
    int64_t due_ms;    /* next look or next word */
    int64_t leaves_ms; /* gives up without an answer */
    int answers;       /* agent's messages seen so far */
    int said;
    const struct language *language;
    const struct scenario *scenario;
    struct text_values values; /* in the visits' long-lived arena or static text */
};

struct visits {
    struct shop *shop;
    struct replies *replies;
    struct arena kept, scratch;
    struct dice dice;
    const struct texts *texts;
    struct visitor visitors[VISITORS];
    int64_t next_arrival_ms, number;
};

struct visits *visits_open(struct shop *s, struct replies *r, uint64_t seed)
{
    struct visits *v = alloc_zero(sizeof *v);
    if (!v)
        return NULL;
    v->shop = s;
    v->replies = r;
    v->kept = arena_make(0);
    v->scratch = arena_make(0);
    v->dice.state = seed;
    v->texts = texts_load(&v->kept);
    v->next_arrival_ms = clock_now_ms() + 2000;
    v->number = clock_now_ms();
    return v;
}

void visits_close(struct visits *v)
{
    arena_free(&v->kept);
    arena_free(&v->scratch);
    free(v);
}

/* A random client id in the form of a UUID (version 4). */
static str client_id(struct arena *a)
{
    uint8_t b[16];
    crypto_random(b, sizeof b);
    b[6] = (uint8_t)((b[6] & 0x0f) | 0x40);
    b[8] = (uint8_t)((b[8] & 0x3f) | 0x80);
    str h = crypto_hex(a, str_of(b, sizeof b));
    return str_print(
        a, "%.8s-%.4s-%.4s-%.4s-%.12s", h.at, h.at + 8, h.at + 12, h.at + 16, h.at + 20);
}

static str values_name(const struct visitor *p)
{
    return p->values.name;
}

/* Says one thing; true when the server has it. */
static bool say(struct visits *v, struct visitor *p, str text)
{
    struct arena *a = &v->scratch;
    struct json_out j = json_out_make(a, 16384);
    json_obj(&j);
    if (p->on_chat) {
        json_kv_str(&j, S("client_id"), client_id(a));
        json_kv_str(&j, S("text"), text);
        json_obj_end(&j);
        int status = shop_call(v->shop, a, HTTP_POST, S("/widget/v1/messages"),
            str_of(p->token, p->token_len), json_str(&j), NULL);
        return status == 200 || status == 201;
    }
    json_key(&j, S("messages"));
    json_arr(&j);
    json_obj(&j);
    json_kv_str(&j, S("id"), str_print(a, "sim-%lld-%d", (long long)p->number, p->said));
    json_key(&j, S("contact"));
    json_obj(&j);
    json_kv_str(&j, S("id"), str_of(p->id, p->id_len));
    json_kv_str(&j, S("name"), values_name(p));
    json_kv_str(&j, S("language"), p->language->code);
    json_obj_end(&j);
    json_kv_str(&j, S("text"), text);
    json_obj_end(&j);
    json_arr_end(&j);
    json_obj_end(&j);
    return shop_post(v->shop, a, json_str(&j)) == 200;
}

/* Opens the chat as the widget does, with a name, so that the inbox shows one. */
static bool chat_open(struct visits *v, struct visitor *p)
{
    struct arena *a = &v->scratch;
    const struct json *answer = NULL;
    str path = str_print(a, "/widget/v1/%.*s/session", SARG(v->shop->widget_key));
    str body = str_print(a,
        "{\"locale\":\"%.*s\",\"time_zone\":\"%.*s\",\"page\":{\"url\":\"%.*s/demo/shop\",\"title\":\"Shop\"}}",
        SARG(p->language->code), SARG(p->language->zone), SARG(v->shop->base_url));
    if (shop_call(v->shop, a, HTTP_POST, path, (str){NULL, 0}, body, &answer) != 200)
        return false;
    str token = json_text(json_get(answer, S("token")), (str){NULL, 0});
    if (!token.len || token.len > TOKEN_BYTES)
        return false;
    memcpy(p->token, token.at, (size_t)token.len);
    p->token_len = (int)token.len;
    struct json_out j = json_out_make(a, 4096);
    json_obj(&j);
    json_key(&j, S("fields"));
    json_obj(&j);
    json_kv_str(&j, S("name"), values_name(p));
    json_obj_end(&j);
    json_kv_bool(&j, S("consent"), true);
    json_obj_end(&j);
    (void)shop_call(v->shop, a, HTTP_POST, S("/widget/v1/prechat"), token, json_str(&j),
        NULL); /* without a name the chat works too */
    return true;
}

static void arrive(struct visits *v, struct visitor *p, int64_t now)
{
    struct dice *d = &v->dice;
    *p = (struct visitor){.on_chat = dice_chance(d, 75), .number = v->number++};
    p->language = &v->texts->languages[dice_below(d, v->texts->count)];
    p->scenario = &p->language->scenarios[dice_below(d, p->language->scenario_count)];
    p->values = (struct text_values){.name = dice_pick(d, p->language->names),
        .order = S("SV-73126"),
        .day = dice_pick(d, p->language->days),
        .product = dice_pick(d, p->language->products)};
    str id = str_print(&v->scratch, "sim-%lld", (long long)p->number);
    memcpy(p->id, id.at, (size_t)id.len);
    p->id_len = (int)id.len;
    str opening = text_fill(&v->scratch, dice_pick(d, p->scenario->openings), &p->values);
    if ((p->on_chat && !chat_open(v, p)) || !say(v, p, opening))
        return; /* the server is away; somebody else comes later */
    p->said = 1;
    p->stage = WAITS;
    p->due_ms = now + 3000;
    p->leaves_ms = now + 20 * 60000;
}

/* How many messages of agents the chat shows. */
static int answers_seen(struct visits *v, struct visitor *p)
{
    const struct json *answer = NULL;
    int n = 0;
    if (shop_call(v->shop, &v->scratch, HTTP_GET, S("/widget/v1/conversation"),
            str_of(p->token, p->token_len), (str){NULL, 0}, &answer) != 200)
        return p->answers;
    const struct json *list = json_get(answer, S("messages"));
    for (const struct json *m = list ? list->first : NULL; m; m = m->next)
        n += str_eq(json_text(json_get(m, S("from")), (str){NULL, 0}), S("agent"));
    return n;
}

static void answered(struct visits *v, struct visitor *p, int64_t now)
{
    p->stage = p->stage == WAITS ? WILL_ASK : WILL_THANK;
    p->due_ms = now + dice_between(&v->dice, 4000, 15000);
    p->leaves_ms = now + 20 * 60000;
    if (p->on_chat)
        (void)shop_call(v->shop, &v->scratch, HTTP_POST, S("/widget/v1/typing"),
            str_of(p->token, p->token_len), S("{\"is_typing\":true}"), NULL); /* a nicety */
}

static void next_step(struct visits *v, struct visitor *p, int64_t now)
{
    bool waits = p->stage == WAITS || p->stage == WAITS_AGAIN;
    p->due_ms = now + 3000;
    if (waits && p->on_chat) {
        int n = answers_seen(v, p);
        if (n > p->answers)
            answered(v, p, now);
        p->answers = n;
        return;
    }
    if (waits)
        return; /* the reply receiver tells */
    bool thanks = p->stage == WILL_THANK;
    str text = thanks ? dice_pick(&v->dice, p->language->thanks) : p->scenario->then;
    p->values.agent = S("");
    if (!say(v, p, str_trim(text_fill(&v->scratch, text, &p->values))))
        return;
    p->said++;
    p->stage = thanks ? AWAY : WAITS_AGAIN;
}

static void take_replies(struct visits *v, int64_t now)
{
    str contact;
    while (replies_take(v->replies, &v->scratch, &contact))
        for (int i = 0; i < VISITORS; i++) {
            struct visitor *p = &v->visitors[i];
            bool waits = p->stage == WAITS || p->stage == WAITS_AGAIN;
            if (waits && !p->on_chat && str_eq(str_of(p->id, p->id_len), contact))
                answered(v, p, now);
        }
}

void visits_run(struct visits *v)
{
    int64_t now = clock_now_ms();
    arena_reset(&v->scratch);
    take_replies(v, now);
    for (int i = 0; i < VISITORS; i++) {
        struct visitor *p = &v->visitors[i];
        if (p->stage == AWAY && now >= v->next_arrival_ms) {
            v->next_arrival_ms = now + dice_between(&v->dice, 12000, 40000);
            arrive(v, p, now);
        } else if (p->stage != AWAY && now >= p->leaves_ms) {
            p->stage = AWAY;
        } else if (p->stage != AWAY && now >= p->due_ms) {
            next_step(v, p, now);
        }
    }
}
