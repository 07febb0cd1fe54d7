/* Lines of the past that are replayed (care/replay.h) on every network of the simulator, private
 * and public: what customers wrote takes the live path, what we wrote goes out to the simulator. */
#include "network_rows.h"

#include "care/replay.h"

struct place {
    const char *kind;
    const char *private_refusal; /* NULL: it is driven */
    const char *public_thread;   /* NULL: refused */
    const char *public_refusal;  /* of ours; NULL: it is driven */
    const char *in_id;           /* as the network writes the customer's */
    const char *private_thread;  /* where the network goes by conversations */
};

/* clang-format off */
static const struct place places[] = {
    {"facebook",       NULL, "post:1029384756_555", NULL, "1029384756_c1", NULL},
    {"instagram",      NULL, "post:18000000000000001", NULL, "18000000000000077", NULL},
    {"whatsapp",       NULL, NULL, "On WhatsApp nothing is public.", "wamid.1", NULL},
    {"x",              NULL, "post:900", "On X a public answer reads the post first", "901", NULL},
    {"linkedin",       "On LinkedIn nothing is private.", "post:urn:li:share:1", NULL, "urn:li:comment:(urn:li:share:1,7)", NULL},
    {"tiktok",         NULL, "post:7300000000000000001", NULL, "7300000000000000001/7400000000000000007", "tt-conv-70"},
    {"youtube",        "On YouTube nothing is private.", "post:v1", NULL, "Ugx1", NULL},
    {"google_reviews", "On Google reviews nothing is private.", "post:accounts/1/locations/2/reviews/r1", NULL, "accounts/1/locations/2/reviews/r1", NULL},
    {"telegram",       NULL, "-1001", NULL, "12", NULL},
    {"line",           NULL, NULL, "On LINE nothing is public.", "1", NULL},
    {"viber",          NULL, NULL, "On Viber nothing is public.", "1", NULL},
    {"sms",            NULL, NULL, "On SMS nothing is public.", "SM1", NULL},
    {"mastodon",       NULL, "post:1", NULL, "1", NULL},
    {"bluesky",        NULL, "post:at://did:plc:asha/app.bsky.feed.post/3k", "On Bluesky a public answer reads the post first", "at://did:plc:asha/app.bsky.feed.post/3k", NULL},
};
/* clang-format on */

static const struct place *place_of(const char *kind)
{
    const struct place *found = NULL;
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (str_eq(str_from(places[i].kind), str_from(kind)))
            found = &places[i];
    assert_non_null(found); /* a new network has its row here, too */
    return found;
}

/* Why not; empty = it was taken. */
static str line(struct network_world *nw, const char *text)
{
    struct ctx *cx = test_begin(nw->app);
    struct replay r;
    struct replay_line one = {.text = str_from(text)};
    assert_ok(replay_open(cx, S("r"), &r));
    replay_read(cx, &r, &one);
    str words = str_copy(&nw->app->arena, one.words);
    if (one.fate == REPLAY_WRONG) {
        test_rollback(nw->app, cx);
        return words;
    }
    if (replay_is_in(&one))
        assert_ok(replay_take_in(cx, &r, &one, 1));
    else
        assert_ok(replay_answer(cx, &r, &one, 0));
    assert_int_equal(one.fate, REPLAY_TAKEN);
    test_commit(nw->app, cx);
    clock_fix(clock_now_ms() + 60 * 1000); /* the time for undoing is over */
    network_run(nw);
    return (str){0};
}

static char *said(struct network_world *nw, const struct network_row *row, const struct place *p,
    bool is_in, bool is_public)
{
    struct arena *a = &nw->app->arena;
    const char *thread = !is_public         ? p->private_thread
                         : p->public_thread ? p->public_thread
                                            : "post:1";
    str id = str_print(a, "%s%s", p->in_id, is_public ? "" : "0");
    return str_z(a,
        str_print(a,
            "{\"channel\":\"%s\",\"id\":\"%.*s%s\",\"direction\":\"%s\",\"at\":\"2025-03-01T08:00:00Z\","
            "\"text\":\"%s %s\",\"visibility\":\"%s\",\"%s\":{\"id\":\"%.*s\",\"name\":\"Asha\","
            "\"location\":\"ঢাকা\"}%s%s%s,\"reply_to\":\"%.*s\"}",
            p->kind, SARG(id), is_in ? "" : "9", is_in ? "in" : "out", is_in ? "Hello" : "Answer",
            is_public ? "public" : "private", is_public ? "public" : "private",
            is_in ? "from" : "to", SARG(row->say.from_id), thread ? ",\"thread\":\"" : "",
            thread ? thread : "", thread ? "\"" : "", SARG(is_in ? (str){0} : id)));
}

static void assert_words(str is, const char *begins)
{
    if (!str_starts(is, str_from(begins)))
        fail_msg("\"%.*s\" instead of \"%s\"", SARG(is), begins);
}

static void talk(struct network_world *nw, const struct network_row *row, bool is_public)
{
    const struct place *p = place_of(row->channel.kind);
    const char *refusal = is_public ? p->public_refusal : p->private_refusal;
    bool has_in = is_public ? p->public_thread != NULL : refusal == NULL;
    str in = line(nw, said(nw, row, p, true, is_public));
    assert_words(in, has_in ? "" : refusal);
    assert_int_equal(in.len == 0, has_in);
    str before = network_accepted(nw, p->kind);
    str out = line(nw, said(nw, row, p, false, is_public));
    assert_words(out, refusal ? refusal : "");
    if (refusal != NULL) {
        assert_true(out.len > 0);
        assert_int_equal(network_accepted(nw, p->kind).len, before.len);
        return;
    }
    assert_int_equal(out.len, 0);
    assert_true(str_ends(
        network_accepted(nw, p->kind), is_public ? S("Answer public") : S("Answer private")));
    assert_int_equal(network_count(nw, p->kind, SIM_COUNT_DOUBLES), 0);
}

static void lines_are_driven_on_every_network_or_refused_in_words(void **state)
{
    for (int i = 0; i < NETWORK_ROWS; i++) {
        struct network_world nw;
        str why;
        const struct network_row *row = &network_rows[i];
        print_message("# %s\n", row->channel.kind);
        network_world_open(&nw, *state, NULL);
        (void)network_connect(&nw, &row->channel);
        assert_ok(sim_account_set(nw.sim, str_from(row->channel.kind),
            &(struct sim_account_set){.settings = S("{\"any_chat\":\"yes\"}")}, &why));
        talk(&nw, row, false);
        talk(&nw, row, true);
        network_world_close(&nw);
    }
}

int main(void)
{
    if (test_app_is_skipped())
        return 77;
    const struct CMUnitTest tests[] = {
        TEST_APP(lines_are_driven_on_every_network_or_refused_in_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
