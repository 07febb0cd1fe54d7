/* mail_words: see mail_words.h. */
#include "care/mail_words.h"

#include "connector/connector.h"
#include "store/agent.h"
#include "text/fill.h"
#include "text/html_clean.h"

static str first_of(str name)
{
    str first, rest;
    (void)str_cut(str_trim(name), ' ', &first, &rest); /* without a space all of it is the first */
    return first;
}

err mail_values_of(
    struct ctx *cx, const struct channel *channel, str contact_name, struct mail_values *values)
{
    str name = channel->name, first = channel->name;
    if (cx->actor.kind == ACTOR_AGENT) {
        struct agent agent;
        TRY(agent_get(cx, cx->actor.agent, &agent));
        name = agent.name;
        first = first_of(agent.name);
    }
    *values = (struct mail_values){
        {{S("agent.name"), name}, {S("agent.first_name"), first},
         {S("channel.name"), channel->name}, {S("contact.name"), contact_name},
         {S("contact.first_name"), first_of(contact_name)}}
    };
    return OK;
}

static const str *value_of(const struct mail_values *values, str name)
{
    for (int i = 0; i < MAIL_VALUES; i++)
        if (str_eq(name, values->at[i].name))
            return &values->at[i].value;
    return NULL;
}

str mail_values_fill(struct arena *a, str text, const struct mail_values *values)
{
    struct sb b = sb_make(a, 0);
    str before, place, rest;
    while (fill_next(text, &before, &place, &rest)) {
        const str *value = value_of(values, place);
        sb_add(&b, before);
        sb_add(&b, value ? *value : S("{{"));
        text = value ? rest : str_skip(text, before.len + 2); /* a known one may follow inside */
    }
    sb_add(&b, text);
    return sb_str(&b);
}

struct mail_signature mail_signature_of(
    struct ctx *cx, const struct channel *channel, const struct mail_values *values)
{
    const struct connector_setup setup = {.settings = channel->settings};
    const struct connector *network = connector_find(channel->kind);
    if (!network || cx->actor.kind != ACTOR_AGENT)
        return (struct mail_signature){0};
    str text = str_trim(mail_values_fill(
        cx->arena, setup_setting(cx->arena, network, &setup, "signature"), values));
    if (!text.len)
        return (struct mail_signature){0};
    return (struct mail_signature){text, html_clean_of_text(cx->arena, text)};
}
