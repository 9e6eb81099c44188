/* Events on CUDA's streams, in one process: between CPU, CUDA and Vulkan. */
#include "cu.h"

#define NOT_READY 600

static bool is_native(struct geyser_event *event)
{
	if (geyser_cuda_event_is_native(event))
		return true;
	print_message("# events aren't native here\n");
	return false;
}

/* The CPU waits for a stream's signal, and then sees the stream's work before the signal. */
static void the_cpu_waits_for_a_stream(void **state)
{
	struct geyser_event *event = make_event(((struct fixture *)*state)->manager, 0);
	struct cu_memory memory;

	cu_enter();
	memory = cu_allocate(1 << 20);
	for (uint64_t i = 1; i <= 100; i++) {
		uint32_t first;

		cuda(cu.MemsetD32Async(memory.pointer, (uint32_t)i, 1 << 18, cu_stream()));
		ok(geyser_cuda_event_signal(event, i, cu_stream()));
		ok(geyser_event_wait(event, i, PATIENCE));
		cuda(cu.MemcpyDtoH(&first, memory.pointer + (1 << 20) - 4, 4));
		assert_int_equal(first, i);
	}
	assert_int_equal(value_of(event), 100);
	cu_free(&memory);
	cu_leave();
	geyser_event_unref(event);
}

/* A stream that waits isn't done until the CPU signals. */
static void a_stream_waits_for_the_cpu(void **state)
{
	struct geyser_event *event = make_event(((struct fixture *)*state)->manager, 0);

	if (!is_native(event)) {
		geyser_event_unref(event);
		skip();
	}
	cu_enter();
	for (uint64_t i = 1; i <= 20; i++) {
		ok(geyser_cuda_event_wait(event, 2 * i - 1, cu_stream()));
		ok(geyser_cuda_event_signal(event, 2 * i, cu_stream()));
		assert_int_equal(cu.StreamQuery(cu_stream()), NOT_READY);
		assert_int_equal(value_of(event), 2 * i - 2);
		ok(geyser_event_signal(event, 2 * i - 1));
		ok(geyser_event_wait(event, 2 * i, PATIENCE));
		cuda(cu.StreamSynchronize(cu_stream()));
	}
	cu_leave();
	geyser_event_unref(event);
}

/* A wait for a value that is reached already doesn't delay the stream. */
static void values_of_the_past(void **state)
{
	struct geyser_event *event = make_event(((struct fixture *)*state)->manager, 7);

	cu_enter();
	ok(geyser_cuda_event_wait(event, 0, cu_stream()));
	ok(geyser_cuda_event_wait(event, 7, cu_stream()));
	cuda(cu.StreamSynchronize(cu_stream()));
	ok(geyser_cuda_event_signal(event, 8, NULL)); /* on the default stream */
	ok(geyser_event_wait(event, 8, PATIENCE));
	cu_leave();
	geyser_event_unref(event);
}

struct signaller {
	struct geyser_event *event;
	struct latch latch;
};

static void *signal_in_thread(void *data)
{
	struct signaller *signaller = data;

	check(latch_wait(&signaller->latch, 1));
	check(geyser_event_signal(signaller->event, 1) == GEYSER_OK);
	return NULL;
}

/* If the event isn't native, the call itself waits for the value. */
static void a_call_that_waits(void **state)
{
	struct signaller signaller = {.event = make_event(((struct fixture *)*state)->manager, 0)};
	pthread_t thread;

	cu_enter();
	assert_false(geyser_cuda_event_is_native(signaller.event));
	latch_init(&signaller.latch);
	assert_int_equal(pthread_create(&thread, NULL, signal_in_thread, &signaller), 0);
	latch_add(&signaller.latch);
	ok(geyser_cuda_event_wait(signaller.event, 1, cu_stream()));
	assert_int_equal(value_of(signaller.event), 1);
	assert_int_equal(pthread_join(thread, NULL), 0);
	latch_finish(&signaller.latch);
	no_failures();
	refused(GEYSER_ERROR_TIMEOUT, "", geyser_cuda_event_wait(signaller.event, 2, cu_stream()));
	cu_leave();
	geyser_event_unref(signaller.event);
}

/* The signal of an event that isn't native keeps its own reference. A native event's signal must be
 * done before the last reference is dropped. */
static void a_signal_outlives_the_reference(void **state)
{
	struct geyser_event *event = make_event(((struct fixture *)*state)->manager, 0);
	const struct geyser_handle handle = export_event(event);
	struct geyser_event *imported = import_event(((struct fixture *)*state)->manager, &handle);

	cu_enter();
	ok(geyser_cuda_event_signal(event, 4, cu_stream()));
	if (is_native(event))
		cuda(cu.StreamSynchronize(cu_stream()));
	geyser_event_unref(event);
	ok(geyser_event_wait(imported, 4, PATIENCE));
	cu_leave();
	geyser_event_unref(imported);
}

static void the_signals_refusals(void **state)
{
	struct geyser_event *event;

	if (!cu_is_double)
		skip();
	event = make_event(((struct fixture *)*state)->manager, 0);
	cu.double_fail("cuLaunchHostFunc", 2);
	refused(GEYSER_ERROR_OUT_OF_MEMORY, "cuLaunchHostFunc",
		geyser_cuda_event_signal(event, 1, NULL));
	assert_int_equal(value_of(event), 0);
	ok(geyser_cuda_event_signal(event, 1, NULL));
	ok(geyser_event_wait(event, 1, PATIENCE));
	geyser_event_unref(event);
}

/* Vulkan's work waits for CUDA's, and the reverse. All work is submitted before any of it can run.
 */
static void between_vulkan_and_cuda(void **state)
{
	struct geyser_event *event = make_event(((struct fixture *)*state)->manager, 0);
	struct gpu_work work;
	struct gpu gpu;

	if (!is_native(event)) {
		geyser_event_unref(event);
		skip();
	}
	gpu_open(&gpu, ((struct fixture *)*state)->manager);
	cu_enter();
	for (uint64_t i = 0; i < 20; i++) {
		const struct gpu_sync sync = {
			point_of(event, 4 * i + 2), point_of(event, 4 * i + 3)};

		ok(geyser_cuda_event_wait(event, 4 * i + 1, cu_stream()));
		ok(geyser_cuda_event_signal(event, 4 * i + 2, cu_stream()));
		work = gpu_order(&gpu, sync);
		ok(geyser_cuda_event_wait(event, 4 * i + 3, cu_stream()));
		ok(geyser_cuda_event_signal(event, 4 * i + 4, cu_stream()));
		assert_int_equal(value_of(event), 4 * i);
		ok(geyser_event_signal(event, 4 * i + 1));
		ok(geyser_event_wait(event, 4 * i + 4, PATIENCE));
		gpu_finish(&gpu, &work);
	}
	cuda(cu.StreamSynchronize(cu_stream()));
	cu_leave();
	gpu_close(&gpu);
	geyser_event_unref(event);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		vulkan_test(the_cpu_waits_for_a_stream),
		vulkan_test(a_stream_waits_for_the_cpu),
		vulkan_test(values_of_the_past),
		vulkan_test(a_signal_outlives_the_reference),
		vulkan_test(between_vulkan_and_cuda),
		host_test(the_cpu_waits_for_a_stream),
		host_test(values_of_the_past),
		host_test(a_call_that_waits),
		host_test(a_signal_outlives_the_reference),
		host_test(the_signals_refusals),
	};

	return has_cuda() ? cmocka_run_group_tests_name("events", tests, NULL, NULL) : 0;
}
