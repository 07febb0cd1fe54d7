/* webhook: an outgoing webhook and its deliveries, as the rooms share them. Not here: SQL
 * (store/webhook.h, store/delivery.h). Thread: values. */
#pragma once
#include "base/str.h"
#include "model/ids.h"

/* Members are named as the columns. */
struct webhook {
    webhook_id id;
    account_id account_id;
    str name, url;
    str events; /* JSON array of types, or ["*"] */
    bool is_enabled;
    str secret_sealed, old_secret_sealed;
    int64_t old_secret_until_ms;
    int64_t after_major, after_minor;
    int64_t failing_since_ms; /* first of the failures since the last success; 0 = fine */
    str disabled_reason;
    int64_t created_ms, updated_ms;
};

/* Members are named as the columns. */
struct delivery {
    delivery_id id;
    webhook_id webhook_id;
    int64_t event_major, event_minor; /* {0, 0}: a ping, whose text is `body` */
    str event_type;
    str state; /* "queued", "sending", "delivered", "failed" (will be tried again), "dead" */
    int64_t attempts;
    int64_t last_status; /* HTTP; 0 = no answer yet */
    str last_error;
    int64_t next_ms; /* next try; 0 = none */
    int64_t created_ms;
    str body;
    str response;
};
