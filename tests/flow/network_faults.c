/* Networks at fault: eleven ways in which networks can fail, for half an hour of simulated time,
 * with a queue of answers before each. Nothing is lost: every message is sent, or shown as "may
 * have been sent"; nothing is doubled where the network knows repetitions, and nothing that is
 * shown as sent was taken twice anywhere. All networks fail at once; that one of them holds up no
 * other is a story of its own. SEVA_FAULT_MESSAGES: answers per mode over all networks (250, on
 * PostgreSQL 125); SEVA_FAULT_NETWORK: only these networks, with commas between; SEVA_FAULT_MODE:
 * only these ways (all; on PostgreSQL four, because no way to fail knows of the database). */
#include "network_rows.h"
#include "network_world.h"

#include "base/id.h"
#include "connector/connector.h"
#include "db/db.h"
#include "model/conversation.h"
#include "store/pace.h"

#include <stdlib.h>

enum {
    MESSAGES = 250,
    SPEAKERS = 5, /* conversations of one network */
    SPEAKERS_MOST = 100,
    PER_SPEAKER = 50, /* answers; when there are more, so are the speakers */
    OUTAGE_MS = 30 * 60 * 1000,
    DRAINED_MS = 10 * 60 * 1000, /* after the outage: the last pause of the breaker and the rest */
    STEP_MS = 60 * 1000,
    /* After it a failing channel lets one job go in each turn to see whether it works again; one
     * that an echo has shown as sent meanwhile makes no call and says nothing. */
    TURN_MS = 5 * 1000,
    HOLD_MS = 1,      /* real time: how long is all the same to the answers */
    SLOW_EVERY = 4,   /* trickling is real time too: of so many calls one */
    LOOK_ROWS = 2000, /* a look reads every message: with so many more, one turn later */
};

static const enum sim_fault_mode modes[] = {
    SIM_FAULT_SERVER_ERROR,
    SIM_FAULT_RATE_LIMIT,
    SIM_FAULT_RATE_LIMIT_BARE,
    SIM_FAULT_UNAUTHORIZED,
    SIM_FAULT_TIMEOUT_BEFORE,
    SIM_FAULT_TIMEOUT_AFTER,
    SIM_FAULT_RESET,
    SIM_FAULT_HALF_BODY,
    SIM_FAULT_WRONG_JSON,
    SIM_FAULT_SLOW,
    SIM_FAULT_DUPLICATE,
};
enum { MODES = sizeof modes / sizeof *modes };
/* A refusal, an answer that is lost, a connection that is, and one message taken twice. */
static const char postgres_modes[] = "500,timeout_after,reset,duplicate";

struct talk {
    conversation_id id;
    int64_t contact_id;
    message_id seen; /* its last message */
};
/* One network in it. */
struct struck {
    const struct network_row *row;
    channel_id channel;
    struct talk *talks;
    int speakers, n; /* n: answers written */
    int sent, unknown;
    int64_t after_ms; /* its last answer had its end so long after the outage */
    bool is_done;
};
struct outage {
    struct network_world nw;
    struct struck at[NETWORK_ROWS];
    int n;
    int64_t ended_ms;
};

/* ── before it ── */

static bool is_postgres(void)
{
    const char *db = getenv("SEVA_TEST_DB");
    return db && str_eq(str_from(db), S("postgres"));
}

/* only: names with commas between, or NULL: every one. */
static bool is_among(const char *only, const char *name)
{
    str rest = only ? str_from(only) : (str){0}, one = {0};
    bool is_there = !only, has_more = true;
    while (!is_there && has_more) {
        has_more = str_cut(rest, ',', &one, &rest);
        is_there = str_eq(one, str_from(name));
    }
    return is_there;
}

static bool is_mode_wanted(enum sim_fault_mode mode)
{
    const char *only = getenv("SEVA_FAULT_MODE");
    return is_among(only || !is_postgres() ? only : postgres_modes, sim_fault_name(mode));
}

static void outage_open(struct outage *o, struct test_app *app)
{
    const ptrdiff_t answers_bytes = (ptrdiff_t)4 << 30; /* every answer of the server is kept */
    *o = (struct outage){0};
    app->arena.max_bytes = answers_bytes;
    network_world_open(&o->nw, app, &(struct sim_options){.hold_ms = HOLD_MS});
    for (int i = 0; i < NETWORK_ROWS; i++)
        if (is_among(getenv("SEVA_FAULT_NETWORK"), network_rows[i].channel.kind))
            o->at[o->n++] = (struct struck){.row = &network_rows[i],
                .channel = network_connect(&o->nw, &network_rows[i].channel)};
    assert_true(o->n > 0);
}

static int messages_wanted(void)
{
    const char *text = getenv("SEVA_FAULT_MESSAGES");
    int64_t n = is_postgres() ? MESSAGES / 2 : MESSAGES; /* slower, and the rules are one */
    if (text)
        assert_ok(str_int(str_from(text), 1, 1000 * 1000, &n));
    return (int)n;
}

/* The answers of each: a slow network gets what it takes in its time, the others the rest. */
static void share_out(const struct outage *o, int *share)
{
    int left = messages_wanted(), even = left / NETWORK_ROWS + 1, quick = 0;
    for (int i = 0; i < o->n; i++) {
        int most = (int)o->at[i].row->most;
        share[i] = most && most < even ? most : 0;
        left -= share[i];
        quick += !share[i];
    }
    int each = o->n == NETWORK_ROWS ? left / quick + 1 : even;
    for (int i = 0; i < o->n; i++)
        share[i] = share[i] ? share[i] : each;
}

static void speak(struct outage *o, const struct struck *s)
{
    struct arena *a = &o->nw.app->arena;
    for (int i = 0; i < s->speakers; i++) {
        struct sim_say say = s->row->say;
        say.from_id = str_print(a, "%.*s%d", SARG(say.from_id), i);
        if (say.from_handle.len)
            say.from_handle = str_print(a, "s%d%.*s", i, SARG(say.from_handle));
        say.text = S("Hello?");
        network_tell(&o->nw, s->row->channel.kind, &say);
    }
    network_hear(&o->nw, s->row->channel.kind);
}

static ptrdiff_t read_talks(struct outage *o, struct struck *s)
{
    static const struct db_col cols[] = {
        COL(struct talk, id), COL(struct talk, contact_id), COL(struct talk, seen)};
    struct talk *rows = NULL;
    ptrdiff_t n = 0;
    struct ctx *cx = test_begin(o->nw.app);
    assert_ok(db_all(cx->db,
        S("SELECT /* test */ id, contact_id, last_message_id AS seen "
          "FROM conversation "
          "WHERE channel_id = ?1 AND account_id = ?2 "
          "ORDER BY contact_id "
          "LIMIT 1000"),
        ARGS(A_ID(s->channel), A_ID(cx->account)), COLS(cols), (ptrdiff_t)sizeof *rows, &rows, &n));
    for (ptrdiff_t i = 0; i < n && i < s->speakers; i++)
        s->talks[i] = rows[i];
    test_rollback(o->nw.app, cx);
    return n;
}

/* Different people, each with a conversation of their own. */
static void start_talks(struct outage *o, struct struck *s, int speakers)
{
    const char *kind = s->row->channel.kind;
    s->speakers = speakers;
    s->talks = NEW(&o->nw.app->arena, struct talk, speakers);
    speak(o, s);
    if (read_talks(o, s) != speakers) { /* Google's pushes want keys: else the next poll reads */
        clock_fix(clock_now_ms() + connector_find(str_from(kind))->poll_ms);
        network_run(&o->nw);
    }
    if (read_talks(o, s) != speakers)
        fail_msg("%s: not every speaker has a conversation", kind);
    for (int i = 1; i < speakers; i++)
        assert_true(s->talks[i].contact_id > s->talks[i - 1].contact_id);
}

/* An agent's reply; it is the last message of its conversation from now on. */
static void answer(struct outage *o, struct struck *s)
{
    struct talk *talk = &s->talks[s->n % s->speakers];
    struct arena a = arena_make(0);
    str target = str_print(&a, "/api/v1/conversations/%lld/messages", (long long)talk->id.v);
    str json = str_print(&a,
        "{\"kind\":\"reply\",\"text\":\"answer %d\",\"seen_message_id\":\"%lld\","
        "\"client_id\":\"00000000-0000-4000-%04d-%012d\"}",
        s->n, (long long)talk->seen.v, 8000 + (int)(s - o->at), s->n);
    int status = test_request(o->nw.app, "POST", str_z(&a, target), str_z(&a, json));
    if (status != 200 && status != 201)
        fail_msg("reply answered %d %.*s", status, SARG(o->nw.app->body));
    assert_ok(id_parse(test_text(o->nw.app, "id"), &talk->seen.v));
    s->n++;
    arena_free(&a);
}

/* Everybody has spoken before the first answer is written: it may not go before the outage. */
static void write_answers(struct outage *o)
{
    int share[NETWORK_ROWS];
    share_out(o, share);
    for (int i = 0; i < o->n; i++) {
        int speakers = share[i] / PER_SPEAKER;
        speakers = speakers < SPEAKERS ? SPEAKERS : speakers;
        start_talks(o, &o->at[i], speakers < SPEAKERS_MOST ? speakers : SPEAKERS_MOST);
    }
    for (int i = 0; i < o->n; i++)
        while (o->at[i].n < share[i])
            answer(o, &o->at[i]);
}

/* ── during and after it ── */

static void count(struct outage *o)
{
    struct row {
        channel_id channel_id;
        str state;
        int64_t n;
    } *rows = NULL;
    static const struct db_col cols[] = {
        COL(struct row, channel_id), COL(struct row, state), COL(struct row, n)};
    ptrdiff_t n = 0;
    struct ctx *cx = test_begin(o->nw.app);
    assert_ok(db_all(cx->db,
        S("SELECT /* test */ channel_id, state, COUNT(*) AS n "
          "FROM message "
          "WHERE kind = 'out' AND account_id = ?1 "
          "GROUP BY channel_id, state"),
        ARGS(A_ID(cx->account)), COLS(cols), (ptrdiff_t)sizeof *rows, &rows, &n));
    for (int i = 0; i < o->n; i++) {
        struct struck *s = &o->at[i];
        s->sent = s->unknown = 0;
        for (ptrdiff_t k = 0; k < n; k++) {
            int rank = message_state_rank(rows[k].state);
            if (rows[k].channel_id.v != s->channel.v)
                continue;
            if (str_eq(rows[k].state, S("unknown")))
                s->unknown += (int)rows[k].n;
            else if (rank >= message_state_rank(S("sent")) && rank <= message_state_rank(S("read")))
                s->sent += (int)rows[k].n;
        }
        if (!s->is_done)
            s->after_ms = clock_now_ms() - o->ended_ms;
        s->is_done = s->is_done || s->sent + s->unknown == s->n;
    }
    test_rollback(o->nw.app, cx);
}

/* What the network's own limit allows: one answer each time that we look, where a gap is kept. */
static int64_t allowed_ms(const struct struck *s)
{
    int64_t gap_ms = connector_find(str_from(s->row->channel.kind))->send_gap_ms;
    int64_t answer_ms = s->row->answer_ms;
    if (gap_ms >= PACE_TURN_MS && answer_ms < gap_ms + TURN_MS)
        answer_ms = gap_ms + TURN_MS;
    return DRAINED_MS + s->row->pause_ms + s->n * answer_ms;
}

/* Until every answer has an end or its network's time is over. */
static void drain(struct outage *o)
{
    int every = 1 + messages_wanted() / LOOK_ROWS, turn = 0;
    for (bool is_over = false; !is_over;) {
        network_run(&o->nw);
        if (++turn % every == 0)
            count(o);
        is_over = true;
        for (int i = 0; i < o->n; i++)
            is_over &= o->at[i].is_done || o->at[i].after_ms > allowed_ms(&o->at[i]);
        clock_fix(clock_now_ms() + (clock_now_ms() < o->ended_ms ? STEP_MS : TURN_MS));
    }
}

/* For whoever reads a failure: what the last ones wait for. */
static void show_waiting(struct outage *o, const struct struck *s)
{
    struct row {
        str kind, state, last_error;
        int64_t run_ms, attempts;
    } *rows = NULL;
    static const struct db_col cols[] = {COL(struct row, kind), COL(struct row, state),
        COL(struct row, last_error), COL(struct row, run_ms), COL(struct row, attempts)};
    ptrdiff_t n = 0;
    struct ctx *cx = test_begin(o->nw.app);
    assert_ok(db_all(cx->db,
        S("SELECT kind, state, last_error, run_ms, attempts "
          "FROM job "
          "WHERE channel_id = ?1 "
          "ORDER BY id "
          "LIMIT 10"),
        ARGS(A_ID(s->channel)), COLS(cols), (ptrdiff_t)sizeof *rows, &rows, &n));
    for (ptrdiff_t i = 0; i < n; i++)
        print_message("#     %.*s %.*s in %lld s, try %lld: %.*s\n", SARG(rows[i].kind),
            SARG(rows[i].state), (long long)(rows[i].run_ms - clock_now_ms()) / 1000,
            (long long)rows[i].attempts, SARG(rows[i].last_error));
    test_rollback(o->nw.app, cx);
}

/* ── stories ── */

static void check(struct outage *o, const struct struck *s, const char *mode)
{
    const char *kind = s->row->channel.kind;
    int64_t accepted = network_count(&o->nw, kind, SIM_COUNT_ACCEPTED);
    int64_t doubles = network_count(&o->nw, kind, SIM_COUNT_DOUBLES);
    print_message("#   %s %s: %d of %d sent, %d unknown, %lld taken, %lld doubled, %lld s after\n",
        mode, kind, s->sent, s->n, s->unknown, (long long)accepted, (long long)doubles,
        (long long)s->after_ms / 1000);
    if (!s->is_done)
        show_waiting(o, s);
    if (!s->is_done || doubles || accepted < s->sent || accepted > s->n)
        fail_msg("%s %s: %d of %d sent, %d unknown, %lld taken, %lld doubled", mode, kind, s->sent,
            s->n, s->unknown, (long long)accepted, (long long)doubles);
    if (connector_find(str_from(kind))->repeats_safely)
        assert_int_equal(s->unknown, 0);
}

static void strike(struct test_app *app, enum sim_fault_mode mode)
{
    struct outage o;
    outage_open(&o, app);
    write_answers(&o);
    clock_fix(clock_now_ms() + 60 * 1000); /* the time for undoing is over */
    o.ended_ms = clock_now_ms() + OUTAGE_MS;
    assert_ok(sim_fault_add(o.nw.sim, &(struct sim_fault){.mode = mode,
                                          .until_ms = o.ended_ms,
                                          .every = mode == SIM_FAULT_SLOW ? SLOW_EVERY : 0,
                                          .delay_ms = 1}));
    drain(&o);
    for (int i = 0; i < o.n; i++)
        check(&o, &o.at[i], sim_fault_name(mode));
    if (mode == SIM_FAULT_UNAUTHORIZED)
        test_log_may(LOG_WARN, "credentials could not be made new");
    network_world_close(&o.nw);
}

static void nothing_is_lost_or_doubled(void **state)
{
    int struck = 0;
    for (int m = 0; m < MODES; m++) {
        if (!is_mode_wanted(modes[m]))
            continue;
        struck++;
        strike(*state, modes[m]);
        assert_int_equal(test_app_teardown(state), 0);
        assert_int_equal(test_app_setup(state), 0);
    }
    assert_true(struck > 0);
}

/* A crowd waits before one network; what is written to all others meanwhile goes at once. */
static void fail_one(struct test_app *app, enum sim_fault_mode mode, const char *kind)
{
    enum { ROUNDS = 5, ROUND_MS = 10 * 1000 };
    struct outage o;
    struct struck *failing = NULL;
    outage_open(&o, app);
    for (int i = 0; i < o.n; i++) {
        start_talks(&o, &o.at[i], SPEAKERS);
        if (str_eq(str_from(kind), str_from(o.at[i].row->channel.kind)))
            failing = &o.at[i];
    }
    assert_ok(
        sim_fault_add(o.nw.sim, &(struct sim_fault){.network = str_from(kind), .mode = mode}));
    for (int n = messages_wanted(); failing && n > 0; n--)
        answer(&o, failing);
    for (int round = 0; failing && round < ROUNDS; round++) {
        for (int i = 0; i < o.n; i++)
            if (&o.at[i] != failing)
                answer(&o, &o.at[i]);
        clock_fix(clock_now_ms() + ROUND_MS); /* the time for undoing is over */
        network_run(&o.nw);
        count(&o);
        for (int i = 0; i < o.n; i++)
            if (&o.at[i] != failing && o.at[i].sent != o.at[i].n)
                fail_msg("while %s fails %s waits", kind, o.at[i].row->channel.kind);
        assert_true(!failing->is_done);
    }
    network_world_close(&o.nw);
}

static void a_failing_network_holds_up_no_other(void **state)
{
    static const struct {
        enum sim_fault_mode mode;
        const char *kind;
    } cases[] = {
        {SIM_FAULT_SERVER_ERROR,    "facebook"},
        {SIM_FAULT_TIMEOUT_BEFORE,  "line"    },
        {SIM_FAULT_RATE_LIMIT_BARE, "bluesky" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (!is_mode_wanted(cases[i].mode))
            continue;
        fail_one(*state, cases[i].mode, cases[i].kind);
        assert_int_equal(test_app_teardown(state), 0);
        assert_int_equal(test_app_setup(state), 0);
    }
}

int main(void)
{
    if (test_app_is_skipped())
        return 77;
    const struct CMUnitTest tests[] = {
        TEST_APP(nothing_is_lost_or_doubled),
        TEST_APP(a_failing_network_holds_up_no_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
