/* role: the account's custom roles beside the built-in ones (model/names.h). */
#pragma once
#include "model/access.h"
#include "model/ctx.h"

/* Built-in or custom; E_NOT_FOUND. */
err role_by_key(struct ctx *cx, str key, struct role *role);
err role_get(struct ctx *cx, role_id id, struct role *role); /* custom only */
/* The built-in ones first. */
err role_list(struct ctx *cx, struct role **roles, ptrdiff_t *n);
err role_add(struct ctx *cx, const struct role *role); /* E_CONFLICT: name taken */
err role_set(struct ctx *cx, const struct role *role);
err role_remove(struct ctx *cx, role_id id); /* E_CONFLICT while somebody has it */
