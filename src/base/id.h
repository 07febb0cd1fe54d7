/* Ids: int64, positive, sorting by time: 42 bits milliseconds of the row's own time, 10 bits node,
 * 11 bits counter. Known before INSERT and equal on both databases. Thread: any (atomic). */
#pragma once
#include "base/str.h"

void id_node_set(int node); /* 0–1023; once at start */
int64_t id_make(
    int64_t time_ms); /* unique on this node for any time_ms; an import passes the row's time */
int64_t id_time_ms(int64_t id);
/* A decimal positive int64 as text; E_INVALID. */
err id_parse(str s, int64_t *id);
