/* Subscribers without the publisher's device: they get copies of its frames in host memory. */
#include "stage.h"

struct copies {
	struct stage stage;
	struct geyser_manager *host;
	struct geyser_subscriber *subscriber; /* of the host's manager */
	struct gpu_work drawn;                /* behind the gate, if begin_drawing was called */
};

/* A gate of this value opens when the test signals it. */
#define OPEN 5

static void begin(void **state, struct copies *copies, uint32_t buffers)
{
	*copies = (struct copies){.host = make_manager_on(GEYSER_BACKEND_HOST)};
	stage_begin(state, &copies->stage, buffers);
}

static void subscribe(struct copies *copies, enum geyser_delivery delivery)
{
	const struct geyser_subscriber_desc desc = {
		.name = "frames", .delivery = delivery, .connect_timeout_ns = PATIENCE};

	ok(geyser_subscriber_create(copies->host, &desc, &copies->subscriber));
}

/* Begins with a subscriber that wants the newest frame. */
static void begin_subscribed(void **state, struct copies *copies, uint32_t buffers)
{
	begin(state, copies, buffers);
	subscribe(copies, GEYSER_DELIVER_LATEST);
}

static void unsubscribe(struct copies *copies)
{
	geyser_subscriber_destroy(copies->subscriber);
	copies->subscriber = NULL;
}

static void end(struct copies *copies)
{
	unsubscribe(copies);
	if (copies->drawn.fence)
		gpu_finish(&copies->stage.drawing, &copies->drawn);
	stage_end(&copies->stage);
	geyser_manager_destroy(copies->host);
}

/* Submits a frame that is drawn once the gate opens. */
static void draw_behind_gate(struct copies *copies, uint32_t seed)
{
	copies->drawn = stage_draw_behind_gate(&copies->stage, seed, OPEN);
}

static void open_gate(struct copies *copies)
{
	ok(geyser_event_signal(copies->stage.gate, OPEN));
}

static struct geyser_publisher *publisher_of(struct copies *copies)
{
	return copies->stage.frames.publisher;
}

static void nothing_to_take(struct copies *copies)
{
	struct geyser_frame *frame;

	refused(GEYSER_ERROR_TIMEOUT, "",
		geyser_subscriber_acquire(copies->subscriber, 50 * MILLISECOND, &frame));
}

/* Takes the next frame, which must have this pattern, and releases it. Returns its sequence. */
static uint64_t take(struct copies *copies, uint32_t seed, enum geyser_path path)
{
	struct geyser_frame *frame;
	uint64_t sequence;

	ok(geyser_subscriber_acquire(copies->subscriber, PATIENCE, &frame));
	assert_true(texture_holds(geyser_frame_texture(frame), seed));
	assert_int_equal(geyser_texture_path(geyser_frame_texture(frame)), path);
	sequence = geyser_frame_get_info(frame)->sequence;
	ok(geyser_subscriber_release(copies->subscriber, frame));
	return sequence;
}

/* Ends a test after the frame that is held up has been drawn and has arrived as a copy. */
static void end_with_the_copy(struct copies *copies, uint32_t seed)
{
	nothing_to_take(copies);
	open_gate(copies);
	(void)take(copies, seed, GEYSER_PATH_COPY);
	end(copies);
}

/* A subscriber without a GPU gets no frame before it is drawn. */
static void acquiring_in_memory_waits_for_drawing(void **state)
{
	struct copies copies;

	begin_subscribed(state, &copies, 3);
	draw_behind_gate(&copies, 1);
	end_with_the_copy(&copies, 1);
}

/* A subscriber that needs copies joins a stream whose newest frame takes long to draw: neither the
 * subscriber's create nor the publisher's acquire waits for the drawing. */
static void joining_waits_for_no_drawing(void **state)
{
	struct copies copies;

	begin(state, &copies, 3);
	draw_behind_gate(&copies, 1);
	for (unsigned i = 0; i < 2; i++) { /* the second finds the first one's copies under way */
		unsubscribe(&copies);
		subscribe(&copies, GEYSER_DELIVER_LATEST);
		nothing_to_take(&copies);
		ok(geyser_publisher_discard(
			publisher_of(&copies), begin_frame(publisher_of(&copies))));
	}
	end_with_the_copy(&copies, 1);
}

/* All buffers are drawn behind the gate, and a copy follows each. acquire waits for the copies
 * within its own timeout. */
static void acquiring_waits_for_copies_in_time(void **state)
{
	struct geyser_frame *frame;
	struct gpu_work first;
	struct copies copies;

	begin_subscribed(state, &copies, 2);
	first = stage_draw_behind_gate(&copies.stage, 1, OPEN);
	draw_behind_gate(&copies, 2);
	refused(GEYSER_ERROR_TIMEOUT, "copies it for a subscriber",
		geyser_publisher_acquire(publisher_of(&copies), 0, &frame));
	refused(GEYSER_ERROR_TIMEOUT, "copies it for a subscriber",
		geyser_publisher_acquire(publisher_of(&copies), 10 * MILLISECOND, &frame));
	open_gate(&copies);
	/* neither call took the newest frame */
	assert_int_equal(take(&copies, 2, GEYSER_PATH_COPY), 2);
	ok(geyser_publisher_discard(publisher_of(&copies), begin_frame(publisher_of(&copies))));
	gpu_finish(&copies.stage.drawing, &first);
	end(&copies);
}

/* Acquires with no free descriptor: a copy needs one. */
static void expect_no_buffer(struct copies *copies)
{
	struct rlimit limit, tight;
	struct geyser_frame *frame;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	tight = limit;
	tight.rlim_cur = 1;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &tight), 0);
	refused(GEYSER_ERROR_LIMIT, "",
		geyser_publisher_acquire(publisher_of(copies), PATIENCE, &frame));
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

static void a_copy_that_cannot_be_made_changes_nothing(void **state)
{
	const struct geyser_texture_desc desc = {
		.format = GEYSER_FORMAT_RGBA8_UNORM, .width = WIDTH + 1, .height = HEIGHT};
	struct geyser_frame *frame;
	struct copies copies;

	begin_subscribed(state, &copies, 2);
	ok(geyser_publisher_resize(publisher_of(&copies), &desc));
	expect_no_buffer(&copies);
	frame = begin_frame(publisher_of(&copies));
	assert_int_equal(geyser_texture_get_desc(geyser_frame_texture(frame))->width, WIDTH + 1);
	assert_true(fill_texture(geyser_frame_texture(frame), 3));
	ok(geyser_publisher_submit(publisher_of(&copies), frame));
	(void)take(&copies, 3, GEYSER_PATH_COPY);
	end(&copies);
}

static const struct geyser_texture_desc in_host_memory = {
	.format = GEYSER_FORMAT_RGBA8_UNORM,
	.width = WIDTH,
	.height = HEIGHT,
	.usage = GEYSER_USAGE_COPY_SRC | GEYSER_USAGE_COPY_DST | GEYSER_USAGE_HOST_MEMORY,
};

/* Resizes the stream to buffers in host memory. Each buffer is replaced when its turn comes: after
 * three frames all three are. */
static void move_to_host_memory(struct copies *copies)
{
	ok(geyser_publisher_resize(publisher_of(copies), &in_host_memory));
	for (uint32_t i = 0; i < 3; i++)
		ok(geyser_publisher_submit(
			publisher_of(copies), begin_frame(publisher_of(copies))));
}

static void move_to_device(struct copies *copies)
{
	struct geyser_texture_desc desc = in_host_memory;

	desc.usage &= ~GEYSER_USAGE_HOST_MEMORY;
	ok(geyser_publisher_resize(publisher_of(copies), &desc));
}

static void expect_stats(struct copies *copies, uint64_t frames)
{
	struct geyser_subscriber_stats stats;

	ok(geyser_subscriber_get_stats(copies->subscriber, &stats));
	assert_int_equal(stats.connections, 1);
	assert_int_equal(stats.frames, frames);
	assert_int_equal(stats.dropped, 0);
}

/* A subscriber reads the publisher's own buffers until a resize, and copies after it. Another event
 * says when a copy is filled. The subscriber keeps its place, and the frame that it holds. */
static void frames_that_become_copies_are_drawn(void **state)
{
	struct geyser_frame *held;
	struct copies copies;

	begin(state, &copies, 3);
	move_to_host_memory(&copies);
	submit(publisher_of(&copies), 1);
	subscribe(&copies, GEYSER_DELIVER_EVERY);
	held = next_frame(copies.subscriber, 4);
	assert_true(texture_holds(geyser_frame_texture(held), 1));
	assert_int_equal(geyser_texture_path(geyser_frame_texture(held)), GEYSER_PATH_ZERO_COPY);

	move_to_device(&copies);
	draw_behind_gate(&copies, 2);
	nothing_to_take(&copies);
	open_gate(&copies);
	assert_int_equal(take(&copies, 2, GEYSER_PATH_COPY), 5);
	expect_stats(&copies, 2);
	assert_true(texture_holds(geyser_frame_texture(held), 1));
	ok(geyser_subscriber_release(copies.subscriber, held));
	gpu_finish(&copies.stage.drawing, &copies.drawn);
	for (uint32_t i = 0; i < 6; i++) { /* in order, also in the buffer that was held */
		submit(publisher_of(&copies), 10 + i);
		assert_int_equal(take(&copies, 10 + i, GEYSER_PATH_COPY), 6 + i);
	}
	end(&copies);
}

/* After a resize the newest frame's buffer alone is in host memory. A subscriber that can read only
 * that one gets copies of all: with them comes the event that says when they are drawn. */
static void some_buffers_can_be_read_and_some_cannot(void **state)
{
	struct copies copies;

	begin(state, &copies, 3);
	ok(geyser_publisher_resize(publisher_of(&copies), &in_host_memory));
	draw_behind_gate(&copies, 1);
	subscribe(&copies, GEYSER_DELIVER_LATEST);
	end_with_the_copy(&copies, 1);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		manager_test(acquiring_in_memory_waits_for_drawing),
		manager_test(joining_waits_for_no_drawing),
		manager_test(acquiring_waits_for_copies_in_time),
		manager_test(a_copy_that_cannot_be_made_changes_nothing),
		manager_test(frames_that_become_copies_are_drawn),
		manager_test(some_buffers_can_be_read_and_some_cannot),
	};

	if (!has_vulkan())
		return 0;
	return run_suite(argc, argv, "copies", tests, COUNT_OF(tests));
}
