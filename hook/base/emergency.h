/*
 * emergency.h - how the hook ends when it cannot go on: a message and a documented exit code, never
 * a signal (semantics.md 8: disk error under a mapped file, deadline, out of stack).
 *
 * A fault while `emergency_guard` is armed, emergency_memory() or emergency_time() comes back to that
 * point, so that the failure is recorded like any other. A fault outside of it, a second one, or the
 * watchdog writes the message and leaves with the code that emergency_set_exit() named (2 unless global
 * monitor mode or the kill switch accepts failures).
 */
#ifndef REFGATE_BASE_EMERGENCY_H
#define REFGATE_BASE_EMERGENCY_H

#include <setjmp.h>
#include <stdbool.h>
#include <stdint.h>

/* Signal handlers on a stack of their own; further signals that would end the process are blocked
 * (SIGPIPE, SIGXFSZ, SIGHUP, SIGINT, …), and what was inherited blocked is not any more; descriptors
 * 0 to 2 opened on /dev/null if they are closed; no core files. */
void emergency_install(void);
/* The code of such an end, and whom to ask: complete lines, which must stay where they are. */
void emergency_set_exit(int code, const char *contact_line);
/* The decision is out: from here on no signal changes the exit code. */
void emergency_done(void);
/* `ms` from now emergency_late becomes 1, so that what goes on for long can stop and be recorded; a
 * system call that waits ends with EINTR. After `grace_ms` more the process ends, whatever it is doing. */
void emergency_watchdog(int64_t ms, int64_t grace_ms);
extern volatile int emergency_late;

/* if (emergency_guard()) { … a disk error under a mapped file … } - once a process. */
extern sigjmp_buf emergency_point;
extern volatile int emergency_armed;
#define emergency_guard() (sigsetjmp(emergency_point, 0) ? 1 : (emergency_armed = 1, 0))
#define emergency_unguard() ((void)(emergency_armed = 0))

/* There is no memory, deep in a library that does not look at each result: comes back to the guard if
 * it is armed, else returns. */
void emergency_memory(void);
/* The same if emergency_late is 1: for a library that works on for seconds without asking, longer than
 * the watchdog's grace, after which nothing could be recorded any more. */
void emergency_time(void);
/* Why it came back to the guard. */
enum emergency_cause { EMERGENCY_DISK, EMERGENCY_MEMORY, EMERGENCY_TIME };
enum emergency_cause emergency_cause(void);

#endif
