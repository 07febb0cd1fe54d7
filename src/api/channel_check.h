/* channel_check: what a network says to a channel's credentials, as an answer and as a step of
 * authorising. Thread: the call's. */
#pragma once
#include "api/network_call.h"

/* How many accounts of one answer are taken. */
enum { CHECKED_ACCOUNTS = 200 };

extern const struct shape checked_account_shape;
/* [{external_id, handle, name, avatar_url}]; never secrets. */
void checked_accounts_put(
    struct json_out *j, const struct connector_account *accounts, ptrdiff_t n);
