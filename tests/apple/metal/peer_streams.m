/* SPDX-License-Identifier: MIT */
/* Frames that the GPU draws and reads. */
#import "peer.h"

static void submit_by_gpu(const char *text)
{
	struct geyser_frame *frame;

	if (here.commands)
		gpu_finish(here.commands);
	frame = acquire_frame();
	here.commands = gpu_begin(&here.gpu);
	ok(geyser_metal_encode_frame_wait(here.commands, frame));
	gpu_draw(here.commands, geyser_frame_texture(frame), (uint32_t)number(text));
	say_result(geyser_metal_publisher_submit(my.publisher, frame, here.commands));
}

static void submit_promised(const char *text)
{
	id<MTLCommandBuffer> never = gpu_begin(&here.gpu);
	struct geyser_frame *frame = acquire_frame();

	(void)text;
	ok(geyser_metal_encode_frame_signal(never, frame));
	[never release];
	say_result(geyser_publisher_submit(my.publisher, frame));
}

static void take_by_gpu(const char *text)
{
	id<MTLCommandBuffer> commands = gpu_begin(&here.gpu);
	uint32_t sequence;
	struct geyser_frame *frame = take_frame(&sequence);
	const enum geyser_path path = geyser_texture_path(geyser_frame_texture(frame));
	id<MTLBuffer> buffer;

	(void)text;
	ok(geyser_metal_encode_frame_wait(commands, frame));
	buffer = gpu_read(commands, geyser_frame_texture(frame));
	ok(geyser_metal_subscriber_release(my.subscriber, frame, commands));
	gpu_finish(commands);
	say_frame(gpu_holds(buffer, sequence), sequence, path);
}

const struct command gpu_stream_commands[] = {
	{"submit-gpu", submit_by_gpu},
	{"submit-promised", submit_promised},
	{"take-gpu", take_by_gpu},
	{NULL, NULL},
};
