/* See command.h. */
#include "command.h"

#include <signal.h>
#include <stdio.h>

#include "base/file.h"
#include "sim.h"

static err option_take(struct sim_options *o, str *smtp_ca, str name, str value)
{
    int64_t n = 0;
    err e = OK;
    if (str_eq(name, S("--listen"))) {
        o->listen = value;
    } else if (str_eq(name, S("--control"))) {
        o->control_token = value;
    } else if (str_eq(name, S("--clock"))) {
        o->is_clock_manual = str_eq(value, S("manual"));
        e = o->is_clock_manual || str_eq(value, S("real")) ? OK : E_INVALID;
    } else if (str_eq(name, S("--seed"))) {
        e = str_int(value, 0, INT64_MAX, &n);
        o->seed = (uint64_t)n;
    } else if (str_eq(name, S("--threads"))) {
        e = str_int(value, 1, 256, &n);
        o->webhook_threads = (int)n;
    } else if (str_eq(name, S("--ledger"))) {
        e = str_int(value, 1, 100000000, &n);
        o->ledger_entries = (ptrdiff_t)n;
    } else if (str_eq(name, S("--smtp-ca"))) {
        *smtp_ca = value;
        o->has_smtp = true;
    } else {
        e = E_INVALID;
    }
    return e;
}

/* The file is for who shall trust the SMTP server. */
static bool smtp_tell(struct arena *a, const struct sim *sim, str file)
{
    if (file_write(file, sim_smtp_ca(a, sim), 0644) != OK)
        return false;
    printf("smtp://127.0.0.1:%d\n", sim_smtp_port(sim));
    return true;
}

int networks_main(int argc, char **argv)
{
    struct sim_options o = {.webhook_threads = 16};
    str smtp_ca = {0};
    for (int i = 2; i < argc; i += 2)
        if (i + 1 == argc ||
            option_take(&o, &smtp_ca, str_from(argv[i]), str_from(argv[i + 1])) != OK)
            return 2;
    sigset_t ends;
    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGINT);
    sigprocmask(SIG_BLOCK, &ends, NULL);
    struct arena a = arena_make(0);
    struct sim *sim;
    str why = {0};
    if (sim_open(&a, &o, &sim, &why) != OK) {
        fprintf(stderr, "seva-sim networks: %.*s\n", SARG(why));
        arena_free(&a);
        return 1;
    }
    str url = sim_url(&a, sim, (str){0});
    printf("%.*s\n", SARG(str_sub(url, 0, url.len - 1)));
    bool is_told = !o.has_smtp || smtp_tell(&a, sim, smtp_ca);
    fflush(stdout);
    int got;
    if (is_told)
        (void)sigwait(&ends, &got); /* the set is good: it cannot fail */
    else
        fprintf(stderr, "seva-sim networks: %.*s cannot be written\n", SARG(smtp_ca));
    sim_close(sim);
    arena_free(&a);
    return is_told ? 0 : 1;
}
