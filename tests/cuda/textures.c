/* Textures as CUDA memory, in one process: CUDA reads what the CPU has written, and the reverse. */
#include "cu.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define COPIES (GEYSER_USAGE_COPY_SRC | GEYSER_USAGE_COPY_DST)

static struct geyser_texture *create(
	void **state, enum geyser_format format, uint32_t width, uint32_t height, uint32_t usage)
{
	const struct geyser_texture_desc desc = {
		.format = format, .width = width, .height = height, .usage = usage};
	struct geyser_texture *texture;

	ok(geyser_texture_create(((struct fixture *)*state)->manager, &desc, &texture));
	return texture;
}

/* Checks that CUDA reads what the CPU has written, and the reverse. CUDA's memory has rows of that
 * pitch. */
static void expect_both_ways(struct geyser_texture *texture, size_t pitch)
{
	const struct geyser_texture_desc *desc = geyser_texture_get_desc(texture);
	const size_t rows = (size_t)desc->height * desc->depth * desc->layers;
	struct cu_memory memory = cu_allocate(pitch * rows);

	cu_fill_texture(texture, 8);
	ok(geyser_cuda_texture_copy_to(texture, memory.pointer, pitch, cu_stream()));
	cuda(cu.StreamSynchronize(cu_stream()));
	assert_true(cu_holds(&memory, desc, pitch, 8));
	cu_write(&memory, desc, pitch, 10);
	ok(geyser_cuda_texture_copy_from(texture, memory.pointer, pitch, cu_stream()));
	cuda(cu.StreamSynchronize(cu_stream()));
	assert_true(cu_texture_holds(texture, 10));
	cu_free(&memory);
}

/* ---- host memory ---- */

static void host_memory_is_pinned(void **state)
{
	struct geyser_texture *texture = create(state, GEYSER_FORMAT_RGBA8_UNORM, 333, 77, 0);
	struct geyser_cuda_texture seen, again;

	cu_enter();
	assert_true(fill_texture(texture, 3));
	ok(geyser_cuda_texture(texture, &seen));
	assert_true(seen.host && seen.writable);
	assert_null(seen.array);
	assert_int_equal(seen.path, GEYSER_PATH_ZERO_COPY);
	assert_int_equal(seen.row_pitch, 333 * 4);
	assert_true(pointer_holds(&seen, geyser_texture_get_desc(texture), 3));
	assert_true(
		fill_texture(texture, 4)); /* CUDA sees this at once, as it uses the same memory */
	assert_true(pointer_holds(&seen, geyser_texture_get_desc(texture), 4));
	ok(geyser_cuda_texture(texture, &again));
	assert_memory_equal(&seen, &again, sizeof(seen));
	expect_both_ways(texture, 333 * 4);
	expect_both_ways(texture, 2048);
	cu_leave();
	geyser_texture_unref(texture);
}

/* An importer has a mapping of its own of the same memory. */
static void imported_host_memory_too(void **state)
{
	struct geyser_texture *texture = create(state, GEYSER_FORMAT_R16_FLOAT, 64, 32, 0);
	const struct geyser_handle handle = export_texture(texture);
	struct geyser_texture *imported =
		import_texture(((struct fixture *)*state)->manager, &handle);
	struct geyser_cuda_texture mine, theirs;

	cu_enter();
	ok(geyser_cuda_texture(texture, &mine));
	ok(geyser_cuda_texture(imported, &theirs));
	assert_true(mine.pointer != theirs.pointer);
	cuda(cu.MemsetD32Async(mine.pointer, 0x11223344, 64 * 32 / 2, cu_stream()));
	cuda(cu.StreamSynchronize(cu_stream()));
	for (size_t i = 0; i < 64 * 32 / 2; i += 100) {
		uint32_t word;

		cuda(cu.MemcpyDtoH(&word, theirs.pointer + 4 * i, 4));
		assert_int_equal(word, 0x11223344);
	}
	cu_leave();
	geyser_texture_unref(texture);
	geyser_texture_unref(imported);
}

#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x0010
#endif

/* Imports a texture of a memfd that may only be read. */
static struct geyser_texture *import_read_only(struct geyser_manager *manager, uint8_t byte)
{
	const struct geyser_texture_desc desc = {
		.format = GEYSER_FORMAT_R8_UNORM, .width = 64, .height = 64};
	struct geyser_native_texture native = {
		.type = GEYSER_NATIVE_MEMFD,
		.fd = memfd_create("read-only", MFD_CLOEXEC | MFD_ALLOW_SEALING),
		.size = 4096,
		.plane_count = 1,
		.planes[0].row_pitch = 64,
	};
	struct geyser_texture *texture;
	uint8_t data[4096];

	memset(data, byte, sizeof(data));
	assert_int_equal(write(native.fd, data, sizeof(data)), sizeof(data));
	assert_int_equal(fcntl(native.fd, F_ADD_SEALS,
				 F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE | F_SEAL_SEAL),
		0);
	ok(geyser_texture_import_native(manager, &native, &desc, &texture));
	(void)close(native.fd);
	return texture;
}

/* The memory is pinned if the device can read pages that it can't write, else it is copied. */
static void read_only_memory_is_only_read(void **state)
{
	struct geyser_texture *texture =
		import_read_only(((struct fixture *)*state)->manager, 0x5a);
	struct geyser_cuda_texture seen;
	struct cu_memory memory;
	uint8_t data[4096];

	cu_enter();
	memory = cu_allocate(sizeof(data));
	ok(geyser_cuda_texture(texture, &seen));
	assert_true(seen.host);
	assert_false(seen.writable);
	print_message("# read-only: %s\n", seen.pointer ? "pinned" : "copied");
	assert_int_equal(seen.path, seen.pointer ? GEYSER_PATH_ZERO_COPY : GEYSER_PATH_COPY);
	ok(geyser_cuda_texture_copy_to(texture, memory.pointer, 0, cu_stream()));
	cuda(cu.StreamSynchronize(cu_stream()));
	cuda(cu.MemcpyDtoH(data, memory.pointer, sizeof(data)));
	for (size_t i = 0; i < sizeof(data); i++)
		assert_int_equal(data[i], 0x5a);
	refused(GEYSER_ERROR_PERMISSION, "reading only",
		geyser_cuda_texture_copy_from(texture, memory.pointer, 0, cu_stream()));
	cu_free(&memory);
	cu_leave();
	geyser_texture_unref(texture);
}

/* Copies to and from host memory that the driver doesn't know. */
static void copies_to_memory_of_the_hosts(void **state)
{
	struct geyser_texture *texture = create(state, GEYSER_FORMAT_RGBA8_UNORM, 32, 32, COPIES);
	uint8_t *data = calloc(32 * 32, 4);

	assert_non_null(data);
	cu_enter();
	assert_true(fill_texture(texture, 3));
	ok(geyser_cuda_texture_copy_to(texture, (uintptr_t)data, 0, cu_stream()));
	cuda(cu.StreamSynchronize(cu_stream()));
	for (size_t i = 0; i < 32 * 32 * 4; i++)
		assert_int_equal(data[i], pattern_byte(3, i));
	for (size_t i = 0; i < 32 * 32 * 4; i++)
		data[i] = pattern_byte(4, i);
	ok(geyser_cuda_texture_copy_from(texture, (uintptr_t)data, 0, cu_stream()));
	cuda(cu.StreamSynchronize(cu_stream()));
	assert_true(texture_holds(texture, 4));
	cu_leave();
	free(data);
	geyser_texture_unref(texture);
}

/* ---- the GPU's memory ---- */

static void rows_have_an_address(void **state)
{
	struct geyser_texture *texture =
		create(state, GEYSER_FORMAT_RGBA8_UNORM, 333, 77, COPIES | GEYSER_USAGE_LINEAR);
	struct geyser_cuda_texture seen;

	cu_enter();
	ok(geyser_cuda_texture(texture, &seen));
	assert_false(seen.host);
	assert_null(seen.array);
	assert_in_range(seen.row_pitch, 333 * 4, 8192);
	assert_int_equal(seen.size, seen.row_pitch * 77);
	assert_true(fill_texture(texture, 3));
	assert_true(pointer_holds(&seen, geyser_texture_get_desc(texture), 3));
	expect_both_ways(texture, seen.row_pitch); /* the driver can copy all rows as one */
	expect_both_ways(texture, 333 * 4);
	cu_leave();
	geyser_texture_unref(texture);
}

static void the_drivers_layout_is_an_array(void **state)
{
	struct geyser_texture *texture = create(state, GEYSER_FORMAT_RGBA8_UNORM, 320, 64, COPIES);
	struct geyser_cuda_texture seen;

	cu_enter();
	ok(geyser_cuda_texture(texture, &seen));
	assert_non_null(seen.array);
	assert_non_null(seen.mipmapped_array);
	assert_true(seen.pointer == 0 && !seen.host);
	assert_int_equal(seen.path, GEYSER_PATH_ZERO_COPY);
	expect_both_ways(texture, 320 * 4);
	expect_both_ways(texture, 2000);
	cu_leave();
	geyser_texture_unref(texture);
}

static unsigned try_format(void **state, enum geyser_format format, uint32_t usage)
{
	const struct geyser_format_info *info = geyser_format_get_info(format);
	const struct geyser_texture_desc desc = {
		.format = format, .width = 192, .height = 40, .usage = COPIES | usage};
	struct geyser_cuda_texture seen;
	struct geyser_texture *texture;

	if (geyser_texture_create(((struct fixture *)*state)->manager, &desc, &texture) !=
		GEYSER_OK) {
		print_message("# %s%s: not here\n", info->name, usage ? " in rows" : "");
		return 0;
	}
	if (usage || info->cuda.array_format) {
		ok(geyser_cuda_texture(texture, &seen));
		expect_both_ways(texture, row_bytes(&desc));
		expect_both_ways(texture, 4096);
	} else {
		refused(GEYSER_ERROR_UNSUPPORTED, info->name, geyser_cuda_texture(texture, &seen));
		assert_true(seen.array == NULL && seen.pointer == 0);
	}
	geyser_texture_unref(texture);
	return 1;
}

static void every_format(void **state)
{
	unsigned arrays = 0, rows = 0;

	cu_enter();
	for (enum geyser_format i = 1; i < GEYSER_FORMAT_COUNT; i++) {
		if (geyser_format_is_video(i))
			continue;
		arrays += try_format(state, i, 0);
		if (!geyser_format_get_info(i)->depth)
			rows += try_format(state, i, GEYSER_USAGE_LINEAR);
	}
	cu_leave();
	assert_in_range(arrays, 20, GEYSER_FORMAT_COUNT);
	assert_in_range(rows, 10, GEYSER_FORMAT_COUNT);
}

static void every_usage(void **state)
{
	static const uint32_t usages[] = {
		GEYSER_USAGE_TEXTURE_BINDING,
		GEYSER_USAGE_STORAGE_BINDING,
		GEYSER_USAGE_RENDER_ATTACHMENT,
		GEYSER_USAGE_TEXTURE_BINDING | GEYSER_USAGE_STORAGE_BINDING |
			GEYSER_USAGE_RENDER_ATTACHMENT,
	};

	cu_enter();
	for (size_t i = 0; i < COUNT_OF(usages); i++) {
		struct geyser_texture *texture =
			create(state, GEYSER_FORMAT_RGBA16_FLOAT, 256, 128, COPIES | usages[i]);

		expect_both_ways(texture, 256 * 8);
		geyser_texture_unref(texture);
	}
	cu_leave();
}

/* Copies have level 0 of all layers or slices. The double doesn't know their layout. */
static void layers_levels_and_depth(void **state)
{
	static const struct geyser_texture_desc descs[] = {
		{.format = GEYSER_FORMAT_RGBA8_UNORM, .width = 64, .height = 48, .layers = 5},
		{.format = GEYSER_FORMAT_R32_FLOAT, .width = 33, .height = 17, .depth = 9},
		{.format = GEYSER_FORMAT_RG16_UINT, .width = 100, .height = 1, .layers = 3},
	};
	struct geyser_texture_desc mips = {
		.format = GEYSER_FORMAT_RGBA8_UNORM, .width = 64, .height = 64, .mip_levels = 4};
	struct geyser_texture *texture;
	struct cu_memory memory;

	if (cu_is_double)
		skip();
	cu_enter();
	for (size_t i = 0; i < COUNT_OF(descs); i++) {
		ok(geyser_texture_create(((struct fixture *)*state)->manager, &descs[i], &texture));
		expect_both_ways(texture, row_bytes(&descs[i]));
		expect_both_ways(texture, 1024);
		geyser_texture_unref(texture);
	}
	ok(geyser_texture_create(((struct fixture *)*state)->manager, &mips, &texture));
	assert_true(fill_texture(texture, 2));
	memory = cu_allocate(64 * 64 * 4);
	ok(geyser_cuda_texture_copy_to(texture, memory.pointer, 0, cu_stream()));
	cuda(cu.StreamSynchronize(cu_stream()));
	mips.layers = 1;
	assert_true(cu_holds(&memory, &mips, 256, 2));
	cu_free(&memory);
	cu_leave();
	geyser_texture_unref(texture);
}

static void host_memory_of_vulkans(void **state)
{
	struct geyser_texture *texture = create(
		state, GEYSER_FORMAT_RGBA8_UNORM, 256, 64, COPIES | GEYSER_USAGE_HOST_MEMORY);
	struct geyser_cuda_texture seen;

	cu_enter();
	ok(geyser_cuda_texture(texture, &seen));
	assert_true(seen.host);
	assert_true(fill_texture(texture, 7));
	assert_true(pointer_holds(&seen, geyser_texture_get_desc(texture), 7));
	expect_both_ways(texture, 256 * 4);
	cu_leave();
	geyser_texture_unref(texture);
}

/* ---- refusals ---- */

static void pitches_and_pointers(void **state)
{
	struct geyser_texture *texture = create(state, GEYSER_FORMAT_RGBA8_UNORM, 64, 64, COPIES);
	struct geyser_cuda_texture seen;
	struct cu_memory memory;

	cu_enter();
	memory = cu_allocate(64 * 64 * 4);
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "256 bytes",
		geyser_cuda_texture_copy_to(texture, memory.pointer, 255, cu_stream()));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "pointer",
		geyser_cuda_texture_copy_from(texture, 0, 0, cu_stream()));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "texture",
		geyser_cuda_texture_copy_from(NULL, memory.pointer, 0, cu_stream()));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "texture", geyser_cuda_texture(NULL, &seen));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "out", geyser_cuda_texture(texture, NULL));
	cu_free(&memory);
	cu_leave();
	geyser_texture_unref(texture);
}

/* The error has the driver's words. A refused call leaves nothing behind, and the next one works.
 */
static void the_drivers_refusals(void **state)
{
	static const struct {
		const char *call;
		uint32_t usage;
	} cases[] = {
		{"cuImportExternalMemory", GEYSER_USAGE_LINEAR},
		{"cuExternalMemoryGetMappedBuffer", GEYSER_USAGE_LINEAR},
		{"cuExternalMemoryGetMappedMipmappedArray", 0},
		{"cuMipmappedArrayGetLevel", 0},
	};
	struct geyser_cuda_texture seen;

	if (!cu_is_double)
		skip(); /* only the double can be made to fail */
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct geyser_texture *texture =
			create(state, GEYSER_FORMAT_RGBA8_UNORM, 64, 64, COPIES | cases[i].usage);

		cu.double_fail(cases[i].call, 2);
		refused(GEYSER_ERROR_OUT_OF_MEMORY, cases[i].call,
			geyser_cuda_texture(texture, &seen));
		assert_true(seen.pointer == 0 && !seen.array);
		cu.double_fail(cases[i].call, 1);
		refused(GEYSER_ERROR_UNSUPPORTED, cases[i].call,
			geyser_cuda_texture(texture, &seen));
		ok(geyser_cuda_texture(texture, &seen));
		geyser_texture_unref(texture);
	}
}

/* Memory that can't be pinned is copied through the mapping. */
static void memory_that_cant_be_pinned(void **state)
{
	struct geyser_texture *texture;
	struct geyser_cuda_texture seen;

	if (!cu_is_double)
		skip();
	texture = create(state, GEYSER_FORMAT_RGBA8_UNORM, 64, 64, 0);
	cu_enter();
	cu.double_fail("cuMemHostRegister_v2", 2);
	ok(geyser_cuda_texture(texture, &seen));
	assert_true(seen.host && seen.pointer == 0);
	assert_int_equal(seen.path, GEYSER_PATH_COPY);
	expect_both_ways(texture, 256);
	expect_both_ways(texture, 300);
	cu_leave();
	geyser_texture_unref(texture);
}

static void info_says_what_is_there(void **state)
{
	struct geyser_vulkan_info vulkan = info_of(((struct fixture *)*state)->manager);
	struct geyser_cuda_info info;
	bool found = false;

	ok(geyser_cuda_get_info(&info));
	assert_in_range(info.device_count, 1, GEYSER_CUDA_DEVICES_MAX);
	assert_in_range(info.driver_version, 11040, 99999);
	for (uint32_t i = 0; i < info.device_count; i++) {
		assert_true(info.devices[i].name[0] != '\0');
		if (memcmp(info.devices[i].uuid, vulkan.device_uuid, 16) == 0)
			found = true;
	}
	assert_true(found);
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "out", geyser_cuda_get_info(NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		vulkan_test(info_says_what_is_there),
		host_test(host_memory_is_pinned),
		host_test(imported_host_memory_too),
		host_test(read_only_memory_is_only_read),
		host_test(copies_to_memory_of_the_hosts),
		host_test(memory_that_cant_be_pinned),
		vulkan_test(rows_have_an_address),
		vulkan_test(the_drivers_layout_is_an_array),
		vulkan_test(copies_to_memory_of_the_hosts),
		vulkan_test(every_format),
		vulkan_test(every_usage),
		vulkan_test(layers_levels_and_depth),
		vulkan_test(host_memory_of_vulkans),
		vulkan_test(pitches_and_pointers),
		vulkan_test(the_drivers_refusals),
	};

	return has_cuda() ? cmocka_run_group_tests_name("textures", tests, NULL, NULL) : 0;
}
