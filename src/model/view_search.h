/* view_search: public JSON of what a search has found. Thread: pure. */
#pragma once
#include "model/shape.h"

extern const struct shape search_result_shape;
