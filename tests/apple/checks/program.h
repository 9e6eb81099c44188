/*
 * A set of programs on the double. The argument names the one that runs.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef TESTS_APPLE_CHECKS_PROGRAM_H
#define TESTS_APPLE_CHECKS_PROGRAM_H

#include <Metal/Metal.h>

#include <stdio.h>
#include <string.h>

struct program {
	const char *name;
	int (*run)(id<MTLDevice> device); /* returns the exit status */
};

/* Prints why the program fails. Returns the exit status. */
static int wrong(const char *what)
{
	(void)fprintf(stderr, "%s\n", what);
	return 1;
}

static int run_program(const struct program *programs, size_t count, int argc, char **argv)
{
	int status = 2;

	for (size_t i = 0; argc == 2 && i < count; i++) {
		if (strcmp(programs[i].name, argv[1]) != 0)
			continue;
		@autoreleasepool {
			id<MTLDevice> device = MTLCreateSystemDefaultDevice();

			status = programs[i].run(device);
			[device release];
		}
	}
	return status == 2 ? wrong("no such program") : status;
}

#endif
