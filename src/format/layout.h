/* SPDX-License-Identifier: MIT */
/* Where the texels of a texture lie in linear memory. */
#ifndef GY_FORMAT_LAYOUT_H
#define GY_FORMAT_LAYOUT_H

#include <geyser/geyser.h>

/* Rows without padding, mip levels one after the other, then the next layer: the least memory there
 * can be. A texture of one mip level may have a longer row_pitch. */
struct gy_layout {
	uint64_t offset;      /* of the first texel within the memory */
	uint64_t row_pitch;   /* mip level 0 */
	uint64_t slice_pitch; /* from one layer, or depth slice of mip level 0, to the next */
	uint64_t size;        /* of all, from offset on */
};

/* Checks a descriptor and fills in its defaults; label is kept as it is.
 * Errors: as geyser_texture_create. name is what the messages call it. */
enum geyser_result gy_desc_resolve(
	const char *name, const struct geyser_texture_desc *desc, struct geyser_texture_desc *out);

/* The layout without padding of a resolved descriptor; can't overflow. */
void gy_layout_of(const struct geyser_texture_desc *desc, struct gy_layout *out);

/* A layout that somebody else claims, against the memory's real size. Errors: MISMATCH. */
enum geyser_result gy_layout_check(const struct geyser_texture_desc *desc, uint64_t offset,
	uint64_t row_pitch, uint64_t memory_size, struct gy_layout *out);

/* mip_level and layer are within the descriptor's. */
void gy_layout_subresource(const struct geyser_texture_desc *desc, const struct gy_layout *layout,
	uint32_t mip_level, uint32_t layer, struct geyser_subresource *out);

/* Error MISMATCH, naming the first field in which two resolved descriptors differ; labels don't
 * count. */
enum geyser_result gy_desc_compare(
	const struct geyser_texture_desc *is, const struct geyser_texture_desc *expected);

#endif
