/* SPDX-License-Identifier: MIT */
/* Managers on a device of the caller's or on the system's, and the formats that they have. */
#import "gpu.h"

#include <stdlib.h>

#define JUNK ((void *)(uintptr_t)0x5a5a)

static void a_device_is_adopted(void **state)
{
	struct geyser_manager *manager;
	struct geyser_texture *texture;
	struct geyser_metal_info info;
	void *device = (void *)MTLCreateSystemDefaultDevice(), *in_use;
	uint64_t registry_id = [(id<MTLDevice>)device registryID];

	(void)state;
	ok(geyser_metal_manager_create(device, &manager));
	[(id)device release]; /* the manager has a reference of its own */
	ok(geyser_metal_get_device(manager, &in_use));
	assert_ptr_equal(in_use, device);
	assert_int_equal(geyser_manager_get_backend(manager), GEYSER_BACKEND_METAL);
	ok(geyser_metal_get_info(manager, &info));
	assert_int_equal(info.registry_id, registry_id);
	texture = make_texture(manager, GEYSER_FORMAT_BGRA8_UNORM, 8, 8);
	geyser_manager_destroy(manager);
	assert_true(fill_texture(texture, 1)); /* the texture keeps the device alive */
	assert_true(texture_holds(texture, 1));
	geyser_texture_unref(texture);
}

static void the_system_s_device(void **state)
{
	const struct geyser_manager_desc desc = {.application = "a test"};
	struct geyser_manager *manager;
	struct geyser_metal_info info;
	void *device;

	(void)state;
	ok(geyser_metal_manager_create_with_desc(NULL, &desc, &manager));
	ok(geyser_metal_get_device(manager, &device));
	ok(geyser_metal_get_info(manager, &info));
	@autoreleasepool {
		id<MTLDevice> metal = (id<MTLDevice>)device;

		assert_string_equal(info.name, metal.name.UTF8String);
		assert_int_equal(info.unified_memory, metal.hasUnifiedMemory);
#if TARGET_OS_OSX
		assert_int_equal(info.removable, metal.removable);
#endif
	}
	geyser_manager_destroy(manager);
	ok(geyser_metal_manager_create_with_desc(NULL, NULL, &manager));
	assert_int_equal(geyser_manager_get_backend(manager), GEYSER_BACKEND_METAL);
	geyser_manager_destroy(manager);
}

static void wrong_arguments(void **state)
{
	struct geyser_manager_desc desc = {.backend = GEYSER_BACKEND_HOST};
	struct geyser_manager *manager = JUNK;
	struct geyser_metal_info info;
	char text[65];
	void *device = JUNK;

	(void)state;
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "out", geyser_metal_manager_create(NULL, NULL));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "backend (1)",
		geyser_metal_manager_create_with_desc(NULL, &desc, &manager));
	assert_null(manager);
	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	desc = (struct geyser_manager_desc){.application = text};
	manager = JUNK;
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "application",
		geyser_metal_manager_create_with_desc(NULL, &desc, &manager));
	assert_null(manager);
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "manager", geyser_metal_get_device(NULL, &device));
	assert_null(device);
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "manager", geyser_metal_get_info(NULL, &info));
	manager = make_manager();
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "out", geyser_metal_get_device(manager, NULL));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "out", geyser_metal_get_info(manager, NULL));
	geyser_manager_destroy(manager);
}

/* All functions that take a manager refuse a manager without Metal. */
static void another_backend_s_manager(void **state)
{
	const struct geyser_texture_desc desc = {
		.format = GEYSER_FORMAT_BGRA8_UNORM, .width = 8, .height = 8};
	struct geyser_manager *host = make_manager_on(GEYSER_BACKEND_HOST);
	struct geyser_metal_info info = {.name = "junk"};
	struct geyser_texture *texture = JUNK;
	struct geyser_event *event = JUNK;
	const enum geyser_result wanted = GEYSER_ERROR_UNSUPPORTED;
	const char *word = "manager of the host backend";
	void *device = JUNK, *any = (void *)MTLCreateSystemDefaultDevice();

	(void)state;
	refused(wanted, word, geyser_metal_get_device(host, &device));
	assert_null(device);
	refused(wanted, word, geyser_metal_get_info(host, &info));
	assert_string_equal(info.name, "");
	assert_null(geyser_metal_format_refusal(
		host, GEYSER_FORMAT_DEPTH32_FLOAT, GEYSER_DIMENSION_2D));
	refused(wanted, word, geyser_metal_texture_import_global_id(host, 1, &desc, &texture));
	assert_null(texture);
	refused(wanted, word, geyser_metal_texture_import_mach_port(host, 1, &desc, &texture));
	refused(wanted, word, geyser_metal_texture_import_xpc_object(host, any, &desc, &texture));
	refused(wanted, word, geyser_metal_texture_create_private(host, &desc, &texture));
	refused(wanted, word,
		geyser_metal_texture_import_shared_handle(host, any, &desc, &texture));
	refused(wanted, "", geyser_metal_texture_import_surface(host, any, &desc, &texture));
	refused(wanted, word, geyser_metal_event_adopt(host, any, &event));
	assert_null(event);
	refused(wanted, word, geyser_metal_event_import_shared_handle(host, any, &event));
	[(id)any release];
	geyser_manager_destroy(host);
}

/* All functions that take a texture or an event refuse those of a manager without Metal. */
static void another_backend_s_objects(void **state)
{
	struct geyser_manager *host = make_manager_on(GEYSER_BACKEND_HOST);
	struct geyser_texture *texture = make_texture(host, GEYSER_FORMAT_BGRA8_UNORM, 8, 8);
	struct geyser_event *event = make_event(host, 0);
	const enum geyser_result wanted = GEYSER_ERROR_UNSUPPORTED;
	const char *word = "texture of the host backend";
	uint32_t key = 5;
	struct gpu gpu;
	id<MTLCommandBuffer> commands;
	void *out = JUNK;

	gpu_open(&gpu, manager_of(state));
	commands = gpu_begin(&gpu);
	refused(wanted, word, geyser_metal_texture(texture, &out));
	assert_null(out);
	refused(wanted, word, geyser_metal_texture_surface(texture, &out));
	refused(wanted, word, geyser_metal_texture_global_id(texture, &key));
	assert_int_equal(key, 0);
	refused(wanted, word, geyser_metal_texture_mach_port(texture, &key));
	refused(wanted, word, geyser_metal_texture_xpc_object(texture, &out));
	refused(wanted, word, geyser_metal_texture_shared_handle(texture, &out));
	word = "event of the host backend";
	refused(wanted, word, geyser_metal_event(event, &out));
	refused(wanted, word, geyser_metal_encode_wait((void *)commands, event, 1));
	refused(wanted, word, geyser_metal_encode_signal((void *)commands, event, 1));
	refused(wanted, word, geyser_metal_event_shared_handle(event, &out));
	[commands release];
	gpu_close(&gpu);
	geyser_event_unref(event);
	geyser_texture_unref(texture);
	geyser_manager_destroy(host);
}

/* ---- formats ---- */

static const char *refusal(void **state, enum geyser_format format, enum geyser_dimension dimension)
{
	return geyser_metal_format_refusal(manager_of(state), format, dimension);
}

static void formats_say_why_not(void **state)
{
	const enum geyser_dimension flat = GEYSER_DIMENSION_2D;

	for (unsigned i = GEYSER_FORMAT_DEPTH32_FLOAT; i <= GEYSER_FORMAT_DEPTH24_PLUS_STENCIL8;
		i++)
		assert_non_null(
			strstr(refusal(state, (enum geyser_format)i, flat), "no depth or stencil"));
	assert_non_null(strstr(refusal(state, GEYSER_FORMAT_RGBA8_UNORM, GEYSER_DIMENSION_3D),
		"geyser_metal_texture_create_private"));
	assert_non_null(strstr(
		refusal(state, GEYSER_FORMAT_RGBA8_UNORM, GEYSER_DIMENSION_2D_ARRAY), "one layer"));
	assert_null(refusal(state, GEYSER_FORMAT_BGRA8_UNORM, flat));
	assert_null(refusal(state, GEYSER_FORMAT_NONE, flat));
	assert_null(geyser_metal_format_refusal(NULL, GEYSER_FORMAT_DEPTH32_FLOAT, flat));
}

/* Checks that the refusals, the usages and the textures that can be made agree. Returns the number
 * of formats. */
static unsigned formats_of(struct geyser_manager *manager)
{
	unsigned count = 0;

	for (unsigned i = 1; i < GEYSER_FORMAT_COUNT; i++) {
		const struct geyser_texture_desc desc = {
			.format = (enum geyser_format)i, .width = 5, .height = 3};
		const char *why =
			geyser_metal_format_refusal(manager, desc.format, GEYSER_DIMENSION_2D);
		struct geyser_texture *texture;
		uint32_t usage;

		ok(geyser_manager_format_usage(manager, desc.format, GEYSER_DIMENSION_2D, &usage));
		assert_int_equal(usage == 0, why != NULL);
		if (why) {
			refused(GEYSER_ERROR_UNSUPPORTED, why,
				geyser_texture_create(manager, &desc, &texture));
			continue;
		}
		assert_true(usage & GEYSER_USAGE_HOST_MEMORY);
		assert_int_equal(APPLE || (usage & GEYSER_USAGE_GLOBAL_ID), true);
		ok(geyser_texture_create(manager, &desc, &texture));
		geyser_texture_unref(texture);
		count++;
	}
	return count;
}

static void formats_are_as_they_say(void **state)
{
	assert_in_range(formats_of(manager_of(state)), 11, 44);
}

#if !APPLE /* differences between Macs, by the double's settings */
static unsigned formats_with(const char *variable, const char *value)
{
	struct geyser_manager *manager;
	unsigned count;

	assert_int_equal(setenv(variable, value, 1), 0);
	manager = make_manager();
	count = formats_of(manager);
	geyser_manager_destroy(manager);
	assert_int_equal(unsetenv(variable), 0);
	return count;
}

static void formats_are_probed(void **state)
{
	id<MTLDevice> device = MTLCreateSystemDefaultDevice();

	(void)state;
	assert_int_equal(
		formats_with("GEYSER_DOUBLE_PROBE", "all"), gpu_is_apple(device) ? 44 : 42);
	[device release];
	assert_in_range(formats_with("GEYSER_DOUBLE_PROBE", "none"), 11, 21);
}

/* Only Apple's GPUs have r8unorm-srgb and rg8unorm-srgb, whatever memory the others have. */
static void formats_of_a_gpu(void **state)
{
	const enum geyser_format apple = GEYSER_FORMAT_R8_UNORM_SRGB;
	id<MTLDevice> device = MTLCreateSystemDefaultDevice();
	struct geyser_manager *manager;
	const char *why;

	(void)state;
	assert_int_equal(setenv("GEYSER_DOUBLE_PROBE", "all", 1), 0);
	manager = make_manager();
	why = geyser_metal_format_refusal(manager, apple, GEYSER_DIMENSION_2D);
	if (gpu_is_apple(device))
		assert_null(why);
	else
		assert_non_null(strstr(why, "use one of 8 bits"));
	geyser_manager_destroy(manager);
	assert_int_equal(unsetenv("GEYSER_DOUBLE_PROBE"), 0);
	[device release];
}

static void a_system_without_a_gpu(void **state)
{
	struct geyser_manager *manager = JUNK;

	(void)state;
	assert_int_equal(setenv("GEYSER_DOUBLE_NO_DEVICE", "1", 1), 0);
	refused(GEYSER_ERROR_UNSUPPORTED, "no Metal device",
		geyser_metal_manager_create(NULL, &manager));
	assert_null(manager);
	refused(GEYSER_ERROR_UNSUPPORTED, "no Metal device",
		geyser_backend_available(GEYSER_BACKEND_METAL));
	assert_int_equal(unsetenv("GEYSER_DOUBLE_NO_DEVICE"), 0);
}

#endif

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		registry_test(a_device_is_adopted),
		registry_test(the_system_s_device),
		registry_test(wrong_arguments),
		registry_test(another_backend_s_manager),
		manager_test(another_backend_s_objects),
		manager_test(formats_say_why_not),
		manager_test(formats_are_as_they_say),
#if !APPLE
		registry_test(formats_are_probed),
		registry_test(formats_of_a_gpu),
		registry_test(a_system_without_a_gpu),
#endif
	};

	test_backend = GEYSER_BACKEND_METAL;
	return run_suite(argc, argv, "managers", tests, COUNT_OF(tests));
}
