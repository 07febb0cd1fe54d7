/* IMAP as a mailbox is read: signing in, opening a folder, finding what is new, fetching it in
 * pieces, marking and moving it, waiting for the next (IDLE), putting a copy into "Sent". Over
 * net/mail_line.h; answers are parsed by libetpan behind net/imap_guard.h. Not here: what is read
 * when, what is stored, MIME.
 *
 * A call gives OK or E_UPSTREAM; imap_end says in words how the last one ended. Some refusals leave
 * the connection as it was (a folder that is not there); imap_is_open tells. A connection that has
 * ended does nothing any more: close it and open another.
 *
 * UIDs are ours to sort and compare only within one uidvalidity. Folder names are UTF-8 here; on
 * the wire they are modified UTF-7 (RFC 3501, 5.1.3).
 *
 * Thread: one at a time; imap_cancel and imap_wake from any, between imap_make and imap_close. The
 * caller may be on the main thread only where SIGPIPE is ignored.
 * Source: RFC 3501, 9051, 2177 (IDLE), 4315 (UIDPLUS), 4959 (SASL-IR), 6154 (SPECIAL-USE), 6851
 * (MOVE), 7162 (CONDSTORE), 7628 (OAUTHBEARER); XOAUTH2 as Google and Microsoft describe it. */
#pragma once
#include "net/mail_line.h"

struct imap;

struct imap *imap_make(void); /* NULL: out of memory or descriptors */
/* Says LOGOUT as far as the connection takes it, waits for nothing. */
void imap_close(struct imap *imap);
void imap_cancel(struct imap *imap); /* any thread: ends the connection soon, MAIL_CANCELLED */
void imap_wake(struct imap *imap);   /* any thread: ends imap_idle, or else the next one */

/* The longest silence of the server, and of one whole command (fetching one batch or piece). 60 s
 * and 300 s until this is called. */
void imap_limit(struct imap *imap, int64_t step_ms, int64_t command_ms);

/* Once. Connects within timeout_ms, secures, reads what the server can do, signs in. Never says a
 * password in the clear unless the server is MAIL_PLAIN. A refused token is MAIL_BAD_LOGIN: get a
 * new one once, then stop. */
err imap_open(struct imap *imap, const struct mail_server *server, int64_t timeout_ms);
bool imap_is_open(const struct imap *imap);
/* How the last call ended; MAIL_DONE after OK. why lives in `a`. */
struct mail_end imap_end(const struct imap *imap, struct arena *a);

/* What this server can do, after imap_open. Case does not matter. */
bool imap_can(const struct imap *imap, str capability); /* "IDLE", "MOVE", "X-GM-EXT-1" */

struct imap_folder {
    uint32_t uidvalidity;    /* 0 = it does not say: its UIDs cannot be remembered */
    uint32_t uidnext;        /* 0 = it does not say */
    uint32_t exists;         /* mails in it */
    uint64_t highest_modseq; /* 0 = no CONDSTORE */
    bool is_read_only;
};
/* Opens a folder: "INBOX", "Archive/2026". MAIL_BAD_FOLDER when there is none such. */
err imap_select(struct imap *imap, str name, struct imap_folder *folder);

/* UIDs above `after` up to *until (UINT32_MAX: all), rising, at most max (≤ LIMIT_IMAP_SEARCH), the
 * lowest ones. since_ms: only mails that arrived on that day (UTC) or later, less a day for the
 * server's own zone; 0 = all. *uids lives in `a`. Large folders are searched in stretches until one
 * has something, so *until says how far was looked: the same where nothing more is to come. A
 * search of all takes what the server has told of new mails so far as heard (imap_idle). */
err imap_search(struct imap *imap, struct arena *a, uint32_t after, uint32_t *until,
    int64_t since_ms, ptrdiff_t max, uint32_t **uids, ptrdiff_t *count);

struct imap_mail {
    uint32_t uid;
    int64_t size;       /* bytes as the server counts; may be wrong */
    int64_t arrived_ms; /* INTERNALDATE; 0 = it does not say */
    bool is_seen, is_answered, is_flagged, is_deleted, is_draft;
};
/* What is known without fetching: at most LIMIT_IMAP_MAILS uids. Mails that are gone are left out;
 * in rising order. */
err imap_look(struct imap *imap, struct arena *a, const uint32_t *uids, ptrdiff_t count,
    struct imap_mail **mails, ptrdiff_t *found);

enum imap_piece { IMAP_MORE, IMAP_LAST, IMAP_TOO_LARGE /* more than max_bytes came; no more */ };
/* Takes a mail's bytes, on this thread; it must not jump. False ends the call with MAIL_CANCELLED,
 * and the connection with it. The bytes live until it returns. */
typedef bool imap_sink(void *arg, uint32_t uid, str bytes, enum imap_piece piece);
/* The mails' bytes, unchanged, without marking them as seen; at most LIMIT_IMAP_MAILS mails. Small
 * ones come whole and many to a command, each by one call with IMAP_LAST; a big one in pieces. The
 * mails are not always in the given order; pieces of one follow each other. A mail that is gone
 * comes not at all, nor one that the server cannot read (NIL). max_bytes: the longest mail (its
 * size is only what the server says). Where a batch ends with MAIL_BAD_ANSWER because sizes were a
 * lie, mails come nevertheless when they are asked for with size 0: then in pieces. */
err imap_fetch(struct imap *imap, const struct imap_mail *mails, ptrdiff_t count, int64_t max_bytes,
    imap_sink *sink, void *arg);
/* The header alone, at most LIMIT_IMAP_HEADER_BYTES; "" when the mail is gone. */
err imap_fetch_header(struct imap *imap, struct arena *a, uint32_t uid, str *header);

/* At most LIMIT_IMAP_MAILS uids. */
err imap_mark_seen(struct imap *imap, const uint32_t *uids, ptrdiff_t count);
/* By MOVE, else COPY, \Deleted and UID EXPUNGE; where that is missing too, they stay marked as
 * deleted, since EXPUNGE would take other people's mails along. MAIL_BAD_FOLDER: no such folder,
 * and nothing was moved. */
err imap_move(struct imap *imap, const uint32_t *uids, ptrdiff_t count, str folder);

/* Makes a folder. MAIL_REFUSED, and the like: the server does not want it. */
err imap_create(struct imap *imap, str folder);

struct imap_place {
    str name;
    char delimiter; /* between levels; 0 = none */
    bool can_select;
    /* RFC 6154 without the backslash: "Sent", "Drafts", "Trash", "Junk", "Archive", "All",
     * "Flagged"; "Inbox" for INBOX; "" = none is known. */
    str use;
};
/* All folders, at most LIMIT_IMAP_FOLDERS. */
err imap_list(struct imap *imap, struct arena *a, struct imap_place **places, ptrdiff_t *count);

/* Makes a mail's bytes: calls put with one piece after the other. False: it cannot be made, or put
 * has said false; then, and when it has another size than was said, the connection ends. */
typedef bool imap_source(void *arg, bool (*put)(void *to, str piece), void *to);
/* Puts a mail of `size` bytes, lines ending with CRLF, into a folder, marked as seen. *uid: where
 * the server says it, else 0; uid may be NULL. MAIL_BAD_FOLDER: no such folder. After MAIL_LOST
 * nobody knows whether it is there: search for its Message-ID. */
err imap_append(struct imap *imap, str folder, int64_t date_ms, int64_t size, imap_source *source,
    void *arg, uint32_t *uid);

enum imap_news {
    IMAP_NEWS,    /* the folder may have grown: search */
    IMAP_NO_NEWS, /* max_ms are over */
    IMAP_WOKEN,   /* imap_wake */
};
/* Waits until the selected folder grows; mails that have come since the last search count. By IDLE,
 * said anew every 25 minutes; without IDLE by NOOP every minute. */
err imap_idle(struct imap *imap, int64_t max_ms, enum imap_news *news);
err imap_noop(struct imap *imap);
/* Whether the selected folder holds a mail with this Message-ID (with its angle brackets). */
err imap_has_message_id(struct imap *imap, str message_id, bool *is_there);
