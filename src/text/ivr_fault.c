/* ivr_fault: words for the first thing in the settings that a menu cannot have: see ivr.h. Not
 * here: reading them for a call (ivr_settings.c), where what is wrong counts as absent. Thread:
 * pure. */
#include "text/ivr_inner.h"

#include "text/hours.h"

static str fault_of_entry(
    struct arena *a, const struct json *ivr, const struct json *menu, const struct json *entry)
{
    str digit = json_text(json_get(entry, S("digit")), S(""));
    bool is_key = digit.len == 1 && ((digit.at[0] >= '0' && digit.at[0] <= '9') ||
                                        digit.at[0] == '*' || digit.at[0] == '#');
    if (!is_key)
        return str_print(a, "Menu %.*s: a key is one of 0 to 9, * and #.", SARG(menu->key));
    if (ivr_choice_of(ivr, entry, (str){0}).action == IVR_NOTHING)
        return str_print(a, "Menu %.*s, key %.*s: the action is unknown or lacks what it needs.",
            SARG(menu->key), SARG(digit));
    return (str){0};
}

static str fault_of_menu(struct arena *a, const struct json *ivr, const struct json *menu)
{
    const struct json *list = json_get(menu, S("entries"));
    str fault = {0};
    if (!ivr_is_name(menu->key))
        return S("The name of a menu has letters, digits, - and _ only.");
    if (!list || list->kind != JSON_ARRAY || list->count > IVR_ENTRIES)
        return str_print(
            a, "Menu %.*s needs a list of at most %d entries.", SARG(menu->key), (int)IVR_ENTRIES);
    for (const struct json *v = list->first; v && !fault.len; v = v->next)
        fault = fault_of_entry(a, ivr, menu, v);
    return fault;
}

str ivr_fault(struct arena *a, str settings)
{
    const struct json *ivr = ivr_settings_of(a, settings), *root = NULL;
    str why, fault = {0};
    if (!ivr)
        return json_parse(a, settings, &root, &why) == OK && json_get(root, S("ivr"))
                   ? S("The menu is not a JSON object.")
                   : (str){0};
    fault = hours_fault(a, ivr);
    const struct json *menus = json_get(ivr, S("menus"));
    for (const struct json *m = menus ? menus->first : NULL; m && !fault.len; m = m->next)
        fault = fault_of_menu(a, ivr, m);
    if (!fault.len && menus && menus->count && !ivr_menu_find(ivr, S("main")))
        fault = S("The menu that callers hear first is called main.");
    return fault;
}
