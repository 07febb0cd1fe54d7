/* export_row: see export_row.h. */
#include "care/export_row.h"

#include "base/crypto.h"

#include <string.h>

/* ── columns ── */

static bool cut_end(str *name, str end)
{
    if (!str_ends(*name, end))
        return false;
    name->len -= end.len;
    return true;
}

static void put_number(struct json_out *j, str name, int64_t v)
{
    if (str_eq(name, S("id")) || str_ends(name, S("_id"))) {
        if (v)
            json_kv_id(j, name, v);
    } else if (!cut_end(&name, S("_ms"))) {
        json_kv_int(j, name, v);
    } else if (v) {
        bool is_whole = str_eq(name, S("at")) || str_ends(name, S("_until"));
        json_kv_time(j, is_whole ? name : str_cat(j->b.a, name, S("_at")), v);
    }
}

static void put_text(struct json_out *j, str name, str v)
{
    if (!v.len)
        return;
    if (cut_end(&name, S("_json")))
        json_kv_raw(j, name, v);
    else
        json_kv_str(j, name, v);
}

static void put_column(struct json_out *j, const struct db_col *col, const char *row)
{
    str name = str_from(col->name), text;
    int64_t number;
    bool is_so;
    const char *at = row + col->offset;
    switch (col->type) {
    case DB_ID:
    case DB_INT:
        memcpy(&number, at, sizeof number);
        put_number(j, name, number);
        break;
    case DB_BOOL:
        memcpy(&is_so, at, sizeof is_so);
        json_kv_bool(j, name, is_so);
        break;
    case DB_TEXT:
        memcpy(&text, at, sizeof text);
        put_text(j, name, text);
        break;
    case DB_BLOB:
        memcpy(&text, at, sizeof text);
        put_text(j, str_cat(j->b.a, name, S("_base64")), crypto_base64(j->b.a, text));
        break;
    case DB_NULL:
    case DB_REAL: /* no column of an export is one */
        break;
    }
}

/* ── a message ── */

static void put_person(struct json_out *j, const struct export_message *m)
{
    json_key(j, str_eq(m->kind, S("in")) ? S("from") : S("to"));
    json_obj(j);
    json_kv_str(j, S("id"), m->who_id);
    put_text(j, S("name"), m->who_name);
    put_text(j, S("handle"), m->who_handle);
    put_text(j, S("email"), m->who_email);
    put_text(j, S("location"), m->who_location);
    json_obj_end(j);
}

/* Ours without an id of the network's are named by Seva's own. */
static str id_of(struct arena *a, str external, int64_t own)
{
    return external.len ? external : str_print(a, "%lld", (long long)own);
}

static void put_message(struct json_out *j, const struct export_message *m)
{
    struct arena *a = j->b.a;
    json_kv_str(
        j, S("channel"), str_print(a, "%.*s:%.*s", SARG(m->channel_kind), SARG(m->channel_key)));
    json_kv_str(j, S("id"), id_of(a, m->external_id, m->after_id));
    put_text(j, S("thread"), m->thread);
    json_kv_str(j, S("direction"), m->kind);
    put_person(j, m);
    if (str_eq(m->kind, S("out")) && m->author_name.len) {
        json_key(j, S("from"));
        json_obj(j);
        json_kv_str(j, S("name"), m->author_name);
        json_obj_end(j);
    }
    put_text(j, S("agent"), m->agent_email);
    json_kv_time(j, S("at"), m->sent_ms);
    json_kv_str(j, S("text"), m->text);
    if (m->reply_id)
        json_kv_str(j, S("reply_to"), id_of(a, m->reply_external, m->reply_id));
    json_kv_str(j, S("visibility"), m->visibility);
    json_kv_id(j, S("message_id"), m->after_id);
    json_kv_id(j, S("conversation_id"), m->conversation_id.v);
    json_kv_str(j, S("state"), m->state);
    put_text(j, S("error"), m->error);
    put_number(j, S("edited_ms"), m->edited_ms);
    put_number(j, S("read_ms"), m->read_ms);
    put_number(j, S("deleted_ms"), m->deleted_ms);
    json_kv_bool(j, S("is_automatic"), m->is_automatic);
}

void export_row(struct json_out *j, const struct export_kind *kind, const char *row)
{
    json_obj(j);
    switch (kind->shape) {
    case EXPORT_MESSAGE:
        put_message(j, (const struct export_message *)(const void *)row);
        break;
    case EXPORT_PLAIN:
        for (ptrdiff_t i = kind->has_text ? 2 : 1; i < kind->n_cols; i++)
            put_column(j, &kind->cols[i], row);
        break;
    }
    json_obj_end(j);
}
