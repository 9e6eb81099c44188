/* SPDX-License-Identifier: MIT */
/* Conversion of texels that are known to be convertible. */
#ifndef GY_FORMAT_CONVERT_H
#define GY_FORMAT_CONVERT_H

#include <geyser/convert.h>

struct gy_convert_kernels;

/* Converts as geyser_convert_pixels does, by these steps, and checks nothing. */
void gy_convert(const struct gy_convert_kernels *kernels, const struct geyser_pixels *source,
	const struct geyser_pixels *destination);

/* Tells whether texels of one format can be converted to the other one. Both formats must exist.
 * Errors: UNSUPPORTED, naming the depth format. */
enum geyser_result gy_convert_check_formats(
	enum geyser_format source, enum geyser_format destination);

#endif
