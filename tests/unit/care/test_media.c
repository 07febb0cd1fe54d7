/* Files that a message names by address: what they are called, how they come and fail, on both
 * databases; memory that ends anywhere. Bringing them is tests/flow/files_fetched.c's. */
#include "world.h"

#include "base/json.h"
#include "care/media.h"
#include "store/attachment.h"

/* ── names ── */

static void a_file_is_called_as_given_or_as_its_address_ends(void **state)
{
    (void)state;
    const struct {
        const char *url, *name, *expected;
    } cases[] = {
        {"https://h/a/photo.jpg",              "",                  "photo.jpg"  },
        {"https://h/a/photo.jpg?w=1#x",        "",                  "photo.jpg"  },
        {"https://h/a/%e0%a6%86.pdf",          "",                  "\u0986.pdf" },
        {"https://h/a/bad%zz.pdf",             "",                  "bad%zz.pdf" },
        {"https://h/",                         "",                  "file"       },
        {"https://host.example",               "",                  "file"       },
        {"https://host.example?x=/etc/passwd", "",                  "file"       },
        {"https://h/..%2f..%2fetc%2fpasswd",   "",                  "passwd"     },
        {"https://h/a.jpg",                    "My bill.pdf",       "My bill.pdf"},
        {"https://h/a.jpg",                    "  ",                "a.jpg"      },
        {"https://h/a.jpg",                    "../../x\u202e.png", "x.png"      },
    };
    struct ctx cx = {.arena = test_arena(), .now_ms = TEST_NOW_MS};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct media_source from = {
            .url = str_from(cases[i].url), .name = str_from(cases[i].name)};
        str json;
        struct attachment *at = media_expect(&cx, &from, 1, &json);
        assert_str(at->name, cases[i].expected);
        assert_str(at->state, "fetching");
        assert_true(str_find(json, S("\"url\":null")) > 0);
    }
}

/* ── what becomes of them ── */

/* A message with n files, all in the open transaction. */
static err receive_files(struct ctx *cx, int n, struct attachment **rows)
{
    struct media_source *from = NEW(cx->arena, struct media_source, n);
    for (int i = 0; i < n; i++)
        from[i].url = str_print(cx->arena, "https://files.example/%d.png", i);
    struct inbound_item item = {.channel = {API},
        .channel_kind = S("api"),
        .external_id = S("files"),
        .contact_external_id = S("ann")};
    struct inbound_result result;
    *rows = media_expect(cx, from, n, &item.attachments);
    TRY(inbound_take_many(cx, &item, 1, &result, NULL));
    for (int i = 0; i < n; i++) {
        (*rows)[i].owner_id = result.contact.v;
        (*rows)[i].conversation_id = result.conversation;
        (*rows)[i].message_id = result.message;
    }
    return media_plan(cx, *rows, n);
}

static const struct file_type small_picture = {
    .type = S_INIT("image/png"), .is_picture = true, .width = 10, .height = 10};

static void the_message_tells_what_became_of_each_file(struct world *w)
{
    struct attachment *at;
    struct ctx *cx = as_system(w);
    assert_ok(receive_files(cx, 3, &at));
    done(w);
    assert_int_equal(count(w, S("SELECT COUNT(*) AS n FROM job WHERE kind = 'fetch'")), 3);
    cx = as_system(w);
    assert_ok(media_arrived(cx, at[1].id, S("aa"), 5, &small_picture));
    assert_ok(media_failed(cx, at[2].id, MEDIA_MISSING));
    done(w);
    const struct message m = look_message(w, at[0].message_id.v);
    const struct json *list = NULL;
    str why;
    assert_ok(json_parse(test_arena(), m.attachments, &list, &why));
    assert_str(json_text(json_path(list, S("0.state")), S("")), "fetching");
    assert_str(json_text(json_path(list, S("1.state")), S("")), "ready");
    assert_str(json_text(json_path(list, S("1.type")), S("")), "image/png");
    assert_null(json_path(list, S("1.source_url")));
    assert_str(json_text(json_path(list, S("2.state")), S("")), "failed");
    assert_str(json_text(json_path(list, S("2.error")), S("")), "missing");
    assert_int_equal(
        count(w, S("SELECT COUNT(*) AS n FROM event WHERE type = 'message.updated'")), 2);
}
ON_BOTH(the_message_tells_what_became_of_each_file)

static void a_file_that_is_here_is_not_touched_again(struct world *w)
{
    struct attachment *at, now;
    struct ctx *cx = as_system(w);
    assert_ok(receive_files(cx, 1, &at));
    assert_ok(media_arrived(cx, at->id, S("aa"), 5, &small_picture));
    assert_ok(media_arrived(cx, at->id, S("bb"), 6, &small_picture)); /* a worker that came late */
    assert_ok(media_failed(cx, at->id, MEDIA_DENIED));
    assert_ok(attachment_get(cx, at->id, &now));
    assert_str(now.state, "ready");
    assert_str(now.blob_name, "aa");
    done(w);
    cx = as_agent(w, ANNA);
    assert_err(media_again(cx, at->id, &now), E_CONFLICT);
    undone(w);
    cx = as_agent(w, CLEO); /* sees nothing of it */
    assert_err(media_again(cx, at->id, &now), E_NOT_FOUND);
    undone(w);
    cx = as_system(w);
    assert_ok(media_arrived(cx, (attachment_id){99}, S("aa"), 5, &small_picture)); /* gone */
    assert_ok(media_failed(cx, (attachment_id){99}, MEDIA_EMPTY));
    done(w);
}
ON_BOTH(a_file_that_is_here_is_not_touched_again)

static void a_picture_too_large_to_open_is_a_file_like_any_other(struct world *w)
{
    struct attachment *at, now;
    const struct file_type bomb = {
        .type = S("image/png"), .is_picture = true, .width = 100000, .height = 100000};
    struct ctx *cx = as_system(w);
    assert_ok(receive_files(cx, 1, &at));
    assert_ok(media_arrived(cx, at->id, S("aa"), 500000, &bomb));
    assert_ok(attachment_get(cx, at->id, &now));
    assert_str(now.state, "ready");
    assert_str(now.type, "application/octet-stream");
    done(w);
    assert_int_equal(count(w, S("SELECT COUNT(*) AS n FROM job WHERE kind = 'thumbnail'")), 0);
}
ON_BOTH(a_picture_too_large_to_open_is_a_file_like_any_other)

/* ── memory ── */

struct flow {
    struct world *w;
    struct db_tx *open; /* left behind by a jump */
};

static err all_of_it(struct arena *a, void *arg)
{
    struct flow *f = arg;
    struct attachment *at = NULL, now;
    if (f->open)
        assert_ok(db_rollback(f->open));
    f->open = NULL;
    struct ctx cx = {
        .arena = a,
        .account = {ACCOUNT          },
        .now_ms = clock_now_ms(),
        .actor = { .kind = ACTOR_SYSTEM, .sees_all = true},
    };
    TRY(db_begin(f->w->t->db, DB_WRITE, a, &f->open));
    cx.db = f->open;
    TRY(db_scope(cx.db, cx.account));
    TRY(receive_files(&cx, 2, &at));
    TRY(media_arrived(&cx, at[0].id, S("aa"), 5, &small_picture));
    TRY(media_failed(&cx, at[1].id, MEDIA_MISSING));
    return media_again(&cx, at[1].id, &now);
}

static void memory_may_end_anywhere_and_nothing_stays(void **state)
{
    (void)state;
    struct flow f = {.w = world_open(DB_SQLITE)};
    for_each_allocation_failure(all_of_it, &f);
    if (f.open)
        assert_ok(db_rollback(f.open));
    assert_int_equal(count(f.w, S("SELECT COUNT(*) AS n FROM attachment")), 0);
    assert_int_equal(count(f.w, S("SELECT COUNT(*) AS n FROM job")), 0);
    world_close(f.w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_file_is_called_as_given_or_as_its_address_ends),
        BOTH(the_message_tells_what_became_of_each_file),
        BOTH(a_file_that_is_here_is_not_touched_again),
        BOTH(a_picture_too_large_to_open_is_a_file_like_any_other),
        TEST(memory_may_end_anywhere_and_nothing_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
