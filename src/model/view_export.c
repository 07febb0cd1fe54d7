/* view_export: see view_export.h. */
#include "model/view_export.h"

const char *const export_what_words[] = {"account", "contact", NULL};
static const char *const state_words[] = {"queued", "running", "ready", "failed", NULL};
static const char *const step_words[] = {"messages", "files", "storing", NULL};

static const struct shape_field export_fields[] = {
    SHOWN("id", SHAPE_ID, 0, NULL),
    SHOWN_WORD("what", 0, export_what_words, NULL),
    SHOWN("contact_id", SHAPE_ID, SHAPE_NULL, "of a contact's"),
    SHOWN("contact_name", SHAPE_TEXT, SHAPE_NULL, "as it is now; null: not known, or gone"),
    SHOWN_WORD("state", 0, state_words, "ready: it can be downloaded"),
    SHOWN(
        "error", SHAPE_TEXT, SHAPE_NULL, "why the last try was none; a queued one is tried again"),
    SHOWN("agent_id", SHAPE_ID, 0, "who asked for it"),
    SHOWN("agent_name", SHAPE_TEXT, 0, NULL),
    SHOWN("bytes", SHAPE_INT, 0, "written so far; of a ready one: the file's"),
    SHOWN_WORD("step", SHAPE_NULL, step_words,
        "of a running one: messages are read (notes and activities, too), files are taken along, it "
        "is brought to the store"),
    SHOWN("step_done", SHAPE_INT, 0, "so many messages, files or bytes; never more than are done"),
    SHOWN("step_total", SHAPE_INT, 0, "of so many"),
    SHOWN("lines", SHAPE_INT, 0, "in all lists; 0 until it is ready"),
    SHOWN("files", SHAPE_INT, 0, "attachments and the like; 0 until it is ready"),
    SHOWN("missing_files", SHAPE_INT, 0,
        "not on the server's disk, or damaged there: manifest.json names them"),
    SHOWN("created_at", SHAPE_TIME, 0, NULL),
    SHOWN("started_at", SHAPE_TIME, SHAPE_NULL, "of the last try"),
    SHOWN("finished_at", SHAPE_TIME, SHAPE_NULL, NULL),
    SHOWN("expires_at", SHAPE_TIME, 0, "then it is removed, its file too"),
};
const struct shape export_shape =
    SHAPE("Export", NULL, export_fields, "An account, or what is held of a contact, as one file.");

void export_view(struct json_out *j, const struct data_export *e)
{
    json_obj(j);
    json_kv_id(j, S("id"), e->id.v);
    json_kv_str(j, S("what"), e->what);
    json_kv_id(j, S("contact_id"), e->contact_id.v);
    json_kv_text(j, S("contact_name"), e->contact_name);
    json_kv_str(j, S("state"), e->state);
    json_kv_text(j, S("error"), e->error);
    json_kv_id(j, S("agent_id"), e->agent_id.v);
    json_kv_str(j, S("agent_name"), e->agent_name);
    json_kv_int(j, S("bytes"), e->bytes);
    json_kv_text(j, S("step"), e->step);
    json_kv_int(j, S("step_done"), e->step_done);
    json_kv_int(j, S("step_total"), e->step_total);
    json_kv_int(j, S("lines"), e->lines);
    json_kv_int(j, S("files"), e->files);
    json_kv_int(j, S("missing_files"), e->missing_files);
    json_kv_time(j, S("created_at"), e->created_ms);
    json_kv_time(j, S("started_at"), e->started_ms);
    json_kv_time(j, S("finished_at"), e->finished_ms);
    json_kv_time(j, S("expires_at"), e->expires_ms);
    json_obj_end(j);
}
