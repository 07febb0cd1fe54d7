/* A store that speaks S3, in another process that verifies every signature by itself and fails in
 * the ways that stores do. */
#include "test.h"

#include "base/clock.h"
#include "base/crypto.h"
#include "base/file.h"
#include "s3_peer.h"

#define SECRET S("s3cret/of+tests")
enum { LONG = 3 * 1024 * 1024 + 17, MAX = 8 * 1024 * 1024 };

static str hash_of(str bytes)
{
    struct sha256 sum = crypto_sha256(bytes);
    return crypto_hex(test_arena(), str_of(sum.b, (ptrdiff_t)sizeof sum.b));
}

static int file_of(str bytes)
{
    int fd;
    assert_int_equal(file_open_nameless(test_folder(), &fd), OK);
    assert_int_equal(file_write_at(fd, 0, bytes), OK);
    return fd;
}

static str long_bytes(void)
{
    char *at = arena_alloc(test_arena(), LONG, 1);
    for (int i = 0; i < LONG; i++)
        at[i] = (char)(i * 31 + i / 255);
    return str_of(at, LONG);
}

static err put(struct s3 *s3, str key, str bytes, str hash)
{
    int fd = file_of(bytes);
    err e = s3_put(s3, test_arena(), key, fd, 0, bytes.len, hash);
    file_close(fd);
    return e;
}

static err get(struct s3 *s3, str key, struct s3_range range, int64_t max, str *bytes)
{
    int64_t size = 0;
    ptrdiff_t got = 0;
    int fd = file_of(S("what was in it before, which is longer than some answers are"));
    err e = s3_get(s3, test_arena(), key, range, max, fd, &size);
    if (e == OK) {
        char *at = arena_alloc(test_arena(), (ptrdiff_t)size + 1, 1);
        assert_int_equal(file_read_at(fd, 0, at, (ptrdiff_t)size + 1, &got), OK);
        assert_int_equal(got, size);
        *bytes = str_of(at, got);
    }
    file_close(fd);
    return e;
}

static struct s3 *opened(void)
{
    struct s3 *s3 = s3_peer_open(S("seva/one"), SECRET);
    s3_peer_clear();
    return s3;
}

static void what_is_put_is_there_and_goes(void **state)
{
    (void)state;
    struct s3 *s3 = opened();
    str bytes = long_bytes(), got, key = S("7/ab/file name+ü~(1).txt");
    int64_t size;
    assert_int_equal(put(s3, key, bytes, hash_of(bytes)), OK);
    assert_true(str_eq(s3_peer_objects(), S("seva/one/7/ab/file name+ü~(1).txt\n")));
    assert_int_equal(s3_size(s3, test_arena(), key, &size), OK);
    assert_int_equal(size, LONG);
    assert_int_equal(get(s3, key, (struct s3_range){0}, MAX, &got), OK);
    assert_true(str_eq(got, bytes));
    assert_int_equal(get(s3, key, (struct s3_range){1000, 70000}, MAX, &got), OK);
    assert_true(str_eq(got, str_sub(bytes, 1000, 70000)));
    assert_int_equal(s3_remove(s3, test_arena(), key), OK);
    assert_int_equal(s3_size(s3, test_arena(), key, &size), E_NOT_FOUND);
    assert_int_equal(get(s3, key, (struct s3_range){0}, MAX, &got), E_NOT_FOUND);
    assert_int_equal(s3_remove(s3, test_arena(), key), OK);
    assert_int_equal(put(s3, S("empty"), S(""), hash_of(S(""))), OK);
    assert_int_equal(get(s3, S("empty"), (struct s3_range){0}, MAX, &got), OK);
    assert_int_equal(got.len, 0);
    s3_close(s3);
}

static void a_failing_store_is_asked_again(void **state)
{
    (void)state;
    static const char *const kinds[] = {"500", "503", "reset", "truncated"};
    struct s3 *s3 = opened();
    str bytes = long_bytes(), got;
    assert_int_equal(put(s3, S("x"), bytes, hash_of(bytes)), OK);
    s3_peer_fail("slow", 1); /* its head comes, and then nothing */
    assert_int_equal(get(s3, S("x"), (struct s3_range){0}, MAX, &got), OK);
    assert_true(str_eq(got, bytes));
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        s3_peer_fail(kinds[i], 2);
        assert_int_equal(put(s3, S("x"), bytes, hash_of(bytes)), OK);
        s3_peer_fail(kinds[i], 2);
        assert_int_equal(get(s3, S("x"), (struct s3_range){0}, MAX, &got), OK);
        assert_true(str_eq(got, bytes));
    }
    s3_peer_fail("lost", 1); /* it is stored, but nobody says so */
    assert_int_equal(put(s3, S("y"), bytes, hash_of(bytes)), OK);
    s3_close(s3);
}

static void a_store_that_goes_on_failing_is_given_up(void **state)
{
    (void)state;
    struct s3 *s3 = opened();
    str got;
    int64_t size;
    assert_int_equal(put(s3, S("x"), S("bytes"), hash_of(S("bytes"))), OK);
    (void)s3_peer_requests();
    s3_peer_fail("503", 3);
    assert_int_equal(get(s3, S("x"), (struct s3_range){0}, MAX, &got), E_BUSY);
    test_log_had(LOG_WARN, "the store of attachments gave no good answer");
    str said = s3_peer_requests();
    assert_true(str_eq(said, S("GET /attachments/seva/one/x 503\n"
                               "GET /attachments/seva/one/x 503\n"
                               "GET /attachments/seva/one/x 503\n")));
    s3_peer_fail("truncated", 3);
    assert_int_equal(get(s3, S("x"), (struct s3_range){0}, MAX, &got), E_BUSY);
    test_log_had(LOG_WARN, "the store of attachments gave no good answer");
    s3_peer_fail("reset", 3);
    assert_int_equal(s3_size(s3, test_arena(), S("x"), &size), E_BUSY);
    test_log_had(LOG_WARN, "the store of attachments gave no good answer");
    s3_close(s3);
}

static void a_store_that_is_away_is_let_alone(void **state)
{
    (void)state;
    struct s3 *s3 = s3_peer_open_as(S("seva/one"), SECRET, 3600 * 1000);
    str got;
    s3_peer_clear();
    assert_int_equal(put(s3, S("x"), S("bytes"), hash_of(S("bytes"))), OK);
    assert_false(s3_is_away(s3));
    s3_peer_fail("truncated", 3); /* it has answered */
    assert_int_equal(get(s3, S("x"), (struct s3_range){0}, MAX, &got), E_BUSY);
    test_log_had(LOG_WARN, "the store of attachments gave no good answer");
    assert_false(s3_is_away(s3));
    s3_peer_fail("503", 3);
    assert_int_equal(get(s3, S("x"), (struct s3_range){0}, MAX, &got), E_BUSY);
    test_log_had(LOG_WARN, "the store of attachments gave no good answer");
    assert_true(s3_is_away(s3));
    assert_true(str_eq(s3_words(s3, test_arena()), S("503 ")));
    (void)s3_peer_requests();
    assert_int_equal(get(s3, S("x"), (struct s3_range){0}, MAX, &got), E_BUSY);
    assert_int_equal(put(s3, S("x"), S("bytes"), hash_of(S("bytes"))), E_BUSY);
    assert_true(str_eq(s3_peer_requests(), S("")));
    clock_fix(clock_now_ms() + 3600 * 1000);
    assert_int_equal(get(s3, S("x"), (struct s3_range){0}, MAX, &got), OK); /* one asks again */
    assert_true(str_eq(got, S("bytes")));
    assert_false(s3_is_away(s3));
    s3_close(s3);
}

static void what_a_store_refuses_is_not_missing(void **state)
{
    (void)state;
    static const char *const kinds[] = {"403", "clock", "nobucket"};
    struct s3 *s3 = opened();
    str got;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        s3_peer_fail(kinds[i], 4);
        assert_int_equal(get(s3, S("x"), (struct s3_range){0}, MAX, &got), E_UPSTREAM);
        test_log_had(LOG_WARN, "the store of attachments gave no good answer");
        assert_int_equal(put(s3, S("x"), S("b"), hash_of(S("b"))), E_UPSTREAM);
        test_log_had(LOG_WARN, "the store of attachments gave no good answer");
    }
    s3_close(s3);
    s3 = s3_peer_open(S(""), S("another secret"));
    s3_peer_clear();
    assert_int_equal(put(s3, S("x"), S("b"), hash_of(S("b"))), E_UPSTREAM);
    test_log_had(LOG_WARN, "SignatureDoesNotMatch");
    assert_true(str_eq(s3_peer_objects(), S("")));
    s3_close(s3);
}

static void bytes_that_are_not_of_their_hash_are_not_kept(void **state)
{
    (void)state;
    struct s3 *s3 = opened();
    assert_int_equal(put(s3, S("x"), S("bytes"), hash_of(S("others"))), E_BUSY);
    test_log_had(LOG_WARN, "XAmzContentSHA256Mismatch");
    assert_true(str_eq(s3_peer_objects(), S("")));
    s3_close(s3);
}

static void more_than_was_asked_for_is_not_taken(void **state)
{
    (void)state;
    struct s3 *s3 = opened();
    str bytes = long_bytes(), got;
    assert_int_equal(put(s3, S("x"), bytes, hash_of(bytes)), OK);
    assert_int_equal(get(s3, S("x"), (struct s3_range){0}, LONG - 1, &got), E_LIMIT);
    test_log_had(LOG_WARN, "the store of attachments gave no good answer");
    s3_close(s3);
}

static void a_new_object_takes_no_others_place(void **state)
{
    (void)state;
    struct s3 *s3 = opened();
    str got;
    assert_int_equal(s3_put_bytes(s3, test_arena(), S("mark"), S("one"), true), OK);
    assert_int_equal(s3_put_bytes(s3, test_arena(), S("mark"), S("two"), true), E_CONFLICT);
    assert_int_equal(get(s3, S("mark"), (struct s3_range){0}, MAX, &got), OK);
    assert_true(str_eq(got, S("one")));
    s3_close(s3);
}

static void a_store_that_knows_no_conditions_is_asked_without(void **state)
{
    (void)state;
    struct s3 *s3 = opened();
    str got;
    s3_peer_fail("501", 1);
    assert_int_equal(s3_put_bytes(s3, test_arena(), S("mark"), S("one"), true), OK);
    assert_true(str_eq(s3_peer_requests(), S("PUT /attachments/seva/one/mark 501\n"
                                             "PUT /attachments/seva/one/mark 200\n")));
    assert_int_equal(get(s3, S("mark"), (struct s3_range){0}, MAX, &got), OK);
    assert_true(str_eq(got, S("one")));
    s3_close(s3);
}

static void a_store_that_is_no_store_is_refused_at_once(void **state)
{
    (void)state;
    static const struct {
        const char *endpoint, *bucket, *secret, *why;
    } rows[] = {
        {"s3.example.com",              "files", "s", "endpoint"       },
        {"ftp://s3.example.com",        "files", "s", "endpoint"       },
        {"https://s3.example.com/path", "files", "s", "endpoint"       },
        {"https://me@s3.example.com",   "files", "s", "endpoint"       },
        {"https://s3.example.com",      "a/b",   "s", "bucket"         },
        {"https://s3.example.com",      "",      "s", "bucket"         },
        {"https://s3.example.com",      "files", "",  "secret"         },
        {"http://10.1.0.4:9000",        "files", "s", "--s3-path-style"},
        {"https://[fd00::4]:9000",      "files", "s", "--s3-path-style"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct s3_options options = {.endpoint = str_from(rows[i].endpoint),
            .bucket = str_from(rows[i].bucket),
            .key_id = S("k"),
            .secret = str_from(rows[i].secret)};
        struct s3 *s3;
        str why;
        assert_int_equal(s3_open(test_arena(), &options, &s3, &why), E_INVALID);
        assert_true(str_find(why, str_from(rows[i].why)) >= 0);
    }
}

/* The peer takes the bucket from the signed host's name. */
static void a_bucket_can_stand_in_the_hosts_name(void **state)
{
    (void)state;
    struct s3 *s3 = s3_peer_open_by_name(S("store.example"), S("seva/one"));
    str bytes = S("by its name"), got;
    s3_peer_clear();
    assert_int_equal(put(s3, S("7/a b"), bytes, hash_of(bytes)), OK);
    assert_true(str_eq(s3_peer_objects(), S("seva/one/7/a b\n")));
    assert_int_equal(get(s3, S("7/a b"), (struct s3_range){0}, MAX, &got), OK);
    assert_true(str_eq(got, bytes));
    assert_str(s3_peer_requests(), "PUT /seva/one/7/a%20b 200\nGET /seva/one/7/a%20b 200\n");
    assert_int_equal(s3_remove(s3, test_arena(), S("7/a b")), OK);
    s3_close(s3);
    s3 = s3_peer_open_by_name(S("elsewhere.example"), S("seva/one"));
    assert_int_equal(put(s3, S("7/a b"), bytes, hash_of(bytes)), E_BUSY);
    assert_true(str_find(s3_words(s3, test_arena()), S("elsewhere.example")) >= 0);
    test_log_had(LOG_WARN, "gave no good answer");
    s3_close(s3);
}

static void a_bucket_in_the_hosts_name_is_named_by_the_certificate(void **state)
{
    (void)state;
    static const char not_for_it[] = "its certificate is for another host";
    static const struct {
        const char *names, *bucket, *why;
    } rows[] = {
        {"DNS:*.store.example",                   "attachments", NULL      },
        {"DNS:attachments.store.example",         "attachments", NULL      },
        {"DNS:*.store.example,DNS:store.example", "attachments", NULL      },
        {"DNS:store.example",                     "attachments", not_for_it}, /* the bucket's is another */
        {"DNS:*.other.example",                   "attachments", not_for_it},
        {"DNS:*.store.example",                   "my.files",    not_for_it}, /* one label, not two */
        {"IP:127.0.0.1",                          "attachments", not_for_it}, /* whatever it leads to */
    };
    str bytes = S("by its name"), got;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct s3 *s3 =
            s3_peer_open_by_tls(rows[i].names, str_from(rows[i].bucket), S("store.example"));
        s3_peer_clear();
        err e = put(s3, S("7/a b"), bytes, hash_of(bytes));
        if (rows[i].why) {
            assert_int_equal(e, E_BUSY);
            assert_true(str_find(s3_words(s3, test_arena()), str_from(rows[i].why)) >= 0);
            assert_str(s3_peer_requests(), "");
            test_log_had(LOG_WARN, "gave no good answer");
        } else {
            assert_int_equal(e, OK);
            assert_int_equal(get(s3, S("7/a b"), (struct s3_range){0}, MAX, &got), OK);
            assert_true(str_eq(got, bytes));
            assert_str(s3_peer_requests(), "PUT /7/a%20b 200\nGET /7/a%20b 200\n");
        }
        s3_close(s3);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_put_is_there_and_goes),
        TEST(a_failing_store_is_asked_again),
        TEST(a_store_that_goes_on_failing_is_given_up),
        TEST(a_store_that_is_away_is_let_alone),
        TEST(what_a_store_refuses_is_not_missing),
        TEST(bytes_that_are_not_of_their_hash_are_not_kept),
        TEST(more_than_was_asked_for_is_not_taken),
        TEST(a_new_object_takes_no_others_place),
        TEST(a_store_that_knows_no_conditions_is_asked_without),
        TEST(a_store_that_is_no_store_is_refused_at_once),
        TEST(a_bucket_can_stand_in_the_hosts_name),
        TEST(a_bucket_in_the_hosts_name_is_named_by_the_certificate),
    };
    return cmocka_run_group_tests_name("net/s3", tests, NULL, NULL);
}
