/* export: an export that somebody has asked for, as the rooms share it. Members are named as their
 * columns. Thread: values. */
#pragma once
#include "base/str.h"
#include "model/ids.h"

/* Where one that is made is. done never says more than is done, and total is what was there when it
 * was counted: it may be a little less than there is in the end, never less than done. */
struct export_progress {
    const char *step; /* messages: read; files: taken along; storing: bytes brought to the store */
    int64_t done, total;
    int64_t bytes; /* written so far */
};

/* Its file in a store. */
enum { EXPORT_PART_BYTES = 8 * 1024 * 1024 };
struct export_part {
    int64_t number; /* from 0 on; each but the last has EXPORT_PART_BYTES */
    str hash;       /* hex */
    int64_t bytes;
};

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
    str step; /* of a running one; empty = it has just begun */
    int64_t step_done, step_total;
    int64_t created_ms, started_ms, finished_ms, expires_ms;
};
