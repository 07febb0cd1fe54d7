/* ivr_settings: what a channel's settings say of its menu; what is wrong there counts as absent.
 * See ivr.h and ivr_inner.h. Not here: words for what is wrong (ivr_fault.c). Thread: pure. */
#include "text/ivr_inner.h"

#include "text/hours.h"

const struct json *ivr_settings_of(struct arena *a, str settings)
{
    const struct json *root = NULL, *ivr;
    str why;
    if (json_parse(a, settings, &root, &why) != OK)
        return NULL;
    ivr = json_get(root, S("ivr"));
    if (ivr && ivr->kind == JSON_STRING && json_parse(a, ivr->text, &root, &why) == OK)
        ivr = root;
    return ivr && ivr->kind == JSON_OBJECT ? ivr : NULL;
}

str ivr_text(const struct json *object, str key)
{
    const struct json *v = json_get(object, key);
    return v && v->kind == JSON_STRING ? v->text : (str){0};
}

str ivr_sentence(const struct json *object, str key, str language)
{
    const struct json *v = json_get(object, key);
    if (v && v->kind == JSON_OBJECT)
        return ivr_text(v, language);
    return ivr_text(object, key);
}

const struct json *ivr_language_at(const struct json *ivr, int64_t at)
{
    const struct json *list = json_get(ivr, S("languages"));
    const struct json *v = list && list->kind == JSON_ARRAY ? list->first : NULL;
    for (int64_t i = 0; v && i < at; i++)
        v = v->next;
    return at < IVR_LANGUAGES ? v : NULL;
}

const struct json *ivr_language_find(const struct json *ivr, str tag)
{
    const struct json *v;
    for (int64_t i = 0; (v = ivr_language_at(ivr, i)) != NULL; i++)
        if (tag.len && str_eq(ivr_text(v, S("tag")), tag))
            return v;
    return ivr_language_at(ivr, 0);
}

const struct json *ivr_menu_find(const struct json *ivr, str name)
{
    const struct json *menu = json_get(json_get(ivr, S("menus")), name);
    return menu && menu->kind == JSON_OBJECT ? menu : NULL;
}

bool ivr_is_open(struct arena *a, str settings, int64_t now_ms)
{
    return hours_are_open(ivr_settings_of(a, settings), now_ms);
}
