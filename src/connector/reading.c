/* reading: see reading.h. */
#include "connector/reading.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/utf8.h"

static str words_of(const struct json *v)
{
    bool has_text = v && (v->kind == JSON_STRING || v->kind == JSON_NUMBER);
    return has_text ? v->text : (str){0};
}

str take_line(const struct json *object, const char *key, ptrdiff_t max)
{
    str s = str_trim(words_of(json_get(object, str_from(key))));
    return utf8_has_control(s) ? (str){0} : utf8_prefix_bytes(s, max);
}

str take_id(const struct json *object, const char *key)
{
    str s = words_of(json_get(object, str_from(key)));
    return s.len > READING_ID_BYTES || utf8_has_control(s) ? (str){0} : s;
}

str take_text(const struct json *object, const char *key)
{
    const struct json *v = json_get(object, str_from(key));
    return v && v->kind == JSON_STRING ? utf8_prefix_bytes(v->text, LIMIT_TEXT_BYTES) : (str){0};
}

str take_url(const struct json *object, const char *key)
{
    str s = str_trim(words_of(json_get(object, str_from(key))));
    bool is_web = str_starts(s, S("https://")) || str_starts(s, S("http://"));
    return !is_web || s.len > READING_URL_BYTES || utf8_has_control(s) ? (str){0} : s;
}

static const struct json *take_kind(const struct json *object, const char *key, enum json_kind kind)
{
    const struct json *v = json_get(object, str_from(key));
    return v && v->kind == kind ? v : NULL;
}

const struct json *take_object(const struct json *object, const char *key)
{
    return take_kind(object, key, JSON_OBJECT);
}

const struct json *take_array(const struct json *object, const char *key)
{
    return take_kind(object, key, JSON_ARRAY);
}

int64_t take_int(const struct json *object, const char *key, int64_t otherwise)
{
    const struct json *v = json_get(object, str_from(key));
    int64_t n;
    if (v && v->kind == JSON_NUMBER && v->is_int)
        return v->integer;
    if (v && v->kind == JSON_STRING && str_int(v->text, INT64_MIN + 1, INT64_MAX, &n) == OK)
        return n;
    return otherwise;
}

bool take_bool(const struct json *object, const char *key)
{
    return json_bool(json_get(object, str_from(key)), false);
}

int64_t time_of_number(int64_t n)
{
    enum { SECONDS_MOST_DIGITS = 11, MS_MOST_DIGITS = 14 };
    int digits = 0;
    for (int64_t rest = n; rest > 0; rest /= 10)
        digits++;
    if (digits <= SECONDS_MOST_DIGITS)
        return n > 0 ? n * 1000 : 0;
    return digits <= MS_MOST_DIGITS ? n : n / 1000;
}

int64_t take_time(const struct json *object, const char *key)
{
    const struct json *v = json_get(object, str_from(key));
    int64_t n = take_int(object, key, 0), ms = 0;
    if (n > 0)
        return time_of_number(n);
    if (v && v->kind == JSON_STRING && time_parse(v->text, &ms) == OK && ms > 0)
        return ms;
    return 0;
}

struct connector_item *item_add(struct item_list *list, enum connector_item_kind kind)
{
    if (list->n == LIMIT_HOOK_ITEMS)
        return NULL;
    if (list->n == list->room) {
        ptrdiff_t room = list->room ? list->room * 2 : 8;
        struct connector_item *at = NEW(list->a, struct connector_item, room);
        for (ptrdiff_t i = 0; i < list->n; i++)
            at[i] = list->at[i];
        list->at = at;
        list->room = room;
    }
    struct connector_item *it = &list->at[list->n++];
    *it = (struct connector_item){.kind = kind, .opens_window = true};
    return it;
}

void item_fault(struct item_list *list, str words, str raw)
{
    struct connector_item *it = item_add(list, ITEM_MESSAGE);
    if (it)
        *it = (struct connector_item){.fault = words, .raw = raw};
}

void batch_of(const struct item_list *list, struct connector_batch *batch)
{
    *batch = (struct connector_batch){.items = list->at, .n = list->n};
    bool is_one = list->n == 1 && !list->at[0].fault.len && list->at[0].kind == ITEM_MESSAGE;
    if (is_one)
        batch->delivery_id = list->at[0].external_id;
}

str json_text_of(struct arena *a, const struct json *v)
{
    struct json_out j = json_out_make(a, LIMIT_WEBHOOK_BODY_BYTES * 2);
    json_put_tree(&j, v);
    return json_str(&j);
}
