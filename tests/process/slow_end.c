/*
 * For the program, by LD_PRELOAD: a manager takes two seconds to end, as it may where a driver and
 * the machine are slow. That is longer than the program gives a command that hangs.
 *
 * SPDX-License-Identifier: MIT
 */
#include <geyser/geyser.h>

#include <dlfcn.h>
#include <stdint.h>
#include <time.h>

__attribute__((visibility("default"))) void geyser_manager_destroy(struct geyser_manager *manager)
{
	const struct timespec two_seconds = {.tv_sec = 2};
	/* POSIX lets dlsym return functions, ISO C has no such conversion. */
	const uintptr_t address = (uintptr_t)dlsym(RTLD_NEXT, "geyser_manager_destroy");

	(void)nanosleep(&two_seconds, NULL);
	if (address)
		((void (*)(struct geyser_manager *))address)(manager);
}
