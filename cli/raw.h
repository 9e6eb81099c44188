/*
 * Raw files: the order of a texture's bytes in them, and how many there are.
 *
 * SPDX-License-Identifier: MIT
 *
 * A raw file has every layer in turn, each with all its mip levels, each level with all its planes,
 * each plane with all its depth slices. Rows have no gaps, and the top row comes first. So a frame
 * of video is that of ffmpeg's raw video.
 */
#ifndef GEYSER_CLI_RAW_H
#define GEYSER_CLI_RAW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <geyser/geyser.h>

/* Returns the bytes of one picture. */
uint64_t raw_size(enum geyser_format format, uint32_t width, uint32_t height);

/* A walk over the bytes of a mapped texture, in the order of raw files. */
struct raw_walk {
	const struct geyser_texture *texture; /* borrowed */
	unsigned char *data;
	bool by_row; /* give one row at a time, even if rows have no gaps */
	uint32_t part, parts;
	uint64_t row;                 /* the next one, in all slices of this part */
	struct geyser_subresource at; /* of this part */
	size_t row_bytes;
};

/* Begins a walk. data is that of the texture's mapping. */
void raw_begin(
	struct raw_walk *walk, const struct geyser_texture *texture, void *data, bool by_row);

/* Gives the next bytes that lie together in memory. Returns false at the end. */
bool raw_next(struct raw_walk *walk, unsigned char **data, size_t *size);

#endif
