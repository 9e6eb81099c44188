/* SPDX-License-Identifier: MIT */
/* Textures in private storage, and textures in host memory. */
#import "gpu.h"

#include <stdlib.h>
#include <unistd.h>

#define JUNK ((void *)(uintptr_t)0x5a5a)

/* ---- private storage ---- */

static const struct geyser_texture_desc shapes[] = {
	{.format = GEYSER_FORMAT_RGBA8_UNORM, .width = 61, .height = 40},
	{.format = GEYSER_FORMAT_RGBA16_FLOAT, .width = 17, .height = 9, .layers = 5},
	{.format = GEYSER_FORMAT_R32_FLOAT, .width = 17, .height = 9, .depth = 6},
	{.format = GEYSER_FORMAT_BGRA8_UNORM, .width = 61, .height = 40, .mip_levels = 6},
	{.format = GEYSER_FORMAT_RG8_UNORM, .width = 33, .height = 8, .layers = 3, .mip_levels = 4},
	{.format = GEYSER_FORMAT_R32_UINT, .width = 9, .height = 8, .depth = 7, .mip_levels = 4},
	{.format = GEYSER_FORMAT_DEPTH32_FLOAT, .width = 16, .height = 16},
};

static struct geyser_texture *make_private(void **state, const struct geyser_texture_desc *desc)
{
	struct geyser_texture *texture;

	ok(geyser_metal_texture_create_private(manager_of(state), desc, &texture));
	return texture;
}

static void *handle_of_texture(struct geyser_texture *texture)
{
	void *handle;

	ok(geyser_metal_texture_shared_handle(texture, &handle));
	return handle;
}

static void any_shape_is_shared_by_its_handle(void **state)
{
	struct geyser_manager *other = make_manager();
	struct gpu gpu, reader;

	gpu_open(&gpu, manager_of(state));
	gpu_open(&reader, other);
	for (uint32_t i = 0; i < COUNT_OF(shapes); i++) {
		struct geyser_texture *texture = make_private(state, &shapes[i]), *opened;
		void *handle = handle_of_texture(texture);

		assert_int_equal(metal_of(texture).storageMode, MTLStorageModePrivate);
		gpu_fill(&gpu, texture, i);
		ok(geyser_metal_texture_import_shared_handle(other, handle, &shapes[i], &opened));
		[(id)handle release];
		geyser_texture_unref(texture);
		assert_true(gpu_texture_holds(&reader, opened, i));
		geyser_texture_unref(opened);
	}
	gpu_close(&reader);
	gpu_close(&gpu);
	geyser_manager_destroy(other);
}

static void it_crosses_by_its_handle_alone(void **state)
{
	struct geyser_texture *texture = make_private(state, &shapes[3]);
	const enum geyser_result wanted = GEYSER_ERROR_UNSUPPORTED;
	const char *word = "geyser_metal_texture_shared_handle";
	struct geyser_native_texture native;
	struct geyser_mapping mapping;
	struct geyser_handle handle;
	void *out = JUNK;
	uint32_t number;

	refused(wanted, word, geyser_texture_export(texture, &handle));
	refused(wanted, word, geyser_texture_map(texture, GEYSER_ACCESS_READ, &mapping));
	refused(wanted, word, geyser_texture_export_native(texture, &native));
	assert_int_equal(native.fd, -1);
	word = "private storage, on no IOSurface";
	refused(wanted, word, geyser_metal_texture_surface(texture, &out));
	assert_null(out);
	refused(wanted, word, geyser_metal_texture_global_id(texture, &number));
	refused(wanted, word, geyser_metal_texture_mach_port(texture, &number));
	refused(wanted, word, geyser_metal_texture_xpc_object(texture, &out));
	geyser_texture_unref(texture);
}

static void descriptors_that_private_storage_can_t_have(void **state)
{
	struct geyser_texture_desc desc = shapes[0];
	struct geyser_manager *manager = manager_of(state);
	struct geyser_texture *texture = JUNK;

	desc.usage = GEYSER_USAGE_COPY_SRC | GEYSER_USAGE_HOST_MEMORY;
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "none of HOST_MEMORY",
		geyser_metal_texture_create_private(manager, &desc, &texture));
	assert_null(texture);
	desc.usage = GEYSER_USAGE_GLOBAL_ID;
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "usage (0x",
		geyser_metal_texture_create_private(manager, &desc, &texture));
	desc.usage = 0;
	desc.height = 16385;
	refused(GEYSER_ERROR_LIMIT, "height (16385)",
		geyser_metal_texture_create_private(manager, &desc, &texture));
	desc.height = 0;
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "height",
		geyser_metal_texture_create_private(manager, &desc, &texture));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "desc",
		geyser_metal_texture_create_private(manager, NULL, &texture));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "out",
		geyser_metal_texture_create_private(manager, &shapes[0], NULL));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "manager",
		geyser_metal_texture_create_private(NULL, &shapes[0], &texture));
	desc = shapes[2];
	desc.width = 2049;
	refused(GEYSER_ERROR_LIMIT, "width (2049)",
		geyser_metal_texture_create_private(manager, &desc, &texture));
}

static void handles_that_don_t_fit(void **state)
{
	struct geyser_texture *texture = make_private(state, &shapes[4]), *opened = JUNK;
	struct geyser_manager *manager = manager_of(state);
	void *handle = handle_of_texture(texture);

	for (size_t i = 0; i < COUNT_OF(shapes); i++) {
		if (i == 4)
			continue;
		refused(GEYSER_ERROR_MISMATCH, "33 × 8 × 1 texels, 3 layers and 4 mip levels",
			geyser_metal_texture_import_shared_handle(
				manager, handle, &shapes[i], &opened));
		assert_null(opened);
	}
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "out",
		geyser_metal_texture_import_shared_handle(manager, handle, &shapes[4], NULL));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "manager",
		geyser_metal_texture_import_shared_handle(NULL, handle, &shapes[4], &opened));
	[(id)handle release];
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "mtl_shared_texture_handle",
		geyser_metal_texture_import_shared_handle(manager, NULL, &shapes[4], &opened));
	geyser_texture_unref(texture);
}

static void surfaces_have_no_such_handle(void **state)
{
	struct geyser_texture *texture =
		make_texture(manager_of(state), GEYSER_FORMAT_BGRA8_UNORM, 8, 8);
	void *handle = JUNK;

	refused(GEYSER_ERROR_UNSUPPORTED, "make it with geyser_metal_texture_create_private",
		geyser_metal_texture_shared_handle(texture, &handle));
	assert_null(handle);
	geyser_texture_unref(texture);
}

/* ---- host memory ---- */

static struct geyser_texture *make_in_memory(
	struct geyser_manager *manager, enum geyser_format format, uint32_t width)
{
	const struct geyser_texture_desc desc = {
		.format = format,
		.width = width,
		.height = 40,
		.usage = GEYSER_USAGE_COPY_SRC | GEYSER_USAGE_COPY_DST | GEYSER_USAGE_HOST_MEMORY,
	};
	struct geyser_texture *texture;

	ok(geyser_texture_create(manager, &desc, &texture));
	return texture;
}

/* The GPU writes and a process without a GPU reads, and the reverse. For a GPU that can't, the CPU
 * writes. */
static void host_memory_is_shared_with_the_host_backend(void **state)
{
	struct geyser_texture *texture =
		make_in_memory(manager_of(state), GEYSER_FORMAT_RGBA8_UNORM, 61);
	struct geyser_handle handle = export_texture(texture);
	struct peer peer;
	struct gpu gpu;
	void *surface = JUNK;

	gpu_open(&gpu, manager_of(state));
	refused(GEYSER_ERROR_UNSUPPORTED, "host memory, on no IOSurface",
		geyser_metal_texture_surface(texture, &surface));
	start_importer(&peer, "host", "-");
	give(&peer, "import-texture", &handle, "ok");
	if (gpu_is_apple(gpu.device)) {
		assert_non_null(metal_of(texture).buffer);
		assert_null(metal_of(texture).iosurface);
		gpu_fill(&gpu, texture, 5);
	} else {
		assert_true(fill_texture(texture, 5));
	}
	ask(&peer, "compare 5", "ok");
	ask(&peer, "fill 6", "ok");
	assert_true(texture_holds(texture, 6));
	if (gpu_is_apple(gpu.device))
		assert_true(gpu_texture_holds(&gpu, texture, 6));
	end_peer(&peer);
	geyser_texture_unref(texture);
	gpu_close(&gpu);
}

/* Textures of the host backend have rows without padding. */
static void rows_that_metal_can_and_can_t_read(void **state)
{
	const struct {
		uint32_t width;
		bool readable;
	} cases[] = {{64, true}, {61, false}};
	struct geyser_manager *host = make_manager_on(GEYSER_BACKEND_HOST);
	struct gpu gpu;

	gpu_open(&gpu, manager_of(state));
	for (uint32_t i = 0; i < COUNT_OF(cases); i++) {
		struct geyser_texture *texture =
			make_texture(host, GEYSER_FORMAT_R8_UNORM, cases[i].width, 40);
		struct geyser_handle handle = export_texture(texture);
		struct geyser_texture *imported = import_texture(manager_of(state), &handle);
		struct geyser_mapping mapping;
		void *metal = JUNK;

		assert_true(fill_texture(texture, i));
		assert_true(texture_holds(imported, i));
		ok(geyser_texture_map(imported, GEYSER_ACCESS_READ, &mapping));
		geyser_texture_unmap(imported);
		if (!gpu_is_apple(gpu.device)) {
			refused(GEYSER_ERROR_UNSUPPORTED, "only Apple's GPUs",
				geyser_metal_texture(imported, &metal));
			assert_null(metal);
		} else if (mapping.row_pitch % 16 == 0) {
			assert_true(gpu_texture_holds(&gpu, imported, i));
		} else {
			assert_false(cases[i].readable);
			refused(GEYSER_ERROR_UNSUPPORTED, "a multiple of 16",
				geyser_metal_texture(imported, &metal));
			assert_null(metal);
		}
		geyser_texture_unref(imported);
		geyser_texture_unref(texture);
	}
	gpu_close(&gpu);
	geyser_manager_destroy(host);
}

static void host_memory_with_mip_levels(void **state)
{
	const struct geyser_texture_desc desc = {
		.format = GEYSER_FORMAT_RGBA8_UNORM, .width = 64, .height = 16, .mip_levels = 3};
	struct geyser_manager *host = make_manager_on(GEYSER_BACKEND_HOST);
	struct geyser_texture *texture, *imported;
	struct geyser_handle handle;
	void *metal = JUNK;

	ok(geyser_texture_create(host, &desc, &texture));
	handle = export_texture(texture);
	if (geyser_texture_import(manager_of(state), &handle, NULL, &imported) == GEYSER_OK) {
		refused(GEYSER_ERROR_UNSUPPORTED, "of one mip level",
			geyser_metal_texture(imported, &metal));
		geyser_texture_unref(imported);
	} else {
		assert_non_null(strstr(geyser_error_detail(), "mip"));
	}
	geyser_texture_unref(texture);
	geyser_manager_destroy(host);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		manager_test(any_shape_is_shared_by_its_handle),
		manager_test(it_crosses_by_its_handle_alone),
		manager_test(descriptors_that_private_storage_can_t_have),
		manager_test(handles_that_don_t_fit),
		manager_test(surfaces_have_no_such_handle),
		manager_test(host_memory_is_shared_with_the_host_backend),
		manager_test(rows_that_metal_can_and_can_t_read),
		manager_test(host_memory_with_mip_levels),
	};

	test_backend = GEYSER_BACKEND_METAL;
	return run_suite(argc, argv, "private", tests, COUNT_OF(tests));
}
