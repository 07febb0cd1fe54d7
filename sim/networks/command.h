/* `seva-sim networks`: the simulated networks as a process of their own. */
#pragma once

/* --listen ADDRESS, --seed N, --clock real|manual, --control TOKEN, --threads N (webhooks at once),
 * --ledger N (entries kept). Prints "http://HOST:PORT" as its first line and runs until SIGTERM or
 * SIGINT. Returns the exit status; 2 = usage. */
int networks_main(int argc, char **argv);
