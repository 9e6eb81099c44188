/* SPDX-License-Identifier: MIT */
/* Reading single texels, for Core Graphics and Core Image. */
#ifndef GY_DOUBLE_TEXELS_H
#define GY_DOUBLE_TEXELS_H

#include "pixels.h"

/* Reads a texel as red, green, blue and alpha: the inverse of double_pixels_clear, except that sRGB
 * isn't decoded. A format with one channel is grey, and a format without alpha is opaque. */
void double_texel_read(const struct double_pixels *pixels, const void *texel, double color[4]);

#endif
