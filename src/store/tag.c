/* tag: see tag.h. */
#include "store/tag.h"

#include "base/id.h"
#include "base/utf8.h"
#include "db/db.h"

static const struct db_col tag_cols[] = {
    COL(struct tag, id),
    COL(struct tag, name),
    COL(struct tag, name_fold),
    COL(struct tag, color),
};

err tag_list(struct ctx *cx, struct tag **rows, ptrdiff_t *n)
{
    return db_all(cx->db,
        S("SELECT id, name, name_fold, color FROM tag WHERE account_id = ?1"
          " ORDER BY name_fold LIMIT ?2"),
        ARGS(A_INT(cx->account.v), A_INT(TAGS_MAX)), COLS(tag_cols), (ptrdiff_t)sizeof **rows, rows,
        n);
}

err tag_get(struct ctx *cx, tag_id id, struct tag *tag)
{
    err e = db_one(cx->db,
        S("SELECT id, name, name_fold, color FROM tag WHERE account_id = ?1 AND id = ?2"),
        ARGS(A_INT(cx->account.v), A_INT(id.v)), COLS(tag_cols), tag);
    return e == E_NOT_FOUND ? fail(cx, E_NOT_FOUND, "There is no such tag.") : e;
}

err tag_by_name(struct ctx *cx, str name, struct tag *tag)
{
    return db_one(cx->db,
        S("SELECT id, name, name_fold, color FROM tag WHERE account_id = ?1 AND name_fold = ?2"),
        ARGS(A_INT(cx->account.v), A_TEXT(utf8_fold(cx->arena, name))), COLS(tag_cols), tag);
}

static err name_taken(struct ctx *cx, str name)
{
    err e = fail(cx, E_CONFLICT, "There is already a tag \"%.*s\".", SARG(name));
    cx->fault.field = S("name");
    return e;
}

err tag_add(struct ctx *cx, struct tag *tag)
{
    tag->id = (tag_id){id_make(cx->now_ms)};
    tag->name_fold = utf8_fold(cx->arena, tag->name);
    int64_t changed = 0;
    TRY(db_run(cx->db,
        S("INSERT INTO tag (account_id, id, name, name_fold, color) SELECT ?1, ?2, ?3, ?4, ?5"
          " WHERE (SELECT COUNT(*) FROM tag WHERE account_id = ?1) < ?6 ON CONFLICT DO NOTHING"),
        ARGS(A_INT(cx->account.v), A_INT(tag->id.v), A_TEXT(tag->name), A_TEXT(tag->name_fold),
            A_TEXT(tag->color), A_INT(TAGS_MAX)),
        &changed));
    if (changed)
        return OK;
    struct tag other;
    err e = tag_by_name(cx, tag->name, &other);
    if (e == E_NOT_FOUND)
        return fail(cx, E_LIMIT, "An account can have %d tags at most.", (int)TAGS_MAX);
    return e == OK ? name_taken(cx, tag->name) : e;
}

err tag_set(struct ctx *cx, struct tag *tag)
{
    tag->name_fold = utf8_fold(cx->arena, tag->name);
    struct tag other;
    err e = tag_by_name(cx, tag->name, &other);
    if (e != OK && e != E_NOT_FOUND)
        return e;
    if (e == OK && other.id.v != tag->id.v)
        return name_taken(cx, tag->name);
    return db_run(cx->db,
        S("UPDATE tag SET name = ?3, name_fold = ?4, color = ?5"
          " WHERE account_id = ?1 AND id = ?2"),
        ARGS(A_INT(cx->account.v), A_INT(tag->id.v), A_TEXT(tag->name), A_TEXT(tag->name_fold),
            A_TEXT(tag->color)),
        NULL);
}

err tag_remove(struct ctx *cx, tag_id id)
{
    const struct db_arg args[] = {A_INT(cx->account.v), A_INT(id.v)};
    TRY(db_run(cx->db,
        S("UPDATE conversation SET tag_count = tag_count - 1, version = version + 1"
          " WHERE account_id = ?1 AND id IN (SELECT conversation_id FROM conversation_tag"
          " WHERE account_id = ?1 AND tag_id = ?2)"),
        args, 2, NULL));
    TRY(db_run(cx->db, S("DELETE FROM conversation_tag WHERE account_id = ?1 AND tag_id = ?2"),
        args, 2, NULL));
    return db_run(cx->db, S("DELETE FROM tag WHERE account_id = ?1 AND id = ?2"), args, 2, NULL);
}

err tag_list_of(struct ctx *cx, conversation_id id, struct tag **rows, ptrdiff_t *n)
{
    return db_all(cx->db,
        S("SELECT t.id, t.name, t.name_fold, t.color FROM conversation_tag ct"
          " JOIN tag t ON t.account_id = ct.account_id AND t.id = ct.tag_id"
          " WHERE ct.account_id = ?1 AND ct.conversation_id = ?2 ORDER BY t.name LIMIT 100"),
        ARGS(A_INT(cx->account.v), A_INT(id.v)), COLS(tag_cols), (ptrdiff_t)sizeof **rows, rows, n);
}

err tag_put(struct ctx *cx, conversation_id id, tag_id tag)
{
    return db_run(cx->db,
        S("INSERT INTO conversation_tag (account_id, conversation_id, tag_id)"
          " VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING"),
        ARGS(A_INT(cx->account.v), A_INT(id.v), A_INT(tag.v)), NULL);
}

err tag_take(struct ctx *cx, conversation_id id, tag_id tag)
{
    return db_run(cx->db,
        S("DELETE FROM conversation_tag"
          " WHERE account_id = ?1 AND conversation_id = ?2 AND tag_id = ?3"),
        ARGS(A_INT(cx->account.v), A_INT(id.v), A_INT(tag.v)), NULL);
}
