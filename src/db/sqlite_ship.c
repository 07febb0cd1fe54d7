/* sqlite_ship: see sqlite_ship.h. Source: SQLite's "WAL-mode File Format".
 *
 * on_commit (sqlite_wal.c) notes how many frames the log has; whoever collects reads those that
 * are committed and new from the file, holds each to its checksum, which goes over all before it,
 * and keeps the newest of each page. SQLite writes over the log's beginning once all of it is in
 * the database file and no reader needs it: so all is collected before a pass lets its guard go,
 * and before the lock is given back after the last rest was moved. That a log has begun anew is
 * known by its salts; if something of it had not been read by then, the user is told to begin
 * again.
 *
 * The log's file is opened a second time: locks stand on the other files (closing a descriptor
 * drops its process's locks on that file), and the system reads from its cache.
 *
 * Thread: on_commit the committing one under the write lock; others any. Shared: struct log_ship.
 */
#include "db/sqlite_driver.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"

enum {
    HEAD_BYTES = 32,       /* of the log */
    FRAME_HEAD_BYTES = 24, /* of each frame: page, length after a commit, salts, sums */
    SALT_AT = 16,
    SUM_AT = 24,
    SALT_BYTES = 8,
    BATCH_BYTES = 256 * 1024, /* read at once */
    FIRST_PAGES = 256,
};

static uint32_t big32(const unsigned char *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | (uint32_t)at[3];
}

/* ── pages ── */

void ship_pages_free(struct ship_pages *p)
{
    free(p->numbers);
    free(p->content);
    free(p->table);
    *p = (struct ship_pages){0};
}

static uint32_t place_of(const struct ship_pages *p, uint32_t number)
{
    uint32_t at = number * 2654435761u & (p->table_room - 1);
    while (p->table[at] != 0 && p->numbers[p->table[at] - 1] != number)
        at = (at + 1) & (p->table_room - 1);
    return at;
}

static bool grow(struct ship_pages *p)
{
    uint32_t room = p->room > 0 ? p->room * 2 : FIRST_PAGES;
    if ((int64_t)room * p->page_bytes > SHIP_HELD_BYTES)
        return false;
    uint32_t *numbers = alloc_resize(p->numbers, (ptrdiff_t)(room * sizeof *numbers));
    if (numbers == NULL)
        return false;
    p->numbers = numbers;
    char *content = alloc_resize(p->content, (ptrdiff_t)room * (ptrdiff_t)p->page_bytes);
    if (content == NULL)
        return false;
    p->content = content;
    uint32_t *table = alloc_zero((ptrdiff_t)(room * 2 * sizeof *table));
    if (table == NULL)
        return false;
    free(p->table);
    p->table = table;
    p->table_room = room * 2;
    p->room = room;
    for (uint32_t i = 0; i < p->n; i++)
        p->table[place_of(p, p->numbers[i])] = i + 1;
    return true;
}

static bool put(struct ship_pages *p, uint32_t number, const unsigned char *content)
{
    if (p->n == p->room && !grow(p))
        return false;
    uint32_t at = place_of(p, number);
    if (p->table[at] == 0) {
        p->numbers[p->n++] = number;
        p->table[at] = p->n;
    }
    memcpy(p->content + (size_t)(p->table[at] - 1) * p->page_bytes, content, p->page_bytes);
    return true;
}

/* ── the log ── */

/* SQLite's sum over pairs of words, which goes on from frame to frame. */
static void sum_add(uint32_t sum[2], bool is_big, const unsigned char *at, ptrdiff_t len)
{
    for (ptrdiff_t i = 0; i < len; i += 8) {
        uint32_t one, two;
        if (is_big) {
            one = big32(at + i);
            two = big32(at + i + 4);
        } else {
            one = (uint32_t)at[i + 3] << 24 | (uint32_t)at[i + 2] << 16 | (uint32_t)at[i + 1] << 8 |
                  at[i];
            two = (uint32_t)at[i + 7] << 24 | (uint32_t)at[i + 6] << 16 | (uint32_t)at[i + 5] << 8 |
                  at[i + 4];
        }
        sum[0] += one + sum[1];
        sum[1] += two + sum[0];
    }
}

static bool read_exactly(int fd, int64_t offset, void *to, ptrdiff_t len)
{
    ssize_t n = pread(fd, to, (size_t)len, offset);
    return n == len;
}

/* With the mutex. Nothing more is collected; who takes is told. */
static void lose(struct log_ship *s, const char *why)
{
    if (!s->is_lost)
        log_line(LOG_WARN, "pages for the shipped copy were missed", LOG_Z("why", why));
    s->is_lost = true;
}

static int64_t frame_at(const struct log_ship *s, int frame)
{
    return HEAD_BYTES + (int64_t)frame * (FRAME_HEAD_BYTES + (int64_t)s->page_bytes);
}

/* With the mutex: the log's head is another than before, or there was none. */
static bool take_head(struct log_ship *s, const unsigned char head[HEAD_BYTES])
{
    uint32_t magic = big32(head), size = big32(head + 8);
    if ((magic & 0xfffffffe) != 0x377f0682 || size < 512 || size > 65536)
        return false;
    s->is_big = (magic & 1) != 0;
    s->page_bytes = size;
    memcpy(s->salt, head + SALT_AT, SALT_BYTES);
    s->sum[0] = big32(head + SUM_AT);
    s->sum[1] = big32(head + SUM_AT + 4);
    s->read = 0;
    s->cycle++;
    return true;
}

/* With the mutex: the first commit since the beginning is the place where reading starts. */
static bool take_place(struct log_ship *s, int pages)
{
    unsigned char frame[FRAME_HEAD_BYTES];
    if (!read_exactly(s->fd, frame_at(s, pages - 1), frame, FRAME_HEAD_BYTES) ||
        memcmp(frame + 8, s->salt, SALT_BYTES) != 0)
        return false;
    s->sum[0] = big32(frame + 16);
    s->sum[1] = big32(frame + 20);
    s->read = pages;
    s->has_place = true;
    return true;
}

static void look(struct log_ship *s, int pages)
{
    unsigned char head[HEAD_BYTES];
    if (!read_exactly(s->fd, 0, head, HEAD_BYTES)) {
        lose(s, "the log cannot be read");
        return;
    }
    bool is_new = !s->has_place || memcmp(head + SALT_AT, s->salt, SALT_BYTES) != 0;
    if (is_new && s->has_place && s->read < s->pages)
        lose(s, "the log began anew before all of it was read");
    else if (is_new && !take_head(s, head))
        lose(s, "the log's head is strange");
    else if (!s->has_place && !take_place(s, pages))
        lose(s, "the log's end is strange");
    s->pages = pages;
    s->last_ms = clock_now_ms();
    if (s->oldest_ms == 0)
        s->oldest_ms = s->last_ms;
    if (s->next_ms == 0)
        s->next_ms = s->last_ms;
}

void log_ship_committed(struct lite *l, int pages)
{
    struct log_ship *s = &l->ship;
    if (!s->is_on) /* it changes under the write lock */
        return;
    (void)pthread_mutex_lock(&s->mutex);
    if (!s->is_lost)
        look(s, pages);
    (void)pthread_mutex_unlock(&s->mutex);
}

/* ── collecting ── */

/* What a collector knows when it begins. */
struct span {
    int from, to, cycle;
    uint32_t sum[2];
    int64_t last_ms;
};

/* With `reading`. False: what is there is not what was committed. */
static bool take_frame(struct log_ship *s, struct span *span, const unsigned char *frame, int nr)
{
    uint32_t number = big32(frame), length = big32(frame + 4);
    if (memcmp(frame + 8, s->salt, SALT_BYTES) != 0)
        return false;
    sum_add(span->sum, s->is_big, frame, 8);
    sum_add(span->sum, s->is_big, frame + FRAME_HEAD_BYTES, s->page_bytes);
    if (span->sum[0] != big32(frame + 16) || span->sum[1] != big32(frame + 20) || number == 0)
        return false;
    if (nr == span->to - 1 && length == 0)
        return false; /* the last one ends a commit */
    if (length != 0)
        s->held.db_pages = length;
    return true;
}

static const char *read_span(struct log_ship *s, struct span *span)
{
    ptrdiff_t frame_bytes = FRAME_HEAD_BYTES + (ptrdiff_t)s->page_bytes;
    int at_once = BATCH_BYTES / (int)frame_bytes;
    for (int nr = span->from; nr < span->to;) {
        int n = span->to - nr < at_once ? span->to - nr : at_once;
        if (!read_exactly(s->fd, frame_at(s, nr), s->space, n * frame_bytes))
            return "the log cannot be read";
        for (int i = 0; i < n; i++, nr++) {
            const unsigned char *frame = s->space + i * frame_bytes;
            if (!take_frame(s, span, frame, nr))
                return "the log is not what was committed";
            if (!put(&s->held, big32(frame), frame + FRAME_HEAD_BYTES))
                return "too much waits to be shipped";
        }
    }
    return NULL;
}

/* With `reading`. */
static void collect(struct log_ship *s)
{
    (void)pthread_mutex_lock(&s->mutex);
    struct span span = {
        .from = s->read,
        .to = s->pages,
        .cycle = s->cycle,
        .sum = {s->sum[0], s->sum[1]},
        .last_ms = s->last_ms
    };
    bool has_work = s->is_on && s->has_place && !s->is_lost && span.from < span.to;
    s->held.page_bytes = s->page_bytes;
    s->next_ms = 0;
    (void)pthread_mutex_unlock(&s->mutex);
    if (!has_work)
        return;
    const char *why = read_span(s, &span);
    (void)pthread_mutex_lock(&s->mutex);
    if (why == NULL && s->cycle != span.cycle)
        why = "the log began anew while it was read";
    if (why != NULL) {
        lose(s, why);
    } else {
        s->read = span.to;
        s->sum[0] = span.sum[0];
        s->sum[1] = span.sum[1];
        s->held.at_ms = span.last_ms;
    }
    if (s->is_lost)
        ship_pages_free(&s->held);
    (void)pthread_mutex_unlock(&s->mutex);
}

void log_ship_collect(struct lite *l)
{
    struct log_ship *s = &l->ship;
    (void)pthread_mutex_lock(&s->reading);
    collect(s);
    (void)pthread_mutex_unlock(&s->reading);
}

/* ── the user ── */

err log_ship_start(struct lite *l)
{
    struct log_ship *s = &l->ship;
    s->fd = -1;
    if (pthread_mutex_init(&s->mutex, NULL) != 0 || pthread_mutex_init(&s->reading, NULL) != 0)
        return E_BUSY;
    return OK;
}

/* With the write lock: the file is there once the database was read or written. */
static err open_log(struct lite *l)
{
    struct log_ship *s = &l->ship;
    char *path = alloc_zero((ptrdiff_t)strlen(l->path) + 5);
    s->space = s->space ? s->space : alloc_zero(BATCH_BYTES);
    if (path == NULL || s->space == NULL) {
        free(path);
        return E_BUSY;
    }
    memcpy(path, l->path, strlen(l->path));
    memcpy(path + strlen(l->path), "-wal", 5);
    s->fd = open(path, O_RDONLY | O_CLOEXEC);
    free(path);
    return s->fd >= 0 ? OK : E_BUSY;
}

/* A commit that changes nothing, so that on_commit says where the log stands. */
static err commit_nothing(struct lite *l)
{
    uint64_t number = sync_announce(l);
    l->group.has_pages = false;
    int code = sqlite3_exec(
        l->writer.handle, "BEGIN IMMEDIATE; PRAGMA user_version=0; COMMIT", NULL, NULL, NULL);
    err e = code == SQLITE_OK ? OK : lite_err(&l->writer, code, S("a place in the log"));
    if (sqlite3_get_autocommit(l->writer.handle) == 0)
        (void)sqlite3_exec(l->writer.handle, "ROLLBACK", NULL, NULL, NULL); /* BEGIN fails if not */
    sync_written(l, number, l->group.has_pages);
    return e;
}

/* With the mutex, when the place is after the last commit: back to one before. What stands there
 * must have the sum that stood there then; SQLite has gone on from it, since the sums of all that
 * follows go over it. */
static bool go_back(struct log_ship *s, const struct ship_place *from)
{
    unsigned char at[FRAME_HEAD_BYTES];
    if (from->frames > (uint32_t)s->read || from->salts[0] != big32(s->salt) ||
        from->salts[1] != big32(s->salt + 4))
        return false;
    int64_t sums_at = from->frames > 0 ? frame_at(s, (int)from->frames - 1) + 16 : SUM_AT;
    if (!read_exactly(s->fd, sums_at, at, 8) || from->sums[0] != big32(at) ||
        from->sums[1] != big32(at + 4))
        return false;
    s->read = (int)from->frames;
    s->sum[0] = from->sums[0];
    s->sum[1] = from->sums[1];
    return true;
}

err sqlite_ship_begin(struct db *db, const struct ship_place *from, int64_t *missed)
{
    struct lite *l = (struct lite *)db;
    struct log_ship *s = &l->ship;
    struct group_owed owed;
    sqlite_ship_end(db);
    TRY(group_enter_alone(l, "the beginning of a shipped copy", &owed));
    err e = open_log(l);
    (void)pthread_mutex_lock(&s->mutex);
    s->is_on = e == OK;
    (void)pthread_mutex_unlock(&s->mutex);
    if (e == OK)
        e = commit_nothing(l);
    (void)pthread_mutex_lock(&s->mutex);
    bool has_place = s->has_place && !s->is_lost, goes_on = true;
    if (e == OK && has_place && from != NULL)
        goes_on = go_back(s, from);
    int64_t before = goes_on && from != NULL ? s->pages - (int64_t)from->frames - 1 : 0;
    s->oldest_ms = 0;
    (void)pthread_mutex_unlock(&s->mutex);
    group_leave(l, &owed);
    if (e == OK && has_place && goes_on) {
        *missed = before > 0 ? before : 0; /* without the commit that was made here */
        return OK;
    }
    sqlite_ship_end(db);
    return e != OK ? e : has_place ? E_CONFLICT : E_BUSY;
}

void sqlite_ship_keep_log(struct db *db)
{
    struct lite *l = (struct lite *)db;
    struct group_owed owed;
    if (group_enter_alone(l, "keeping the log", &owed) != OK)
        return; /* logged; a base is made anew */
    l->ship.keeps_log = true;
    group_leave(l, &owed);
}

err sqlite_ship_take(struct db *db, struct ship_pages *pages)
{
    struct log_ship *s = &((struct lite *)db)->ship;
    (void)pthread_mutex_lock(&s->reading);
    collect(s);
    (void)pthread_mutex_lock(&s->mutex);
    bool is_well = s->is_on && !s->is_lost;
    if (is_well) {
        *pages = s->held;
        pages->oldest_ms = s->held.n > 0 ? s->oldest_ms : 0;
        pages->place = (struct ship_place){
            .salts = {big32(s->salt), big32(s->salt + 4)},
            .frames = (uint32_t)s->read,
            .sums = {s->sum[0],      s->sum[1]         }
        };
        s->held = (struct ship_pages){0};
        s->oldest_ms = s->next_ms;
    }
    (void)pthread_mutex_unlock(&s->mutex);
    (void)pthread_mutex_unlock(&s->reading);
    return is_well ? OK : E_CONFLICT;
}

int64_t sqlite_ship_waiting_ms(struct db *db)
{
    struct log_ship *s = &((struct lite *)db)->ship;
    (void)pthread_mutex_lock(&s->mutex);
    int64_t ms = s->oldest_ms;
    (void)pthread_mutex_unlock(&s->mutex);
    return ms;
}

void sqlite_ship_end(struct db *db)
{
    struct lite *l = (struct lite *)db;
    struct log_ship *s = &l->ship;
    struct group_owed owed;
    if (!s->is_on)
        return;
    bool is_alone = group_enter_alone(l, "the end of a shipped copy", &owed) == OK;
    (void)pthread_mutex_lock(&s->reading);
    (void)pthread_mutex_lock(&s->mutex);
    s->is_on = s->is_lost = s->has_place = false;
    s->oldest_ms = 0;
    s->pages = s->read = 0;
    file_close(s->fd);
    s->fd = -1;
    ship_pages_free(&s->held);
    free(s->space);
    s->space = NULL;
    (void)pthread_mutex_unlock(&s->mutex);
    (void)pthread_mutex_unlock(&s->reading);
    if (is_alone)
        group_leave(l, &owed);
}
