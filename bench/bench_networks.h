/* The networks of the load drivers: those that sign what they call us with, as channels that fit
 * the simulator's first accounts (sim/networks), and how a customer writes there. Credentials are
 * the simulator's own; nothing real. */
#pragma once

/* What a row is for. Webhooks that sign their address too have no place in the parser's yardstick;
 * LinkedIn's only says that there is something, and each would cost a call back. */
enum { BENCH_PARSE = 1, BENCH_MIX = 2 };

struct bench_network {
    const char *kind, *settings, *secrets, *external_id;
    const char *from;  /* a number of three digits is put behind it: who writes */
    const char *say;   /* sim_say.kind */
    const char *event; /* the member that names a delivery beside its message's id; "" = none */
    int uses;
};

/* clang-format off */
static const struct bench_network bench_networks[] = {
    {"facebook", "{}",
     "{\"app_secret\":\"seva-meta-app-secret-0001\",\"access_token\":\"EAAGsevaPageToken123\"}", "1029384756", "7001", "", "", BENCH_PARSE | BENCH_MIX},
    {"instagram", "{\"login\":\"instagram\"}",
     "{\"app_secret\":\"seva-meta-app-secret-0001\",\"access_token\":\"IGAAsevaToken123\"}", "17841400000000001", "9001", "", "", BENCH_PARSE | BENCH_MIX},
    {"whatsapp", "{\"business_account_id\":\"88001\"}",
     "{\"access_token\":\"EAAGsevaPageToken123\",\"app_secret\":\"seva-meta-app-secret-0001\"}", "99001", "1555777", "", "", BENCH_PARSE | BENCH_MIX},
    {"x", "{\"client_id\":\"cid\"}",
     "{\"access_token\":\"x-user-token\",\"bearer_token\":\"x-app-token\",\"consumer_secret\":\"seva-x-consumer-secret\","
     "\"client_secret\":\"csec\",\"refresh_token\":\"r1\",\"oauth1_token\":\"x-oauth1-token\",\"oauth1_token_secret\":\"s\"}",
     "1111", "2222", "dm", "event_uuid", BENCH_PARSE | BENCH_MIX},
    {"tiktok", "{\"client_id\":\"7000000000000000001\"}",
     "{\"access_token\":\"act.sim-tiktok\",\"client_secret\":\"sim-tiktok-secret\"}", "biz-123", "700000", "", "", BENCH_PARSE | BENCH_MIX},
    {"line", "{}",
     "{\"channel_secret\":\"seva-line-channel-secret\",\"access_token\":\"line-channel-access-token\"}",
     "U0123456789abcdef0123456789abcdef", "Uaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "", "webhookEventId", BENCH_PARSE | BENCH_MIX},
    {"viber", "{\"sender_name\":\"Seva\"}",
     "{\"token\":\"4453b6ac12345678-a1b2c3d4e5f60718-9a8b7c6d5e4f3021\"}", "pa:5301", "01234567890A=", "", "", BENCH_PARSE | BENCH_MIX},
    {"linkedin", "{\"version\":\"202512\",\"app_id\":\"777\",\"member\":\"urn:li:person:XyZ\"}",
     "{\"access_token\":\"AQ-sim-linkedin\",\"client_secret\":\"sim-linkedin-secret\"}",
     "urn:li:organization:5566", "urn:li:person:Asha", "", "", BENCH_PARSE},
    {"sms", "{\"account_sid\":\"AC00000000000000000000000000000001\",\"sender\":\"+15550001111\"}",
     "{\"auth_token\":\"sevaTwilioAuthToken0001\"}", "", "+15557770", "", "", BENCH_MIX},
};
/* clang-format on */
enum { BENCH_NETWORKS = sizeof bench_networks / sizeof *bench_networks };
