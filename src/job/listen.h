/* listen: streams of networks that push over a connection which we hold open: one thread per
 * stream, held by one node at a time. What arrives is stored before the next is read; when a
 * stream ends it is opened again when its connector says, and the channel's poll fills the gap.
 * Not here: keep-alives and framing (connectors), parsing (receive.c).
 *
 *   seva-listen   looks every few seconds which streams there should be
 *   seva-stream   one per stream, at most LISTEN_MOST */
#pragma once
#include "base/err.h"

struct engine;
struct streams;

enum { LISTEN_MOST = 256 };

/* NULL: no memory or no thread. */
struct streams *streams_open(struct engine *engine);
/* Ends all streams and frees it. NULL is nothing. */
void streams_close(struct streams *l);
