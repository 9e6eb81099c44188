/* Textures as GL textures, in each format and shape. Each texel is checked in both directions. */
#include "gl.h"

#include <stdio.h>
#include <stdlib.h>

struct pair {
	struct geyser_gl *gl;
	struct geyser_texture *texture;
	struct geyser_gl_texture *imported;
	struct geyser_gl_texture_info info;
};

static bool open_pair(struct pair *pair, struct geyser_manager *manager, struct geyser_gl *for_gl,
	const struct geyser_texture_desc *desc)
{
	enum geyser_result result;

	*pair = (struct pair){.gl = for_gl};
	ok(geyser_texture_create(manager, desc, &pair->texture));
	result = geyser_gl_texture_import(for_gl, pair->texture, &pair->imported);
	if (result == GEYSER_ERROR_UNSUPPORTED) {
		print_message("# %s\n", geyser_error_detail());
		assert_null(pair->imported);
		geyser_texture_unref(pair->texture);
		return false;
	}
	ok(result);
	ok(geyser_gl_texture_get_info(pair->imported, &pair->info));
	no_gl_error("import");
	return true;
}

static void close_pair(struct pair *pair)
{
	geyser_gl_texture_destroy(pair->imported);
	geyser_texture_unref(pair->texture);
	no_gl_error("close_pair");
}

static bool offers(
	struct geyser_manager *manager, const struct geyser_texture_desc *desc, uint32_t usage)
{
	uint32_t offered;

	ok(geyser_manager_format_usage(manager, desc->format, GEYSER_DIMENSION_2D, &offered));
	return (offered & usage) == usage;
}

/* Checks that GL reads the pattern. If GL can't read such a texture, prints that. */
static void expect_holds(const struct pair *pair, uint32_t seed)
{
	const int holds = gl_holds(pair->texture, &pair->info, seed);

	if (holds == 0)
		fail_msg("%s: other texels in GL (path %d, %s)",
			geyser_format_name(geyser_texture_get_desc(pair->texture)->format),
			(int)pair->info.path, pair->info.reason);
	if (holds < 0)
		print_message("# %s: not read by GL here\n",
			geyser_format_name(geyser_texture_get_desc(pair->texture)->format));
}

/* Releases the texture after GL has written. If GL can't read a copied texture back, the release
 * must be refused. Returns whether the texels have been written. */
static bool written(const struct pair *pair)
{
	const enum geyser_result result =
		geyser_gl_texture_release(pair->imported, GEYSER_ACCESS_WRITE);

	if (result == GEYSER_ERROR_UNSUPPORTED && pair->info.path == GEYSER_PATH_COPY) {
		print_message("# %s\n", geyser_error_detail());
		return false;
	}
	ok(result);
	return true;
}

static void expect_both_ways(struct pair *pair)
{
	assert_true(fill_texture(pair->texture, 1));
	ok(geyser_gl_texture_acquire(pair->imported, GEYSER_ACCESS_READ));
	expect_holds(pair, 1);
	ok(geyser_gl_texture_release(pair->imported, GEYSER_ACCESS_READ));
	ok(geyser_gl_texture_acquire(pair->imported, GEYSER_ACCESS_WRITE));
	gl_fill(pair->texture, &pair->info, 2);
	if (written(pair)) {
		gl.Finish();
		assert_true(texture_holds(pair->texture, 2));
	}
}

#define COLOR (GEYSER_USAGE_COPY_SRC | GEYSER_USAGE_COPY_DST | GEYSER_USAGE_TEXTURE_BINDING)

static unsigned run_formats(
	struct geyser_manager *manager, uint32_t usage, void (*expect)(struct pair *pair))
{
	struct geyser_gl *const for_gl = make_gl();
	unsigned count = 0, shared = 0;
	struct pair pair;

	for (enum geyser_format i = 1; i < GEYSER_FORMAT_COUNT; i++) {
		const struct geyser_texture_desc desc = {
			.format = i, .width = 37, .height = 21, .usage = usage};

		if (geyser_format_get_info(i)->depth || geyser_format_is_video(i) ||
			!offers(manager, &desc, usage) || !open_pair(&pair, manager, for_gl, &desc))
			continue;
		expect(&pair);
		close_pair(&pair);
		count++;
		shared += pair.info.path == GEYSER_PATH_ZERO_COPY;
	}
	print_message("# %u formats, %u zero-copy\n", count, shared);
	geyser_gl_destroy(for_gl);
	return count;
}

/* ---- Vulkan's ---- */

static void expect_zero_copy(struct pair *pair)
{
	assert_int_equal(pair->info.path, GEYSER_PATH_ZERO_COPY);
	assert_string_equal(pair->info.reason, "");
	expect_both_ways(pair);
}

static void every_format_of_vulkan(void **state)
{
	assert_in_range(
		run_formats(manager_of(state), COLOR, expect_zero_copy), 24, GEYSER_FORMAT_COUNT);
}

/* The GPU reads and writes, without maps. */
static void what_vulkan_draws_gl_reads(void **state)
{
	const struct geyser_texture_desc desc = {
		.format = GEYSER_FORMAT_RGBA8_UNORM, .width = 129, .height = 65, .usage = COLOR};
	struct geyser_gl *const for_gl = make_gl();
	struct pair pair;
	struct gpu gpu;

	gpu_open(&gpu, manager_of(state));
	assert_true(open_pair(&pair, manager_of(state), for_gl, &desc));
	for (uint32_t seed = 3; seed < 6; seed++) {
		gpu_fill_now(&gpu, pair.texture, seed);
		ok(geyser_gl_texture_acquire(pair.imported, GEYSER_ACCESS_READ_WRITE));
		assert_int_equal(gl_holds(pair.texture, &pair.info, seed), 1);
		gl_fill(pair.texture, &pair.info, seed + 100);
		ok(geyser_gl_texture_release(pair.imported, GEYSER_ACCESS_READ_WRITE));
		gl.Finish();
		assert_true(gpu_holds_now(&gpu, pair.texture, seed + 100));
	}
	close_pair(&pair);
	gpu_close(&gpu);
	geyser_gl_destroy(for_gl);
}

/* A linear texture is shared if this GL has Vulkan's linear layout, and else copied. The texels are
 * right in both cases. */
static void rows_of_vulkan(void **state)
{
	const uint32_t usage = COLOR | GEYSER_USAGE_LINEAR;

	assert_in_range(
		run_formats(manager_of(state), usage, expect_both_ways), 20, GEYSER_FORMAT_COUNT);
}

/* ---- host memory ---- */

static void expect_reason(struct pair *pair)
{
	assert_true(pair->info.path == GEYSER_PATH_ZERO_COPY || *pair->info.reason);
	expect_both_ways(pair);
}

static void every_format_of_the_host(void **state)
{
	struct geyser_manager *const host = make_manager_on(GEYSER_BACKEND_HOST);

	(void)state;
	assert_in_range(run_formats(host, COLOR, expect_reason), 24, GEYSER_FORMAT_COUNT);
	geyser_manager_destroy(host);
}

static void vulkan_in_host_memory(void **state)
{
	const uint32_t usage = COLOR | GEYSER_USAGE_HOST_MEMORY;

	if (!info_of(manager_of(state)).host_memory)
		skip();
	assert_in_range(
		run_formats(manager_of(state), usage, expect_reason), 20, GEYSER_FORMAT_COUNT);
}

/* ---- depth ---- */

/* Makes a texel with depth in the low 24 bits or as a float, and stencil in the high 8 bits. */
static uint32_t depth_texel(enum geyser_format format, uint32_t i)
{
	const uint32_t hash = (i + 7) * 2654435761u;

	if (format == GEYSER_FORMAT_DEPTH32_FLOAT)
		return 0x3f000000u | hash >> 9;
	return format == GEYSER_FORMAT_DEPTH24_PLUS ? hash >> 8 : hash;
}

/* GL gets depth texels of host memory, and a write access brings them back. Only OpenGL reads
 * depth. */
static void expect_depth(
	struct geyser_gl *for_gl, struct geyser_manager *host, enum geyser_format format)
{
	const struct geyser_texture_desc desc = {.format = format, .width = 19, .height = 11};
	struct geyser_mapping mapping;
	struct pair pair;
	uint32_t *texels;

	assert_true(open_pair(&pair, host, for_gl, &desc));
	ok(geyser_texture_map(pair.texture, GEYSER_ACCESS_READ_WRITE, &mapping));
	texels = mapping.data;
	for (uint32_t i = 0; i < 19 * 11; i++)
		texels[i] = depth_texel(format, i);
	ok(geyser_gl_texture_acquire(pair.imported, GEYSER_ACCESS_READ_WRITE));
	memset(texels, 0, sizeof(*texels) * 19 * 11);
	if (written(&pair))
		for (uint32_t i = 0; i < 19 * 11; i++)
			assert_int_equal(texels[i], depth_texel(format, i));
	geyser_texture_unmap(pair.texture);
	close_pair(&pair);
}

static void depth_of_the_host(void **state)
{
	struct geyser_manager *const host = make_manager_on(GEYSER_BACKEND_HOST);
	struct geyser_gl *const for_gl = make_gl();

	(void)state;
	for (enum geyser_format i = 1; i < GEYSER_FORMAT_COUNT; i++)
		if (geyser_format_get_info(i)->depth)
			expect_depth(for_gl, host, i);
	geyser_gl_destroy(for_gl);
	geyser_manager_destroy(host);
}

/* Compares depth. GL returns it in the high bits of 32, or as a float. */
static bool same_depth(enum geyser_format format, uint32_t in_gl, uint32_t texel)
{
	if (format == GEYSER_FORMAT_DEPTH32_FLOAT)
		return in_gl == texel;
	if (format == GEYSER_FORMAT_DEPTH24_PLUS)
		return in_gl >> 8 == (texel & 0xffffff);
	return in_gl == (texel << 8 | texel >> 24);
}

static void expect_vulkans_depth(
	struct geyser_gl *for_gl, struct geyser_manager *manager, enum geyser_format format)
{
	const struct geyser_texture_desc desc = {.format = format, .width = 19, .height = 11};
	struct gl_slice slice = {.format = format, .width = 19, .height = 11};
	uint32_t found[19 * 11], *texels;
	struct geyser_mapping mapping;
	struct pair pair;

	if (!offers(manager, &desc, GEYSER_USAGE_COPY_DST) ||
		!open_pair(&pair, manager, for_gl, &desc))
		return;
	ok(geyser_texture_map(pair.texture, GEYSER_ACCESS_WRITE, &mapping));
	texels = mapping.data;
	for (uint32_t i = 0; i < COUNT_OF(found); i++)
		texels[i] = depth_texel(format, i);
	geyser_texture_unmap(pair.texture);
	ok(geyser_gl_texture_acquire(pair.imported, GEYSER_ACCESS_READ));
	slice.info = pair.info;
	if (!gl_read(&slice, found))
		print_message("# %s: not read by GL here\n", geyser_format_name(format));
	else
		for (uint32_t i = 0; i < COUNT_OF(found); i++)
			assert_true(same_depth(format, found[i], depth_texel(format, i)));
	ok(geyser_gl_texture_release(pair.imported, GEYSER_ACCESS_READ));
	print_message("# %s, path %d\n", geyser_format_name(format), (int)pair.info.path);
	close_pair(&pair);
}

static void depth_of_vulkan(void **state)
{
	struct geyser_gl *const for_gl = make_gl();

	for (enum geyser_format i = 1; i < GEYSER_FORMAT_COUNT; i++)
		if (geyser_format_get_info(i)->depth)
			expect_vulkans_depth(for_gl, manager_of(state), i);
	geyser_gl_destroy(for_gl);
}

/* ---- shapes ---- */

static const struct geyser_texture_desc shapes[] = {
	{GEYSER_FORMAT_RGBA8_UNORM, .width = 64, .height = 64, .mip_levels = 7},
	{GEYSER_FORMAT_RGBA8_UNORM, .width = 37, .height = 5, .mip_levels = 6},
	{GEYSER_FORMAT_RGBA8_UNORM, .width = 31, .height = 17, .layers = 5},
	{GEYSER_FORMAT_R8_UNORM, .width = 40, .height = 24, .layers = 3, .mip_levels = 4},
	{GEYSER_FORMAT_RGBA8_UNORM, .width = 9, .height = 10, .depth = 11},
	{GEYSER_FORMAT_RGBA8_UNORM, .width = 16, .height = 8, .depth = 4, .mip_levels = 5},
	{GEYSER_FORMAT_RGBA32_UINT, .width = 1, .height = 1},
	{GEYSER_FORMAT_R8_UNORM, .width = 4096, .height = 1},
	{GEYSER_FORMAT_R8_UNORM, .width = 1, .height = 4096},
};

static GLenum wanted_target(const struct geyser_texture_desc *desc)
{
	return desc->depth > 1    ? GL_TEXTURE_3D
	       : desc->layers > 1 ? GL_TEXTURE_2D_ARRAY
				  : GL_TEXTURE_2D;
}

static void run_shapes(struct geyser_manager *manager, void (*expect)(struct pair *pair))
{
	struct geyser_gl *const for_gl = make_gl();
	struct pair pair;

	for (size_t i = 0; i < COUNT_OF(shapes); i++) {
		if (!offers_shape(manager, &shapes[i]))
			continue;
		assert_true(open_pair(&pair, manager, for_gl, &shapes[i]));
		assert_int_equal(pair.info.target, wanted_target(&shapes[i]));
		expect(&pair);
		close_pair(&pair);
	}
	geyser_gl_destroy(for_gl);
}

static void levels_layers_and_depth(void **state)
{
	struct geyser_manager *const host = make_manager_on(GEYSER_BACKEND_HOST);

	run_shapes(manager_of(state), expect_zero_copy);
	run_shapes(host, expect_reason);
	geyser_manager_destroy(host);
}

/* ---- channels ---- */

/* A shader samples the same values for each order of bytes and each path. */
static void expect_sampled(
	struct geyser_gl *for_gl, struct geyser_manager *manager, enum geyser_format format)
{
	const bool blue_first = geyser_format_get_info(format)->gl.format == GL_BGRA;
	const struct geyser_texture_desc desc = {.format = format, .width = 13, .height = 7};
	uint8_t seen[13 * 7 * 4];
	struct pair pair;

	assert_true(open_pair(&pair, manager, for_gl, &desc));
	assert_true(fill_texture(pair.texture, 9));
	ok(geyser_gl_texture_acquire(pair.imported, GEYSER_ACCESS_READ));
	gl_sample(pair.info.name, 13, 7, seen);
	ok(geyser_gl_texture_release(pair.imported, GEYSER_ACCESS_READ));
	for (unsigned i = 0; i < sizeof(seen); i++) {
		const unsigned channel = i % 4;
		const unsigned from = blue_first && channel != 3 ? i - channel + (2 - channel) : i;

		assert_int_equal(seen[i], pattern_byte(9, from));
	}
	print_message("# %s, path %d: %s\n", geyser_format_name(format), (int)pair.info.path,
		pair.info.swapped ? "swapped" : "as it is");
	close_pair(&pair);
}

static void channels_are_where_they_belong(void **state)
{
	struct geyser_manager *const host = make_manager_on(GEYSER_BACKEND_HOST);
	struct geyser_gl *const for_gl = make_gl();

	expect_sampled(for_gl, manager_of(state), GEYSER_FORMAT_RGBA8_UNORM);
	expect_sampled(for_gl, manager_of(state), GEYSER_FORMAT_BGRA8_UNORM);
	expect_sampled(for_gl, host, GEYSER_FORMAT_RGBA8_UNORM);
	expect_sampled(for_gl, host, GEYSER_FORMAT_BGRA8_UNORM);
	geyser_gl_destroy(for_gl);
	geyser_manager_destroy(host);
}

/* ---- rows ---- */

/* Row 0 of GL is the first row of the texture. */
static void drawn_rows(struct geyser_manager *manager)
{
	const struct geyser_texture_desc desc = {.format = GEYSER_FORMAT_RGBA8_UNORM,
		.width = 32,
		.height = 16,
		.usage = COLOR | GEYSER_USAGE_RENDER_ATTACHMENT};
	struct geyser_gl *const for_gl = make_gl();
	struct geyser_mapping mapping;
	GLuint framebuffer;
	struct pair pair;

	assert_true(open_pair(&pair, manager, for_gl, &desc));
	ok(geyser_gl_texture_acquire(pair.imported, GEYSER_ACCESS_WRITE));
	gl.GenFramebuffers(1, &framebuffer);
	gl.BindFramebuffer(GL_FRAMEBUFFER, framebuffer);
	gl.FramebufferTexture2D(
		GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_TEXTURE_2D, pair.info.name, 0);
	assert_int_equal(gl.CheckFramebufferStatus(GL_FRAMEBUFFER), GL_FRAMEBUFFER_COMPLETE);
	gl.Enable(GL_SCISSOR_TEST);
	for (GLint y = 0; y < 16; y++) {
		gl.Scissor(0, y, 32, 1);
		gl.ClearColor((float)y / 255.0f, 1, 0, 1);
		gl.Clear(GL_COLOR_BUFFER_BIT);
	}
	gl.Disable(GL_SCISSOR_TEST);
	gl.BindFramebuffer(GL_FRAMEBUFFER, 0);
	gl.DeleteFramebuffers(1, &framebuffer);
	ok(geyser_gl_texture_release(pair.imported, GEYSER_ACCESS_WRITE));
	gl.Finish();
	ok(geyser_texture_map(pair.texture, GEYSER_ACCESS_READ, &mapping));
	for (uint32_t i = 0; i < 16 * 32; i++) {
		const uint8_t wanted[4] = {(uint8_t)(i / 32), 255, 0, 255};
		const uint8_t *row = (uint8_t *)mapping.data + i / 32 * mapping.row_pitch;

		assert_memory_equal(row + (size_t)(i % 32) * 4, wanted, 4);
	}
	geyser_texture_unmap(pair.texture);
	close_pair(&pair);
	geyser_gl_destroy(for_gl);
}

static void the_first_row_is_gls_row_0(void **state)
{
	struct geyser_manager *const host = make_manager_on(GEYSER_BACKEND_HOST);

	drawn_rows(manager_of(state));
	drawn_rows(host);
	geyser_manager_destroy(host);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		drawn_test(every_format_of_vulkan),
		drawn_test(what_vulkan_draws_gl_reads),
		drawn_test(rows_of_vulkan),
		drawn_test(every_format_of_the_host),
		drawn_test(vulkan_in_host_memory),
		drawn_test(depth_of_the_host),
		drawn_test(depth_of_vulkan),
		drawn_test(levels_layers_and_depth),
		drawn_test(channels_are_where_they_belong),
		drawn_test(the_first_row_is_gls_row_0),
	};

	return RUN_GL_SUITE("opengl imports", tests, argc > 1 ? argv[1] : "gl");
}
