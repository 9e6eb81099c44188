/*
 * Where frames come from: a file or pipe with raw texels.
 *
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common.h"
#include "source.h"

bool source_open(const char *path, bool loop, int signals, struct source *out)
{
	const bool is_stdin = strcmp(path, "-") == 0;
	struct stat status;

	*out = (struct source){
		.fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC),
		.owned = !is_stdin,
		.name = is_stdin ? "stdin" : path,
		.loop = loop,
		.signals = signals,
		.limit_ns = UINT64_MAX,
	};
	if (out->fd < 0 || fstat(out->fd, &status) < 0) {
		(void)failure("%s: can't be opened (%s): a file or pipe with raw texels", out->name,
			strerror(errno));
	} else if (S_ISDIR(status.st_mode)) {
		(void)failure("%s: can't be read (a directory): a file or pipe with raw texels",
			out->name);
	} else if (loop && lseek(out->fd, 0, SEEK_SET) < 0) {
		(void)failure("%s: can't be looped (%s): a file, or no --loop", out->name,
			strerror(errno));
	} else {
		return true;
	}
	source_close(out);
	return false;
}

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
			(void)failure("%s: nothing came for %d ms: a source that goes on",
				source->name, limit);
			return SOURCE_FAILED;
		}
	}
}

/* Reads size bytes, or less at the end of the file. */
static enum source_result read_bytes(
	const struct source *source, unsigned char *data, size_t size, size_t *length)
{
	*length = 0;
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
			(void)failure("%s: can't be read (%s): a file or pipe with raw texels",
				source->name, strerror(errno));
			return SOURCE_FAILED;
		}
	}
	return SOURCE_FRAME;
}

static uint64_t frame_size(const struct geyser_texture_desc *desc)
{
	return (uint64_t)desc->width * desc->height *
	       geyser_format_get_info(desc->format)->bytes_per_texel;
}

/* Rows without gaps between them in memory are one long row. */
static enum source_result read_frame(const struct source *source,
	const struct geyser_texture_desc *desc, const struct geyser_mapping *mapping,
	uint64_t *length)
{
	const uint64_t size = frame_size(desc);
	const size_t tight = (size_t)(size / desc->height);
	const size_t row = mapping->row_pitch == tight ? (size_t)size : tight;

	*length = 0;
	for (uint64_t y = 0; *length < size; y++) {
		unsigned char *const data = (unsigned char *)mapping->data + y * mapping->row_pitch;
		size_t part;
		const enum source_result result = read_bytes(source, data, row, &part);

		*length += part;
		if (result != SOURCE_FRAME || part < row)
			return result;
	}
	return SOURCE_FRAME;
}

static enum source_result at_end(
	const struct source *source, const struct geyser_texture_desc *desc, uint64_t length)
{
	const uint64_t size = frame_size(desc);

	if (!length && source->frames)
		return SOURCE_END;
	if (!length)
		(void)failure("%s: no frame (0 bytes): frames of %" PRIu64 " bytes, %ux%u %s",
			source->name, size, desc->width, desc->height,
			geyser_format_name(desc->format));
	else
		(void)failure("%s: the last frame is cut off (%" PRIu64 " bytes after %" PRIu64
			      " frames): %" PRIu64 " bytes a frame, %ux%u %s",
			source->name, length, source->frames, size, desc->width, desc->height,
			geyser_format_name(desc->format));
	return SOURCE_FAILED;
}

enum source_result source_read(struct source *source, const struct geyser_texture_desc *desc,
	const struct geyser_mapping *mapping)
{
	uint64_t length;
	enum source_result result = read_frame(source, desc, mapping, &length);

	if (result == SOURCE_FRAME && !length && source->loop && source->frames) {
		if (lseek(source->fd, 0, SEEK_SET) < 0) {
			(void)failure("%s: can't be looped (%s): a file, or no --loop",
				source->name, strerror(errno));
			return SOURCE_FAILED;
		}
		result = read_frame(source, desc, mapping, &length);
	}
	if (result != SOURCE_FRAME)
		return result;
	if (length < frame_size(desc))
		return at_end(source, desc, length);
	source->frames++;
	return SOURCE_FRAME;
}

void source_close(struct source *source)
{
	if (source->fd >= 0 && source->owned)
		(void)close(source->fd);
	source->fd = -1;
}
