/*
 * Messages, numbers, the end by a signal.
 *
 * SPDX-License-Identifier: MIT
 */
#include "example.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#ifdef __APPLE__
#define program_invocation_short_name getprogname()
#endif

static volatile sig_atomic_t was_interrupted;

/* Ends the program without exit(), which would run destructors of a driver that geyser's threads
 * still use. */
_Noreturn static void leave(int status)
{
	(void)fflush(stdout);
	_exit(status);
}

__attribute__((format(printf, 1, 0))) static void complain(const char *format, va_list args)
{
	char line[1024];

	(void)vsnprintf(line, sizeof(line), format, args);
	(void)fprintf(stderr, "%s: %s\n", program_invocation_short_name, line);
}

void fail(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	complain(format, args);
	va_end(args);
	leave(1);
}

void fail_usage(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	complain(format, args);
	va_end(args);
	leave(2);
}

void check(enum geyser_result result, const char *what)
{
	if (result)
		fail("%s: %s", what, geyser_error_detail());
}

uint32_t parse_number(const char *option, const char *text, uint32_t max)
{
	char *end;
	unsigned long long value;

	errno = 0;
	value = strtoull(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end || errno || !value || value > max)
		fail_usage("wrong %s (%.64s): a number from 1 to %" PRIu32, option, text, max);
	return (uint32_t)value;
}

static void interrupt(int number)
{
	(void)number;
	was_interrupted = 1;
}

void catch_signals(void)
{
	const struct sigaction action = {.sa_handler = interrupt};

	(void)sigaction(SIGINT, &action, NULL);
	(void)sigaction(SIGTERM, &action, NULL);
}

bool interrupted(void)
{
	return was_interrupted;
}
