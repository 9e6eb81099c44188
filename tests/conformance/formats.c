/* Every format in every shape and usage: where the subresources lie, and whether an importer reads
 * the texels and the descriptor that the exporter wrote. */
#include "conformance.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct geyser_texture_desc shapes[] = {
	{.width = 1, .height = 1},
	{.width = 3, .height = 3},
	{.width = 7, .height = 5},
	{.width = 333, .height = 77},
	{.width = 64, .height = 64},
	{.width = 13, .height = 6, .mip_levels = 4},
	{.width = 16, .height = 9, .layers = 3},
	{.width = 8, .height = 12, .layers = 2, .mip_levels = 4},
	{.width = 8, .height = 8, .depth = 4},
	{.width = 9, .height = 5, .depth = 6, .mip_levels = 4},
};

static enum geyser_dimension dimension_of(const struct geyser_texture_desc *desc)
{
	return desc->depth > 1    ? GEYSER_DIMENSION_3D
	       : desc->layers > 1 ? GEYSER_DIMENSION_2D_ARRAY
				  : GEYSER_DIMENSION_2D;
}

/* Calls `visit` for each format and shape that the backend supports, with every usage bit that the
 * combination allows. */
static void each_texture(struct geyser_manager *manager,
	void (*visit)(struct geyser_manager *manager, const struct geyser_texture_desc *desc))
{
	unsigned visited = 0;

	for (unsigned format = 1; format < GEYSER_FORMAT_COUNT; format++)
		for (size_t i = 0; i < COUNT_OF(shapes); i++) {
			struct geyser_texture_desc desc = shapes[i];

			desc.format = (enum geyser_format)format;
			desc.label = geyser_format_name(desc.format);
			ok(geyser_manager_format_usage(
				manager, desc.format, dimension_of(&desc), &desc.usage));
			/* Leave out two bits that not every shape and no host memory supports;
			 * tests/dmabuf covers them. */
			desc.usage &= ~(GEYSER_USAGE_DMA_BUF | GEYSER_USAGE_LINEAR);
			if (!desc.usage || !offers_shape(manager, &desc))
				continue;
			visit(manager, &desc);
			visited++;
		}
	assert_in_range(visited, 1, GEYSER_FORMAT_COUNT * COUNT_OF(shapes));
}

/* ---- layout ---- */

static uint32_t level_extent(uint32_t extent, uint32_t level)
{
	extent = extent ? extent >> level : 1;
	return extent ? extent : 1;
}

/* Rounds up at odd sizes. */
static uint32_t divided(uint32_t extent, uint32_t divisor)
{
	return (extent + divisor - 1) / divisor;
}

static void check_extent(const struct geyser_texture_desc *desc,
	const struct geyser_subresource *sub, uint32_t plane, uint32_t level,
	const struct geyser_mapping *mapping)
{
	const struct geyser_format_plane *of = &geyser_format_get_info(desc->format)->plane[plane];
	const size_t row = sub->width * (size_t)plane_texel_bytes(desc->format, plane);

	assert_int_equal(sub->width, divided(level_extent(desc->width, level), of->width_divisor));
	assert_int_equal(
		sub->height, divided(level_extent(desc->height, level), of->height_divisor));
	assert_int_equal(sub->depth, level_extent(desc->depth, level));
	assert_true(sub->row_pitch >= row);
	assert_true(sub->slice_pitch >= sub->row_pitch * (sub->height - 1) + row);
	assert_true(sub->size <= mapping->size && sub->offset <= mapping->size - sub->size);
}

/* Marks the bytes of one subresource's texels as taken. Fails if another subresource has taken
 * one. */
static void claim(uint8_t *taken, const struct geyser_subresource *sub, size_t row_bytes)
{
	for (uint32_t z = 0; z < sub->depth; z++)
		for (uint32_t y = 0; y < sub->height; y++) {
			size_t row = z * sub->slice_pitch + y * sub->row_pitch;

			assert_true(row + row_bytes <= sub->size);
			for (size_t x = 0; x < row_bytes; x++)
				assert_int_equal(taken[sub->offset + row + x]++, 0);
		}
}

static void check_first_level(const struct geyser_texture *texture,
	const struct geyser_texture_desc *desc, const struct geyser_mapping *mapping)
{
	struct geyser_subresource first, second;

	ok(geyser_texture_get_subresource(texture, 0, 0, 0, &first));
	assert_int_equal(first.offset, 0);
	assert_int_equal(first.row_pitch, mapping->row_pitch);
	if (desc->depth > 1)
		assert_int_equal(first.slice_pitch, mapping->slice_pitch);
	if (desc->layers <= 1)
		return;
	ok(geyser_texture_get_subresource(texture, 0, 0, 1, &second));
	assert_int_equal(second.offset, mapping->slice_pitch);
}

static void check_layout(struct geyser_manager *manager, const struct geyser_texture_desc *desc)
{
	const uint32_t planes = geyser_format_get_info(desc->format)->planes;
	const uint32_t levels = desc->mip_levels ? desc->mip_levels : 1;
	struct geyser_texture *texture;
	struct geyser_mapping mapping;
	struct geyser_subresource sub;
	size_t end = 0;
	uint8_t *taken;

	ok(geyser_texture_create(manager, desc, &texture));
	ok(geyser_texture_map(texture, GEYSER_ACCESS_READ, &mapping));
	taken = calloc(1, mapping.size);
	assert_non_null(taken);
	for (uint32_t layer = 0; layer < (desc->layers ? desc->layers : 1); layer++)
		for (uint32_t place = 0; place < levels * planes; place++) {
			const uint32_t plane = place % planes, level = place / planes;

			ok(geyser_texture_get_subresource(texture, plane, level, layer, &sub));
			check_extent(desc, &sub, plane, level, &mapping);
			claim(taken, &sub,
				sub.width * (size_t)plane_texel_bytes(desc->format, plane));
			end = sub.offset + sub.size > end ? sub.offset + sub.size : end;
		}
	assert_int_equal(end, mapping.size);
	check_first_level(texture, desc, &mapping);
	free(taken);
	geyser_texture_unmap(texture);
	geyser_texture_unref(texture);
}

static void subresources_lie_apart_and_fill_the_size(void **state)
{
	each_texture(manager_of(state), check_layout);
}

/* ---- sharing ---- */

static void assert_same_desc(
	const struct geyser_texture_desc *a, const struct geyser_texture_desc *b)
{
	assert_int_equal(a->format, b->format);
	assert_int_equal(a->width, b->width);
	assert_int_equal(a->height, b->height);
	assert_int_equal(a->depth, b->depth);
	assert_int_equal(a->layers, b->layers);
	assert_int_equal(a->mip_levels, b->mip_levels);
	assert_int_equal(a->usage, b->usage);
	assert_string_equal(a->label, b->label);
}

static void share(struct geyser_manager *manager, const struct geyser_texture_desc *desc)
{
	struct geyser_texture *texture, *imported;
	struct geyser_handle handle;

	ok(geyser_texture_create(manager, desc, &texture));
	assert_true(fill_texture(texture, desc->format));
	handle = export_texture(texture);
	ok(geyser_texture_import(manager, &handle, desc, &imported));
	assert_same_desc(geyser_texture_get_desc(imported), geyser_texture_get_desc(texture));
	assert_string_equal(geyser_texture_get_desc(imported)->label, desc->label);
	assert_true(texture_holds(imported, desc->format));
	assert_true(fill_texture(imported, 1000));
	assert_true(texture_holds(texture, 1000));
	geyser_texture_unref(texture);
	assert_true(texture_holds(imported, 1000));
	geyser_texture_unref(imported);
}

static void share_with_each_usage(
	struct geyser_manager *manager, const struct geyser_texture_desc *desc)
{
	struct geyser_texture_desc with = *desc;

	share(manager, desc);
	with.usage = 0;
	share(manager, &with);
	for (uint32_t bit = 1; bit <= GEYSER_USAGE_RENDER_ATTACHMENT; bit <<= 1) {
		with.usage = bit;
		if (desc->usage & bit)
			share(manager, &with);
	}
}

static void every_format_shape_and_usage_is_shared(void **state)
{
	each_texture(manager_of(state), share_with_each_usage);
}

static void every_format_in_rows_is_shared(void **state)
{
	const uint32_t wanted = GEYSER_USAGE_COPY_SRC | GEYSER_USAGE_COPY_DST | GEYSER_USAGE_LINEAR;
	unsigned shared = 0;

	for (unsigned format = 1; format < GEYSER_FORMAT_COUNT; format++) {
		const struct geyser_texture_desc desc = {
			.format = (enum geyser_format)format,
			.width = 37,
			.height = 21,
			.usage = wanted,
			.label = "rows",
		};
		struct geyser_texture *texture;
		uint32_t usage;

		ok(geyser_manager_format_usage(
			manager_of(state), desc.format, GEYSER_DIMENSION_2D, &usage));
		if ((usage & wanted) == wanted) {
			share(manager_of(state), &desc);
			shared++;
			continue;
		}
		refused(GEYSER_ERROR_UNSUPPORTED, "",
			geyser_texture_create(manager_of(state), &desc, &texture));
	}
	assert_in_range(shared, 10, GEYSER_FORMAT_COUNT);
}

static void usage_that_the_format_cannot_have_is_refused(void **state)
{
	unsigned refusals = 0;

	for (unsigned i = 1; i < GEYSER_FORMAT_COUNT; i++)
		for (uint32_t bit = 1; bit <= GEYSER_USAGE_RENDER_ATTACHMENT; bit <<= 1) {
			struct geyser_texture_desc desc = {
				.format = (enum geyser_format)i,
				.width = 4,
				.height = 4,
				.usage = bit,
			};
			struct geyser_texture *texture = (struct geyser_texture *)state;
			uint32_t usage;

			ok(geyser_manager_format_usage(
				manager_of(state), desc.format, GEYSER_DIMENSION_2D, &usage));
			if (usage & bit)
				continue;
			refused(GEYSER_ERROR_UNSUPPORTED, geyser_format_name(desc.format),
				geyser_texture_create(manager_of(state), &desc, &texture));
			assert_null(texture);
			assert_null(strstr(geyser_error_detail(), "0x")); /* usages have names */
			refusals++;
		}
	assert_true(refusals > 0); /* no backend can store to -srgb and depth formats */
}

/* ---- video ---- */

/* Checks that each plane has its rows, and lies in the mapping. */
static void check_planes(struct geyser_texture *texture, const struct geyser_mapping *mapping)
{
	const struct geyser_texture_desc *desc = geyser_texture_get_desc(texture);
	struct geyser_plane_extent extent;
	struct geyser_subresource sub;

	for (uint32_t i = 0; i < geyser_format_get_info(desc->format)->planes; i++) {
		assert_true(geyser_format_get_plane_extent(
			desc->format, i, desc->width, desc->height, &extent));
		ok(geyser_texture_get_subresource(texture, i, 0, 0, &sub));
		assert_int_equal(sub.width, extent.width);
		assert_int_equal(sub.height, extent.height);
		assert_in_range(sub.row_pitch, extent.row_bytes, SIZE_MAX);
		assert_in_range(sub.offset + sub.size, extent.size, mapping->size);
	}
}

/* The bytes of a frame as ffmpeg's raw video has them, at sizes that no chroma divides. An
 * IOSurface has longer rows. */
static void a_frame_of_video_has_no_gaps(void **state)
{
	static const struct {
		enum geyser_format format;
		uint32_t width, height;
		size_t size;
	} frames[] = {
		{GEYSER_FORMAT_NV12, 1918, 1078, 3101406},
		{GEYSER_FORMAT_NV12, 333, 77, 25641 + 2 * 167 * 39},
		{GEYSER_FORMAT_NV12, 1, 1, 3},
		{GEYSER_FORMAT_NV12, 3, 3, 9 + 8},
		{GEYSER_FORMAT_P010, 3, 3, 18 + 16},
		{GEYSER_FORMAT_P016, 333, 77, 2 * (25641 + 2 * 167 * 39)},
		{GEYSER_FORMAT_I420, 3, 3, 9 + 4 + 4},
		{GEYSER_FORMAT_I420, 1, 1, 3},
		{GEYSER_FORMAT_NV16, 3, 3, 9 + 12},
		{GEYSER_FORMAT_I422, 3, 3, 9 + 6 + 6},
		{GEYSER_FORMAT_I444, 3, 3, 27},
		{GEYSER_FORMAT_P210, 3, 1, 6 + 8},
		{GEYSER_FORMAT_P410, 3, 1, 6 + 12},
		{GEYSER_FORMAT_YUY2, 3, 3, 24},
		{GEYSER_FORMAT_UYVY, 1, 2, 8},
	};
	uint32_t usage;

	for (size_t i = 0; i < COUNT_OF(frames); i++) {
		struct geyser_texture *texture;
		struct geyser_mapping mapping;

		ok(geyser_manager_format_usage(
			manager_of(state), frames[i].format, GEYSER_DIMENSION_2D, &usage));
		if (!usage)
			continue;
		texture = make_texture(
			manager_of(state), frames[i].format, frames[i].width, frames[i].height);
		ok(geyser_texture_map(texture, GEYSER_ACCESS_READ, &mapping));
		check_planes(texture, &mapping);
		if (geyser_manager_get_backend(manager_of(state)) != GEYSER_BACKEND_METAL)
			assert_int_equal(mapping.size, frames[i].size);
		geyser_texture_unmap(texture);
		geyser_texture_unref(texture);
	}
}

/* Says so itself, whatever the backend says of the shape. */
static void video_has_no_levels_or_layers(void **state)
{
	static const struct geyser_texture_desc wrong[] = {
		{GEYSER_FORMAT_NV12, .width = 8, .height = 8, .mip_levels = 2},
		{GEYSER_FORMAT_I420, .width = 8, .height = 8, .layers = 2},
		{GEYSER_FORMAT_YUY2, .width = 8, .height = 8, .depth = 2},
	};
	struct geyser_texture *texture;
	uint32_t usage;

	for (size_t i = 0; i < COUNT_OF(wrong); i++)
		refused(GEYSER_ERROR_UNSUPPORTED, "has 1 of each",
			geyser_texture_create(manager_of(state), &wrong[i], &texture));
	for (int dimension = 1; dimension < 3; dimension++) {
		ok(geyser_manager_format_usage(manager_of(state), GEYSER_FORMAT_NV12,
			(enum geyser_dimension)dimension, &usage));
		assert_int_equal(usage, 0);
	}
}

/* Without a texture of that format, a backend says why. */
static void video_that_a_backend_lacks_is_refused_with_words(void **state)
{
	const struct geyser_texture_desc desc = {GEYSER_FORMAT_NV12, .width = 8, .height = 8};
	struct geyser_texture *texture;
	uint32_t usage;

	ok(geyser_manager_format_usage(
		manager_of(state), desc.format, GEYSER_DIMENSION_2D, &usage));
	if (usage) {
		ok(geyser_texture_create(manager_of(state), &desc, &texture));
		geyser_texture_unref(texture);
	} else {
		refused(GEYSER_ERROR_UNSUPPORTED,
			"nv12: ", geyser_texture_create(manager_of(state), &desc, &texture));
	}
}

/* ---- the descriptor that an importer expects ---- */

/* Changes the field at `offset` of the expected descriptor. The result stays a valid descriptor,
 * but the import must be refused. */
static void expect_field(struct geyser_manager *manager, const struct geyser_handle *handle,
	const struct geyser_texture_desc *desc, const char *name, size_t offset)
{
	struct geyser_texture_desc expected = *desc;
	struct geyser_texture *texture = (struct geyser_texture *)manager;
	uint32_t value;

	memcpy(&value, (const char *)desc + offset, sizeof(value));
	value = strcmp(name, "usage") == 0 ? GEYSER_USAGE_COPY_SRC : value == 1 ? 2 : value - 1;
	if (strcmp(name, "depth") == 0)
		expected.layers = desc->layers; /* only a texture with 1 layer may have depth 2 */
	memcpy((char *)&expected + offset, &value, sizeof(value));
	refused(GEYSER_ERROR_MISMATCH, name,
		geyser_texture_import(manager, handle, &expected, &texture));
	assert_null(texture);
}

#define EXPECT(field) \
	expect_field(manager, &handle, &desc, #field, offsetof(struct geyser_texture_desc, field))

static void expect_each_field(
	struct geyser_manager *manager, const struct geyser_texture_desc *shape)
{
	struct geyser_texture *texture, *imported;
	struct geyser_texture_desc desc;
	struct geyser_handle handle;

	ok(geyser_texture_create(manager, shape, &texture));
	desc = *geyser_texture_get_desc(texture);
	desc.label = "the label is not compared";
	handle = export_texture(texture);
	EXPECT(format);
	EXPECT(width);
	EXPECT(height);
	EXPECT(mip_levels);
	EXPECT(usage);
	if (desc.layers == 1)
		EXPECT(depth);
	if (desc.depth == 1)
		EXPECT(layers);
	ok(geyser_texture_import(manager, &handle, &desc, &imported));
	geyser_texture_unref(imported);
	geyser_texture_unref(texture);
}

static void what_differs_from_expected_is_named(void **state)
{
	static const struct geyser_texture_desc wide[] = {
		{.format = GEYSER_FORMAT_RGBA8_UNORM, .width = 32, .height = 16},
		{.format = GEYSER_FORMAT_R32_FLOAT, .width = 32, .height = 16, .mip_levels = 3},
		{.format = GEYSER_FORMAT_RG16_FLOAT, .width = 32, .height = 16, .layers = 3},
		{.format = GEYSER_FORMAT_R8_UNORM, .width = 32, .height = 16, .depth = 3},
	};

	expect_each_field(manager_of(state), &wide[0]);
	for (size_t i = 1; i < COUNT_OF(wide); i++)
		if (offers_shape(manager_of(state), &wide[i]))
			expect_each_field(manager_of(state), &wide[i]);
}

/* A 0 in the expected descriptor means the field's default, as it does on creation. */
static void expected_defaults_are_filled_in(void **state)
{
	struct geyser_texture_desc desc = {
		.format = GEYSER_FORMAT_RGBA8_UNORM,
		.width = 4,
		.height = 4,
		.depth = 1,
		.layers = 1,
		.mip_levels = 1,
		.usage = 7,
	};
	struct geyser_texture *texture, *imported;
	struct geyser_handle handle;

	ok(geyser_texture_create(manager_of(state), &desc, &texture));
	handle = export_texture(texture);
	desc.depth = desc.layers = desc.mip_levels = desc.usage = 0;
	ok(geyser_texture_import(manager_of(state), &handle, &desc, &imported));
	geyser_texture_unref(imported);
	geyser_texture_unref(texture);
}

static void an_expected_that_is_wrong_itself(void **state)
{
	struct geyser_texture *texture =
		make_texture(manager_of(state), GEYSER_FORMAT_R8_UNORM, 4, 4);
	struct geyser_texture *imported = texture;
	struct geyser_handle handle = export_texture(texture);
	struct geyser_texture_desc desc = *geyser_texture_get_desc(texture);

	desc.width = 0;
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "expected width (0)",
		geyser_texture_import(manager_of(state), &handle, &desc, &imported));
	assert_null(imported);
	desc.width = 4;
	desc.format = (enum geyser_format)99;
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "expected format (99)",
		geyser_texture_import(manager_of(state), &handle, &desc, &imported));
	geyser_texture_unref(texture);
}

static const struct CMUnitTest tests[] = {
	test(subresources_lie_apart_and_fill_the_size),
	test(every_format_shape_and_usage_is_shared),
	test(every_format_in_rows_is_shared),
	test(usage_that_the_format_cannot_have_is_refused),
	test(a_frame_of_video_has_no_gaps),
	test(video_has_no_levels_or_layers),
	test(video_that_a_backend_lacks_is_refused_with_words),
	test(what_differs_from_expected_is_named),
	test(expected_defaults_are_filled_in),
	test(an_expected_that_is_wrong_itself),
};

const struct group formats_group = {"formats", tests, COUNT_OF(tests), NULL};
