/* SPDX-License-Identifier: MIT */
/* What Core Graphics and Core Image do to single texels. */
#ifndef GY_DOUBLE_TEXELS_H
#define GY_DOUBLE_TEXELS_H

#include "pixels.h"

/* The inverse of double_pixels_clear, without decoding sRGB: red, green, blue, alpha; one channel
 * is grey, and what has no alpha is opaque. */
void double_texel_read(const struct double_pixels *pixels, const void *texel, double color[4]);

#endif
