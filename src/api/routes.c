/* routes: see routes.h. A subject file ends in `const struct route_table NAME_routes`; one line per
 * table here makes it reachable, documented and tested. */
#include "api/routes.h"

extern const struct route_table session_routes, me_routes, account_routes, agents_routes,
    links_routes, teams_routes, roles_routes, tokens_routes, audit_routes, channels_routes,
    health_routes, hooks_routes, jobs_routes, stream_routes, webhooks_routes, docs_routes,
    static_routes, conversations_routes, conversation_changes_routes, messages_routes,
    contacts_routes, tags_routes, views_routes, desk_routes, widget_routes, widget_chat_routes,
    uploads_routes, attachments_routes, photos_routes, networks_routes, channel_check_routes,
    templates_routes, authorizations_routes, authorize_callback_routes, capture_routes,
    reconciliations_routes, calls_routes, search_routes, mail_routes, mail_forward_routes,
    mail_templates_routes, mail_subscription_routes, mail_writing_routes, mail_addresses_routes,
    mail_key_routes, letters_routes, password_reset_routes, mail_keys_routes, hook_mail_routes,
    mail_picture_routes, mail_carried_routes, exports_routes;

const struct route_table *const route_tables[] = {
    &session_routes,
    &me_routes,
    &links_routes,
    &password_reset_routes,
    &account_routes,
    &agents_routes,
    &teams_routes,
    &roles_routes,
    &tokens_routes,
    &audit_routes,
    &channels_routes,
    &networks_routes,
    &channel_check_routes,
    &templates_routes,
    &authorizations_routes,
    &authorize_callback_routes,
    &capture_routes,
    &reconciliations_routes,
    &mail_subscription_routes,
    &webhooks_routes,
    &jobs_routes,
    &stream_routes,
    &hook_mail_routes,
    &mail_picture_routes,
    &hooks_routes,
    &health_routes,
    &conversation_changes_routes,
    &conversations_routes,
    &messages_routes,
    &mail_routes,
    &mail_carried_routes,
    &mail_writing_routes,
    &mail_forward_routes,
    &mail_templates_routes,
    &mail_addresses_routes,
    &mail_key_routes,
    &letters_routes,
    &mail_keys_routes,
    &contacts_routes,
    &exports_routes,
    &calls_routes,
    &tags_routes,
    &search_routes,
    &views_routes,
    &desk_routes,
    &widget_routes,
    &widget_chat_routes,
    &uploads_routes,
    &attachments_routes,
    &photos_routes,
    &docs_routes,
    &static_routes,
};
const ptrdiff_t n_route_tables = sizeof route_tables / sizeof route_tables[0];

extern const struct route_ahead conversations_ahead, conversation_ahead, messages_ahead;
static const struct route_ahead *const aheads[] = {
    &conversations_ahead,
    &conversation_ahead,
    &messages_ahead,
};

const struct route_ahead *route_ahead_of(const struct route *route)
{
    for (size_t i = 0; i < sizeof aheads / sizeof aheads[0]; i++)
        if (aheads[i]->handle == route->handle)
            return aheads[i];
    return NULL;
}
