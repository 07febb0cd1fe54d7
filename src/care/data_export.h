/* data_export: who may have an export of an account or a contact made by the server, look at it,
 * download it and remove it, and where its file lies (docs/export.md). What goes out of the account
 * is in the audit log: that it was asked for, each download, its removal. Not here: the writing
 * (care/export_make.h), the job (job/export.c). Thread: the request's or the job's. */
#pragma once
#include "model/ctx.h"
#include "model/export.h"

/* The job's kind; its key is the export's id. */
#define EXPORT_JOB "export"

/* An account's needs account.manage, whatever route it comes by; nobody whose role is narrowed to
 * teams or channels has contact.export at all (store/door.c). E_CONFLICT: the same
 * is being made, or so many are kept already. */
err data_export_ask(struct ctx *cx, str what, contact_id contact, struct data_export *made);
/* One that the actor may see; E_NOT_FOUND with words. */
err data_export_seen(struct ctx *cx, data_export_id id, struct data_export *e);
/* Whether the actor may have those of the account. */
bool data_export_sees_account(const struct ctx *cx);
/* It is about to be handed out: E_CONFLICT with words while it is not ready. */
err data_export_hand_out(struct ctx *cx, data_export_id id, struct data_export *e);
/* It can be seen no more from here on; the job removes file and row. */
err data_export_drop(struct ctx *cx, data_export_id id);

/* "<blobs>/<account>/exports", and the file in it. */
str data_export_folder(const struct ctx *cx);
str data_export_path(const struct ctx *cx, data_export_id id);
/* The file, whole or begun, goes. */
err data_export_file_remove(const struct ctx *cx, data_export_id id);
