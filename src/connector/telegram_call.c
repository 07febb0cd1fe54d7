/* telegram: the names of chats and messages, one call to the Bot API, and what its answers mean.
 * See telegram.h. The descriptions of errors are texts without a promise: where none is known, the
 * status decides and Telegram's own words are shown. Thread: calls block. */
#include "connector/telegram.h"

#include "base/crypto.h"
#include "base/limits.h"
#include "connector/reading.h"

enum {
    JITTER_MS = 1000, /* added to Telegram's retry_after, so that waiters do not come together */
    ANSWER_BYTES = 4 << 20, /* twenty updates with texts, entities and what they answer */
    WAIT_MOST_S = 3600      /* of retry_after; a longer one is asked again then */
};

/* ── names ── */

static bool is_number(str s)
{
    int64_t n;
    str digits = str_starts(s, S("-")) ? str_skip(s, 1) : s;
    return str_int(digits, 1, INT64_MAX, &n) == OK;
}

err telegram_place_read(str thread_key, str to, struct telegram_place *place)
{
    struct telegram_place p = {0};
    str rest = thread_key.len ? thread_key : to, root;
    if (str_starts(rest, S("biz:"))) {
        if (!str_cut(str_skip(rest, 4), ':', &p.business, &p.chat))
            return E_INVALID;
    } else {
        if (str_starts(rest, S("post:")))
            rest = str_skip(rest, 5);
        (void)str_cut(rest, ':', &rest, &root);
        if (str_cut(rest, '/', &p.chat, &p.topic) && !is_number(p.topic))
            return E_INVALID;
    }
    if (!is_number(p.chat))
        return E_INVALID;
    *place = p;
    return OK;
}

err telegram_name_read(str external_id, struct telegram_name *name)
{
    struct telegram_name n = {0};
    str rest = external_id;
    if (str_starts(rest, S("cb:"))) {
        (void)str_cut(str_skip(rest, 3), ':', &n.query, &rest);
        if (!n.query.len)
            return E_INVALID;
        if (!rest.len) {
            *name = n;
            return OK;
        }
    } else if (str_starts(rest, S("biz:"))) {
        if (!str_cut(str_skip(rest, 4), ':', &n.business, &rest))
            return E_INVALID;
    }
    if (!str_cut(rest, ':', &n.chat, &n.message) || !is_number(n.chat) || !is_number(n.message))
        return E_INVALID;
    *name = n;
    return OK;
}

/* ── calls ── */

/* What may stand in the path as it is. */
static bool is_token(str s)
{
    for (ptrdiff_t i = 0; i < s.len; i++) {
        char c = s.at[i];
        bool is_fine = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                       c == ':' || c == '-' || c == '_';
        if (!is_fine)
            return false;
    }
    return s.len > 0;
}

str telegram_url(struct arena *a, const struct connector_setup *setup, const char *before)
{
    str base = connector_host_url(a, &connector_telegram, setup->hosts, S("api"));
    str token = setup_secret(a, setup, "bot_token");
    if (!is_token(token))
        return (str){0};
    return str_print(a, "%.*s/%sbot%.*s", SARG(base), before, SARG(token));
}

static int64_t jitter_ms(void)
{
    uint16_t n = 0;
    crypto_random(&n, sizeof n);
    return n % JITTER_MS;
}

/* Words for people in place of Telegram's own; NULL = Telegram's. */
static const char *words_of(str description)
{
    static const struct {
        const char *has, *words;
    } known[] = {
        {"bot was blocked by the user",     "The person has blocked the bot."                      },
        {"user is deactivated",             "The person has left Telegram."                        },
        {"can't initiate conversation",
         "The person has not started the bot yet, and Telegram does not let bots write first."     },
        {"PEER_ID_INVALID",
         "The person has not started the bot yet, and Telegram does not let bots write first."     },
        {"bot was kicked",                  "The bot has been removed from the group."             },
        {"bot is not a member",             "The bot is not in this chat any more."                },
        {"chat not found",                  "Telegram does not know this chat any more."           },
        {"message to be replied not found", "The message that this answers is gone."               },
        {"message to reply not found",      "The message that this answers is gone."               },
        {"message is too long",             "The text is longer than Telegram takes."              },
        {"caption is too long",             "The text with the file is longer than Telegram takes."},
        {"not enough rights",               "The bot may not write there: its rights in the group are "
                              "too small."                            },
        {"file is too big",                 "Telegram hands files of up to 20 MB to bots."         },
        {"message can't be deleted",        "Telegram does not delete this message: it is older than 48 "
                                     "hours, or not the bot's."},
        {"BUSINESS_CONNECTION_INVALID",     "The business account has disconnected the bot."       },
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (str_find(description, str_from(known[i].has)) >= 0)
            return known[i].words;
    return NULL;
}

static void judge(struct arena *a, int code, str description, int64_t wait_s, int64_t now_ms,
    struct connector_sent *sent)
{
    const char *words = words_of(description);
    if (sent->outcome == CONNECTOR_SENT)
        sent->outcome = CONNECTOR_FINAL; /* 200 with ok:false */
    network_why(a, S("Telegram"), description, sent);
    if (words)
        sent->why = str_from(words);
    if (code == 429) {
        wait_s = wait_s < 1 ? 1 : wait_s > WAIT_MOST_S ? WAIT_MOST_S : wait_s;
        sent->outcome = CONNECTOR_WAIT;
        sent->wait_until_ms = now_ms + wait_s * 1000 + jitter_ms();
        sent->is_channel_wide = false;
        sent->why = S("Telegram lets the bot write to this chat again in a moment.");
    } else if (code == 401 || code == 404) {
        sent->outcome = CONNECTOR_REAUTH;
        sent->is_channel_wide = true;
        sent->why = S("Telegram does not know the bot's token (any more). Get a new one from "
                      "@BotFather and enter it.");
    } else if (code == 409) {
        sent->outcome = CONNECTOR_RETRY;
        sent->is_channel_wide = true;
    } else if (code == 413) {
        sent->outcome = CONNECTOR_FINAL;
        sent->why = S("The file is larger than Telegram takes from bots (50 MB).");
    }
}

err telegram_do(struct http_client *client, struct arena *a, const struct connector_setup *setup,
    const char *method, str body, struct multipart *form, int64_t timeout_ms, int64_t now_ms,
    struct connector_sent *sent, struct telegram_answer *answer)
{
    struct network_call call = {
        .method = HTTP_POST, .body = body, .timeout_ms = timeout_ms, .max_bytes = ANSWER_BYTES};
    struct http_result res = {0};
    str base = telegram_url(a, setup, "");
    *answer = (struct telegram_answer){0};
    *sent = (struct connector_sent){.outcome = CONNECTOR_REAUTH,
        .is_channel_wide = true,
        .why = S("The channel has no bot token.")};
    if (!base.len)
        return OK;
    *sent = (struct connector_sent){
        .outcome = CONNECTOR_FINAL, .why = S("The file is not there any more.")};
    if (form && !multipart_set(form, &call))
        return OK;
    call.url = str_print(a, "%.*s/%s", SARG(base), method);
    TRY(network_do(client, a, &call, &res));
    network_answer(a, S("Telegram"), &res, now_ms, sent);
    if (!res.status)
        return OK;
    const struct json *root = network_json(a, &res);
    const struct json *more = take_object(root, "parameters");
    if (sent->outcome == CONNECTOR_SENT && take_bool(root, "ok")) {
        answer->result = json_get(root, S("result"));
        return OK;
    }
    if (sent->outcome == CONNECTOR_SENT && !root) { /* taken, but what it says is lost */
        sent->outcome = CONNECTOR_UNKNOWN;
        sent->why = S("Telegram's answer cannot be read.");
        return OK;
    }
    answer->description = take_line(root, "description", LIMIT_NAME_BYTES);
    answer->migrated_to = take_int(more, "migrate_to_chat_id", 0);
    int code = (int)take_int(root, "error_code", res.status) & 0x3ff;
    int64_t wait_s = take_int(more, "retry_after", 0);
    if (!wait_s && sent->wait_until_ms)
        wait_s = (sent->wait_until_ms - now_ms) / 1000;
    judge(a, code, answer->description, wait_s, now_ms, sent);
    return OK;
}
