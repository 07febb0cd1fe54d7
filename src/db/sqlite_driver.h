/* The parts of the SQLite driver among themselves: sqlite.c (opening, transactions), sqlite_stmt.c
 * (statements, errors), sqlite_lock.c (who has the write lock), sqlite_group.c (group commit),
 * sqlite_sync.c (when a commit is on the disk), sqlite_wal.c (checkpoints), sqlite_ship.c (what
 * commits changed), sqlite_words.c (words of the search index). */
#pragma once
#include "db/row.h"
#include "db/sqlite_ship.h"
#include "db/turn.h"

#include <sqlite3.h>
#include <stdatomic.h>

enum control {
    CONTROL_BEGIN_READ,
    CONTROL_BEGIN_WRITE,
    CONTROL_COMMIT,
    CONTROL_ROLLBACK,
    CONTROL_MEMBER_SET,
    CONTROL_MEMBER_KEEP,
    CONTROL_MEMBER_UNDO,
    CONTROL_SAVEPOINT_SET,
    CONTROL_SAVEPOINT_KEEP,
    CONTROL_SAVEPOINT_UNDO,
    CONTROL_COUNT,
};

enum { LITE_BUSY_MS = 1000 }; /* for a lock that another program holds on the file */

struct lite;
struct lite_conn {
    struct db_tx tx; /* first: a transaction is its connection */
    struct lite *lite;
    sqlite3 *handle;
    sqlite3_stmt *controls[CONTROL_COUNT];
    struct stmt_cache cache;
    struct lite_conn *next_free; /* readers */
    bool is_member;              /* writer: the savepoint of this member is set */
    bool is_first;               /* writer: nobody wrote in this group before it */
    bool is_script;              /* writer: a transaction of its own, not of the group */
    uint64_t seen;               /* reader: commits that it may have read; 0 = nothing yet */
    int64_t steps;               /* of SQLite's machine, so far */
};

struct group_member {
    db_done *done;
    void *arg;
    err result; /* OK until the group is lost */
};

/* A group that was committed and whose members are to be answered. */
struct group_owed {
    bool is_there;
    uint64_t commit, ticket;
    err result;
    int n;
    struct group_member members[LIMIT_GROUP_MEMBERS];
};

/* See sqlite_lock.c. */
struct write_lock {
    struct turn turn;
    int64_t long_ms, wait_ms; /* a line is written from then on; a member waits so long */
    int64_t commit_us;        /* the holder's alone: spent in COMMIT so far */
    pthread_mutex_t mutex;    /* guards the rest */
    const char *what;         /* what it is held for; NULL = free */
    char thread[16];
    int64_t since_us;
};

/* The open group. Only the holder of the write lock touches it, but for the part under the mutex.
 */
struct group {
    bool is_open;   /* BEGIN was sent */
    bool is_lost;   /* the database rolled everything back */
    bool has_pages; /* the last commit has written to the log */
    int64_t opened_us;
    int n_members;
    struct group_member members[LIMIT_GROUP_MEMBERS];
    uint64_t next_ticket; /* callbacks run in the order of tickets */

    pthread_mutex_t mutex; /* guards the rest */
    pthread_cond_t served_cond;
    uint64_t served;
    pthread_cond_t keeper_cond;
    int64_t due_us; /* the keeper looks for an idle open group then; 0 = never */
    bool is_ending;
    bool has_keeper;
    pthread_t keeper;
};

/* Commits are numbered from 1 as they come: announced before COMMIT, written after it, synced when
 * they are on the disk; those that wrote nothing too. */
struct log_sync {
    _Atomic uint64_t announced;
    pthread_mutex_t mutex; /* guards the rest */
    pthread_cond_t changed;
    sqlite3_file *log; /* the writer's; NULL before the first commit with pages */
    uint64_t written, synced;
    bool is_syncing;
};

/* The write-ahead log and who keeps it short. The connections are its thread's alone. */
struct wal {
    struct lite_conn guard, mover;
    int64_t sync_us;       /* its thread's, too: what the last pass's sync took */
    pthread_mutex_t mutex; /* guards the rest */
    pthread_cond_t changed;
    int pages;                              /* in the log after the last commit */
    int moved;                              /* of them in the database file for sure */
    int tried;                              /* of them when the last pass began */
    int pass_pages, force_pages, rest_most; /* see sqlite_wal.c */
    int anew_pages, anew_least;             /* when to try next; when the log is fresh */
    int tries;                              /* how often it was to begin anew, ever */
    int most_rest; /* pages that were moved under the write lock at once, ever */
    bool is_ending;
    bool has_thread;
    pthread_t thread;
};

/* What commits changed, for a copy that follows; see sqlite_ship.c. */
struct log_ship {
    bool is_on, keeps_log;   /* changed under the write lock */
    pthread_mutex_t reading; /* guards held, space and fd; taken before the mutex */
    struct ship_pages held;
    unsigned char *space;
    int fd;                /* of the log; −1 = closed */
    pthread_mutex_t mutex; /* guards the rest, never held while frames are read */
    bool is_lost, has_place, is_big;
    uint32_t page_bytes;
    unsigned char salt[8];
    int cycle;       /* counts how often the log began anew */
    int pages, read; /* frames of this log: committed, collected */
    uint32_t sum[2]; /* after the last one that was collected */
    int64_t last_ms, oldest_ms;
    int64_t next_ms; /* of the first commit that came while frames are read; 0 = none */
};

struct lite {
    struct db db; /* first */
    char *path;
    struct lite_conn writer;
    struct write_lock lock;
    struct group group;
    struct group_owed script_owed; /* while a script runs */
    struct log_sync sync;
    struct wal wal;
    struct log_ship ship;
    struct turn readers_turn;
    pthread_mutex_t readers_mutex; /* guards free_reader */
    struct lite_conn *free_reader;
    struct lite_conn *readers;
    int n_readers;
};

static inline struct lite_conn *conn_of(struct db_tx *tx)
{
    return (struct lite_conn *)tx;
}

/* ── sqlite_stmt.c ── */
/* Ends the process when the code says that an fsync failed. */
err lite_err(struct lite_conn *c, int code, str sql);
/* Once, as the connection opens: when memory has ended, the one that rolls back must be there. An
 * SQLite code. */
int lite_controls_make(struct lite_conn *c);
err lite_control(struct lite_conn *c, enum control which);
/* Rolls back first what an earlier transaction could not end for lack of memory. */
err lite_begin_fresh(struct lite_conn *c, enum control begin);
err lite_exec(struct db_tx *tx, str sql, const struct db_arg *args, ptrdiff_t n_args,
    struct row_sink *sink, int64_t *changed);
err lite_many(struct db_tx *tx, str row_sql, str set_sql, const struct db_rows_in *in,
    struct row_sink *sink, int64_t *changed);
void lite_forget_statements(struct lite_conn *c);
/* Sets the member's savepoint before its first write; the group's first member needs none. */
err lite_member_set(struct lite_conn *c);

/* ── sqlite_words.c ── */
/* The tokenizer that the search index names; a code of SQLite's. */
int words_register(sqlite3 *handle);

/* ── sqlite_lock.c ── */
bool lock_start(struct lite *l);
/* `what` it is held for: a literal, for the log. False after wait_ms of real time (logged). */
[[nodiscard]] bool lock_take(struct lite *l, const char *what, int64_t wait_ms, bool is_patient);
/* Only when it is free and nobody waits. */
[[nodiscard]] bool lock_try(struct lite *l, const char *what);
void lock_committed(struct lite *l, int64_t us); /* with the lock: so long a COMMIT took */
void lock_give(struct lite *l);

/* ── sqlite_group.c ── */
err group_start(struct lite *l);
void group_stop(struct lite *l); /* commits the open group, ends the keeper */
err group_begin(struct lite *l, bool is_patient, struct db_tx **tx);
void group_end(struct lite_conn *c, bool keep, db_done *done, void *arg);
/* After an error in the writer: has the database rolled the group back? */
void group_look(struct lite *l);
/* The lock with no group open, for migrations and checkpoints; group_leave gives it back, and then
 * answers the members of the group that was open, which waited for that. `what` for: for a log
 * line. */
err group_enter_alone(struct lite *l, const char *what, struct group_owed *owed);
void group_leave(struct lite *l, const struct group_owed *owed);

/* The sync of the log is over: a group that was left open meanwhile is due. Without the lock. */
void group_synced(struct lite *l);

/* ── sqlite_sync.c ── */
err sync_start(struct lite *l);
/* Around a COMMIT, with the lock. Gives the commit's number. */
uint64_t sync_announce(struct lite *l);
void sync_written(struct lite *l, uint64_t commit, bool has_pages);
/* The last commit that a statement which has just run can have seen. */
uint64_t sync_announced(struct lite *l);
/* Returns when the commit is on the disk; ends the process when that fails. Without the lock. */
void sync_reach(struct lite *l, uint64_t commit);
bool sync_is_running(struct lite *l);

/* ── sqlite_wal.c ── */
err wal_start(struct lite *l);
void wal_stop(struct lite *l); /* ends its thread; before group_stop */
/* With the lock and nobody else using the database: all into the file, the log is emptied. */
void wal_finish(struct lite *l);

/* ── sqlite_ship.c ── */
err log_ship_start(struct lite *l);
/* After each commit, under the lock: the log has so many frames now. */
void log_ship_committed(struct lite *l, int pages);
/* Reads what was committed, before the log may begin anew. */
void log_ship_collect(struct lite *l);
