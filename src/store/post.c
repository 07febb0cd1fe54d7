/* post: see post.h. */
#include "store/post.h"

#include "base/id.h"
#include "db/db.h"

#define POST_COLUMNS                                                                               \
    "id, channel_id, external_id, kind, url, text, author_name, author_handle, image_url, "        \
    "is_ours, at_ms"

static const struct db_col post_cols[] = {
    COL(struct post, id),
    COL(struct post, channel_id),
    COL(struct post, external_id),
    COL(struct post, kind),
    COL(struct post, url),
    COL(struct post, text),
    COL(struct post, author_name),
    COL(struct post, author_handle),
    COL(struct post, image_url),
    COL(struct post, is_ours),
    COL(struct post, at_ms),
};

/* The new value when there is one. */
#define NEWER(column)                                                                              \
    column " = CASE WHEN excluded." column " = '' THEN post." column " ELSE excluded." column " END"

err post_ensure(struct ctx *cx, struct post *post)
{
    return db_one(cx->db,
        S("INSERT INTO post (account_id, id, channel_id, external_id, kind, url, text, "
          "    author_name, author_handle, image_url, is_ours, at_ms, created_ms) "
          "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13) "
          "ON CONFLICT (account_id, channel_id, external_id) DO UPDATE "
          "SET " NEWER("url") ", " NEWER("text") ", " NEWER("author_name") ", " NEWER("author_handle") ", " NEWER(
              "image_url") ", "
                           "is_ours = CASE WHEN excluded.is_ours = 1 THEN 1 ELSE post.is_ours END, "
                           "at_ms = CASE WHEN excluded.at_ms = 0 THEN post.at_ms ELSE excluded.at_ms END "
                           "RETURNING " POST_COLUMNS),
        ARGS(A_ID(cx->account), A_INT(id_make(cx->now_ms)), A_ID(post->channel_id),
            A_TEXT(post->external_id), A_TEXT(post->kind.len ? post->kind : S("post")),
            A_TEXT(post->url), A_TEXT(post->text), A_TEXT(post->author_name),
            A_TEXT(post->author_handle), A_TEXT(post->image_url), A_BOOL(post->is_ours),
            A_INT(post->at_ms), A_INT(cx->now_ms)),
        COLS(post_cols), post);
}

err post_get(struct ctx *cx, post_id id, struct post *post)
{
    return db_one(cx->db,
        S("SELECT " POST_COLUMNS " "
          "FROM post "
          "WHERE account_id = ?1 AND id = ?2"),
        ARGS(A_ID(cx->account), A_ID(id)), COLS(post_cols), post);
}
