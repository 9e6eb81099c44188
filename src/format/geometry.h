/* SPDX-License-Identifier: MIT */
/* Which part of a picture is converted, to which size, and how it is turned. */
#ifndef GY_FORMAT_GEOMETRY_H
#define GY_FORMAT_GEOMETRY_H

#include <geyser/convert.h>

struct gy_geometry {
	struct geyser_rect crop; /* the part of the source; not empty, unless the source is */
	/* Of this part, upright. The destination must have this size if there is no filter. */
	uint32_t upright_width, upright_height;
	enum geyser_filter filter;
	enum geyser_orientation orientation;
	bool same; /* the whole source becomes a picture of its size, which isn't turned */
};

/* Resolves the options, which may be NULL, for a source and a destination of these sizes. Errors:
 * INVALID_ARGUMENT, naming the option or the extent. The caller checks the size that the
 * destination has without a filter. */
enum geyser_result gy_geometry_of(const struct geyser_convert_options *options,
	const uint32_t source[2], const uint32_t destination[2], struct gy_geometry *out);

#endif
