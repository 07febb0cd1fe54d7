/* ivr_choice: what a caller has chosen with a key, and what becomes of it: see ivr.h. Not here:
 * what is said then (ivr.c). Thread: pure. */
#include "text/ivr_inner.h"

enum {
    TO_BYTES = 255,
    NUMBER_LEAST = 3, /* with the + */
    NUMBER_MOST = 16,
    TEMPLATE_BYTES = 4000,
};

static const struct {
    const char *name;
    enum ivr_action action;
} actions[] = {
    {"continue_by_message", IVR_CONTINUE_BY_MESSAGE},
    {"voicemail",           IVR_VOICEMAIL          },
    {"forward",             IVR_FORWARD            },
    {"repeat",              IVR_REPEAT             },
    {"menu",                IVR_MENU               },
    {"queue",               IVR_QUEUE              },
    {"hangup",              IVR_HANGUP             },
};

static bool is_number(str s)
{
    bool is_fine = s.len >= NUMBER_LEAST && s.len <= NUMBER_MOST;
    for (ptrdiff_t i = str_starts(s, S("+")) ? 1 : 0; is_fine && i < s.len; i++)
        is_fine = s.at[i] >= '0' && s.at[i] <= '9';
    return is_fine;
}

static bool is_id(str s)
{
    int64_t id;
    return str_int(s, 1, INT64_MAX, &id) == OK;
}

bool ivr_is_target(str to)
{
    if (!str_starts(to, S("sip:")) && !str_starts(to, S("sips:")))
        return is_number(to);
    for (ptrdiff_t i = 0; i < to.len; i++)
        if ((unsigned char)to.at[i] <= ' ' || (unsigned char)to.at[i] >= 0x7f)
            return false;
    return to.len <= TO_BYTES && str_find_byte(to, '@') > 4;
}

static bool is_digit(str s)
{
    return s.len == 1 && s.at[0] >= '0' && s.at[0] <= '9';
}

/* What is written: the same in the first language when the caller's has none. */
static str written(const struct json *ivr, const struct json *object, str language)
{
    str text = ivr_sentence(object, S("text"), language);
    return text.len ? text
                    : ivr_sentence(object, S("text"), ivr_text(ivr_language_at(ivr, 0), S("tag")));
}

/* "template": {"en": {"name", "language", "variables"}, …}, for networks that want one. */
static str template_of(
    struct arena *a, const struct json *ivr, const struct json *object, str language)
{
    const struct json *all = json_get(object, S("template")), *t = json_get(all, language);
    struct json_out j = json_out_make(a, TEMPLATE_BYTES);
    if (!t)
        t = json_get(all, ivr_text(ivr_language_at(ivr, 0), S("tag")));
    if (!t || t->kind != JSON_OBJECT || !ivr_text(t, S("name")).len)
        return (str){0};
    json_arr(&j);
    json_obj(&j);
    json_kv_str(&j, S("type"), S("template"));
    json_kv_str(&j, S("name"), ivr_text(t, S("name")));
    json_kv_str(&j, S("language"), ivr_text(t, S("language")));
    if (json_get(t, S("variables"))) {
        json_key(&j, S("variables"));
        json_put_tree(&j, json_get(t, S("variables")));
    }
    json_obj_end(&j);
    json_arr_end(&j);
    return j.b.failed ? (str){0} : json_str(&j);
}

struct ivr_choice ivr_choice_of(const struct json *ivr, const struct json *entry, str language)
{
    str digit = json_text(json_get(entry, S("digit")), S(""));
    str name = ivr_text(entry, S("action"));
    struct ivr_choice c = {
        .channel_id = json_text(json_get(entry, S("channel_id")), S("")),
        .text = written(ivr, entry, language),
        .to = ivr_text(entry, S("to")),
        .menu = ivr_text(entry, S("menu")),
        .say = ivr_sentence(entry, S("say"), language),
    };
    for (size_t i = 0; i < sizeof actions / sizeof *actions; i++)
        if (str_eq(name, str_from(actions[i].name)))
            c.action = actions[i].action;
    if ((c.action == IVR_FORWARD && !ivr_is_target(c.to)) ||
        (c.action == IVR_MENU && !ivr_menu_find(ivr, c.menu)) ||
        (c.action == IVR_CONTINUE_BY_MESSAGE && (!is_id(c.channel_id) || !is_digit(digit))))
        c.action = IVR_NOTHING;
    return c;
}

static const struct json *entry_find(const struct json *menu, str digits)
{
    const struct json *list = json_get(menu, S("entries"));
    const struct json *v = list && list->kind == JSON_ARRAY ? list->first : NULL;
    for (int i = 0; v && i < IVR_ENTRIES; v = v->next, i++)
        if (digits.len == 1 && str_eq(json_text(json_get(v, S("digit")), S("")), digits))
            return v;
    return NULL;
}

struct ivr_choice ivr_choose_in(const struct json *ivr, const struct ivr_request *req)
{
    const struct json *menu = ivr_menu_find(ivr, req->menu);
    str language = ivr_text(ivr_language_find(ivr, req->language), S("tag"));
    bool continues = str_eq(req->step, S("continue"));
    if (!menu || (!continues && !str_eq(req->step, S("menu"))))
        return (struct ivr_choice){0};
    const struct json *entry = entry_find(menu, continues ? req->key : req->digits);
    if (!entry && !continues && req->attempt >= IVR_TRIES)
        entry = json_get(menu, S("otherwise"));
    return entry ? ivr_choice_of(ivr, entry, language) : (struct ivr_choice){0};
}

struct ivr_choice ivr_choose(struct arena *a, str settings, const struct ivr_request *req)
{
    const struct json *ivr = ivr_settings_of(a, settings);
    struct ivr_choice c = ivr_choose_in(ivr, req);
    const struct json *menu = ivr_menu_find(ivr, req->menu);
    str language = ivr_text(ivr_language_find(ivr, req->language), S("tag"));
    if (c.action == IVR_CONTINUE_BY_MESSAGE)
        c.parts =
            template_of(a, ivr, entry_find(menu, req->key.len ? req->key : req->digits), language);
    return c;
}

struct ivr_choice ivr_missed(struct arena *a, str settings, str language)
{
    const struct json *ivr = ivr_settings_of(a, settings);
    const struct json *missed = json_get(ivr, S("missed_call"));
    str tag = ivr_text(ivr_language_find(ivr, language), S("tag"));
    struct ivr_choice c = {
        .channel_id = json_text(json_get(missed, S("channel_id")), S("")),
        .text = written(ivr, missed, tag),
        .parts = template_of(a, ivr, missed, tag),
    };
    if (is_id(c.channel_id) && (c.text.len || c.parts.len))
        c.action = IVR_CONTINUE_BY_MESSAGE;
    return c;
}
