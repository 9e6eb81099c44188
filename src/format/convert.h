/* SPDX-License-Identifier: MIT */
/* Conversion of texels of colours that are known to be convertible. */
#ifndef GY_FORMAT_CONVERT_H
#define GY_FORMAT_CONVERT_H

#include <geyser/convert.h>

#include "format/convert_rows.h"

/* How a format stores a texel. */
struct gy_form {
	enum gy_encoding encoding;
	unsigned int lanes; /* of a texel */
	size_t size;        /* bytes of a texel */
	bool swapped;       /* blue comes first in memory */
};

struct gy_form gy_form_of(enum geyser_format format);

/* Converts between colour formats, and from any format of one plane to itself, by these steps.
 * Checks nothing. */
void gy_convert(const struct gy_convert_kernels *kernels, const struct geyser_pixels *source,
	const struct geyser_pixels *destination);

/* Whether a format has steps to and from lanes: it is one of colours. */
bool gy_convert_has_steps(enum geyser_format format);

#endif
