/*
 * Functions that all subcommands use: errors, answers, times.
 *
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common.h"
#include "json.h"
#include "wrap.h"

/* The longest message: a path of PATH_MAX bytes and a sentence about it. */
#define LINE_SIZE 6144

/* Whether the line that tell_progress wrote is still on the screen. Several threads tell. */
static _Atomic bool in_progress;

/* Formats a message for a terminal and returns its length, of less than size. Names in it come from
 * files, arguments and other programs. A newline that ends the message stays. */
__attribute__((format(printf, 3, 0))) static size_t format_message(
	char *text, size_t size, const char *format, va_list args)
{
	size_t length;
	bool ends;

	if (vsnprintf(text, size, format, args) < 0)
		*text = '\0';
	length = strlen(text);
	ends = length && text[length - 1] == '\n';
	if (ends)
		text[length - 1] = '\0';
	replace_controls(text);
	length = strlen(text);
	if (ends)
		text[length++] = '\n';
	text[length] = '\0';
	return length;
}

/* Writes the message in one call, so that lines of several processes don't mix. The function
 * ignores a failure, since it can't report one. */
static void write_stderr(const char *before, const char *after, const char *format, va_list args)
{
	char text[LINE_SIZE + 32];
	size_t length = 0;

	for (; *before; before++)
		text[length++] = *before;
	length += format_message(text + length, LINE_SIZE, format, args);
	for (; *after; after++)
		text[length++] = *after;
	(void)io_write(STDERR_FILENO, text, length, IO_FINISH);
}

void tell(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	write_stderr(atomic_exchange(&in_progress, false) ? "\r\033[K" : "", "", format, args);
	va_end(args);
}

void tell_progress(const char *format, ...)
{
	va_list args;

	if (!io_is_terminal(STDERR_FILENO))
		return;
	va_start(args, format);
	write_stderr("\rgeyser: ", "\033[K\r", format, args);
	va_end(args);
	atomic_store(&in_progress, true);
}

void end_progress(void)
{
	if (atomic_load(&in_progress))
		tell("%s", "");
}

static struct {
	char *text; /* borrowed; NULL: messages go to stderr */
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

	(void)format_message(line, sizeof(line), format, args);
	if (captured.text) {
		if (!*captured.text)
			(void)snprintf(captured.text, captured.size, "%s", line);
		return;
	}
	tell("geyser: %s\n", line);
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

/* ---- answers -------------------------------------------------------------------------------- */

static struct {
	FILE *file;
	char *text; /* the text that was written to the file since the last flush */
	size_t size;
} collected;

FILE *answers(void)
{
	if (collected.file)
		return collected.file;
	collected.file = open_memstream(&collected.text, &collected.size);
	if (collected.file)
		return collected.file;
	(void)failure("no memory for what is to be printed");
	exit(STATUS_FAILURE);
}

static enum io_result write_collected(int fd)
{
	FILE *const file = answers();
	enum io_result result = IO_DONE;

	if (fflush(file) != 0) {
		errno = ENOMEM;
		return IO_FAILED;
	}
	if (collected.size)
		result = io_write(fd, collected.text, collected.size, IO_FINISH);
	/* The next answer overwrites this one in memory. */
	(void)fseeko(file, 0, SEEK_SET);
	return result;
}

enum io_result answers_flush(void)
{
	return write_collected(STDOUT_FILENO);
}

bool answers_go_on(int *status)
{
	const enum io_result result = answers_flush();

	*status = STATUS_OK;
	if (result == IO_FAILED)
		*status =
			failure("stdout can't be written (%s): expected an open file or pipe with "
				"room",
				strerror(errno));
	return result == IO_DONE && !io_reader_gone(STDOUT_FILENO);
}

void answers_to_stderr(void)
{
	(void)write_collected(STDERR_FILENO);
}

int finish_output(void)
{
	switch (answers_flush()) {
	case IO_DONE:
	case IO_INTERRUPTED:
		return STATUS_OK;
	case IO_GONE:
		errno = EPIPE;
		break;
	case IO_FAILED:
		break;
	}
	return failure("stdout can't be written (%s): expected an open file or pipe with room",
		strerror(errno));
}

int print_names(const struct geyser_handle *handle, enum names names)
{
	char text[GEYSER_HANDLE_TEXT_SIZE];
	const uint32_t id = geyser_handle_id(handle);

	if (geyser_handle_to_string(handle, text, sizeof(text)))
		return library_failure("handle");
	switch (names) {
	case NAMES_BOTH:
		(void)fprintf(answers(), "%s\nid 0x%08" PRIx32 "\n", text, id);
		break;
	case NAMES_HANDLE:
		(void)fprintf(answers(), "%s\n", text);
		break;
	case NAMES_ID:
		(void)fprintf(answers(), "0x%08" PRIx32 "\n", id);
		break;
	case NAMES_JSON: {
		struct json json = {.file = answers(), .compact = true};
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

const char *duration_text(uint64_t ns, char text[DURATION_SIZE])
{
	if (ns >= 1000 * NANOSECONDS)
		(void)snprintf(text, DURATION_SIZE, "%.0f s", (double)ns / 1e9);
	else if (ns >= NANOSECONDS)
		(void)snprintf(text, DURATION_SIZE, "%.3g s", (double)ns / 1e9);
	else if (ns >= 1000000)
		(void)snprintf(text, DURATION_SIZE, "%.3g ms", (double)ns / 1e6);
	else
		(void)snprintf(text, DURATION_SIZE, "%.3g µs", (double)ns / 1e3);
	return text;
}

const char *plural(uint64_t count)
{
	return count == 1 ? "" : "s";
}
