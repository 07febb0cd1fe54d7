/* Between oauth2.c (requests) and oauth2_tokens.c (answers). Thread: pure. */
#pragma once
#include "connector/oauth2.h"
#include "connector/oauth_inner.h"

/* What a whole answer says: tokens, or why not. The members stand at the top, in `data`, or in the
 * first of `data` (TikTok, Instagram). `old`: what the answer leaves out stays so; NULL = none.
 * *tokens is set when OK. */
struct oauth_end oauth2_answer_read(struct arena *a, const struct oauth2_app *app,
    const struct oauth_call *call, const struct oauth_answer *answer,
    const struct oauth2_tokens *old, struct oauth2_tokens *tokens);
/* The configuration's base, or the provider's. */
str oauth2_base(str configured, str provided);
