/* What a webhook costs before it is stored: verify and parse of a message of about 1 KB, per
 * network with an HMAC over the body, beside OpenSSL's HMAC-SHA256 and json-c's parser alone over
 * the same bytes (and over the JSON text inside, where a network sends one). The webhooks are the
 * simulator's, signed by it and caught by a server of ours. One thread; the best of several rounds
 * that alternate, so that other work on the machine hurts both sides alike. Prints one JSON array:
 * kind, bytes, ours and bare in µs. */
#include "bare_webhook.h"
#include "base/clock.h"
#include "base/json.h"
#include "caught.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROUNDS = 40, REPEATS = 500, BODY_BYTES = 1024 };
#define MARK S("abcdefghijklm")

struct subject {
    const struct connector *connector;
    struct connector_setup setup;
    const struct http_request *req;
};

static void give_up(const char *what, str why)
{
    fprintf(stderr, "webhook_parse: %s: %.*s\n", what, SARG(why));
    exit(1);
}

/* One customer's message, long enough, as it came over the wire. */
static void catch_one(struct arena *a, const struct bench_network *n, struct subject *s)
{
    char text[BODY_BYTES + 1];
    str id;
    caught_connect(a, n, &s->connector, &s->setup);
    for (int len = BODY_BYTES / 4 * 3; len > 0; len -= 32) { /* shorter until the whole is 1 KB */
        for (int i = 0; i < len; i++)
            text[i] = i < MARK.len ? MARK.at[i] : i % 7 == 6 ? ' ' : (char)('a' + i % 26);
        s->req = caught_say(a, n, 1, str_trim(str_of(text, len)), MARK, &id);
        if (s->req->body.len <= BODY_BYTES)
            return;
    }
}

static void ours(const struct subject *s, struct arena *a)
{
    const struct connector_hook hook = {s->req, &s->setup, clock_now_ms()};
    struct connector_batch batch = {0};
    str why = {0};
    arena_reset(a);
    if (s->connector->verify(a, &hook, &why) != OK)
        give_up("verify", why);
    const struct connector_raw raw = {.body = s->req->body,
        .content_type = S("application/json"),
        .origin = S("hook"),
        .received_ms = hook.now_ms};
    if (s->connector->parse(a, &raw, &batch, &why) != OK || batch.n < 1)
        give_up("parse", why);
}

/* See bare_webhook. */
static const char *inner_of(const struct bench_network *n)
{
    return strcmp(n->kind, "tiktok") == 0 ? "content" : NULL;
}

static void measure(const struct bench_network *n, const struct subject *s, bool is_first)
{
    struct arena a = arena_make(0);
    int64_t best_ours = INT64_MAX, best_bare = INT64_MAX;
    for (int round = 0; round < ROUNDS; round++) {
        int64_t started = clock_mono_us();
        for (int i = 0; i < REPEATS; i++)
            ours(s, &a);
        int64_t between = clock_mono_us();
        for (int i = 0; i < REPEATS; i++)
            bare_webhook(s->req->body, inner_of(n));
        int64_t ended = clock_mono_us();
        best_ours = between - started < best_ours ? between - started : best_ours;
        best_bare = ended - between < best_bare ? ended - between : best_bare;
    }
    printf("%s{\"kind\":\"%s\",\"bytes\":%td,\"ours_us\":%.2f,\"bare_us\":%.2f}",
        is_first ? "[" : ",", n->kind, s->req->body.len, (double)best_ours / REPEATS,
        (double)best_bare / REPEATS);
    arena_free(&a);
}

int main(void)
{
    struct arena a = arena_make(0);
    bool is_first = true;
    caught_open(&a);
    for (int i = 0; i < BENCH_NETWORKS; i++) {
        struct subject s = {0};
        if (!(bench_networks[i].uses & BENCH_PARSE))
            continue;
        catch_one(&a, &bench_networks[i], &s);
        measure(&bench_networks[i], &s, is_first);
        is_first = false;
    }
    printf("]\n");
    caught_close();
    arena_free(&a);
    return 0;
}
