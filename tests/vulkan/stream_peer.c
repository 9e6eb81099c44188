/* What the other process understands of streams. */
#include "peer.h"

#include <inttypes.h>
#include <stdio.h>

/* "NAME WIDTH HEIGHT BUFFERS" */
static void publish(const char *text)
{
	char name[GEYSER_STREAM_NAME_MAX + 1] = "";
	struct geyser_stream_desc desc = {
		.name = name,
		.texture.format = GEYSER_FORMAT_RGBA8_UNORM,
	};

	(void)sscanf(text, "%63s %" SCNu32 " %" SCNu32 " %" SCNu32, name, &desc.texture.width,
		&desc.texture.height, &desc.buffers);
	say_result(geyser_publisher_create(my.manager, &desc, &my.publisher));
}

/* "WIDTH HEIGHT" */
static void resize(const char *text)
{
	struct geyser_texture_desc desc = {.format = GEYSER_FORMAT_RGBA8_UNORM};

	(void)sscanf(text, "%" SCNu32 " %" SCNu32, &desc.width, &desc.height);
	say_result(geyser_publisher_resize(my.publisher, &desc));
}

static void subscribe(const char *text)
{
	const struct geyser_subscriber_desc desc = {
		.name = text,
		.delivery = GEYSER_DELIVER_EVERY,
		.connect_timeout_ns = PATIENCE,
	};

	say_result(geyser_subscriber_create(my.manager, &desc, &my.subscriber));
}

/* ---- publishing: the pattern is the seed's ---- */

static void submit(const char *text)
{
	struct geyser_frame *frame;

	ok(geyser_publisher_acquire(my.publisher, PATIENCE, &frame));
	assert_true(fill_texture(geyser_frame_texture(frame), (uint32_t)number(text)));
	say_result(geyser_publisher_submit(my.publisher, frame));
}

/* Submits the frame while the GPU draws. */
static void submit_by_gpu(const char *text)
{
	struct geyser_frame *frame;
	struct gpu_sync sync;

	if (my.work.fence)
		gpu_finish(&my.gpu, &my.work);
	ok(geyser_publisher_acquire(my.publisher, PATIENCE, &frame));
	ok(geyser_vulkan_frame_wait_point(frame, &sync.wait));
	ok(geyser_vulkan_frame_signal_point(frame, &sync.signal));
	my.work = gpu_fill(&my.gpu, geyser_frame_texture(frame), (uint32_t)number(text), sync);
	say_result(geyser_publisher_submit(my.publisher, frame));
}

/* Submits a frame that it promises to draw, and never does. */
static void submit_promised(const char *text)
{
	struct geyser_vulkan_point point;
	struct geyser_frame *frame;

	(void)text;
	ok(geyser_publisher_acquire(my.publisher, PATIENCE, &frame));
	ok(geyser_vulkan_frame_signal_point(frame, &point));
	say_result(geyser_publisher_submit(my.publisher, frame));
}

/* Says what became of acquiring, and of submitting if there is a frame. */
static void acquire(const char *text)
{
	(void)text;
	say_result(geyser_publisher_acquire(my.publisher, PATIENCE, &my.frame));
}

static void submit_acquired(const char *text)
{
	(void)text;
	say_result(geyser_publisher_submit(my.publisher, my.frame));
	my.frame = NULL;
}

/* ---- subscribing: the pattern is the sequence's ---- */

static void take(const char *text)
{
	struct geyser_frame *frame;
	enum geyser_result result = geyser_subscriber_acquire(my.subscriber, PATIENCE, &frame);
	uint32_t sequence;

	(void)text;
	if (result != GEYSER_OK) {
		say_result(result);
		return;
	}
	sequence = (uint32_t)geyser_frame_get_info(frame)->sequence;
	if (texture_holds(geyser_frame_texture(frame), sequence))
		say("ok %" PRIu32 " %d", sequence,
			(int)geyser_texture_path(geyser_frame_texture(frame)));
	else
		say("bad %" PRIu32 " (%s)", sequence, geyser_error_detail());
	ok(geyser_subscriber_release(my.subscriber, frame));
}

/* Releases the frame while the GPU reads. */
static void take_by_gpu(const char *text)
{
	struct geyser_frame *frame;
	struct gpu_sync sync;
	uint32_t sequence;
	enum geyser_path path;

	(void)text;
	ok(geyser_subscriber_acquire(my.subscriber, PATIENCE, &frame));
	sequence = (uint32_t)geyser_frame_get_info(frame)->sequence;
	path = geyser_texture_path(geyser_frame_texture(frame));
	ok(geyser_vulkan_frame_wait_point(frame, &sync.wait));
	ok(geyser_vulkan_frame_signal_point(frame, &sync.signal));
	my.work = gpu_read(&my.gpu, geyser_frame_texture(frame), sync);
	ok(geyser_subscriber_release(my.subscriber, frame));
	if (gpu_finish_holds(&my.gpu, &my.work, sequence))
		say("ok %" PRIu32 " %d", sequence, (int)path);
	else
		say("bad %" PRIu32, sequence);
}

/* Says so before it waits. */
static void wait_for_frame(const char *text)
{
	say("waiting");
	take(text);
}

const struct command stream_commands[] = {
	{"publish", publish},
	{"resize", resize},
	{"submit", submit},
	{"submit-gpu", submit_by_gpu},
	{"submit-promised", submit_promised},
	{"acquire", acquire},
	{"submit-acquired", submit_acquired},
	{"subscribe", subscribe},
	{"take", take},
	{"take-gpu", take_by_gpu},
	{"wait-frame", wait_for_frame},
};

const size_t stream_command_count = COUNT_OF(stream_commands);
