/* Events as timeline semaphores: all holders of an event see the signals of queues, and queues wait
 * for the signals of all holders. */
#include "gpu.h"
#include "harness.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Waiters notice a death within milliseconds. The limit is for a machine under load. */
#define AT_ONCE (3 * SECOND)

static uint64_t counter_of(struct gpu *gpu, struct geyser_event *event)
{
	const struct geyser_vulkan_point point = point_of(event, 0);
	uint64_t value;

	vk(vkGetSemaphoreCounterValue(gpu->device.device, point.semaphore, &value));
	return value;
}

static void wait_for_counter(struct gpu *gpu, struct geyser_event *event, uint64_t value)
{
	const struct geyser_vulkan_point point = point_of(event, value);
	const VkSemaphoreWaitInfo info = {
		.sType = VK_STRUCTURE_TYPE_SEMAPHORE_WAIT_INFO,
		.semaphoreCount = 1,
		.pSemaphores = &point.semaphore,
		.pValues = &point.value,
	};

	vk(vkWaitSemaphores(gpu->device.device, &info, PATIENCE));
}

static struct gpu_sync sync_of(struct geyser_event *event, uint64_t wait, uint64_t signal)
{
	struct gpu_sync sync = at_once;

	if (wait)
		sync.wait = point_of(event, wait);
	if (signal)
		sync.signal = point_of(event, signal);
	return sync;
}

static void order(struct gpu *gpu, struct geyser_event *event, uint64_t wait, uint64_t signal)
{
	struct gpu_work work = gpu_order(gpu, sync_of(event, wait, signal));

	gpu_finish(gpu, &work);
}

/* ---- in one process ---- */

static void the_semaphore_begins_with_the_events_value(void **state)
{
	struct geyser_event *event = make_event(manager_of(state), 41);
	struct gpu gpu;

	gpu_open(&gpu, manager_of(state));
	ok(geyser_event_signal(event, 42));
	wait_for_counter(&gpu, event, 42);
	assert_int_equal(counter_of(&gpu, event), 42);
	assert_true(point_of(event, 1).semaphore == point_of(event, 2).semaphore);
	gpu_close(&gpu);
	geyser_event_unref(event);
}

static void queues_and_threads_signal_in_turn(void **state)
{
	struct geyser_event *event = make_event(manager_of(state), 0);
	struct gpu gpu;

	gpu_open(&gpu, manager_of(state));
	for (uint64_t i = 0; i < 100; i++) {
		struct gpu_work work = gpu_order(&gpu, sync_of(event, 2 * i + 1, 2 * i + 2));

		ok(geyser_event_signal(event, 2 * i + 1));
		ok(geyser_event_wait(event, 2 * i + 2, PATIENCE));
		assert_int_equal(value_of(event), 2 * i + 2);
		gpu_finish(&gpu, &work);
	}
	gpu_close(&gpu);
	geyser_event_unref(event);
}

static void the_hosts_signal_of_the_semaphore_counts(void **state)
{
	struct geyser_event *event = make_event(manager_of(state), 0);
	const VkSemaphoreSignalInfo info = {
		.sType = VK_STRUCTURE_TYPE_SEMAPHORE_SIGNAL_INFO,
		.semaphore = point_of(event, 0).semaphore,
		.value = 9,
	};
	struct geyser_vulkan_device device;

	ok(geyser_vulkan_get_device(manager_of(state), &device));
	vk(vkSignalSemaphore(device.device, &info));
	ok(geyser_event_wait(event, 9, PATIENCE));
	assert_int_equal(value_of(event), 9);
	geyser_event_unref(event);
}

struct seen {
	struct latch latch;
	uint64_t value;
	enum geyser_result result;
};

static void see(struct geyser_event *event, uint64_t value, enum geyser_result result, void *user)
{
	struct seen *seen = user;

	(void)event;
	seen->value = value;
	seen->result = result;
	latch_add(&seen->latch);
}

static void a_queues_signal_is_seen_by_callbacks_and_descriptors(void **state)
{
	struct geyser_event *event = make_event(manager_of(state), 0);
	struct seen seen = {.value = 0};
	struct gpu gpu;
	int fd;

	gpu_open(&gpu, manager_of(state));
	latch_init(&seen.latch);
	(void)point_of(event, 0);
	ok(geyser_event_notify(event, 5, see, &seen));
	ok(geyser_event_fd(event, 5, &fd));
	assert_false(readable(fd, 0));
	order(&gpu, event, 0, 5);
	assert_true(latch_wait(&seen.latch, 1));
	assert_int_equal(seen.result, GEYSER_OK);
	assert_int_equal(seen.value, 5);
	assert_true(readable(fd, PATIENCE));
	(void)close(fd);
	latch_finish(&seen.latch);
	gpu_close(&gpu);
	geyser_event_unref(event);
}

static void a_host_managers_event_orders_queues(void **state)
{
	struct geyser_manager *host = make_manager_on(GEYSER_BACKEND_HOST);
	struct geyser_event *theirs = make_event(host, 3), *mine;
	struct geyser_handle handle = export_event(theirs);
	struct gpu_work work;
	struct gpu gpu;

	mine = import_event(manager_of(state), &handle);
	assert_false(geyser_vulkan_event_is_native(mine)); /* even if the driver could */
	gpu_open(&gpu, manager_of(state));
	work = gpu_order(&gpu, sync_of(mine, 4, 5));
	assert_int_equal(value_of(theirs), 3);
	ok(geyser_event_signal(theirs, 4));
	ok(geyser_event_wait(theirs, 5, PATIENCE));
	gpu_finish(&gpu, &work);
	assert_int_equal(value_of(mine), 5);
	gpu_close(&gpu);
	geyser_event_unref(mine);
	geyser_event_unref(theirs);
	geyser_manager_destroy(host);
}

/* Maps the page of the only event that this process has, as any holder can. */
static uint64_t *page_of_the_event(void)
{
	uint64_t *page = MAP_FAILED;
	struct dirent *entry;
	char target[256];
	DIR *folder = opendir("/proc/self/fd");

	assert_non_null(folder);
	while ((entry = readdir(folder))) {
		ssize_t size = readlinkat(dirfd(folder), entry->d_name, target, sizeof(target) - 1);

		target[size < 0 ? 0 : size] = 0;
		if (page == MAP_FAILED && strncmp(target, "/memfd:geyser-event", 19) == 0)
			page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED,
				(int)strtol(entry->d_name, NULL, 10), 0);
	}
	assert_int_equal(closedir(folder), 0);
	assert_true(page != MAP_FAILED);
	return page;
}

/* A holder writes into the page that the shared semaphore has every value. */
static void a_lie_about_what_is_carried(void **state)
{
	struct geyser_manager *another = make_manager_on(GEYSER_BACKEND_VULKAN);
	struct geyser_manager *host = make_manager_on(GEYSER_BACKEND_HOST);
	struct geyser_event *event = make_event(manager_of(state), 0), *imported, *on_host;
	struct geyser_handle handle = export_event(event);
	struct gpu gpu, importer;
	uint64_t *page;

	imported = import_event(another, &handle);
	on_host = import_event(host, &handle);
	gpu_open(&gpu, manager_of(state));
	gpu_open(&importer, another);
	wait_for_counter(&importer, imported, 0); /* both follow the page */
	wait_for_counter(&gpu, event, 0);
	page = page_of_the_event();
	__atomic_store_n(&page[2], UINT64_MAX, __ATOMIC_SEQ_CST); /* struct gy_timeline_page */
	ok(geyser_event_signal(event, 1));
	wait_for_counter(&importer, imported, 1);
	ok(geyser_event_signal(on_host, 2));
	wait_for_counter(&importer, imported, 2);
	wait_for_counter(&gpu, event, 2);
	ok(geyser_event_signal(imported, 3));
	wait_for_counter(&gpu, event, 3);
	order(&gpu, event, 3, 4);
	ok(geyser_event_wait(on_host, 4, PATIENCE));
	assert_int_equal(munmap(page, 4096), 0);
	gpu_close(&importer);
	gpu_close(&gpu);
	geyser_event_unref(on_host);
	geyser_event_unref(imported);
	geyser_event_unref(event);
	geyser_manager_destroy(host);
	geyser_manager_destroy(another);
}

static void an_event_outlives_its_manager(void **state)
{
	struct geyser_vulkan_device raw;
	struct geyser_manager *manager;
	struct geyser_event *event;

	(void)state;
	assert_true(raw_open(&raw, NULL));
	ok(geyser_vulkan_manager_create(&raw, &manager));
	event = make_event(manager, 3);
	(void)point_of(event, 3);
	geyser_manager_destroy(manager);
	ok(geyser_event_signal(event, 5));
	ok(geyser_event_wait(event, 5, 0));
	geyser_event_unref(event);
	raw_close(&raw);
}

/* A value that the semaphore has got isn't lost when the event ends right after it. */
static void the_last_signal_is_carried(void **state)
{
	struct geyser_vulkan_device device;

	ok(geyser_vulkan_get_device(manager_of(state), &device));
	for (int i = 0; i < 50; i++) {
		struct geyser_event *event = make_event(manager_of(state), 0);
		const struct geyser_handle handle = export_event(event);
		struct geyser_event *imported = import_event(manager_of(state), &handle);
		const VkSemaphoreSignalInfo info = {
			.sType = VK_STRUCTURE_TYPE_SEMAPHORE_SIGNAL_INFO,
			.semaphore = point_of(event, 4).semaphore,
			.value = 4,
		};

		vk(vkSignalSemaphore(device.device, &info));
		geyser_event_unref(event);
		ok(geyser_event_wait(imported, 4, 0));
		geyser_event_unref(imported);
	}
}

/* Values of more than 32 bits. */
static void far_values(void **state)
{
	struct geyser_event *event = make_event(manager_of(state), UINT32_MAX - UINT64_C(1));
	struct gpu gpu;

	gpu_open(&gpu, manager_of(state));
	for (uint64_t i = 0; i < 4; i++) {
		order(&gpu, event, 0, UINT32_MAX + i);
		ok(geyser_event_wait(event, UINT32_MAX + i, PATIENCE));
	}
	assert_int_equal(counter_of(&gpu, event), UINT32_MAX + UINT64_C(3));
	gpu_close(&gpu);
	geyser_event_unref(event);
}

/* ---- between processes ---- */

static struct geyser_event *import_from(void **state, struct peer *peer, const char *backend)
{
	struct geyser_handle handle;

	start_importer(peer, backend, "exporter");
	tell(peer, "create-event 1");
	handle = hear_handle(peer);
	return import_event(manager_of(state), &handle);
}

static const char *const backends[] = {"vulkan", "host"};
static const char *const waits[] = {"wait", "notify", "poll"};

static void a_queues_signal_wakes_another_process(void **state)
{
	struct gpu gpu;

	gpu_open(&gpu, manager_of(state));
	for (size_t i = 0; i < COUNT_OF(backends); i++) {
		struct peer peer;
		struct geyser_event *event = import_from(state, &peer, backends[i]);

		for (uint64_t j = 0; j < COUNT_OF(waits); j++) {
			ask_for(&peer, "waiting", "%s %u", waits[j], (unsigned)j + 2);
			order(&gpu, event, j + 1, j + 2);
			expect_line(&peer, "ok");
		}
		ask(&peer, "value", "4");
		geyser_event_unref(event);
		end_peer(&peer);
	}
	gpu_close(&gpu);
}

static void another_process_lets_a_queue_go_on(void **state)
{
	struct gpu gpu;

	gpu_open(&gpu, manager_of(state));
	for (size_t i = 0; i < COUNT_OF(backends); i++) {
		struct peer peer;
		struct geyser_event *event = import_from(state, &peer, backends[i]);
		struct gpu_work work = gpu_order(&gpu, sync_of(event, 2, 3));

		assert_int_equal(vkGetFenceStatus(gpu.device.device, work.fence), VK_NOT_READY);
		ask(&peer, "signal 2", "ok");
		gpu_finish(&gpu, &work);
		ask(&peer, "wait 3", "waiting");
		expect_line(&peer, "ok");
		geyser_event_unref(event);
		end_peer(&peer);
	}
	gpu_close(&gpu);
}

static void queues_of_two_processes_take_turns(void **state)
{
	struct geyser_event *event;
	struct peer peer;
	struct gpu gpu;

	gpu_open(&gpu, manager_of(state));
	event = import_from(state, &peer, "vulkan");
	for (unsigned i = 0; i < 30; i++) {
		struct gpu_work work = gpu_order(&gpu, sync_of(event, 2 * i + 2, 2 * i + 3));

		ask_for(&peer, "ok", "gpu-order %u %u", 2 * i + 1, 2 * i + 2);
		gpu_finish(&gpu, &work);
		ask(&peer, "finish", "ok");
	}
	ok(geyser_event_wait(event, 61, PATIENCE));
	geyser_event_unref(event);
	end_peer(&peer);
	gpu_close(&gpu);
}

/* ---- death ---- */

static void die(struct peer *peer)
{
	kill_peer(peer);
}

static void end(struct peer *peer)
{
	end_peer(peer);
}

/* A queue waits for a value that the exporter will never signal. */
static void no_queue_hangs(void **state, const char *backend, void (*leave)(struct peer *peer))
{
	struct geyser_event *event;
	struct gpu_work work;
	struct peer peer;
	struct gpu gpu;
	uint64_t begin;

	gpu_open(&gpu, manager_of(state));
	event = import_from(state, &peer, backend);
	work = gpu_order(&gpu, sync_of(event, 50, 0));
	begin = now_ns();
	leave(&peer);
	gpu_finish(&gpu, &work);
	vk(vkQueueWaitIdle(gpu.device.queue));
	refused(GEYSER_ERROR_DISCONNECTED, "", geyser_event_wait(event, 50, PATIENCE));
	print_message("# %s: free after %.2f ms\n", backend, (double)(now_ns() - begin) / 1e6);
	assert_in_range(now_ns() - begin, 0, AT_ONCE);
	ok(geyser_event_wait(event, 1, 0)); /* this value was reached before */
	geyser_event_unref(event);
	gpu_close(&gpu);
}

static void no_queue_waits_for_the_dead(void **state)
{
	for (size_t i = 0; i < COUNT_OF(backends); i++)
		no_queue_hangs(state, backends[i], die);
}

static void no_queue_waits_for_whoever_has_left(void **state)
{
	for (size_t i = 0; i < COUNT_OF(backends); i++)
		no_queue_hangs(state, backends[i], end);
}

/* The importer asks for the semaphore when the exporter is dead already. */
static void nor_when_it_begins_after_that(void **state)
{
	struct geyser_event *event;
	struct peer peer;
	struct gpu gpu;

	gpu_open(&gpu, manager_of(state));
	event = import_from(state, &peer, "vulkan");
	kill_peer(&peer);
	refused(GEYSER_ERROR_DISCONNECTED, "", geyser_event_wait(event, 50, PATIENCE));
	order(&gpu, event, 50, 0);
	geyser_event_unref(event);
	gpu_close(&gpu);
}

/* An importer's death lets no queue go on and stops none. */
static void an_importers_death_changes_nothing(void **state)
{
	struct geyser_event *event = make_event(manager_of(state), 1);
	struct geyser_handle handle = export_event(event);
	struct gpu_work work;
	struct peer peer;
	struct gpu gpu;

	gpu_open(&gpu, manager_of(state));
	start_importer(&peer, "vulkan", "importer");
	give(&peer, "import-event", &handle, "ok");
	ask(&peer, "gpu-order 2 0", "ok");
	work = gpu_order(&gpu, sync_of(event, 3, 4));
	kill_peer(&peer);
	assert_int_equal(value_of(event), 1);
	ok(geyser_event_signal(event, 3));
	gpu_finish(&gpu, &work);
	ok(geyser_event_wait(event, 4, PATIENCE));
	gpu_close(&gpu);
	geyser_event_unref(event);
}

/* ---- for another API ---- */

static VkSemaphore take_semaphore(struct gpu *gpu, int fd)
{
	const VkSemaphoreTypeCreateInfo type = {
		.sType = VK_STRUCTURE_TYPE_SEMAPHORE_TYPE_CREATE_INFO,
		.semaphoreType = VK_SEMAPHORE_TYPE_TIMELINE,
	};
	const VkSemaphoreCreateInfo info = {
		.sType = VK_STRUCTURE_TYPE_SEMAPHORE_CREATE_INFO,
		.pNext = &type,
	};
	VkImportSemaphoreFdInfoKHR import = {
		.sType = VK_STRUCTURE_TYPE_IMPORT_SEMAPHORE_FD_INFO_KHR,
		.handleType = VK_EXTERNAL_SEMAPHORE_HANDLE_TYPE_OPAQUE_FD_BIT,
		.fd = fd,
	};
	const PFN_vkImportSemaphoreFdKHR take = (PFN_vkImportSemaphoreFdKHR)vkGetDeviceProcAddr(
		gpu->device.device, "vkImportSemaphoreFdKHR");

	vk(vkCreateSemaphore(gpu->device.device, &info, NULL, &import.semaphore));
	vk(take(gpu->device.device, &import));
	return import.semaphore;
}

/* The exported semaphore is the event itself, whichever process made it. */
static void expect_same_event(struct gpu *gpu, struct geyser_event *event, uint64_t value)
{
	struct geyser_native_event native;
	VkSemaphore semaphore;
	uint64_t counter;

	ok(geyser_event_export_native(event, &native));
	assert_int_equal(native.type, GEYSER_NATIVE_EVENT_TIMELINE_FD);
	assert_true(fd_is_cloexec(native.fd));
	semaphore = take_semaphore(gpu, native.fd);
	ok(geyser_event_signal(event, value));
	vk(vkGetSemaphoreCounterValue(gpu->device.device, semaphore, &counter));
	assert_int_equal(counter, value);
	vk(vkSignalSemaphore(gpu->device.device,
		&(VkSemaphoreSignalInfo){.sType = VK_STRUCTURE_TYPE_SEMAPHORE_SIGNAL_INFO,
			.semaphore = semaphore,
			.value = value + 1}));
	ok(geyser_event_wait(event, value + 1, PATIENCE));
	vkDestroySemaphore(gpu->device.device, semaphore, NULL);
}

static void an_event_as_a_descriptor(void **state)
{
	struct geyser_manager *other = make_manager();
	struct geyser_event *event = make_event(manager_of(state), 4), *imported;
	struct geyser_native_event native;
	struct geyser_handle handle;
	struct gpu gpu;

	refused(GEYSER_ERROR_INVALID_ARGUMENT, "event", geyser_event_export_native(NULL, &native));
	refused(GEYSER_ERROR_INVALID_ARGUMENT, "out", geyser_event_export_native(event, NULL));
	gpu_open(&gpu, manager_of(state));
	ok(geyser_event_export(event, &handle));
	ok(geyser_event_import(other, &handle, &imported));
	if (info_of(manager_of(state)).native_events) {
		expect_same_event(&gpu, event, 10);
		expect_same_event(&gpu, imported, 20);
	} else {
		refused(GEYSER_ERROR_UNSUPPORTED, "no timeline semaphores",
			geyser_event_export_native(event, &native));
		assert_int_equal(native.fd, -1);
		refused(GEYSER_ERROR_UNSUPPORTED, "no timeline semaphores",
			geyser_event_export_native(imported, &native));
	}
	geyser_event_unref(imported);
	geyser_event_unref(event);
	gpu_close(&gpu);
	geyser_manager_destroy(other);
}

static void a_host_event_has_no_descriptor(void **state)
{
	struct geyser_manager *host = make_manager_on(GEYSER_BACKEND_HOST);
	struct geyser_event *event = make_event(host, 4);
	struct geyser_native_event native;

	(void)state;
	refused(GEYSER_ERROR_UNSUPPORTED, "host", geyser_event_export_native(event, &native));
	assert_int_equal(native.fd, -1);
	geyser_event_unref(event);
	geyser_manager_destroy(host);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		manager_test(the_semaphore_begins_with_the_events_value),
		manager_test(queues_and_threads_signal_in_turn),
		manager_test(the_hosts_signal_of_the_semaphore_counts),
		manager_test(a_queues_signal_is_seen_by_callbacks_and_descriptors),
		manager_test(a_host_managers_event_orders_queues),
		registry_test(an_event_outlives_its_manager),
		manager_test(a_lie_about_what_is_carried),
		manager_test(the_last_signal_is_carried),
		manager_test(far_values),
		manager_test(a_queues_signal_wakes_another_process),
		manager_test(another_process_lets_a_queue_go_on),
		manager_test(queues_of_two_processes_take_turns),
		littered_test(no_queue_waits_for_the_dead),
		manager_test(no_queue_waits_for_whoever_has_left),
		littered_test(nor_when_it_begins_after_that),
		littered_test(an_importers_death_changes_nothing),
		manager_test(an_event_as_a_descriptor),
		manager_test(a_host_event_has_no_descriptor),
	};

	if (!has_vulkan())
		return 0;
	return run_suite(argc, argv, "events", tests, COUNT_OF(tests));
}
