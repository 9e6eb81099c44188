/*
 * Explains why a stream can't be received: no stream has that name, or its program doesn't answer.
 *
 * SPDX-License-Identifier: MIT
 */
#include <limits.h>
#include <string.h>

#include "common.h"
#include "streams.h"

struct listed {
	struct geyser_stream_info *streams; /* NULL: the library couldn't list them */
	size_t count;
};

static const char *stream_word(size_t index, void *user)
{
	return ((const struct listed *)user)->streams[index].name;
}

static const struct geyser_stream_info *find(const struct listed *listed, const char *name)
{
	for (size_t i = 0; i < listed->count; i++) {
		if (strcmp(listed->streams[i].name, name) == 0)
			return &listed->streams[i];
	}
	return NULL;
}

/* Writes what the user can do about a name that no program publishes. */
static void advise(struct listed *listed, const char *name, char *out, size_t size)
{
	const char *const near = nearest_word(name, listed->count, stream_word, listed);
	char directory[PATH_MAX];

	if (near)
		(void)snprintf(out, size, "did you mean %s?", near);
	else if (listed->count)
		(void)snprintf(
			out, size, "geyser list shows all; streams are for the same user only");
	else if (geyser_registry_directory(directory, sizeof(directory)))
		(void)snprintf(out, size, "streams are for the same user only");
	else
		(void)snprintf(out, size, "no streams in %s; streams are for the same user only",
			directory);
}

bool stream_is_silent(const char *name)
{
	struct geyser_stream_info stream;

	return geyser_stream_find(name, &stream) == GEYSER_OK && !stream.pid;
}

void stream_rate(const char *name, uint32_t *num, uint32_t *den)
{
	struct geyser_stream_info stream;

	*num = *den = 0;
	if (geyser_stream_find(name, &stream) || !stream.frame_rate_num || !stream.frame_rate_den)
		return;
	*num = stream.frame_rate_num;
	*den = stream.frame_rate_den;
}

int stream_absence(const char *name, uint64_t waited_ns)
{
	char advice[PATH_MAX + 64], time[DURATION_SIZE], detail[512];
	struct listed listed = {0};
	const struct geyser_stream_info *stream;
	int status;

	(void)duration_text(waited_ns, time);
	(void)snprintf(detail, sizeof(detail), "%s", geyser_error_detail());
	if (geyser_stream_list(&listed.streams, &listed.count))
		return library_failure("%s", name);
	stream = find(&listed, name);
	if (stream && stream->pid) {
		status = failure("%s: can't be received (waited %s): %s", name, time, detail);
	} else if (stream) {
		status = failure(
			"%s: its program is stopped or doesn't answer (waited %s): kill -CONT "
			"resumes a stopped one",
			name, time);
	} else {
		advise(&listed, name, advice, sizeof(advice));
		status = failure("%s: no such stream (waited %s): %s", name, time, advice);
	}
	geyser_stream_list_free(listed.streams);
	return status;
}
