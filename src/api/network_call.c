/* network_call: see network_call.h. */
#include "api/network_call.h"

#include <assert.h>
#include <stdatomic.h>

/* Calls of one kind. */
struct gate {
    atomic_int under_way;
    int most;
    const char *agent; /* User-Agent; empty = our own */
    const char *busy;
};
static struct gate networks = {.most = NETWORK_CALLS_AT_ONCE,
    .agent = "",
    .busy = "Other networks are being asked; please try again in a moment."};
static struct gate pictures = {.most = PICTURE_CALLS_AT_ONCE,
    .agent = "Mozilla/5.0 (compatible; picture proxy)",
    .busy = "Other pictures are being fetched; please try again in a moment."};

static err rules_of(struct call *call, const struct egress_rules **rules)
{
    str why = {0};
    *rules = call->api->egress;
    if (*rules)
        return OK;
    if (egress_rules_parse(call->cx.arena, call->cx.config->egress_allow, rules, &why) != OK)
        return fail(&call->cx, E_INTERNAL, "egress-allow cannot be read: %.*s", SARG(why));
    return OK;
}

/* Everything that allocates, under the arena's escape, so that the client is closed. */
static err call_guarded(struct call *call, struct http_client *client,
    err (*fn)(struct call *call, struct http_client *client, void *arg), void *arg)
{
    struct arena *a = call->cx.arena;
    volatile err e = E_BUSY;
    jmp_buf out_of_memory, *outer = a->escape;
    a->escape = &out_of_memory;
    if (setjmp(out_of_memory) == 0)
        e = fn(call, client, arg);
    a->escape = outer;
    return e;
}

static err call_now(struct call *call, const struct egress_rules *rules, const struct gate *gate,
    err (*fn)(struct call *call, struct http_client *client, void *arg), void *arg)
{
    struct http_client *client = http_client_open(&(struct http_client_options){.rules = rules,
        .ca_file = call->api->ca_file,
        .user_agent = str_from(gate->agent),
        .most_ms = NETWORK_CALL_MS});
    if (!client)
        return E_BUSY;
    err e = call_guarded(call, client, fn, arg);
    http_client_close(client);
    return e;
}

static err call_through(struct call *call, struct gate *gate,
    err (*fn)(struct call *call, struct http_client *client, void *arg), void *arg)
{
    struct ctx *cx = &call->cx;
    const struct egress_rules *rules = NULL;
    assert(!cx->db);
    TRY(rules_of(call, &rules));
    if (atomic_fetch_add(&gate->under_way, 1) >= gate->most) {
        atomic_fetch_sub(&gate->under_way, 1);
        return fail(cx, E_BUSY, "%s", gate->busy);
    }
    err e = call_now(call, rules, gate, fn, arg);
    atomic_fetch_sub(&gate->under_way, 1);
    if (e == E_BUSY && !cx->fault.words.len)
        return fail(cx, E_BUSY, "Seva is out of memory; please try again");
    return e;
}

err network_call_do(struct call *call,
    err (*fn)(struct call *call, struct http_client *client, void *arg), void *arg)
{
    return call_through(call, &networks, fn, arg);
}

err picture_call_do(struct call *call,
    err (*fn)(struct call *call, struct http_client *client, void *arg), void *arg)
{
    return call_through(call, &pictures, fn, arg);
}
