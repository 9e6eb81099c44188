/* SPDX-License-Identifier: MIT */
/* Properties of a texture that the functions of apple.h and moltenvk.h check. */
#ifndef GY_INTEROP_APPLE_SURFACE_H
#define GY_INTEROP_APPLE_SURFACE_H

#include <geyser/geyser.h>

static inline const char *gy_texture_format_name(const struct geyser_texture *texture)
{
	return geyser_format_name(geyser_texture_get_desc(texture)->format);
}

/* Whether the texture is a single 2D picture, as a bitmap is. */
static inline bool gy_texture_is_flat(const struct geyser_texture *texture)
{
	const struct geyser_texture_desc *const desc = geyser_texture_get_desc(texture);

	return desc->depth == 1 && desc->layers == 1 && desc->mip_levels == 1;
}

#endif
