/* The living demo: makes the demo account when the folder is empty, starts the server, prints where
 * it is and how to sign in, lets visitors write, and ends with the server. Thread: one. */
#pragma once
#include "base/str.h"

struct demo_options {
    const char *seva;  /* the server's binary */
    const char *data;  /* folder, made when missing */
    bool quiet;        /* no visitors */
    char **serve_args; /* more options for `seva serve` */
    int serve_arg_count;
};
/* The exit status for main. */
int demo_run(const struct demo_options *o);
