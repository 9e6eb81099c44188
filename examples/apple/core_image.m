/* SPDX-License-Identifier: MIT */
/*
 * A filter between two streams: core_image FROM TO FRAMES. Core Image renders the middle of each
 * frame of the one into a frame of the other; any chain of CIFilters would do.
 */
#include "example.h"

#include <CoreImage/CoreImage.h>
#include <geyser/apple.h>
#include <geyser/metal.h>
#include <inttypes.h>
#include <stdio.h>

struct filter {
	struct geyser_manager *manager;
	struct geyser_subscriber *from;
	/* the publisher is made with this name when the size is known */
	struct geyser_publisher *to;
	const char *name;
	CIContext *context;
};

static void make_publisher(struct filter *filter, const struct geyser_texture_desc *desc)
{
	const struct geyser_stream_desc stream = {
		.name = filter->name,
		.texture = {.format = desc->format, .width = desc->width, .height = desc->height},
	};

	check(geyser_publisher_create(filter->manager, &stream, &filter->to), filter->name);
}

/* Core Image has a queue of its own: the CPU waits until the frame is drawn. */
static void wait_until_drawn(struct geyser_texture *texture)
{
	struct geyser_mapping mapping;

	check(geyser_texture_map(texture, GEYSER_ACCESS_READ, &mapping), "map");
	geyser_texture_unmap(texture);
}

static void apply(struct filter *filter, struct geyser_texture *from, struct geyser_texture *to)
{
	const struct geyser_texture_desc *const desc = geyser_texture_get_desc(from);
	const uint32_t x = desc->width / 4, y = desc->height / 4;
	void *image;

	check(geyser_coreimage_image_create(from, NULL, &image), "image");
	check(geyser_coreimage_render(filter->context,
		      [(CIImage *)image imageByCroppingToRect:CGRectMake(x, y, 2 * x, 2 * y)], to,
		      GEYSER_ALPHA_PREMULTIPLIED, NULL),
		"render");
	[(CIImage *)image release];
}

static void pass_on(struct filter *filter)
{
	struct geyser_frame *in, *out;
	struct geyser_texture *texture;

	check(geyser_subscriber_acquire(filter->from, 5 * NANOSECONDS, &in), "frame");
	texture = geyser_frame_texture(in);
	if (!filter->to)
		make_publisher(filter, geyser_texture_get_desc(texture));
	check(geyser_publisher_acquire(filter->to, 5 * NANOSECONDS, &out), "buffer");
	wait_until_drawn(texture);
	apply(filter, texture, geyser_frame_texture(out));
	check(geyser_publisher_submit(filter->to, out), "submit");
	check(geyser_subscriber_release(filter->from, in), "release");
}

int main(int argc, char **argv)
{
	struct filter filter = {.name = argc > 2 ? argv[2] : "middle"};
	const struct geyser_subscriber_desc desc = {
		.name = argc > 1 ? argv[1] : "metal",
		.connect_timeout_ns = 5 * NANOSECONDS,
	};
	const uint32_t frames = argc > 3 ? parse_number("FRAMES", argv[3], UINT32_MAX) : UINT32_MAX;
	void *device;
	uint32_t number = 0;

	catch_signals();
	check(geyser_metal_manager_create(NULL, &filter.manager), "manager");
	check(geyser_metal_get_device(filter.manager, &device), "device");
	check(geyser_subscriber_create(filter.manager, &desc, &filter.from), desc.name);
	@autoreleasepool {
		filter.context = [[CIContext contextWithMTLDevice:device] retain];
	}
	for (; number < frames && !interrupted(); number++)
		@autoreleasepool {
			pass_on(&filter);
		}
	[filter.context release];
	geyser_publisher_destroy(filter.to);
	geyser_subscriber_destroy(filter.from);
	geyser_manager_destroy(filter.manager);
	printf("%" PRIu32 " frames\n", number);
	return 0;
}
