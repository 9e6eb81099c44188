/* SPDX-License-Identifier: MIT */
/* Textures on IOSurfaces: what Metal and IOSurface report of them, and that the GPU, the CPU and
 * other processes read what one of them has written. */
#import "gpu.h"
#include "surfaces.h"

#define JUNK ((void *)(uintptr_t)0x5a5a)

static IOSurfaceRef surface_of(struct geyser_texture *texture)
{
	void *surface;

	ok(geyser_metal_texture_surface(texture, &surface));
	return surface;
}

static void objects_are_as_described(void **state)
{
	const struct geyser_texture_desc desc = {
		.format = GEYSER_FORMAT_BGRA8_UNORM,
		.width = 61,
		.height = 40,
		.usage = GEYSER_USAGE_TEXTURE_BINDING | GEYSER_USAGE_RENDER_ATTACHMENT,
		.label = "a picture",
	};
	struct geyser_texture *texture;
	IOSurfaceRef surface;
	id<MTLTexture> metal;

	ok(geyser_texture_create(manager_of(state), &desc, &texture));
	metal = metal_of(texture);
	surface = surface_of(texture);
	assert_ptr_equal(metal.iosurface, surface);
	assert_int_equal(metal.iosurfacePlane, 0);
	assert_int_equal(metal.width, 61);
	assert_int_equal(metal.height, 40);
	assert_int_equal(metal.pixelFormat, MTLPixelFormatBGRA8Unorm);
	assert_int_equal(metal.textureType, MTLTextureType2D);
	assert_int_equal(metal.usage, MTLTextureUsageShaderRead | MTLTextureUsageRenderTarget);
	@autoreleasepool {
		assert_string_equal(metal.label.UTF8String, "a picture");
	}
	assert_int_equal(IOSurfaceGetWidth(surface), 61);
	assert_int_equal(IOSurfaceGetHeight(surface), 40);
	assert_int_equal(IOSurfaceGetBytesPerElement(surface), 4);
	assert_int_equal(IOSurfaceGetPixelFormat(surface), 0x42475241);
	geyser_texture_unref(texture);
}

static void usages_are_metal_s(void **state)
{
	const struct {
		uint32_t usage;
		MTLTextureUsage metal;
	} pairs[] = {
		{GEYSER_USAGE_COPY_SRC | GEYSER_USAGE_COPY_DST, MTLTextureUsageUnknown},
		{GEYSER_USAGE_TEXTURE_BINDING, MTLTextureUsageShaderRead},
		{GEYSER_USAGE_STORAGE_BINDING, MTLTextureUsageShaderWrite},
		{GEYSER_USAGE_RENDER_ATTACHMENT, MTLTextureUsageRenderTarget},
	};

	for (size_t i = 0; i < COUNT_OF(pairs); i++) {
		const struct geyser_texture_desc desc = {
			.format = GEYSER_FORMAT_RGBA8_UNORM,
			.width = 4,
			.height = 4,
			.usage = pairs[i].usage,
			.label = "\xff", /* not UTF-8: no label, and no error */
		};
		struct geyser_texture *texture;

		ok(geyser_texture_create(manager_of(state), &desc, &texture));
		assert_int_equal(metal_of(texture).usage, pairs[i].metal);
		assert_null(metal_of(texture).label);
		geyser_texture_unref(texture);
	}
}

static void rows_are_as_metal_wants_them(void **state)
{
	const uint32_t widths[] = {1, 3, 15, 16, 17, 61, 255, 1000};
	struct geyser_mapping mapping;
	struct gpu gpu;

	gpu_open(&gpu, manager_of(state));
	for (size_t i = 0; i < COUNT_OF(widths); i++) {
		struct geyser_texture *texture =
			make_texture(manager_of(state), GEYSER_FORMAT_RG16_FLOAT, widths[i], 3);
		size_t unit = [gpu.device
			minimumLinearTextureAlignmentForPixelFormat:MTLPixelFormatRG16Float];

		ok(geyser_texture_map(texture, GEYSER_ACCESS_READ, &mapping));
		assert_int_equal(mapping.row_pitch, IOSurfaceGetBytesPerRow(surface_of(texture)));
		assert_int_equal(mapping.row_pitch % unit, 0);
		assert_in_range(mapping.row_pitch, widths[i] * 4, widths[i] * 4 + 2 * 256);
		geyser_texture_unmap(texture);
		geyser_texture_unref(texture);
	}
	gpu_close(&gpu);
}

/* The CPU writes and the GPU reads, and the reverse, in every format, at an odd size. */
static void cpu_and_gpu_see_each_other(void **state)
{
	struct gpu gpu;

	gpu_open(&gpu, manager_of(state));
	for (unsigned i = 1; i < GEYSER_FORMAT_COUNT; i++) {
		enum geyser_format format = (enum geyser_format)i;
		struct geyser_texture *texture;

		if (geyser_metal_format_refusal(manager_of(state), format, GEYSER_DIMENSION_2D))
			continue;
		/* a blit begins at a multiple of a texel's size, also in the second plane */
		texture = make_texture(
			manager_of(state), format, geyser_format_is_video(format) ? 62 : 61, 7);
		assert_true(fill_texture(texture, i));
		assert_true(gpu_texture_holds(&gpu, texture, i));
		gpu_fill(&gpu, texture, 100 + i);
		assert_true(texture_holds(texture, 100 + i));
		geyser_texture_unref(texture);
	}
	gpu_close(&gpu);
}

static void expect_texel(struct geyser_texture *texture, const uint8_t wanted[4])
{
	struct geyser_mapping mapping;

	ok(geyser_texture_map(texture, GEYSER_ACCESS_READ, &mapping));
	assert_memory_equal(mapping.data, wanted, 4);
	assert_memory_equal(
		(uint8_t *)mapping.data + 39 * mapping.row_pitch + (size_t)60 * 4, wanted, 4);
	geyser_texture_unmap(texture);
}

static void a_render_pass_clears(void **state)
{
	const struct geyser_texture_desc desc = {
		.format = GEYSER_FORMAT_BGRA8_UNORM,
		.width = 61,
		.height = 40,
		.usage = GEYSER_USAGE_RENDER_ATTACHMENT,
	};
	struct geyser_texture *texture;
	id<MTLCommandBuffer> commands;
	struct gpu gpu;

	gpu_open(&gpu, manager_of(state));
	ok(geyser_texture_create(manager_of(state), &desc, &texture));
	expect_texel(texture, (const uint8_t[4]){0, 0, 0, 0});
	commands = gpu_begin(&gpu);
	gpu_clear(commands, texture, 1, 0.2, 0, 0.6);
	[commands commit];
	gpu_finish(commands);
	expect_texel(texture, (const uint8_t[4]){0, 51, 255, 153});
	geyser_texture_unref(texture);
	gpu_close(&gpu);
}

/* Maps for reading and for writing end in any order, each with the options that it began with. */
static void maps_of_any_access_nest(void **state)
{
	struct geyser_texture *texture =
		make_texture(manager_of(state), GEYSER_FORMAT_RGBA8_UNORM, 8, 8);
	struct geyser_mapping outer, inner, last;
	uint32_t seed;

	ok(geyser_texture_map(texture, GEYSER_ACCESS_READ, &outer));
	ok(geyser_texture_map(texture, GEYSER_ACCESS_WRITE, &inner));
	assert_ptr_equal(outer.data, inner.data);
	((uint8_t *)inner.data)[0] = 7;
	geyser_texture_unmap(texture);
	((uint8_t *)inner.data)[1] = 8; /* the remaining map still allows writing */
	ok(geyser_texture_map(texture, GEYSER_ACCESS_READ_WRITE, &last));
	assert_int_equal(((uint8_t *)last.data)[0], 7);
	assert_int_equal(((uint8_t *)last.data)[1], 8);
	geyser_texture_unmap(texture);
	geyser_texture_unmap(texture);
	seed = IOSurfaceGetSeed(surface_of(texture));
	ok(geyser_texture_map(texture, GEYSER_ACCESS_READ, &outer));
	geyser_texture_unmap(texture);
	assert_int_equal(IOSurfaceGetSeed(surface_of(texture)), seed); /* nothing was written */
	ok(geyser_texture_map(texture, GEYSER_ACCESS_WRITE, &outer));
	geyser_texture_unmap(texture);
	assert_int_not_equal(IOSurfaceGetSeed(surface_of(texture)), seed);
	geyser_texture_unref(texture);
}

static void uses_are_counted(void **state)
{
	struct geyser_texture *texture =
		make_texture(manager_of(state), GEYSER_FORMAT_BGRA8_UNORM, 61, 40);
	const struct geyser_texture_desc *desc = geyser_texture_get_desc(texture);
	IOSurfaceRef surface = surface_of(texture);
	struct geyser_texture *second;

	CFRetain(surface);
	assert_int_equal(IOSurfaceGetUseCount(surface), 1);
	ok(geyser_metal_texture_import_surface(manager_of(state), surface, desc, &second));
	assert_int_equal(IOSurfaceGetUseCount(surface), 2);
	geyser_texture_unref(texture);
	assert_int_equal(IOSurfaceGetUseCount(surface), 1);
	geyser_texture_unref(second);
	assert_int_equal(IOSurfaceGetUseCount(surface), 0);
	assert_false(IOSurfaceIsInUse(surface));
	CFRelease(surface);
}

static void until_not_in_use(IOSurfaceRef surface)
{
	uint64_t end = now_ns() + PATIENCE;

	while (IOSurfaceIsInUse(surface))
		assert_true(now_ns() < end);
}

/* A program that reuses surfaces sees that another process uses a surface, until that process ends
 * or is killed. */
static void uses_of_another_process(void **state)
{
	for (int killed = 0; killed < 2; killed++) {
		struct geyser_texture *texture =
			make_texture(manager_of(state), GEYSER_FORMAT_BGRA8_UNORM, 61, 40);
		struct geyser_handle handle = export_texture(texture);
		IOSurfaceRef surface = surface_of(texture);
		struct peer peer;

		CFRetain(surface);
		start_importer(&peer, "metal", "-");
		assert_true(fill_texture(texture, 3));
		give(&peer, "import-texture", &handle, "ok");
		ask(&peer, "compare 3", "ok");
		geyser_texture_unref(texture);
		assert_int_equal(IOSurfaceGetUseCount(surface), 0);
		assert_true(IOSurfaceIsInUse(surface));
		if (killed)
			kill_peer(&peer);
		else
			end_peer(&peer);
		until_not_in_use(surface);
		CFRelease(surface);
	}
}

static void gpus_of_two_processes(void **state)
{
	struct geyser_texture *texture =
		make_texture(manager_of(state), GEYSER_FORMAT_RGBA16_FLOAT, 61, 40);
	struct geyser_handle handle = export_texture(texture);
	struct peer peer;
	struct gpu gpu;

	gpu_open(&gpu, manager_of(state));
	start_importer(&peer, "metal", "-");
	give(&peer, "import-texture", &handle, "ok");
	ask(&peer, "path", "0");
	gpu_fill(&gpu, texture, 8);
	ask(&peer, "gpu-read 0 0", "ok");
	ask(&peer, "finish-holds 8", "ok");
	ask(&peer, "gpu-fill 0 0 9", "ok");
	ask(&peer, "finish", "waiting");
	expect_line(&peer, "ok");
	assert_true(gpu_texture_holds(&gpu, texture, 9));
	assert_true(texture_holds(texture, 9));
	ask(&peer, "fill 10", "ok");
	assert_true(gpu_texture_holds(&gpu, texture, 10));
	end_peer(&peer);
	geyser_texture_unref(texture);
	gpu_close(&gpu);
}

static void what_a_surface_can_t_be(void **state)
{
	struct geyser_texture_desc desc = {
		.format = GEYSER_FORMAT_BGRA8_UNORM, .width = 16, .height = 16, .mip_levels = 3};
	struct geyser_texture *texture = JUNK;

	refused(GEYSER_ERROR_UNSUPPORTED, "mip_levels (3)",
		geyser_texture_create(manager_of(state), &desc, &texture));
	assert_null(texture);
	desc.mip_levels = 1;
	desc.width = 16385;
	refused(GEYSER_ERROR_LIMIT, "width (16385)",
		geyser_texture_create(manager_of(state), &desc, &texture));
	desc.width = 16;
	desc.height = 20000;
	refused(GEYSER_ERROR_LIMIT, "height (20000)",
		geyser_texture_create(manager_of(state), &desc, &texture));
}

static void outputs_that_are_null(void **state)
{
	struct geyser_texture *texture =
		make_texture(manager_of(state), GEYSER_FORMAT_BGRA8_UNORM, 8, 8);
	const enum geyser_result wanted = GEYSER_ERROR_INVALID_ARGUMENT;
	void *out = JUNK;
	uint32_t id = 5;

	refused(wanted, "out", geyser_metal_texture(texture, NULL));
	refused(wanted, "texture", geyser_metal_texture(NULL, &out));
	assert_null(out);
	refused(wanted, "out", geyser_metal_texture_surface(texture, NULL));
	refused(wanted, "texture", geyser_metal_texture_surface(NULL, &out));
	refused(wanted, "id", geyser_metal_texture_global_id(texture, NULL));
	refused(wanted, "texture", geyser_metal_texture_global_id(NULL, &id));
	assert_int_equal(id, 0);
	refused(wanted, "port", geyser_metal_texture_mach_port(texture, NULL));
	refused(wanted, "texture", geyser_metal_texture_mach_port(NULL, &id));
	refused(wanted, "out", geyser_metal_texture_xpc_object(texture, NULL));
	refused(wanted, "texture", geyser_metal_texture_xpc_object(NULL, &out));
	refused(wanted, "out", geyser_metal_texture_shared_handle(texture, NULL));
	refused(wanted, "texture", geyser_metal_texture_shared_handle(NULL, &out));
	geyser_texture_unref(texture);
}

/* Only Apple's GPUs have textures in shared storage. */
static void storage_is_the_gpu_s(void **state)
{
	const struct geyser_texture_desc desc = {
		.format = GEYSER_FORMAT_BGRA8_UNORM,
		.width = 61,
		.height = 40,
		.usage = GEYSER_USAGE_RENDER_ATTACHMENT | GEYSER_USAGE_HOST_MEMORY,
	};
	struct geyser_texture *surface =
		make_texture(manager_of(state), GEYSER_FORMAT_BGRA8_UNORM, 61, 40);
	struct geyser_texture *host;
	void *metal = JUNK;
	struct gpu gpu;

	gpu_open(&gpu, manager_of(state));
	ok(geyser_texture_create(manager_of(state), &desc, &host));
	assert_true(fill_texture(host, 3));
	if (gpu_is_apple(gpu.device)) {
		assert_int_equal(metal_of(surface).storageMode, MTLStorageModeShared);
		assert_int_equal(metal_of(host).storageMode, MTLStorageModeShared);
		assert_true(gpu_texture_holds(&gpu, host, 3));
	} else {
		assert_int_equal(metal_of(surface).storageMode, MTLStorageModeManaged);
		refused(GEYSER_ERROR_UNSUPPORTED, "only Apple's GPUs",
			geyser_metal_texture(host, &metal));
		assert_null(metal);
	}
	assert_true(texture_holds(host, 3));
	geyser_texture_unref(host);
	geyser_texture_unref(surface);
	gpu_close(&gpu);
}

/* A map brings what the GPU has drawn, and later maps leave what this one writes. */
static void a_map_synchronizes(void **state)
{
	struct geyser_texture *texture =
		make_texture(manager_of(state), GEYSER_FORMAT_BGRA8_UNORM, 61, 40);
	struct geyser_mapping outer, inner;
	struct gpu gpu;
	uint8_t byte;

	gpu_open(&gpu, manager_of(state));
	for (uint32_t i = 1; i <= 5; i++) {
		id<MTLCommandBuffer> commands = gpu_begin(&gpu);

		gpu_draw(commands, texture, i);
		[commands commit];
		gpu_finish(commands);
		assert_true(texture_holds(texture, i));
		ok(geyser_texture_map(texture, GEYSER_ACCESS_WRITE, &outer));
		((uint8_t *)outer.data)[0] ^= 0xff;
		byte = ((uint8_t *)outer.data)[0];
		ok(geyser_texture_map(texture, GEYSER_ACCESS_READ, &inner));
		assert_int_equal(((uint8_t *)inner.data)[0], byte);
		geyser_texture_unmap(texture);
		geyser_texture_unmap(texture);
		assert_false(gpu_texture_holds(&gpu, texture, i)); /* but for that byte */
	}
	geyser_texture_unref(texture);
	gpu_close(&gpu);
}

static void what_can_t_be_synchronized(void **state)
{
	struct geyser_manager *host = make_manager_on(GEYSER_BACKEND_HOST);
	struct geyser_texture *other = make_texture(host, GEYSER_FORMAT_BGRA8_UNORM, 8, 8);
	struct geyser_texture *texture =
		make_texture(manager_of(state), GEYSER_FORMAT_BGRA8_UNORM, 8, 8);
	id<MTLCommandBuffer> commands;
	struct gpu gpu;

	gpu_open(&gpu, manager_of(state));
	commands = gpu_begin(&gpu);
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "mtl_command_buffer",
		geyser_metal_encode_synchronize(NULL, texture));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "texture",
		geyser_metal_encode_synchronize((void *)commands, NULL));
	refused(GEYSER_ERROR_UNSUPPORTED, "texture of the host backend",
		geyser_metal_encode_synchronize((void *)commands, other));
	[commands release];
	geyser_texture_unref(texture);
	geyser_texture_unref(other);
	geyser_manager_destroy(host);
	gpu_close(&gpu);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		manager_test(objects_are_as_described),
		manager_test(usages_are_metal_s),
		manager_test(rows_are_as_metal_wants_them),
		manager_test(cpu_and_gpu_see_each_other),
		manager_test(a_render_pass_clears),
		manager_test(maps_of_any_access_nest),
		manager_test(uses_are_counted),
		manager_test(uses_of_another_process),
		manager_test(gpus_of_two_processes),
		manager_test(what_a_surface_can_t_be),
		manager_test(outputs_that_are_null),
		manager_test(storage_is_the_gpu_s),
		manager_test(a_map_synchronizes),
		manager_test(what_can_t_be_synchronized),
	};

	test_backend = GEYSER_BACKEND_METAL;
	return run_suite(argc, argv, "textures", tests, COUNT_OF(tests));
}
