/* SPDX-License-Identifier: MIT */
/* Events as MTLSharedEvents. The GPU and the CPU signal them, in this process and in another one.
 */
#import "gpu.h"

#include <inttypes.h>
#include <unistd.h>

#define JUNK ((void *)(uintptr_t)0x5a5a)

static id<MTLSharedEvent> shared_of(struct geyser_event *event)
{
	void *shared;

	ok(geyser_metal_event(event, &shared));
	return (id<MTLSharedEvent>)shared;
}

/* Commits work that waits for one value and signals the other. A value of 0 means neither. */
static id<MTLCommandBuffer> order(
	struct gpu *gpu, struct geyser_event *event, uint64_t wait, uint64_t signal)
{
	id<MTLCommandBuffer> commands = gpu_begin(gpu);

	if (wait)
		ok(geyser_metal_encode_wait((void *)commands, event, wait));
	if (signal)
		ok(geyser_metal_encode_signal((void *)commands, event, signal));
	[commands commit];
	return commands;
}

static void until_shared(id<MTLSharedEvent> shared, uint64_t value)
{
	uint64_t end = now_ns() + PATIENCE;

	while (shared.signaledValue < value)
		assert_true(now_ns() < end);
}

/* ---- within this process ---- */

static void one_object_with_one_value(void **state)
{
	struct geyser_event *event = make_event(manager_of(state), 5);
	id<MTLSharedEvent> shared = shared_of(event);

	assert_ptr_equal(shared_of(event), shared);
	assert_int_equal(shared.signaledValue, 5);
	ok(geyser_event_signal(event, 8));
	until_shared(shared, 8);
	shared.signaledValue = 11;
	ok(geyser_event_wait(event, 11, PATIENCE));
	assert_int_equal(value_of(event), 11);
	assert_int_equal(shared.signaledValue, 11);
	geyser_event_unref(event);
}

static void note(struct geyser_event *event, uint64_t value, enum geyser_result result, void *latch)
{
	(void)event;
	check(result == GEYSER_OK && value >= 3);
	latch_add(latch);
}

static void the_gpu_wakes_every_kind_of_waiter(void **state)
{
	struct geyser_event *event = make_event(manager_of(state), 0);
	id<MTLCommandBuffer> commands;
	struct latch latch;
	struct gpu gpu;
	int fd;

	gpu_open(&gpu, manager_of(state));
	latch_init(&latch);
	ok(geyser_event_notify(event, 3, note, &latch));
	ok(geyser_event_fd(event, 3, &fd));
	assert_false(readable(fd, 0));
	commands = order(&gpu, event, 0, 3);
	ok(geyser_event_wait(event, 3, PATIENCE));
	assert_true(latch_wait(&latch, 1));
	assert_true(readable(fd, PATIENCE));
	assert_int_equal(value_of(event), 3);
	gpu_finish(commands);
	no_failures();
	(void)close(fd);
	geyser_event_unref(event);
	latch_finish(&latch);
	gpu_close(&gpu);
}

static void the_gpu_waits_for_the_cpu(void **state)
{
	struct geyser_event *event = make_event(manager_of(state), 0);
	id<MTLCommandBuffer> commands;
	struct gpu gpu;

	gpu_open(&gpu, manager_of(state));
	commands = order(&gpu, event, 4, 5);
	ok(geyser_event_signal(event, 3));
	refused(GEYSER_ERROR_TIMEOUT, "", geyser_event_wait(event, 5, 20 * MILLISECOND));
	assert_false(gpu_done(commands));
	ok(geyser_event_signal(event, 4));
	ok(geyser_event_wait(event, 5, PATIENCE));
	gpu_finish(commands);
	geyser_event_unref(event);
	gpu_close(&gpu);
}

struct race {
	struct geyser_event *event;
	struct gpu gpu;
};

/* The double ends a process that lowers a shared event. */
static void raise_by_either(unsigned index, void *data)
{
	struct race *race = data;

	for (uint64_t value = 1; value <= 200; value++) {
		if (index == 0)
			check(geyser_event_signal(race->event, 2 * value) == GEYSER_OK);
		else if (index == 1)
			check(geyser_event_wait(race->event, 2 * value, PATIENCE) == GEYSER_OK);
		else
			check(geyser_event_signal(race->event, value) == GEYSER_OK);
	}
}

static void never_lowered(void **state)
{
	struct race race = {.event = make_event(manager_of(state), 0)};
	id<MTLCommandBuffer> commands;

	gpu_open(&race.gpu, manager_of(state));
	commands = order(&race.gpu, race.event, 399, 400);
	run_threads(4, raise_by_either, &race);
	gpu_finish(commands);
	until_shared(shared_of(race.event), 400);
	assert_int_equal(value_of(race.event), 400);
	geyser_event_unref(race.event);
	gpu_close(&race.gpu);
}

/* ---- events that the caller gives ---- */

static void an_event_of_the_caller_s(void **state)
{
	id<MTLSharedEvent> shared;
	struct geyser_event *event;
	struct gpu gpu;

	gpu_open(&gpu, manager_of(state));
	shared = [gpu.device newSharedEvent];
	shared.signaledValue = 6;
	ok(geyser_metal_event_adopt(manager_of(state), (void *)shared, &event));
	assert_ptr_equal(shared_of(event), shared);
	assert_int_equal(value_of(event), 6);
	ok(geyser_event_signal(event, 7));
	until_shared(shared, 7);
	shared.signaledValue = 9;
	ok(geyser_event_wait(event, 9, PATIENCE));
	geyser_event_unref(event); /* while geyser waits for its next value */
	assert_int_equal(shared.signaledValue, 9);
	shared.signaledValue = 10; /* the waiting block finds no event, and releases its object */
	[shared release];
	gpu_close(&gpu);
}

static void it_outlives_its_owner_s_reference(void **state)
{
	struct geyser_event *event;
	id<MTLSharedEvent> shared;
	id<MTLCommandBuffer> commands;
	struct gpu gpu;

	gpu_open(&gpu, manager_of(state));
	shared = [gpu.device newSharedEvent];
	ok(geyser_metal_event_adopt(manager_of(state), (void *)shared, &event));
	[shared release]; /* the geyser_event has a reference of its own */
	commands = order(&gpu, event, 0, 2);
	ok(geyser_event_wait(event, 2, PATIENCE));
	gpu_finish(commands);
	shared_of(event).signaledValue = 3;
	geyser_event_unref(event);
	gpu_close(&gpu);
}

static void handles_of_events(void **state)
{
	struct geyser_manager *other = make_manager();
	struct geyser_event *event = make_event(manager_of(state), 4), *opened;
	struct gpu gpu, second;
	id<MTLCommandBuffer> wait, signal;
	void *handle;

	gpu_open(&gpu, manager_of(state));
	gpu_open(&second, other);
	ok(geyser_metal_event_shared_handle(event, &handle));
	ok(geyser_metal_event_import_shared_handle(other, handle, &opened));
	[(id)handle release];
	assert_int_equal(value_of(opened), 4);
	wait = order(&second, opened, 5, 6);
	signal = order(&gpu, event, 0, 5);
	gpu_finish(signal);
	gpu_finish(wait);
	ok(geyser_event_wait(event, 6, PATIENCE));
	ok(geyser_event_signal(event, 7));
	ok(geyser_event_wait(opened, 7, PATIENCE));
	shared_of(event).signaledValue = 8; /* geyser waits for this value: no block is left then */
	geyser_event_unref(opened);
	geyser_event_unref(event);
	gpu_close(&second);
	gpu_close(&gpu);
	geyser_manager_destroy(other);
}

static void arguments_that_are_null(void **state)
{
	const enum geyser_result wanted = GEYSER_ERROR_INVALID_ARGUMENT;
	struct geyser_event *event = make_event(manager_of(state), 0), *out = JUNK;
	struct geyser_manager *manager = manager_of(state);
	void *object = JUNK, *any = (void *)MTLCreateSystemDefaultDevice();

	refused(wanted, "event", geyser_metal_event(NULL, &object));
	assert_null(object);
	refused(wanted, "out", geyser_metal_event(event, NULL));
	refused(wanted, "mtl_command_buffer", geyser_metal_encode_wait(NULL, event, 1));
	refused(wanted, "event", geyser_metal_encode_wait(any, NULL, 1));
	refused(wanted, "mtl_command_buffer", geyser_metal_encode_signal(NULL, event, 1));
	refused(wanted, "event", geyser_metal_encode_signal(any, NULL, 1));
	refused(wanted, "mtl_shared_event", geyser_metal_event_adopt(manager, NULL, &out));
	assert_null(out);
	refused(wanted, "manager", geyser_metal_event_adopt(NULL, any, &out));
	refused(wanted, "out", geyser_metal_event_adopt(manager, any, NULL));
	refused(wanted, "out", geyser_metal_event_shared_handle(event, NULL));
	refused(wanted, "event", geyser_metal_event_shared_handle(NULL, &object));
	refused(wanted, "mtl_shared_event_handle",
		geyser_metal_event_import_shared_handle(manager, NULL, &out));
	refused(wanted, "manager", geyser_metal_event_import_shared_handle(NULL, any, &out));
	refused(wanted, "out", geyser_metal_event_import_shared_handle(manager, any, NULL));
	[(id)any release];
	geyser_event_unref(event);
}

/* ---- another process ---- */

static void start_with_event(struct peer *peer, const char *backend, struct geyser_event *event)
{
	struct geyser_handle handle = export_event(event);

	start_importer(peer, backend, "-");
	give(peer, "import-event", &handle, "ok");
}

static void the_gpu_wakes_another_process(void **state)
{
	const char *const commands[] = {"wait", "notify", "poll"};
	const char *const backends[] = {"metal", "host"};
	struct geyser_event *event = make_event(manager_of(state), 0);
	uint64_t value = 0;
	struct gpu gpu;

	gpu_open(&gpu, manager_of(state));
	for (size_t i = 0; i < COUNT_OF(backends); i++) {
		struct peer peer;

		start_with_event(&peer, backends[i], event);
		for (size_t j = 0; j < COUNT_OF(commands); j++) {
			ask_for(&peer, "waiting", "%s %" PRIu64, commands[j], ++value);
			gpu_finish(order(&gpu, event, 0, value));
			expect_line(&peer, "ok");
		}
		end_peer(&peer);
	}
	geyser_event_unref(event);
	gpu_close(&gpu);
}

static void another_process_wakes_the_gpu(void **state)
{
	const char *const backends[] = {"metal", "host"};
	struct gpu gpu;

	gpu_open(&gpu, manager_of(state));
	for (size_t i = 0; i < COUNT_OF(backends); i++) {
		struct geyser_event *event = make_event(manager_of(state), 0);
		id<MTLCommandBuffer> commands;
		struct peer peer;

		start_with_event(&peer, backends[i], event);
		commands = order(&gpu, event, 2, 3);
		ask(&peer, "signal 1", "ok");
		assert_false(gpu_done(commands));
		ask(&peer, "signal 2", "ok");
		gpu_finish(commands);
		ask(&peer, "wait 3", "waiting");
		expect_line(&peer, "ok");
		ask(&peer, "value", "3");
		end_peer(&peer);
		geyser_event_unref(event);
	}
	gpu_close(&gpu);
}

/* A texture goes from GPU to GPU and back, and no CPU waits meanwhile. */
static void from_gpu_to_gpu(void **state)
{
	struct geyser_texture *texture =
		make_texture(manager_of(state), GEYSER_FORMAT_BGRA8_UNORM, 61, 40);
	struct geyser_handle handle = export_texture(texture);
	struct geyser_event *event = make_event(manager_of(state), 0);
	id<MTLCommandBuffer> commands;
	id<MTLBuffer> buffer;
	struct peer peer;
	struct gpu gpu;

	gpu_open(&gpu, manager_of(state));
	start_with_event(&peer, "metal", event);
	give(&peer, "import-texture", &handle, "ok");
	for (uint32_t round = 0; round < 10; round++) {
		uint64_t at = 4 * (uint64_t)round;

		ask_for(&peer, "ok", "gpu-read %" PRIu64 " %" PRIu64, at + 1, at + 2);
		commands = gpu_begin(&gpu);
		gpu_draw(commands, texture, round);
		ok(geyser_metal_encode_synchronize((void *)commands, texture));
		ok(geyser_metal_encode_signal((void *)commands, event, at + 1));
		[commands commit];
		ask_for(&peer, "ok", "finish-holds %" PRIu32, round);
		gpu_finish(commands);
		commands = gpu_begin(&gpu);
		ok(geyser_metal_encode_wait((void *)commands, event, at + 3));
		buffer = gpu_read(commands, texture);
		ok(geyser_metal_encode_signal((void *)commands, event, at + 4));
		[commands commit];
		ask_for(&peer, "ok", "gpu-fill %" PRIu64 " %" PRIu64 " %" PRIu32, at + 2, at + 3,
			100 + round);
		ask(&peer, "finish", "waiting");
		expect_line(&peer, "ok");
		gpu_finish(commands);
		assert_true(gpu_holds(buffer, 100 + round));
	}
	end_peer(&peer);
	geyser_event_unref(event);
	geyser_texture_unref(texture);
	gpu_close(&gpu);
}

static void an_adopted_event_in_another_process(void **state)
{
	id<MTLSharedEvent> shared;
	struct geyser_event *event;
	struct peer peer;
	struct gpu gpu;

	gpu_open(&gpu, manager_of(state));
	shared = [gpu.device newSharedEvent];
	shared.signaledValue = 2;
	ok(geyser_metal_event_adopt(manager_of(state), (void *)shared, &event));
	start_with_event(&peer, "host", event);
	ask(&peer, "value", "2");
	ask(&peer, "wait 3", "waiting");
	shared.signaledValue = 3;
	expect_line(&peer, "ok");
	ask(&peer, "signal 4", "ok");
	until_shared(shared, 4);
	end_peer(&peer);
	geyser_event_unref(event);
	shared.signaledValue = 5;
	[shared release];
	gpu_close(&gpu);
}

/* ---- the other process dies ---- */

static void start_exporting(struct peer *peer, struct geyser_event **event, void **state)
{
	struct geyser_handle handle;

	start_importer(peer, "metal", "-");
	tell(peer, "create-event 1");
	handle = hear_handle(peer);
	*event = import_event(manager_of(state), &handle);
}

static void a_gpu_that_waits_for_the_dead_is_freed(void **state)
{
	struct geyser_event *event;
	id<MTLCommandBuffer> commands;
	struct peer peer;
	struct gpu gpu;

	gpu_open(&gpu, manager_of(state));
	start_exporting(&peer, &event, state);
	commands = order(&gpu, event, 10, 0);
	refused(GEYSER_ERROR_TIMEOUT, "", geyser_event_wait(event, 10, 0));
	assert_false(gpu_done(commands));
	kill_peer(&peer);
	gpu_finish(commands);
	refused(GEYSER_ERROR_DISCONNECTED, "", geyser_event_wait(event, 10, PATIENCE));
	ok(geyser_event_wait(event, 1, 0)); /* the value was reached before the exporter died */
	geyser_event_unref(event);
	gpu_close(&gpu);
}

/* The importer asks for the shared event when the exporter is dead already. */
static void a_gpu_that_comes_late_is_freed(void **state)
{
	struct geyser_event *event;
	struct peer peer;
	struct gpu gpu;

	gpu_open(&gpu, manager_of(state));
	start_exporting(&peer, &event, state);
	kill_peer(&peer);
	refused(GEYSER_ERROR_DISCONNECTED, "", geyser_event_wait(event, 10, PATIENCE));
	gpu_finish(order(&gpu, event, 10, 0));
	geyser_event_unref(event);
	gpu_close(&gpu);
}

/* After an importer's death the exporter works as before. */
static void an_importer_that_dies_frees_nobody(void **state)
{
	struct geyser_event *event = make_event(manager_of(state), 0);
	id<MTLCommandBuffer> commands;
	struct peer peer;
	struct gpu gpu;

	gpu_open(&gpu, manager_of(state));
	start_with_event(&peer, "metal", event);
	ask(&peer, "gpu-order 9 0", "ok");
	commands = order(&gpu, event, 2, 3);
	kill_peer(&peer);
	refused(GEYSER_ERROR_TIMEOUT, "", geyser_event_wait(event, 3, 100 * MILLISECOND));
	assert_false(gpu_done(commands));
	ok(geyser_event_signal(event, 2));
	gpu_finish(commands);
	ok(geyser_event_wait(event, 3, PATIENCE));
	geyser_event_unref(event);
	gpu_close(&gpu);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		manager_test(one_object_with_one_value),
		manager_test(the_gpu_wakes_every_kind_of_waiter),
		manager_test(the_gpu_waits_for_the_cpu),
		manager_test(never_lowered),
		manager_test(an_event_of_the_caller_s),
		manager_test(it_outlives_its_owner_s_reference),
		manager_test(handles_of_events),
		manager_test(arguments_that_are_null),
		manager_test(the_gpu_wakes_another_process),
		manager_test(another_process_wakes_the_gpu),
		manager_test(from_gpu_to_gpu),
		manager_test(an_adopted_event_in_another_process),
		littered_test(a_gpu_that_waits_for_the_dead_is_freed),
		littered_test(a_gpu_that_comes_late_is_freed),
		manager_test(an_importer_that_dies_frees_nobody),
	};

	test_backend = GEYSER_BACKEND_METAL;
	return run_suite(argc, argv, "events", tests, COUNT_OF(tests));
}
