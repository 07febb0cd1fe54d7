/* Every route that answers with an object is asked once, so that every declared shape is held
 * against a real answer (support/shape_check.h does it for each request), and no declared field is
 * one that nothing ever writes. Events and what goes to reply addresses likewise. */
#include "engine_world.h"
#include "files_world.h"
#include "networks_world.h"
#include "shape_check.h"

#include "api/describe.h"
#include "api/events.h"
#include "api/match.h"
#include "api/routes.h"
#include "base/crypto.h"
#include "base/id.h"
#include "care/mail_subscription.h"
#include "model/view_event.h"
#include "store/agent.h"
#include "store/inbox.h"
#include "store/login.h"
#include "store/pace.h"
#include "store/reconciliation.h"

#define PASSWORD "correct horse battery"

/* One request. keep: the letter under which a text of the answer (at `path`) is kept; "$X" in a
 * later target or body stands for it. */
struct step {
    const char *method, *target, *body;
    char keep;
    const char *path;
};

/* Routes whose answer needs what this story has not got, with the story that has. */
static const char *const elsewhere[] = {
    "GET /api/v1/messages/{id}/mail",            /* mail_threads: needs a mailbox */
    "POST /api/v1/conversations/{id}/join",      /* mail_join: needs mails */
    "POST /api/v1/conversations/{id}/separate",  /* mail_join */
    "DELETE /api/v1/conversations/{id}/related", /* mail_join */
    "POST /api/v1/me/totp/confirm",              /* access_sign_in: needs an authenticator */
    "POST /api/v1/attachments/{id}/retry",       /* files_fetched: needs an address that fails */
    "GET /api/v1/attachments/{id}/mail",         /* mail_parts: a mail that came as a file */
    "GET /api/v1/conversations/{id}/mail",       /* mail_writing: these need a mailbox */
    "GET /api/v1/channels/{id}/mail", "GET /api/v1/channels/{id}/mail_templates",
    "POST /api/v1/channels/{id}/mail_templates", "PATCH /api/v1/mail_templates/{id}",
    "POST /api/v1/messages/{id}/forward", "POST /api/v1/messages/{id}/send",
    "GET /api/v1/conversations/{id}/mail-addresses",        /* mail_bounces: the same */
    "POST /api/v1/conversations/{id}/mail-addresses/retry", /* mail_bounces */
    "POST /api/v1/channels/{id}/mail-key",                  /* mail_sending */
    "POST /api/v1/messages/{id}/stop",                      /* mail_stopped */
    /* letters_chat: */
    "POST /api/v1/letters/{id}/retry", "POST /api/v1/conversations/{id}/transcript",
    "POST /api/v1/contacts/{id}/separate",
    "GET /api/v1/exports/{id}/file", /* exports: needs one that was made */
};

/* Fields that nothing fills here, with the story that does; the rest is seen with a value. */
static const char *const filled_elsewhere[] = {
    "RecoveryCodes.recovery_codes", /* access_sign_in */
    "AccountChoice.id",             /* access_sign_in: one person in two accounts */
    "AccountChoice.name",
    "Fault.choices",
    "ContactShort.avatar_url",      /* no channel of these has pictures of people */
    "Attachment.thumbnail_url",     /* files_messages: needs a picture program */
    "Attachment.error",             /* files_fetched */
    "Attachment.source_url",        /* files_fetched */
    "WidgetSettings.logo_url",      /* files_messages */
    "ChannelHealth.last_error",     /* engine_send */
    "WidgetHistory.next",           /* widget_chat: needs a long conversation */
    "Webhook.failing_since",        /* engine_webhooks */
    "Webhook.disabled_reason",      /* engine_webhooks */
    "Message.error",                /* engine_send */
    "ConversationNews.related_id",  /* mail_threads */
    "ConversationNews.joined_id",   /* mail_join */
    "ConversationFull.related",     /* mail_join */
    "FaultDetails.conversation_id", /* mail_join */
    "Message.planned_at",           /* mail_writing */
    "Draft.mail",
    /* letters_people, letters_chat: */
    "Account.mail_channel_id",
    "Export.contact_id", /* exports */
    "Export.contact_name",
    "Export.error",
    "Export.step",
    "Export.started_at",
    "Export.finished_at",
    "ChannelSettings.mail_channel_id",
};

/* Passing news goes to sockets only: engine_stream. Mails: mail_threads, mail_writing, mail_parts.
 */
static const char *const passing[] = {"RelatedConversation", "Mail", "MailPerson", "MailAuth",
    "MailInvitation", "Hello", "Presence", "PresentAgent", "PresentContact", "Typing", "Typist",
    "ReadData", "MailWho", "MailWriting", "MailTemplate", "MailRecipient", "MailAddress",
    "MailAddresses", "MailKeyRecord", "Letter", "MailSignature", "CarriedMail", "CarriedFile"};

static str kept['z' + 1];
static bool was_asked[512];

/* ── asking ── */

static char *filled(struct test_app *app, const char *text)
{
    struct sb b = sb_make(&app->arena, 0);
    for (const char *at = text; *at; at++)
        if (*at == '$')
            sb_add(&b, kept[(unsigned char)*++at]);
        else
            sb_byte(&b, *at);
    return str_z(&app->arena, sb_str(&b));
}

static ptrdiff_t number_of(const struct route *wanted)
{
    ptrdiff_t n = 0;
    for (ptrdiff_t t = 0; t < n_route_tables; t++)
        for (ptrdiff_t i = 0; i < route_tables[t]->n; i++, n++)
            if (&route_tables[t]->at[i] == wanted)
                return n;
    return -1;
}

static void asked(struct test_app *app, const char *method, const char *target)
{
    str path, query;
    enum http_method m;
    assert_true(http_method_parse(str_from(method), &m));
    (void)str_cut(str_from(target), '?', &path, &query);
    const struct route *route = route_find(app->api.routes, m, path).route;
    assert_non_null(route);
    if (app->status >= 300)
        fail_msg("%s %s: %d %.*s", method, target, app->status, SARG(app->body));
    was_asked[number_of(route)] = true;
}

static void walk(struct test_app *app, const struct step *steps, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct step *s = &steps[i];
        char *target = filled(app, s->target), *body = s->body ? filled(app, s->body) : NULL;
        if (str_starts(str_from(target), S("/widget/v1/")) && kept['y'].len)
            (void)test_request_as(app, kept['y'], s->method, target, body);
        else
            (void)test_request(app, s->method, target, body);
        asked(app, s->method, target);
        if (s->keep)
            kept[(unsigned char)s->keep] = str_copy(&app->arena, test_text(app, s->path));
    }
}
#define WALK(app, table) walk((app), (table), sizeof(table) / sizeof((table)[0]))

static void keep_id(struct test_app *app, char letter, int64_t id)
{
    kept[(unsigned char)letter] = str_print(&app->arena, "%lld", (long long)id);
}

/* ── the walk ── */

/* clang-format off */
static const struct step people[] = {
    {"GET", "/api/v1/password-resets", NULL, 0, NULL},
    {"POST", "/api/v1/mail-keys", "{\"text\":\"-----BEGIN CERTIFICATE-----\\nMIIBZjCCAQugAwIBAgIBATAKBggqhkjOPQQDAjAZMRcwFQYDVQQDDA5UZXN0IEF1\\ndGhvcml0eTAgFw0yMDAxMDEwMDAwMDBaGA8yMTIwMDEwMTAwMDAwMFowGTEXMBUG\\nA1UEAwwOVGVzdCBBdXRob3JpdHkwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAATl\\n8itQuYEnVsLACYUVN08vXZ0PxmbSid9hEGjlPYDrT6n4ffCSedJi7PvUvApWYxiM\\n9aISkQ/ZcbZhPKZV5SgBo0IwQDAPBgNVHRMBAf8EBTADAQH/MA4GA1UdDwEB/wQE\\nAwIBBjAdBgNVHQ4EFgQUKSe7Lt+LinXTiJeRUuovcJJsj5wwCgYIKoZIzj0EAwID\\nSQAwRgIhAP/by/gMJWknBI8jc6TWs/JTWtDk+E340qIGZIfQhHBVAiEA7iHCLsuz\\njEytaKcr/ZVdt0iKe7/1iHOt7oDDble1QL4=\\n-----END CERTIFICATE-----\"}", 'k', "id"},
    {"GET", "/api/v1/mail-keys", NULL, 0, NULL},
    {"DELETE", "/api/v1/mail-keys/$k", NULL, 0, NULL},
    {"GET", "/api/v1/account", NULL, 0, NULL},
    {"PATCH", "/api/v1/account", "{\"name\":\"Shop\"}", 0, NULL},
    {"POST", "/api/v1/teams", "{\"name\":\"First\"}", 'T', "id"},
    {"POST", "/api/v1/agents", "{\"email\":\"neha@test.example\",\"role\":\"agent\",\"team_ids\":[\"$T\"]}", 'A', "agent.id"},
    {"PATCH", "/api/v1/agents/$A", "{\"grants\":[{\"scope\":\"team\",\"id\":\"$T\"},{\"scope\":\"channel\",\"id\":\"$c\"}]}", 0, NULL},
    {"GET", "/api/v1/agents", NULL, 0, NULL},
    {"POST", "/api/v1/agents/$A/sign-out", NULL, 0, NULL},
    {"PATCH", "/api/v1/teams/$T", "{\"description\":\"d\"}", 0, NULL},
    {"GET", "/api/v1/teams", NULL, 0, NULL},
    {"POST", "/api/v1/roles", "{\"name\":\"Reader\",\"capabilities\":[\"contact.read\"]}", 'R', "id"},
    {"PATCH", "/api/v1/roles/$R", "{\"name\":\"Reads\"}", 0, NULL},
    {"GET", "/api/v1/roles", NULL, 0, NULL},
    {"POST", "/api/v1/tokens", "{\"name\":\"t\",\"scopes\":[\"agent.read\",\"attachment.read\"],\"expires_at\":\"2027-01-01T00:00:00.000Z\"}", 'k', "secret"},
    {"GET", "/api/v1/tokens", NULL, 0, NULL},
    {"GET", "/api/v1/sessions", NULL, 0, NULL},
    {"GET", "/api/v1/session", NULL, 0, NULL},
    {"PATCH", "/api/v1/me", "{\"introduction\":\"Hello\",\"settings\":{\"theme\":\"dark\"}}", 0, NULL},
    {"POST", "/api/v1/me/totp", NULL, 0, NULL},
    {"GET", "/api/v1/audit", NULL, 0, NULL},
    {"POST", "/api/v1/exports", "{\"what\":\"account\"}", 'E', "id"},
    {"GET", "/api/v1/exports", NULL, 0, NULL},
    {"GET", "/api/v1/exports/$E", NULL, 0, NULL},
    {"DELETE", "/api/v1/exports/$E", NULL, 0, NULL},
};
static const struct step channels[] = {
    {"PATCH", "/api/v1/channels/$x", "{\"languages\":[\"en\",\"bn\"],\"settings\":{\"greeting\":\"Hi\",\"intro\":\"We help\",\"color\":\"#112233\","
     "\"position\":\"left\",\"launcher_text\":\"Chat\",\"theme\":\"dark\",\"show_agent_photo\":true,\"attachments_enabled\":true,"
     "\"transcript_enabled\":true,\"transcript_mail_enabled\":true,\"mail_after_minutes\":5,\"require_identity\":false,\"offline_text\":\"Later\",\"allowed_origins\":[\"https://shop.example\"],"
     "\"prechat\":{\"enabled\":true,\"consent_text\":\"ok?\",\"privacy_url\":\"https://shop.example/p\",\"fields\":["
     "{\"key\":\"size\",\"label\":\"Size\",\"type\":\"select\",\"required\":false,\"options\":[\"S\"]}]}}}", 0, NULL},
    {"PATCH", "/api/v1/channels/$c", "{\"settings\":{\"reply_url\":\"$r\",\"events\":[\"message.outgoing\"]}}", 0, NULL},
    {"GET", "/api/v1/channels", NULL, 0, NULL},
    {"GET", "/api/v1/channels/$c", NULL, 0, NULL},
    {"GET", "/api/v1/letters", NULL, 0, NULL},
    {"POST", "/api/v1/channels", "{\"kind\":\"api\",\"name\":\"More\"}", 'C', "id"},
    {"POST", "/api/v1/channels", "{\"kind\":\"widget\",\"name\":\"Chat too\"}", 0, NULL},
    {"POST", "/api/v1/channels/$C/rotate-secret", NULL, 0, NULL},
    {"GET", "/api/v1/channels/$x/snippet", NULL, 0, NULL},
    {"POST", "/api/v1/webhooks", "{\"name\":\"w\",\"url\":\"$h\",\"events\":[\"*\"]}", 'W', "id"},
    {"POST", "/api/v1/webhooks/$W/rotate-secret", NULL, 0, NULL},
    {"GET", "/api/v1/webhooks", NULL, 0, NULL},
    {"GET", "/api/v1/webhooks/$W", NULL, 0, NULL},
    {"PATCH", "/api/v1/webhooks/$W", "{\"name\":\"w2\"}", 0, NULL},
    {"POST", "/api/v1/webhooks/$W/test", NULL, 'D', "id"},
};
static const struct step visitor[] = {
    {"GET", "/widget/v1/$w/config", NULL, 0, NULL},
    {"POST", "/widget/v1/$w/session", "{\"page\":{\"url\":\"https://shop.example/\",\"title\":\"Shop\"}}", 'y', "token"},
    {"POST", "/widget/v1/prechat", "{\"consent\":true,\"fields\":{\"name\":\"Ann\",\"email\":\"ann@shop.example\",\"phone\":\"+1\",\"size\":\"S\"}}", 0, NULL},
    {"POST", "/widget/v1/messages", "{\"client_id\":\"11111111-1111-4111-8111-111111111111\",\"text\":\"hello\",\"page\":{\"url\":\"https://shop.example/\",\"title\":\"Shop\"}}", 'm', "id"},
    {"POST", "/widget/v1/messages", "{\"client_id\":\"11111111-1111-4111-8111-111111111111\",\"text\":\"hello\"}", 0, NULL},
    {"POST", "/widget/v1/uploads", "{\"name\":\"a.txt\",\"size\":2,\"type\":\"text/plain\"}", 'u', "id"},
    {"GET", "/widget/v1/conversation", NULL, 'v', "conversation.id"},
};
static const struct step desk[] = {
    {"GET", "/api/v1/conversations?status=open", NULL, 0, NULL},
    {"POST", "/api/v1/conversations", "{\"channel_id\":\"$c\",\"contact\":{\"name\":\"Bo\",\"external_id\":\"bo\"},\"text\":\"hello\"}", 'V', "id"},
    {"GET", "/api/v1/conversations/$V", NULL, 'P', "contact.id"},
    {"POST", "/api/v1/conversations/$V/presence", "{\"state\":\"typing\"}", 0, NULL},
    {"GET", "/api/v1/conversations/$V", NULL, 0, NULL},
    {"PATCH", "/api/v1/contacts/$P", "{\"email\":\"bo@shop.example\",\"phone\":\"+2\",\"language\":\"en\",\"time_zone\":\"UTC\",\"location\":\"x\",\"company\":\"y\",\"note\":\"z\",\"custom\":{\"a\":\"b\"}}", 0, NULL},
    {"GET", "/api/v1/contacts", NULL, 0, NULL},
    {"GET", "/api/v1/contacts/$P", NULL, 0, NULL},
    {"POST", "/api/v1/contacts", "{\"name\":\"Cy\"}", 0, NULL},
    {"GET", "/api/v1/contacts/$P/conversations", NULL, 0, NULL},
    {"POST", "/api/v1/tags", "{\"name\":\"late\",\"color\":\"#112233\"}", 'G', "id"},
    {"PATCH", "/api/v1/tags/$G", "{\"color\":\"#445566\"}", 0, NULL},
    {"GET", "/api/v1/tags", NULL, 0, NULL},
    {"PUT", "/api/v1/conversations/$V/tags", "{\"tags\":[\"late\"]}", 0, NULL},
    {"POST", "/api/v1/views", "{\"name\":\"v\",\"is_shared\":true,\"filter\":{\"status\":[\"open\"],\"assignee\":\"me\",\"team\":\"none\",\"channel\":\"$c\","
     "\"contact\":\"$P\",\"tag\":[\"late\"],\"priority\":[\"high\"],\"language\":\"en\",\"unread\":true,\"mentions\":true,\"q\":\"x\"}}", 'I', "id"},
    {"PATCH", "/api/v1/views/$I", "{\"name\":\"v2\"}", 0, NULL},
    {"GET", "/api/v1/views", NULL, 0, NULL},
    {"GET", "/api/v1/views/counts", NULL, 0, NULL},
    {"PUT", "/api/v1/conversations/$V/draft", "{\"kind\":\"note\",\"text\":\"d\",\"attachment_ids\":[\"$F\"]}", 0, NULL},
    {"GET", "/api/v1/conversations/$V/draft", NULL, 0, NULL},
    {"DELETE", "/api/v1/conversations/$V/draft", NULL, 0, NULL},
    {"GET", "/api/v1/conversations/$V/messages", NULL, 'M', "items.0.id"},
    {"POST", "/api/v1/conversations/$V/messages", "{\"kind\":\"note\",\"text\":\"look\",\"client_id\":\"22222222-2222-4222-8222-222222222222\",\"mentions\":[\"$A\",\"$O\"],\"attachment_ids\":[\"$F\"]}", 0, NULL},
    {"POST", "/api/v1/conversations/$V/messages", "{\"kind\":\"reply\",\"text\":\"gone\",\"force\":true,\"seen_message_id\":\"$M\",\"client_id\":\"33333333-3333-4333-8333-333333333333\"}", 'M', "id"},
    {"DELETE", "/api/v1/messages/$M", NULL, 0, NULL},
    {"POST", "/api/v1/conversations/$V/messages", "{\"kind\":\"reply\",\"text\":\"hi\",\"force\":true,\"seen_message_id\":\"$M\",\"client_id\":\"44444444-4444-4444-8444-444444444444\"}", 'N', "id"},
    {"POST", "/api/v1/conversations/$v/messages", "{\"kind\":\"reply\",\"text\":\"hello Ann\",\"seen_message_id\":\"$m\",\"client_id\":\"55555555-5555-4555-8555-555555555555\"}", 'n', "id"},
    {"PATCH", "/api/v1/conversations/$V", "{\"priority\":\"high\",\"assignee_id\":\"$O\",\"team_id\":\"$T\",\"subject\":\"s\",\"language\":\"en\"}", 0, NULL},
    {"POST", "/api/v1/conversations/bulk", "{\"ids\":[\"$V\",\"1\"],\"set\":{\"priority\":\"low\"}}", 'B', "undo_token"},
    {"POST", "/api/v1/conversations/bulk/undo", "{\"undo_token\":\"$B\"}", 0, NULL},
};
static const struct step later[] = {
    {"GET", "/widget/v1/conversation", NULL, 0, NULL},
    {"POST", "/widget/v1/$w/session", "{\"resume_token\":\"$y\"}", 0, NULL},
    {"GET", "/widget/v1/$w/config", NULL, 0, NULL},
    {"GET", "/api/v1/tokens", NULL, 0, NULL},
    {"POST", "/widget/v1/read", "{\"message_id\":\"$n\"}", 0, NULL},
    {"GET", "/api/v1/search?q=-zzz&kind=messages&limit=1", NULL, 0, NULL},
    {"GET", "/api/v1/search?q=late", NULL, 0, NULL},
    {"GET", "/api/v1/search?q=c&kind=contacts&typing=true", NULL, 0, NULL},
    {"GET", "/api/v1/conversations/$v", NULL, 0, NULL},
    {"GET", "/api/v1/conversations/$v/messages", NULL, 0, NULL},
    {"GET", "/api/v1/contacts", NULL, 0, NULL},
    {"POST", "/api/v1/conversations/$V/read", "{\"message_id\":\"$N\"}", 0, NULL},
    {"PATCH", "/api/v1/conversations/$V", "{\"status\":\"snoozed\",\"snoozed_until\":\"2026-02-01T00:00:00.000Z\"}", 0, NULL},
    {"PATCH", "/api/v1/conversations/$V", "{\"status\":\"resolved\",\"outcome\":\"solved\"}", 0, NULL},
    {"GET", "/api/v1/conversations/$V/messages", NULL, 0, NULL},
    {"GET", "/api/v1/notifications", NULL, 0, NULL},
    {"POST", "/api/v1/notifications/read", "{\"all\":true}", 0, NULL},
    {"GET", "/api/v1/notifications", NULL, 0, NULL},
    {"GET", "/api/v1/channels/$c", NULL, 0, NULL},
    {"GET", "/api/v1/webhooks/$W/deliveries", NULL, 0, NULL},
    {"POST", "/api/v1/deliveries/$D/retry", NULL, 0, NULL},
    {"GET", "/api/v1/quarantine", NULL, 0, NULL},
    {"GET", "/api/v1/jobs?state=queued", NULL, 'J', "items.0.id"},
    {"POST", "/api/v1/jobs/$J/retry", NULL, 0, NULL},
    {"DELETE", "/api/v1/tags/$G", NULL, 0, NULL},
    {"DELETE", "/api/v1/views/$I", NULL, 0, NULL},
    {"DELETE", "/api/v1/webhooks/$W", NULL, 0, NULL},
    {"DELETE", "/api/v1/me/photo", NULL, 0, NULL},
    {"GET", "/api/v1/conversations", NULL, 0, NULL},
};
/* clang-format on */

/* ── what no table can say ── */

static void sign_in_and_links(struct test_app *app)
{
    struct ctx *cx = test_begin(app);
    struct agent owner;
    str hash;
    struct http_header json[] = {
        {S("Content-Type"), S("application/json")}
    };
    assert_ok(agent_get(cx, app->owner, &owner));
    assert_ok(crypto_password_hash(cx->arena, S(PASSWORD), &hash));
    assert_ok(login_set_password(cx, owner.login_id, hash));
    test_commit(app, cx);
    (void)test_request_full(app, "POST", "/api/v1/session", json, 1,
        S("{\"email\":\"owner@test.example\",\"password\":\"" PASSWORD "\"}"));
    asked(app, "POST", "/api/v1/session");
    (void)test_request(app, "POST", "/api/v1/me/password",
        "{\"current\":\"" PASSWORD "\",\"new\":\"another long one\"}");
    asked(app, "POST", "/api/v1/me/password");
    app->owner_csrf = test_text(app, "csrf");
    str cookie, rest;
    (void)str_cut(str_skip(test_answer_header(app, "Set-Cookie"), 13), ';', &cookie, &rest);
    app->owner_session = cookie;
    char *reset = filled(app, "/api/v1/agents/$A/reset-link");
    (void)test_request(app, "POST", reset, NULL);
    asked(app, "POST", reset);
    str url = test_text(app, "url");
    url = str_skip(url, str_find(url, S("/app/link/")) + 10);
    char *link = str_z(&app->arena, str_cat(&app->arena, S("/api/v1/links/"), url));
    (void)test_request_full(app, "GET", link, NULL, 0, S(""));
    asked(app, "GET", link);
    (void)test_request_full(
        app, "POST", link, json, 1, S("{\"password\":\"quite a password\",\"name\":\"Neha\"}"));
    asked(app, "POST", link);
}

static void files(struct test_app *app)
{
    str photo = upload_whole(app, kept['k'], "/api/v1", "me.png", png_whole(app, 400, 300));
    kept['L'] = str_copy(&app->arena, photo);
    (void)test_request(app, "PUT", "/api/v1/me/photo", filled(app, "{\"upload_id\":\"$L\"}"));
    asked(app, "PUT", "/api/v1/me/photo");
    str logo = upload_whole(app, kept['k'], "/api/v1", "logo.png", png_bytes(app, 30, 20));
    kept['L'] = str_copy(&app->arena, logo);
    char *settings = filled(app, "{\"settings\":{\"logo_upload_id\":\"$L\"}}");
    (void)test_request(app, "PATCH", filled(app, "/api/v1/channels/$x"), settings);
    asked(app, "PATCH", "/api/v1/channels/1");
    str file = upload_whole(app, kept['k'], "/api/v1", "a.png", png_bytes(app, 30, 20));
    kept['F'] = str_copy(&app->arena, file);
    asked(app, "POST", "/api/v1/uploads");
    asked(app, "PUT", "/api/v1/uploads/1");
}

static void visitors_files(struct test_app *app)
{
    (void)upload_whole(app, kept['y'], "/widget/v1", "b.txt", S("hello"));
    asked(app, "PUT", "/widget/v1/uploads/1");
}

/* Refusals that bring more than words; their shape is checked with the rest. */
static void refusals(struct test_app *app)
{
    str late = upload_begin(app, kept['k'], "/api/v1", "c.txt", 5);
    assert_int_equal(put_part(app, kept['k'], "/api/v1", late, 3, S("lo")), 409);
    char *target = filled(app, "/api/v1/conversations/$v/messages");
    assert_int_equal(test_request(app, "POST", target,
                         filled(app, "{\"kind\":\"reply\",\"text\":\"x\",\"seen_message_id\":\"1\","
                                     "\"client_id\":\"66666666-6666-4666-8666-666666666666\"}")),
        409);
    assert_int_equal(test_request(app, "POST", "/api/v1/teams", "{\"colour\":1}"), 400);
}

/* Resolved long ago: the next message begins a new conversation that names the old one. */
static void another_week(struct world *w)
{
    clock_advance(INT64_C(8) * 24 * 3600 * 1000);
    assert_int_equal(hook_message(w, "m8", "bo", "again"), 200);
    world_run(w);
    assert_int_equal(test_request(w->app, "GET", "/api/v1/conversations", NULL), 200);
}

/* A reply that the address refuses, tried again. */
static void refused_reply(struct world *w, struct receiver_peer *peer)
{
    (void)reply(w, conversation_newest(w), "in the customer's thread");
    receiver_answers(peer, 400, "no", "");
    kept['M'] = reply(w, kept['V'], "refused");
    clock_advance(6 * 1000);
    world_run(w);
    receiver_answers(peer, 200, "{}", "");
    char *again = filled(w->app, "/api/v1/messages/$M/retry");
    (void)test_request(w->app, "POST", again, NULL);
    asked(w->app, "POST", again);
}

static void hooks(struct world *w)
{
    char *inbound = filled(w->app, "/api/v1/channels/$c/inbound");
    assert_int_equal(hook_message(w, "m1", "bo", "hello"), 200);
    asked(w->app, "POST", "/hooks/api/x");
    assert_int_equal(
        hook_status(w, "{\"statuses\":[{\"message_id\":\"1\",\"state\":\"read\"}]}"), 200);
    asked(w->app, "POST", "/hooks/api/x/status");
    (void)test_request(w->app, "POST", inbound,
        "{\"messages\":[{\"id\":\"m2\",\"thread\":\"t\",\"contact\":{\"id\":\"eve\",\"name\":"
        "\"Eve\",\"email\":\"e@x.example\",\"phone\":\"+3\",\"language\":\"en\"},\"text\":\"hi\"}]}");
    asked(w->app, "POST", inbound);
    struct ctx *cx = test_begin(w->app);
    struct inbox_new bad = {.account = w->app->account,
        .source = {7},
        .channel = w->app->api_channel,
        .network = S("api"),
        .delivery_key = S("bad"),
        .content_type = S("application/json"),
        .body = S("{}"),
        .received_ms = cx->now_ms};
    assert_ok(inbox_add_quarantined(cx->db, &bad, S("test")));
    test_commit(w->app, cx);
}

/* What the peer got: event objects of webhooks and replies. */
static void posts_check(struct test_app *app, struct receiver_peer *peer)
{
    ptrdiff_t n = receiver_count(peer);
    assert_true(n > 5 && n < PEER_POSTS);
    for (ptrdiff_t i = 0; i < n; i++) {
        struct posted post = receiver_post(peer, i);
        const struct json *v;
        str why;
        assert_ok(json_parse(&app->arena, post.body, &v, &why));
        str fault = shape_fault(&app->arena, &event_shape, v);
        const struct event_kind *kind =
            event_kind_find(post.event, EVENT_TO_WEBHOOKS | EVENT_TO_REPLY_ADDRESS);
        assert_non_null(kind);
        if (!fault.len && kind->data)
            fault = shape_fault(&app->arena, kind->data, json_get(v, S("data")));
        if (fault.len)
            fail_msg("%.*s: %.*s", SARG(post.event), SARG(fault));
    }
}

/* ── networks ── */

#define ACCOUNTS                                                                                   \
    "{\"accounts\":[{\"id\":\"1\",\"handle\":\"@shop\",\"name\":\"Shop\",\"avatar\":"              \
    "\"https://parrot.example/a.png\"}%s],\"note\":\"slow\",\"expires\":\"2027-01-01T00:00:00Z\"}"
#define NETWORK_CHANNEL "/api/v1/channels/$K"

/* clang-format off */
static const struct step network_channel[] = {
    {"GET", "/api/v1/networks",                NULL,                                               0,   NULL},
    {"POST", NETWORK_CHANNEL "/check",         NULL,                                               0,   NULL},
    {"POST", NETWORK_CHANNEL "/check",         NULL,                                               0,   NULL},
    {"GET",  NETWORK_CHANNEL,                  NULL,                                               0,   NULL},
    {"POST", NETWORK_CHANNEL "/templates/sync", NULL,                                              0,   NULL},
    {"GET",  NETWORK_CHANNEL "/reconciliations", NULL,                                             0,   NULL},
    {"GET",  NETWORK_CHANNEL "/mail-subscription", NULL,                                           0,   NULL},
    {"GET",  NETWORK_CHANNEL "/templates",     NULL,                                               0,   NULL},
    {"POST", "/api/v1/channels/check",
     "{\"kind\":\"x\",\"settings\":{\"access_token\":\"t\"}}",                                      0,   NULL},
    {"POST", "/api/v1/authorizations",
     "{\"kind\":\"x\",\"name\":\"Two\",\"settings\":{\"client_id\":\"c\",\"client_secret\":\"s\"}}",
     'q',                                                                                               "url"},
};
static const struct step network_choice[] = {
    {"GET",  "/api/v1/authorizations/$q", NULL,                      0, NULL},
    {"POST", "/api/v1/authorizations/$q", "{\"external_id\":\"2\"}", 0, NULL},
};

/* clang-format on */

static void scripted(struct networks *n, const char *more)
{
    peer_answers(
        n->peer, 200, "", str_z(&n->app->arena, str_print(&n->app->arena, ACCOUNTS, more)));
}

/* The state is in the address of the network's page, and then in the console's. */
static void keep_after(struct test_app *app, char letter, str url, str name)
{
    str value, rest;
    ptrdiff_t at = str_find(url, name);
    assert_true(at >= 0);
    (void)str_cut(str_skip(url, at + name.len), '&', &value, &rest);
    kept[(unsigned char)letter] = str_copy(&app->arena, value);
}

static void network_connected(struct networks *n)
{
    struct test_app *app = n->app;
    channel_connect(n);
    kept['K'] = n->channel;
    struct ctx *cx = test_begin(app);
    assert_ok(pace_note_sent(cx, app->api_channel, 100, 1, cx->now_ms + 1000));
    assert_ok(pace_close(cx, app->api_channel, PACE_LIMIT, cx->now_ms + 1000));
    struct reconciliation compared = {.from_ms = 1,
        .until_ms = 2,
        .seen = 2,
        .missed = 1,
        .details = S(
            "[{\"external_id\":\"m0\",\"at\":\"2026-01-01T00:00:00.000Z\",\"from\":\"b\",\"text\":\"a\"}]"),
        .error = S("It was slow.")};
    assert_ok(id_parse(n->channel, &compared.channel_id.v));
    assert_ok(reconciliation_add(cx, &compared));
    assert_ok(
        mail_subscription_ask(cx, compared.channel_id, S("arn:aws:sns:x"), S("https://sns.x")));
    test_commit(app, cx);
    peer_answers(n->peer, 401, "", "{}");
    scripted(n, "");
    peer_answers(n->peer, 200, "",
        "{\"templates\":[{\"name\":\"n\",\"language\":\"en\",\"body\":\"b\",\"header\":\"h\","
        "\"footer\":\"f\"}]}");
    scripted(n, "");
    WALK(app, network_channel);
    assert_int_equal(test_request(app, "GET", "/api/v1/channels", NULL), 200);
    keep_after(app, 'q', kept['q'], S("&state="));
    peer_answers(n->peer, 200, "", "{\"access_token\":\"a\",\"token_type\":\"bearer\"}");
    scripted(n, ",{\"id\":\"2\",\"name\":\"Two\"}");
    char *back = filled(app, "/oauth/callback?state=$q&code=c");
    assert_int_equal(test_request(app, "GET", back, NULL), 303);
    keep_after(app, 'q', test_answer_header(app, "Location"), S("authorization="));
    WALK(app, network_choice);
    peer_answers(n->peer, 200, "", "{}"); /* its subscription */
    peer_answers(n->peer, 200, "", "{\"templates\":[]}");
    world_run(&n->w);
}

/* clang-format off */
static const struct step network_acts[] = {
    {"POST", "/api/v1/messages/$M/act", "{\"kind\":\"react\",\"reaction\":\"!\"}", 0, NULL},
    {"GET", "/api/v1/conversations/$N/messages", NULL, 0, NULL},
    {"POST", "/api/v1/conversations/$N/messages",
     "{\"kind\":\"reply\",\"text\":\"yes\",\"force\":true,\"seen_message_id\":\"$M\",\"reply_to_id\":\"$M\",\"client_id\":"
     "\"77777777-7777-4777-8777-777777777777\"}", 0, NULL},
    {"POST", "/api/v1/conversations/$N/move", "{\"channel_id\":\"$c\",\"address\":\"ann-api\"}", 0, NULL},
    {"POST", "/api/v1/channels", "{\"kind\":\"x\",\"name\":\"Seen\",\"settings\":{\"way\":\"capture\"}}", 0, NULL},
    {"POST", "/api/v1/capture", "{\"network\":\"x\",\"url\":\"https://x.example/1\",\"author_name\":\"A\"}", 0, NULL},
};

/* clang-format on */

static void network_messages(struct networks *n)
{
    struct test_app *app = n->app;
    hook(
        n, "{\"kind\":\"message\",\"id\":\"m1\",\"from\":\"ann\",\"name\":\"Ann\",\"text\":\"a\"}");
    kept['N'] = conversation_newest(&n->w);
    hook(n,
        "{\"kind\":\"edit\",\"id\":\"m1\",\"from\":\"ann\",\"text\":\"b\"},"
        "{\"kind\":\"reaction\",\"id\":\"m1\",\"from\":\"ann\",\"name\":\"Ann\",\"emoji\":\"+\"}");
    assert_int_equal(test_request(app, "GET", filled(app, "/api/v1/conversations/$N"), NULL), 200);
    kept['M'] = test_text(app, "last_message_id");
    WALK(app, network_acts);
    peer_answers(n->peer, 200, "", "{}");
    hook(n, "{\"kind\":\"delete\",\"id\":\"m1\",\"from\":\"ann\"},"
            "{\"kind\":\"message\",\"id\":\"p1\",\"from\":\"bo\",\"text\":\"c\",\"public\":true,"
            "\"post\":\"9\"}");
    assert_int_equal(
        test_request(app, "GET", filled(app, "/api/v1/conversations/$N/messages"), NULL), 200);
    assert_int_equal(test_request(app, "GET", "/api/v1/conversations?q=c", NULL), 200);
    kept['N'] = test_text(app, "items.0.id");
    assert_int_equal(answer(n, kept['N'], "call 555-123-4567", ""), 409);
    (void)conversation_newest(&n->w);
    assert_int_equal(test_request(app, "GET", "/api/v1/conversations?q=x.example", NULL), 200);
    assert_int_equal(answer(n, test_text(app, "items.0.id"), "ok", ""), 409);
}

/* clang-format off */
static const struct step call_taken[] = {
    {"PATCH", "/api/v1/me", "{\"phone\":\"+15559990001\"}", 0, NULL},
    {"GET", "/api/v1/calls", NULL, 'q', "items.0.id"},
    {"POST", "/api/v1/calls/$q/take", NULL, 0, NULL},
};
static const struct step call_done[] = {
    {"GET", "/api/v1/calls/$q", NULL, 0, NULL},
    {"POST", "/api/v1/calls/$q/wrap_up", "{\"note\":\"n\"}", 0, NULL},
    {"POST", "/api/v1/calls", "{\"channel_id\":\"$K\",\"number\":\"+15557770009\"}", 'q', "id"},
    {"POST", "/api/v1/calls/$q/hang_up", NULL, 0, NULL},
};
/* clang-format on */

static void calls(struct networks *n)
{
    hook(n, "{\"kind\":\"call\",\"id\":\"k1\",\"from\":\"+15557770001\",\"name\":\"Ann\","
            "\"state\":\"queued\",\"position\":2}");
    WALK(n->app, call_taken);
    peer_answers(n->peer, 200, "", "{}");
    world_run(&n->w);
    hook(n,
        "{\"kind\":\"call\",\"id\":\"k1\",\"state\":\"queued\",\"position\":1,\"returned\":true}");
    WALK(n->app, call_taken);
    peer_answers(n->peer, 200, "", "{}");
    world_run(&n->w);
    hook(n, "{\"kind\":\"message\",\"id\":\"k1\",\"from\":\"+15557770001\",\"text\":\"call\","
            "\"answered\":true},{\"kind\":\"call\",\"id\":\"k1\",\"state\":\"answered\"}");
    clock_advance(3 * 1000);
    hook(n, "{\"kind\":\"call\",\"id\":\"k1\",\"state\":\"ended\"}");
    clock_advance(3 * 1000);
    WALK(n->app, call_done);
    peer_answers(n->peer, 400, "", "{}");
    world_run(&n->w);
}

static void networks(struct world *w)
{
    struct networks n = {.app = w->app, .peer = peer_open(), .w = *w};
    w->app->config.network_hosts = str_print(&w->app->arena, "*=%.*s", SARG(peer_url(n.peer)));
    network_connected(&n);
    network_messages(&n);
    calls(&n);
    peer_close(n.peer);
}

/* ── the verdict ── */

static bool is_in(const char *const *list, size_t n, str name)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq(str_from(list[i]), name))
            return true;
    return false;
}

static void every_route_was_asked(struct test_app *app)
{
    ptrdiff_t n = 0, missing = 0;
    for (ptrdiff_t t = 0; t < n_route_tables; t++)
        for (ptrdiff_t i = 0; i < route_tables[t]->n; i++, n++) {
            const struct route *route = &route_tables[t]->at[i];
            str name =
                str_print(&app->arena, "%s %s", http_method_name(route->method), route->path);
            if (!route->answer || was_asked[n] ||
                is_in(elsewhere, sizeof elsewhere / sizeof elsewhere[0], name))
                continue;
            print_error("%.*s is asked by no step\n", SARG(name));
            missing++;
        }
    assert_int_equal(missing, 0);
}

static void every_field_was_filled(struct test_app *app)
{
    struct described d = describe_all(&app->arena);
    ptrdiff_t missing = 0;
    for (ptrdiff_t i = 0; i < d.n_shapes; i++)
        for (ptrdiff_t k = 0; k < d.shapes[i]->n; k++) {
            const struct shape_field *f = &d.shapes[i]->fields[k];
            str name = str_print(&app->arena, "%s.%s", d.shapes[i]->name, f->name);
            if (shape_was_seen(f) ||
                is_in(passing, sizeof passing / sizeof passing[0], str_from(d.shapes[i]->name)) ||
                is_in(filled_elsewhere, sizeof filled_elsewhere / sizeof filled_elsewhere[0], name))
                continue;
            print_error("%.*s never had a value\n", SARG(name));
            missing++;
        }
    assert_int_equal(missing, 0);
}

static void every_route_answers_as_declared_and_every_field_is_written(void **state)
{
    struct test_app *app = *state;
    struct world w;
    struct receiver_peer *peer = receiver_open();
    world_open(&w, app);
    receiver_answers(peer, 200, "{\"id\":\"ext\"}", "");
    kept['h'] = receiver_url(peer, "/hook");
    kept['r'] = receiver_url(peer, "/replies");
    kept['w'] = app->widget_key;
    keep_id(app, 'x', app->widget.v);
    keep_id(app, 'c', app->api_channel.v);
    keep_id(app, 'O', app->owner.v);
    WALK(app, people);
    sign_in_and_links(app);
    WALK(app, channels);
    files(app);
    world_run(&w);
    WALK(app, visitor);
    visitors_files(app);
    WALK(app, desk);
    hooks(&w);
    world_run(&w);
    clock_advance(10 * 1000);
    world_run(&w);
    refusals(app);
    refused_reply(&w, peer);
    WALK(app, later);
    world_run(&w);
    another_week(&w);
    networks(&w);
    posts_check(app, peer);
    world_close(&w);
    receiver_close(peer);
    test_events_check(app);
    every_route_was_asked(app);
    every_field_was_filled(app);
}

static void the_readable_page_leads_to_every_shape(void **state)
{
    struct test_app *app = *state;
    struct described d = describe_all(&app->arena);
    assert_int_equal(test_request_full(app, "GET", "/docs", NULL, 0, S("")), 200);
    for (ptrdiff_t i = 0; i < d.n_shapes; i++) {
        str place = str_print(&app->arena, "id=\"%s\"", d.shapes[i]->name);
        if (str_find(app->body, place) < 0)
            fail_msg("/docs has no %s", d.shapes[i]->name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_APP(every_route_answers_as_declared_and_every_field_is_written),
        TEST_APP(the_readable_page_leads_to_every_shape),
    };
    if (test_app_is_skipped())
        return 77;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
