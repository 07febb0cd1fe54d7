/* account: the tenant's own settings (API "Account, people"). */
#include "store/account.h"
#include "api/input.h"
#include "base/clock.h"
#include "base/json.h"
#include "care/letter.h"
#include "model/view_access.h"
#include "store/audit.h"

enum { SETTINGS_MAX = 64 * 1024 }; /* bytes */

struct account_patch {
    str name, locale, time_zone;
    int64_t undo_seconds, reopen_days;
    const struct json *settings;
    int64_t mail_channel_id;
    bool has_mail_channel_id, has_name, has_locale, has_time_zone, has_undo_seconds,
        has_reopen_days, has_settings;
};
static const char *const locales[] = {"en", "bn", "ar", NULL};
static const struct input_field fields[] = {
    FIELD_SEEN(struct account_patch, name, IN_TEXT, 0, 1, 0, NULL),
    FIELD_ENUM_SEEN(struct account_patch, locale, 0, locales, NULL),
    FIELD_SEEN(struct account_patch, time_zone, IN_TEXT, 0, 1, 64, "IANA name"),
    FIELD_SEEN(struct account_patch, undo_seconds, IN_INT, 0, 0, 30, "how long a reply is held"),
    FIELD_SEEN(struct account_patch, reopen_days, IN_INT, 0, 1, 365,
        "a customer message within so many days of resolving reopens"),
    FIELD_SEEN(struct account_patch, settings, IN_JSON, 0, 0, 0, "at most 64 KiB"),
    FIELD_SEEN(struct account_patch, mail_channel_id, IN_ID, IN_NULLABLE, 0, 0,
        "a mailbox: invitations and password resets go out by it; null: links are copied"),
};
static const struct input_spec spec = SPEC("AccountPatch", struct account_patch, fields);

static err account_answer(struct call *call, const struct account *account)
{
    struct json_out j = json_out_make(call->cx.arena, 0);
    account_view(&j, account);
    return answer_json(call, 200, json_str(&j));
}

static err get(struct call *call)
{
    struct account account;
    TRY(account_get(&call->cx, &account));
    return account_answer(call, &account);
}

static err apply(struct ctx *cx, const struct account_patch *patch, struct account *account)
{
    if (patch->has_name)
        account->name = patch->name;
    if (patch->has_locale)
        account->locale = patch->locale;
    if (patch->has_time_zone && !time_zone_is_known(patch->time_zone))
        return fail_field(cx, "time_zone", "there is no such time zone");
    if (patch->has_time_zone)
        account->time_zone = patch->time_zone;
    if (patch->has_undo_seconds)
        account->undo_seconds = patch->undo_seconds;
    if (patch->has_reopen_days)
        account->reopen_days = patch->reopen_days;
    if (patch->has_mail_channel_id && patch->mail_channel_id)
        TRY(letter_mailbox_check(cx, "mail_channel_id", (channel_id){patch->mail_channel_id}));
    if (patch->has_mail_channel_id)
        account->mail_channel_id = (channel_id){patch->mail_channel_id};
    if (!patch->has_settings)
        return OK;
    if (patch->settings->kind != JSON_OBJECT)
        return fail_field(cx, "settings", "settings must be an object");
    struct json_out j = json_out_make(cx->arena, 0);
    json_put_tree(&j, patch->settings);
    account->settings = json_str(&j);
    if (account->settings.len > SETTINGS_MAX)
        return fail_field(cx, "settings", "settings are longer than %d bytes", SETTINGS_MAX);
    return OK;
}

static err patch(struct call *call)
{
    struct ctx *cx = &call->cx;
    struct account account;
    TRY(account_get(cx, &account));
    TRY(apply(cx, call->body, &account));
    TRY(account_set(cx, &account));
    TRY(audit_add(cx, S("account.updated"), S("account"), account.id.v, (str){0}));
    return account_answer(call, &account);
}

/* clang-format off */
static const struct route routes[] = {
    {HTTP_GET, "/api/v1/account", AUTH_AGENT, CAP_AGENT_READ,
     ROUTE_READ, NULL, NULL, NULL, get,
     "The account.", &account_shape, 0},
    {HTTP_PATCH, "/api/v1/account", AUTH_AGENT, CAP_ACCOUNT_MANAGE,
     ROUTE_WRITE, NULL, &spec, NULL, patch,
     "Change the account.", &account_shape, 0},
};
/* clang-format on */
extern const struct route_table account_routes;
const struct route_table account_routes = ROUTES(routes);
