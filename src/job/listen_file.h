/* listen_file: a long delivery of a stream on its way into a file: written piece by piece, then
 * kept as a file of the account (care/blob_file.h), whose name the delivery carries instead of its
 * body. Not here: what is stored of the delivery (listen.c). Thread: the stream's. */
#pragma once
#include "job/inner.h"

struct listen_file {
    struct arena arena; /* of one file; closes it */
    struct ctx cx;      /* of no transaction: whose file it is */
    int64_t number;     /* of the part; 0 = nothing is being written */
    int fd;
    int64_t size;
};
struct listen_file listen_file_make(const struct engine *engine, account_id account);
void listen_file_free(struct listen_file *f);
/* As connector_keep. */
bool listen_file_put(struct listen_file *f, str piece);
bool listen_file_is_open(const struct listen_file *f);
/* Whole, on the disk and known (store/mail.h "mail_file") before it is in its place; *name lives in
 * a. Errors as of files and transactions: nothing is kept. */
err listen_file_end(struct listen_file *f, struct engine *engine, struct arena *a, str *name);
