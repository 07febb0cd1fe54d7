/* wiring: see wiring.h. */
#include "app/wiring.h"

#include "api/live.h"
#include "app/blobs.h"
#include "app/machine.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/id.h"
#include "base/limits.h"
#include "base/log.h"
#include "connector/connector.h"
#include "db/migrations.h"
#include "db/sqlite_ship.h"
#include "job/engine.h"
#include "job/ship.h"
#include "net/egress.h"

enum { LISTENS_MAX = 8, PROXIES_MAX = 32, TOKEN_FILE_MAX = 1024, STOP_GRACE_MS = 5000 };

/* ── configuration ── */

/* http://127.0.0.1:8700 from "127.0.0.1:8700"; an address of all interfaces becomes localhost. */
static str base_url_make(struct arena *a, const struct settings *s)
{
    if (s->values[SET_BASE_URL].len) {
        str url = s->values[SET_BASE_URL];
        while (str_ends(url, S("/")))
            url.len--;
        return url;
    }
    str first, rest;
    (void)str_cut(s->values[SET_LISTEN], ',', &first, &rest);
    first = str_trim(first);
    if (str_starts(first, S(":")))
        first = str_cat(a, S("localhost"), first);
    else if (str_starts(first, S("0.0.0.0:")))
        first = str_cat(a, S("localhost"), str_skip(first, 7));
    return str_cat(a, s->values[SET_TLS_CERT].len ? S("https://") : S("http://"), first);
}

static err metrics_token(struct arena *a, const struct settings *s, str *token, str *why)
{
    *token = s->values[SET_METRICS_TOKEN];
    str file = s->values[SET_METRICS_TOKEN_FILE], text, rest;
    if (!file.len)
        return OK;
    if (file_read(a, file, TOKEN_FILE_MAX, &text) != OK) {
        *why = str_print(a, "cannot read the file %.*s", SARG(file));
        return E_INVALID;
    }
    (void)str_cut(text, '\n', token, &rest);
    *token = str_trim(*token);
    return OK;
}

static bool ca_file_is_there(struct arena *a, str file, str *why)
{
    int fd;
    int64_t size;
    if (!file.len)
        return true;
    if (file_open_read(file, &fd, &size) != OK) {
        *why = file_words(a, S("read the ca-file"), file);
        return false;
    }
    file_close(fd);
    return true;
}

err node_config(struct arena *a, const struct settings *s, const struct files *files,
    struct config *config, str *why)
{
    struct keyring *keys;
    int64_t node;
    str token;
    TRY(settings_int(a, s, SET_NODE, 0, 1023, &node, why));
    TRY(files_keys(a, files, &keys, why));
    TRY(metrics_token(a, s, &token, why));
    str base = base_url_make(a, s);
    if (!str_starts(base, S("http://")) && !str_starts(base, S("https://"))) {
        *why = S("base-url must begin with https:// or http://");
        return E_INVALID;
    }
    if (!ca_file_is_there(a, s->values[SET_CA_FILE], why))
        return E_INVALID;
    if (connector_hosts_check(a, s->values[SET_NETWORK_HOSTS], why) != OK) {
        *why = str_cat(a, S("network-hosts: "), *why);
        return E_INVALID;
    }
    *config = (struct config){
        .data_dir = files->data_dir,
        .blobs_dir = files->blobs_dir,
        .base_url = base,
        .base_is_https = str_starts(base, S("https://")),
        .keys = keys,
        .node = (int)node,
        .demo = settings_flag(s, SET_DEMO),
        .egress_allow = s->values[SET_EGRESS_ALLOW],
        .network_hosts = s->values[SET_NETWORK_HOSTS],
        .trusted_proxies = s->values[SET_TRUSTED_PROXIES],
        .metrics_token = token,
        .thumbnail_program = s->values[SET_THUMBNAIL_PROGRAM],
        .started_ms = clock_now_ms(),
    };
    id_node_set((int)node);
    return OK;
}

/* ── database ── */

static err db_open_now(struct arena *a, const struct files *files, struct db **db, str *why)
{
    struct db_options options = {.url = files->db_url};
    TRY(db_open(a, &options, db, why));
    if (files->ship_dir.len && db_kind_of(*db) == DB_SQLITE)
        sqlite_ship_keep_log(*db);
    return OK;
}

err node_db_open(
    struct arena *a, const struct files *files, struct db **db, ptrdiff_t *applied, str *why)
{
    struct db *opened;
    TRY(db_open_now(a, files, &opened, why));
    err e = db_migrate(opened, a, migrations, n_migrations, applied, why);
    if (e != OK) {
        db_close(opened);
        return e;
    }
    *db = opened;
    return OK;
}

/* ── server ── */

static void handle(void *worker, struct http_exchange *x)
{
    api_handle(worker, x);
}

static ptrdiff_t body_limit(void *arg, enum http_method method, str path)
{
    return api_body_limit(arg, method, path);
}

static ptrdiff_t pending(void *arg)
{
    return http_server_pending(arg);
}

static void wake(void *arg, bool events, bool jobs)
{
    struct node *node = arg;
    if (events)
        engine_nudge_events(node->engine);
    if (jobs)
        engine_nudge_jobs(node->engine);
}

static void make_room(void *arg)
{
    struct node *node = arg;
    engine_make_room(node->engine);
}

static void heard(void *arg, str topic, str payload)
{
    struct node *node = arg;
    if (payload.len)
        live_heard(&node->api, payload);
    else
        engine_heard(node->engine, topic);
}

/* The parts of a comma-separated list; returns how many. */
static int parts(struct arena *a, str list, const char **to, int max)
{
    int n = 0;
    str head;
    for (bool more = list.len > 0; more && n < max;) {
        more = str_cut(list, ',', &head, &list);
        head = str_trim(head);
        if (head.len)
            to[n++] = str_z(a, head);
    }
    return n;
}

static err server_open(struct arena *a, const struct settings *s, struct node *node, str *why)
{
    const char *addresses[LISTENS_MAX], **proxies = NEW(a, const char *, PROXIES_MAX);
    struct http_listen listens[LISTENS_MAX];
    int64_t workers, connections;
    TRY(settings_int(a, s, SET_WORKERS, 1, 256, &workers, why));
    TRY(settings_int(a, s, SET_MAX_CONNECTIONS, 1, 1000000, &connections, why));
    int n = parts(a, s->values[SET_LISTEN], addresses, LISTENS_MAX);
    for (int i = 0; i < n; i++)
        listens[i] = (struct http_listen){
            .address = str_from(addresses[i]), .is_tls = s->values[SET_TLS_CERT].len > 0};
    struct http_server_options options = {
        .listens = listens,
        .listen_count = n,
        .cert_file = s->values[SET_TLS_CERT],
        .key_file = s->values[SET_TLS_KEY],
        .workers = (int)workers,
        .max_connections = (int)machine_make_room(connections),
        .trusted_proxies = proxies,
        .trusted_proxy_count = parts(a, s->values[SET_TRUSTED_PROXIES], proxies, PROXIES_MAX),
        .arg = &node->api,
        .handle = handle,
        .body_limit = body_limit,
        .long_folder = node->config.blobs_dir,
    };
    return http_server_open(a, &options, &node->server, why);
}

static err engine_make(struct arena *a, const struct settings *s, const struct egress_rules *rules,
    struct node *node, str *why)
{
    int64_t threads;
    TRY(settings_int(a, s, SET_JOB_THREADS, 1, 256, &threads, why));
    struct engine_options options = {
        .db = node->db,
        .hub = http_server_hub(node->server),
        .audience = live_audience(&node->api),
        .elsewhere = live_elsewhere(&node->api),
        .config = &node->config,
        .rules = rules,
        .ca_file = s->values[SET_CA_FILE],
        .threads = (int)threads,
    };
    TRY(engine_open(a, &options, &node->engine, why));
    node->api.engine = node->engine;
    node->api.egress = rules;
    node->api.ca_file = s->values[SET_CA_FILE];
    return OK;
}

static err boundary_open(struct arena *a, struct node *node, str *why)
{
    node->api = (struct api){
        .config = &node->config,
        .db = node->db,
        .server = node->server,
        .hub = http_server_hub(node->server),
        .wake = wake,
        .make_room = make_room,
        .wake_arg = node,
        .ship = node->ship,
    };
    if (api_open(a, &node->api) == OK && live_open(&node->api) == OK)
        return OK;
    *why = S("out of memory");
    return E_BUSY;
}

static err shipping_open(struct arena *a, const struct settings *s, const struct files *files,
    struct node *node, str *why)
{
    int64_t keep_h;
    TRY(settings_int(a, s, SET_SHIP_KEEP, 1, 24 * 3660, &keep_h, why));
    if (!files->ship_dir.len)
        return OK;
    TRY(files_elsewhere(a, files, files->ship_dir, why));
    struct ship_options options = {
        .db = node->db,
        .database = str_skip(files->db_url, S("sqlite:").len),
        .data_dir = files->data_dir,
        .blobs_dir = files->blobs_dir,
        .blob_store = node->config.blob_store,
        .folder = files->ship_dir,
        .keep_ms = keep_h * 3600 * 1000,
    };
    return ship_open(a, &options, &node->ship, why);
}

static err times_read(struct arena *a, const struct settings *s, struct node *node, str *why)
{
    int64_t delay_s, most_s;
    TRY(settings_int(a, s, SET_DRAIN_DELAY, 0, 600, &delay_s, why));
    TRY(settings_int(a, s, SET_DRAIN_MOST, 1, 600, &most_s, why));
    node->drain_delay_ms = delay_s * 1000;
    node->drain_most_ms = most_s * 1000;
    return OK;
}

err node_open(struct arena *a, const struct settings *s, const struct files *files,
    struct node *node, str *why)
{
    ptrdiff_t applied;
    const struct egress_rules *rules;
    TRY(egress_rules_parse(a, s->values[SET_EGRESS_ALLOW], &rules, why));
    TRY(times_read(a, s, node, why));
    TRY(node_config(a, s, files, &node->config, why));
    TRY(db_open_now(a, files, &node->db, why));
    TRY(blobs_open(a, s, files, rules, &node->config.blob_store, why));
    if (node->config.blob_store && file_folder_make(files->blobs_dir, 0700) != OK)
        return files_failed(a, S("make the folder"), files->blobs_dir, why);
    TRY(shipping_open(a, s, files, node, why)); /* before anything is written */
    TRY(db_migrate(node->db, a, migrations, n_migrations, &applied, why));
    if (db_kind_of(node->db) == DB_POSTGRES || node->config.blob_store)
        TRY(machine_check_blobs(a, node->db, files, node->config.blob_store, why));
    TRY(server_open(a, s, node, why));
    TRY(boundary_open(a, node, why));
    TRY(engine_make(a, s, rules, node, why));
    db_pending_set(node->db, pending, node->server);
    if (db_listen(node->db, heard, node) != OK || engine_start(node->engine) != OK ||
        live_start(&node->api) != OK || (node->ship && ship_start(node->ship) != OK) ||
        http_server_start(node->server) != OK) {
        *why = S("the system gives no threads");
        return E_BUSY;
    }
    log_line(LOG_INFO, "serving", LOG_S("base_url", node->config.base_url),
        LOG_I("port", http_server_port(node->server, 0)), LOG_Z("version", SEVA_VERSION),
        LOG_I("migrations", applied), LOG_I("start_ms", clock_now_ms() - node->config.started_ms));
    return OK;
}

int node_close(struct node *node)
{
    int unanswered = http_server_drain(node->server, node->drain_delay_ms, node->drain_most_ms);
    live_stop(&node->api);
    api_stop(&node->api);
    engine_stop(node->engine, STOP_GRACE_MS);
    http_server_close(node->server);
    engine_close(node->engine);
    live_close(&node->api);
    api_close(&node->api);
    ship_close(node->ship);
    db_close(node->db);
    blob_store_close(node->config.blob_store);
    log_line(LOG_INFO, "stopped", LOG_I("unanswered", unanswered));
    return unanswered;
}
