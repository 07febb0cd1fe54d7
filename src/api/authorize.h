/* authorize: what beginning (authorizations.c) and ending (authorize_callback.c) an authorisation
 * share: what is kept between them, and the channel that comes of it. Thread: the call's. */
#pragma once
#include "api/channel_check.h"
#include "model/channel.h"
#include "store/authorization.h"

/* What is sealed between the steps. */
struct authorizing {
    const struct connector *connector;
    channel_id channel; /* authorised anew; {0} = a new one */
    str name;           /* of a new one */
    str settings, secrets;
    str verifier;                       /* OAuth 2.0: PKCE */
    str request_token, request_secret;  /* OAuth 1.0a */
    struct connector_account *accounts; /* after the exchange: several to choose from */
    ptrdiff_t n_accounts;
    int64_t expires_ms; /* of the tokens; 0 = not known */
};
/* "<base>/oauth/callback": what is registered at the networks. */
str authorize_redirect_uri(struct call *call);
/* As its connector sees what is kept. */
struct connector_setup authorize_setup(struct call *call, const struct authorizing *it);
/* E_LIMIT: it is too long. */
err authorize_keep(struct ctx *cx, const struct authorizing *it, str state);
/* E_INTERNAL: it is not what authorize_keep wrote. */
err authorize_read(struct ctx *cx, const struct authorization *row, struct authorizing *it);
/* Makes the channel, or gives the old one its new tokens, for one account. E_CONFLICT: it is
 * connected already, or the channel is another account. Inside a WRITE transaction. */
err authorize_finish(struct call *call, const struct authorizing *it,
    const struct connector_account *account, struct channel *channel);
