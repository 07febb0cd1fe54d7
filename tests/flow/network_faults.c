/* Networks at fault: ten ways in which a network can fail, for half an hour of simulated time, with
 * a queue of answers before it. Nothing is lost: every message is sent, or shown as "may have been
 * sent"; nothing is doubled where the network knows repetitions, and nothing that is shown as sent
 * was taken twice anywhere. SEVA_FAULT_MESSAGES: answers per mode over all networks (500). */
#include "network_rows.h"
#include "network_world.h"

#include "connector/connector.h"
#include "db/db.h"
#include "model/conversation.h"

#include <stdlib.h>

enum {
    MESSAGES = 500,
    SPEAKERS = 5, /* conversations of one network */
    OUTAGE_MS = 30 * 60 * 1000,
    DRAINED_MS = 10 * 60 * 1000, /* after the outage: the last pause of the breaker and the rest */
    STEP_MS = 60 * 1000,
};

static const enum sim_fault_mode modes[] = {
    SIM_FAULT_SERVER_ERROR,
    SIM_FAULT_RATE_LIMIT,
    SIM_FAULT_RATE_LIMIT_BARE,
    SIM_FAULT_TIMEOUT_BEFORE,
    SIM_FAULT_TIMEOUT_AFTER,
    SIM_FAULT_RESET,
    SIM_FAULT_HALF_BODY,
    SIM_FAULT_WRONG_JSON,
    SIM_FAULT_SLOW,
    SIM_FAULT_DUPLICATE,
};
enum { MODES = sizeof modes / sizeof *modes };

static int per_network(void)
{
    const char *text = getenv("SEVA_FAULT_MESSAGES"), *db = getenv("SEVA_TEST_DB");
    bool is_slow = db && str_eq(str_from(db), S("postgres")); /* and the rules are the same */
    int64_t n = is_slow ? MESSAGES / 4 : MESSAGES;
    if (text)
        assert_ok(str_int(str_from(text), 1, 1000 * 1000, &n));
    return (int)(n / NETWORK_ROWS) + 1;
}

struct outage {
    struct network_world nw;
    const struct network_row *row;
    str conversations[SPEAKERS];
    int n;            /* answers written */
    int64_t ended_ms; /* of the outage */
};

static void write_answers(struct outage *o, int n)
{
    for (int i = 0; i < SPEAKERS; i++) {
        struct sim_say say = o->row->say;
        say.from_id = str_print(&o->nw.app->arena, "%.*s%d", SARG(say.from_id), i);
        say.text = S("Hello?");
        network_say(&o->nw, o->row->channel.kind, &say);
        o->conversations[i] = str_copy(&o->nw.app->arena, conversation_newest(&o->nw.w));
    }
    for (o->n = 0; o->n < n; o->n++) {
        str text = str_print(&o->nw.app->arena, "answer %d", o->n);
        (void)reply(&o->nw.w, o->conversations[o->n % SPEAKERS], str_z(&o->nw.app->arena, text));
    }
}

struct tally {
    int sent, unknown, other;
};

static struct tally count(struct outage *o)
{
    struct tally t = {0};
    struct ctx *cx = test_begin(o->nw.app);
    struct row {
        str state;
        int64_t n;
    } *rows = NULL;
    static const struct db_col cols[] = {COL(struct row, state), COL(struct row, n)};
    ptrdiff_t n = 0;
    assert_ok(db_all(cx->db,
        S("SELECT state, COUNT(*) AS n FROM message WHERE kind = 'out' AND account_id = ?1 GROUP BY state"),
        ARGS(A_ID(cx->account)), COLS(cols), (ptrdiff_t)sizeof *rows, &rows, &n));
    for (ptrdiff_t i = 0; i < n; i++) {
        int rank = message_state_rank(rows[i].state);
        if (str_eq(rows[i].state, S("unknown")))
            t.unknown += (int)rows[i].n;
        else if (rank >= message_state_rank(S("sent")) && rank <= message_state_rank(S("read")))
            t.sent += (int)rows[i].n;
        else
            t.other += (int)rows[i].n;
    }
    test_rollback(o->nw.app, cx);
    return t;
}

/* Until every answer has an end, in simulated time; how long after the outage. */
static int64_t drain(struct outage *o)
{
    for (;;) {
        network_run(&o->nw);
        if (count(o).other == 0)
            return clock_now_ms() - o->ended_ms;
        if (clock_now_ms() - o->ended_ms > DRAINED_MS + o->row->pause_ms + o->n * o->row->answer_ms)
            return clock_now_ms() - o->ended_ms;
        clock_fix(clock_now_ms() + STEP_MS);
    }
}

/* For whoever reads a failure: what the last ones wait for. */
static void show_waiting(struct outage *o)
{
    struct ctx *cx = test_begin(o->nw.app);
    struct row {
        str kind, state, last_error;
        int64_t run_ms, attempts;
    } *rows = NULL;
    static const struct db_col cols[] = {COL(struct row, kind), COL(struct row, state),
        COL(struct row, last_error), COL(struct row, run_ms), COL(struct row, attempts)};
    ptrdiff_t n = 0;
    assert_ok(db_all(cx->db,
        S("SELECT kind, state, last_error, run_ms, attempts FROM job ORDER BY id LIMIT 10"),
        NO_ARGS, COLS(cols), (ptrdiff_t)sizeof *rows, &rows, &n));
    for (ptrdiff_t i = 0; i < n; i++)
        print_message("#     %.*s %.*s in %lld s, try %lld: %.*s\n", SARG(rows[i].kind),
            SARG(rows[i].state), (long long)(rows[i].run_ms - clock_now_ms()) / 1000,
            (long long)rows[i].attempts, SARG(rows[i].last_error));
    test_rollback(o->nw.app, cx);
}

static void strike(struct test_app *app, const struct network_row *row, enum sim_fault_mode mode)
{
    struct outage o = {.row = row};
    int n = per_network();
    network_world_open(&o.nw, app, &(struct sim_options){.hold_ms = 20});
    (void)network_connect(&o.nw, &row->channel);
    write_answers(&o, n);
    clock_fix(clock_now_ms() + 60 * 1000); /* the time for undoing is over */
    o.ended_ms = clock_now_ms() + OUTAGE_MS;
    assert_ok(sim_fault_add(o.nw.sim, &(struct sim_fault){.network = str_from(row->channel.kind),
                                          .mode = mode,
                                          .until_ms = o.ended_ms,
                                          .delay_ms = 1}));
    int64_t after_ms = drain(&o);
    struct tally t = count(&o);
    bool knows = connector_find(str_from(row->channel.kind))->repeats_safely;
    int64_t accepted = network_count(&o.nw, row->channel.kind, SIM_COUNT_ACCEPTED);
    int64_t doubles = network_count(&o.nw, row->channel.kind, SIM_COUNT_DOUBLES);
    print_message(
        "#   %s: %d sent, %d unknown, %lld taken, %lld doubled, %lld s after the outage\n",
        sim_fault_name(mode), t.sent, t.unknown, (long long)accepted, (long long)doubles,
        (long long)after_ms / 1000);
    if (t.other)
        show_waiting(&o);
    assert_int_equal(t.other, 0);
    assert_int_equal(t.sent + t.unknown, n);
    assert_int_equal(doubles, 0);
    assert_true(accepted >= t.sent && accepted <= n);
    if (knows)
        assert_int_equal(t.unknown, 0);
    network_world_close(&o.nw);
}

static void nothing_is_lost_or_doubled(void **state)
{
    for (int i = 0; i < NETWORK_ROWS; i++) {
        const char *only = getenv("SEVA_FAULT_NETWORK");
        if (only && !str_eq(str_from(only), str_from(network_rows[i].channel.kind)))
            continue;
        print_message("# %s\n", network_rows[i].channel.kind);
        for (int m = 0; m < MODES; m++) {
            strike(*state, &network_rows[i], modes[m]);
            assert_int_equal(test_app_teardown(state), 0);
            assert_int_equal(test_app_setup(state), 0);
        }
    }
}

int main(void)
{
    if (test_app_is_skipped())
        return 77;
    const struct CMUnitTest tests[] = {
        TEST_APP(nothing_is_lost_or_doubled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
