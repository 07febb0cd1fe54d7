/* data_export: the exports that people have asked for, and how far each is. Not here: what is in
 * one (store/export.h), who may have one (care/data_export.h), the making (job/export.c).
 * Thread: the transaction's. */
#pragma once
#include "model/ctx.h"
#include "model/export.h"

/* As queued. */
err data_export_insert(struct ctx *cx, const struct data_export *e);
/* E_NOT_FOUND (no words); one that is being removed is still found. */
err data_export_get(struct ctx *cx, data_export_id id, struct data_export *e);
/* Newest first, ids below `before` ({0} = from the newest), without those being removed;
 * with_account: not only contacts'. */
err data_export_list(struct ctx *cx, bool with_account, data_export_id before, ptrdiff_t limit,
    struct data_export **rows, ptrdiff_t *n);
/* How many there are in all, and whether the same is queued or running. */
struct data_export_held {
    int64_t count;
    bool is_under_way;
};
err data_export_held(struct ctx *cx, str what, contact_id contact, struct data_export_held *held);

/* The ways on. *is_so: it was in the state that is asked for; else somebody is removing it, or it
 * is gone. */
err data_export_start(struct ctx *cx, data_export_id id, bool *is_so);
err data_export_progress(
    struct ctx *cx, data_export_id id, const struct export_progress *p, bool *is_so);
/* e: id, bytes, lines, files, missing_files, expires_ms. */
err data_export_ready(struct ctx *cx, const struct data_export *e, bool *is_so);
/* Failed for good, or to be tried again. */
err data_export_fail(struct ctx *cx, data_export_id id, bool is_final, str error);
err data_export_removing(struct ctx *cx, data_export_id id);
/* A part that will be in the store: before its bytes are. */
err data_export_part_add(struct ctx *cx, data_export_id id, const struct export_part *part);
/* In their order, from this number on; what is not in a store has none. */
err data_export_parts(struct ctx *cx, data_export_id id, int64_t from, ptrdiff_t limit,
    struct export_part **rows, ptrdiff_t *n);
/* Up to this number; their bytes are gone. */
err data_export_parts_remove(struct ctx *cx, data_export_id id, int64_t last);
/* Its file is gone, and so are its parts. */
err data_export_remove(struct ctx *cx, data_export_id id);
struct data_export_id_row {
    data_export_id id;
};
/* Those whose time is over, and those being removed. */
err data_export_over(
    struct ctx *cx, ptrdiff_t limit, const struct data_export_id_row **rows, ptrdiff_t *n);
