/* A number of permits: the write lock (one permit) and the pools of connections. They are given in
 * the order of asking, but for two things: of the patient, which nobody waits for, TURN_PASSES
 * others may pass one; and who asks for a free permit before the one woken for it runs has it, as
 * long as the first in line has not waited for TURN_STRICT_US. Not: recursive. Thread: any. */
#pragma once
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    TURN_PASSES = 4,
    TURN_STRICT_US = 1000,
};

struct turn_waiter;
struct turn_line {
    struct turn_waiter *first, *last;
};
struct turn {
    pthread_mutex_t mutex;
    ptrdiff_t free;
    ptrdiff_t waiting;
    ptrdiff_t woken; /* of them, on their way to a free permit */
    struct turn_line hurried, patient;
    int passes; /* of the patient in front, since the last of them was served */
};

bool turn_make(struct turn *t, ptrdiff_t permits);
void turn_unmake(struct turn *t);
/* False after wait_ms of real time. */
[[nodiscard]] bool turn_take(struct turn *t, int64_t wait_ms, bool is_patient);
/* Only when a permit is free and nobody waits. */
[[nodiscard]] bool turn_try(struct turn *t);
void turn_give(struct turn *t);
bool turn_is_wanted(struct turn *t);
