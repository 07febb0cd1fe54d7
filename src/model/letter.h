/* letter: a mail of ours that is no message of a mailbox's conversation, as the rooms share it.
 * Members are named as their columns. Thread: values. */
#pragma once
#include "base/str.h"
#include "model/ids.h"

struct letter {
    letter_id id;
    channel_id channel_id; /* the mailbox that it goes out by */
    str kind;              /* chat transcript invitation password_reset */
    str from_name, from_address, reply_to, to_name, to_address;
    str subject, text, html;
    str link_sealed; /* what {link} in text and html stands for; empty = nothing */
    str files;       /* attachment ids ",1,2," */
    str internet_id;
    str refs; /* JSON array of internet ids that it goes on from, oldest first */
    conversation_id conversation_id;
    str state; /* queued sending sent failed unknown */
    str error;
    str relay_id; /* the relay's own name for it; empty = the relay has left ours, or did not say */
    str answer;   /* what the server said when it took it; empty = it has not */
    int64_t created_ms, sent_ms;
};
