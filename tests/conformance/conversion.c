/* Conversion of textures: every subresource, refusals, and frames of streams. The values themselves
 * are compared in tests/unit/test_convert.c. */
#include "conformance.h"
#include "frames.h"

#include <geyser/convert.h>
#include <stdlib.h>

static const struct geyser_texture_desc flat = {
	.format = GEYSER_FORMAT_RGBA8_UNORM, .width = 33, .height = 7};

static struct geyser_texture *make(void **state, const struct geyser_texture_desc *desc)
{
	struct geyser_texture *texture;

	ok(geyser_texture_create(manager_of(state), desc, &texture));
	return texture;
}

/* Compares one row of both textures: the destination's has to be the source's, converted. */
static void compare_row(const struct geyser_texture_desc *from, const void *row,
	const struct geyser_texture_desc *to, const void *converted, uint32_t width)
{
	const size_t size = width * geyser_format_get_info(to->format)->bytes_per_texel;
	void *const expected = malloc(size);
	const struct geyser_pixels in = {
		from->format, width, 1, {{(void *)(uintptr_t)row, SIZE_MAX / 2}}};
	const struct geyser_pixels out = {to->format, width, 1, {{expected, size}}};

	assert_non_null(expected);
	ok(geyser_convert_pixels(&in, &out, NULL));
	assert_memory_equal(converted, expected, size);
	free(expected);
}

static void compare_level(struct geyser_texture *source, const uint8_t *from,
	struct geyser_texture *destination, const uint8_t *to, uint32_t level, uint32_t layer)
{
	struct geyser_subresource in, out;

	ok(geyser_texture_get_subresource(source, 0, level, layer, &in));
	ok(geyser_texture_get_subresource(destination, 0, level, layer, &out));
	for (uint32_t row = 0; row < in.height * in.depth; row++) {
		const uint32_t z = row / in.height, y = row % in.height;

		compare_row(geyser_texture_get_desc(source),
			from + in.offset + z * in.slice_pitch + y * in.row_pitch,
			geyser_texture_get_desc(destination),
			to + out.offset + z * out.slice_pitch + y * out.row_pitch, in.width);
	}
}

/* Converts a texture of this shape, and compares all of it. */
static void convert_shape(void **state, const struct geyser_texture_desc *desc)
{
	struct geyser_texture_desc other = *desc;
	struct geyser_texture *source, *destination;
	struct geyser_mapping from, to;

	other.format = GEYSER_FORMAT_RGBA16_FLOAT;
	if (!offers_shape(manager_of(state), desc) || !offers_shape(manager_of(state), &other))
		return;
	source = make(state, desc);
	destination = make(state, &other);
	assert_true(fill_texture(source, 7));
	ok(geyser_texture_convert(source, destination, NULL));
	assert_true(texture_holds(source, 7));
	ok(geyser_texture_map(source, GEYSER_ACCESS_READ, &from));
	ok(geyser_texture_map(destination, GEYSER_ACCESS_READ, &to));
	desc = geyser_texture_get_desc(source);
	for (uint32_t layer = 0; layer < desc->layers; layer++)
		for (uint32_t level = 0; level < desc->mip_levels; level++)
			compare_level(source, from.data, destination, to.data, level, layer);
	geyser_texture_unmap(destination);
	geyser_texture_unmap(source);
	geyser_texture_unref(destination);
	geyser_texture_unref(source);
}

static void all_texels_are_converted(void **state)
{
	struct geyser_texture_desc desc = flat;

	convert_shape(state, &desc);
	desc.mip_levels = 3;
	convert_shape(state, &desc);
	desc.layers = 3;
	convert_shape(state, &desc);
	desc.layers = desc.mip_levels = 1;
	desc.depth = 5;
	convert_shape(state, &desc);
	desc.mip_levels = 3;
	convert_shape(state, &desc);
}

/* Describes the planes of a mapped texture of one mip level and layer. */
static struct geyser_pixels pixels_of(struct geyser_texture *texture, const void *data)
{
	const struct geyser_texture_desc *const desc = geyser_texture_get_desc(texture);
	struct geyser_pixels out = {
		.format = desc->format, .width = desc->width, .height = desc->height};
	struct geyser_subresource at;

	for (uint32_t i = 0; i < geyser_format_get_info(desc->format)->planes; i++) {
		ok(geyser_texture_get_subresource(texture, i, 0, 0, &at));
		out.planes[i].data = (uint8_t *)(uintptr_t)data + at.offset;
		out.planes[i].row_pitch = at.row_pitch;
	}
	return out;
}

static void convert_video(void **state, enum geyser_format format)
{
	const struct geyser_color color = {.matrix = 1, .range = GEYSER_COLOR_RANGE_LIMITED};
	const struct geyser_convert_options options = {.color = &color};
	struct geyser_texture_desc desc = flat;
	unsigned char expected[33 * 7 * 4];
	const struct geyser_pixels rgba = {
		flat.format, flat.width, flat.height, {{expected, (size_t)flat.width * 4}}};
	struct geyser_texture *source, *destination;
	struct geyser_mapping from, to;
	struct geyser_pixels in;

	desc.format = format;
	if (!offers_shape(manager_of(state), &desc))
		return;
	source = make(state, &desc);
	destination = make(state, &flat);
	assert_true(fill_texture(source, 7));
	ok(geyser_texture_convert(source, destination, &options));
	ok(geyser_texture_map(source, GEYSER_ACCESS_READ, &from));
	in = pixels_of(source, from.data);
	ok(geyser_convert_pixels(&in, &rgba, &options));
	geyser_texture_unmap(source);
	ok(geyser_texture_map(destination, GEYSER_ACCESS_READ, &to));
	for (size_t y = 0; y < flat.height; y++)
		assert_memory_equal((char *)to.data + y * to.row_pitch,
			expected + y * flat.width * 4, flat.width * 4);
	geyser_texture_unmap(destination);
	ok(geyser_texture_convert(destination, source, &options));
	geyser_texture_unref(destination);
	geyser_texture_unref(source);
}

static void planes_are_converted(void **state)
{
	for (int format = GEYSER_FORMAT_NV12; format < GEYSER_FORMAT_COUNT; format++)
		convert_video(state, (enum geyser_format)format);
}

static void wrong_arguments_are_refused(void **state)
{
	struct geyser_texture_desc desc = flat;
	struct geyser_texture *const source = make(state, &flat);
	struct geyser_texture *taller;

	desc.height++;
	taller = make(state, &desc);
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "source is NULL",
		geyser_texture_convert(NULL, source, NULL));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "destination is NULL",
		geyser_texture_convert(source, NULL, NULL));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "destination is the source",
		geyser_texture_convert(source, source, NULL));
	refused(GEYSER_ERROR_MISMATCH,
		"destination height (8): the source has 7, and without a filter both must",
		geyser_texture_convert(source, taller, NULL));
	geyser_texture_unref(taller);
	geyser_texture_unref(source);
}

/* Compares a texture's texels with bytes that follow one another. */
static void compare_texels(struct geyser_texture *texture, const uint8_t *expected)
{
	const struct geyser_texture_desc *const desc = geyser_texture_get_desc(texture);
	const size_t size =
		desc->width * (size_t)geyser_format_get_info(desc->format)->bytes_per_texel;
	struct geyser_mapping map;

	ok(geyser_texture_map(texture, GEYSER_ACCESS_READ, &map));
	for (uint32_t y = 0; y < desc->height; y++)
		assert_memory_equal(
			(const uint8_t *)map.data + y * map.row_pitch, expected + y * size, size);
	geyser_texture_unmap(texture);
}

/* A part is turned and made larger: the texels A B become B B over A A, twice as large. */
static void textures_are_cropped_turned_and_scaled(void **state)
{
	const struct geyser_convert_options options = {.crop = {3, 2, 2, 1},
		.orientation = GEYSER_ORIENTATION_90,
		.filter = GEYSER_FILTER_NEAREST};
	const struct geyser_texture_desc upright = {
		.format = GEYSER_FORMAT_BGRA8_UNORM, .width = 2, .height = 4};
	struct geyser_texture *const source = make(state, &flat);
	struct geyser_texture *const destination = make(state, &upright);
	uint8_t expected[32];
	struct geyser_mapping map;

	ok(geyser_texture_map(source, GEYSER_ACCESS_WRITE, &map));
	memset(map.data, 0, map.row_pitch);
	for (uint8_t i = 0; i < 8; i++)
		((uint8_t *)map.data)[2 * map.row_pitch + 12 + i] = i;
	geyser_texture_unmap(source);
	ok(geyser_texture_convert(source, destination, &options));
	for (size_t i = 0; i < sizeof(expected); i++)
		expected[i] = (uint8_t)((i < 16 ? 4 : 0) +
					(const uint8_t[]){2, 1, 0, 3}[i % 4]); /* BGRA */
	compare_texels(destination, expected);
	geyser_texture_unref(destination);
	geyser_texture_unref(source);
}

static void mip_levels_are_not_scaled(void **state)
{
	const struct geyser_convert_options options = {.filter = GEYSER_FILTER_BOX};
	struct geyser_texture_desc desc = flat;
	struct geyser_texture *source, *smaller;

	desc.mip_levels = 3;
	if (!offers_shape(manager_of(state), &desc))
		skip();
	source = make(state, &desc);
	desc.width = 20;
	smaller = make(state, &desc);
	refused(GEYSER_ERROR_UNSUPPORTED, "source mip_levels (3)",
		geyser_texture_convert(source, smaller, &options));
	geyser_texture_unref(smaller);
	geyser_texture_unref(source);
}

static void depth_is_refused(void **state)
{
	struct geyser_texture_desc desc = flat;
	struct geyser_texture *source, *depth;

	desc.format = GEYSER_FORMAT_DEPTH32_FLOAT;
	if (!offers_shape(manager_of(state), &desc))
		skip();
	source = make(state, &flat);
	depth = make(state, &desc);
	refused(GEYSER_ERROR_UNSUPPORTED, "destination format (depth32float)",
		geyser_texture_convert(source, depth, NULL));
	refused(GEYSER_ERROR_UNSUPPORTED, "source format (depth32float)",
		geyser_texture_convert(depth, source, NULL));
	geyser_texture_unref(depth);
	geyser_texture_unref(source);
}

/* A frame is a source, but no destination: a subscriber may not write it. */
static void frames_are_converted_but_not_written(void **state)
{
	struct geyser_texture_desc desc = flat;
	const struct frames frames = open_frames(manager_of(state), manager_of(state), &flat, 0);
	struct geyser_texture *texture;
	struct geyser_frame *frame;

	desc.format = GEYSER_FORMAT_BGRA8_UNORM;
	texture = make(state, &desc);
	submit(frames.publisher, 1);
	frame = next_frame(frames.subscriber, 1);
	ok(geyser_texture_convert(geyser_frame_texture(frame), texture, NULL));
	refused(GEYSER_ERROR_PERMISSION, "reading only",
		geyser_texture_convert(texture, geyser_frame_texture(frame), NULL));
	ok(geyser_subscriber_release(frames.subscriber, frame));
	geyser_texture_unref(texture);
	close_frames(&frames);
}

static const struct CMUnitTest tests[] = {
	test(all_texels_are_converted),
	test(planes_are_converted),
	test(wrong_arguments_are_refused),
	test(textures_are_cropped_turned_and_scaled),
	test(mip_levels_are_not_scaled),
	test(depth_is_refused),
	test(frames_are_converted_but_not_written),
};

const struct group conversion_group = {"conversion", tests, COUNT_OF(tests), NULL};
