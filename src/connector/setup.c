/* setup: base addresses, settings and secrets of a channel, as its connector asks for them. See
 * connector.h. */
#include "base/json.h"
#include "connector/connector.h"

/* "x.api=https://…;*=http://…": the value of a key; empty when it is not there. */
static str value_of(str pairs, str key)
{
    str pair, name, value;
    for (bool more = true; more && pairs.len;) {
        more = str_cut(pairs, ';', &pair, &pairs);
        if (str_cut(pair, '=', &name, &value) && str_eq(str_trim(name), key))
            return str_trim(value);
    }
    return (str){0};
}

static str without_slash(str url)
{
    while (str_ends(url, S("/")))
        url.len--;
    return url;
}

str connector_host_url(struct arena *a, const struct connector *c, str hosts, str name)
{
    str exact = value_of(hosts, str_print(a, "%.*s.%.*s", SARG(c->name), SARG(name)));
    str any = value_of(hosts, S("*"));
    if (exact.len)
        return without_slash(exact);
    if (any.len)
        return str_print(a, "%.*s/%.*s/%.*s", SARG(without_slash(any)), SARG(c->name), SARG(name));
    for (const struct connector_host *h = c->hosts; h && h->name; h++)
        if (str_eq(str_from(h->name), name))
            return str_from(h->url);
    return (str){0};
}

err connector_hosts_check(struct arena *a, str hosts, str *why)
{
    str pair, name, value = {0}, kind, host = {0};
    for (bool more = true; more && hosts.len;) {
        more = str_cut(hosts, ';', &pair, &hosts);
        if (!str_trim(pair).len)
            continue;
        bool is_good = str_cut(pair, '=', &name, &value);
        value = str_trim(value);
        name = str_trim(name);
        is_good = is_good && (str_starts(value, S("http://")) || str_starts(value, S("https://")));
        if (is_good && !str_eq(name, S("*")))
            is_good = str_cut(name, '.', &kind, &host) && host.len && connector_find(kind);
        if (is_good)
            continue;
        *why = str_print(a, "\"%.*s\" is not KIND.NAME=https://… of a network, nor *=http://…",
            SARG(str_trim(pair)));
        return E_INVALID;
    }
    return OK;
}

static str text_in(struct arena *a, str object, const char *name)
{
    const struct json *root = NULL;
    str why;
    if (json_parse(a, object, &root, &why) != OK)
        return (str){0};
    return json_text(json_get(root, str_from(name)), S(""));
}

str setup_setting(
    struct arena *a, const struct connector *c, const struct connector_setup *s, const char *name)
{
    str value = text_in(a, s->settings, name);
    for (const struct connector_setting *k = c->settings; !value.len && k->name; k++)
        if (k->standard && str_eq(str_from(k->name), str_from(name)))
            return str_from(k->standard);
    return value;
}

str setup_secret(struct arena *a, const struct connector_setup *s, const char *name)
{
    return text_in(a, s->secrets, name);
}

struct connector_rules connector_rules_for(
    struct arena *a, const struct connector *c, const struct connector_setup *s, bool is_public)
{
    struct connector_rules rules = is_public ? c->public_rules : c->private_rules;
    int64_t length;
    if (rules.length_setting &&
        str_int(setup_setting(a, c, s, rules.length_setting), 1, INT32_MAX, &length) == OK)
        rules.max_length = length;
    return rules;
}
