/*
 * Draws a turning triangle with a Vulkan device of its own, straight into the frames of a stream.
 *
 * SPDX-License-Identifier: MIT
 *
 * vulkan_producer [--frames N] [--size WxH] [--fps N] [NAME]
 */
#include <getopt.h>
#include <geyser/vulkan.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "example.h"
#include "triangle.h"
#include "vulkan_device.h"
#include "vulkan_work.h"

#define BUFFERS 3u
#define FORMAT GEYSER_FORMAT_RGBA8_UNORM

struct options {
	const char *name;
	uint32_t frames; /* 0: the program runs until it is interrupted */
	uint32_t width, height, fps;
};

/* The objects of one buffer of the stream. */
struct target {
	VkImage image;
	VkImageView view;
	VkFramebuffer framebuffer;
	VkCommandBuffer commands;
	struct geyser_vulkan_point drawn; /* reached when the last frame in the buffer is drawn */
};

struct producer {
	struct geyser_vulkan_device device;
	struct geyser_manager *manager;
	struct geyser_publisher *publisher;
	struct triangle triangle;
	VkCommandPool pool;
	struct target targets[BUFFERS];
};

/* Returns the end of the digits. The number is 0 or too large if it can't be the side of a
 * texture. */
static const char *parse_side(const char *text, uint32_t *out)
{
	for (*out = 0; *text >= '0' && *text <= '9' && *out <= GEYSER_MAX_DIMENSION; text++)
		*out = *out * 10 + (uint32_t)(*text - '0');
	return text;
}

static void parse_size(const char *text, struct options *options)
{
	const char *const x = parse_side(text, &options->width);
	const char *const end = *x == 'x' ? parse_side(x + 1, &options->height) : x;

	if (*x != 'x' || *end || !options->width || !options->height ||
		options->width > GEYSER_MAX_DIMENSION || options->height > GEYSER_MAX_DIMENSION)
		fail_usage("wrong size (%.64s): WIDTHxHEIGHT, each from 1 to %u, as 640x480", text,
			GEYSER_MAX_DIMENSION);
}

static struct options parse_options(int argc, char **argv)
{
	static const struct option options[] = {
		{"frames", required_argument, NULL, 'n'},
		{"size", required_argument, NULL, 's'},
		{"fps", required_argument, NULL, 'r'},
		{NULL, 0, NULL, 0},
	};
	struct options out = {.name = "triangle", .width = 640, .height = 480, .fps = 60};

	opterr = 0; /* the usage text is enough */
	for (int c; (c = getopt_long(argc, argv, "n:s:r:", options, NULL)) != -1;) {
		if (c == 'n')
			out.frames = parse_number("number of frames", optarg, UINT32_MAX);
		else if (c == 's')
			parse_size(optarg, &out);
		else if (c == 'r')
			out.fps = parse_number("frames a second", optarg, 1000);
		else
			fail_usage("usage: vulkan_producer [--frames N] [--size WxH] [--fps N] "
				   "[NAME]");
	}
	if (optind < argc)
		out.name = argv[optind++];
	if (optind < argc)
		fail_usage("one argument too many (%.64s): the stream's name alone", argv[optind]);
	return out;
}

static void start(struct producer *producer, const struct options *options)
{
	const struct geyser_stream_desc desc = {
		.name = options->name,
		.texture = {.format = FORMAT,
			.width = options->width,
			.height = options->height,
			.usage = GEYSER_USAGE_RENDER_ATTACHMENT | GEYSER_USAGE_TEXTURE_BINDING |
				 GEYSER_USAGE_COPY_SRC},
		.buffers = BUFFERS,
		.frame_rate_num = options->fps,
		.frame_rate_den = 1,
	};
	const VkExtent2D size = {options->width, options->height};
	struct geyser_vulkan_info info;
	VkCommandBuffer commands[BUFFERS];

	vulkan_device_create("vulkan_producer", &producer->device);
	check(geyser_vulkan_manager_create(&producer->device, &producer->manager), "manager");
	check(geyser_vulkan_get_info(producer->manager, &info), "device");
	check(geyser_publisher_create(producer->manager, &desc, &producer->publisher),
		options->name);
	triangle_init(&producer->triangle, producer->device.device, VK_FORMAT_R8G8B8A8_UNORM, size);
	producer->pool = vulkan_command_buffers(&producer->device, BUFFERS, commands);
	for (uint32_t i = 0; i < BUFFERS; i++)
		producer->targets[i].commands = commands[i];
	printf("%s: %" PRIu32 "x%" PRIu32 " on %s\n", options->name, options->width,
		options->height, info.name);
}

/* Returns the buffer of this frame, and prepares it when it is first seen. The stream is never
 * resized, so its images never change. */
static struct target *find_target(struct producer *producer, struct geyser_frame *frame)
{
	struct geyser_vulkan_image_info info;

	check(geyser_vulkan_texture_get_info(geyser_frame_texture(frame), &info), "image");
	for (struct target *t = producer->targets; t < producer->targets + BUFFERS; t++) {
		if (t->image == info.image)
			return t;
		if (t->image)
			continue;
		t->image = info.image;
		triangle_target(
			&producer->triangle, t->image, info.format, &t->view, &t->framebuffer);
		return t;
	}
	fail("the stream has more than %u buffers", BUFFERS);
}

/* Draws a frame. The submit waits until the last GPU work on this buffer is done, and signals
 * when its own is. The CPU waits for neither, unless it has to record over commands that may
 * still run. */
static void draw(struct producer *producer, struct geyser_frame *frame, uint64_t number)
{
	const struct geyser_vulkan_access access = {
		.layout = VK_IMAGE_LAYOUT_COLOR_ATTACHMENT_OPTIMAL,
		.stages = VK_PIPELINE_STAGE_COLOR_ATTACHMENT_OUTPUT_BIT,
		.access = VK_ACCESS_COLOR_ATTACHMENT_WRITE_BIT,
	};
	struct target *const target = find_target(producer, frame);
	struct geyser_texture *const texture = geyser_frame_texture(frame);
	struct geyser_vulkan_point free;

	if (target->drawn.semaphore)
		vulkan_wait(producer->manager, &target->drawn);
	check(geyser_vulkan_frame_wait_point(frame, &free), "wait point");
	check(geyser_vulkan_frame_signal_point(frame, &target->drawn), "signal point");
	vulkan_begin(target->commands);
	check(geyser_vulkan_cmd_acquire(target->commands, texture, &access), "acquire");
	triangle_draw(&producer->triangle, target->commands, target->framebuffer, number);
	check(geyser_vulkan_cmd_release(target->commands, texture, &access), "release");
	vulkan_submit(producer->manager, target->commands, &free, &target->drawn);
}

/* Waits, without a limit, for a buffer that no subscriber reads. Returns NULL when interrupted. */
static struct geyser_frame *acquire(struct producer *producer)
{
	struct geyser_frame *frame;
	enum geyser_result result;

	do {
		result = geyser_publisher_acquire(producer->publisher, NANOSECONDS / 2, &frame);
	} while (result == GEYSER_ERROR_TIMEOUT && !interrupted());
	if (result != GEYSER_ERROR_TIMEOUT)
		check(result, "frame");
	return frame;
}

static void wait_until(struct timespec *due, uint32_t fps)
{
	due->tv_nsec += (long)(NANOSECONDS / fps);
	if (due->tv_nsec >= (long)NANOSECONDS) {
		due->tv_nsec -= (long)NANOSECONDS;
		due->tv_sec++;
	}
	(void)clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, due, NULL);
}

static uint64_t publish(struct producer *producer, const struct options *options)
{
	struct timespec due;
	uint64_t number = 0;

	(void)clock_gettime(CLOCK_MONOTONIC, &due);
	while (!interrupted() && (!options->frames || number < options->frames)) {
		struct geyser_frame *const frame = acquire(producer);

		if (!frame)
			break;
		draw(producer, frame, ++number);
		check(geyser_publisher_submit(producer->publisher, frame), "submit");
		wait_until(&due, options->fps);
	}
	return number;
}

/* Destroys geyser's objects first, since they borrow the device. */
static void finish(struct producer *producer)
{
	for (struct target *t = producer->targets; t < producer->targets + BUFFERS; t++) {
		if (t->drawn.semaphore)
			vulkan_wait(producer->manager, &t->drawn);
		vkDestroyFramebuffer(producer->device.device, t->framebuffer, NULL);
		vkDestroyImageView(producer->device.device, t->view, NULL);
	}
	geyser_publisher_destroy(producer->publisher);
	geyser_manager_destroy(producer->manager);
	triangle_finish(&producer->triangle);
	vkDestroyCommandPool(producer->device.device, producer->pool, NULL);
	vulkan_device_destroy(&producer->device);
}

int main(int argc, char **argv)
{
	const struct options options = parse_options(argc, argv);
	struct producer producer = {.pool = VK_NULL_HANDLE};
	uint64_t frames;

	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	catch_signals();
	start(&producer, &options);
	frames = publish(&producer, &options);
	finish(&producer);
	printf("%" PRIu64 " frames\n", frames);
	return 0;
}
