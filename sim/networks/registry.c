/* The networks of the simulator: one row each. */
#include "network.h"

extern const struct sim_network sim_facebook;
extern const struct sim_network sim_instagram;
extern const struct sim_network sim_telegram;
extern const struct sim_network sim_whatsapp;
extern const struct sim_network sim_line;
extern const struct sim_network sim_viber;
extern const struct sim_network sim_linkedin;
extern const struct sim_network sim_tiktok;
extern const struct sim_network sim_youtube;
extern const struct sim_network sim_google_reviews;
extern const struct sim_network sim_x;
extern const struct sim_network sim_sms;
extern const struct sim_network sim_voice;
extern const struct sim_network sim_mastodon;
extern const struct sim_network sim_bluesky;
extern const struct sim_network sim_email;

const struct sim_network *const sim_networks[] = {
    &sim_facebook,
    &sim_instagram,
    &sim_telegram,
    &sim_whatsapp,
    &sim_line,
    &sim_viber,
    &sim_linkedin,
    &sim_tiktok,
    &sim_youtube,
    &sim_google_reviews,
    &sim_x,
    &sim_sms,
    &sim_voice,
    &sim_mastodon,
    &sim_bluesky,
    &sim_email,
    NULL,
};
