/* capture: a post that an agent saw in the browser and brought in by hand, as a message like any
 * other: for channels that have no way to the network, or none yet. One form for every network. Not
 * here: who may bring one, and taking it in (api/capture.c). Thread: pure. */
#pragma once
#include "connector/connector.h"

struct capture {
    str url, text, author_name, author_handle;
    bool is_public;
    int64_t at_ms; /* 0 = not known */
};
/* Its id is the address (or its SHA-256 when that is long), so that the same post brought again is
 * the same message; the person is the handle without "@" and case, else the name. Texts of *it
 * live as long as those of *c and the arena. E_INVALID: no web address of at most
 * READING_URL_BYTES, or nobody who wrote it. */
err capture_item(struct arena *a, const struct capture *c, struct connector_item *it);
