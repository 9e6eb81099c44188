/*
 * For the program, by LD_PRELOAD: a sleep of over half a minute takes two seconds. So a test sees
 * what happens when a command isn't finished a minute after a signal.
 *
 * SPDX-License-Identifier: MIT
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdint.h>
#include <time.h>

typedef int sleep_function(
	clockid_t clock, int flags, const struct timespec *time, struct timespec *rest);

__attribute__((visibility("default"))) int clock_nanosleep(
	clockid_t clock, int flags, const struct timespec *time, struct timespec *rest)
{
	const struct timespec two_seconds = {.tv_sec = 2};
	/* POSIX lets dlsym return functions, ISO C has no such conversion. */
	const uintptr_t address = (uintptr_t)dlsym(RTLD_NEXT, "clock_nanosleep");
	struct timespec now;

	if (!address || clock_gettime(clock, &now) < 0)
		return EINVAL;
	if (flags == TIMER_ABSTIME && time->tv_sec > now.tv_sec + 30)
		return ((sleep_function *)address)(clock, 0, &two_seconds, rest);
	return ((sleep_function *)address)(clock, flags, time, rest);
}
