/* SPDX-License-Identifier: MIT */
/* What the other process understands of streams. */
#import "peer.h"

#include <inttypes.h>
#include <stdio.h>

/* "NAME WIDTH HEIGHT BUFFERS" */
static void publish(const char *text)
{
	char name[GEYSER_STREAM_NAME_MAX + 1] = "";
	struct geyser_stream_desc desc = {
		.name = name,
		.texture.format = GEYSER_FORMAT_BGRA8_UNORM,
	};

	(void)sscanf(text, "%63s %" SCNu32 " %" SCNu32 " %" SCNu32, name, &desc.texture.width,
		&desc.texture.height, &desc.buffers);
	say_result(geyser_publisher_create(my.manager, &desc, &my.publisher));
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

	if (my.commands)
		gpu_finish(my.commands);
	ok(geyser_publisher_acquire(my.publisher, PATIENCE, &frame));
	my.commands = gpu_begin(&my.gpu);
	ok(geyser_metal_encode_frame_wait(my.commands, frame));
	gpu_draw(my.commands, geyser_frame_texture(frame), (uint32_t)number(text));
	say_result(geyser_metal_publisher_submit(my.publisher, frame, my.commands));
}

/* Submits a frame that it promises to draw, and never does. */
static void submit_promised(const char *text)
{
	id<MTLCommandBuffer> never = gpu_begin(&my.gpu);
	struct geyser_frame *frame;

	(void)text;
	ok(geyser_publisher_acquire(my.publisher, PATIENCE, &frame));
	ok(geyser_metal_encode_frame_signal(never, frame));
	[never release];
	say_result(geyser_publisher_submit(my.publisher, frame));
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
	id<MTLCommandBuffer> commands = gpu_begin(&my.gpu);
	struct geyser_frame *frame;
	id<MTLBuffer> buffer;
	uint32_t sequence;
	int frame_path;

	(void)text;
	ok(geyser_subscriber_acquire(my.subscriber, PATIENCE, &frame));
	sequence = (uint32_t)geyser_frame_get_info(frame)->sequence;
	frame_path = (int)geyser_texture_path(geyser_frame_texture(frame));
	ok(geyser_metal_encode_frame_wait(commands, frame));
	buffer = gpu_read(commands, geyser_frame_texture(frame));
	ok(geyser_metal_subscriber_release(my.subscriber, frame, commands));
	gpu_finish(commands);
	say("%s %" PRIu32 " %d", gpu_holds(buffer, sequence) ? "ok" : "bad", sequence, frame_path);
}

const struct command stream_commands[] = {
	{"publish", publish},
	{"submit", submit},
	{"submit-gpu", submit_by_gpu},
	{"submit-promised", submit_promised},
	{"subscribe", subscribe},
	{"take", take},
	{"take-gpu", take_by_gpu},
};

const size_t stream_command_count = COUNT_OF(stream_commands);
