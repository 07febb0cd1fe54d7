/* The list of networks: one row each. Not here: what they do, finding one (find.c). Thread:
 * constant data. */
#include "connector/connector.h"

extern const struct connector connector_widget;
extern const struct connector connector_api;
extern const struct connector connector_email;
extern const struct connector connector_facebook;
extern const struct connector connector_instagram;
extern const struct connector connector_whatsapp;
extern const struct connector connector_x;
extern const struct connector connector_linkedin;
extern const struct connector connector_tiktok;
extern const struct connector connector_youtube;
extern const struct connector connector_google_reviews;
extern const struct connector connector_telegram;
extern const struct connector connector_line;
extern const struct connector connector_viber;
extern const struct connector connector_sms;
extern const struct connector connector_voice;
extern const struct connector connector_pbx;
extern const struct connector connector_mastodon;
extern const struct connector connector_bluesky;

/* In the order in which people see them. */
static const struct connector *const connectors[] = {
    &connector_widget,
    &connector_api,
    &connector_email,
    &connector_facebook,
    &connector_instagram,
    &connector_whatsapp,
    &connector_x,
    &connector_linkedin,
    &connector_tiktok,
    &connector_youtube,
    &connector_google_reviews,
    &connector_telegram,
    &connector_line,
    &connector_viber,
    &connector_sms,
    &connector_voice,
    &connector_pbx,
    &connector_mastodon,
    &connector_bluesky,
};

const struct connector *const *connector_all(ptrdiff_t *n)
{
    *n = (ptrdiff_t)(sizeof connectors / sizeof *connectors);
    return connectors;
}
