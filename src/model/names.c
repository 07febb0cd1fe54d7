/* names: see names.h. The capability texts come from the table in ctx.h; the built-in roles are the
 * product's (owner, admin, supervisor, agent, viewer), each a subset of the one before it. */
#include "model/names.h"

#define CAP_TEXT(id, text) S_INIT(text),
static const str capability_texts[CAP_COUNT] = {CAPABILITIES(CAP_TEXT)};
#undef CAP_TEXT

/* "self" is the table's last row: what everybody signed in may, never part of a role or token. */
#define CAP_WORD(id, text) [CAP_INDEX_##id] = CAP_INDEX_##id == CAP_INDEX_SELF ? NULL : (text),
const char *const capability_words[CAP_COUNT + 1] = {CAPABILITIES(CAP_WORD)};
#undef CAP_WORD

enum {
    CAPS_VIEWER = CAP_CONVERSATION_READ | CAP_CONTACT_READ | CAP_EVENT_READ | CAP_ATTACHMENT_READ |
                  CAP_AGENT_READ | CAP_SELF,
    CAPS_AGENT = CAPS_VIEWER | CAP_CONVERSATION_REPLY | CAP_CONVERSATION_NOTE |
                 CAP_CONVERSATION_ASSIGN | CAP_CONVERSATION_UPDATE | CAP_CONVERSATION_BULK |
                 CAP_CONTACT_UPDATE,
    CAPS_SUPERVISOR =
        CAPS_AGENT | CAP_VIEW_SHARE | CAP_TAG_MANAGE | CAP_AUDIT_READ | CAP_JOB_MANAGE,
    CAPS_ALL = (1 << CAP_COUNT) - 1,
};

/* An admin has the same capabilities as an owner; what only owners may (making and removing owners)
 * is a rule of care/access.c. */
const struct builtin_role builtin_roles[BUILTIN_ROLE_COUNT] = {
    {S_INIT("owner"),      S_INIT("Owner"),      CAPS_ALL       },
    {S_INIT("admin"),      S_INIT("Admin"),      CAPS_ALL       },
    {S_INIT("supervisor"), S_INIT("Supervisor"), CAPS_SUPERVISOR},
    {S_INIT("agent"),      S_INIT("Agent"),      CAPS_AGENT     },
    {S_INIT("viewer"),     S_INIT("Viewer"),     CAPS_VIEWER    },
};

const struct builtin_role *builtin_role_find(str key)
{
    for (int i = 0; i < BUILTIN_ROLE_COUNT; i++)
        if (str_eq(builtin_roles[i].key, key))
            return &builtin_roles[i];
    return NULL;
}

str actor_kind_name(enum actor_kind kind)
{
    switch (kind) {
    case ACTOR_AGENT:
        return S("agent");
    case ACTOR_TOKEN:
        return S("token");
    case ACTOR_VISITOR:
        return S("visitor");
    case ACTOR_NONE:
        return S("nobody");
    case ACTOR_SYSTEM:
        break;
    }
    return S("system");
}

enum capability capability_by_name(str name)
{
    for (int i = 0; i < CAP_COUNT; i++)
        if (str_eq(capability_texts[i], name))
            return (enum capability)(1 << i);
    return CAP_NONE;
}

str capability_name(enum capability c)
{
    for (int i = 0; i < CAP_COUNT; i++)
        if (c == (enum capability)(1 << i))
            return capability_texts[i];
    return (str){0};
}

void capabilities_put(struct json_out *j, uint64_t caps)
{
    json_arr(j);
    for (int i = 0; i < CAP_COUNT; i++)
        if (i != CAP_INDEX_SELF && (caps & (UINT64_C(1) << i)))
            json_put_str(j, capability_texts[i]);
    json_arr_end(j);
}

str capabilities_json(struct arena *a, uint64_t caps)
{
    struct json_out j = json_out_make(a, 0);
    capabilities_put(&j, caps);
    return json_str(&j);
}

uint64_t capabilities_read(str json)
{
    uint64_t caps = 0;
    ptrdiff_t from = -1; /* after an opening quote */
    for (ptrdiff_t i = 0; i < json.len; i++) {
        if (json.at[i] != '"')
            continue;
        if (from >= 0)
            caps |= (uint64_t)capability_by_name(str_sub(json, from, i - from));
        from = from >= 0 ? -1 : i + 1;
    }
    return caps;
}
