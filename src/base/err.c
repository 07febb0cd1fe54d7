/* Names of the result codes. Not: the HTTP status of a code (api/server.c) nor words for people
 * (struct fault). Thread: pure. */
#include "base/err.h"

const char *err_name(err e)
{
    switch (e) {
    case OK:
        return "ok";
    case E_INVALID:
        return "invalid";
    case E_UNAUTHENTICATED:
        return "unauthenticated";
    case E_FORBIDDEN:
        return "forbidden";
    case E_NOT_FOUND:
        return "not_found";
    case E_CONFLICT:
        return "conflict";
    case E_LIMIT:
        return "limit";
    case E_BUSY:
        return "busy";
    case E_UPSTREAM:
        return "upstream";
    case E_INTERNAL:
        return "internal";
    }
    return "internal";
}
