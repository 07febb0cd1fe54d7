/* SQLite's own memory, failing on demand: what it asks the system for is counted, and the nth time
 * there is none. Not: part of the program. Thread: any. */
#pragma once

/* Before the first database is opened. Small objects are asked for one by one then, or SQLite would
 * have them from a store of its own ("lookaside"). */
void fault_lite_start(void);
/* The nth allocation from now (1 = the next) and `count` − 1 after it fail; 0 turns it off. */
void fault_lite_fail(long nth, long count);
long fault_lite_calls(void); /* since fault_lite_fail */
/* Closes the library; how many blocks it never gave back. The last thing that a program does. */
long fault_lite_end(void);
