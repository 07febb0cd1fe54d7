/* blobs: where attachments are, by the configuration: a folder, or a store that speaks S3
 * (`blobs = s3://bucket/prefix`), which is opened here. Keys come from the environment or a file
 * and go into no log. Not here: what is done with it (care/blob_store.h). Thread: at the start. */
#pragma once
#include "app/files.h"
#include "care/blob_store.h"

/* *store NULL: they are in files->blobs_dir. rules must outlive it. E_INVALID or E_BUSY with *why.
 */
err blobs_open(struct arena *a, const struct settings *s, const struct files *files,
    const struct egress_rules *rules, struct blob_store **store, str *why);
/* The same with rules of its own, for commands. */
err blobs_open_alone(struct arena *a, const struct settings *s, const struct files *files,
    struct blob_store **store, str *why);
/* It can be reached, and its keys are good. */
bool blobs_answer(struct arena *a, struct blob_store *store);
/* Why it cannot be used. */
str blobs_refusal(struct arena *a, struct blob_store *store, str place);
/* Why an attachment could not be read; E_BUSY. */
err blobs_failed(struct arena *a, struct blob_store *store, str name, str *why);
/* The mark of this installation in the store; made when there is none. *is_ours: it was. */
err blobs_mark(
    struct arena *a, struct blob_store *store, str folder, str fresh, str *mark, bool *is_ours);
