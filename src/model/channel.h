/* channel: one connected inbox, as the rooms share it. Members are named as their columns; secrets
 * stay sealed (store/channel.h opens them). Thread: values. */
#pragma once
#include "base/str.h"
#include "model/ids.h"

struct channel {
    channel_id id;
    str kind; /* "widget" or "api" */
    str name;
    bool is_enabled;
    str public_key; /* the key in web addresses: /widget/v1/{key}, /hooks/api/{key} */
    str languages;  /* JSON array of language tags */
    str settings;   /* JSON object; what it may hold depends on the kind */
    str secret_sealed, old_secret_sealed, identity_secret_sealed;
    int64_t old_secret_until_ms;
    int64_t last_in_ms, last_out_ms;
    str last_error;
    int64_t created_ms, updated_ms;
};
