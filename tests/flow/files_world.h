/* For stories of files and visitors: uploads through the API, pictures made on the spot, visitors
 * of the test's website chat. */
#pragma once
#include "test_app.h"

#include <errno.h>

#include "base/file.h"
#include "base/limits.h"

enum { PART_BYTES = 1024 * 1024 };

/* base: "/api/v1" or "/widget/v1". */
str upload_begin(
    struct test_app *app, str token, const char *base, const char *name, ptrdiff_t size);
int put_part(
    struct test_app *app, str token, const char *base, str id, ptrdiff_t offset, str bytes);
/* In one part; the attachment's id. The last answer is the part's. */
str upload_whole(struct test_app *app, str token, const char *base, const char *name, str bytes);
int download(struct test_app *app, str token, const char *base, str id, const char *query);
/* Bytes that are no known kind. */
str noise(struct test_app *app, ptrdiff_t size);
/* The head of a PNG of that size (no pixels). */
str png_bytes(struct test_app *app, uint32_t width, uint32_t height);
/* A whole picture of noise that decoders take, with a word in its metadata. */
#define SECRET "SECRETMAKE"
str png_whole(struct test_app *app, uint32_t width, uint32_t height);

/* A new visitor's token. */
str visitor_begin(struct test_app *app);
/* POST /widget/v1/<path> as the visitor; json NULL = no body. */
int visitor_post(struct test_app *app, str token, const char *path, const char *json);
int visitor_get(struct test_app *app, str token, const char *path);
/* Writes; the message's id. */
str visitor_says(struct test_app *app, str token, const char *client_id, const char *text);
/* The newest conversation as the owner sees it; its id. */
str conversation_of_owner(struct test_app *app);
