/*
 * Reads frames from a file or pipe with raw texels or y4m.
 *
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common.h"
#include "io.h"
#include "raw.h"
#include "source_parts.h"

/* ---- opening -------------------------------------------------------------------------------- */

static bool check_kind(const struct source *source, mode_t mode)
{
	if (S_ISDIR(mode))
		(void)failure("%s: can't be read (a directory): expected a file or pipe with raw "
			      "texels",
			source->name);
	else if (io_is_terminal(source->fd))
		(void)failure(
			"%s is a terminal: expected raw texels from a file or pipe", source->name);
	else if (source->loop && lseek(source->fd, 0, SEEK_SET) < 0)
		(void)failure("%s: can't be looped (%s): expected a file, or no --loop",
			source->name, strerror(errno));
	else
		return true;
	return false;
}

/* Checks at once whether a file has raw texels, and whether they are whole frames. */
static bool check_file(const struct source *source, const struct magic_use *use, off_t file_size)
{
	const uint64_t size = raw_size(use->format, use->width, use->height);
	const off_t at = lseek(source->fd, 0, SEEK_CUR);
	const uint64_t left = at >= 0 && at < file_size ? (uint64_t)(file_size - at) : 0;
	unsigned char head[MAGIC_SIZE];
	const ssize_t count = pread(source->fd, head, sizeof(head), at < 0 ? 0 : at);

	if (count > 0 && source_is_y4m(head, (size_t)count))
		return true;
	if (count > 0 && magic_refuse(use, head, (size_t)count))
		return false;
	if (size && left > size && left % size)
		tell("geyser: %s: its %" PRIu64 " bytes are %" PRIu64 " frame%s of %" PRIu64
		     " (%ux%u %s) and %" PRIu64 " bytes of another: is that its size and format?\n",
			source->name, left, left / size, left / size == 1 ? "" : "s", size,
			use->width, use->height, geyser_format_name(use->format), left % size);
	return true;
}

bool source_open(const struct magic_use *use, bool loop, int signals, struct source *out)
{
	const bool is_stdin = strcmp(use->input, "-") == 0;
	struct stat status;

	*out = (struct source){
		.fd = is_stdin ? STDIN_FILENO : io_open_to_read(use->input),
		.owned = !is_stdin,
		.name = is_stdin ? "stdin" : use->input,
		.loop = loop,
		.signals = signals,
		.limit_ns = UINT64_MAX,
		.use = use,
	};
	if (out->fd < 0 || fstat(out->fd, &status) < 0) {
		(void)failure("%s: can't be opened (%s): expected a file or pipe with raw texels",
			out->name, strerror(errno));
	} else if (check_kind(out, status.st_mode)) {
		out->is_file = S_ISREG(status.st_mode);
		if (!out->is_file || check_file(out, use, status.st_size))
			return true;
	}
	source_close(out);
	return false;
}

/* ---- reading -------------------------------------------------------------------------------- */

static enum source_result wait_readable(const struct source *source)
{
	const int limit = source->limit_ns == UINT64_MAX ? -1 : (int)(source->limit_ns / 1000000);
	struct pollfd fds[2] = {
		{.fd = source->signals, .events = POLLIN},
		{.fd = source->fd, .events = POLLIN},
	};

	for (;;) {
		const int count = poll(fds, 2, limit);

		if (count < 0 && errno != EINTR) {
			(void)failure("poll failed (%s)", strerror(errno));
			return SOURCE_FAILED;
		}
		if (count > 0)
			return fds[0].revents ? SOURCE_INTERRUPTED : SOURCE_FRAME;
		if (count == 0) {
			(void)failure("%s: nothing came for %.1f s: expected a source that goes on",
				source->name, limit / 1e3);
			return SOURCE_FAILED;
		}
	}
}

static size_t take_head(struct source *source, unsigned char *data, size_t size)
{
	const size_t left = source->head_size - source->head_taken;
	const size_t part = left < size ? left : size;

	(void)memcpy(data, source->head + source->head_taken, part);
	source->head_taken += part;
	return part;
}

enum source_result source_read_bytes(
	struct source *source, unsigned char *data, size_t size, size_t *length)
{
	*length = take_head(source, data, size);
	while (*length < size) {
		const enum source_result result = wait_readable(source);
		ssize_t count;

		if (result != SOURCE_FRAME)
			return result;
		count = read(source->fd, data + *length, size - *length);
		if (count == 0)
			break;
		if (count > 0) {
			*length += (size_t)count;
		} else if (errno != EINTR && errno != EAGAIN) {
			(void)failure("%s: can't be read (%s): expected a file or pipe with raw "
				      "texels",
				source->name, strerror(errno));
			return SOURCE_FAILED;
		}
	}
	return SOURCE_FRAME;
}

/* Reads up to size of the first bytes. Reads on while they may begin y4m, since a frame may be
 * shorter than y4m's first word. */
static enum source_result read_first_bytes(
	struct source *source, unsigned char head[MAGIC_SIZE], size_t size, size_t *length)
{
	const size_t word = strlen(Y4M_MAGIC);
	enum source_result result = source_read_bytes(source, head, size, length);
	size_t part = 1;

	while (result == SOURCE_FRAME && part && *length < word &&
		memcmp(head, Y4M_MAGIC, *length) == 0) {
		result = source_read_bytes(source, head + *length, 1, &part);
		*length += part;
	}
	return result;
}

/* Checks the first bytes, before a frame of them is shown. size is that of a frame of texels. */
static enum source_result read_head(struct source *source, uint64_t size)
{
	const struct magic_use *const use = source->use;
	unsigned char head[MAGIC_SIZE];
	size_t length;
	enum source_result result;

	if (!use)
		return SOURCE_FRAME;
	source->use = NULL;
	tell_progress("waiting for the first frame from %s", source->name);
	result = read_first_bytes(
		source, head, size < sizeof(head) ? (size_t)size : sizeof(head), &length);
	end_progress();
	if (result != SOURCE_FRAME)
		return result;
	if (!source_is_y4m(head, length) && magic_refuse(use, head, length))
		return SOURCE_FAILED;
	(void)memcpy(source->head, head, length);
	source->head_size = length;
	return source_is_y4m(head, length) ? source_begin_y4m(source, use) : SOURCE_FRAME;
}

enum source_result source_read_texels(struct source *source, const struct geyser_texture *texture,
	const struct geyser_mapping *mapping, uint64_t *length)
{
	struct raw_walk walk;
	unsigned char *data;
	size_t size, part;

	*length = 0;
	raw_begin(&walk, texture, mapping->data, false);
	while (raw_next(&walk, &data, &size)) {
		const enum source_result result = source_read_bytes(source, data, size, &part);

		*length += part;
		if (result != SOURCE_FRAME || part < size)
			return result;
	}
	return SOURCE_FRAME;
}

enum source_result source_ended(const struct source *source, enum geyser_format format,
	struct size extent, uint64_t size, uint64_t length)
{
	const bool within = length || source->begun;

	if (!within && source->frames)
		return SOURCE_END;
	if (!within)
		(void)failure("%s: no frame (0 bytes): expected frames of %" PRIu64
			      " bytes, %ux%u %s",
			source->name, size, extent.width, extent.height,
			geyser_format_name(format));
	else
		(void)failure("%s: the input ended within a frame (%" PRIu64
			      " byte%s after %" PRIu64 " frame%s): expected %" PRIu64
			      " bytes a frame, %ux%u %s",
			source->name, length, plural(length), source->frames,
			plural(source->frames), size, extent.width, extent.height,
			geyser_format_name(format));
	return SOURCE_FAILED;
}

enum source_result source_examine(struct source *source)
{
	const struct magic_use *const use = source->use;
	const uint64_t size = use ? raw_size(use->format, use->width, use->height) : 0;

	const enum source_result result =
		read_head(source, size && !source->is_file ? size : MAGIC_SIZE);

	return result == SOURCE_FRAME && source->is_y4m ? source_read_ahead(source, use) : result;
}

static enum source_result read_any(struct source *source, const struct geyser_texture *texture,
	const struct geyser_mapping *mapping, uint64_t *length)
{
	return source->is_y4m ? source_read_y4m(source, texture, mapping, length)
			      : source_read_texels(source, texture, mapping, length);
}

enum source_result source_read(struct source *source, const struct geyser_texture *texture,
	const struct geyser_mapping *mapping)
{
	const struct geyser_texture_desc *const desc = geyser_texture_get_desc(texture);
	uint64_t size = raw_size(desc->format, desc->width, desc->height), length = 0;
	enum source_result result = read_head(source, size);

	if (source->is_y4m)
		size = y4m_size(&source->y4m);
	if (result == SOURCE_FRAME)
		result = read_any(source, texture, mapping, &length);
	if (result == SOURCE_FRAME && !length && !source->begun && source->loop && source->frames) {
		if (lseek(source->fd, source->start, SEEK_SET) < 0) {
			(void)failure("%s: can't be looped (%s): expected a file, or no --loop",
				source->name, strerror(errno));
			return SOURCE_FAILED;
		}
		result = read_any(source, texture, mapping, &length);
	}
	if (result != SOURCE_FRAME)
		return result;
	if (length < size)
		return source_ended(source, desc->format, (struct size){desc->width, desc->height},
			size, length);
	source->begun = false;
	source->frames++;
	return SOURCE_FRAME;
}

void source_close(struct source *source)
{
	free(source->planes);
	source->planes = NULL;
	if (source->fd >= 0 && source->owned)
		(void)close(source->fd);
	source->fd = -1;
}
