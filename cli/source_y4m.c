/*
 * Reads y4m: its first line, the lines before frames, and frames that have to be repacked.
 *
 * SPDX-License-Identifier: MIT
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common.h"
#include "source_parts.h"

/* How many bytes of y4m's first frame are allocated before one of them has come. */
#define AHEAD_SIZE (UINT64_C(1) << 20)

bool source_is_y4m(const unsigned char *head, size_t size)
{
	return size >= strlen(Y4M_MAGIC) && memcmp(head, Y4M_MAGIC, strlen(Y4M_MAGIC)) == 0;
}

/* Reads a line of y4m, without its end. *length counts the end, too: it is 0 only at the end of the
 * input. */
static enum source_result read_line(struct source *source, char line[Y4M_LINE_MAX], size_t *length)
{
	for (*length = 0; *length < Y4M_LINE_MAX; ++*length) {
		char *const byte = line + *length;
		size_t count;
		const enum source_result result =
			source_read_bytes(source, (unsigned char *)byte, 1, &count);

		if (result != SOURCE_FRAME)
			return result;
		if (!count)
			break;
		if (!*byte)
			return (void)failure("%s: a line of the y4m isn't text (byte %zu is 0): "
					     "expected words",
				       source->name, *length + 1),
			       SOURCE_FAILED;
		if (*byte == '\n') {
			*byte = '\0';
			++*length;
			return SOURCE_FRAME;
		}
	}
	if (!*length)
		return SOURCE_FRAME;
	(void)failure("%s: a line of the y4m has no end (after %zu bytes): expected %u bytes at "
		      "most",
		source->name, *length, Y4M_LINE_MAX);
	return SOURCE_FAILED;
}

/* Reads the line before a frame of y4m. *length is 0 at the end of the input. */
static enum source_result read_frame_line(struct source *source, size_t *length)
{
	char line[Y4M_LINE_MAX];
	const size_t word = strlen("FRAME");
	const enum source_result result = read_line(source, line, length);

	if (result != SOURCE_FRAME || !*length)
		return result;
	source->begun = true;
	if (strncmp(line, "FRAME", word) == 0 && (line[word] == '\0' || line[word] == ' '))
		return SOURCE_FRAME;
	(void)failure("%s: frame %" PRIu64 " of the y4m begins with another line (%.20s): expected "
		      "FRAME",
		source->name, source->frames + 1, line);
	return SOURCE_FAILED;
}

/* Refuses y4m that the format which was asked for can't hold. Suggests a line that converts it, and
 * keeps its rate, which raw texels don't have. */
static bool refuse_format(const struct y4m *y4m, const struct magic_use *use)
{
	struct magic_use whole = *use;
	char command[GEYSER_STREAM_NAME_MAX + 64];

	whole.width = y4m->width;
	whole.height = y4m->height;
	whole.expected = geyser_format_name(use->format);
	if (y4m->rate_num) {
		(void)snprintf(command, sizeof(command), "%s --fps %u/%u", use->command,
			y4m->rate_num, y4m->rate_den);
		whole.command = command;
	}
	return !magic_refuse(&whole, (const unsigned char *)Y4M_MAGIC, strlen(Y4M_MAGIC));
}

/* Compares y4m with the size and format that were asked for, if they were. */
static bool check_y4m(const struct source *source, const struct magic_use *use)
{
	const struct y4m *const y4m = &source->y4m;

	if (use->format && !y4m_fits(y4m, use->format))
		return refuse_format(y4m, use);
	if (!use->width || (use->width == y4m->width && use->height == y4m->height))
		return true;
	(void)failure("%s is a y4m of %ux%u (not %ux%u): expected no --size; recv --size has the "
		      "frames scaled",
		source->name, y4m->width, y4m->height, use->width, use->height);
	return false;
}

enum source_result source_begin_y4m(struct source *source, const struct magic_use *use)
{
	char line[Y4M_LINE_MAX];
	size_t length;
	enum source_result result = read_line(source, line, &length);
	const off_t at = lseek(source->fd, 0, SEEK_CUR);

	if (result != SOURCE_FRAME)
		return result;
	if (!y4m_parse(source->name, line, &source->y4m) || !check_y4m(source, use))
		return SOURCE_FAILED;
	source->is_y4m = true;
	source->start = at - (off_t)(source->head_size - source->head_taken);
	return SOURCE_FRAME;
}

/* Makes planes larger. */
static bool grow_planes(struct source *source, uint64_t size)
{
	unsigned char *const planes = realloc(source->planes, (size_t)size);

	if (!planes)
		return (void)failure("no memory for a frame (%" PRIu64 " bytes)", size), false;
	source->planes = planes;
	return true;
}

/* Copies the frame that was read ahead. */
static enum source_result take_first_frame(struct source *source,
	const struct geyser_texture *texture, const struct geyser_mapping *mapping,
	uint64_t *length)
{
	y4m_copy(&source->y4m, source->planes, texture, mapping->data, true);
	source->ahead = false;
	if (y4m_is_same(&source->y4m, geyser_texture_get_desc(texture)->format)) {
		free(source->planes);
		source->planes = NULL;
	}
	*length = y4m_size(&source->y4m);
	return SOURCE_FRAME;
}

enum source_result source_read_y4m(struct source *source, const struct geyser_texture *texture,
	const struct geyser_mapping *mapping, uint64_t *length)
{
	const uint64_t size = y4m_size(&source->y4m);
	enum source_result result;
	size_t part;

	if (source->ahead)
		return take_first_frame(source, texture, mapping, length);
	*length = 0;
	result = read_frame_line(source, &part);
	if (result != SOURCE_FRAME || !part)
		return result;
	if (y4m_is_same(&source->y4m, geyser_texture_get_desc(texture)->format))
		return source_read_texels(source, texture, mapping, length);
	if (!source->planes && !grow_planes(source, size))
		return SOURCE_FAILED;
	result = source_read_bytes(source, source->planes, (size_t)size, &part);
	*length = part;
	if (result == SOURCE_FRAME && part == size)
		y4m_copy(&source->y4m, source->planes, texture, mapping->data, true);
	return result;
}

enum source_result source_read_ahead(struct source *source, const struct magic_use *use)
{
	const struct y4m *const y4m = &source->y4m;
	const enum geyser_format format = use->format ? use->format : y4m_format(y4m);
	const uint64_t size = y4m_size(y4m);
	uint64_t length = 0;
	size_t part = 0;
	enum source_result result = read_frame_line(source, &part);

	while (result == SOURCE_FRAME && part && length < size) {
		const uint64_t most = length ? 2 * length : AHEAD_SIZE;
		const uint64_t next = most < size ? most : size;

		if (!grow_planes(source, next))
			return SOURCE_FAILED;
		result = source_read_bytes(
			source, source->planes + length, (size_t)(next - length), &part);
		length += part;
		if (length < next)
			break;
	}
	if (result != SOURCE_FRAME)
		return result;
	if (length < size)
		return source_ended(
			source, format, (struct size){y4m->width, y4m->height}, size, length);
	source->ahead = true;
	return SOURCE_FRAME;
}
