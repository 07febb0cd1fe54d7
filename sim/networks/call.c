/* Reading a call (path, parameters, multipart) and writing its answer. See network.h. */
#include <string.h>

#include "base/crypto.h"
#include "inner.h"

enum { PARTS_MAX = 64 };

struct call_inner *call_inner(const struct sim_call *c)
{
    return c->inner;
}

/* ── body ── */

str sim_parameter(str value, str name)
{
    while (value.len > 0) {
        str one, k, v;
        (void)str_cut(value, ';', &one, &value);
        if (!str_cut(str_trim(one), '=', &k, &v) || !str_eq_nocase(str_trim(k), name))
            continue;
        v = str_trim(v);
        if (v.len >= 2 && v.at[0] == '"' && v.at[v.len - 1] == '"')
            v = str_sub(v, 1, v.len - 2);
        return v;
    }
    return (str){0};
}

static void part_heads(struct sim_part *part, str head)
{
    while (head.len > 0) {
        str line, name, value;
        (void)str_cut(head, '\n', &line, &head);
        if (!str_cut(str_trim(line), ':', &name, &value))
            continue;
        if (str_eq_nocase(name, S("Content-Disposition"))) {
            part->name = sim_parameter(value, S("name"));
            part->file_name = sim_parameter(value, S("filename"));
            part->is_file = part->file_name.at != NULL;
        } else if (str_eq_nocase(name, S("Content-Type"))) {
            part->content_type = str_trim(value);
        }
    }
}

/* RFC 7578; slices of the body. */
static bool read_parts(struct sim_call *c, str boundary)
{
    str mark = str_cat(c->arena, S("--"), boundary);
    str next = str_cat(c->arena, S("\r\n"), mark), rest = c->req->body;
    struct sim_part *parts = NEW(c->arena, struct sim_part, PARTS_MAX);
    if (boundary.len == 0 || boundary.len > 70 || !str_starts(rest, mark))
        return false;
    rest = str_skip(rest, mark.len);
    while (!str_starts(rest, S("--"))) {
        if (!str_starts(rest, S("\r\n")) || c->part_count == PARTS_MAX)
            return false;
        ptrdiff_t head = str_find(rest, S("\r\n\r\n"));
        if (head < 0)
            return false;
        struct sim_part *part = &parts[c->part_count++];
        part_heads(part, str_sub(rest, 0, head));
        rest = str_skip(rest, head + 4);
        const char *end = memmem(rest.at, (size_t)rest.len, next.at, (size_t)next.len);
        if (end == NULL)
            return false;
        part->bytes = str_of(rest.at, end - rest.at);
        rest = str_skip(rest, end - rest.at + next.len);
    }
    c->parts = parts;
    return true;
}

void call_read_body(struct sim_call *c)
{
    str type = http_header_get(c->req, S("Content-Type"));
    str media = str_lower_ascii(c->arena, http_media_type(type));
    if (c->req->body.len == 0)
        return;
    if (str_eq(media, S("application/json")) || str_ends(media, S("+json"))) {
        if (json_parse(c->arena, c->req->body, &c->json, &c->body_fault) != OK &&
            c->body_fault.len == 0)
            c->body_fault = S("the JSON is too deep");
    } else if (str_eq(media, S("application/x-www-form-urlencoded"))) {
        if (http_pairs_parse(c->arena, c->req->body, &c->form, &c->form_count) != OK)
            c->body_fault = S("the form has bad escapes or too many members");
    } else if (str_eq(media, S("multipart/form-data"))) {
        if (!read_parts(c, sim_parameter(type, S("boundary"))))
            c->body_fault = S("the multipart body is broken");
    }
}

/* ── reading ── */

str sim_path(const struct sim_call *c, int segment)
{
    str rest = str_skip(c->path, 1), one = {0};
    for (int i = 0; i <= segment; i++) {
        if (rest.len == 0)
            return (str){0};
        (void)str_cut(rest, '/', &one, &rest);
    }
    return one;
}

bool sim_route(const struct sim_call *c, enum http_method method, const char *pattern, str *at)
{
    str want = str_from(pattern), have = c->path;
    ptrdiff_t n = 0;
    if (c->req->method != method)
        return false;
    for (;;) {
        str w, h;
        bool wants_more = str_cut(want, '/', &w, &want), has_more = str_cut(have, '/', &h, &have);
        if (str_eq(w, S("{}"))) {
            if (h.len == 0 || n == 8)
                return false;
            at[n++] = h;
        } else if (!str_eq(w, h)) {
            return false;
        }
        if (wants_more != has_more)
            return false;
        if (!wants_more)
            return true;
    }
}

const struct sim_part *sim_part(const struct sim_call *c, str name)
{
    for (ptrdiff_t i = 0; i < c->part_count; i++)
        if (str_eq(c->parts[i].name, name))
            return &c->parts[i];
    return NULL;
}

static str json_as_text(const struct sim_call *c, const struct json *v)
{
    if (v->kind == JSON_STRING || v->kind == JSON_NUMBER)
        return v->text;
    if (v->kind == JSON_BOOL)
        return v->boolean ? S("true") : S("false");
    if (v->kind == JSON_NULL)
        return (str){0};
    struct json_out j = json_out_make(c->arena, 0);
    json_put_tree(&j, v);
    return json_str(&j);
}

str sim_field(const struct sim_call *c, str name)
{
    const struct json *member = json_get(c->json, name);
    if (member)
        return json_as_text(c, member);
    const struct sim_part *part = sim_part(c, name);
    if (part && !part->is_file)
        return part->bytes;
    for (ptrdiff_t i = 0; i < c->form_count; i++)
        if (str_eq(c->form[i].name, name))
            return c->form[i].value;
    return http_query_get(c->req, name);
}

int64_t sim_field_int(const struct sim_call *c, str name, int64_t otherwise)
{
    int64_t v;
    return str_int(sim_field(c, name), INT64_MIN, INT64_MAX, &v) == OK ? v : otherwise;
}

const struct json *sim_field_json(const struct sim_call *c, str name)
{
    const struct json *v = json_get(c->json, name);
    if (v && v->kind != JSON_STRING)
        return v;
    str text = sim_field(c, name), why;
    const struct json *parsed = NULL;
    if (text.len == 0 || json_parse(c->arena, text, &parsed, &why) != OK)
        return NULL;
    return parsed;
}

/* ── answering ── */

void sim_answer(struct sim_call *c, int status, str content_type, str body)
{
    c->status = status;
    c->content_type = content_type;
    c->body = body;
}

struct json_out sim_json(struct sim_call *c)
{
    return json_out_make(c->arena, 0);
}

void sim_answer_json(struct sim_call *c, int status, const struct json_out *j)
{
    sim_answer(c, status, S("application/json"), json_str(j));
}

void sim_answer_print(struct sim_call *c, int status, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    str body = str_vprint(c->arena, format, args);
    va_end(args);
    sim_answer(c, status, S("application/json"), body);
}

void sim_header(struct sim_call *c, str name, str value)
{
    ptrdiff_t i = 0;
    while (i < c->header_count && !str_eq_nocase(c->headers[i].name, name))
        i++;
    if (i == SIM_HEADERS_MAX)
        return;
    c->headers[i] = (struct http_header){name, value};
    c->header_count += i == c->header_count;
}

void sim_header_print(struct sim_call *c, str name, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    str value = str_vprint(c->arena, format, args);
    va_end(args);
    sim_header(c, name, value);
}

void call_refuse(struct sim_call *c, enum sim_refusal why, int64_t retry_after_ms)
{
    static const int statuses[] = {[SIM_REFUSE_500] = 500,
        [SIM_REFUSE_429] = 429,
        [SIM_REFUSE_429_BARE] = 429,
        [SIM_REFUSE_401] = 401};
    c->header_count = 0;
    c->status = 0;
    if (c->network->refuse)
        c->network->refuse(c, why, retry_after_ms);
    if (c->status != 0)
        return;
    if (why == SIM_REFUSE_429)
        sim_header_print(c, S("Retry-After"), "%lld", (long long)((retry_after_ms + 999) / 1000));
    sim_answer_print(c, statuses[why], "{\"error\":\"%s\"}", http_status_phrase(statuses[why]));
}

/* ── who calls ── */

static str after_scheme(const struct sim_call *c, str scheme)
{
    str value = http_header_get(c->req, S("Authorization")), word, rest;
    if (!str_cut(value, ' ', &word, &rest) || !str_eq_nocase(word, scheme))
        return (str){0};
    return str_trim(rest);
}

str sim_bearer(const struct sim_call *c)
{
    return after_scheme(c, S("Bearer"));
}

bool sim_basic(struct sim_call *c, str *user, str *password)
{
    str text, u, p, code = after_scheme(c, S("Basic"));
    if (code.len == 0 || crypto_unbase64(c->arena, code, &text) != OK ||
        !str_cut(text, ':', &u, &p))
        return false;
    *user = u;
    *password = p;
    return true;
}

str sim_hmac_hex(struct arena *a, str key, str data)
{
    struct sha256 h = crypto_hmac_sha256(key, data);
    return crypto_hex(a, str_of(h.b, sizeof h.b));
}

str sim_hmac_base64(struct arena *a, str key, str data)
{
    struct sha256 h = crypto_hmac_sha256(key, data);
    return crypto_base64(a, str_of(h.b, sizeof h.b));
}

str sim_hmac_sha1_base64(struct arena *a, str key, str data)
{
    uint8_t h[20];
    return crypto_hmac_sha1(key, data, h) == OK ? crypto_base64(a, str_of(h, sizeof h)) : (str){0};
}
