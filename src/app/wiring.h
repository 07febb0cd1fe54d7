/* wiring: one node: configuration, database, boundary, engine and server, made in the order of
 * their needs and taken apart in the reverse. The only place that knows all rooms. Thread: main. */
#pragma once
#include "api/server.h"
#include "app/files.h"
#include "model/config.h"

struct engine;

struct node {
    struct config config;
    struct db *db;
    struct api api;
    struct engine *engine;
    struct http_server *server;
    struct ship *ship; /* NULL: nothing is shipped */
    int64_t drain_delay_ms, drain_most_ms;
};

/* The immutable configuration; keys are loaded. */
err node_config(struct arena *a, const struct settings *s, const struct files *files,
    struct config *config, str *why);
/* Database with all migrations applied. */
err node_db_open(
    struct arena *a, const struct files *files, struct db **db, ptrdiff_t *applied, str *why);
/* Everything, serving. */
err node_open(struct arena *a, const struct settings *s, const struct files *files,
    struct node *node, str *why);
/* Drains and closes. Returns how many accepted requests were not answered. */
int node_close(struct node *node);
