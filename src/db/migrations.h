/* The migrations of this program in order, embedded from migrations/NNNN_words.sql by the build. */
#pragma once
#include "db/db.h"

extern const struct migration migrations[];
extern const ptrdiff_t n_migrations;
