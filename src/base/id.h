/* Ids: int64, positive, sorting by time: 42 bits milliseconds of the row's own time, 10 bits node,
 * 11 bits counter. Known before INSERT and equal on both databases. Thread: any (atomic). */
#pragma once
#include "base/str.h"

/* node: 0–1023. Once at start: the process begins here. */
void id_node_set(int node);
/* Unique in this process for any time_ms; an import passes the row's time. Ids of one millisecond
 * rise in the order they were made; after more than 1,024 of them the following milliseconds are
 * used. Times since the process began never meet ids of an earlier process of this node, unless the
 * clock was set back between the two; earlier times may meet those that it gave for times before
 * its own beginning, in 1 of 1,000 cases of equal times: the INSERT then finds the id taken, and
 * another one is made. */
int64_t id_make(int64_t time_ms);
int64_t id_time_ms(int64_t id);
int64_t id_least(int64_t time_ms); /* at most any id of that time or later */
/* A decimal positive int64 as text; E_INVALID. */
err id_parse(str s, int64_t *id);
