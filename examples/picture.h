/*
 * Texels to PNG files.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PICTURE_H
#define PICTURE_H

#include <stdbool.h>
#include <stdint.h>

#include <geyser/format.h>

#define PICTURE_TEXEL 4u /* bytes: R, G, B, A, or B, G, R, A */

struct picture {
	uint32_t width, height;
	enum geyser_format format;
	unsigned char *texels; /* rows without gaps */
};

/* Whether the text is a file's name with one %d or %0Nd, N from 1 to 9, and no other %. */
bool picture_is_pattern(const char *pattern);

/* Saves the picture in the file of that number, or fails. The format must be rgba8unorm, bgra8unorm
 * or one of their -srgb variants. The returned name is static, until the next call. */
const char *picture_save(const struct picture *picture, const char *pattern, unsigned number);

#endif
