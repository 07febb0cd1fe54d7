/* Connections to SMTP servers that are kept for the next mail. See smtp.h. A connection is in one
 * of two lists: idle ones belong to the pool, running ones to the thread that sends over them; the
 * pool then only cancels them. Each has an arena of its own. */
#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/limits.h"
#include "net/smtp_inner.h"

enum { ARENA_BYTES = 4 * 1024 * 1024, MOST_MS = 200 * 1000 };

struct kept {
    struct kept *next;
    struct arena arena;
    struct smtp *smtp; /* NULL while it is being made */
    int64_t since_ms;  /* idle; clock_mono_ms */
    int mails;
};

struct smtp_pool {
    pthread_mutex_t lock; /* guards all below */
    struct kept *idle;    /* newest first */
    struct kept *running;
    bool is_cancelled;
};

/* The connection under way in a caller's arena: ended with that when memory ends there. */
struct use {
    struct smtp_pool *pool;
    struct kept *kept;
};

struct smtp_pool *smtp_pool_open(void)
{
    struct smtp_pool *p = alloc_zero((ptrdiff_t)sizeof *p);
    if (p != NULL)
        pthread_mutex_init(&p->lock, NULL);
    return p;
}

static void kept_free(struct kept *k)
{
    if (k->smtp != NULL)
        smtp_close(k->smtp);
    arena_free(&k->arena);
    free(k);
}

static void unlink_from(struct kept **list, const struct kept *k)
{
    while (*list != k)
        list = &(*list)->next;
    *list = k->next;
}

/* Out of `running` first, so that nobody cancels what is being freed. */
static void use_end(struct use *u)
{
    struct kept *k = u->kept;
    pthread_mutex_lock(&u->pool->lock);
    unlink_from(&u->pool->running, k);
    pthread_mutex_unlock(&u->pool->lock);
    u->kept = NULL;
    kept_free(k);
}

static void use_drop(void *what)
{
    struct use *u = what;
    if (u->kept != NULL)
        use_end(u);
}

/* Cuts off what is too old, with the lock held; `idle` is newest first. */
static struct kept *cut_old(struct smtp_pool *p, int64_t now_ms)
{
    struct kept **at = &p->idle;
    while (*at != NULL && now_ms - (*at)->since_ms <= LIMIT_SMTP_IDLE_MS)
        at = &(*at)->next;
    struct kept *old = *at;
    *at = NULL;
    return old;
}

static void free_all(struct kept *k)
{
    while (k != NULL) {
        struct kept *next = k->next;
        kept_free(k);
        k = next;
    }
}

void smtp_pool_sweep(struct smtp_pool *p)
{
    int64_t now_ms = clock_mono_ms();
    pthread_mutex_lock(&p->lock);
    struct kept *old = cut_old(p, now_ms);
    pthread_mutex_unlock(&p->lock);
    free_all(old);
}

void smtp_pool_close(struct smtp_pool *p)
{
    assert(p->running == NULL);
    free_all(p->idle);
    pthread_mutex_destroy(&p->lock);
    free(p);
}

void smtp_pool_cancel(struct smtp_pool *p)
{
    pthread_mutex_lock(&p->lock);
    p->is_cancelled = true;
    for (const struct kept *k = p->running; k != NULL; k = k->next)
        if (k->smtp != NULL)
            smtp_cancel(k->smtp);
    pthread_mutex_unlock(&p->lock);
}

int smtp_pool_kept(struct smtp_pool *p)
{
    int n = 0;
    pthread_mutex_lock(&p->lock);
    for (const struct kept *k = p->idle; k != NULL; k = k->next)
        n++;
    pthread_mutex_unlock(&p->lock);
    return n;
}

/* An idle connection for these options, moved to `running`; NULL = none. */
static struct kept *take(struct smtp_pool *p, const struct smtp_options *options)
{
    pthread_mutex_lock(&p->lock);
    struct kept **at = &p->idle;
    while (*at != NULL && !smtp_is_for((*at)->smtp, options))
        at = &(*at)->next;
    struct kept *k = p->is_cancelled ? NULL : *at;
    if (k != NULL) {
        *at = k->next;
        k->next = p->running;
        p->running = k;
    }
    pthread_mutex_unlock(&p->lock);
    return k;
}

/* Back to `idle` when it may serve again and there is room, else closed. */
static void give_back(struct use *u, const struct smtp_options *options)
{
    struct smtp_pool *p = u->pool;
    struct kept *k = u->kept;
    int n = 0, n_same = 0;
    k->mails++;
    k->since_ms = clock_mono_ms();
    k->arena.escape = NULL;
    pthread_mutex_lock(&p->lock);
    for (const struct kept *other = p->idle; other != NULL; other = other->next) {
        n++;
        n_same += smtp_is_for(other->smtp, options);
    }
    bool keeps = smtp_is_open(k->smtp) && k->mails < LIMIT_SMTP_MAILS && n < LIMIT_SMTP_KEPT &&
                 n_same < LIMIT_SMTP_KEPT_EACH && !p->is_cancelled;
    if (keeps) {
        unlink_from(&p->running, k);
        k->next = p->idle;
        p->idle = k;
    }
    pthread_mutex_unlock(&p->lock);
    if (keeps)
        u->kept = NULL;
    else
        use_end(u);
}

/* No connection: the mail's end for every recipient. */
static void fail_all(struct arena *a, const struct smtp_mail *mail, const struct mail_end *end,
    struct smtp_sent *sent)
{
    *sent = (struct smtp_sent){.kind = end->kind,
        .code = end->code,
        .enhanced = str_copy(a, end->enhanced),
        .why = str_copy(a, end->why),
        .is_before_mail = true,
        .to = NEW(a, struct smtp_answer, mail->n_to)};
    for (int i = 0; i < mail->n_to; i++)
        sent->to[i] =
            (struct smtp_answer){.kind = end->kind, .code = end->code, .enhanced = sent->enhanced};
}

/* A fresh connection in `u`. */
static struct mail_end start(struct use *u, struct arena *a, const struct smtp_options *options)
{
    struct smtp_pool *p = u->pool;
    struct kept *k = alloc_zero((ptrdiff_t)sizeof *k);
    if (k == NULL)
        return smtp_says(a, MAIL_LATER, S("out of memory"));
    k->arena = arena_make(ARENA_BYTES);
    k->arena.escape = a->escape;
    pthread_mutex_lock(&p->lock);
    k->next = p->running;
    p->running = k;
    pthread_mutex_unlock(&p->lock);
    u->kept = k;
    struct smtp *s = smtp_make(&k->arena, options);
    if (s == NULL)
        return smtp_says(a, MAIL_LATER, S("out of memory"));
    pthread_mutex_lock(&p->lock);
    k->smtp = s;
    bool is_cancelled = p->is_cancelled;
    pthread_mutex_unlock(&p->lock);
    return is_cancelled ? smtp_says(a, MAIL_CANCELLED, S("the server is shutting down"))
                        : smtp_start(s);
}

/* Whether a kept connection was dead, or is being ended, before it had taken anything. */
static bool was_stale(struct smtp_pool *p, const struct smtp_sent *sent)
{
    pthread_mutex_lock(&p->lock);
    bool is_cancelled = p->is_cancelled;
    pthread_mutex_unlock(&p->lock);
    bool is_dead = sent->kind == MAIL_LOST || sent->kind == MAIL_BAD_ANSWER || sent->code == 421;
    return sent->is_before_mail && is_dead && !is_cancelled;
}

void smtp_pool_send(struct smtp_pool *p, struct arena *a, const struct smtp_options *options,
    const struct smtp_mail *mail, struct smtp_sent *sent)
{
    struct use *u = NEW(a, struct use, 1);
    int64_t most_ms = options->most_ms > 0 ? options->most_ms : MOST_MS;
    int64_t until_ms = smtp_real_ms() + most_ms;
    *u = (struct use){.pool = p};
    arena_defer(a, use_drop, u);
    smtp_pool_sweep(p);
    u->kept = take(p, options);
    if (u->kept != NULL) {
        u->kept->arena.escape = a->escape;
        smtp_retime(u->kept->smtp, options, most_ms);
        smtp_send(u->kept->smtp, a, mail, sent);
        if (!was_stale(p, sent)) {
            give_back(u, options);
            return;
        }
        use_end(u);
    }
    int64_t left_ms = until_ms - smtp_real_ms();
    struct smtp_options rest = *options;
    rest.most_ms = left_ms > 1 ? left_ms : 1;
    struct mail_end end = start(u, a, &rest);
    if (end.kind != MAIL_DONE) {
        fail_all(a, mail, &end, sent);
        use_drop(u);
        return;
    }
    left_ms = until_ms - smtp_real_ms();
    smtp_retime(u->kept->smtp, options, left_ms > 1 ? left_ms : 1);
    smtp_send(u->kept->smtp, a, mail, sent);
    give_back(u, options);
}
