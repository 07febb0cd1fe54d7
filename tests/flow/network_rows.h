/* Every network as the stories of networks use it: a channel that fits the simulator's first
 * account, and how a customer writes there. A new network adds its row. */
#pragma once
#include "network_world.h"

struct network_row {
    struct network_channel channel;
    struct sim_say say;  /* of a plain message */
    const char *reaches; /* the state that a reply gets there by itself */
};

static const struct network_row network_rows[] = {
    {.channel = {"telegram", "{}", "{\"bot_token\":\"123456:ABC-DEF1234ghIkl-zyx57W2v1u123ew11\"}",
         "123456", ""},
     .say = {.from_id = S_INIT("7001"),
            .from_name = S_INIT("Asha"),
            .from_handle = S_INIT("asha_r")},
     .reaches = "sent"     },
    {.channel = {"whatsapp", "{\"business_account_id\":\"88001\"}",
         "{\"access_token\":\"EAAGsevaPageToken123\",\"app_secret\":\"seva-meta-app-secret-0001\"}",
         "99001", "our token"},
     .say = {.from_id = S_INIT("15557770001"), .from_name = S_INIT("Asha")},
     .reaches = "delivered"},
    {.channel = {"line", "{}",
         "{\"channel_secret\":\"seva-line-channel-secret\",\"access_token\":"
         "\"line-channel-access-token\"}",
         "U0123456789abcdef0123456789abcdef", ""},
     .say = {.from_id = S_INIT("Uaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
            .from_name = S_INIT("Asha")},
     .reaches = "sent"     },
    {.channel = {"viber", "{\"sender_name\":\"Seva\"}",
         "{\"token\":\"4453b6ac12345678-a1b2c3d4e5f60718-9a8b7c6d5e4f3021\"}", "pa:5301", ""},
     .say = {.from_id = S_INIT("01234567890A="), .from_name = S_INIT("Asha")},
     .reaches = "read"     },
};
enum { NETWORK_ROWS = sizeof network_rows / sizeof *network_rows };
