/* Every maximum of the program: one line each, with unit and reason. A loop, buffer, list or depth
 * over foreign data that has no line here is a bug. */
#pragma once

enum {
    /* name                              value                unit: reason */
    LIMIT_ARENA_BYTES                  = 64 * 1024 * 1024, /* bytes: one request or job; bombs end here */
    LIMIT_JSON_DEPTH                   = 32,               /* levels: deepest network payload seen is 11 */
    LIMIT_JSON_BODY_BYTES              = 1024 * 1024,      /* bytes: API bodies; files go by uploads */
    LIMIT_WEBHOOK_BODY_BYTES           = 1024 * 1024,      /* bytes: inbound webhooks; Meta batches stay below */
    LIMIT_HTTP_LINE_BYTES              = 8 * 1024,         /* bytes: request line */
    LIMIT_HTTP_HEADER_BYTES            = 32 * 1024,        /* bytes: all header fields */
    LIMIT_HTTP_HEADERS                 = 100,              /* count */
    LIMIT_HTTP_HEADER_MS               = 10 * 1000,        /* ms: whole header */
    LIMIT_HTTP_BODY_MS                 = 30 * 1000,        /* ms: body of at most 1 MiB */
    LIMIT_HTTP_IDLE_MS                 = 60 * 1000,        /* ms: between requests */
    LIMIT_STREAM_UNSENT_BYTES          = 256 * 1024,       /* bytes: a slower reader is cut and resumes */
    LIMIT_UPLOAD_PART_BYTES            = 1024 * 1024,      /* bytes: one PUT of an upload */
    LIMIT_UPLOAD_BYTES                 = 100 * 1024 * 1024, /* bytes: one attachment (WhatsApp documents) */
    LIMIT_PAGE                         = 200,              /* rows: longest list page; 50 by default */
    LIMIT_PAGE_DEFAULT                 = 50,               /* rows */
    LIMIT_GROUP_MEMBERS                = 64,               /* members of one group commit (measured) */
    LIMIT_GROUP_MS                     = 4,                /* ms: oldest member of an open group */
    LIMIT_NAME_BYTES                   = 400,              /* bytes: names of people and things (100 CJK/emoji) */
    LIMIT_TEXT_BYTES                   = 64 * 1024,        /* bytes: one message's text */
    LIMIT_ATTACHMENTS                  = 10,               /* count per message */
    LIMIT_TAGS                         = 50,               /* count per conversation */
    LIMIT_BULK_IDS                     = 500,              /* ids per bulk action */
};
