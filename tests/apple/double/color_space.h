/* SPDX-License-Identifier: MIT */
#ifndef GY_DOUBLE_COLOR_SPACE_H
#define GY_DOUBLE_COLOR_SPACE_H

#include "internal.h"

struct CGColorSpace {
	struct double_object object;
	size_t components; /* without alpha */
};
extern const struct double_type double_color_space_type;

#endif
