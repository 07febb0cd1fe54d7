/* network_call: see network_call.h. */
#include "api/network_call.h"

#include <assert.h>

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

err network_call_do(struct call *call,
    err (*fn)(struct call *call, struct http_client *client, void *arg), void *arg)
{
    struct ctx *cx = &call->cx;
    const struct egress_rules *rules = NULL;
    assert(!cx->db);
    TRY(rules_of(call, &rules));
    struct http_client *client = http_client_open(&(struct http_client_options){
        .rules = rules, .ca_file = call->api->ca_file, .most_ms = NETWORK_CALL_MS});
    if (!client)
        return fail(cx, E_BUSY, "Seva is out of memory; please try again");
    volatile err e = E_BUSY;
    jmp_buf out_of_memory, *outer = cx->arena->escape;
    cx->arena->escape = &out_of_memory;
    if (setjmp(out_of_memory) == 0)
        e = fn(call, client, arg);
    cx->arena->escape = outer;
    http_client_close(client);
    if (e == E_BUSY && !cx->fault.words.len)
        return fail(cx, E_BUSY, "Seva is out of memory; please try again");
    return e;
}
