/* SPDX-License-Identifier: MIT */
/* Properties of a texture that the functions of apple.h and moltenvk.h check. */
#ifndef GY_INTEROP_APPLE_SURFACE_H
#define GY_INTEROP_APPLE_SURFACE_H

#include <geyser/geyser.h>

#include <stdio.h>
#include <string.h>

/* Space for the names of all formats that an error message lists. */
#define GY_FORMAT_LIST_SIZE 256

/* Adds a format's name to a list: "bgra8unorm, r8unorm". The list is "" at first. */
static inline void gy_format_list_add(char list[GY_FORMAT_LIST_SIZE], enum geyser_format format)
{
	const size_t length = strlen(list);

	(void)snprintf(list + length, GY_FORMAT_LIST_SIZE - length, "%s%s", length ? ", " : "",
		geyser_format_name(format));
}

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
