/* Descriptors and the places of texels: limits, every format, and numbers that are made to
 * overflow. */
#include "format/layout.h"
#include "format/usage.h"

#include <string.h>

#include "support.h"

#define ALL_USAGE 0x1fu

static const struct geyser_texture_desc small = {
	.format = GEYSER_FORMAT_RGBA8_UNORM, .width = 4, .height = 3};

static struct geyser_texture_desc resolved(const struct geyser_texture_desc *desc)
{
	struct geyser_texture_desc out;

	assert_ok(gy_desc_resolve("desc", desc, &out));
	return out;
}

static void defaults_are_filled_in(void **state)
{
	struct geyser_texture_desc desc = small, out;

	(void)state;
	desc.label = "x";
	out = resolved(&desc);
	assert_int_equal(out.depth, 1);
	assert_int_equal(out.layers, 1);
	assert_int_equal(out.mip_levels, 1);
	assert_int_equal(out.usage,
		GEYSER_USAGE_COPY_SRC | GEYSER_USAGE_COPY_DST | GEYSER_USAGE_TEXTURE_BINDING);
	assert_int_equal(out.width, 4);
	assert_int_equal(out.height, 3);
	assert_ptr_equal(out.label, desc.label);
	/* Resolving a resolved descriptor changes nothing. */
	desc = out;
	out = resolved(&desc);
	assert_memory_equal(&out, &desc, sizeof(out));
}

static void boundaries(void **state)
{
	static const struct {
		uint32_t width, height, depth, layers, mip_levels;
		enum geyser_result result;
		const char *words;
	} cases[] = {
		{1, 1, 0, 0, 0, GEYSER_OK, NULL},
		{1, 1, 1, 1, 1, GEYSER_OK, NULL},
		{0, 1, 0, 0, 0, GEYSER_ERROR_INVALID_ARGUMENT, "width (0)"},
		{1, 0, 0, 0, 0, GEYSER_ERROR_INVALID_ARGUMENT, "height (0)"},
		{32768, 32768, 2048, 0, 16, GEYSER_OK, NULL},
		{32768, 32768, 0, 2048, 16, GEYSER_OK, NULL},
		{32769, 1, 0, 0, 0, GEYSER_ERROR_LIMIT, "width (32769)"},
		{1, 32769, 0, 0, 0, GEYSER_ERROR_LIMIT, "height (32769)"},
		{1, 1, 2049, 0, 0, GEYSER_ERROR_LIMIT, "depth (2049)"},
		{1, 1, 0, 2049, 0, GEYSER_ERROR_LIMIT, "layers (2049)"},
		{UINT32_MAX, UINT32_MAX, 0, 0, 0, GEYSER_ERROR_LIMIT, "width (4294967295)"},
		{1, 1, UINT32_MAX, 0, 0, GEYSER_ERROR_LIMIT, "depth"},
		{1, 1, 0, UINT32_MAX, 0, GEYSER_ERROR_LIMIT, "layers"},
		{1, 1, 2, 2, 0, GEYSER_ERROR_INVALID_ARGUMENT, "depth (2) and layers (2)"},
		{1, 1, 0, 0, 2, GEYSER_ERROR_INVALID_ARGUMENT, "mip_levels (2)"},
		{2, 1, 0, 0, 2, GEYSER_OK, NULL},
		{1, 3, 0, 0, 2, GEYSER_OK, NULL},
		{1, 3, 0, 0, 3, GEYSER_ERROR_INVALID_ARGUMENT, "has 2 at most"},
		{1, 4, 0, 0, 3, GEYSER_OK, NULL},
		{1, 1, 8, 0, 4, GEYSER_OK, NULL},
		{1, 1, 8, 0, 5, GEYSER_ERROR_INVALID_ARGUMENT, "mip_levels (5)"},
		{1, 1, 0, 8, 2, GEYSER_ERROR_INVALID_ARGUMENT, "mip_levels (2)"},
		{32768, 1, 0, 0, 16, GEYSER_OK, NULL},
		{32768, 1, 0, 0, 17, GEYSER_ERROR_INVALID_ARGUMENT, "has 16 at most"},
		{32768, 1, 0, 0, UINT32_MAX, GEYSER_ERROR_INVALID_ARGUMENT, "mip_levels"},
	};
	struct geyser_texture_desc out;

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		const struct geyser_texture_desc desc = {
			.format = GEYSER_FORMAT_R8_UNORM,
			.width = cases[i].width,
			.height = cases[i].height,
			.depth = cases[i].depth,
			.layers = cases[i].layers,
			.mip_levels = cases[i].mip_levels,
		};

		if (cases[i].result == GEYSER_OK)
			assert_ok(gy_desc_resolve("desc", &desc, &out));
		else
			assert_fails(cases[i].result, cases[i].words,
				gy_desc_resolve("desc", &desc, &out));
	}
}

static void formats_that_are_none(void **state)
{
	static const uint32_t formats[] = {0, GEYSER_FORMAT_COUNT, GEYSER_FORMAT_COUNT + 1,
		0x7fffffff, 0x80000000, UINT32_MAX};
	struct geyser_texture_desc desc = small, out;

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(formats); i++) {
		desc.format = (enum geyser_format)formats[i];
		assert_fails(GEYSER_ERROR_INVALID_ARGUMENT, "desc format",
			gy_desc_resolve("desc", &desc, &out));
	}
	assert_fails(GEYSER_ERROR_INVALID_ARGUMENT, "peer's is NULL",
		gy_desc_resolve("peer's", NULL, &out));
}

static void every_usage_of_every_format(void **state)
{
	struct geyser_texture_desc desc = small, out;

	(void)state;
	for (int format = 1; format < GEYSER_FORMAT_COUNT; format++) {
		uint32_t can = geyser_format_get_info((enum geyser_format)format)->usage;

		desc.format = (enum geyser_format)format;
		for (desc.usage = 1; desc.usage <= ALL_USAGE; desc.usage++) {
			if ((desc.usage & ~can) == 0)
				assert_ok(gy_desc_resolve("desc", &desc, &out));
			else
				assert_fails(GEYSER_ERROR_UNSUPPORTED,
					geyser_format_name(desc.format),
					gy_desc_resolve("desc", &desc, &out));
		}
	}
	for (unsigned bit = 10; bit < 16; bit++) { /* the row alignment is above */
		desc.usage = 1u << bit;
		assert_fails(GEYSER_ERROR_INVALID_ARGUMENT, "only the bits 0x3ff",
			gy_desc_resolve("desc", &desc, &out));
	}
}

static void a_refused_usage_is_named(void **state)
{
	struct geyser_texture_desc desc = small, out;

	(void)state;
	desc.format = GEYSER_FORMAT_DEPTH32_FLOAT;
	desc.usage = GEYSER_USAGE_COPY_SRC | GEYSER_USAGE_STORAGE_BINDING;
	assert_fails(GEYSER_ERROR_UNSUPPORTED,
		"desc usage (COPY_SRC, STORAGE_BINDING): depth32float can't be a storage binding; "
		"it can have COPY_SRC, COPY_DST, TEXTURE_BINDING, RENDER_ATTACHMENT",
		gy_desc_resolve("desc", &desc, &out));
	assert_string_equal(gy_usage_text(0).text, "none");
	assert_string_equal(gy_usage_text(UINT32_MAX).text,
		"COPY_SRC, COPY_DST, TEXTURE_BINDING, STORAGE_BINDING, RENDER_ATTACHMENT, "
		"HOST_MEMORY, DMA_BUF, GLOBAL_ID, LINEAR, WRITERS");
}

static void labels_are_bounded(void **state)
{
	char label[GEYSER_MAX_LABEL + 2];
	struct geyser_texture_desc desc = small, out;

	(void)state;
	memset(label, 'x', sizeof(label));
	label[GEYSER_MAX_LABEL] = '\0';
	desc.label = label;
	assert_ok(gy_desc_resolve("desc", &desc, &out));
	label[GEYSER_MAX_LABEL] = 'x';
	label[GEYSER_MAX_LABEL + 1] = '\0';
	assert_fails(GEYSER_ERROR_INVALID_ARGUMENT, "label", gy_desc_resolve("desc", &desc, &out));
}

static void the_first_difference_is_named(void **state)
{
	static const char *const names[] = {"format: ", "width: ", "height: ", "depth: ",
		"layers: ", "mip_levels: ", "usage: "};
	struct geyser_texture_desc base = resolved(&small);

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(names); i++) {
		struct geyser_texture_desc other = base;
		uint32_t *const fields[] = {NULL, &other.width, &other.height, &other.depth,
			&other.layers, &other.mip_levels, &other.usage};

		if (fields[i])
			(*fields[i])++;
		else
			other.format = GEYSER_FORMAT_BGRA8_UNORM;
		assert_fails(GEYSER_ERROR_MISMATCH, names[i], gy_desc_compare(&other, &base));
		assert_memory_equal(geyser_error_detail(), names[i], strlen(names[i]));
		other.label = "another";
		if (fields[i])
			(*fields[i])--;
		else
			other.format = base.format;
		assert_ok(gy_desc_compare(&other, &base));
	}
}

/* Adds up the bytes of all levels in the simplest way. */
static uint64_t plain_size(const struct geyser_texture_desc *desc)
{
	uint64_t bytes = geyser_format_get_info(desc->format)->bytes_per_texel, size = 0;

	for (uint32_t level = 0; level < desc->mip_levels; level++) {
		uint64_t width = desc->width >> level ? desc->width >> level : 1;
		uint64_t height = desc->height >> level ? desc->height >> level : 1;
		uint64_t depth = desc->depth >> level ? desc->depth >> level : 1;

		size += width * height * depth * bytes;
	}
	return size * desc->layers;
}

static void all_sizes_are_the_texels_and_no_more(void **state)
{
	static const uint32_t extents[][5] = {{1, 1, 1, 1, 1}, {7, 5, 1, 1, 3},
		{640, 480, 1, 1, 10}, {33, 17, 1, 6, 6}, {5, 3, 9, 1, 4}, {1920, 1080, 1, 1, 1},
		{32768, 32768, 2048, 1, 16}, {32768, 32768, 1, 2048, 16}};
	struct gy_layout layout;

	(void)state;
	for (int format = 1; format < GEYSER_FORMAT_NV12; format++)
		for (size_t i = 0; i < TEST_COUNT(extents); i++) {
			const struct geyser_texture_desc desc = {
				.format = (enum geyser_format)format,
				.width = extents[i][0],
				.height = extents[i][1],
				.depth = extents[i][2],
				.layers = extents[i][3],
				.mip_levels = extents[i][4],
			};
			uint64_t bytes = geyser_format_get_info(desc.format)->bytes_per_texel;

			gy_layout_of(&desc, &layout);
			assert_true(layout.offset == 0);
			assert_true(layout.row_pitch == desc.width * bytes);
			assert_true(layout.size == plain_size(&desc));
			if (desc.depth > 1)
				assert_true(layout.slice_pitch == layout.row_pitch * desc.height);
			else
				assert_true(layout.slice_pitch * desc.layers == layout.size);
		}
}

/* Checks that the subresources follow one another, share no byte, and fill the texture's size. */
static void check_subresources(const struct geyser_texture_desc *desc)
{
	struct geyser_subresource part;
	struct gy_layout layout;
	size_t next = 0;

	gy_layout_of(desc, &layout);
	for (uint32_t layer = 0; layer < desc->layers; layer++)
		for (uint32_t level = 0; level < desc->mip_levels; level++) {
			gy_layout_subresource(desc, &layout, 0, level, layer, &part);
			assert_int_equal(part.offset, next);
			assert_int_equal(
				part.width, desc->width >> level ? desc->width >> level : 1);
			assert_int_equal(
				part.height, desc->height >> level ? desc->height >> level : 1);
			assert_int_equal(
				part.depth, desc->depth >> level ? desc->depth >> level : 1);
			assert_int_equal(part.slice_pitch, part.row_pitch * part.height);
			assert_int_equal(part.size, part.slice_pitch * part.depth);
			next = part.offset + part.size;
		}
	assert_int_equal(next, layout.size);
}

static void subresources_tile_the_memory(void **state)
{
	static const struct geyser_texture_desc cases[] = {
		{.width = 1, .height = 1, .depth = 1, .layers = 1, .mip_levels = 1},
		{.width = 37, .height = 11, .depth = 1, .layers = 1, .mip_levels = 6},
		{.width = 16, .height = 64, .depth = 1, .layers = 5, .mip_levels = 7},
		{.width = 9, .height = 6, .depth = 13, .layers = 1, .mip_levels = 4},
		{.width = 2, .height = 2, .depth = 2048, .layers = 1, .mip_levels = 12},
		{.width = 3, .height = 1, .depth = 1, .layers = 2048, .mip_levels = 2},
	};

	(void)state;
	for (int format = 1; format < GEYSER_FORMAT_NV12; format++)
		for (size_t i = 0; i < TEST_COUNT(cases); i++) {
			struct geyser_texture_desc desc = cases[i];

			desc.format = (enum geyser_format)format;
			check_subresources(&desc);
		}
}

static void padded_rows(void **state)
{
	struct geyser_texture_desc desc = small;
	struct geyser_subresource part;
	struct gy_layout layout;

	(void)state;
	desc.layers = 5;
	desc = resolved(&desc);
	assert_ok(gy_layout_check(&desc, 8, 32, 8 + UINT64_C(32) * 3 * 5, &layout));
	assert_int_equal(layout.offset, 8);
	assert_int_equal(layout.row_pitch, 32);
	assert_int_equal(layout.slice_pitch, 96);
	assert_int_equal(layout.size, 480);
	gy_layout_subresource(&desc, &layout, 0, 0, 4, &part);
	assert_int_equal(part.offset, 4 * 96);
	assert_int_equal(part.row_pitch, 32);
	assert_int_equal(part.size, 96);
}

/* The rows of each plane, and each plane, begin at multiples of the alignment. */
static void aligned_rows(void **state)
{
	struct geyser_texture_desc desc = small;
	struct geyser_subresource part;
	struct gy_layout layout;

	(void)state;
	desc.layers = 2;
	desc.width = 33;
	for (uint32_t alignment = 1; alignment <= GEYSER_ROW_ALIGNMENT_MAX; alignment *= 2) {
		const uint64_t pitch = (33 * 4 + alignment - 1) / alignment * alignment;

		desc.usage = GEYSER_ROW_ALIGNMENT(alignment);
		desc = resolved(&desc);
		gy_layout_of(&desc, &layout);
		assert_int_equal(layout.row_pitch, pitch);
		assert_int_equal(layout.slice_pitch, pitch * 3);
		assert_int_equal(layout.size, pitch * 3 * 2);
		gy_layout_subresource(&desc, &layout, 0, 0, 1, &part);
		assert_int_equal(part.offset, pitch * 3);
		assert_int_equal(part.row_pitch, pitch);
	}
	desc.usage = GEYSER_ROW_ALIGNMENT(64);
	desc.layers = 1;
	desc.height = 5;
	desc.format = GEYSER_FORMAT_I420;
	desc = resolved(&desc);
	gy_layout_of(&desc, &layout);
	assert_int_equal(layout.row_pitch, 64);
	for (uint32_t plane = 1; plane < 3; plane++) {
		gy_layout_subresource(&desc, &layout, plane, 0, 0, &part);
		assert_int_equal(part.offset, 64 * (5 + 3 * (plane - 1)));
		assert_int_equal(part.row_pitch, 64);
	}
	assert_int_equal(layout.size, 64 * (5 + 3 + 3));
}

static void alignments_that_are_none(void **state)
{
	struct geyser_texture_desc desc = small, out;

	(void)state;
	desc.usage = GEYSER_ROW_ALIGNMENT(96);
	assert_fails(GEYSER_ERROR_INVALID_ARGUMENT, "desc row alignment (96 bytes)",
		gy_desc_resolve("desc", &desc, &out));
	desc.usage = GEYSER_ROW_ALIGNMENT(8192);
	assert_fails(GEYSER_ERROR_INVALID_ARGUMENT, "row alignment (8192 bytes)",
		gy_desc_resolve("desc", &desc, &out));
	desc.usage = GEYSER_ROW_ALIGNMENT(65536); /* has no bits of its own in `usage` */
	assert_fails(GEYSER_ERROR_INVALID_ARGUMENT, "row alignment (65535 bytes)",
		gy_desc_resolve("desc", &desc, &out));
	desc.usage = GEYSER_ROW_ALIGNMENT(64);
	desc.mip_levels = 2;
	assert_fails(
		GEYSER_ERROR_UNSUPPORTED, "mip_levels (2)", gy_desc_resolve("desc", &desc, &out));
}

/* Layouts of a 4 × 3 texture with 4 bytes per texel: a row has 16 bytes, the texture 48. */
static void claims_against_the_memory(void **state)
{
	static const struct {
		uint32_t mip_levels;
		uint64_t offset, row_pitch, memory;
		const char *words; /* NULL: the layout is valid */
	} cases[] = {
		{1, 0, 16, 48, NULL},
		{1, 0, 16, 47, "the memory has 47"},
		{1, 0, 16, 0, "the memory has 0"},
		{1, 4, 16, 52, NULL},
		{1, 4, 16, 51, "from offset 4"},
		{1, 2, 16, 100, "multiples"},
		{1, 0, 15, 100, "row_pitch (15"},
		{1, 0, 0, 100, "row_pitch (0"},
		{1, 0, 12, 100, "row_pitch (12"},
		{1, 0, 18, 100, "multiple of 4"},
		{1, 0, 20, 60, NULL},
		{1, 0, 20, 59, "60 bytes from offset 0"},
		{3, 0, 16, 48 + 8 + 4, NULL},
		{3, 0, 16, 48 + 8 + 3, "60 bytes"},
		{3, 0, 20, 1000, "with one mip level"},
		{1, UINT64_MAX - 3, 16, UINT64_MAX, "from offset"},
		{1, UINT64_MAX - 51, 16, UINT64_MAX, NULL},
		{1, UINT64_MAX - 47, 16, UINT64_MAX, "from offset"},
		{1, 0, UINT64_MAX - 3, UINT64_MAX, "overflows"},
		{1, 0, UINT64_MAX, UINT64_MAX, "row_pitch"},
		{1, 0, UINT64_MAX / 3 + 1 + (4 - (UINT64_MAX / 3 + 1) % 4), UINT64_MAX,
			"overflows"},
		{1, 0, UINT64_MAX / 3 - 1 - (UINT64_MAX / 3 - 1) % 4, UINT64_MAX, NULL},
		{1, 64, UINT64_MAX / 3 - 1 - (UINT64_MAX / 3 - 1) % 4, UINT64_MAX, "from offset"},
	};
	struct geyser_texture_desc desc = resolved(&small);
	struct gy_layout layout;

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		desc.mip_levels = cases[i].mip_levels;
		if (cases[i].words) {
			assert_fails(GEYSER_ERROR_MISMATCH, cases[i].words,
				gy_layout_check(&desc, cases[i].offset, cases[i].row_pitch,
					cases[i].memory, &layout));
			continue;
		}
		assert_ok(gy_layout_check(
			&desc, cases[i].offset, cases[i].row_pitch, cases[i].memory, &layout));
		assert_true(layout.offset + layout.size <= cases[i].memory);
	}
}

/* The product of slice pitch and number of slices can overflow, too. */
static void layers_can_overflow_too(void **state)
{
	struct geyser_texture_desc desc = {
		.format = GEYSER_FORMAT_R8_UNORM, .width = 1, .height = 32768, .layers = 2048};
	struct gy_layout layout;

	(void)state;
	desc = resolved(&desc);
	assert_ok(gy_layout_check(&desc, 0, (UINT64_C(1) << 38) - 1, UINT64_MAX, &layout));
	assert_fails(GEYSER_ERROR_MISMATCH, "overflows",
		gy_layout_check(&desc, 0, UINT64_C(1) << 38, UINT64_MAX, &layout));
	assert_fails(GEYSER_ERROR_MISMATCH, "overflows",
		gy_layout_check(&desc, 0, UINT64_C(1) << 49, UINT64_MAX, &layout));
	desc.depth = 2048;
	desc.layers = 1;
	assert_ok(gy_layout_check(&desc, 0, (UINT64_C(1) << 38) - 1, UINT64_MAX, &layout));
	assert_fails(GEYSER_ERROR_MISMATCH, "overflows",
		gy_layout_check(&desc, 0, UINT64_C(1) << 38, UINT64_MAX, &layout));
}

/* ---- several planes ---- */

static const struct geyser_texture_desc odd = {
	.format = GEYSER_FORMAT_P010, .width = 3, .height = 3};

static void planes_follow_each_other(void **state)
{
	static const uint32_t sizes[][2] = {
		{1, 1}, {2, 2}, {3, 3}, {333, 77}, {1918, 1078}, {32768, 32768}, {1, 32767}};
	struct geyser_texture_desc desc = odd;

	(void)state;
	for (int format = GEYSER_FORMAT_NV12; format < GEYSER_FORMAT_COUNT; format++)
		for (size_t i = 0; i < TEST_COUNT(sizes); i++) {
			const uint32_t planes =
				geyser_format_get_info((enum geyser_format)format)->planes;
			struct geyser_native_texture native = {.size = 0};
			struct geyser_subresource part;
			struct gy_layout layout;
			uint64_t next = 0;

			desc.format = (enum geyser_format)format;
			desc.width = sizes[i][0];
			desc.height = sizes[i][1];
			desc = resolved(&desc);
			gy_layout_of(&desc, &layout);
			gy_layout_describe(&layout, &native);
			assert_int_equal(native.plane_count, planes);
			for (uint32_t plane = 0; plane < planes; plane++) {
				gy_layout_subresource(&desc, &layout, plane, 0, 0, &part);
				assert_true(part.offset == next);
				assert_true(native.planes[plane].offset == next);
				assert_true(native.planes[plane].row_pitch == part.row_pitch);
				assert_true(part.size == part.row_pitch * part.height);
				next += part.size;
			}
			assert_true(layout.size == next && layout.slice_pitch == next);
			assert_ok(gy_layout_check_planes(&desc, &native, next, &layout));
			assert_true(layout.size == next && layout.slice_pitch == next);
			assert_fails(GEYSER_ERROR_MISMATCH, "the memory has",
				gy_layout_check_planes(&desc, &native, next - 1, &layout));
		}
}

/* Planes of a 3 × 3 texture of p010: Y has rows of 6 bytes, 18 in all; CbCr rows of 8, 16 in all.
 */
static void claims_of_planes(void **state)
{
	static const struct {
		uint32_t planes;
		uint64_t offset, row_pitch, second_offset, second_pitch, memory, size;
		const char *words; /* NULL: the layout is valid */
	} cases[] = {
		{2, 0, 6, 18, 8, 34, 34, NULL},
		{2, 0, 6, 18, 8, 33, 0, "plane 1, 2 rows of 8 bytes from offset 18"},
		{1, 0, 6, 18, 8, 34, 0, "plane_count (1): p010 has 2"},
		{3, 0, 6, 18, 8, 34, 0, "plane_count (3)"},
		{0, 0, 6, 18, 8, 34, 0, "plane_count (0)"},
		{UINT32_MAX, 0, 6, 18, 8, 34, 0, "plane_count (4294967295)"},
		{2, 0, 5, 18, 8, 99, 0, "row_pitch (5 bytes) of plane 0"},
		{2, 0, 4, 18, 8, 99, 0, "row_pitch (4 bytes) of plane 0"},
		{2, 0, 7, 21, 8, 99, 0, "multiple of 2"},
		{2, 0, 6, 18, 6, 99, 0, "row_pitch (6 bytes) of plane 1"},
		{2, 0, 6, 18, 9, 99, 0, "row_pitch (9 bytes) of plane 1"},
		{2, 0, 6, 19, 8, 99, 0, "multiples"},
		{2, 1, 6, 20, 8, 99, 0, "multiples"},
		{2, 2, 6, 20, 8, 36, 34, NULL},
		{2, 2, 6, 0, 8, 99, 0, "offset (0) of plane 1"},
		{2, 0, 16, 64, 16, 96, 96, NULL},
		{2, 0, 16, 64, 16, 95, 0, "plane 1"},
		{2, 0, 64, 0, 8, 192, 192, NULL},   /* rows that overlap */
		{2, 8, 64, 24, 64, 200, 192, NULL}, /* rows side by side */
		{2, 0, 6, UINT64_MAX - 15, 8, UINT64_MAX, 0, "plane 1"},
		{2, 0, 6, UINT64_MAX - 17, 8, UINT64_MAX, UINT64_MAX - 1, NULL},
		{2, 0, 6, 18, UINT64_MAX - 1, UINT64_MAX, 0, "plane 1"},
		{2, 0, 6, 18, UINT64_C(1) << 63, UINT64_MAX, 0, "plane 1"},
		{2, 0, UINT64_C(1) << 63, 18, 8, UINT64_MAX, 0, "plane 0"},
		{2, UINT64_MAX - 1, 6, UINT64_MAX - 1, 8, UINT64_MAX, 0, "plane 0"},
	};
	const struct geyser_texture_desc desc = resolved(&odd);
	struct gy_layout layout;

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		const struct geyser_native_texture native = {
			.plane_count = cases[i].planes,
			.planes = {{cases[i].offset, cases[i].row_pitch},
				{cases[i].second_offset, cases[i].second_pitch}},
		};

		if (cases[i].words) {
			assert_fails(GEYSER_ERROR_MISMATCH, cases[i].words,
				gy_layout_check_planes(&desc, &native, cases[i].memory, &layout));
			continue;
		}
		assert_ok(gy_layout_check_planes(&desc, &native, cases[i].memory, &layout));
		assert_true(layout.size == cases[i].size && layout.offset == cases[i].offset);
		assert_true(layout.further_count == 1);
		assert_true(layout.further[0].offset == cases[i].second_offset - cases[i].offset);
	}
}

static void the_first_unaligned_plane_is_found(void **state)
{
	struct gy_layout layout = {.offset = 64,
		.row_pitch = 128,
		.further_count = 1,
		.further = {{.offset = 1024, .row_pitch = 64}}};

	(void)state;
	assert_true(gy_layout_find_unaligned(&odd, &layout, 64) == 2);
	assert_true(gy_layout_find_unaligned(&odd, &layout, 128) == 0); /* plane 0's offset */
	layout.offset = 0;
	assert_true(gy_layout_find_unaligned(&odd, &layout, 128) == 1); /* plane 1's rows */
	layout.further[0].row_pitch = 128;
	assert_true(gy_layout_find_unaligned(&odd, &layout, 128) == 2);
	layout.further[0].offset = 1000;
	assert_true(gy_layout_find_unaligned(&odd, &layout, 128) == 1); /* plane 1's offset */
}

static void video_has_one_of_each(void **state)
{
	struct geyser_texture_desc desc = odd, out;

	(void)state;
	desc.mip_levels = 2;
	assert_fails(
		GEYSER_ERROR_UNSUPPORTED, "mip_levels (2)", gy_desc_resolve("desc", &desc, &out));
	desc.mip_levels = 0;
	desc.layers = 2;
	assert_fails(GEYSER_ERROR_UNSUPPORTED, "layers (2)", gy_desc_resolve("desc", &desc, &out));
	desc.layers = 0;
	desc.depth = 2;
	assert_fails(GEYSER_ERROR_UNSUPPORTED, "depth (2)", gy_desc_resolve("desc", &desc, &out));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_are_filled_in),
		cmocka_unit_test(boundaries),
		cmocka_unit_test(formats_that_are_none),
		cmocka_unit_test(every_usage_of_every_format),
		cmocka_unit_test(a_refused_usage_is_named),
		cmocka_unit_test(labels_are_bounded),
		cmocka_unit_test(the_first_difference_is_named),
		cmocka_unit_test(all_sizes_are_the_texels_and_no_more),
		cmocka_unit_test(subresources_tile_the_memory),
		cmocka_unit_test(padded_rows),
		cmocka_unit_test(the_first_unaligned_plane_is_found),
		cmocka_unit_test(aligned_rows),
		cmocka_unit_test(alignments_that_are_none),
		cmocka_unit_test(claims_against_the_memory),
		cmocka_unit_test(layers_can_overflow_too),
		cmocka_unit_test(planes_follow_each_other),
		cmocka_unit_test(claims_of_planes),
		cmocka_unit_test(video_has_one_of_each),
	};

	test_limit(60);
	return test_run("layout", tests, NULL, NULL);
}
