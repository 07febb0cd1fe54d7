/* attachment: a file that came or goes with a message, and a file on its way up, as the rooms share
 * them. Members are named as their columns. Not here: bytes (care/blob_file.h), SQL
 * (store/attachment.h, store/upload.h). Thread: values. */
#pragma once
#include "base/str.h"
#include "model/ids.h"

struct upload {
    upload_id id;
    str owner_kind; /* "agent" or "visitor" */
    int64_t owner_id;
    str name;
    int64_t size, received; /* bytes */
    int64_t created_ms;
};

struct attachment {
    attachment_id id;
    str owner_kind; /* "agent", "visitor"; "contact": it is fetched from source_url */
    int64_t owner_id;
    conversation_id conversation_id;
    message_id message_id; /* 0 = its uploader's alone */
    bool is_public;        /* a channel's logo */
    str blob_name; /* empty = there is no file yet; attachment_is_here says whether there is one */
    str name, type;
    int64_t size, width, height;
    str thumbnail_name;    /* empty = none */
    str state;             /* fetching failed processing ready */
    str source_url;        /* empty = it was uploaded, or named by media_id */
    str media_id;          /* the network's own name of it; empty = it has an address */
    channel_id channel_id; /* whose credentials fetch it; {0} = nobody's */
    str error;             /* of failed: care/media.h */
    int64_t created_ms;
};

/* A file that was lost keeps its name, so that it is found when somebody brings it back. */
static inline bool attachment_is_here(const struct attachment *at)
{
    return at->blob_name.len > 0 && !str_eq(at->state, S("failed")) &&
           !str_eq(at->state, S("fetching"));
}
