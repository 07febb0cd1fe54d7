/* The format of a backup: what was written is read, and whatever was cut, altered or sealed with
 * another key is refused. */
#include "test.h"

#include "app/backup_file.h"
#include "base/crypto_stream.h"

#include <string.h>

struct bytes {
    char at[512 * 1024];
    ptrdiff_t len, read;
};
static struct bytes made;

static err put(void *arg, str bytes)
{
    struct bytes *b = arg;
    if (b->len + bytes.len > (ptrdiff_t)sizeof b->at)
        return E_BUSY;
    memcpy(b->at + b->len, bytes.at, (size_t)bytes.len);
    b->len += bytes.len;
    return OK;
}

static err get(void *arg, void *to, ptrdiff_t room, ptrdiff_t *got)
{
    struct bytes *b = arg;
    *got = b->len - b->read < room ? b->len - b->read : room;
    memcpy(to, b->at + b->read, (size_t)*got);
    b->read += *got;
    return OK;
}

static const str no_key = S_INIT("");
static const str key = S_INIT("correct horse battery");

static void piece(struct backup_writer *w, enum backup_kind kind, str name, str content)
{
    assert_ok(backup_begin(w, kind, name, content.len));
    assert_ok(backup_add(w, str_sub(content, 0, 7)));
    assert_ok(backup_add(w, str_skip(content, 7)));
    assert_ok(backup_end(w, NULL));
}

/* A backup whose database has that many bytes. */
static void write_one(str with, ptrdiff_t size)
{
    struct backup_writer *w;
    static char database[BACKUP_CHUNK * 4];
    for (ptrdiff_t i = 0; i < size; i++)
        database[i] = (char)(i * 31 >> 3);
    struct arena a = arena_make(0);
    made.len = made.read = 0;
    assert_ok(backup_writer_open(&a, put, &made, with, &w));
    piece(w, BACKUP_INFO, no_key, S("seva 1\n"));
    piece(w, BACKUP_DATABASE, no_key, str_of(database, size));
    piece(w, BACKUP_BLOB, S("1/ab"), S("a picture"));
    piece(w, BACKUP_MISSING, S("1/cd"), S(""));
    assert_ok(backup_finish(w));
    arena_free(&a);
}

static err read_in(struct arena *a, str with, int *pieces, int64_t *bytes, str *why)
{
    struct backup_reader *r;
    struct backup_piece *p = NULL;
    char space[1000];
    ptrdiff_t got = 0;
    *pieces = 0;
    *bytes = 0;
    made.read = 0;
    TRY(backup_reader_open(a, get, &made, with, &r, why));
    do {
        err e = backup_next(r, &p);
        do {
            if (e == OK && p->kind != BACKUP_END)
                e = backup_read(r, space, (ptrdiff_t)sizeof space, &got);
            *bytes += got;
        } while (e == OK && got > 0);
        *why = e == OK ? (str){0} : backup_fault(r);
        TRY(e);
        ++*pieces;
    } while (p->kind != BACKUP_END);
    return OK;
}

/* To the end: how many pieces and bytes. */
static err read_one(str with, int *pieces, int64_t *bytes, str *why)
{
    struct arena a = arena_make(0);
    err e = read_in(&a, with, pieces, bytes, why);
    arena_free(&a);
    return e;
}

static void what_was_written_is_read(void **state)
{
    (void)state;
    /* Around the places where a chunk is just full. */
    for (ptrdiff_t size = BACKUP_CHUNK - 700; size < BACKUP_CHUNK + 20; size++) {
        int pieces;
        int64_t bytes;
        str why;
        write_one(no_key, size);
        assert_ok(read_one(no_key, &pieces, &bytes, &why));
        assert_int_equal(pieces, 5);
        assert_int_equal(bytes, 7 + size + 9);
    }
}

static void a_sealed_one_is_read_with_its_key_only(void **state)
{
    (void)state;
    static const ptrdiff_t sizes[] = {10, BACKUP_CHUNK * 3 + 5};
    int pieces;
    int64_t bytes;
    str why;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        write_one(key, sizes[i]);
        assert_true(str_find(str_of(made.at, made.len), S("a picture")) < 0);
        assert_ok(read_one(key, &pieces, &bytes, &why));
        assert_int_equal(bytes, 7 + sizes[i] + 9);
        assert_err(read_one(S("another horse battery"), &pieces, &bytes, &why), E_INVALID);
        assert_true(str_find(why, S("the key is another one")) == 0);
    }
    assert_err(read_one(no_key, &pieces, &bytes, &why), E_INVALID);
    assert_true(str_find(why, S("--encrypt-key-file")) > 0);
    write_one(no_key, 10);
    assert_err(read_one(key, &pieces, &bytes, &why), E_INVALID);
    assert_true(str_find(why, S("not encrypted")) > 0);
}

static void a_sealed_one_may_end_with_a_full_chunk(void **state)
{
    (void)state;
    int pieces, full = 0;
    int64_t bytes;
    str why;
    ptrdiff_t whole = BACKUP_MAGIC + CRYPTO_STREAM_HEAD + BACKUP_CHUNK + 2 * CRYPTO_STREAM_MORE;
    write_one(key, BACKUP_CHUNK / 2);
    ptrdiff_t around = made.len - BACKUP_CHUNK / 2 + CRYPTO_STREAM_MORE;
    ptrdiff_t just = BACKUP_CHUNK / 2 + whole - (BACKUP_CHUNK / 2 + around);
    for (ptrdiff_t size = just - 2; size <= just + 2; size++) {
        write_one(key, size);
        full += made.len == whole;
        assert_ok(read_one(key, &pieces, &bytes, &why));
    }
    assert_int_equal(full, 1);
}

static void a_cut_one_is_refused_wherever_it_ends(void **state)
{
    (void)state;
    int pieces;
    int64_t bytes;
    str why;
    write_one(no_key, 200);
    for (ptrdiff_t whole = made.len; made.len > 0;) {
        made.len--;
        assert_err(read_one(no_key, &pieces, &bytes, &why), E_INVALID);
        assert_true(why.len > 0);
        if (made.len < whole - 1 && made.len >= BACKUP_MAGIC)
            assert_str(why, "the file is cut: its end is missing");
    }
    write_one(key, BACKUP_CHUNK * 2);
    ptrdiff_t head = BACKUP_MAGIC + CRYPTO_STREAM_HEAD, chunk = BACKUP_CHUNK + CRYPTO_STREAM_MORE;
    const ptrdiff_t ends[] = {made.len - 1, head + 2 * chunk, head + chunk + 5, head + chunk, head};
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        made.len = ends[i];
        assert_err(read_one(key, &pieces, &bytes, &why), E_INVALID);
        assert_true(str_find(why, S("cut")) >= 0);
    }
}

static void an_altered_byte_is_found_wherever_it_is(void **state)
{
    (void)state;
    int pieces;
    int64_t bytes;
    str why;
    write_one(no_key, 200);
    for (ptrdiff_t i = 0; i < made.len; i++) {
        made.at[i] ^= 1;
        assert_err(read_one(no_key, &pieces, &bytes, &why), E_INVALID);
        made.at[i] ^= 1;
    }
    write_one(key, BACKUP_CHUNK);
    for (ptrdiff_t i = 0; i < made.len; i += made.len / 7) {
        made.at[i] ^= 1;
        assert_err(read_one(key, &pieces, &bytes, &why), E_INVALID);
        made.at[i] ^= 1;
    }
}

static void what_comes_after_its_end_is_refused(void **state)
{
    (void)state;
    int pieces;
    int64_t bytes;
    str why;
    write_one(no_key, 200);
    assert_ok(put(&made, S("x")));
    assert_err(read_one(no_key, &pieces, &bytes, &why), E_INVALID);
    assert_str(why, "there is something after the backup's end");
    write_one(key, 200);
    assert_ok(put(&made, S("x")));
    assert_err(read_one(key, &pieces, &bytes, &why), E_INVALID);
}

static void pieces_that_were_left_out_are_missed(void **state)
{
    (void)state;
    int pieces;
    int64_t bytes;
    str why;
    write_one(no_key, 200);
    str all = str_of(made.at, made.len);
    ptrdiff_t from = str_find(all, S("missing 0 ")), to = str_find(all, S("end "));
    assert_true(from > 0 && to > from);
    memmove(made.at + from, made.at + to, (size_t)(made.len - to));
    made.len -= to - from;
    assert_err(read_one(no_key, &pieces, &bytes, &why), E_INVALID);
}

static void a_newer_format_and_other_files_are_named(void **state)
{
    (void)state;
    int pieces;
    int64_t bytes;
    str why;
    made.len = 0;
    assert_ok(put(&made, S("seva backup 2 p\nwhatever")));
    assert_err(read_one(no_key, &pieces, &bytes, &why), E_INVALID);
    assert_true(str_find(why, S("newer version")) > 0);
    made.len = 0;
    assert_ok(put(&made, S("SQLite format 3")));
    assert_err(read_one(no_key, &pieces, &bytes, &why), E_INVALID);
    assert_str(why, "this is no backup of Seva");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_was_written_is_read),
        TEST(a_sealed_one_is_read_with_its_key_only),
        TEST(a_sealed_one_may_end_with_a_full_chunk),
        TEST(a_cut_one_is_refused_wherever_it_ends),
        TEST(an_altered_byte_is_found_wherever_it_is),
        TEST(what_comes_after_its_end_is_refused),
        TEST(pieces_that_were_left_out_are_missed),
        TEST(a_newer_format_and_other_files_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
