/* Every maximum of the program: one line each, with unit and reason. A loop, buffer, list or depth
 * over foreign data that has no line here is a bug. */
#pragma once

/* A table, one line a limit, kept aligned by hand. */
/* clang-format off */
enum {
    /* name                              value                unit: reason */
    LIMIT_ARENA_BYTES                  = 64 * 1024 * 1024,  /* bytes: one request or job; bombs end here */
    LIMIT_JSON_DEPTH                   = 32,                /* levels: deepest network payload seen is 11 */
    LIMIT_JSON_BODY_BYTES              = 1024 * 1024,       /* bytes: API bodies; files go by uploads */
    LIMIT_WEBHOOK_BODY_BYTES           = 1024 * 1024,       /* bytes: inbound webhooks; Meta batches stay below */
    LIMIT_HTTP_LINE_BYTES              = 8 * 1024,          /* bytes: request line */
    LIMIT_HTTP_HEADER_BYTES            = 32 * 1024,         /* bytes: all header fields */
    LIMIT_HTTP_HEADERS                 = 100,               /* count */
    LIMIT_HTTP_HEADER_MS               = 10 * 1000,         /* ms: whole header */
    LIMIT_HTTP_BODY_MS                 = 30 * 1000,         /* ms: body of at most 1 MiB */
    LIMIT_HTTP_IDLE_MS                 = 60 * 1000,         /* ms: between requests */
    LIMIT_HTTP_QUERY_PAIRS             = 64,                /* pairs in one query or form */
    LIMIT_HTTP_BODY_BYTES              = 1024 * 1024,       /* bytes: any request body; files come in parts */
    LIMIT_HTTP_BODIES_BYTES            = 256 * 1024 * 1024, /* bytes: all bodies in memory at once, then 503 */
    LIMIT_HTTP_LONG_BODY_BYTES         = 50 * 1024 * 1024,  /* bytes: a body that goes into a file (mails; 35 MB of attachments in base64) */
    LIMIT_HTTP_LONG_BODY_MS            = 600 * 1000,        /* ms: the same */
    LIMIT_HTTP_LONG_PIECE_BYTES        = 256 * 1024,        /* bytes of it in memory before they go into the file */
    LIMIT_HTTP_LONG_BODIES             = 32,                /* of these at once, then 503: 1.6 GB on the disk at most */
    LIMIT_HTTP_BODY_RATE               = 1024,              /* bytes/s: slower bodies are cut after the grace */
    LIMIT_HTTP_BODY_GRACE_MS           = 5 * 1000,          /* ms: before the rate counts */
    LIMIT_HTTP_STALL_MS                = 30 * 1000,         /* ms: an answer of which nothing is taken */
    LIMIT_HTTP_LINGER_MS               = 2 * 1000,          /* ms: discard input so that a refusal is read */
    LIMIT_HTTP_QUEUE                   = 4096,              /* requests waiting for a worker, then 503 */
    LIMIT_HTTP_CONNECTIONS             = 10 * 1000,         /* connections by default */
    LIMIT_HTTP_SPARE_FILES             = 512,               /* descriptors kept from connections: database, logs, jobs */
    LIMIT_HTTP_FILE_PIECE_BYTES        = 64 * 1024,         /* bytes of a file body read ahead */
    LIMIT_STREAM_HEARTBEAT_MS          = 15 * 1000,         /* ms of silence: proxies cut after 60 s */
    LIMIT_STREAM_KEYS                  = 16,                /* keys one stream listens to */
    LIMIT_CALL_HEADER_BYTES            = 64 * 1024,         /* bytes: header of an answer to us */
    LIMIT_CALL_REDIRECTS               = 3,                 /* per outgoing call */
    LIMIT_STREAM_UNSENT_BYTES          = 256 * 1024,        /* bytes: a slower reader is cut and resumes */
    LIMIT_STREAM_REPLAY_BYTES          = 4 * 1024 * 1024,   /* bytes: replay not yet sent; beyond it the stream is cut */
    LIMIT_UPLOAD_PART_BYTES            = 1024 * 1024,       /* bytes: one PUT of an upload */
    LIMIT_UPLOAD_BYTES                 = 100 * 1024 * 1024, /* bytes: one attachment (WhatsApp documents) */
    LIMIT_FETCH_MS                     = 120 * 1000,        /* ms: bringing one file that a message names by address */
    LIMIT_FETCH_LEASE_MS               = 180 * 1000,        /* ms: longer than that with look-ups, hashing and fsync of 100 MB */
    LIMIT_UPLOADS_OPEN                 = 60,                /* uploads and loose attachments of one person */
    LIMIT_UPLOADS_OPEN_BYTES           = 1000 * 1024 * 1024, /* bytes of these: ten whole files */
    LIMIT_PAGE                         = 200,               /* rows: longest list page; 50 by default */
    LIMIT_PAGE_DEFAULT                 = 50,                /* rows */
    LIMIT_GROUP_MEMBERS                = 64,                /* members of one group commit (measured) */
    LIMIT_GROUP_MS                     = 2,                 /* ms: oldest member of an open group */
    LIMIT_DB_COLUMNS                   = 96,                /* columns of one row struct; the widest table has 26 */
    LIMIT_DB_STATEMENTS                = 512,               /* prepared statements kept per connection */
    LIMIT_DB_TEXTS                     = 1024,              /* composed statement texts kept for ever (db_text) */
    LIMIT_DB_WAIT_MS                   = 5 * 1000,          /* ms: for the write lock or a connection */
    LIMIT_TELL_BYTES                   = 7000,              /* bytes: PostgreSQL takes 8,000 in one NOTIFY */
    LIMIT_TELLS                        = 256,               /* messages to other nodes waiting; the oldest is dropped */
    LIMIT_NAME_BYTES                   = 400,               /* bytes: names of people and things (100 CJK/emoji) */
    LIMIT_TEXT_BYTES                   = 64 * 1024,         /* bytes: one message's text */
    LIMIT_ATTACHMENTS                  = 10,                /* count per message */
    LIMIT_TAGS                         = 50,                /* count per conversation */
    LIMIT_BULK_IDS                     = 500,               /* ids per bulk action */
    LIMIT_LOG_LINE_BYTES               = 16 * 1024,         /* bytes: one log line, built on the stack */
    LIMIT_LOG_VALUE_BYTES              = 1024,              /* bytes: one value in a log line */
    LIMIT_KEYS                         = 32,                /* keys in the key file; rotation yearly */
    LIMIT_SEALED_BYTES                 = 64 * 1024,         /* bytes: a secret sealed at rest (OAuth tokens, certificates) */
    LIMIT_FOLDER_DEPTH                 = 8,                 /* levels below a folder that is removed whole */
    LIMIT_HOOK_ITEMS                   = 1000,              /* messages in one delivery to the API channel */
    LIMIT_INTAKE_BATCH                 = 256,               /* deliveries written at once */
    LIMIT_INTAKE_WAITING               = 4096,              /* deliveries waiting to be written, then 503 */
    LIMIT_RECEIVE_BATCH                = 64,                /* deliveries claimed at once; the group commit's best size */
    LIMIT_RECEIVE_BATCH_SET            = 256,               /* the same where statements are set-wise (PostgreSQL) */
    LIMIT_RECEIVE_BYTES                = 4 * 1024 * 1024,   /* bytes of bodies in one batch, but at least one body */
    LIMIT_INBOX_KEEP_MS                = 3 * 24 * 3600 * 1000, /* ms a finished delivery knows its repetitions; networks give up sooner */
    LIMIT_EVENT_KEEP_DAYS              = 30,                /* days a stream can resume and a delivery be looked at */
    LIMIT_EVENT_BATCH                  = 256,               /* events read at once by publisher and replay */
    LIMIT_REPLAY_EVENTS                = 5000,              /* events replayed to one stream, then it starts anew (reset) */
    LIMIT_LIVE_BYTES                   = 4 * 1024,          /* bytes of one passing message between nodes */
    LIMIT_MENTIONS_HEARD               = 500,               /* conversations outside their scope that an agent's stream hears */
    LIMIT_JOB_LEASE_MS                 = 30 * 1000,         /* ms: longer than any outgoing call with its name look-up */
    LIMIT_NETWORK_LEASE_MS             = 240 * 1000,        /* ms: a job of a network: an upload in pieces, and the wait until it is processed */
    LIMIT_JOB_RETRY_MS                 = 24 * 3600 * 1000,  /* ms after the first try, then dead */
    LIMIT_JOB_BACKOFF_MS               = 300 * 1000,        /* ms: longest pause between tries */
    LIMIT_JOB_PAYLOAD_BYTES            = 64 * 1024,         /* bytes of a job's own JSON */
    LIMIT_UPKEEP_ROWS                  = 500,               /* rows removed per transaction of upkeep */
    LIMIT_WEBHOOKS                     = 100,               /* webhooks of one account */
    LIMIT_SMTP_LINE_BYTES              = 4096,              /* bytes of one line of an SMTP answer; RFC 5321 has 512 */
    LIMIT_SMTP_LINES                   = 128,               /* lines of one SMTP answer; EHLO of large servers has 20 */
    LIMIT_SMTP_REPLY_BYTES             = 8 * 1024,          /* bytes kept of one SMTP answer */
    LIMIT_SMTP_CHALLENGES              = 4,                 /* questions of one login; LOGIN asks two */
    LIMIT_SMTP_RECIPIENTS              = 500,               /* recipients of one mail */
    LIMIT_SMTP_KEPT                    = 32,                /* idle connections to mail servers kept */
    LIMIT_SMTP_KEPT_EACH               = 4,                 /* of these with one login; providers allow few */
    LIMIT_SMTP_IDLE_MS                 = 30 * 1000,         /* ms a connection is kept idle; servers close after 60 s and more */
    LIMIT_SMTP_MAILS                   = 50,                /* mails over one connection; large servers end it after 100 */
    LIMIT_HOOK_STATUSES                = 500,               /* delivery reports in one post */
    LIMIT_IMAP_LINE_BYTES              = 512 * 1024,        /* bytes: one line of an IMAP server; a search names 10,000 mails in 110 KB */
    LIMIT_IMAP_TEXT_BYTES              = 1024 * 1024,       /* bytes: all lines of one answer, mails aside; libetpan makes up to 32 of each */
    LIMIT_IMAP_LINES                   = 20000,             /* lines of one answer */
    LIMIT_IMAP_PARENS                  = 20,                /* "(" in one line: nothing we ask for has more than 4, names of folders may */
    LIMIT_IMAP_SEARCH                  = 10000,             /* UIDs one search looks through */
    LIMIT_IMAP_MAILS                   = 500,               /* mails named by one command */
    LIMIT_IMAP_BATCH_BYTES             = 2 * 1024 * 1024,   /* bytes of small mails fetched by one command */
    LIMIT_IMAP_PIECE_BYTES             = 512 * 1024,        /* bytes of a big mail in memory at once */
    LIMIT_IMAP_HEADER_BYTES            = 256 * 1024,        /* bytes: the header of a mail too large to fetch */
    LIMIT_IMAP_FOLDERS                 = 2000,              /* folders listed */
    LIMIT_IMAP_NAME_BYTES              = 1000,              /* bytes: a folder's whole name */
};
/* clang-format on */
