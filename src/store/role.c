/* role: see role.h. */
#include "store/role.h"

#include "db/db.h"
#include "model/names.h"

struct role_row {
    role_id id;
    str key, name, capabilities;
};
static const struct db_col role_cols[] = {
    COL(struct role_row, id),
    COL(struct role_row, key),
    COL(struct role_row, name),
    COL(struct role_row, capabilities),
};

static struct role role_of(const struct role_row *row)
{
    return (struct role){
        .id = row->id,
        .key = row->key,
        .name = row->name,
        .caps = capabilities_read(row->capabilities) | CAP_SELF,
    };
}

err role_by_key(struct ctx *cx, str key, struct role *role)
{
    const struct builtin_role *builtin = builtin_role_find(key);
    if (builtin) {
        *role = (struct role){.key = builtin->key, .name = builtin->name, .caps = builtin->caps};
        return OK;
    }
    struct role_row row;
    err e = db_one(cx->db,
        S("SELECT id, key, name, capabilities "
          "FROM role "
          "WHERE account_id = ?1 AND key = ?2"),
        ARGS(A_ID(cx->account), A_TEXT(key)), COLS(role_cols), &row);
    if (e == E_NOT_FOUND)
        return fail(cx, E_NOT_FOUND, "there is no role %.*s", SARG(key));
    TRY(e);
    *role = role_of(&row);
    return OK;
}

err role_get(struct ctx *cx, role_id id, struct role *role)
{
    struct role_row row;
    err e = db_one(cx->db,
        S("SELECT id, key, name, capabilities "
          "FROM role "
          "WHERE account_id = ?1 AND id = ?2"),
        ARGS(A_ID(cx->account), A_ID(id)), COLS(role_cols), &row);
    if (e == E_NOT_FOUND)
        return fail(cx, E_NOT_FOUND, "there is no such role of your own");
    TRY(e);
    *role = role_of(&row);
    return OK;
}

err role_list(struct ctx *cx, struct role **roles, ptrdiff_t *n)
{
    struct role_row *rows;
    ptrdiff_t count;
    TRY(db_all(cx->db,
        S("SELECT id, key, name, capabilities "
          "FROM role "
          "WHERE account_id = ?1 "
          "ORDER BY name "
          "LIMIT 500"),
        ARGS(A_ID(cx->account)), COLS(role_cols), sizeof(struct role_row), &rows, &count));
    struct role *list = NEW(cx->arena, struct role, BUILTIN_ROLE_COUNT + count);
    for (ptrdiff_t i = 0; i < BUILTIN_ROLE_COUNT; i++)
        list[i] = (struct role){.key = builtin_roles[i].key,
            .name = builtin_roles[i].name,
            .caps = builtin_roles[i].caps};
    for (ptrdiff_t i = 0; i < count; i++)
        list[BUILTIN_ROLE_COUNT + i] = role_of(&rows[i]);
    *roles = list;
    *n = BUILTIN_ROLE_COUNT + count;
    return OK;
}

static err name_taken(struct ctx *cx, str name)
{
    return fail_detail(cx, E_CONFLICT, "exists", "there is already a role %.*s", SARG(name));
}

err role_add(struct ctx *cx, const struct role *role)
{
    int64_t added = 0;
    TRY(db_run(cx->db,
        S("INSERT INTO role (id, account_id, key, name, capabilities) "
          "VALUES (?1, ?2, ?3, ?4, ?5) "
          "ON CONFLICT DO NOTHING"),
        ARGS(A_ID(role->id), A_ID(cx->account), A_TEXT(role->key), A_TEXT(role->name),
            A_TEXT(capabilities_json(cx->arena, role->caps))),
        &added));
    return added ? OK : name_taken(cx, role->name);
}

err role_set(struct ctx *cx, const struct role *role)
{
    int64_t changed = 0;
    TRY(db_run(cx->db,
        S("UPDATE role "
          "SET name = ?3, capabilities = ?4 "
          "WHERE account_id = ?1 AND id = ?2 "
          "    AND NOT EXISTS (SELECT 1 FROM role o WHERE o.account_id = ?1 AND o.name = ?3 "
          "        AND o.id <> ?2)"),
        ARGS(A_ID(cx->account), A_ID(role->id), A_TEXT(role->name),
            A_TEXT(capabilities_json(cx->arena, role->caps))),
        &changed));
    return changed ? OK : name_taken(cx, role->name);
}

struct count_row {
    int64_t n;
};
static const struct db_col count_cols[] = {COL(struct count_row, n)};

err role_remove(struct ctx *cx, role_id id)
{
    struct count_row used;
    TRY(db_one(cx->db,
        S("SELECT COUNT(*) AS n "
          "FROM agent a "
          "JOIN role r ON r.account_id = a.account_id AND r.key = a.role "
          "WHERE r.account_id = ?1 AND r.id = ?2"),
        ARGS(A_ID(cx->account), A_ID(id)), COLS(count_cols), &used));
    if (used.n)
        return fail_detail(cx, E_CONFLICT, "in_use",
            "%lld agents have this role; give them another one first", (long long)used.n);
    return db_run(cx->db,
        S("DELETE FROM role "
          "WHERE account_id = ?1 AND id = ?2"),
        ARGS(A_ID(cx->account), A_ID(id)), NULL);
}
