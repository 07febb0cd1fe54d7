/* Receives what agents answer on the API channel, as the brand's own system would, and keeps who
 * was answered until the visitors ask. Runs on threads of its own; replies_take is for the
 * caller's. */
#pragma once
#include "base/str.h"

struct replies;
/* Listens on a free loopback port. NULL when it cannot. */
struct replies *replies_open(struct arena *a);
int replies_port(const struct replies *r);
/* The contact (external id) of an answer not yet taken, copied into a; false when there is none. */
bool replies_take(struct replies *r, struct arena *a, str *contact);
void replies_close(struct replies *r);
