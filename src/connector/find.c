/* find: a network by its name, an outcome's word: see connector.h. The list itself is registry.c,
 * which tests replace by theirs. Thread: constant data. */
#include "connector/connector.h"

const struct connector *connector_find(str name)
{
    ptrdiff_t n;
    const struct connector *const *connectors = connector_all(&n);
    for (ptrdiff_t i = 0; i < n; i++)
        if (str_eq(connectors[i]->name, name))
            return connectors[i];
    return NULL;
}

const char *connector_outcome_name(enum connector_outcome o)
{
    switch (o) {
    case CONNECTOR_SENT:
        return "sent";
    case CONNECTOR_FINAL:
        return "final";
    case CONNECTOR_RETRY:
        return "retry";
    case CONNECTOR_WAIT:
        return "wait";
    case CONNECTOR_REAUTH:
        return "reauth";
    case CONNECTOR_UNKNOWN:
        return "unknown";
    }
    return "unknown";
}
