/* elsewhere: agents with an open console, and contacts with an open chat, on another node. Each
 * node tells the others who has come and who has gone (api/live.h), and everybody once in a while,
 * so that what a node said is forgotten ELSEWHERE_MS after it fell silent. Not here: this node's
 * own streams (audience.h). Thread: any (one mutex inside). */
#pragma once
#include "care/audience.h"

enum {
    ELSEWHERE_MS = 60 * 1000,
    ELSEWHERE_MOST = 128 * 1024, /* people, each once per node; 10 MB */
};

struct elsewhere;
struct elsewhere *elsewhere_open(void); /* NULL when out of memory */
void elsewhere_close(struct elsewhere *e);
/* What node said at now_ms; when there is no room for more, it is not kept. */
void elsewhere_came(struct elsewhere *e, int64_t node, struct audience_one who, int64_t now_ms);
void elsewhere_left(struct elsewhere *e, int64_t node, struct audience_one who);
bool elsewhere_has(struct elsewhere *e, struct audience_one who, int64_t now_ms);
