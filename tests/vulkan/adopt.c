/* Managers on a device that the program has made, and what geyser says of a device. */
#include "gpu.h"
#include "harness.h"

#include <stdio.h>
#include <stdlib.h>

static struct geyser_vulkan_device open_raw(const char *without)
{
	struct geyser_vulkan_device raw;

	assert_true(raw_open(&raw, without));
	return raw;
}

static struct geyser_manager *adopt(const struct geyser_vulkan_device *raw)
{
	struct geyser_manager *manager;

	ok(geyser_vulkan_manager_create(raw, &manager));
	return manager;
}

static void expect_work(struct geyser_manager *manager)
{
	struct geyser_texture *texture = make_texture(manager, GEYSER_FORMAT_RGBA8_UNORM, 40, 30);
	struct gpu gpu;

	gpu_open(&gpu, manager);
	gpu_fill_now(&gpu, texture, 1);
	assert_true(texture_holds(texture, 1));
	assert_true(fill_texture(texture, 2));
	assert_true(gpu_holds_now(&gpu, texture, 2));
	gpu_close(&gpu);
	geyser_texture_unref(texture);
}

static void a_device_is_adopted(void **state)
{
	struct geyser_vulkan_device raw = open_raw(NULL), used;
	struct geyser_manager *manager = adopt(&raw);

	(void)state;
	assert_int_equal(geyser_manager_get_backend(manager), GEYSER_BACKEND_VULKAN);
	ok(geyser_vulkan_get_device(manager, &used));
	assert_ptr_equal(used.instance, raw.instance);
	assert_ptr_equal(used.physical_device, raw.physical_device);
	assert_ptr_equal(used.device, raw.device);
	assert_ptr_equal(used.queue, raw.queue);
	assert_int_equal(used.queue_family, raw.queue_family);
	assert_true(used.get_instance_proc_addr == raw.get_instance_proc_addr);
	expect_work(manager);
	geyser_manager_destroy(manager);
	raw_close(&raw); /* the validation layer names whatever geyser has left on it */
}

static void two_managers_on_one_device(void **state)
{
	struct geyser_vulkan_device raw = open_raw(NULL);
	struct geyser_manager *first = adopt(&raw), *second = adopt(&raw);

	(void)state;
	expect_work(first);
	expect_work(second);
	geyser_manager_destroy(first);
	expect_work(second);
	geyser_manager_destroy(second);
	raw_close(&raw);
}

static void with_the_required_extensions_only(void **state)
{
	uint32_t count;
	const char *const *names = geyser_vulkan_device_extensions(&count);

	(void)state;
	assert_in_range(count, GEYSER_VULKAN_REQUIRED_EXTENSIONS, 32);
	assert_ptr_equal(geyser_vulkan_device_extensions(NULL), names);
	for (uint32_t i = GEYSER_VULKAN_REQUIRED_EXTENSIONS; i < count; i++) {
		struct geyser_vulkan_device raw = open_raw(names[i]);
		struct geyser_manager *manager = adopt(&raw);
		struct geyser_vulkan_info info = info_of(manager);

		if (strcmp(names[i], "VK_EXT_external_memory_host") == 0)
			assert_false(info.host_memory);
		if (strcmp(names[i], "VK_EXT_external_memory_dma_buf") == 0)
			assert_false(info.dma_buf);
		if (strcmp(names[i], "VK_KHR_external_semaphore_fd") == 0)
			assert_false(info.native_events);
		expect_work(manager);
		geyser_manager_destroy(manager);
		raw_close(&raw);
	}
}

static void without_a_required_extension(void **state)
{
	const char *const *names = geyser_vulkan_device_extensions(NULL);
	struct geyser_manager *manager;

	(void)state;
	for (uint32_t i = 0; i < GEYSER_VULKAN_REQUIRED_EXTENSIONS; i++) {
		struct geyser_vulkan_device raw = open_raw(names[i]);

		manager = (struct geyser_manager *)&raw;
		refused(GEYSER_ERROR_UNSUPPORTED, names[i],
			geyser_vulkan_manager_create(&raw, &manager));
		assert_null(manager);
		raw_close(&raw);
	}
}

static void missing_members_are_named(void **state)
{
	struct geyser_vulkan_device raw = open_raw(NULL), holes[6];
	static const char *const names[] = {
		"instance",
		"physical_device",
		"device",
		"queue",
		"get_instance_proc_addr",
		"queue_family",
	};
	struct geyser_manager *manager = (struct geyser_manager *)&raw;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(holes); i++)
		holes[i] = raw;
	holes[0].instance = VK_NULL_HANDLE;
	holes[1].physical_device = VK_NULL_HANDLE;
	holes[2].device = VK_NULL_HANDLE;
	holes[3].queue = VK_NULL_HANDLE;
	holes[4].get_instance_proc_addr = NULL;
	holes[5].queue_family = 77;
	for (size_t i = 0; i < COUNT_OF(holes); i++) {
		refused(GEYSER_ERROR_INVALID_ARGUMENT, names[i],
			geyser_vulkan_manager_create(&holes[i], &manager));
		assert_null(manager);
	}
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "77",
		geyser_vulkan_manager_create(&holes[5], &manager));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "device",
		geyser_vulkan_manager_create(NULL, &manager));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "out", geyser_vulkan_manager_create(&raw, NULL));
	raw_close(&raw);
}

static void a_descriptor_is_checked(void **state)
{
	struct geyser_vulkan_device raw = open_raw(NULL);
	struct geyser_manager_desc desc = {.backend = GEYSER_BACKEND_HOST};
	struct geyser_manager *manager;
	char name[65];

	(void)state;
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "backend",
		geyser_vulkan_manager_create_with_desc(&raw, &desc, &manager));
	assert_null(manager);
	desc.backend = GEYSER_BACKEND_VULKAN;
	memset(name, 'x', 64);
	name[64] = '\0';
	desc.application = name;
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "application",
		geyser_vulkan_manager_create_with_desc(&raw, &desc, &manager));
	desc.application = "adopter";
	ok(geyser_vulkan_manager_create_with_desc(&raw, &desc, &manager));
	geyser_manager_destroy(manager);
	desc.backend = GEYSER_BACKEND_AUTO;
	ok(geyser_vulkan_manager_create_with_desc(&raw, &desc, &manager));
	geyser_manager_destroy(manager);
	raw_close(&raw);
}

/* As everywhere. */
static void textures_outlive_their_manager(void **state)
{
	struct geyser_vulkan_device raw = open_raw(NULL);
	struct geyser_manager *manager = adopt(&raw);
	struct geyser_texture *texture = make_texture(manager, GEYSER_FORMAT_R8_UNORM, 33, 21);

	(void)state;
	geyser_manager_destroy(manager);
	assert_true(fill_texture(texture, 4));
	assert_true(texture_holds(texture, 4));
	geyser_texture_unref(texture);
	raw_close(&raw);
}

/* ---- the queue's lock ---- */

static struct {
	unsigned depth, most, total;
} locked;

static void lock(void *user)
{
	assert_ptr_equal(user, &locked);
	locked.total++;
	if (++locked.depth > locked.most)
		locked.most = locked.depth;
}

static void unlock(void *user)
{
	assert_ptr_equal(user, &locked);
	locked.depth--;
}

static void the_programs_own_lock_is_used(void **state)
{
	struct geyser_vulkan_device raw = open_raw(NULL);
	struct geyser_manager *manager = adopt(&raw), *host = make_manager_on(GEYSER_BACKEND_HOST);

	(void)state;
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "unlock",
		geyser_vulkan_manager_set_queue_lock(manager, lock, NULL, &locked));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "manager",
		geyser_vulkan_manager_set_queue_lock(NULL, lock, unlock, &locked));
	refused(GEYSER_ERROR_UNSUPPORTED, "ulkan",
		geyser_vulkan_manager_set_queue_lock(host, lock, unlock, &locked));
	ok(geyser_vulkan_manager_set_queue_lock(manager, lock, unlock, &locked));
	expect_work(manager);
	assert_int_equal(locked.depth, 0);
	assert_int_equal(locked.most, 1);
	assert_in_range(locked.total, 3, 100); /* creating, two maps, and the test's own */
	geyser_vulkan_queue_lock(NULL);
	geyser_vulkan_queue_unlock(NULL);
	geyser_vulkan_queue_lock(host);
	geyser_vulkan_queue_unlock(host);
	geyser_manager_destroy(host);
	geyser_manager_destroy(manager);
	raw_close(&raw);
}

/* ---- what is known of a device ---- */

static void info_is_the_drivers(void **state)
{
	struct geyser_vulkan_device raw = open_raw(NULL);
	struct geyser_manager *manager = adopt(&raw);
	struct geyser_vulkan_info info = info_of(manager);
	VkPhysicalDeviceIDProperties ids = {
		.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_ID_PROPERTIES,
	};
	VkPhysicalDeviceDriverProperties driver = {
		.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_DRIVER_PROPERTIES,
		.pNext = &ids,
	};
	VkPhysicalDeviceProperties2 properties = {
		.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2,
		.pNext = &driver,
	};

	(void)state;
	vkGetPhysicalDeviceProperties2(raw.physical_device, &properties);
	assert_string_equal(info.name, properties.properties.deviceName);
	assert_non_null(strstr(info.driver, driver.driverName));
	assert_int_equal(info.type, properties.properties.deviceType);
	assert_int_equal(info.api_version, properties.properties.apiVersion);
	assert_memory_equal(info.device_uuid, ids.deviceUUID, 16);
	assert_memory_equal(info.driver_uuid, ids.driverUUID, 16);
	assert_true(info.opaque_fd);
	print_message("# %s, %s: host memory %d, dma-buf %d, native events %d\n", info.name,
		info.driver, info.host_memory, info.dma_buf, info.native_events);
	geyser_manager_destroy(manager);
	raw_close(&raw);
}

static void calls_refuse_what_is_not_vulkans(void **state)
{
	struct geyser_manager *vulkan = manager_of(state);
	struct geyser_manager *host = make_manager_on(GEYSER_BACKEND_HOST);
	struct geyser_texture *texture = make_texture(host, GEYSER_FORMAT_R8_UNORM, 4, 4);
	struct geyser_event *event = make_event(host, 0);
	struct geyser_vulkan_device device;
	struct geyser_vulkan_info info;
	struct geyser_vulkan_image_info image_info;
	VkSemaphore semaphore;
	VkImage image;

	refused(GEYSER_ERROR_UNSUPPORTED, "ulkan", geyser_vulkan_get_device(host, &device));
	refused(GEYSER_ERROR_UNSUPPORTED, "ulkan", geyser_vulkan_get_info(host, &info));
	refused(GEYSER_ERROR_UNSUPPORTED, "ulkan", geyser_vulkan_device_lost(host));
	refused(GEYSER_ERROR_UNSUPPORTED, "ulkan", geyser_vulkan_texture_image(texture, &image));
	refused(GEYSER_ERROR_UNSUPPORTED, "ulkan",
		geyser_vulkan_texture_get_info(texture, &image_info));
	refused(GEYSER_ERROR_UNSUPPORTED, "ulkan",
		geyser_vulkan_event_semaphore(event, &semaphore));
	assert_false(geyser_vulkan_event_is_native(event));
	assert_false(geyser_vulkan_event_is_native(NULL));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "", geyser_vulkan_get_device(NULL, &device));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "", geyser_vulkan_get_device(vulkan, NULL));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "", geyser_vulkan_get_info(NULL, &info));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "", geyser_vulkan_get_info(vulkan, NULL));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "", geyser_vulkan_device_lost(NULL));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "", geyser_vulkan_texture_image(NULL, &image));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "", geyser_vulkan_event_semaphore(NULL, &semaphore));
	geyser_event_unref(event);
	geyser_texture_unref(texture);
	geyser_manager_destroy(host);
}

static void image_info_is_what_it_was_made_with(void **state)
{
	struct geyser_texture_desc desc = {
		.format = GEYSER_FORMAT_RGBA16_FLOAT,
		.width = 64,
		.height = 32,
		.layers = 3,
		.mip_levels = 4,
	};
	struct geyser_vulkan_image_info info;
	struct geyser_texture *texture;
	VkImage image;

	ok(geyser_texture_create(manager_of(state), &desc, &texture));
	ok(geyser_vulkan_texture_image(texture, &image));
	ok(geyser_vulkan_texture_get_info(texture, &info));
	assert_true(image == info.image);
	assert_int_equal(info.type, VK_IMAGE_TYPE_2D);
	assert_int_equal(info.format, VK_FORMAT_R16G16B16A16_SFLOAT);
	assert_int_equal(info.extent.width, 64);
	assert_int_equal(info.extent.height, 32);
	assert_int_equal(info.extent.depth, 1);
	assert_int_equal(info.mip_levels, 4);
	assert_int_equal(info.array_layers, 3);
	assert_int_equal(info.tiling, VK_IMAGE_TILING_OPTIMAL);
	assert_true(info.usage & VK_IMAGE_USAGE_SAMPLED_BIT);
	assert_int_equal(info.aspects, VK_IMAGE_ASPECT_COLOR_BIT);
	geyser_texture_unref(texture);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		registry_test(a_device_is_adopted),
		registry_test(two_managers_on_one_device),
		registry_test(with_the_required_extensions_only),
		registry_test(without_a_required_extension),
		registry_test(missing_members_are_named),
		registry_test(a_descriptor_is_checked),
		registry_test(textures_outlive_their_manager),
		registry_test(the_programs_own_lock_is_used),
		registry_test(info_is_the_drivers),
		manager_test(calls_refuse_what_is_not_vulkans),
		manager_test(image_info_is_what_it_was_made_with),
	};

	if (!has_vulkan())
		return 0;
	return run_suite(argc, argv, "adopt", tests, COUNT_OF(tests));
}
