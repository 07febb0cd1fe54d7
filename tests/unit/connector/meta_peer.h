/* What the tests of Meta's networks share beside channel.h: their secrets, the proof of a token,
 * errors. Thread: the test's. */
#pragma once
#include "channel.h"

#define META_SECRET "seva-meta-app-secret-0001"
#define META_TOKEN  "EAAGsevaPageToken123"
#define META_PROOF  "b324113dd6eb2625e4a423033dd2463bf8079d86f3fced1e567bb6a564aacb35"

/* META_TOKEN and META_SECRET are the channel's; "kept" is a secret that must stay. */
static inline struct channel meta_channel(
    const char *network, const char *account, const char *settings)
{
    return channel_open(network, account, settings,
        "{\"app_secret\":\"" META_SECRET "\",\"access_token\":\"" META_TOKEN "\",\"kept\":[1]}");
}

/* The nth call was this one. target: without the proof, which is checked when there is one. */
static inline struct peer_heard meta_heard(
    struct channel *ch, int nth, const char *method, const char *target, const char *body)
{
    struct peer_heard heard = peer_heard(ch->peer, nth);
    ptrdiff_t at = str_find(heard.target, S("appsecret_proof="));
    if (at > 0) {
        assert_str(str_skip(heard.target, at + 16), META_PROOF);
        heard.target = str_sub(heard.target, 0, at - 1);
    }
    assert_str(heard.method, method);
    assert_str(heard.target, target);
    if (body)
        assert_str(heard.body, body);
    return heard;
}

#define META_ERROR(code) "{\"error\":{\"message\":\"theirs\",\"code\":" #code "}}"
#define META_ERROR2(code, sub)                                                                     \
    "{\"error\":{\"message\":\"theirs\",\"code\":" #code ",\"error_subcode\":" #sub "}}"
