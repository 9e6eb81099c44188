/*
 * What the subcommands share: errors, help, the end of the output, signals.
 *
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common.h"
#include "json.h"
#include "os.h"

/* Longest line: a path of PATH_MAX and a sentence about it. */
#define LINE_SIZE 6144

static struct {
	char *text; /* borrowed; NULL: stderr */
	size_t size;
} captured;

void failures_capture(char *text, size_t size)
{
	captured.text = text;
	captured.size = size;
	if (text)
		*text = '\0';
}

__attribute__((format(printf, 1, 0))) static void complain(const char *format, va_list args)
{
	char line[LINE_SIZE];

	(void)vsnprintf(line, sizeof(line), format, args);
	if (captured.text) {
		if (!*captured.text)
			(void)snprintf(captured.text, captured.size, "%s", line);
		return;
	}
	/* One call, so that lines of several processes don't mix. */
	(void)fprintf(stderr, "geyser: %s\n", line);
}

int failure(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	complain(format, args);
	va_end(args);
	return STATUS_FAILURE;
}

int usage_error(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	complain(format, args);
	va_end(args);
	return STATUS_USAGE;
}

int library_failure(const char *context, ...)
{
	char text[LINE_SIZE];
	va_list args;

	va_start(args, context);
	(void)vsnprintf(text, sizeof(text), context, args);
	va_end(args);
	return failure("%s%s%s", text, *text ? ": " : "", geyser_error_detail());
}

int creation_failure(enum geyser_result result, const char *name)
{
	(void)library_failure("%.100s", name);
	return result == GEYSER_ERROR_INVALID_ARGUMENT ? STATUS_USAGE : STATUS_FAILURE;
}

int option_error(char **argv, int result, const char *command)
{
	const char *word = argv[optind - 1];

	/* A wrong letter within "-abc" leaves optind at the word itself. */
	if (result == '?' && optopt > 0 && optopt < 128 && strncmp(word, "--", 2) != 0)
		return usage_error("%s: unknown option (-%c): geyser %s --help lists all", command,
			optopt, command);
	if (result == ':')
		return usage_error("%s: option without its value (%s): geyser %s --help says what "
				   "it takes",
			command, word, command);
	return usage_error(
		"%s: wrong option (%s): geyser %s --help lists all", command, word, command);
}

int finish_output(void)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return STATUS_OK;
	return failure("stdout can't be written (%s): give it an open file or pipe with room",
		errno ? strerror(errno) : "write error");
}

int print_help(const char *text)
{
	(void)fputs(text, stdout);
	return finish_output();
}

int print_names(const struct geyser_handle *handle, enum names names)
{
	char text[GEYSER_HANDLE_TEXT_SIZE];
	const uint32_t id = geyser_handle_id(handle);

	if (geyser_handle_to_string(handle, text, sizeof(text)))
		return library_failure("handle");
	switch (names) {
	case NAMES_BOTH:
		(void)printf("%s\nid 0x%08" PRIx32 "\n", text, id);
		break;
	case NAMES_HANDLE:
		(void)printf("%s\n", text);
		break;
	case NAMES_ID:
		(void)printf("0x%08" PRIx32 "\n", id);
		break;
	case NAMES_JSON: {
		struct json json = {.file = stdout, .compact = true};
		char id_text[16];

		(void)snprintf(id_text, sizeof(id_text), "0x%08" PRIx32, id);
		json_begin(&json, NULL, '{');
		json_string(&json, "handle", text);
		json_string(&json, "id", id_text);
		json_end(&json, '}');
		break;
	}
	}
	return finish_output();
}

uint64_t now_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * NANOSECONDS + (uint64_t)now.tv_nsec;
}

static sigset_t ending_signals(void)
{
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGTERM);
	return set;
}

void signals_block(bool block)
{
	const sigset_t set = ending_signals();

	(void)pthread_sigmask(block ? SIG_BLOCK : SIG_UNBLOCK, &set, NULL);
}

int signals_open(void)
{
	const sigset_t set = ending_signals();
	int fd;

	signals_block(true);
	fd = os_watch_signals(&set);
	if (fd < 0)
		(void)failure("signals can't be watched (%s): free some file descriptors",
			strerror(errno));
	return fd;
}

int signals_wait(int signals)
{
	struct pollfd poll_signals = {.fd = signals, .events = POLLIN};

	while (poll(&poll_signals, 1, -1) < 0) {
		if (errno != EINTR)
			return failure("poll failed (%s)", strerror(errno));
	}
	return STATUS_OK;
}

bool signals_came(int signals)
{
	struct pollfd poll_signals = {.fd = signals, .events = POLLIN};

	return poll(&poll_signals, 1, 0) > 0;
}
