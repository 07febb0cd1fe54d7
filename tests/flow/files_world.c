/* See files_world.h. */
#include "files_world.h"

#include <zlib.h>

static char *address(struct test_app *app, const char *base, str id, const char *more)
{
    return str_z(&app->arena, str_print(&app->arena, "%s%.*s%s", base, SARG(id), more));
}

str upload_begin(
    struct test_app *app, str token, const char *base, const char *name, ptrdiff_t size)
{
    char *body = str_z(
        &app->arena, str_print(&app->arena, "{\"name\":\"%s\",\"size\":%td,\"type\":\"image/png\"}",
                         name, size));
    char *path = address(app, base, S("/uploads"), "");
    if (test_request_as(app, token, "POST", path, body) != 201)
        fail_msg("POST %s: %d %.*s", path, app->status, SARG(app->body));
    assert_int_equal(test_int(app, "part_bytes"), PART_BYTES);
    return test_text(app, "id");
}

int put_part(struct test_app *app, str token, const char *base, str id, ptrdiff_t offset, str bytes)
{
    struct http_header headers[] = {
        {S("Authorization"), str_cat(&app->arena, S("Bearer "), token)},
        {S("Content-Type"),            S("application/octet-stream")                              },
    };
    str path = str_print(&app->arena, "%s/uploads/%.*s?offset=%td", base, SARG(id), offset);
    return test_request_full(app, "PUT", str_z(&app->arena, path), headers, 2, bytes);
}

str upload_whole(struct test_app *app, str token, const char *base, const char *name, str bytes)
{
    str id = upload_begin(app, token, base, name, bytes.len);
    for (ptrdiff_t at = 0; at < bytes.len; at += PART_BYTES)
        if (put_part(app, token, base, id, at, str_sub(bytes, at, PART_BYTES)) != 200)
            fail_msg("%s: %d %.*s", name, app->status, SARG(app->body));
    assert_true(str_eq(id, test_text(app, "attachment.id")));
    return id;
}

int download(struct test_app *app, str token, const char *base, str id, const char *query)
{
    str path = str_print(&app->arena, "%s/attachments/%.*s%s", base, SARG(id), query);
    return test_request_as(app, token, "GET", str_z(&app->arena, path), NULL);
}

str noise(struct test_app *app, ptrdiff_t size)
{
    unsigned char *to = arena_alloc(&app->arena, size, 1);
    uint32_t x = 2463534242u;
    for (ptrdiff_t i = 0; i < size; i++) {
        x ^= x << 13;
        x ^= x >> 17;
        x ^= x << 5;
        to[i] = (unsigned char)(x >> 24);
    }
    return str_of(to, size);
}

static void put32(struct sb *b, uint32_t v)
{
    for (int shift = 24; shift >= 0; shift -= 8)
        sb_byte(b, (char)(unsigned char)(v >> shift));
}

static void chunk(struct sb *b, struct arena *a, const char *kind, str data)
{
    str whole = str_cat(a, str_from(kind), data);
    put32(b, (uint32_t)data.len);
    sb_add(b, whole);
    put32(b, (uint32_t)crc32(0, (const unsigned char *)whole.at, (unsigned)whole.len));
}

static void png_head(struct sb *b, struct arena *a, uint32_t width, uint32_t height)
{
    struct sb head = sb_make(a, 0);
    put32(&head, width);
    put32(&head, height);
    sb_add(&head, S("\x08\x00\x00\x00\x00")); /* 8 bits of grey */
    sb_add(b, S("\x89PNG\r\n\x1a\n"));
    chunk(b, a, "IHDR", sb_str(&head));
}

str png_bytes(struct test_app *app, uint32_t width, uint32_t height)
{
    struct sb b = sb_make(&app->arena, 0);
    png_head(&b, &app->arena, width, height);
    return sb_str(&b);
}

str png_whole(struct test_app *app, uint32_t width, uint32_t height)
{
    struct arena *a = &app->arena;
    struct sb rows = sb_make(a, 0), b = sb_make(a, 0);
    for (uint32_t y = 0; y < height; y++) {
        sb_byte(&rows, 0);
        sb_add(&rows, noise(app, (ptrdiff_t)width));
    }
    unsigned long packed = compressBound((unsigned long)rows.len);
    unsigned char *to = arena_alloc(a, (ptrdiff_t)packed, 1);
    assert_int_equal(
        compress(to, &packed, (const unsigned char *)rows.at, (unsigned long)rows.len), Z_OK);
    png_head(&b, a, width, height);
    /* TIFF, one entry: camera maker (10f), 12 letters at 26. */
    chunk(&b, a, "eXIf",
        S("II*\0\x08\0\0\0\x01\0\x0f\x01\x02\0\x0c\0\0\0\x1a\0\0\0\0\0\0\0" SECRET "\0\0"));
    chunk(&b, a, "IDAT", str_of(to, (ptrdiff_t)packed));
    chunk(&b, a, "IEND", S(""));
    return sb_str(&b);
}

/* ── visitors ── */

str visitor_begin(struct test_app *app)
{
    char *path = str_z(
        &app->arena, str_print(&app->arena, "/widget/v1/%.*s/session", SARG(app->widget_key)));
    struct http_header headers[] = {
        {S("Content-Type"), S("application/json")}
    };
    assert_int_equal(test_request_full(app, "POST", path, headers, 1, S("{}")), 200);
    return test_text(app, "token");
}

int visitor_post(struct test_app *app, str token, const char *path, const char *json)
{
    return test_request_as(app, token, "POST", address(app, "/widget/v1/", S(""), path), json);
}

int visitor_get(struct test_app *app, str token, const char *path)
{
    return test_request_as(app, token, "GET", address(app, "/widget/v1/", S(""), path), NULL);
}

str visitor_says(struct test_app *app, str token, const char *client_id, const char *text)
{
    str body = str_print(&app->arena, "{\"client_id\":\"%s\",\"text\":\"%s\"}", client_id, text);
    assert_int_equal(visitor_post(app, token, "messages", str_z(&app->arena, body)), 201);
    return test_text(app, "id");
}

str conversation_of_owner(struct test_app *app)
{
    assert_int_equal(
        test_request_as(app, app->owner_token, "GET", "/api/v1/conversations?sort=newest", NULL),
        200);
    return test_text(app, "items.0.id");
}
