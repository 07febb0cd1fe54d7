/* The demo's texts; see texts.h. */
#include "texts.h"

#include <stdio.h>
#include <stdlib.h>

static struct str_list list_of(struct arena *a, const struct json *v)
{
    struct str_list l = {.at = NEW(a, str, v ? v->count + 1 : 1)};
    for (const struct json *x = v ? v->first : NULL; x; x = x->next)
        l.at[l.len++] = x->text;
    return l;
}

static void language_load(struct arena *a, const struct json *root, struct language *l)
{
    l->code = json_text(json_get(root, S("language")), S(""));
    l->zone = json_text(json_get(root, S("zone")), S("UTC"));
    l->hello = json_text(json_get(root, S("hello")), S(""));
    l->names = list_of(a, json_get(root, S("names")));
    l->products = list_of(a, json_get(root, S("products")));
    l->days = list_of(a, json_get(root, S("days")));
    l->thanks = list_of(a, json_get(root, S("thanks")));
    const struct json *scenarios = json_get(root, S("scenarios"));
    for (const struct json *s = scenarios ? scenarios->first : NULL;
         s && l->scenario_count < SCENARIOS_MAX; s = s->next) {
        l->scenarios[l->scenario_count++] = (struct scenario){
            .tag = json_text(json_get(s, S("tag")), S("question")),
            .openings = list_of(a, json_get(s, S("in"))),
            .out = json_text(json_get(s, S("out")), S("")),
            .then = json_text(json_get(s, S("then")), S("")),
            .close = json_text(json_get(s, S("close")), S("")),
        };
    }
}

const struct texts *texts_load(struct arena *a)
{
    struct texts *t = NEW(a, struct texts, 1);
    for (ptrdiff_t i = 0; i < demo_texts_count && i < LANGUAGES_MAX; i++) {
        const struct json *root;
        str why;
        if (json_parse(a, demo_texts[i], &root, &why) != OK) {
            fprintf(stderr, "seva-sim: demo text %td: %.*s\n", i, SARG(why));
            exit(1);
        }
        language_load(a, root, &t->languages[t->count++]);
    }
    return t;
}

const struct language *texts_language(const struct texts *t, str code)
{
    for (ptrdiff_t i = 0; i < t->count; i++)
        if (str_eq(t->languages[i].code, code))
            return &t->languages[i];
    return &t->languages[0];
}

str text_fill(struct arena *a, str text, const struct text_values *v)
{
    const struct {
        str mark, value;
    } marks[] = {
        {S("{name}"),    v->name   },
        {S("{agent}"),   v->agent  },
        {S("{order}"),   v->order  },
        {S("{day}"),     v->day    },
        {S("{product}"), v->product}
    };
    struct sb b = sb_make(a, 8192);
    while (text.len > 0) {
        ptrdiff_t at = str_find_byte(text, '{'), used = 1;
        if (at < 0)
            break;
        sb_add(&b, str_sub(text, 0, at));
        str rest = str_skip(text, at), put = str_sub(rest, 0, 1);
        for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
            if (str_starts(rest, marks[i].mark)) {
                put = marks[i].value;
                used = marks[i].mark.len;
            }
        }
        sb_add(&b, put);
        text = str_skip(rest, used);
    }
    sb_add(&b, text);
    return sb_str(&b);
}
