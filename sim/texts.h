/* The demo's texts per language (sim/texts/<language>.json, embedded): names of people, products,
 * days, and conversations line by line. Thread: read only after texts_load. */
#pragma once
#include "base/json.h"

enum { LANGUAGES_MAX = 16, SCENARIOS_MAX = 24, NAMES_MAX = 24 };

extern const str demo_texts[];
extern const ptrdiff_t demo_texts_count;

struct scenario {
    str tag;
    struct str_list openings; /* the customer's first message, one of these */
    str out, then, close;     /* agent, customer, agent */
};

struct language {
    str code, zone, hello;
    struct str_list names, products, days, thanks;
    struct scenario scenarios[SCENARIOS_MAX];
    ptrdiff_t scenario_count;
};

struct texts {
    struct language languages[LANGUAGES_MAX];
    ptrdiff_t count;
};

/* Parses the embedded texts; a mistake in them ends the program. */
const struct texts *texts_load(struct arena *a);
const struct language *texts_language(const struct texts *t, str code);

/* What the placeholders {name} {agent} {order} {day} {product} stand for. */
struct text_values {
    str name, agent, order, day, product;
};
str text_fill(struct arena *a, str text, const struct text_values *v);
