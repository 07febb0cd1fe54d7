/* A web server of files for tests: raw sockets, so that it can answer as no proper server would. It
 * plays what it was told per path, in order, on a thread of its own; the last answer of a path is
 * played again and again. */
#pragma once
#include "test_app.h"

struct media_peer;
struct media_peer *media_peer_open(void);
void media_peer_close(struct media_peer *p);
str media_peer_url(struct media_peer *p, const char *path);
/* The next answer of a path: status line and header lines without the last empty one, and the body.
 * Content-Length is added unless the head speaks of the length itself. */
void media_peer_says(struct media_peer *p, const char *path, const char *head, str body);
/* After this answer it says nothing more and waits for the other side to go. */
void media_peer_hangs(struct media_peer *p, const char *path, const char *head, str body);
/* How often a path was asked for. */
ptrdiff_t media_peer_asked(struct media_peer *p, const char *path);
