/* names: the stable texts of enums and sets, in one place: capabilities and the five built-in
 * roles. A number is never stored; a text never changes its meaning. Thread: constant data. */
#pragma once
#include "base/json.h"
#include "model/ctx.h"

struct builtin_role {
    str key, name;
    uint64_t caps;
};
enum { BUILTIN_ROLE_COUNT = 5 };
/* From the most to the least: owner, admin, supervisor, agent, viewer. */
extern const struct builtin_role builtin_roles[BUILTIN_ROLE_COUNT];
/* NULL when no built-in role has this key. */
const struct builtin_role *builtin_role_find(str key);

/* "agent", "token", "visitor", "system". */
str actor_kind_name(enum actor_kind kind);

/* ["conversation.read", …] of a set, in table order. */
str capabilities_json(struct arena *a, uint64_t caps);
void capabilities_put(struct json_out *j, uint64_t caps);
/* The same texts but "self", NULL-terminated, for declared answers. */
extern const char *const capability_words[];
/* The set of such a text as it was stored; names that are unknown are left out (a newer node may
 * know them). Needs no memory: who may do what does not depend on how much is left. */
uint64_t capabilities_read(str json);
