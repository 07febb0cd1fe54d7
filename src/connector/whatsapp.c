/* WhatsApp, by Meta's Cloud API: the form, the rules, and what the other whatsapp files do. A
 * channel is one phone number of a WhatsApp Business account. Receiving needs the app secret (it
 * signs deliveries); everything else a system user's token.
 * Source: Meta, WhatsApp Business Platform, Cloud API (v25.0, 2026). Thread: constant data. */
#include "connector/whatsapp.h"

#include "base/limits.h"

enum {
    MB = 1024 * 1024,
    TEXT_LENGTH = 4096,
    CAPTION_LENGTH = 1024,
    WINDOW_MS = 24 * 3600 * 1000,
    SEND_GAP_MS = 13,    /* 80 messages a second and number */
    PIECE_GAP_MS = 2000, /* messages close together may overtake each other */
};

static const struct connector_setting settings[] = {
    {.name = "business_account_id",
     .kind = "text",
     .is_required = true,
     .help = "The WhatsApp Business account id, from the app's page \"API Setup\"."},
    {.name = "access_token",
     .kind = "secret",
     .is_required = true,
     .help =
            "A system user's token with whatsapp_business_messaging and whatsapp_business_management."},
    {.name = "app_secret",
     .kind = "secret",
     .is_required = true,
     .help =
            "The app secret, from the app's basic settings; it proves that deliveries are Meta's."},
    {.name = "phone_number_id",
     .kind = "text",
     .help = "The id of the phone number; leave it out to choose from the account's numbers."},
    {.name = "pin",
     .kind = "secret",
     .help =
            "The six digits of the number's two-step verification; only to register a new number."},
    {.name = "list_label",
     .kind = "text",
     .help = "What stands on the button that opens a list of more than three choices.",
     .standard = "Choose"},
    {.name = "api_version",
     .kind = "text",
     .help = "The version of the Graph API.",
     .standard = "v25.0"},
    {0                                                                                                },
};
static const struct connector_host hosts[] = {
    {"graph", "https://graph.facebook.com"},
    {0      },
};
static const struct connector_media media[] = {
    {"image/jpeg image/png", 5 * MB},
    {"image/webp",                      500 * 1024},
    {"video/mp4 video/3gpp",16 * MB},
    {"audio/aac audio/amr audio/mpeg audio/mp4 audio/ogg", 16 * MB},
    {"text/plain application/pdf application/msword application/vnd.ms-excel "
     "application/vnd.ms-powerpoint "
     "application/vnd.openxmlformats-officedocument.wordprocessingml.document "
     "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet "
     "application/vnd.openxmlformats-officedocument.presentationml.presentation",                      LIMIT_UPLOAD_BYTES},
    {0              },
};

const struct connector connector_whatsapp = {
    .name = S_INIT("whatsapp"),
    .title = S_INIT("WhatsApp"),
    .able = ABLE_HOOK | ABLE_DELIVERED | ABLE_READ | ABLE_BEGIN | ABLE_QUOTE | ABLE_BUTTONS |
            ABLE_TEMPLATES,
    .address = ADDRESS_DIGITS,
    .acts_private = 1 << ACT_REACT | 1 << ACT_READ,
    .read_shows_typing = true,
    .settings = settings,
    .hosts = hosts,
    .private_rules = {.unit = LENGTH_CODE_POINTS,
                      .max_length = TEXT_LENGTH,
                      .max_length_with_file = CAPTION_LENGTH,
                      .files_per_piece = 1,
                      .media = media,
                      .alone_types = "audio/ image/webp",
                      .alone_parts = "location contact",
                      .reply_window_ms = WINDOW_MS,
                      .needs_template_after = true,
                      .may_number = true,
                      .may_split = true},
    .approval = "A verified Meta business, a number registered for the Cloud API with an approved "
                "display name, and approved templates for messages after 24 hours.",
    .send_gap_ms = SEND_GAP_MS,
    .piece_gap_ms = PIECE_GAP_MS,
    .challenge = meta_challenge,
    .verify = meta_verify,
    .parse = whatsapp_parse,
    .send = whatsapp_send,
    .act = whatsapp_act,
    .check = whatsapp_check,
    .subscribe = whatsapp_subscribe,
    .media = whatsapp_media,
    .templates = whatsapp_templates,
};
