/* dma-bufs between two processes, and events that order the work of their GPUs. */
#include "dmabuf.h"

#define ROUNDS 4u

struct two {
	struct geyser_texture *texture;
	struct geyser_event *event;
	struct gpu gpu;
	struct peer peer; /* the peer has imported the texture and the event */
};

static struct two begin(void **state)
{
	struct geyser_handle texture, event;
	struct two two;

	needs(NEED_VULKAN);
	two.texture = make_dma_buf_texture(manager_of(state));
	two.event = make_event(manager_of(state), 0);
	gpu_open(&two.gpu, manager_of(state));
	texture = export_texture(two.texture);
	event = export_event(two.event);
	start_importer(&two.peer, "vulkan", "peer");
	give(&two.peer, "import-texture", &texture, "ok");
	give(&two.peer, "import-event", &event, "ok");
	return two;
}

static void end(struct two *two)
{
	end_peer(&two->peer);
	gpu_close(&two->gpu);
	geyser_event_unref(two->event);
	geyser_texture_unref(two->texture);
}

/* Both processes use the same memory: each sees what the other writes. */
static void a_dma_buf_goes_to_another_process(void **state)
{
	struct two two = begin(state);

	ask(&two.peer, "path", "0");
	gpu_fill_now(&two.gpu, two.texture, 1);
	ask(&two.peer, "compare 1", "ok");
	ask(&two.peer, "gpu-read 0 0", "ok");
	ask(&two.peer, "finish-holds 1", "ok");
	ask(&two.peer, "gpu-fill 0 0 2", "ok");
	ask(&two.peer, "finish", "ok");
	assert_true(gpu_holds_now(&two.gpu, two.texture, 2));
	assert_true(texture_holds(two.texture, 2));
	end(&two);
}

/* The peer submits its reading before the event that the reading waits for is signalled. */
static void an_event_orders_the_work_of_two_processes(void **state)
{
	struct two two = begin(state);

	print_message("# the event is native: %s\n",
		geyser_vulkan_event_is_native(two.event) ? "yes" : "no");
	for (unsigned i = 0; i < ROUNDS; i++) {
		const struct gpu_sync sync = {
			.wait = point_of(two.event, 2 * i),
			.signal = point_of(two.event, 2 * i + 1),
		};
		struct gpu_work work;

		ask_for(&two.peer, "ok", "gpu-read %u %u", 2 * i + 1, 2 * i + 2);
		work = gpu_fill(&two.gpu, two.texture, i + 1, sync);
		ask_for(&two.peer, "ok", "finish-holds %u", i + 1);
		gpu_finish(&two.gpu, &work);
	}
	ok(geyser_event_wait(two.event, (uint64_t)2 * ROUNDS, PATIENCE));
	end(&two);
}

const struct CMUnitTest process_tests[] = {
	test(a_dma_buf_goes_to_another_process),
	test(an_event_orders_the_work_of_two_processes),
};
const size_t process_test_count = COUNT_OF(process_tests);
