/* Result codes of everything that can fail. A function that can fail returns `err`; the caller must
 * look at it (passing it on with TRY, or `(void)` with a stated reason). The words that go with a
 * code live in `struct fault` (model/ctx.h): codes are for programs, words for people.
 * HTTP mapping: api/server.c, one table. */
#pragma once
#include <stdbool.h>

/* clang-format 14 does not know an attribute in this place. */
/* clang-format off */
typedef enum [[nodiscard]] err {
    OK = 0,
    E_INVALID,         /* the caller's input is wrong; fault.field names the place */
    E_UNAUTHENTICATED, /* we do not know who is asking */
    E_FORBIDDEN,       /* we know, and they may not */
    E_NOT_FOUND,       /* no such thing within the caller's scope */
    E_CONFLICT,        /* true a moment ago, not now: stale state, duplicate, used key */
    E_LIMIT,           /* a named maximum or a rate was reached */
    E_BUSY,            /* temporary in Seva: disk full, database locked, out of memory, draining */
    E_UPSTREAM,        /* a peer we depend on failed */
    E_INTERNAL,        /* our bug */
} err;
/* clang-format on */

/* Pass an error on to the caller. */
#define TRY(call)                                                                                  \
    do {                                                                                           \
        err try_err_ = (call);                                                                     \
        if (try_err_ != OK)                                                                        \
            return try_err_;                                                                       \
    } while (0)

/* "invalid", "not_found" …: the stable name used in API answers and logs. Never NULL. */
const char *err_name(err e);
