/* The networks' rows of OAuth 2.0; see oauth2.h. Versions in addresses are defaults that the
 * configuration's bases replace. Source: each network's page, August 2026. Thread: const. */
#include "connector/oauth2.h"

const struct oauth2_provider oauth2_x = {
    .name = S_INIT("x"),
    .authorize_base = S_INIT("https://x.com"),
    .authorize_path = S_INIT("/i/oauth2/authorize"),
    .token_base = S_INIT("https://api.x.com"),
    .token_path = S_INIT("/2/oauth2/token"),
    .scopes = S_INIT("tweet.read tweet.write users.read dm.read dm.write media.write "
                     "tweet.moderate.write offline.access"),
    .separator = ' ',
    .uses_pkce = true,
    .client_auth = OAUTH2_BASIC,
};

const struct oauth2_provider oauth2_linkedin = {
    .name = S_INIT("linkedin"),
    .authorize_base = S_INIT("https://www.linkedin.com"),
    .authorize_path = S_INIT("/oauth/v2/authorization"),
    .token_base = S_INIT("https://www.linkedin.com"),
    .token_path = S_INIT("/oauth/v2/accessToken"),
    .scopes = S_INIT("rw_organization_admin r_organization_social w_organization_social "
                     "r_organization_social_feed w_organization_social_feed"),
    .separator = ' ',
};

/* The answers stand under "data", HTTP is 200 whatever they say. disable_auto_auth keeps TikTok
 * from sending a person back without asking, and without a code. */
const struct oauth2_provider oauth2_tiktok = {
    .name = S_INIT("tiktok"),
    .authorize_base = S_INIT("https://www.tiktok.com"),
    .authorize_path = S_INIT("/v2/auth/authorize"),
    .token_base = S_INIT("https://business-api.tiktok.com/open_api/v1.3"),
    .token_path = S_INIT("/tt_user/oauth2/token/"),
    .refresh_path = S_INIT("/tt_user/oauth2/refresh_token/"),
    .scopes = S_INIT("user.info.basic user.info.username user.info.profile user.account.type "
                     "message.list.read message.list.send message.list.manage comment.list "
                     "comment.list.manage video.list"),
    .separator = ',',
    .body = OAUTH2_JSON,
    .authorize_id = S_INIT("client_key"),
    .code_name = S_INIT("auth_code"),
    .extra = S_INIT("disable_auto_auth=1"),
    .subject_name = S_INIT("open_id"),
};

#define FACEBOOK_LOGIN                                                                             \
    .authorize_base = S_INIT("https://www.facebook.com/v25.0"),                                    \
    .authorize_path = S_INIT("/dialog/oauth"),                                                     \
    .token_base = S_INIT("https://graph.facebook.com/v25.0"),                                      \
    .token_path = S_INIT("/oauth/access_token"), .separator = ',', .renewal = OAUTH2_GET_EXCHANGE, \
    .api_base = S_INIT("https://graph.facebook.com/v25.0"),                                        \
    .extend_path = S_INIT("/oauth/access_token"), .extend_grant = S_INIT("fb_exchange_token"),     \
    .extend_token = S_INIT("fb_exchange_token"), .extend_needs_id = true

/* Messenger, Page comments. A Page's own token comes from meta.h. */
const struct oauth2_provider oauth2_facebook = {
    .name = S_INIT("facebook"),
    FACEBOOK_LOGIN,
    .scopes = S_INIT("pages_show_list pages_messaging pages_manage_metadata "
                     "pages_read_engagement pages_manage_engagement pages_read_user_content"),
};

/* Behind a Page: Facebook's page with Instagram's permissions; the Page's token speaks for both. */
const struct oauth2_provider oauth2_instagram_page = {
    .name = S_INIT("instagram_page"),
    FACEBOOK_LOGIN,
    .scopes = S_INIT("pages_show_list pages_manage_metadata pages_read_engagement instagram_basic "
                     "instagram_manage_messages instagram_manage_comments"),
};

const struct oauth2_provider oauth2_instagram = {
    .name = S_INIT("instagram"),
    .authorize_base = S_INIT("https://www.instagram.com"),
    .authorize_path = S_INIT("/oauth/authorize"),
    .token_base = S_INIT("https://api.instagram.com"),
    .token_path = S_INIT("/oauth/access_token"),
    .scopes = S_INIT("instagram_business_basic instagram_business_manage_messages "
                     "instagram_business_manage_comments"),
    .separator = ',',
    .subject_name = S_INIT("user_id"),
    .renewal = OAUTH2_GET_EXCHANGE,
    .api_base = S_INIT("https://graph.instagram.com"),
    .extend_path = S_INIT("/access_token"),
    .extend_grant = S_INIT("ig_exchange_token"),
    .extend_token = S_INIT("access_token"),
    .renew_path = S_INIT("/refresh_access_token"),
    .renew_grant = S_INIT("ig_refresh_token"),
};

/* Both bases are the instance's. Servers before 4.3 pass over the PKCE parameters. */
const struct oauth2_provider oauth2_mastodon = {
    .name = S_INIT("mastodon"),
    .authorize_path = S_INIT("/oauth/authorize"),
    .token_path = S_INIT("/oauth/token"),
    .scopes = S_INIT("read write:statuses write:media write:notifications"),
    .separator = ' ',
    .uses_pkce = true,
    .repeats_scope = true,
};

/* Both bases are the shop's. Offline tokens may have an end and a refresh token, or neither. */
const struct oauth2_provider oauth2_shopify = {
    .name = S_INIT("shopify"),
    .authorize_path = S_INIT("/admin/oauth/authorize"),
    .token_path = S_INIT("/admin/oauth/access_token"),
    .scopes = S_INIT("read_orders read_customers read_fulfillments"),
    .separator = ',',
    .omits_grant_type = true,
    .body = OAUTH2_JSON,
};

/* ── Google and Microsoft ── */

#define GOOGLE_ADDRESSES                                                                           \
    .authorize_base = S_INIT("https://accounts.google.com"),                                       \
    .authorize_path = S_INIT("/o/oauth2/v2/auth"),                                                 \
    .token_base = S_INIT("https://oauth2.googleapis.com"), .token_path = S_INIT("/token"),         \
    .separator = ' ', .extra = S_INIT("access_type=offline&prompt=consent")

const struct oauth2_provider oauth2_youtube = {
    .name = S_INIT("youtube"),
    GOOGLE_ADDRESSES,
    .scopes = S_INIT("https://www.googleapis.com/auth/youtube.force-ssl"),
};
const struct oauth2_provider oauth2_google_business = {
    .name = S_INIT("google_business"),
    GOOGLE_ADDRESSES,
    .scopes = S_INIT("https://www.googleapis.com/auth/business.manage"),
};
const struct oauth2_provider oauth2_google_mail = {
    .name = S_INIT("google_mail"),
    GOOGLE_ADDRESSES,
    .scopes = S_INIT("https://mail.google.com/"),
};
/* By a service account's assertion. */
const struct oauth2_provider oauth2_dialogflow = {
    .name = S_INIT("dialogflow"),
    GOOGLE_ADDRESSES,
    .scopes = S_INIT("https://www.googleapis.com/auth/dialogflow"),
    .renewal = OAUTH2_NEVER,
};
/* The bases may name a tenant instead of "common". */
const struct oauth2_provider oauth2_microsoft_mail = {
    .name = S_INIT("microsoft_mail"),
    .authorize_base = S_INIT("https://login.microsoftonline.com/common"),
    .authorize_path = S_INIT("/oauth2/v2.0/authorize"),
    .token_base = S_INIT("https://login.microsoftonline.com/common"),
    .token_path = S_INIT("/oauth2/v2.0/token"),
    .scopes = S_INIT("https://outlook.office.com/IMAP.AccessAsUser.All "
                     "https://outlook.office.com/SMTP.Send offline_access"),
    .separator = ' ',
    .uses_pkce = true,
};

/* ── customer relations and imports ── */

/* Answers give no end: renewed when a call is refused. */
const struct oauth2_provider oauth2_salesforce = {
    .name = S_INIT("salesforce"),
    .authorize_base = S_INIT("https://login.salesforce.com"),
    .authorize_path = S_INIT("/services/oauth2/authorize"),
    .token_base = S_INIT("https://login.salesforce.com"),
    .token_path = S_INIT("/services/oauth2/token"),
    .scopes = S_INIT("api refresh_token"),
    .separator = ' ',
    .uses_pkce = true,
    .subject_name = S_INIT("id"),
};
const struct oauth2_provider oauth2_hubspot = {
    .name = S_INIT("hubspot"),
    .authorize_base = S_INIT("https://app.hubspot.com"),
    .authorize_path = S_INIT("/oauth/authorize"),
    .token_base = S_INIT("https://api.hubapi.com"),
    .token_path = S_INIT("/oauth/v1/token"),
    .scopes = S_INIT("crm.objects.contacts.read crm.objects.contacts.write tickets"),
    .separator = ' ',
};
/* The bases are those of the customer's data centre. Refusals come with HTTP 200. */
const struct oauth2_provider oauth2_zoho = {
    .name = S_INIT("zoho"),
    .authorize_base = S_INIT("https://accounts.zoho.com"),
    .authorize_path = S_INIT("/oauth/v2/auth"),
    .token_base = S_INIT("https://accounts.zoho.com"),
    .token_path = S_INIT("/oauth/v2/token"),
    .scopes = S_INIT("ZohoCRM.modules.ALL"),
    .separator = ',',
    .extra = S_INIT("access_type=offline&prompt=consent"),
};
const struct oauth2_provider oauth2_line = {
    .name = S_INIT("line"),
    .token_base = S_INIT("https://api.line.me"),
    .token_path = S_INIT("/v2/oauth/accessToken"),
    .renewal = OAUTH2_NEVER,
};
const struct oauth2_provider oauth2_helpscout = {
    .name = S_INIT("helpscout"),
    .token_base = S_INIT("https://api.helpscout.net"),
    .token_path = S_INIT("/v2/oauth2/token"),
    .renewal = OAUTH2_NEVER,
};

const struct oauth2_provider *oauth2_find(str name)
{
    static const struct oauth2_provider *const all[] = {&oauth2_x, &oauth2_linkedin, &oauth2_tiktok,
        &oauth2_facebook, &oauth2_instagram, &oauth2_instagram_page, &oauth2_mastodon,
        &oauth2_shopify, &oauth2_youtube, &oauth2_google_business, &oauth2_google_mail,
        &oauth2_microsoft_mail, &oauth2_dialogflow, &oauth2_salesforce, &oauth2_hubspot,
        &oauth2_zoho, &oauth2_line, &oauth2_helpscout};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (str_eq(all[i]->name, name))
            return all[i];
    return NULL;
}
