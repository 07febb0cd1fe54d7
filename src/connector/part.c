/* part: see part.h. */
#include "connector/part.h"

#include "base/limits.h"

struct parts parts_make(struct arena *a)
{
    return (struct parts){.j = json_out_make(a, LIMIT_TEXT_BYTES)};
}

void part_begin(struct parts *p, str type)
{
    if (!p->is_open)
        json_arr(&p->j);
    p->is_open = true;
    json_obj(&p->j);
    json_kv_str(&p->j, S("type"), type);
}

void part_text(struct parts *p, const char *name, str value)
{
    if (value.len)
        json_kv_str(&p->j, str_from(name), value);
}

void part_end(struct parts *p)
{
    json_obj_end(&p->j);
}

str parts_str(struct parts *p)
{
    if (!p->is_open)
        return (str){0};
    json_arr_end(&p->j);
    p->is_open = false;
    return p->j.b.failed ? (str){0} : json_str(&p->j);
}

void part_location(struct parts *p, double latitude, double longitude, str name, str address)
{
    part_begin(p, S("location"));
    json_key(&p->j, S("latitude"));
    json_put_double(&p->j, latitude);
    json_key(&p->j, S("longitude"));
    json_put_double(&p->j, longitude);
    part_text(p, "name", name);
    part_text(p, "address", address);
    part_end(p);
}

void part_link(struct parts *p, str url, str title, str text)
{
    part_begin(p, S("link"));
    part_text(p, "url", url);
    part_text(p, "title", title);
    part_text(p, "text", text);
    part_end(p);
}

void part_choice(struct parts *p, str id, str title)
{
    part_begin(p, S("choice"));
    part_text(p, "id", id);
    part_text(p, "title", title);
    part_end(p);
}

void part_unsupported(struct parts *p, str name)
{
    part_begin(p, S("unsupported"));
    part_text(p, "name", name);
    part_end(p);
}

void part_album(struct parts *p, str id)
{
    if (!id.len)
        return;
    part_begin(p, S("album"));
    part_text(p, "id", id);
    part_end(p);
}

void part_contact(struct parts *p, str name, str phone)
{
    part_begin(p, S("contact"));
    part_text(p, "name", name);
    if (phone.len) {
        json_key(&p->j, S("phones"));
        json_arr(&p->j);
        json_put_str(&p->j, phone);
        json_arr_end(&p->j);
    }
    part_end(p);
}

void part_call(struct parts *p, const struct part_call *call)
{
    part_begin(p, S("call"));
    json_kv_str(&p->j, S("direction"), call->direction);
    if (call->seconds)
        json_kv_int(&p->j, S("seconds"), call->seconds);
    json_kv_str(&p->j, S("outcome"), call->outcome);
    part_text(p, "menu", call->menu);
    part_text(p, "key", call->key);
    part_end(p);
}

const struct json *part_find(const struct json *parts, const char *type)
{
    bool is_list = parts && parts->kind == JSON_ARRAY;
    for (const struct json *p = is_list ? parts->first : NULL; p; p = p->next)
        if (str_eq(json_text(json_get(p, S("type")), S("")), str_from(type)))
            return p;
    return NULL;
}
