/* telephone: see telephone.h. */
#include "connector/telephone.h"

#include "connector/reading.h"

str telephone_hidden(struct arena *a, str call)
{
    return str_sub(str_cat(a, S("hidden:"), call), 0, READING_ID_BYTES);
}

void telephone_message(struct arena *a, struct connector_item *it, const struct part_call *call)
{
    struct parts parts = parts_make(a);
    part_call(&parts, call);
    it->parts = parts_str(&parts);
    it->is_answered = str_eq(call->outcome, S("answered"));
}

err telephone_send(struct http_client *client, struct arena *a,
    const struct connector_outgoing *out, struct connector_sent *sent)
{
    (void)client;
    (void)a;
    (void)out;
    *sent = (struct connector_sent){.outcome = CONNECTOR_FINAL,
        .why = S("A call cannot be answered in writing. Move the conversation to a channel where "
                 "the person can be written to.")};
    return OK;
}
