/* Creating textures: defaults, limits, refusals, references and mappings. */
#include "conformance.h"

#include <limits.h>
#include <stdio.h>

static const struct geyser_texture_desc good = {
	.format = GEYSER_FORMAT_RGBA8_UNORM,
	.width = 16,
	.height = 8,
};

#define DEFAULT_USAGE (GEYSER_USAGE_COPY_SRC | GEYSER_USAGE_COPY_DST | GEYSER_USAGE_TEXTURE_BINDING)

static void refuse(void **state, const struct geyser_texture_desc *desc, enum geyser_result wanted,
	const char *word)
{
	struct geyser_texture *texture = (struct geyser_texture *)state;

	refused(wanted, word, geyser_texture_create(manager_of(state), desc, &texture));
	assert_null(texture);
}

static void defaults_are_filled_in(void **state)
{
	struct geyser_texture *texture;
	const struct geyser_texture_desc *desc;

	ok(geyser_texture_create(manager_of(state), &good, &texture));
	desc = geyser_texture_get_desc(texture);
	assert_int_equal(desc->format, good.format);
	assert_int_equal(desc->width, 16);
	assert_int_equal(desc->height, 8);
	assert_int_equal(desc->depth, 1);
	assert_int_equal(desc->layers, 1);
	assert_int_equal(desc->mip_levels, 1);
	assert_int_equal(desc->usage, DEFAULT_USAGE);
	assert_null(desc->label);
	geyser_texture_unref(texture);
}

static void texels_are_zero_at_first(void **state)
{
	struct geyser_texture_desc desc = good;
	struct geyser_texture *texture;
	struct geyser_mapping mapping;

	desc.layers = 3;
	desc.mip_levels = 4;
	if (!offers_shape(manager_of(state), &desc))
		desc.layers = desc.mip_levels = 1;
	ok(geyser_texture_create(manager_of(state), &desc, &texture));
	ok(geyser_texture_map(texture, GEYSER_ACCESS_READ, &mapping));
	for (size_t i = 0; i < mapping.size; i++)
		assert_int_equal(((uint8_t *)mapping.data)[i], 0);
	geyser_texture_unmap(texture);
	geyser_texture_unref(texture);
}

static void labels_have_at_most_255_bytes(void **state)
{
	struct geyser_texture_desc desc = good;
	struct geyser_texture *texture;
	char label[512], copy[512];

	desc.label = label;
	for (size_t length = 0; length < sizeof(label); length += length < 250 ? 50 : 1) {
		memset(label, 'L', length);
		label[length] = '\0';
		if (length > GEYSER_MAX_LABEL) {
			refuse(state, &desc, GEYSER_ERROR_INVALID_ARGUMENT, "label (LLL");
			continue;
		}
		memcpy(copy, label, length + 1);
		ok(geyser_texture_create(manager_of(state), &desc, &texture));
		memset(label, '?', sizeof(label) - 1);
		assert_string_equal(geyser_texture_get_desc(texture)->label, copy);
		geyser_texture_unref(texture);
	}
}

static void sizes_that_are_none(void **state)
{
	struct geyser_texture_desc desc = good;

	desc.width = 0;
	refuse(state, &desc, GEYSER_ERROR_INVALID_ARGUMENT, "width (0)");
	desc = good;
	desc.height = 0;
	refuse(state, &desc, GEYSER_ERROR_INVALID_ARGUMENT, "height (0)");
}

static void sizes_over_a_maximum(void **state)
{
	static const uint32_t over[] = {1, 2, 1000, INT32_MAX, UINT32_MAX};

	for (size_t i = 0; i < COUNT_OF(over); i++) {
		const struct {
			const char *name;
			uint32_t most;
			size_t offset;
		} fields[] = {
			{"width", GEYSER_MAX_DIMENSION,
				offsetof(struct geyser_texture_desc, width)},
			{"height", GEYSER_MAX_DIMENSION,
				offsetof(struct geyser_texture_desc, height)},
			{"depth", GEYSER_MAX_DEPTH, offsetof(struct geyser_texture_desc, depth)},
			{"layers", GEYSER_MAX_LAYERS, offsetof(struct geyser_texture_desc, layers)},
		};

		for (size_t f = 0; f < COUNT_OF(fields); f++) {
			struct geyser_texture_desc desc = good;
			uint32_t value = over[i] > 1000 ? over[i] : fields[f].most + over[i];
			char word[48];

			memcpy((char *)&desc + fields[f].offset, &value, sizeof(value));
			(void)snprintf(word, sizeof(word), "%s (%u)", fields[f].name, value);
			refuse(state, &desc, GEYSER_ERROR_LIMIT, word);
		}
	}
}

static void the_largest_of_each_size(void **state)
{
	static const struct geyser_texture_desc descs[] = {
		{.format = GEYSER_FORMAT_R8_UNORM, .width = GEYSER_MAX_DIMENSION, .height = 1},
		{.format = GEYSER_FORMAT_R8_UNORM, .width = 1, .height = GEYSER_MAX_DIMENSION},
		{.format = GEYSER_FORMAT_R8_UNORM, .width = 1, .height = 1, .depth = 2048},
		{.format = GEYSER_FORMAT_R8_UNORM, .width = 1, .height = 1, .layers = 2048},
	};

	for (size_t i = 0; i < COUNT_OF(descs); i++) {
		struct geyser_texture *texture;

		if (!offers_shape(manager_of(state), &descs[i]))
			continue;
		if (test_backend != GEYSER_BACKEND_HOST &&
			geyser_texture_create(manager_of(state), &descs[i], &texture) ==
				GEYSER_ERROR_LIMIT)
			continue; /* a device's own limit may be lower */
		if (test_backend == GEYSER_BACKEND_HOST)
			ok(geyser_texture_create(manager_of(state), &descs[i], &texture));
		assert_true(fill_texture(texture, 1));
		assert_true(texture_holds(texture, 1));
		geyser_texture_unref(texture);
	}
}

/* Finds the device's limit by bisection. The first width beyond the limit is refused with the
 * field's name, `width`. */
static void a_devices_own_limit_is_named(void **state)
{
	struct geyser_texture_desc desc = {.format = GEYSER_FORMAT_R8_UNORM, .height = 1};
	uint32_t makes = 1, fails = GEYSER_MAX_DIMENSION + 1;
	struct geyser_texture *texture;

	while (fails - makes > 1) {
		desc.width = makes + (fails - makes) / 2;
		if (geyser_texture_create(manager_of(state), &desc, &texture) == GEYSER_OK)
			makes = desc.width;
		else
			fails = desc.width;
		geyser_texture_unref(texture);
	}
	desc.width = fails;
	refuse(state, &desc, GEYSER_ERROR_LIMIT, "width");
	assert_true(makes >= 4096);
}

static void more_than_there_is_memory(void **state)
{
	const struct geyser_texture_desc desc = {
		.format = GEYSER_FORMAT_RGBA32_FLOAT,
		.width = GEYSER_MAX_DIMENSION,
		.height = GEYSER_MAX_DIMENSION,
		.layers = GEYSER_MAX_LAYERS,
	};
	struct geyser_memory_info info;

	if (test_backend == GEYSER_BACKEND_HOST) {
		refuse(state, &desc, GEYSER_ERROR_OUT_OF_MEMORY, "bytes");
	} else { /* a device's own limit may be lower */
		struct geyser_texture *texture;
		enum geyser_result result =
			geyser_texture_create(manager_of(state), &desc, &texture);

		assert_true(result == GEYSER_ERROR_OUT_OF_MEMORY || result == GEYSER_ERROR_LIMIT ||
			    (result == GEYSER_ERROR_UNSUPPORTED &&
				    !offers_shape(manager_of(state), &desc)));
		assert_null(texture);
	}
	ok(geyser_manager_memory(manager_of(state), &info));
	assert_int_equal(info.textures.held, 0);
	geyser_texture_unref(make_texture(manager_of(state), GEYSER_FORMAT_R8_UNORM, 8, 8));
}

static void depth_or_layers_but_not_both(void **state)
{
	struct geyser_texture_desc desc = good;

	desc.depth = 2;
	desc.layers = 3;
	refuse(state, &desc, GEYSER_ERROR_INVALID_ARGUMENT, "depth (2) and layers (3)");
}

static void mip_levels_down_to_one_texel(void **state)
{
	static const struct {
		uint32_t width, height, depth, levels;
	} rows[] = {{1, 1, 1, 1}, {2, 1, 1, 2}, {3, 3, 1, 2}, {4, 1, 1, 3}, {1, 255, 1, 8},
		{256, 1, 1, 9}, {5, 9, 1, 4}, {1, 1, 8, 4}, {32, 2, 3, 6}};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct geyser_texture_desc desc = {
			.format = GEYSER_FORMAT_RG8_UNORM,
			.width = rows[i].width,
			.height = rows[i].height,
			.depth = rows[i].depth,
			.mip_levels = rows[i].levels,
		};
		struct geyser_subresource sub;
		struct geyser_texture *texture;

		if (offers_shape(manager_of(state), &desc)) {
			ok(geyser_texture_create(manager_of(state), &desc, &texture));
			ok(geyser_texture_get_subresource(texture, 0, rows[i].levels - 1, 0, &sub));
			assert_int_equal(sub.width + sub.height + sub.depth, 3);
			geyser_texture_unref(texture);
		}
		desc.mip_levels++;
		refuse(state, &desc, GEYSER_ERROR_INVALID_ARGUMENT, "mip_levels");
		desc.mip_levels = UINT32_MAX;
		refuse(state, &desc, GEYSER_ERROR_INVALID_ARGUMENT, "mip_levels (4294967295)");
	}
}

static void formats_that_are_none(void **state)
{
	static const int numbers[] = {0, -1, GEYSER_FORMAT_COUNT, 256, INT_MAX, INT_MIN};

	for (size_t i = 0; i < COUNT_OF(numbers); i++) {
		struct geyser_texture_desc desc = good;
		char word[32];

		desc.format = (enum geyser_format)numbers[i];
		(void)snprintf(word, sizeof(word), "format (%d)", numbers[i]);
		refuse(state, &desc, GEYSER_ERROR_INVALID_ARGUMENT, word);
	}
}

static void usage_bits_that_are_none(void **state)
{
	for (unsigned bit = 10; bit < 32; bit++) {
		struct geyser_texture_desc desc = good;
		const uint32_t alignment = UINT32_C(1) << bit >> 16;
		char word[48];

		if (alignment && alignment <= GEYSER_ROW_ALIGNMENT_MAX)
			continue;
		desc.usage = DEFAULT_USAGE | UINT32_C(1) << bit;
		if (alignment)
			(void)snprintf(word, sizeof(word), "row alignment (%u bytes)", alignment);
		else
			(void)snprintf(word, sizeof(word), "usage (0x%x)", desc.usage);
		refuse(state, &desc, GEYSER_ERROR_INVALID_ARGUMENT, word);
	}
}

static void references_are_counted(void **state)
{
	struct geyser_texture *texture =
		make_texture(manager_of(state), GEYSER_FORMAT_R8_UNORM, 9, 9);
	struct geyser_memory_info info;

	assert_ptr_equal(geyser_texture_ref(texture), texture);
	assert_ptr_equal(geyser_texture_ref(texture), texture);
	geyser_texture_unref(texture);
	geyser_texture_unref(texture);
	assert_true(fill_texture(texture, 1));
	ok(geyser_manager_memory(manager_of(state), &info));
	assert_true(info.textures.held > 0);
	geyser_texture_unref(texture);
	ok(geyser_manager_memory(manager_of(state), &info));
	assert_int_equal(info.textures.held, 0);
}

static void mappings_nest_and_show_the_same(void **state)
{
	struct geyser_texture *texture =
		make_texture(manager_of(state), GEYSER_FORMAT_R8_UNORM, 8, 8);
	struct geyser_mapping first, second;

	ok(geyser_texture_map(texture, GEYSER_ACCESS_READ_WRITE, &first));
	ok(geyser_texture_map(texture, GEYSER_ACCESS_READ, &second));
	assert_int_equal(first.size, second.size);
	assert_int_equal(first.row_pitch, second.row_pitch);
	((volatile uint8_t *)first.data)[5] = 77;
	assert_int_equal(((volatile uint8_t *)second.data)[5], 77);
	geyser_texture_unmap(texture);
	assert_int_equal(((volatile uint8_t *)first.data)[5], 77);
	geyser_texture_unmap(texture);
	ok(geyser_texture_map(texture, GEYSER_ACCESS_READ, &first));
	assert_int_equal(((volatile uint8_t *)first.data)[5], 77);
	geyser_texture_unmap(texture);
	geyser_texture_unref(texture);
}

static const struct CMUnitTest tests[] = {
	test(defaults_are_filled_in),
	test(texels_are_zero_at_first),
	test(labels_have_at_most_255_bytes),
	test(sizes_that_are_none),
	test(sizes_over_a_maximum),
	test(the_largest_of_each_size),
	test(a_devices_own_limit_is_named),
	test(more_than_there_is_memory),
	test(depth_or_layers_but_not_both),
	test(mip_levels_down_to_one_texel),
	test(formats_that_are_none),
	test(usage_bits_that_are_none),
	test(references_are_counted),
	test(mappings_nest_and_show_the_same),
};

const struct group textures_group = {"textures", tests, COUNT_OF(tests), NULL};
