/* admin: the socket DATA/admin.sock (0600) through which `user`, `account` and `doctor` reach the
 * server that holds the data folder. One request, one reply, each a 4-byte big-endian length and
 * that many bytes. Request: the password (or nothing), then the arguments, separated by NUL. Reply:
 * one byte exit code, then the text to print. Only the same system user can connect (file mode, and
 * SO_PEERCRED is checked). Thread: the server's main thread. */
#pragma once
#include "app/config.h"

enum { ADMIN_MESSAGE_MAX = 512 * 1024, ADMIN_TIMEOUT_S = 10 };

/* The listening socket; −1 and *why on failure. Replaces a socket that a killed process left. */
int admin_listen(struct arena *a, str path, str *why);
typedef int admin_run(void *arg, struct arena *a, const struct settings *s, str password, str *out);
/* Accepts one connection and serves it. */
void admin_serve(int listen_fd, admin_run *run, void *arg);
/* Asks the server: its exit code, the text in *out; −1 when nobody listens. */
int admin_ask(struct arena *a, str path, int argc, char **argv, str password, str *out);
/* What admin_ask has given says that the server is not there, or ended before it answered. */
bool admin_is_gone(int code, str out);
