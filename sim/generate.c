/* Makes the demo account's past; see generate.h. Everything here is invention: people, orders,
 * shop. */
#include "generate.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/json.h"
#include "dice.h"
#include "texts.h"

enum { CONVERSATIONS = 360, CONTACTS_PER_LANGUAGE = 26, PAST_DAYS = 61 };
static const int64_t minute_ms = 60000, hour_ms = 3600000, day_ms = 86400000;

struct agent {
    const char *email, *name, *role, *team, *locale, *zone, *languages, *introduction;
};
static const struct agent agents[] = {
    {"emma@seva.example",   "Emma Clarke",                     "supervisor", "Europe & Americas",       "en", "Europe/London",
     "en de fr",                                                                                                                           "I look after orders and returns."   },
    {"jonas@seva.example",  "Jonas Lindner",                   "agent",      "Europe & Americas",       "en", "Europe/Berlin",
     "de fr en",                                                                                                                           "Happy to help in German and French."},
    {"lucia@seva.example",  "Lucía Navarro",                  "agent",      "Europe & Americas",       "en",
     "America/Mexico_City",                                                                                                    "es pt",    "Hablo español y português."       },
    {"amina@seva.example",  "আমিনা রহমান", "agent",      "South Asia",              "bn", "Asia/Dhaka",    "bn en",
     "আমি অর্ডার ও ডেলিভারি নিয়ে সাহায্য করি।"                                                             },
    {"kiran@seva.example",  "Kiran Patel",                     "agent",      "South Asia",              "en", "Asia/Kolkata",  "gu hi en",
     "Gujarati, Hindi or English, as you like."                                                                                                                                 },
    {"yusuf@seva.example",  "يوسف الحربي",           "agent",      "Middle East & East Asia", "ar", "Asia/Riyadh",
     "ar",                                                                                                                                 "يسعدني أن أساعدك."    },
    {"haruka@seva.example", "Haruka Mori",                     "agent",      "Middle East & East Asia", "en", "Asia/Tokyo",
     "ja",                                                                                                                                 "日本語でどうぞ。"           },
};
enum { AGENTS = sizeof agents / sizeof agents[0] };

static const struct {
    const char *name, *color;
} tags[] = {
    {"delivery", "#2563eb"},
    {"damaged",  "#dc2626"},
    {"refund",   "#d97706"},
    {"account",  "#7c3aed"},
    {"question", "#0891b2"},
    {"billing",  "#be185d"},
    {"address",  "#4d7c0f"},
    {"praise",   "#16a34a"},
    {"cancel",   "#6b7280"},
    {"warranty", "#0f766e"},
    {"vip",      "#a16207"}
};

static const struct {
    const char *code;
    int weight; /* of 100 */
} demand[] = {
    {"en", 27},
    {"bn", 15},
    {"hi", 9 },
    {"gu", 7 },
    {"ar", 10},
    {"es", 8 },
    {"fr", 7 },
    {"de", 7 },
    {"pt", 5 },
    {"ja", 5 }
};

static const char *const notes[] = {
    "Checked with the courier: the parcel was sorted to the wrong depot. They put it on tomorrow's van.",
    "Third contact about the same order. Please be generous here.",
    "Refund released in the back office, reference sent by mail.",
    "The customer prefers short answers, and writes from a phone.",
    "Warehouse confirms one left in stock, reserved until Friday.",
};

struct maker {
    struct arena *a;
    struct dice dice;
    const struct texts *texts;
    FILE *out;
    int64_t now_ms;
    bool failed;
    /* One conversation in progress per contact: where an unresolved one began or will begin. */
    bool is_busy[LANGUAGES_MAX][CONTACTS_PER_LANGUAGE];
};

static void line_write(struct maker *m, struct json_out *j)
{
    json_obj_end(j);
    str s = json_str(j);
    if (j->b.failed || fwrite(s.at, 1, (size_t)s.len, m->out) != (size_t)s.len ||
        fputc('\n', m->out) == EOF)
        m->failed = true;
}

static struct json_out line_start(struct maker *m, str type)
{
    struct json_out j = json_out_make(m->a, 256 * 1024);
    json_obj(&j);
    json_kv_str(&j, S("type"), type);
    return j;
}

static void teams_write(struct maker *m)
{
    static const char *const names[][2] = {
        {"Europe & Americas",       "Orders, returns and billing from Berlin to Mexico City"                },
        {"South Asia",              "বাংলা, ગુજરાતી, हिन्दी and English"},
        {"Middle East & East Asia", "العربية and 日本語"                                          }
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct json_out j = line_start(m, S("team"));
        json_kv_str(&j, S("name"), str_from(names[i][0]));
        json_kv_str(&j, S("description"), str_from(names[i][1]));
        line_write(m, &j);
    }
    for (size_t i = 0; i < AGENTS; i++) {
        const struct agent *g = &agents[i];
        struct json_out j = line_start(m, S("agent"));
        json_kv_str(&j, S("email"), str_from(g->email));
        json_kv_str(&j, S("name"), str_from(g->name));
        json_kv_str(&j, S("role"), str_from(g->role));
        json_kv_str(&j, S("introduction"), str_from(g->introduction));
        json_kv_str(&j, S("locale"), str_from(g->locale));
        json_kv_str(&j, S("time_zone"), str_from(g->zone));
        json_key(&j, S("teams"));
        json_arr(&j);
        json_put_str(&j, str_from(g->team));
        json_arr_end(&j);
        line_write(m, &j);
    }
    for (size_t i = 0; i < sizeof tags / sizeof tags[0]; i++) {
        struct json_out j = line_start(m, S("tag"));
        json_kv_str(&j, S("name"), str_from(tags[i].name));
        json_kv_str(&j, S("color"), str_from(tags[i].color));
        line_write(m, &j);
    }
}

/* The first names of one person with the last name of another; a person's own name now and then. */
static str contact_name(struct maker *m, const struct language *l, int64_t n)
{
    if (n < l->names.len)
        return l->names.at[n];
    str one = dice_pick(&m->dice, l->names), other = dice_pick(&m->dice, l->names);
    str first, last, rest = other;
    (void)str_cut(one, ' ', &first, &rest); /* a name of one word stays whole */
    last = other;
    for (ptrdiff_t at = str_find_byte(last, ' '); at >= 0; at = str_find_byte(last, ' '))
        last = str_skip(last, at + 1);
    return str_print(m->a, "%.*s %.*s", SARG(first), SARG(last));
}

static void contacts_write(struct maker *m, str names[][CONTACTS_PER_LANGUAGE])
{
    for (ptrdiff_t i = 0; i < m->texts->count; i++) {
        const struct language *l = &m->texts->languages[i];
        for (int64_t n = 0; n < CONTACTS_PER_LANGUAGE; n++) {
            names[i][n] = contact_name(m, l, n);
            struct json_out j = line_start(m, S("contact"));
            json_kv_str(
                &j, S("id"), str_print(m->a, "demo-%.*s-%lld", SARG(l->code), (long long)n));
            json_kv_str(&j, S("name"), names[i][n]);
            if (dice_chance(&m->dice, 70))
                json_kv_str(&j, S("email"),
                    str_print(m->a, "%.*s%lld@customers.example", SARG(l->code), (long long)n));
            if (dice_chance(&m->dice, 30))
                json_kv_str(&j, S("phone"),
                    str_print(m->a, "+999%09lld", (long long)dice_below(&m->dice, 999999999)));
            json_kv_str(&j, S("language"), l->code);
            json_kv_str(&j, S("time_zone"), l->zone);
            line_write(m, &j);
        }
    }
}

static ptrdiff_t language_pick(struct maker *m)
{
    int64_t x = dice_below(&m->dice, 100);
    for (size_t i = 0; i < sizeof demand / sizeof demand[0]; i++) {
        x -= demand[i].weight;
        if (x < 0)
            return texts_language(m->texts, str_from(demand[i].code)) - m->texts->languages;
    }
    return 0;
}

static const struct agent *agent_for(struct maker *m, str language)
{
    const struct agent *found[AGENTS];
    int n = 0;
    for (size_t i = 0; i < AGENTS; i++)
        if (str_find(str_from(agents[i].languages), language) >= 0)
            found[n++] = &agents[i];
    return n ? found[dice_below(&m->dice, n)] : &agents[0];
}

struct thread {
    struct json_out j;
    const struct agent *agent;
    str id;
    int64_t at_ms, end_ms; /* the time of the next message; nothing is later than end_ms */
    int messages;
};

/* One message; false when its time lies beyond the demo's present. */
static bool say(struct maker *m, struct thread *t, const char *kind, str text, int64_t after_ms)
{
    if (t->at_ms + after_ms > t->end_ms)
        return false;
    t->at_ms += after_ms;
    bool is_in = str_eq(str_from(kind), S("in"));
    json_obj(&t->j);
    json_kv_str(&t->j, S("id"), str_print(m->a, "%.*s-%d", SARG(t->id), t->messages++));
    json_kv_str(&t->j, S("kind"), str_from(kind));
    if (!is_in)
        json_kv_str(&t->j, S("author"), str_from(t->agent->email));
    json_kv_str(&t->j, S("text"), text);
    json_kv_time(&t->j, S("at"), t->at_ms);
    if (str_eq(str_from(kind), S("out")))
        json_kv_str(&t->j, S("state"), dice_chance(&m->dice, 80) ? S("read") : S("delivered"));
    json_obj_end(&t->j);
    return true;
}

enum stage { STAGE_NEW, STAGE_ANSWERED, STAGE_ASKED_AGAIN, STAGE_CLOSED };

/* Plays a scenario until the demo's present or until `until`; returns how far it came. */
static enum stage play(struct maker *m, struct thread *t, const struct language *l,
    const struct scenario *s, const struct text_values *v, enum stage until)
{
    struct dice *d = &m->dice;
    (void)say(m, t, "in", text_fill(m->a, dice_pick(d, s->openings), v), 0);
    if (dice_chance(d, 12))
        (void)say(
            m, t, "note", str_from(notes[dice_below(d, 5)]), dice_between(d, 2, 9) * minute_ms);
    str reply = text_fill(m->a, str_cat(m->a, l->hello, s->out), v);
    if (until == STAGE_NEW || !say(m, t, "out", reply, dice_between(d, 3, 240) * minute_ms))
        return STAGE_NEW;
    if (until == STAGE_ANSWERED ||
        !say(m, t, "in", text_fill(m->a, s->then, v), dice_between(d, 1, 300) * minute_ms))
        return STAGE_ANSWERED;
    if (until == STAGE_ASKED_AGAIN ||
        !say(m, t, "out", text_fill(m->a, s->close, v), dice_between(d, 2, 120) * minute_ms))
        return STAGE_ASKED_AGAIN;
    if (dice_chance(d, 60))
        (void)say(m, t, "in", text_fill(m->a, dice_pick(d, l->thanks), v),
            dice_between(d, 1, 90) * minute_ms);
    return STAGE_CLOSED;
}

/* How the thread stands at the end, from how far it came. */
static void ending_write(
    struct maker *m, struct thread *t, enum stage stage, bool is_old, const char *tag)
{
    struct json_out *j = &t->j;
    struct dice *d = &m->dice;
    const char *status = "open", *priority = "none";
    if (stage == STAGE_CLOSED)
        status = "resolved";
    else if (stage == STAGE_ANSWERED)
        status = is_old ? "snoozed" : "pending";
    if (str_eq(str_from(tag), S("damaged")) || dice_chance(d, 8))
        priority = dice_chance(d, 50) ? "high" : "urgent";
    else if (dice_chance(d, 25))
        priority = "medium";
    json_kv_str(j, S("status"), str_from(status));
    json_kv_str(j, S("priority"), str_from(priority));
    if (stage == STAGE_CLOSED) {
        json_kv_time(j, S("resolved_at"),
            t->at_ms + minute_ms < m->now_ms ? t->at_ms + minute_ms : m->now_ms);
        json_kv_str(j, S("outcome"), dice_chance(d, 90) ? S("solved") : S("not_solvable"));
    }
    if (str_eq(str_from(status), S("snoozed")))
        json_kv_time(j, S("snoozed_until"), m->now_ms + dice_between(d, 2, 70) * hour_ms);
    bool is_taken = stage != STAGE_NEW || dice_chance(d, 35);
    if (is_taken)
        json_kv_str(j, S("assignee"), str_from(t->agent->email));
    if (is_taken || dice_chance(d, 60))
        json_kv_str(j, S("team"), str_from(t->agent->team));
    json_key(j, S("tags"));
    json_arr(j);
    json_put_str(j, str_from(tag));
    if (dice_chance(d, 7))
        json_put_str(j, S("vip"));
    json_arr_end(j);
}

/* Old ones are closed, but for a few; the last days hold the open work. */
static enum stage stage_wanted(struct maker *m, int64_t age_ms)
{
    if (age_ms > 3 * day_ms)
        return dice_chance(&m->dice, 96) ? STAGE_CLOSED : STAGE_ANSWERED;
    int64_t x = dice_below(&m->dice, 100);
    return x < 45 ? STAGE_NEW : x < 60 ? STAGE_ANSWERED : x < 75 ? STAGE_ASKED_AGAIN : STAGE_CLOSED;
}

static void conversation_write(
    struct maker *m, int number, int64_t start_ms, str names[][CONTACTS_PER_LANGUAGE])
{
    struct dice *d = &m->dice;
    ptrdiff_t which = language_pick(m);
    const struct language *l = &m->texts->languages[which];
    const struct scenario *s = &l->scenarios[dice_below(d, l->scenario_count)];
    int64_t contact = dice_below(d, CONTACTS_PER_LANGUAGE);
    struct thread t = {.j = line_start(m, S("conversation")),
        .agent = agent_for(m, l->code),
        .id = str_print(m->a, "demo-%d", number),
        .at_ms = start_ms,
        .end_ms = m->now_ms};
    str first, rest;
    (void)str_cut(names[which][contact], ' ', &first, &rest); /* one word is the whole name */
    str agent_first;
    (void)str_cut(str_from(t.agent->name), ' ', &agent_first, &rest);
    struct text_values v = {.name = first,
        .agent = agent_first,
        .order = str_print(m->a, "SV-%lld", (long long)dice_between(d, 20000, 99999)),
        .day = dice_pick(d, l->days),
        .product = dice_pick(d, l->products)};
    json_kv_str(&t.j, S("id"), t.id);
    json_kv_str(&t.j, S("channel"), dice_chance(d, 72) ? S("widget") : S("api"));
    json_kv_str(
        &t.j, S("contact"), str_print(m->a, "demo-%.*s-%lld", SARG(l->code), (long long)contact));
    json_kv_str(&t.j, S("language"), l->code);
    json_kv_time(&t.j, S("created_at"), start_ms);
    json_key(&t.j, S("messages"));
    json_arr(&t.j);
    int64_t age = m->now_ms - start_ms;
    enum stage stage = play(m, &t, l, s, &v, stage_wanted(m, age));
    json_arr_end(&t.j);
    if (stage != STAGE_CLOSED) {
        if (m->is_busy[which][contact])
            return;
        m->is_busy[which][contact] = true;
    }
    ending_write(m, &t, stage, age > 3 * day_ms, str_z(m->a, s->tag));
    line_write(m, &t.j);
}

bool generate(FILE *out, uint64_t seed, int64_t now_ms)
{
    struct arena a = arena_make(0);
    struct maker m = {
        .a = &a, .dice = {.state = seed}, .texts = texts_load(&a), .out = out, .now_ms = now_ms};
    str names[LANGUAGES_MAX][CONTACTS_PER_LANGUAGE] = {0};
    teams_write(&m);
    contacts_write(&m, names);
    /* Arrivals get denser towards now; every seventh is of the last day and a half. */
    for (int n = 0; n < CONVERSATIONS; n++) {
        int64_t back = n % 7 == 0 ? dice_below(&m.dice, 36 * hour_ms)
                                  : dice_below(&m.dice, PAST_DAYS * day_ms);
        conversation_write(&m, n, now_ms - back - 2 * minute_ms, names);
    }
    arena_free(&a);
    return !m.failed && fflush(out) == 0;
}
