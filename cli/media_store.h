/*
 * How frames lie in the file of a lossless recording.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GEYSER_CLI_MEDIA_STORE_H
#define GEYSER_CLI_MEDIA_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "media_av.h"

enum media_layout {
	MEDIA_FORMAT, /* as texels of the format `kept` */
	MEDIA_PLANAR, /* words of 16 bits: Cb and Cr in a plane each */
	MEDIA_COLORS, /* words of 16 bits: green, blue, red and alpha in a plane each */
	MEDIA_BYTES,  /* a texel of one byte for each byte of a raw frame, in rows or in one row */
};

/* Two formats have the same bits, in another order. */
struct media_store {
	enum geyser_format format; /* of the stream */
	uint32_t width, height;    /* of the stream */
	enum media_layout layout;
	bool in_a_row;           /* MEDIA_BYTES: the frame is one row in the file */
	enum geyser_format view; /* has the stream's bytes; conversion to `kept` moves them only */
	enum geyser_format kept;
	enum AVPixelFormat pixel_format; /* in the file, as are the two below */
	uint32_t file_width, file_height;
	enum AVCodecID codec;
};

/* Chooses how frames of that format and size are kept: by FFV1 if it has all of their bits, else
 * raw. */
struct media_store media_store_choose(enum geyser_format format, uint32_t width, uint32_t height);

/* Whether frames lie in a file in the same way. */
bool media_store_is_same(const struct media_store *a, const struct media_store *b);

/* Writes the texels into a frame for the file, or those of a file's frame back. The frame must be
 * as the store says. Returns false if the library refuses, with its error detail. */
bool media_store_pack(
	const struct media_store *store, const struct geyser_pixels *texels, AVFrame *frame);
bool media_store_unpack(
	const struct media_store *store, const AVFrame *frame, const struct geyser_pixels *texels);

#endif
