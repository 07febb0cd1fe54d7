/* See networks_world.h. */
#include "networks_world.h"

#include <stdarg.h>

void networks_open(struct networks *n, struct test_app *app)
{
    *n = (struct networks){.app = app, .peer = peer_open()};
    world_open(&n->w, app);
    app->config.network_hosts = str_print(&app->arena, "*=%.*s", SARG(peer_url(n->peer)));
}

void networks_close(struct networks *n)
{
    world_close(&n->w);
    peer_close(n->peer);
}

str path(struct networks *n, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    str s = str_vprint(&n->app->arena, format, args);
    va_end(args);
    return s;
}

int ask(struct networks *n, const char *method, str target, const char *body, ...)
{
    struct arena *a = &n->app->arena;
    va_list args;
    va_start(args, body);
    char *text = body ? str_z(a, str_vprint(a, body, args)) : NULL;
    va_end(args);
    return test_request(n->app, method, str_z(a, target), text);
}

bool body_has(struct networks *n, const char *text)
{
    return str_find(n->app->body, str_from(text)) >= 0;
}

void channel_connect(struct networks *n)
{
    peer_answers(n->peer, 200, "", "{}"); /* job subscribe */
    peer_answers(n->peer, 200, "", "{\"templates\":[]}");
    int status = ask(n, "POST", S("/api/v1/channels"),
        "{\"kind\":\"x\",\"name\":\"Parrot\",\"languages\":[\"en\"],\"handle\":\"@shop\","
        "\"handle_role\":\"brand\",\"settings\":{\"access_token\":\"tok-1\",\"client_id\":\"cid\","
        "\"marks_read\":\"no\",\"client_secret\":\"app-secret\"}}");
    if (status != 201)
        fail_msg("channel: %d %.*s", status, SARG(n->app->body));
    n->channel = test_text(n->app, "id");
    n->key = test_text(n->app, "public_key");
    n->secret = test_text(n->app, "secret");
    world_run(&n->w);
}

void hook(struct networks *n, const char *items)
{
    struct arena *a = &n->app->arena;
    const struct http_header headers[] = {
        {S("Content-Type"), S("application/json")},
        {S("X-Parrot"),     n->secret            },
    };
    char *target = str_z(a, path(n, "/hooks/x/%.*s", SARG(n->key)));
    str body = str_print(a, "{\"items\":[%s]}", items);
    int status = test_request_full(n->app, "POST", target, headers, 2, body);
    if (status != 200)
        fail_msg("hook: %d %.*s", status, SARG(n->app->body));
    world_run(&n->w);
}

str conversation_of(struct networks *n, const char *items)
{
    hook(n, items);
    return conversation_newest(&n->w);
}

int answer(struct networks *n, str conversation, const char *text, const char *more)
{
    static int64_t number;
    assert_int_equal(
        ask(n, "GET", path(n, "/api/v1/conversations/%.*s", SARG(conversation)), NULL), 200);
    str seen = test_text(n->app, "last_message_id");
    return ask(n, "POST", path(n, "/api/v1/conversations/%.*s/messages", SARG(conversation)),
        "{\"kind\":\"reply\",\"text\":\"%s\",\"seen_message_id\":\"%.*s\",\"client_id\":"
        "\"00000000-0000-4000-8001-%012lld\"%s}",
        text, SARG(seen), (long long)++number, more);
}

struct peer_heard heard_last(struct networks *n)
{
    return peer_heard(n->peer, peer_count(n->peer) - 1);
}
