/* file_answer: a stored file as an answer, streamed by the server. Thread: the request's. */
#pragma once
#include "api/route.h"

/* Bytes that are safe in every browser: always nosniff, a sandboxed empty policy, never a page of
 * ours. name: as a download of that name; empty = to be shown (pictures by <img> only). cache: the
 * Cache-Control value. E_NOT_FOUND with words when the file is missing. */
err answer_file(struct call *call, str blob_name, str type, str name, str cache);
/* The same with an open file, which is closed in any case. Each of these gives the part that is
 * asked for (net/http_range.h), and 304 to whoever has the file. */
struct file_shown {
    str type, name, cache; /* as above */
    str etag;              /* without quotes, the same bytes for ever; empty = none */
};
/* size: of the whole file. file: all of it, or, where more of it comes from a source, what begins
 * at the part that is asked for. */
err answer_open_file(
    struct call *call, struct http_file file, int64_t size, const struct file_shown *shown);
/* An attachment that is here. E_NOT_FOUND with words also when its file has another length than it
 * had: wrong bytes are not handed out. */
struct attachment;
err answer_attachment(struct call *call, const struct attachment *at, str cache);
#define FILE_LOST_WORDS                                                                            \
    "This file was lost on the server's disk; only a backup brings it back. Ask whoever runs Seva."
#define FILE_DAMAGED_WORDS                                                                           \
    "This file is damaged on the server's disk and is not handed out. Ask whoever runs Seva to run " \
    "`seva doctor`."
/* The small copy of a picture, or the picture where it is small itself. */
err answer_picture(struct call *call, const struct attachment *at, str cache);
