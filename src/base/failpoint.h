/* Places where a test build dies, fails or stands still on purpose. Without -Dfailpoints=true
 * nothing of this is in the program.
 *
 * SEVA_FAILPOINT="name:crash@3,other:fail@1": the third pass through FAILPOINT("name") kills the
 * process with SIGKILL; the first pass through FAILPOINT_FAILS("other") is true. `fail@2+` fails
 * from the second pass on. `wait@1` stands still for FAILPOINT_WAIT_MS, as a thread does that the
 * machine has no time for. Names are `room.step`: "db.before_commit".
 * Thread: any; the variable is read once, at the first pass. */
#pragma once
#include <stdbool.h>

enum { FAILPOINT_WAIT_MS = 50 };

#ifdef SEVA_FAILPOINTS
bool failpoint_pass(const char *name);
#define FAILPOINT(name)       ((void)failpoint_pass(name))
#define FAILPOINT_FAILS(name) failpoint_pass(name)
#else
#define FAILPOINT(name)       ((void)0)
#define FAILPOINT_FAILS(name) false
#endif
