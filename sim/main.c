/* seva-sim: everything simulated stands in this binary, so that the server holds none of it.
 *
 *   seva-sim generate …   two months of conversations for `seva import`
 *   seva-sim demo …       what ./run starts
 *   seva-sim networks …   the social networks, for tests (sim/networks)
 */
#include "base/clock.h"
#include "base/crypto.h"
#include "demo.h"
#include "generate.h"
#include "networks/command.h"

#include <stdio.h>

static int usage(void)
{
    fprintf(stderr,
        "usage: seva-sim generate [--seed N] [--now 2026-01-01T00:00:00Z]\n"
        "       seva-sim demo --seva BIN --data DIR [--quiet] [-- SERVE OPTIONS]\n"
        "       seva-sim networks [--listen 127.0.0.1:0] [--seed N] [--clock real|manual]"
        " [--control TOKEN] [--threads N] [--ledger N] [--smtp-ca FILE]\n");
    return 2;
}

static int generate_main(int argc, char **argv)
{
    int64_t seed = 1, now = clock_now_ms();
    for (int i = 2; i + 1 < argc; i += 2) {
        str name = str_from(argv[i]), value = str_from(argv[i + 1]);
        err e = E_INVALID;
        if (str_eq(name, S("--seed")))
            e = str_int(value, 0, INT64_MAX, &seed);
        else if (str_eq(name, S("--now")))
            e = time_parse(value, &now);
        if (e != OK)
            return usage();
    }
    return generate(stdout, (uint64_t)seed, now) ? 0 : 1;
}

static int demo_main(int argc, char **argv)
{
    struct demo_options o = {0};
    for (int i = 2; i < argc; i++) {
        str name = str_from(argv[i]);
        if (str_eq(name, S("--"))) {
            o.serve_args = argv + i + 1;
            o.serve_arg_count = argc - i - 1;
            break;
        }
        if (str_eq(name, S("--quiet")))
            o.quiet = true;
        else if (str_eq(name, S("--seva")) && i + 1 < argc)
            o.seva = argv[++i];
        else if (str_eq(name, S("--data")) && i + 1 < argc)
            o.data = argv[++i];
        else
            return usage();
    }
    return o.seva && o.data ? demo_run(&o) : usage();
}

int main(int argc, char **argv)
{
    if (crypto_start() != OK)
        return 1;
    str command = str_from(argc > 1 ? argv[1] : "");
    if (str_eq(command, S("generate")))
        return generate_main(argc, argv);
    if (str_eq(command, S("demo")))
        return demo_main(argc, argv);
    if (str_eq(command, S("networks"))) {
        int status = networks_main(argc, argv);
        return status == 2 ? usage() : status;
    }
    return usage();
}
