/*
 * Runs a program as on a kernel before 5.16: a filter refuses futex_waitv with ENOSYS, for it and
 * all its children. without_waitv PROGRAM [ARGUMENT]...
 *
 * SPDX-License-Identifier: MIT
 */
#include "refuse_waitv.h"

#include <geyser/geyser.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct geyser_system_info info;

	if (argc < 2 || !refuse_waitv()) {
		(void)fprintf(stderr, "without_waitv: %s\n",
			argc < 2 ? "no program (none): name one" : strerror(errno));
		return 1;
	}
	if (geyser_system_get_info(&info) != GEYSER_OK || info.futex_waitv) {
		(void)fputs("without_waitv: the call is still there, or said to be\n", stderr);
		return 1;
	}
	(void)execv(argv[1], argv + 1);
	(void)fprintf(stderr, "without_waitv: %s: %s\n", argv[1], strerror(errno));
	return 1;
}
