/* Every network as the stories of networks use it: a channel that fits the simulator's first
 * account, how a customer writes there, and the state that an answer reaches by itself. A new
 * network adds its row. */
#pragma once
#include "network_world.h"

struct network_row {
    struct network_channel channel;
    struct sim_say say;  /* of a plain message */
    const char *reaches; /* the state that a reply gets there by itself */
    int64_t answer_ms;   /* the network's own limit, its clock looked at once a minute: so long for
                          * one answer; 0 = none to speak of */
    int64_t most;        /* answers that its limit allows for in the time of a story; 0 = any */
    int64_t pause_ms;    /* how long it is left alone after a refusal that names no time */
};

/* clang-format off */
static const struct network_row network_rows[] = {
    {.channel = {"facebook", "{}",
      "{\"app_secret\":\"seva-meta-app-secret-0001\",\"access_token\":\"EAAGsevaPageToken123\"}",
      "1029384756", ""},
     .say = {.from_id = S_INIT("7001"), .from_name = S_INIT("Asha Rao")}, .reaches = "delivered"},
    {.channel = {"instagram", "{\"login\":\"instagram\"}",
      "{\"app_secret\":\"seva-meta-app-secret-0001\",\"access_token\":\"IGAAsevaToken123\"}",
      "17841400000000001", ""},
     .say = {.from_id = S_INIT("9001"), .from_handle = S_INIT("asha.r")}, .reaches = "sent"},
    {.channel = {"whatsapp", "{\"business_account_id\":\"88001\"}",
      "{\"access_token\":\"EAAGsevaPageToken123\",\"app_secret\":\"seva-meta-app-secret-0001\"}",
      "99001", "our token"},
     .say = {.from_id = S_INIT("15557770001"), .from_name = S_INIT("Asha")}, .reaches = "delivered", .answer_ms = 750},
    {.channel = {"x", "{\"client_id\":\"cid\"}",
      "{\"access_token\":\"x-user-token\",\"bearer_token\":\"x-app-token\","
      "\"consumer_secret\":\"seva-x-consumer-secret\",\"client_secret\":\"csec\","
      "\"refresh_token\":\"r1\",\"oauth1_token\":\"x-oauth1-token\",\"oauth1_token_secret\":\"s\"}",
      "1111", ""},
     .say = {.from_id = S_INIT("2222"), .from_handle = S_INIT("asha_r"), .kind = S_INIT("dm")}, .reaches = "sent", .answer_ms = 60 * 1000, .most = 100},
    {.channel = {"linkedin", "{\"version\":\"202512\",\"app_id\":\"777\",\"member\":\"urn:li:person:XyZ\"}",
      "{\"access_token\":\"AQ-sim-linkedin\",\"client_secret\":\"sim-linkedin-secret\"}",
      "urn:li:organization:5566", ""},
     .say = {.from_id = S_INIT("urn:li:person:Asha")}, .reaches = "sent", .pause_ms = 3600 * 1000},
    {.channel = {"tiktok", "{\"client_id\":\"7000000000000000001\"}",
      "{\"access_token\":\"act.sim-tiktok\",\"client_secret\":\"sim-tiktok-secret\"}", "biz-123", ""},
     .say = {.from_id = S_INIT("70")}, .reaches = "sent", .answer_ms = 1500, .most = 50},
    {.channel = {"youtube", "{\"client_id\":\"cid\"}",
      "{\"access_token\":\"ya29.sim-youtube\",\"refresh_token\":\"1//UCseva\",\"client_secret\":\"cs\"}",
      "UCseva", ""},
     .say = {.from_id = S_INIT("UCasha")}, .reaches = "sent", .most = 150},
    {.channel = {"google_reviews", "{\"push_email\":\"push@seva.iam.gserviceaccount.com\"}",
      "{\"access_token\":\"ya29.sim-reviews\"}", "accounts/1/locations/2", ""},
     .say = {.from_id = S_INIT("Asha")}, .reaches = "sent", .answer_ms = 6000},
    {.channel = {"telegram", "{}", "{\"bot_token\":\"123456:ABC-DEF1234ghIkl-zyx57W2v1u123ew11\"}", "123456", ""},
     .say = {.from_id = S_INIT("7001"), .from_name = S_INIT("Asha"), .from_handle = S_INIT("asha_r")}, .reaches = "sent", .answer_ms = 2000},
    {.channel = {"line", "{}",
      "{\"channel_secret\":\"seva-line-channel-secret\",\"access_token\":\"line-channel-access-token\"}",
      "U0123456789abcdef0123456789abcdef", ""},
     .say = {.from_id = S_INIT("Uaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"), .from_name = S_INIT("Asha")}, .reaches = "sent"},
    {.channel = {"viber", "{\"sender_name\":\"Seva\"}",
      "{\"token\":\"4453b6ac12345678-a1b2c3d4e5f60718-9a8b7c6d5e4f3021\"}", "pa:5301", ""},
     .say = {.from_id = S_INIT("01234567890A="), .from_name = S_INIT("Asha")}, .reaches = "read"},
    {.channel = {"sms", "{\"account_sid\":\"AC00000000000000000000000000000001\",\"sender\":\"+15550001111\"}",
      "{\"auth_token\":\"sevaTwilioAuthToken0001\"}", "", ""},
     .say = {.from_id = S_INIT("+15557770001")}, .reaches = "delivered"},
    {.channel = {"mastodon", "{\"server\":\"e.example\"}", "{\"access_token\":\"mastodon-token\"}", "14715", ""},
     .say = {.from_id = S_INIT("971724"), .from_name = S_INIT("Asha"), .from_handle = S_INIT("asha@example.social")}, .reaches = "sent", .answer_ms = 1000},
    {.channel = {"bluesky", "{\"identifier\":\"care.example.com\"}", "{\"app_password\":\"bluesky-app-password\"}", "did:plc:seva", ""},
     .say = {.from_id = S_INIT("did:plc:asha")}, .reaches = "sent"},
};
/* clang-format on */
enum { NETWORK_ROWS = sizeof network_rows / sizeof *network_rows };
