/*
 * What the two files that implement source.h call of each other.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GEYSER_CLI_SOURCE_PARTS_H
#define GEYSER_CLI_SOURCE_PARTS_H

#include "common.h"
#include "source.h"

/* ---- source.c ------------------------------------------------------------------------------- */

/* Reads size bytes, or less at the end of the file. */
enum source_result source_read_bytes(
	struct source *source, unsigned char *data, size_t size, size_t *length);

/* Reads one frame of raw texels. Rows without gaps in memory are read together. */
enum source_result source_read_texels(struct source *source, const struct geyser_texture *texture,
	const struct geyser_mapping *mapping, uint64_t *length);

/* Says that the input has ended: after a whole frame, or within one of that size and format, of
 * which length bytes came. Returns SOURCE_END or SOURCE_FAILED. */
enum source_result source_ended(const struct source *source, enum geyser_format format,
	struct size extent, uint64_t size, uint64_t length);

/* ---- source_y4m.c --------------------------------------------------------------------------- */

/* Whether a file with these first bytes is y4m. */
bool source_is_y4m(const unsigned char *head, size_t size);

/* Reads the first line, and compares it with what use asks for. */
enum source_result source_begin_y4m(struct source *source, const struct magic_use *use);

/* Reads the first frame into planes, which grows with the bytes that come. */
enum source_result source_read_ahead(struct source *source, const struct magic_use *use);

/* Reads one frame. *length is 0 at the end of the input. */
enum source_result source_read_y4m(struct source *source, const struct geyser_texture *texture,
	const struct geyser_mapping *mapping, uint64_t *length);

#endif
