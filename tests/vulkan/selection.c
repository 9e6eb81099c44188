/* Which device and queue geyser takes for itself: GEYSER_VULKAN_DEVICE and _QUEUE say. */
#include "gpu.h"
#include "harness.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

static int setup(void **state)
{
	(void)unsetenv("GEYSER_VULKAN_DEVICE");
	(void)unsetenv("GEYSER_VULKAN_QUEUE");
	(void)unsetenv("GEYSER_BACKEND");
	return setup_registry(state);
}

static int teardown(void **state)
{
	(void)unsetenv("GEYSER_VULKAN_DEVICE");
	(void)unsetenv("GEYSER_VULKAN_QUEUE");
	(void)unsetenv("GEYSER_BACKEND");
	return teardown_registry(state);
}

static struct geyser_vulkan_info chosen(const char *choice)
{
	struct geyser_vulkan_info info;
	struct geyser_manager *manager;

	assert_int_equal(setenv("GEYSER_VULKAN_DEVICE", choice, 1), 0);
	manager = make_manager();
	info = info_of(manager);
	geyser_manager_destroy(manager);
	return info;
}

static void expect_same(const struct geyser_vulkan_info *a, const struct geyser_vulkan_info *b)
{
	assert_string_equal(a->name, b->name);
	assert_memory_equal(a->device_uuid, b->device_uuid, 16);
}

static struct geyser_vulkan_info first_device(void)
{
	return chosen("0");
}

static void without_a_choice_there_is_one(void **state)
{
	struct geyser_manager *manager = make_manager();
	struct geyser_vulkan_info info = info_of(manager), empty;

	(void)state;
	geyser_manager_destroy(manager);
	empty = chosen("");
	expect_same(&info, &empty);
}

static void by_name(void **state)
{
	struct geyser_vulkan_info first = first_device(), found = chosen(first.name);
	char part[sizeof(first.name)];

	(void)state;
	expect_same(&first, &found);
	(void)snprintf(part, sizeof(part), "%.6s", first.name + 1);
	found = chosen(part);
	assert_non_null(strstr(found.name, part));
}

static void by_uuid(void **state)
{
	struct geyser_vulkan_info first = first_device(), found;
	char text[37] = "", upper[37];
	size_t length = 0;

	(void)state;
	for (unsigned i = 0; i < 16; i++)
		length += (size_t)snprintf(text + length, sizeof(text) - length, "%s%02x",
			i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", first.device_uuid[i]);
	found = chosen(text);
	expect_same(&first, &found);
	for (size_t i = 0; i < sizeof(text); i++)
		upper[i] = (char)toupper((unsigned char)text[i]);
	found = chosen(upper);
	expect_same(&first, &found);
}

static void by_type(void **state)
{
	static const struct {
		VkPhysicalDeviceType type;
		const char *name;
	} types[] = {
		{VK_PHYSICAL_DEVICE_TYPE_CPU, "cpu"},
		{VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU, "discrete"},
		{VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU, "integrated"},
		{VK_PHYSICAL_DEVICE_TYPE_VIRTUAL_GPU, "virtual"},
	};
	struct geyser_vulkan_info first = first_device(), found;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(types); i++) {
		if (types[i].type != first.type)
			continue;
		found = chosen(types[i].name);
		assert_int_equal(found.type, first.type);
	}
}

/* Says what there is instead. */
static void what_is_not_there(void **state)
{
	static const char *const choices[] = {
		"999",
		"no such device",
		"00000000-0000-0000-0000-000000000000",
		"-1",
	};
	const struct geyser_manager_desc desc = {.backend = GEYSER_BACKEND_VULKAN};
	struct geyser_vulkan_info first = first_device();
	struct geyser_manager *manager;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(choices); i++) {
		assert_int_equal(setenv("GEYSER_VULKAN_DEVICE", choices[i], 1), 0);
		refused(GEYSER_ERROR_UNSUPPORTED, first.name,
			geyser_manager_create(&desc, &manager));
		assert_null(manager);
		assert_non_null(strstr(geyser_error_detail(), choices[i]));
		assert_non_null(strstr(geyser_error_detail(), "GEYSER_VULKAN_DEVICE"));
		refused(GEYSER_ERROR_UNSUPPORTED, choices[i],
			geyser_backend_available(GEYSER_BACKEND_VULKAN));
	}
}

/* ---- its queue ---- */

static void a_queue_by_what_it_does(void **state)
{
	struct geyser_manager *manager;
	uint32_t usage;

	(void)state;
	assert_int_equal(setenv("GEYSER_VULKAN_QUEUE", "transfer", 1), 0);
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "GEYSER_VULKAN_QUEUE (transfer)",
		geyser_backend_available(GEYSER_BACKEND_VULKAN));
	assert_int_equal(setenv("GEYSER_VULKAN_QUEUE", "graphics", 1), 0);
	ok(geyser_backend_available(GEYSER_BACKEND_VULKAN));
	assert_int_equal(setenv("GEYSER_VULKAN_QUEUE", "compute", 1), 0);
	taint_detail();
	if (geyser_backend_available(GEYSER_BACKEND_VULKAN) != GEYSER_OK) {
		assert_non_null(strstr(geyser_error_detail(), "compute alone"));
		return;
	}
	manager = make_manager();
	ok(geyser_manager_format_usage(
		manager, GEYSER_FORMAT_DEPTH32_FLOAT, GEYSER_DIMENSION_2D, &usage));
	assert_int_equal(usage, 0); /* Vulkan neither clears nor copies depth there */
	ok(geyser_manager_format_usage(
		manager, GEYSER_FORMAT_RGBA8_UNORM, GEYSER_DIMENSION_2D, &usage));
	assert_int_not_equal(usage, 0);
	geyser_texture_unref(make_texture(manager, GEYSER_FORMAT_RGBA8_UNORM, 8, 8));
	geyser_manager_destroy(manager);
}

/* ---- AUTO ---- */

static void auto_takes_no_software(void **state)
{
	struct geyser_vulkan_info first = first_device();
	struct geyser_manager *manager;

	(void)state;
	(void)unsetenv("GEYSER_VULKAN_DEVICE");
	ok(geyser_manager_create(NULL, &manager));
	if (first.type == VK_PHYSICAL_DEVICE_TYPE_CPU)
		assert_int_equal(geyser_manager_get_backend(manager), GEYSER_BACKEND_HOST);
	geyser_manager_destroy(manager);
}

static void auto_is_what_the_environment_says(void **state)
{
	static const enum geyser_backend backends[] = {
		GEYSER_BACKEND_HOST,
		GEYSER_BACKEND_VULKAN,
	};
	struct geyser_manager *manager;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(backends); i++) {
		assert_int_equal(setenv("GEYSER_BACKEND", geyser_backend_name(backends[i]), 1), 0);
		ok(geyser_manager_create(NULL, &manager));
		assert_int_equal(geyser_manager_get_backend(manager), backends[i]);
		geyser_manager_destroy(manager);
	}
	assert_int_equal(setenv("GEYSER_BACKEND", "nonsense", 1), 0);
	taint_detail();
	assert_int_not_equal(geyser_manager_create(NULL, &manager), GEYSER_OK);
	assert_non_null(strstr(geyser_error_detail(), "nonsense"));
	assert_null(manager);
}

#define selection_test(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		selection_test(without_a_choice_there_is_one),
		selection_test(by_name),
		selection_test(by_uuid),
		selection_test(by_type),
		selection_test(what_is_not_there),
		selection_test(a_queue_by_what_it_does),
		selection_test(auto_takes_no_software),
		selection_test(auto_is_what_the_environment_says),
	};

	if (!has_vulkan())
		return 0;
	return run_suite(argc, argv, "selection", tests, COUNT_OF(tests));
}
