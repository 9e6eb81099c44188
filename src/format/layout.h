/* SPDX-License-Identifier: MIT */
/* Tells where the texels of a texture lie in linear memory. */
#ifndef GY_FORMAT_LAYOUT_H
#define GY_FORMAT_LAYOUT_H

#include <geyser/geyser.h>

/* Describes the layout of a texture's texels. By default rows have no padding, the mip levels of a
 * layer follow each other, and then the next layer begins. A texture of one mip level may have a
 * longer row_pitch, as one with GEYSER_ROW_ALIGNMENT has. A texture of several planes has one layer
 * and one mip level; by default its planes follow each other. All members are in bytes. */
struct gy_layout {
	uint64_t offset;      /* of plane 0's first texel within the memory */
	uint64_t row_pitch;   /* from one row of plane 0's mip level 0 to the next */
	uint64_t slice_pitch; /* from one layer, or depth slice of mip level 0, to the next */
	uint64_t size;        /* of all texels, counted from offset */
	/* The planes after plane 0. Their offsets are counted from that of plane 0. */
	uint32_t further_count;
	struct {
		uint64_t offset, row_pitch;
	} further[GEYSER_FORMAT_PLANES_MAX - 1];
};

/* Checks a descriptor and fills in its defaults; label is kept as it is. Messages call the
 * descriptor name. Errors: as geyser_texture_create. */
enum geyser_result gy_desc_resolve(
	const char *name, const struct geyser_texture_desc *desc, struct geyser_texture_desc *out);

/* Computes the layout of a resolved descriptor, with no more padding than its row alignment needs.
 * The computation can't overflow. */
void gy_layout_of(const struct geyser_texture_desc *desc, struct gy_layout *out);

/* Compares rows that a driver has laid out with the row alignment of a resolved descriptor. Errors:
 * UNSUPPORTED. */
enum geyser_result gy_layout_check_alignment(
	const struct geyser_texture_desc *desc, uint64_t row_pitch);

/* Compares a layout that a peer or the caller gives with the size of the memory, and fills in the
 * whole layout. Errors: MISMATCH. */
enum geyser_result gy_layout_check(const struct geyser_texture_desc *desc, uint64_t offset,
	uint64_t row_pitch, uint64_t memory_size, struct gy_layout *out);

/* Works like gy_layout_check for linear memory with all the planes of the format. Planes may have
 * gaps between them and overlap, but plane 0 must come first. Errors: MISMATCH. */
enum geyser_result gy_layout_check_planes(const struct geyser_texture_desc *desc,
	const struct geyser_native_texture *native, uint64_t memory_size, struct gy_layout *out);

/* Describes the planes in the opposite direction: fills in plane_count and planes. */
void gy_layout_describe(const struct gy_layout *layout, struct geyser_native_texture *out);

/* Tells where one plane of one mip level of one layer lies. The descriptor must have that plane,
 * mip level and layer. */
void gy_layout_subresource(const struct geyser_texture_desc *desc, const struct gy_layout *layout,
	uint32_t plane, uint32_t mip_level, uint32_t layer, struct geyser_subresource *out);

/* Returns the first plane that doesn't begin at a multiple of that many bytes, or whose rows don't.
 * Returns the number of planes if there is none. */
uint32_t gy_layout_find_unaligned(
	const struct geyser_texture_desc *desc, const struct gy_layout *layout, uint64_t alignment);

/* Compares two resolved descriptors, except for their labels. Errors: MISMATCH, naming the first
 * field that differs. */
enum geyser_result gy_desc_compare(
	const struct geyser_texture_desc *is, const struct geyser_texture_desc *expected);

#endif
