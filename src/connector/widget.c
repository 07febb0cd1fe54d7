/* The website chat as a network: Seva is both ends, so there is nothing to verify, parse or send. A
 * reply that is stored has been sent; the visitor's stream brings it, and the widget's read call
 * says that it was seen. Thread: constant data. */
#include "base/limits.h"
#include "connector/connector.h"

static const struct connector_setting settings[] = {{0}};

const struct connector connector_widget = {
    .name = S_INIT("widget"),
    .title = S_INIT("Website chat"),
    .settings = settings,
    .max_text_bytes = LIMIT_TEXT_BYTES,
    .repeats_safely = true,
};
