/* A second opinion on JSON: json-c, which the program itself does not use. Thread: pure. */
#pragma once
#include "base/json.h"

/* Whether json-c, told to be strict, takes the text as well and makes the same tree of it. What it
 * cannot tell is left out: numbers outside its integers, and which of our limits are reached. */
bool json_c_agrees(str text, const struct json *root);
