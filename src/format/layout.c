/* SPDX-License-Identifier: MIT */
#include "format/layout.h"

#include "base/error.h"
#include "format/usage.h"

#include <inttypes.h>
#include <string.h>

#define MEMORY_USAGE                                                                \
	(GEYSER_USAGE_HOST_MEMORY | GEYSER_USAGE_DMA_BUF | GEYSER_USAGE_GLOBAL_ID | \
		GEYSER_USAGE_LINEAR | GEYSER_USAGE_WRITERS | GY_USAGE_ROW_ALIGNMENT)
#define ALL_USAGE                                                                       \
	(GEYSER_USAGE_COPY_SRC | GEYSER_USAGE_COPY_DST | GEYSER_USAGE_TEXTURE_BINDING | \
		GEYSER_USAGE_STORAGE_BINDING | GEYSER_USAGE_RENDER_ATTACHMENT | MEMORY_USAGE)
#define DEFAULT_USAGE (GEYSER_USAGE_COPY_SRC | GEYSER_USAGE_COPY_DST | GEYSER_USAGE_TEXTURE_BINDING)

/* ---- descriptors ---- */

static uint32_t level_extent(uint32_t extent, uint32_t mip_level)
{
	extent >>= mip_level;
	return extent ? extent : 1;
}

static uint32_t max_mip_levels(const struct geyser_texture_desc *desc)
{
	uint32_t largest = desc->width > desc->height ? desc->width : desc->height, levels = 1;

	if (desc->depth > largest)
		largest = desc->depth;
	while (largest >>= 1)
		levels++;
	return levels;
}

static enum geyser_result check_extent(
	const char *name, const char *field, uint32_t value, uint32_t most)
{
	if (value == 0)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "%s %s (0): it must be 1 to %u", name,
			field, most);
	if (value > most)
		return gy_fail(GEYSER_ERROR_LIMIT, "%s %s (%u): it must be 1 to %u", name, field,
			value, most);
	return GEYSER_OK;
}

static enum geyser_result check_size(const char *name, const struct geyser_texture_desc *desc)
{
	enum geyser_result result = check_extent(name, "width", desc->width, GEYSER_MAX_DIMENSION);

	if (result == GEYSER_OK)
		result = check_extent(name, "height", desc->height, GEYSER_MAX_DIMENSION);
	if (result == GEYSER_OK)
		result = check_extent(name, "depth", desc->depth, GEYSER_MAX_DEPTH);
	if (result == GEYSER_OK)
		result = check_extent(name, "layers", desc->layers, GEYSER_MAX_LAYERS);
	if (result != GEYSER_OK)
		return result;
	if (desc->depth > 1 && desc->layers > 1)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT,
			"%s depth (%u) and layers (%u): one of them must be 1", name, desc->depth,
			desc->layers);
	if (desc->mip_levels > max_mip_levels(desc))
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT,
			"%s mip_levels (%u): %u × %u × %u has %u at most", name, desc->mip_levels,
			desc->width, desc->height, desc->depth, max_mip_levels(desc));
	return GEYSER_OK;
}

/* A format of video is a picture: it has no mip levels in any API. */
static enum geyser_result check_video(const char *name, const struct geyser_texture_desc *desc,
	const struct geyser_format_info *info)
{
	if (info->type != GEYSER_FORMAT_TYPE_YUV ||
		(desc->depth == 1 && desc->layers == 1 && desc->mip_levels == 1))
		return GEYSER_OK;
	return gy_fail(GEYSER_ERROR_UNSUPPORTED,
		"%s depth (%u), layers (%u), mip_levels (%u): a texture of %s has 1 of each", name,
		desc->depth, desc->layers, desc->mip_levels, info->name);
}

static enum geyser_result check_usage(const char *name, const struct geyser_texture_desc *desc,
	const struct geyser_format_info *info)
{
	if (desc->usage & ~ALL_USAGE)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT,
			"%s usage (0x%x): there are only the bits 0x%x, and a row alignment", name,
			desc->usage, ALL_USAGE & ~GY_USAGE_ROW_ALIGNMENT);
	if (desc->usage & ~info->usage & ~MEMORY_USAGE)
		return gy_fail(GEYSER_ERROR_UNSUPPORTED,
			"%s usage (%s): %s can't be a %s; it can have %s", name,
			gy_usage_text(desc->usage).text, info->name,
			desc->usage & ~info->usage & GEYSER_USAGE_STORAGE_BINDING
				? "storage binding"
				: "render attachment",
			gy_usage_text(info->usage).text);
	return GEYSER_OK;
}

static enum geyser_result check_alignment(const char *name, const struct geyser_texture_desc *desc)
{
	const uint32_t alignment = gy_usage_row_alignment(desc->usage);

	if (alignment > GEYSER_ROW_ALIGNMENT_MAX || (alignment & (alignment - 1)))
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT,
			"%s row alignment (%u bytes): it must be a power of two, 1 to %u", name,
			alignment, GEYSER_ROW_ALIGNMENT_MAX);
	if (alignment > 1 && desc->mip_levels > 1)
		return gy_fail(GEYSER_ERROR_UNSUPPORTED,
			"%s row alignment (%u bytes) and mip_levels (%u): a texture with aligned "
			"rows has 1",
			name, alignment, desc->mip_levels);
	return GEYSER_OK;
}

enum geyser_result gy_desc_resolve(
	const char *name, const struct geyser_texture_desc *desc, struct geyser_texture_desc *out)
{
	const struct geyser_format_info *info;
	enum geyser_result result;

	if (!desc)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "%s is NULL", name);
	*out = *desc;
	if (out->depth == 0)
		out->depth = 1;
	if (out->layers == 0)
		out->layers = 1;
	if (out->mip_levels == 0)
		out->mip_levels = 1;
	if ((out->usage & ~MEMORY_USAGE) == 0)
		out->usage |= DEFAULT_USAGE;
	info = geyser_format_get_info(desc->format);
	if (!info)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT,
			"%s format (%d): geyser's formats are 1 to %d", name, (int)desc->format,
			GEYSER_FORMAT_COUNT - 1);
	if (desc->label && strnlen(desc->label, GEYSER_MAX_LABEL + 1) > GEYSER_MAX_LABEL)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT,
			"%s label (%.40s…): it may have %u bytes at most", name, desc->label,
			GEYSER_MAX_LABEL);
	result = check_size(name, out);
	if (result == GEYSER_OK)
		result = check_video(name, out, info);
	if (result == GEYSER_OK)
		result = check_alignment(name, out);
	return result == GEYSER_OK ? check_usage(name, out, info) : result;
}

enum geyser_result gy_desc_compare(
	const struct geyser_texture_desc *is, const struct geyser_texture_desc *expected)
{
	const struct {
		const char *name;
		uint32_t is, expected;
	} fields[] = {
		{"width", is->width, expected->width},
		{"height", is->height, expected->height},
		{"depth", is->depth, expected->depth},
		{"layers", is->layers, expected->layers},
		{"mip_levels", is->mip_levels, expected->mip_levels},
	};

	if (is->format != expected->format)
		return gy_fail(GEYSER_ERROR_MISMATCH, "format: the texture has %s, expected was %s",
			geyser_format_name(is->format), geyser_format_name(expected->format));
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if (fields[i].is != fields[i].expected)
			return gy_fail(GEYSER_ERROR_MISMATCH,
				"%s: the texture has %u, expected was %u", fields[i].name,
				fields[i].is, fields[i].expected);
	/* the alignment of the rows is in their pitch, and importers don't learn of it */
	if ((is->usage ^ expected->usage) & ~GY_USAGE_ROW_ALIGNMENT)
		return gy_fail(GEYSER_ERROR_MISMATCH,
			"usage: the texture has 0x%x, expected was 0x%x", is->usage,
			expected->usage);
	return GEYSER_OK;
}

/* ---- layouts ---- */

/* Returns the extent of one plane of one mip level. */
static struct geyser_plane_extent extent_of(
	const struct geyser_texture_desc *desc, uint32_t plane, uint32_t mip_level)
{
	struct geyser_plane_extent out;

	(void)geyser_format_get_plane_extent(desc->format, plane,
		level_extent(desc->width, mip_level), level_extent(desc->height, mip_level), &out);
	return out;
}

static uint64_t rows(const struct geyser_plane_extent *extent)
{
	return extent->size / extent->row_bytes;
}

/* Returns the size of mip levels of one layer, with all their depth slices, in plane 0. */
static uint64_t levels_size(const struct geyser_texture_desc *desc, uint32_t mip_levels)
{
	uint64_t size = 0;

	for (uint32_t level = 0; level < mip_levels; level++)
		size += extent_of(desc, 0, level).size * level_extent(desc->depth, level);
	return size;
}

/* Computes the layout without padding. The largest size is 32768 × 32768 × 2048 × 16 bytes and a
 * third more for mip levels: under 2^46. */
static void pack(const struct geyser_texture_desc *desc, struct gy_layout *out)
{
	const uint32_t planes = geyser_format_get_info(desc->format)->planes;
	struct geyser_plane_extent extent = extent_of(desc, 0, 0);
	uint64_t layer = levels_size(desc, desc->mip_levels);

	*out = (struct gy_layout){.row_pitch = extent.row_bytes};
	out->slice_pitch = desc->depth > 1 ? extent.size : layer;
	out->size = layer * desc->layers;
	out->further_count = planes - 1;
	for (uint32_t plane = 1; plane < planes; plane++) {
		extent = extent_of(desc, plane, 0);
		out->further[plane - 1].offset = out->size;
		out->further[plane - 1].row_pitch = extent.row_bytes;
		out->slice_pitch = out->size += extent.size;
	}
}

/* Fills in slice_pitch and size. Returns false if a product overflows: a peer has chosen
 * row_pitch. */
static bool padded_size(const struct geyser_texture_desc *desc, struct gy_layout *layout)
{
	const struct geyser_plane_extent extent = extent_of(desc, 0, 0);
	uint64_t slices = desc->depth > 1 ? desc->depth : desc->layers;

	return !__builtin_mul_overflow(layout->row_pitch, rows(&extent), &layout->slice_pitch) &&
	       !__builtin_mul_overflow(layout->slice_pitch, slices, &layout->size);
}

static uint64_t align(uint64_t bytes, uint64_t alignment)
{
	return (bytes + alignment - 1) & ~(alignment - 1);
}

/* A texture with an alignment has one mip level. Its first plane begins at the beginning of the
 * memory, and each further one at a multiple of the alignment. */
void gy_layout_of(const struct geyser_texture_desc *desc, struct gy_layout *out)
{
	const uint64_t alignment = gy_usage_row_alignment(desc->usage);
	struct geyser_plane_extent extent;

	pack(desc, out);
	if (alignment == 1)
		return;
	extent = extent_of(desc, 0, 0);
	out->row_pitch = align(extent.row_bytes, alignment);
	(void)padded_size(desc, out);
	for (uint32_t plane = 1; plane <= out->further_count; plane++) {
		extent = extent_of(desc, plane, 0);
		out->further[plane - 1].offset = out->size;
		out->further[plane - 1].row_pitch = align(extent.row_bytes, alignment);
		out->slice_pitch = out->size += out->further[plane - 1].row_pitch * rows(&extent);
	}
}

enum geyser_result gy_layout_check_alignment(
	const struct geyser_texture_desc *desc, uint64_t row_pitch)
{
	const uint32_t alignment = gy_usage_row_alignment(desc->usage);

	if (row_pitch % alignment == 0)
		return GEYSER_OK;
	return gy_fail(GEYSER_ERROR_UNSUPPORTED,
		"row alignment (%u bytes): the driver begins a row of this texture each %" PRIu64
		" bytes; use GEYSER_USAGE_HOST_MEMORY, or a smaller alignment",
		alignment, row_pitch);
}

enum geyser_result gy_layout_check(const struct geyser_texture_desc *desc, uint64_t offset,
	uint64_t row_pitch, uint64_t memory_size, struct gy_layout *out)
{
	const struct geyser_format_info *info = geyser_format_get_info(desc->format);
	uint64_t end;

	pack(desc, out);
	if (row_pitch < out->row_pitch || row_pitch % info->bytes_per_texel != 0 ||
		(row_pitch > out->row_pitch && desc->mip_levels > 1))
		return gy_fail(GEYSER_ERROR_MISMATCH,
			"row_pitch (%" PRIu64 " bytes): %u texels of %s take %" PRIu64
			"; a longer one must be a multiple of %u, with one mip level",
			row_pitch, desc->width, info->name, out->row_pitch, info->bytes_per_texel);
	out->offset = offset;
	if (row_pitch > out->row_pitch) {
		out->row_pitch = row_pitch;
		if (!padded_size(desc, out))
			return gy_fail(GEYSER_ERROR_MISMATCH,
				"row_pitch (%" PRIu64 " bytes): the size overflows", row_pitch);
	}
	if (offset % info->bytes_per_texel != 0 ||
		__builtin_add_overflow(offset, out->size, &end) || end > memory_size)
		return gy_fail(GEYSER_ERROR_MISMATCH,
			"%" PRIu64 " bytes from offset %" PRIu64 ": the memory has %" PRIu64
			" and texels of %u bytes start at multiples of that",
			out->size, offset, memory_size, info->bytes_per_texel);
	return GEYSER_OK;
}

/* Compares one plane that a peer or the caller describes with the size of the memory, and adds it
 * to the layout. Planes of odd sizes end in the middle of a pair of channels, so a plane begins at
 * a multiple of a channel's size. */
static enum geyser_result check_plane(const struct geyser_texture_desc *desc, uint32_t plane,
	const struct geyser_native_texture *native, uint64_t memory_size, struct gy_layout *layout)
{
	const struct geyser_format_info *info = geyser_format_get_info(desc->format);
	const struct geyser_format_info *texels = geyser_format_get_info(info->plane[plane].format);
	const struct geyser_plane_extent extent = extent_of(desc, plane, 0);
	const uint32_t channel = texels->bytes_per_texel / texels->channels;
	const uint64_t offset = native->planes[plane].offset;
	const uint64_t row_pitch = native->planes[plane].row_pitch;
	uint64_t size, end;

	if (row_pitch < extent.row_bytes || row_pitch % channel != 0)
		return gy_fail(GEYSER_ERROR_MISMATCH,
			"row_pitch (%" PRIu64 " bytes) of plane %u: %u texels of %s take %" PRIu64
			"; a longer one must be a multiple of %u",
			row_pitch, plane, extent.width, texels->name, extent.row_bytes, channel);
	if (offset < layout->offset)
		return gy_fail(GEYSER_ERROR_MISMATCH,
			"offset (%" PRIu64
			") of plane %u: plane 0 must be the first, and has %" PRIu64,
			offset, plane, layout->offset);
	if (offset % channel != 0 || __builtin_mul_overflow(row_pitch, rows(&extent), &size) ||
		__builtin_add_overflow(offset, size, &end) || end > memory_size)
		return gy_fail(GEYSER_ERROR_MISMATCH,
			"plane %u, %" PRIu64 " rows of %" PRIu64 " bytes from offset %" PRIu64
			": the memory has %" PRIu64 " and channels of %u bytes start at multiples "
			"of that",
			plane, rows(&extent), row_pitch, offset, memory_size, channel);
	if (plane > 0) {
		layout->further[plane - 1].offset = offset - layout->offset;
		layout->further[plane - 1].row_pitch = row_pitch;
	} else {
		layout->row_pitch = row_pitch;
	}
	if (end - layout->offset > layout->size)
		layout->slice_pitch = layout->size = end - layout->offset;
	return GEYSER_OK;
}

enum geyser_result gy_layout_check_planes(const struct geyser_texture_desc *desc,
	const struct geyser_native_texture *native, uint64_t memory_size, struct gy_layout *out)
{
	const struct geyser_format_info *info = geyser_format_get_info(desc->format);
	enum geyser_result result = GEYSER_OK;

	if (native->plane_count != info->planes)
		return gy_fail(GEYSER_ERROR_MISMATCH, "plane_count (%u): %s has %u",
			native->plane_count, info->name, info->planes);
	if (info->planes == 1)
		return gy_layout_check(desc, native->planes[0].offset, native->planes[0].row_pitch,
			memory_size, out);
	*out = (struct gy_layout){
		.offset = native->planes[0].offset, .further_count = info->planes - 1};
	for (uint32_t plane = 0; plane < info->planes && result == GEYSER_OK; plane++)
		result = check_plane(desc, plane, native, memory_size, out);
	return result;
}

void gy_layout_describe(const struct gy_layout *layout, struct geyser_native_texture *out)
{
	out->plane_count = 1 + layout->further_count;
	out->planes[0].offset = layout->offset;
	out->planes[0].row_pitch = layout->row_pitch;
	for (uint32_t plane = 1; plane < out->plane_count; plane++) {
		out->planes[plane].offset = layout->offset + layout->further[plane - 1].offset;
		out->planes[plane].row_pitch = layout->further[plane - 1].row_pitch;
	}
}

void gy_layout_subresource(const struct geyser_texture_desc *desc, const struct gy_layout *layout,
	uint32_t plane, uint32_t mip_level, uint32_t layer, struct geyser_subresource *out)
{
	const struct geyser_plane_extent extent = extent_of(desc, plane, mip_level);

	*out = (struct geyser_subresource){
		.width = extent.width,
		.height = extent.height,
		.depth = level_extent(desc->depth, mip_level),
	};
	if (plane > 0) {
		out->offset = (size_t)layout->further[plane - 1].offset;
		out->row_pitch = (size_t)layout->further[plane - 1].row_pitch;
	} else {
		out->offset = (size_t)(layout->slice_pitch * (desc->depth > 1 ? 0 : layer) +
				       levels_size(desc, mip_level));
		out->row_pitch = (size_t)(mip_level == 0 ? layout->row_pitch : extent.row_bytes);
	}
	out->slice_pitch = out->row_pitch * (size_t)rows(&extent);
	out->size = out->slice_pitch * out->depth;
}

uint32_t gy_layout_find_unaligned(
	const struct geyser_texture_desc *desc, const struct gy_layout *layout, uint64_t alignment)
{
	const uint32_t planes = geyser_format_get_info(desc->format)->planes;
	uint32_t plane = 0;

	for (; plane < planes; plane++) {
		struct geyser_subresource at;

		gy_layout_subresource(desc, layout, plane, 0, 0, &at);
		if (at.row_pitch % alignment || (layout->offset + at.offset) % alignment)
			break;
	}
	return plane;
}
