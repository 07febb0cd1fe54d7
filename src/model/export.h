/* export: an export that somebody has asked for, as the rooms share it. Members are named as their
 * columns. Thread: values. */
#pragma once
#include "base/str.h"
#include "model/ids.h"

struct data_export {
    data_export_id id;
    str what; /* account contact */
    contact_id contact_id;
    str contact_name; /* as it is now; empty = nobody knows, or the contact is gone */
    str state;        /* queued running ready failed removing */
    str error;        /* why the last try was none */
    agent_id agent_id;
    str agent_name;
    int64_t bytes; /* written so far; of a ready one: of the file */
    int64_t lines, files, missing_files;
    int64_t created_ms, started_ms, finished_ms, expires_ms;
};
