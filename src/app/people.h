/* people: what `init`, `user` and `account` do, in one transaction each, by the same rooms as the
 * API; run by the command itself or, while a server holds the data folder, by the server
 * (admin.h). */
#pragma once
#include "app/config.h"
#include "db/db.h"
#include "model/config.h"

struct people {
    struct db *db;
    const struct config *config;
};

/* Runs the command words of s ("user add MAIL" …). password: already read from its file, or empty.
 * The reply for the person goes to *out; returns the process's exit code. */
int people_command(
    struct arena *a, const struct people *people, const struct settings *s, str password, str *out);
#define PEOPLE_HAS_ACCOUNTS                                                                          \
    "this installation has accounts already: `seva account add` makes another one, `seva user link " \
    "MAIL` lets somebody in"

/* E_CONFLICT, and *why: there are accounts. */
err people_are_none(struct arena *a, struct db *db, str *why);
/* `seva init`: the first account with its owner, two channels and an owner's token. */
int people_init(
    struct arena *a, const struct people *people, const struct settings *s, str password, str *out);
