/* capture: a post that an agent saw in the browser and brought in by hand, as a delivery like any
 * other (connector_raw.origin CAPTURE_ORIGIN): for channels that have no way to the network, or
 * none yet. One format for every network. Not here: who may bring one (api/capture.c).
 * Thread: pure. */
#pragma once
#include "connector/connector.h"

#define CAPTURE_ORIGIN S("capture")

struct capture {
    str url, text, author_name, author_handle;
    bool is_public;
    int64_t at_ms; /* 0 = not known */
};
/* The delivery's body, and the key that drops the same post when it is brought again. */
str capture_write(struct arena *a, const struct capture *c);
str capture_key(struct arena *a, str url);
/* E_INVALID with words: it is not what capture_write made. One message: its id is the address (or
 * its SHA-256 when that is long), the person is the handle without "@" and case, else the name. */
err capture_parse(
    struct arena *a, const struct connector_raw *raw, struct connector_batch *batch, str *why);
