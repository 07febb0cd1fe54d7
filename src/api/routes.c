/* routes: see routes.h. A subject file ends in `const struct route_table NAME_routes`; one line per
 * table here makes it reachable, documented and tested. */
#include "api/routes.h"

extern const struct route_table session_routes, me_routes, account_routes, agents_routes,
    links_routes, teams_routes, roles_routes, tokens_routes, audit_routes, channels_routes,
    health_routes, hooks_routes, jobs_routes, stream_routes, webhooks_routes, docs_routes,
    static_routes, conversations_routes, messages_routes, contacts_routes, tags_routes,
    views_routes, desk_routes, widget_routes, widget_chat_routes, uploads_routes,
    attachments_routes, photos_routes, networks_routes, channel_check_routes, templates_routes,
    authorizations_routes, authorize_callback_routes, capture_routes;

const struct route_table *const route_tables[] = {
    &session_routes,
    &me_routes,
    &links_routes,
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
    &webhooks_routes,
    &jobs_routes,
    &stream_routes,
    &hooks_routes,
    &health_routes,
    &conversations_routes,
    &messages_routes,
    &contacts_routes,
    &tags_routes,
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
