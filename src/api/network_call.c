/* network_call: see network_call.h. */
#include "api/network_call.h"

#include <assert.h>
#include <stdatomic.h>

static atomic_int under_way;

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

static err call_now(struct call *call, const struct egress_rules *rules,
    err (*fn)(struct call *call, struct http_client *client, void *arg), void *arg)
{
    struct http_client *client = http_client_open(&(struct http_client_options){
        .rules = rules, .ca_file = call->api->ca_file, .most_ms = NETWORK_CALL_MS});
    if (!client)
        return E_BUSY;
    err e = call_guarded(call, client, fn, arg);
    http_client_close(client);
    return e;
}

err network_call_do(struct call *call,
    err (*fn)(struct call *call, struct http_client *client, void *arg), void *arg)
{
    struct ctx *cx = &call->cx;
    const struct egress_rules *rules = NULL;
    assert(!cx->db);
    TRY(rules_of(call, &rules));
    if (atomic_fetch_add(&under_way, 1) >= NETWORK_CALLS_AT_ONCE) {
        atomic_fetch_sub(&under_way, 1);
        return fail(cx, E_BUSY, "Other networks are being asked; please try again in a moment.");
    }
    err e = call_now(call, rules, fn, arg);
    atomic_fetch_sub(&under_way, 1);
    if (e == E_BUSY && !cx->fault.words.len)
        return fail(cx, E_BUSY, "Seva is out of memory; please try again");
    return e;
}
