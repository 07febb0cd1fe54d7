/* The website chat as a network: Seva is both ends, so there is nothing to verify, parse or send. A
 * reply that is stored has been sent; the visitor's stream brings it, and the widget's read call
 * says that it was seen. Thread: constant data. */
#include "base/limits.h"
#include "connector/connector.h"

static const struct connector_setting settings[] = {{0}};
static const struct connector_media media[] = {
    {"*", LIMIT_UPLOAD_BYTES},
    {0  }
};

const struct connector connector_widget = {
    .name = S_INIT("widget"),
    .title = S_INIT("Website chat"),
    .able = ABLE_DELIVERED | ABLE_READ | ABLE_QUOTE,
    .settings = settings,
    .private_rules = {.unit = LENGTH_BYTES,
                      .max_length = LIMIT_TEXT_BYTES,
                      .max_length_with_file = LIMIT_TEXT_BYTES,
                      .files_per_piece = LIMIT_ATTACHMENTS,
                      .media = media},
};
