/* health: is the process there, is it ready for requests, and its figures for Prometheus (API
 * "Operations"). /metrics is for the machine itself, or for who has the metrics token: a request
 * that came through a proxy is not from the machine itself. Text format: Prometheus exposition
 * 0.0.4. */
#include "api/input.h"
#include "api/server.h"
#include "base/clock.h"
#include "base/crypto.h"
#include "care/blob_store.h"
#include "db/db.h"
#include "job/engine.h"
#include "job/ship.h"
#include "net/http_server.h"
#include "net/hub.h"
#include "store/inbox.h"
#include "store/job.h"
#include "store/lease.h"

#include <fcntl.h>
#include <unistd.h>

static const str plain = S_INIT("text/plain; charset=utf-8");

static err healthz(struct call *call)
{
    return answer_bytes(call, 200, plain, S("ok\n"));
}

static err not_ready(struct call *call, str why)
{
    answer_header(call, "Retry-After", S("1"));
    return answer_bytes(call, 503, plain, why);
}

/* The database takes writes, and nobody has asked us to end. */
static err readyz(struct call *call)
{
    struct api *api = call->api;
    struct db_tx *tx = NULL;
    if (api->server && http_server_is_draining(api->server))
        return not_ready(call, S("draining\n"));
    if (db_begin(api->db, DB_WRITE, call->cx.arena, &tx) != OK)
        return not_ready(call, S("the database is busy\n"));
    err e = lease_probe(tx);
    err ended = db_rollback(tx);
    if (e != OK || ended != OK)
        return not_ready(call, S("the database takes no writes\n"));
    /* The rest of it serves: one damaged page is no reason to send everybody away. */
    if (db_stats_of(api->db).damaged > 0)
        return answer_bytes(call, 200, plain,
            S("ready, but a part of the database is damaged: run `seva doctor`\n"));
    if (api->ship) {
        struct ship_stats ship = ship_stats_of(api->ship);
        if (ship.is_failing)
            return answer_bytes(call, 200, plain,
                str_print(call->cx.arena,
                    "ready, but the shipped copy is %lld s behind, its folder takes nothing: see "
                    "the log\n",
                    (long long)(ship.lag_ms / 1000)));
    }
    return answer_bytes(call, 200, plain, S("ready\n"));
}

/* ── metrics ── */

static void metric(struct sb *b, const char *name, const char *type, const char *help, int64_t v)
{
    sb_print(
        b, "# HELP %s %s\n# TYPE %s %s\n%s %lld\n", name, help, name, type, name, (long long)v);
}

static void counter(struct sb *b, const char *name, const char *help, int64_t v)
{
    metric(b, name, "counter", help, v);
}

static void gauge(struct sb *b, const char *name, const char *help, int64_t v)
{
    metric(b, name, "gauge", help, v);
}

static void put_http(struct sb *b, const struct http_stats *s)
{
    sb_add(b, S("# HELP seva_http_requests_total Answered requests by status class.\n"
                "# TYPE seva_http_requests_total counter\n"));
    for (int i = 2; i <= 5; i++)
        sb_print(
            b, "seva_http_requests_total{class=\"%dxx\"} %lld\n", i, (long long)s->requests[i]);
    counter(b, "seva_http_refused_total", "Requests the server refused by itself.",
        s->requests_refused);
    counter(b, "seva_http_timed_out_total", "Requests and connections cut for a deadline.",
        s->requests_timed_out);
    counter(b, "seva_connections_accepted_total", "Accepted connections.", s->connections_accepted);
    counter(b, "seva_connections_refused_total", "Connections beyond the limit.",
        s->connections_refused);
    gauge(b, "seva_connections", "Open connections.", s->connections_open);
    gauge(b, "seva_http_queue", "Requests waiting for a worker.", s->queue_waiting);
    gauge(b, "seva_http_in_flight", "Requests not answered yet.", s->in_flight);
    gauge(b, "seva_http_body_bytes", "Memory of request bodies.", s->body_bytes_held);
    counter(b, "seva_http_bytes_in_total", "Bytes received.", s->bytes_in);
    counter(b, "seva_http_bytes_out_total", "Bytes sent.", s->bytes_out);
    gauge(b, "seva_streams", "Open event streams.", s->streams_open);
    counter(b, "seva_streams_opened_total", "Event streams opened.", s->streams_opened);
    counter(b, "seva_streams_cut_total", "Event streams cut because the reader was slow.",
        s->streams_cut);
    counter(
        b, "seva_stream_events_sent_total", "Events written to streams.", s->stream_events_sent);
}

static void put_db(struct sb *b, const struct db_stats *s)
{
    counter(b, "seva_db_commits_total", "Durable commits.", s->commits);
    counter(b, "seva_db_members_total", "Transactions inside those commits.", s->members);
    counter(b, "seva_db_statements_total", "Statements run.", s->statements);
    counter(
        b, "seva_db_busy_total", "Transactions refused because the database was busy.", s->busy);
    counter(b, "seva_db_damaged_total", "Statements that met a damaged page.", s->damaged);
    counter(b, "seva_db_group_lost_total", "Group commits that failed as a whole.", s->group_lost);
}

static void put_engine(struct sb *b, const struct engine_stats *s)
{
    counter(
        b, "seva_messages_received_total", "Messages processed into conversations.", s->received);
    counter(b, "seva_messages_duplicate_total", "Messages that were stored already.",
        s->receive_duplicates);
    counter(b, "seva_receive_batches_total", "Batches in which they were processed.",
        s->receive_batches);
    counter(b, "seva_quarantined_total", "Items put into quarantine.", s->quarantined);
    counter(b, "seva_jobs_done_total", "Jobs done.", s->jobs_done);
    counter(b, "seva_jobs_retried_total", "Jobs put back to be tried again.", s->jobs_retried);
    counter(b, "seva_jobs_dead_total", "Jobs given up.", s->jobs_dead);
    counter(b, "seva_jobs_lost_lease_total", "Jobs that somebody else had taken over.",
        s->jobs_lost_lease);
    counter(b, "seva_events_published_total", "Events handed to streams.", s->events_published);
    counter(b, "seva_deliveries_queued_total", "Webhook deliveries queued.", s->deliveries_queued);
}

static void put_ship(struct sb *b, const struct ship_stats *s)
{
    sb_print(b,
        "# HELP seva_ship_lag_seconds Age of the oldest change that could not be restored from the "
        "shipped copy.\n"
        "# TYPE seva_ship_lag_seconds gauge\nseva_ship_lag_seconds %.3f\n",
        (double)s->lag_ms / 1000.0);
    gauge(b, "seva_ship_failing", "1 when the shipped copy's folder takes nothing.", s->is_failing);
    counter(b, "seva_ship_segments_total", "Segments shipped.", s->segments);
    counter(b, "seva_ship_bytes_total", "Bytes of these segments.", s->bytes);
    counter(b, "seva_ship_generations_total", "Unbroken rows of segments begun.", s->generations);
    counter(b, "seva_ship_bases_total", "Whole databases shipped.", s->bases);
    gauge(b, "seva_ship_went_on", "1 when the start went on with the generation of before.",
        s->went_on);
}

static err put_queues(struct ctx *cx, struct sb *b)
{
    const struct job_count *counts;
    ptrdiff_t n;
    int64_t waiting, quarantined, oldest_ms;
    TRY(inbox_counts(cx->db, &waiting, &quarantined));
    TRY(inbox_oldest_waiting(cx->db, &oldest_ms));
    TRY(job_counts(cx->db, &counts, &n));
    int64_t lag_ms = oldest_ms && oldest_ms < cx->now_ms ? cx->now_ms - oldest_ms : 0;
    gauge(b, "seva_inbox_waiting", "Stored deliveries not processed yet.", waiting);
    sb_print(b,
        "# HELP seva_inbox_lag_seconds Age of the oldest of them.\n"
        "# TYPE seva_inbox_lag_seconds gauge\nseva_inbox_lag_seconds %.3f\n",
        (double)lag_ms / 1000.0);
    gauge(b, "seva_quarantine", "Deliveries in quarantine.", quarantined);
    sb_add(b, S("# HELP seva_jobs Jobs by kind and state.\n# TYPE seva_jobs gauge\n"));
    for (ptrdiff_t i = 0; i < n; i++)
        sb_print(b, "seva_jobs{kind=\"%.*s\",state=\"%.*s\"} %lld\n", SARG(counts[i].kind),
            SARG(counts[i].state), (long long)counts[i].count);
    return OK;
}

/* Second number of /proc/self/statm, in pages (proc(5)); 0 when it cannot be read. */
static int64_t resident_bytes(void)
{
    char text[128];
    int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    ssize_t n = read(fd, text, sizeof text);
    (void)close(fd); /* it was only read */
    str all = str_of(text, n > 0 ? n : 0), size, rest, resident;
    int64_t pages = 0;
    if (!str_cut(all, ' ', &size, &rest))
        return 0;
    (void)str_cut(rest, ' ', &resident, &rest); /* more fields follow */
    if (str_int(resident, 0, INT64_MAX / 65536, &pages) != OK)
        return 0;
    return pages * sysconf(_SC_PAGESIZE);
}

/* Who may see the figures. */
static bool is_allowed(const struct call *call)
{
    const struct http_request *req = call->req;
    str token = call->cx.config->metrics_token;
    str given = http_header_get(req, S("Authorization"));
    if (token.len && str_starts(given, S("Bearer ")) && crypto_equal(str_skip(given, 7), token))
        return true;
    bool is_local = str_eq(req->peer, S("127.0.0.1")) || str_eq(req->peer, S("::1"));
    return is_local && !http_header_get(req, S("X-Forwarded-For")).at &&
           !http_header_get(req, S("Forwarded")).at;
}

static err metrics(struct call *call)
{
    struct api *api = call->api;
    struct ctx *cx = &call->cx;
    if (!is_allowed(call))
        return fail(
            cx, E_FORBIDDEN, "metrics are shown to this machine itself, or with the metrics token");
    struct sb b = sb_make(cx->arena, 256 * 1024);
    sb_print(&b,
        "# HELP seva_build_info The running version.\n# TYPE seva_build_info gauge\n"
        "seva_build_info{version=\"%s\",database=\"%s\"} 1\n",
        SEVA_VERSION, db_kind_of(api->db) == DB_SQLITE ? "sqlite" : "postgresql");
    gauge(
        &b, "seva_start_time_seconds", "When the process started.", cx->config->started_ms / 1000);
    gauge(&b, "seva_resident_memory_bytes", "Resident memory.", resident_bytes());
    if (api->server) {
        struct http_stats stats = http_server_stats(api->server);
        put_http(&b, &stats);
    }
    struct db_stats db = db_stats_of(api->db);
    put_db(&b, &db);
    if (api->engine) {
        struct engine_stats engine = engine_stats(api->engine);
        put_engine(&b, &engine);
    }
    if (api->ship) {
        struct ship_stats ship = ship_stats_of(api->ship);
        put_ship(&b, &ship);
    }
    if (cx->config->blob_store)
        gauge(&b, "seva_store_up", "1 when the store of attachments answered last.",
            !blob_store_is_away(cx->config->blob_store));
    TRY(put_queues(cx, &b));
    return answer_bytes(call, 200, S("text/plain; version=0.0.4; charset=utf-8"), sb_str(&b));
}

/* clang-format off */
static const struct route routes[] = {
    {HTTP_GET, "/healthz", AUTH_PUBLIC, CAP_NONE,
     ROUTE_NO_DB, NULL, NULL, NULL, healthz,
     "The process is there.", NULL, 0},
    {HTTP_GET, "/readyz", AUTH_PUBLIC, CAP_NONE,
     ROUTE_NO_DB, NULL, NULL, NULL, readyz,
     "Ready for requests.", NULL, 0},
    {HTTP_GET, "/metrics", AUTH_PUBLIC, CAP_NONE,
     ROUTE_READ, NULL, NULL, NULL, metrics,
     "Figures for Prometheus.", NULL, 0},
};
/* clang-format on */
extern const struct route_table health_routes;
const struct route_table health_routes = ROUTES(routes);
