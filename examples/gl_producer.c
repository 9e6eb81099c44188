/*
 * Draws a turning triangle with OpenGL ES, straight into the frames of a stream.
 *
 * gl_producer [--frames N] [--size WxH] [NAME]
 * SPDX-License-Identifier: MIT
 */
#include <getopt.h>
#include <geyser/opengl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "example.h"
#include "gl_context.h"
#include "gl_triangle.h"

struct options {
	const char *name;
	uint32_t frames, width, height; /* 0 frames: the program runs until it is interrupted */
};

struct producer {
	struct geyser_manager *manager;
	struct geyser_publisher *publisher;
	struct geyser_gl *gl;
};

static void parse_size(char *text, struct options *out)
{
	const size_t digits = strcspn(text, "x");

	if (!text[digits])
		fail_usage("wrong size (%.64s): WIDTHxHEIGHT, as 640x480", text);
	text[digits] = '\0';
	out->width = parse_number("width", text, GEYSER_MAX_DIMENSION);
	out->height = parse_number("height", text + digits + 1, GEYSER_MAX_DIMENSION);
}

static struct options parse_options(int argc, char **argv)
{
	static const struct option options[] = {
		{"frames", required_argument, NULL, 'n'},
		{"size", required_argument, NULL, 's'},
		{NULL, 0, NULL, 0},
	};
	struct options out = {"triangle", 0, 640, 480};

	opterr = 0;
	for (int c; (c = getopt_long(argc, argv, "n:s:", options, NULL)) != -1;) {
		if (c == 'n')
			out.frames = parse_number("number of frames", optarg, UINT32_MAX);
		else if (c == 's')
			parse_size(optarg, &out);
		else
			fail_usage("usage: gl_producer [--frames N] [--size WxH] [NAME]");
	}
	if (optind < argc)
		out.name = argv[optind++];
	if (optind < argc)
		fail_usage("one argument too many (%.64s): the stream's name alone", argv[optind]);
	return out;
}

/* Draws and publishes a frame. Returns TIMEOUT if subscribers hold all buffers, MISMATCH if the
 * memory is on another device than GL's. */
static enum geyser_result draw(struct producer *producer, uint64_t number,
	const struct options *options, struct geyser_gl_texture_info *info)
{
	struct geyser_frame *frame;
	enum geyser_result result =
		geyser_publisher_acquire(producer->publisher, NANOSECONDS / 2, &frame);

	if (result == GEYSER_ERROR_TIMEOUT)
		return result;
	check(result, "frame");
	result = geyser_gl_frame_begin(producer->gl, frame, GEYSER_ACCESS_WRITE, UINT64_MAX, info);
	if (result == GEYSER_ERROR_MISMATCH) {
		(void)geyser_publisher_discard(producer->publisher, frame);
		return result;
	}
	check(result, "frame as a GL texture");
	gl_triangle_draw(info->name, options->width, options->height, number);
	check(geyser_gl_frame_end(producer->gl, frame), "end of the frame");
	/* GL may still be drawing: the readers of the frame wait for that */
	check(geyser_publisher_submit(producer->publisher, frame), "submit");
	return GEYSER_OK;
}

/* Draws the first frame with each of EGL's devices, until one is the device that has the stream's
 * memory. */
static void start(struct producer *producer, const struct options *options)
{
	const struct geyser_stream_desc desc = {
		.name = options->name,
		.texture = {.format = GEYSER_FORMAT_RGBA8_UNORM,
			.width = options->width,
			.height = options->height,
			.usage = GEYSER_USAGE_RENDER_ATTACHMENT | GEYSER_USAGE_TEXTURE_BINDING},
	};
	struct geyser_gl_texture_info texture;
	struct geyser_gl_info info;

	check(geyser_manager_create(NULL, &producer->manager), "manager");
	check(geyser_publisher_create(producer->manager, &desc, &producer->publisher), desc.name);
	for (unsigned i = 0; gl_context_open(i); i++) {
		check(geyser_gl_create(NULL, &producer->gl), "OpenGL");
		check(geyser_gl_get_info(producer->gl, &info), "OpenGL");
		gl_triangle_init();
		if (draw(producer, 1, options, &texture) == GEYSER_OK) {
			printf("%s: %ux%u on %s, %s\n", options->name, options->width,
				options->height, info.renderer,
				texture.path == GEYSER_PATH_COPY ? texture.reason : "zero-copy");
			return;
		}
		gl_triangle_finish();
		geyser_gl_destroy(producer->gl);
		gl_context_close();
	}
	fail("no EGL device has the stream's memory: %s", geyser_error_detail());
}

static void publish(struct producer *producer, const struct options *options)
{
	struct geyser_gl_texture_info info;
	uint64_t number = 1;

	while (!interrupted() && (!options->frames || number < options->frames)) {
		(void)nanosleep(&(struct timespec){.tv_nsec = NANOSECONDS / 60}, NULL);
		if (draw(producer, number + 1, options, &info) == GEYSER_OK)
			number++;
	}
	printf("%" PRIu64 " frames\n", number);
}

int main(int argc, char **argv)
{
	const struct options options = parse_options(argc, argv);
	struct producer producer;

	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	catch_signals();
	start(&producer, &options);
	publish(&producer, &options);
	gl_triangle_finish();
	geyser_publisher_destroy(producer.publisher);
	geyser_gl_destroy(producer.gl); /* must come while the context is current */
	geyser_manager_destroy(producer.manager);
	gl_context_close();
	return 0;
}
