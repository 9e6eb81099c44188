/* SPDX-License-Identifier: MIT */
/* Copies into host memory, for subscribers without Metal, of publishers whose GPU waits: no
 * publisher holds up another one, and the number of copies that wait has a limit. */
#import "gpu.h"

#include <stdio.h>

#define WIDTH 61
#define HEIGHT 40
#define PUBLISHERS 5
#define MAX_COMMAND_BUFFERS 64

/* A stream with a subscriber that reads copies. The publisher draws with a queue of its own. */
struct copied {
	struct geyser_publisher *publisher;
	struct geyser_subscriber *subscriber;
	struct gpu gpu;
	id<MTLCommandBuffer> drawn; /* the last one */
};

static void open_copied(struct copied *copied, struct geyser_manager *metal,
	struct geyser_manager *host, const char *name, uint32_t buffers)
{
	const struct geyser_stream_desc desc = {
		.name = name,
		.texture = {.format = GEYSER_FORMAT_BGRA8_UNORM, .width = WIDTH, .height = HEIGHT},
		.buffers = buffers,
	};
	const struct geyser_subscriber_desc subscribing = {
		.name = name,
		.delivery = GEYSER_DELIVER_EVERY,
	};

	*copied = (struct copied){0};
	gpu_open(&copied->gpu, metal);
	ok(geyser_publisher_create(metal, &desc, &copied->publisher));
	ok(geyser_subscriber_create(host, &subscribing, &copied->subscriber));
}

static void close_copied(struct copied *copied)
{
	[copied->drawn release];
	geyser_subscriber_destroy(copied->subscriber);
	geyser_publisher_destroy(copied->publisher);
	gpu_close(&copied->gpu);
}

/* Submits a frame that the GPU draws once the gate has value 1; NULL: at once. */
static void draw(struct copied *copied, uint32_t seed, struct geyser_event *gate)
{
	struct geyser_frame *frame;

	ok(geyser_publisher_acquire(copied->publisher, PATIENCE, &frame));
	[copied->drawn release];
	copied->drawn = gpu_begin(&copied->gpu);
	if (gate)
		ok(geyser_metal_encode_wait((void *)copied->drawn, gate, 1));
	gpu_draw(copied->drawn, geyser_frame_texture(frame), seed);
	ok(geyser_metal_encode_frame_signal((void *)copied->drawn, frame));
	[copied->drawn commit];
	ok(geyser_publisher_submit(copied->publisher, frame));
}

static void take(struct copied *copied, uint32_t seed)
{
	struct geyser_frame *frame;

	ok(geyser_subscriber_acquire(copied->subscriber, PATIENCE, &frame));
	assert_int_equal(geyser_texture_path(geyser_frame_texture(frame)), GEYSER_PATH_COPY);
	assert_true(texture_holds(geyser_frame_texture(frame), seed));
	ok(geyser_subscriber_release(copied->subscriber, frame));
}

static void a_publisher_that_waits_holds_up_no_other(void **state)
{
	struct geyser_manager *host = make_manager_on(GEYSER_BACKEND_HOST);
	struct geyser_event *gate = make_event(manager_of(state), 0);
	struct copied waiting, going;
	struct geyser_frame *frame;

	open_copied(&waiting, manager_of(state), host, "waiting", 3);
	open_copied(&going, manager_of(state), host, "going", 3);
	draw(&waiting, 1, gate);
	for (uint32_t i = 1; i <= 10; i++) {
		draw(&going, i, NULL);
		take(&going, i);
	}
	refused(GEYSER_ERROR_TIMEOUT, "",
		geyser_subscriber_acquire(waiting.subscriber, 20 * MILLISECOND, &frame));
	ok(geyser_event_signal(gate, 1));
	take(&waiting, 1);
	close_copied(&going);
	close_copied(&waiting);
	geyser_event_unref(gate);
	geyser_manager_destroy(host);
}

/* More copies wait than a queue has command buffers. No submit blocks. A publisher whose buffers
 * all wait gets no further one. */
static void copies_that_wait_block_no_caller(void **state)
{
	struct geyser_manager *host = make_manager_on(GEYSER_BACKEND_HOST);
	struct geyser_event *gate = make_event(manager_of(state), 0);
	struct copied copied[PUBLISHERS];
	struct geyser_frame *frame;

	assert_true(PUBLISHERS * GEYSER_STREAM_BUFFERS_MAX > MAX_COMMAND_BUFFERS);
	for (uint32_t i = 0; i < PUBLISHERS; i++) {
		char name[16];

		(void)snprintf(name, sizeof(name), "copied %u", (unsigned)i);
		open_copied(&copied[i], manager_of(state), host, name, GEYSER_STREAM_BUFFERS_MAX);
		for (uint32_t k = 1; k <= GEYSER_STREAM_BUFFERS_MAX; k++)
			draw(&copied[i], k, gate);
		refused(GEYSER_ERROR_TIMEOUT, "copies it",
			geyser_publisher_acquire(copied[i].publisher, 0, &frame));
	}
	ok(geyser_event_signal(gate, 1));
	for (uint32_t i = 0; i < PUBLISHERS; i++)
		for (uint32_t k = 1; k <= GEYSER_STREAM_BUFFERS_MAX; k++)
			take(&copied[i], k);
	for (uint32_t i = 0; i < PUBLISHERS; i++)
		close_copied(&copied[i]);
	geyser_event_unref(gate);
	geyser_manager_destroy(host);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		manager_test(a_publisher_that_waits_holds_up_no_other),
		manager_test(copies_that_wait_block_no_caller),
	};

	test_backend = GEYSER_BACKEND_METAL;
	return run_suite(argc, argv, "copies", tests, COUNT_OF(tests));
}
