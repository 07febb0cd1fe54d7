/* channel: one connected inbox, as the rooms share it. Members are named as their columns; secrets
 * stay sealed (store/channel.h opens them). Thread: values. */
#pragma once
#include "base/str.h"
#include "model/ids.h"

struct channel {
    channel_id id;
    str kind; /* a connector's name: "widget", "api", "telegram" … */
    str name;
    bool is_enabled;
    str public_key; /* the key in web addresses: /widget/v1/{key}, /hooks/api/{key} */
    str languages;  /* JSON array of language tags */
    str settings;   /* JSON object; what it may hold depends on the kind */
    str secret_sealed, old_secret_sealed, identity_secret_sealed;
    int64_t old_secret_until_ms;
    str external_id; /* the network's id of our account; empty = not known, or none */
    str handle;      /* as people write it: "@BrandHelp"; may be empty */
    str handle_role; /* "brand", "support" or empty */
    str avatar_url;
    str secrets_sealed;        /* JSON object: the form's secrets and tokens */
    int64_t secrets_expire_ms; /* 0 = never or unknown */
    str auth_state;            /* "ok", "refused": the network does not take our credentials,
                                * "limited": it lacks a permission, payment or plan */
    str auth_error;            /* refused, limited: words */
    int64_t last_in_ms, last_out_ms;
    str last_error;
    int64_t created_ms, updated_ms;
    /* filled by the rooms that show it (channel_fill, care/channel_setup.h) */
    str hook_url;     /* where the network calls; empty = it does not */
    str secret_names; /* JSON object {name: true}; empty = none */
    str pace;         /* why nothing is sent now: "limit", "failing", "refused"; empty = open */
    int64_t pace_until_ms, waiting, budget_limit, budget_left, budget_reset_ms;
};
