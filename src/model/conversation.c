/* conversation: see conversation.h. */
#include "model/conversation.h"

enum {
    HOUR_MS = 3600 * 1000,
};
static const int64_t AFTER_ALL_MS = INT64_C(8000000000000); /* later than any time that waits */

const char *const conversation_status_words[] = {"open", "pending", "snoozed", "resolved", NULL};
const char *const conversation_priority_words[] = {"none", "low", "medium", "high", "urgent", NULL};
const char *const conversation_outcome_words[] = {
    "solved", "not_solvable", "customer_silent", "duplicate", "no_reply_needed", NULL};

str conversation_status_name(enum conversation_status s)
{
    return str_from(conversation_status_words[s]);
}

bool conversation_status_by_name(str name, enum conversation_status *s)
{
    for (int i = 0; i < CONVERSATION_STATUS_COUNT; i++)
        if (str_eq(name, str_from(conversation_status_words[i]))) {
            *s = (enum conversation_status)i;
            return true;
        }
    return false;
}

static int64_t head_start_ms(str priority)
{
    static const struct {
        str name;
        int64_t ms;
    } table[] = {
        {S_INIT("low"),    -4 * HOUR_MS},
        {S_INIT("medium"), HOUR_MS     },
        {S_INIT("high"),   4 * HOUR_MS },
        {S_INIT("urgent"), 24 * HOUR_MS},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (str_eq(table[i].name, priority))
            return table[i].ms;
    return 0;
}

void conversation_set_keys(struct conversation *c)
{
    if (c->waiting_since_ms) {
        c->due_key = c->waiting_since_ms - head_start_ms(c->priority);
        c->wait_key = c->waiting_since_ms;
    } else {
        c->due_key = AFTER_ALL_MS - c->last_message_ms;
        c->wait_key = AFTER_ALL_MS;
    }
}

enum { STEP_MS = 10000 };

int64_t conversation_recent_key(int64_t last_message_ms)
{
    return last_message_ms / STEP_MS;
}

void conversation_recent_times(int64_t recent_key, int64_t *from_ms, int64_t *to_ms)
{
    *from_ms = recent_key * STEP_MS;
    *to_ms = *from_ms + STEP_MS - 1;
}

int message_state_rank(str state)
{
    static const struct {
        str name;
        int rank;
    } table[] = {
        {S_INIT("held"),      1},
        {S_INIT("queued"),    2},
        {S_INIT("sending"),   3},
        {S_INIT("unknown"),   4},
        {S_INIT("failed"),    5},
        {S_INIT("sent"),      6},
        {S_INIT("delivered"), 7},
        {S_INIT("read"),      8},
        {S_INIT("cancelled"), 9},
        {S_INIT("received"),  9},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (str_eq(table[i].name, state))
            return table[i].rank;
    return 0;
}

int64_t conversation_window_ms(const struct conversation *c)
{
    return str_eq(c->visibility, S("public")) ? c->window_ms : c->last_in_ms;
}
