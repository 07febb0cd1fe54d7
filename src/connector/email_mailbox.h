/* email_mailbox: what the files share that read a mailbox: email_listen.c (what is new),
 * email_place.c (its folders and how far each is read), email_compare.c (whether anything was
 * missed), email_left.c (what does not come). Nobody else includes it. Thread: one per mailbox;
 * blocks. */
#pragma once
#include "connector/email.h"
#include "net/imap.h"

enum {
    MAILBOX_BATCH = 200, /* mails looked at and marked together; at most LIMIT_IMAP_MAILS */
    MAILBOX_GROUP = 64, /* short mails stored in one transaction, as many as are received at once */
    MAILBOX_MAIL_BYTES = 50 * 1024 * 1024,
    MAILBOX_LEFT = 16, /* mails left behind in one folder: more are no single mail's fault */
};

/* A folder and how far it is read. Cursors: {"uidvalidity", "uid": everything up to it is stored,
 * "told": and marked, "last_ms": when the newest arrived, "since_ms": of mails up to "old_uid" only
 * those count that have arrived since then (by the day, which is the server's own; with "exact" to
 * the second), "folder"}: the first folder's, with those of the others as "more" and,
 * "compared_ms", when the mailbox was compared last. When the server numbers its mails anew
 * (uidvalidity, or another "mailbox", which is a hash of server and user), those since the day
 * before last_ms, but none before since_ms, are read once more; what is stored already is known by
 * its bytes and its Message-ID. What does not count is neither read nor marked. "left":
 * what the server shows but does not hand out; "ended": at which it ends the connection, "broke":
 * how often it has last, at "broke_uid" or one of several (email_left.c). "careful": the server's
 * sizes were a lie, so the next mails come in pieces. */
struct mailbox_place {
    str folder;
    int64_t uidvalidity, uid, told, last_ms, since_ms, old_uid;
    bool is_exact;
    uint32_t left[MAILBOX_LEFT], ended[MAILBOX_LEFT];
    int n_left, n_ended;
    int64_t broke, broke_uid;
};

struct mailbox {
    struct http_client *client;
    struct arena *a;          /* of the whole call: little is kept there */
    struct arena work;        /* of one batch */
    struct arena bytes_arena; /* of one group's mails */
    const struct connector_listen *in;
    struct imap *imap;
    str name;           /* of the mailbox, in the cursors */
    str after, move_to; /* the settings: read once, since a stream lives for months */
    struct mailbox_place places[EMAIL_FOLDERS];
    int n_places;
    struct mailbox_place *at; /* the open one */
    int64_t compared_ms;
    int64_t opened_ms; /* clock_mono_ms of the sign-in; 0 = never */
    /* The batch: its mails may come in any order, so each says whether it is stored. */
    const struct imap_mail *mails;
    bool *is_stored;
    ptrdiff_t n_mails;
    struct connector_delivery group[MAILBOX_GROUP]; /* short ones that are not stored yet */
    uint32_t group_uids[MAILBOX_GROUP];
    ptrdiff_t n_group, group_bytes;
    struct sb bytes; /* of the mail that comes now, as long as it is short */
    int64_t size;
    bool is_long, is_stopped, is_careful;
    bool is_asked;           /* somebody wants a comparison now */
    struct mail_end refused; /* what the server has refused in a folder, first of this round */
    bool has_broken;         /* the connection ended while a mail was read */
    /* While it is compared: what is said of those that are fetched; in work. */
    const struct connector_about *abouts;
    const uint32_t *about_uids;
    ptrdiff_t n_abouts;
};

str mailbox_setting(struct mailbox *m, const char *name);

/* email_place.c */
/* The folders that the settings name, each with its cursors. */
void mailbox_places(struct mailbox *m);
str mailbox_cursors(struct mailbox *m); /* in work */
/* Opens it; it may be new to us, or numbered anew. */
err mailbox_open(struct mailbox *m, struct mailbox_place *at);

/* email_listen.c: fetches and stores these mails of the open folder; what is gone does not come. */
err mailbox_fetch(struct mailbox *m, const uint32_t *uids, ptrdiff_t n);
/* The server refuses what was asked last, and the connection is as it was. */
bool mailbox_has_refused(struct mailbox *m);
/* Stored mails are marked or moved as the account wants it; those left behind are not. */
err mailbox_mark(struct mailbox *m, const uint32_t *uids, ptrdiff_t n);

/* email_left.c. After a fetch: what is still there and has not come is left behind, and told once,
 * as a delivery that becomes no message. */
err mailbox_leave(struct mailbox *m);
bool mailbox_is_left(const struct mailbox_place *at, uint32_t uid);
bool mailbox_is_ended(const struct mailbox_place *at, uint32_t uid);
/* The connection ended while this mail was read; 0 = one of several, which are asked for one by one
 * from now on. */
void mailbox_broke(struct mailbox *m, uint32_t uid);
/* Asks for what was left behind once more. */
err mailbox_ask_again(struct mailbox *m);

/* email_compare.c: every few hours, and when somebody asks: fetches what of the last two days is
 * not known here, and tells the ledger. Leaves another folder open. */
bool mailbox_is_due(const struct mailbox *m, int64_t now_ms);
err mailbox_compare(struct mailbox *m, int64_t now_ms);
