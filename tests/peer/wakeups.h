/* Counts how often threads wake up, on Linux. */
#ifndef GEYSER_TESTS_WAKEUPS_H
#define GEYSER_TESTS_WAKEUPS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Returns whether geyser's threads of all these processes slept for a whole period: for half a
 * second, or for $GEYSER_TEST_IDLE seconds. A thread that waits for a value looks at it when it has
 * slept for 1, 2, 4 seconds and so on. So a few half seconds are tried, and the long period begins
 * after 17 seconds.
 *
 * A thread counts if its name begins with "geyser-". The main thread of another process counts,
 * too. The thread "geyser-ipc" doesn't count, as it looks at the registry once a second. */
bool test_stay_asleep(const pid_t *pids, size_t count);

/* Names the calling thread, so that it counts. */
void test_count_me(void);

#endif
