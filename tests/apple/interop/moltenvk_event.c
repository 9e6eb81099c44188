/* SPDX-License-Identifier: MIT */
/* Semaphores on events, and events on semaphores: both always have the same value. */
#include "moltenvk_device.h"

static uint64_t counter(struct mvk *mvk, VkSemaphore semaphore)
{
	uint64_t value = 0;

	assert_int_equal(
		vkGetSemaphoreCounterValue(mvk->device.device, semaphore, &value), VK_SUCCESS);
	return value;
}

/* ---- a semaphore on an event ---- */

static void test_semaphore_is_the_event(void **state)
{
	struct fixture *fixture = *state;
	struct geyser_event *event = make_event(fixture->manager, 5);
	VkSemaphore semaphore;
	struct mvk mvk;

	mvk_init(&mvk);
	ok(geyser_moltenvk_semaphore_create(&mvk.device, event, &semaphore));
	assert_int_equal(counter(&mvk, semaphore), 5);
	mvk_submit(&mvk, semaphore, 0, 7);
	ok(geyser_event_wait(event, 7, PATIENCE));
	mvk_submit(&mvk, semaphore, 9, 10); /* the GPU waits for the CPU */
	assert_int_equal(value_of(event), 7);
	ok(geyser_event_signal(event, 9));
	ok(geyser_event_wait(event, 10, PATIENCE));
	(void)vkQueueWaitIdle(mvk.queue);
	vkDestroySemaphore(mvk.device.device, semaphore, NULL);
	mvk_finish(&mvk);
	geyser_event_unref(event);
}

/* Uses the functions of the extension, on a device of a version before Vulkan 1.2. */
static void test_semaphore_by_the_extension(void **state)
{
	static const char *const extensions[] = {METAL_OBJECTS, TIMELINES, NULL};
	struct fixture *fixture = *state;
	struct geyser_event *event = make_event(fixture->manager, 3);
	VkSemaphore semaphore;
	struct mvk mvk;

	mvk_create(&mvk, VK_API_VERSION_1_1, true, extensions);
	ok(geyser_moltenvk_semaphore_create(&mvk.device, event, &semaphore));
	assert_int_equal(counter(&mvk, semaphore), 3);
	vkDestroySemaphore(mvk.device.device, semaphore, NULL);
	mvk_finish(&mvk);
	geyser_event_unref(event);
}

/* The import has set a semaphore back to a value below the one that a CPU has signalled meanwhile.
 * The function `behind` reports a lower value, and `signalled` keeps the value that the library
 * then signals. */
static uint64_t signalled;

static VkResult behind(VkDevice device, VkSemaphore semaphore, uint64_t *value)
{
	(void)device;
	(void)semaphore;
	*value = 1;
	return VK_SUCCESS;
}

static VkResult take_down(VkDevice device, const VkSemaphoreSignalInfo *info)
{
	signalled = info->value;
	return vkSignalSemaphore(device, info);
}

static VkResult refuse(VkDevice device, const VkSemaphoreSignalInfo *info)
{
	(void)device;
	(void)info;
	return VK_ERROR_DEVICE_LOST;
}

static PFN_vkSignalSemaphore signal_semaphore;

static PFN_vkVoidFunction racing_device(VkDevice device, const char *name)
{
	if (strcmp(name, "vkGetSemaphoreCounterValue") == 0)
		return (PFN_vkVoidFunction)behind;
	if (strcmp(name, "vkSignalSemaphore") == 0)
		return (PFN_vkVoidFunction)signal_semaphore;
	return vkGetDeviceProcAddr(device, name);
}

static PFN_vkVoidFunction racing(VkInstance instance, const char *name)
{
	if (strcmp(name, "vkGetDeviceProcAddr") == 0)
		return (PFN_vkVoidFunction)racing_device;
	return vkGetInstanceProcAddr(instance, name);
}

static void test_a_value_signalled_meanwhile_is_signalled_again(void **state)
{
	struct fixture *fixture = *state;
	struct geyser_event *event = make_event(fixture->manager, 6);
	VkSemaphore semaphore;
	struct mvk mvk;

	mvk_init(&mvk);
	mvk.device.get_instance_proc_addr = racing;
	signal_semaphore = take_down;
	ok(geyser_moltenvk_semaphore_create(&mvk.device, event, &semaphore));
	assert_int_equal(signalled, 6);
	vkDestroySemaphore(mvk.device.device, semaphore, NULL);
	signal_semaphore = refuse;
	refused(GEYSER_ERROR_DEVICE_LOST, "vkSignalSemaphore",
		geyser_moltenvk_semaphore_create(&mvk.device, event, &semaphore));
	assert_null(semaphore);
	mvk_finish(&mvk);
	geyser_event_unref(event);
}

/* ---- an event on a semaphore ---- */

static VkSemaphore make_semaphore(struct mvk *mvk, uint64_t initial, bool exportable)
{
	const VkExportMetalObjectCreateInfoEXT export = {
		.sType = VK_STRUCTURE_TYPE_EXPORT_METAL_OBJECT_CREATE_INFO_EXT,
		.exportObjectType = VK_EXPORT_METAL_OBJECT_TYPE_METAL_SHARED_EVENT_BIT_EXT,
	};
	const VkSemaphoreTypeCreateInfo type = {
		.sType = VK_STRUCTURE_TYPE_SEMAPHORE_TYPE_CREATE_INFO,
		.pNext = exportable ? &export : NULL,
		.semaphoreType = VK_SEMAPHORE_TYPE_TIMELINE,
		.initialValue = initial,
	};
	const VkSemaphoreCreateInfo info = {
		.sType = VK_STRUCTURE_TYPE_SEMAPHORE_CREATE_INFO, .pNext = &type};
	VkSemaphore semaphore;

	assert_int_equal(
		vkCreateSemaphore(mvk->device.device, &info, NULL, &semaphore), VK_SUCCESS);
	return semaphore;
}

/* The event keeps its value after the semaphore is destroyed. The second semaphore outlives the
 * event, since only the next signal releases the listener of an adopted event. */
static void test_event_is_the_semaphore(void **state)
{
	VkSemaphoreSignalInfo last = {
		.sType = VK_STRUCTURE_TYPE_SEMAPHORE_SIGNAL_INFO, .value = 12};
	struct fixture *fixture = *state;
	struct geyser_event *event;
	VkSemaphore semaphore;
	struct mvk mvk;

	mvk_init(&mvk);
	semaphore = make_semaphore(&mvk, 4, true);
	ok(geyser_moltenvk_event_create(&mvk.device, semaphore, fixture->manager, &event));
	assert_int_equal(value_of(event), 4);
	mvk_submit(&mvk, semaphore, 0, 8);
	ok(geyser_event_wait(event, 8, PATIENCE));
	mvk_submit(&mvk, semaphore, 9, 10);
	ok(geyser_event_signal(event, 9));
	ok(geyser_event_wait(event, 10, PATIENCE));
	(void)vkQueueWaitIdle(mvk.queue);
	vkDestroySemaphore(mvk.device.device, semaphore, NULL);
	ok(geyser_moltenvk_semaphore_create(&mvk.device, event, &last.semaphore));
	ok(geyser_event_signal(event, 11));
	assert_int_equal(counter(&mvk, last.semaphore), 11);
	geyser_event_unref(event);
	(void)vkSignalSemaphore(mvk.device.device, &last);
	vkDestroySemaphore(mvk.device.device, last.semaphore, NULL);
	mvk_finish(&mvk);
}

static void test_semaphores_that_no_event_fits(void **state)
{
	struct fixture *fixture = *state;
	struct geyser_manager *host = make_manager_on(GEYSER_BACKEND_HOST);
	struct geyser_event *event;
	VkSemaphore with, without;
	struct mvk mvk;

	mvk_init(&mvk);
	with = make_semaphore(&mvk, 0, true);
	without = make_semaphore(&mvk, 0, false);
	refused(GEYSER_ERROR_UNSUPPORTED, "VkExportMetalObjectCreateInfoEXT",
		geyser_moltenvk_event_create(&mvk.device, without, fixture->manager, &event));
	assert_null(event);
	refused(GEYSER_ERROR_UNSUPPORTED, "host",
		geyser_moltenvk_event_create(&mvk.device, with, host, &event));
	apple_double_fail("sameGPU", 1);
	refused(GEYSER_ERROR_MISMATCH, "another GPU",
		geyser_moltenvk_event_create(&mvk.device, with, fixture->manager, &event));
	apple_double_fail(NULL, 0);
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "semaphore is NULL",
		geyser_moltenvk_event_create(
			&mvk.device, VK_NULL_HANDLE, fixture->manager, &event));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "out is NULL",
		geyser_moltenvk_event_create(&mvk.device, with, fixture->manager, NULL));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "device is NULL",
		geyser_moltenvk_event_create(NULL, with, fixture->manager, &event));
	vkDestroySemaphore(mvk.device.device, with, NULL);
	vkDestroySemaphore(mvk.device.device, without, NULL);
	mvk_finish(&mvk);
	geyser_manager_destroy(host);
}

/* ---- refusals ---- */

static void test_wrong_arguments(void **state)
{
	struct fixture *fixture = *state;
	struct geyser_manager *host = make_manager_on(GEYSER_BACKEND_HOST);
	struct geyser_event *event = make_event(fixture->manager, 0);
	struct geyser_event *other = make_event(host, 0);
	VkSemaphore semaphore;
	struct mvk mvk;

	mvk_init(&mvk);
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "device is NULL",
		geyser_moltenvk_semaphore_create(NULL, event, &semaphore));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "event is NULL",
		geyser_moltenvk_semaphore_create(&mvk.device, NULL, &semaphore));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "out is NULL",
		geyser_moltenvk_semaphore_create(&mvk.device, event, NULL));
	refused(GEYSER_ERROR_UNSUPPORTED, "host",
		geyser_moltenvk_semaphore_create(&mvk.device, other, &semaphore));
	mvk_finish(&mvk);
	geyser_event_unref(other);
	geyser_event_unref(event);
	geyser_manager_destroy(host);
}

static void test_devices_that_lack_something(void **state)
{
	static const char *const nothing[] = {NULL};
	static const char *const objects[] = {METAL_OBJECTS, NULL};
	struct fixture *fixture = *state;
	struct geyser_event *event = make_event(fixture->manager, 0);
	VkSemaphore semaphore;
	struct mvk mvk;

	mvk_create(&mvk, VK_API_VERSION_1_2, true, nothing);
	refused(GEYSER_ERROR_UNSUPPORTED, METAL_OBJECTS,
		geyser_moltenvk_semaphore_create(&mvk.device, event, &semaphore));
	mvk_finish(&mvk);
	mvk_create(&mvk, VK_API_VERSION_1_1, false, objects);
	refused(GEYSER_ERROR_UNSUPPORTED, TIMELINES,
		geyser_moltenvk_semaphore_create(&mvk.device, event, &semaphore));
	mvk_finish(&mvk);
	geyser_event_unref(event);
}

static void test_failures_leave_nothing_behind(void **state)
{
	static const struct {
		const char *call, *word;
		enum geyser_result result;
	} rows[] = {
		{"vkCreateSemaphore", "vkCreateSemaphore", GEYSER_ERROR_OUT_OF_MEMORY},
		{"sharedEventSemaphores", "emulates", GEYSER_ERROR_UNSUPPORTED},
		{"vkGetSemaphoreCounterValue: lost", "vkGetSemaphoreCounterValue: VkResult -4",
			GEYSER_ERROR_DEVICE_LOST},
	};
	struct fixture *fixture = *state;
	struct geyser_event *event = make_event(fixture->manager, 0);
	VkSemaphore semaphore;
	struct mvk mvk;
	void *shared;

	mvk_init(&mvk);
	ok(geyser_metal_event(event, &shared)); /* the first request makes it */
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		const unsigned long live = apple_double_live();

		apple_double_fail(rows[i].call, 1);
		refused(rows[i].result, rows[i].word,
			geyser_moltenvk_semaphore_create(&mvk.device, event, &semaphore));
		apple_double_fail(NULL, 0);
		assert_null(semaphore);
		assert_true(apple_double_settle(live, 5000)); /* the follower has pools */
	}
	mvk_finish(&mvk);
	geyser_event_unref(event);
}

/* Any GPU may use a shared event. */
static void test_semaphore_on_another_gpu(void **state)
{
	struct fixture *fixture = *state;
	struct geyser_event *event = make_event(fixture->manager, 3);
	VkSemaphore semaphore;
	struct mvk mvk;

	mvk_init(&mvk);
	apple_double_fail("sameGPU", 0);
	ok(geyser_moltenvk_semaphore_create(&mvk.device, event, &semaphore));
	apple_double_fail(NULL, 0);
	ok(geyser_event_signal(event, 5));
	assert_int_equal(counter(&mvk, semaphore), 5);
	vkDestroySemaphore(mvk.device.device, semaphore, NULL);
	mvk_finish(&mvk);
	geyser_event_unref(event);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup_manager, teardown_manager)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_semaphore_is_the_event),
		TEST(test_semaphore_by_the_extension),
		TEST(test_a_value_signalled_meanwhile_is_signalled_again),
		TEST(test_semaphore_on_another_gpu),
		TEST(test_event_is_the_semaphore),
		TEST(test_semaphores_that_no_event_fits),
		TEST(test_wrong_arguments),
		TEST(test_devices_that_lack_something),
		TEST(test_failures_leave_nothing_behind),
	};

	test_backend = GEYSER_BACKEND_METAL;
	return cmocka_run_group_tests_name("moltenvk events", tests, NULL, NULL);
}
