/* doctor_inner: what the rooms of the doctor share: doctor.c (the order of it all), doctor_report.c
 * (what is said), doctor_database.c, doctor_rows.c, doctor_files.c,
 * doctor_ship.c (the checks), doctor_mend.c. */
#pragma once
#include "app/blobs.h"
#include "app/doctor.h"
#include "base/json.h"
#include "model/ctx.h"

enum { DOCTOR_SHOWN = 20, DOCTOR_MEND_LINES = 50 };

struct mend {
    str line; /* as doctor_mend takes it */
    str what; /* for people */
    struct mend *next;
};

struct doctor {
    struct arena *a;   /* lives as long as the doctor: what is said and what is to be mended */
    struct arena page; /* one look into the database */
    const struct settings *settings;
    struct files files;
    struct config config;
    bool is_deep, is_json, repairs;
    bool has_server; /* a server holds the data folder */
    bool is_held;    /* another command does: an import, a migration */
    bool has_keys;
    bool is_damaged; /* pages of the database */
    struct db *db;
    struct ctx cx; /* of the look that is open */
    struct json_out json;
    str check;          /* of the findings that follow */
    int64_t said, more; /* findings of this check; those that were not shown */
    int64_t wrong;      /* nobody mends them */
    int64_t mendable, mended;
    struct mend *first, **last;
};

/* ── doctor_report.c ── */
/* What follows is about this; nothing wrong so far. */
void report_begin(struct doctor *d, const char *check);
/* `what` is well, unless something was said since report_begin. */
void report_end(struct doctor *d, str what);
/* Worth knowing, and nothing wrong. */
void report_note(struct doctor *d, str what, str advice);
void report_wrong(struct doctor *d, str what, str advice);
/* `seva doctor --repair` puts it right by this line. */
void report_mendable(struct doctor *d, str what, str line);
void report_mended(struct doctor *d, str what);
void report_last(struct doctor *d);

/* ── a look: a DB_READ transaction in d->page, over an account unless it is {0} ── */
err look_begin(struct doctor *d, account_id account);
void look_end(struct doctor *d);
/* What a look that failed says. */
void look_failed(struct doctor *d, const char *what, err e);

/* ── the checks ── */
/* False: there is nothing that could be looked at any further. */
bool doctor_look_at_database(struct doctor *d);
void doctor_look_at_rows(struct doctor *d, const account_id *accounts, ptrdiff_t n);
void doctor_look_at_files(struct doctor *d, const account_id *accounts, ptrdiff_t n);
void doctor_look_at_ship(struct doctor *d); /* --ship's folder, when one is set */

#define DAMAGE_ADVICE                                                                               \
    S("stop the server and put the last backup in its place (docs/operations.md, \"When something " \
      "is damaged\")")
