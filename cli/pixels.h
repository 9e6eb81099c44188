/*
 * The planes of pictures in memory.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GEYSER_CLI_PIXELS_H
#define GEYSER_CLI_PIXELS_H

#include <geyser/convert.h>

/* Describes a mapped texture of two dimensions. */
struct geyser_pixels pixels_of_texture(const struct geyser_texture *texture, unsigned char *data);

/* Describes a picture in memory whose rows and planes follow one another. */
struct geyser_pixels pixels_of_frame(
	enum geyser_format format, uint32_t width, uint32_t height, unsigned char *data);

#endif
