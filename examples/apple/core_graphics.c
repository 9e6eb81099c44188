/* SPDX-License-Identifier: MIT */
/*
 * Publishes frames that Core Graphics draws: core_graphics NAME FRAMES. The ground's colour tells a
 * frame's number; over it a picture moves that was drawn once into a texture of its own. Plain C.
 */
#include "example.h"

#include <CoreGraphics/CoreGraphics.h>
#include <geyser/apple.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#define SIDE 40

/* Makes a CGImage: a yellow square with a hole in it. */
static CGImageRef create_picture(struct geyser_manager *manager)
{
	const struct geyser_texture_desc desc = {
		.format = GEYSER_FORMAT_RGBA8_UNORM, .width = SIDE, .height = SIDE};
	struct geyser_texture *texture;
	void *context, *image;

	check(geyser_texture_create(manager, &desc, &texture), "texture");
	check(geyser_coregraphics_context_create(
		      texture, GEYSER_ALPHA_PREMULTIPLIED, NULL, &context),
		"context");
	CGContextSetRGBFillColor((CGContextRef)context, 1, 0.8, 0, 1);
	CGContextFillRect((CGContextRef)context, CGRectMake(0, 0, SIDE, SIDE));
	CGContextClearRect((CGContextRef)context, CGRectMake(10, 10, SIDE - 20, SIDE - 20));
	geyser_coregraphics_context_finish(texture, context);
	check(geyser_coregraphics_image_create(texture, GEYSER_ALPHA_PREMULTIPLIED, NULL, &image),
		"image");
	geyser_texture_unref(texture);
	return (CGImageRef)image;
}

/* Draws into the very surface that subscribers read. */
static void draw(struct geyser_texture *texture, uint32_t number, CGImageRef picture)
{
	const struct geyser_texture_desc *const desc = geyser_texture_get_desc(texture);
	void *drawing;
	CGContextRef context;

	check(geyser_coregraphics_context_create(
		      texture, GEYSER_ALPHA_PREMULTIPLIED, NULL, &drawing),
		"context");
	context = (CGContextRef)drawing;
	CGContextSetRGBFillColor(context, (number % 256) / 255.0, 0.2, 0.6, 1);
	CGContextFillRect(context, CGRectMake(0, 0, desc->width, desc->height));
	CGContextDrawImage(
		context, CGRectMake(number * 4 % (desc->width - SIDE), 20, SIDE, SIDE), picture);
	geyser_coregraphics_context_finish(texture, drawing);
}

int main(int argc, char **argv)
{
	const struct geyser_manager_desc backend = {.backend = GEYSER_BACKEND_METAL};
	const struct geyser_stream_desc desc = {
		.name = argc > 1 ? argv[1] : "core-graphics",
		.texture = {.format = GEYSER_FORMAT_BGRA8_UNORM, .width = 320, .height = 240},
	};
	const uint32_t frames = argc > 2 ? parse_number("FRAMES", argv[2], UINT32_MAX) : UINT32_MAX;
	struct geyser_manager *manager;
	struct geyser_publisher *publisher;
	CGImageRef picture;
	uint32_t number = 0;

	catch_signals();
	check(geyser_manager_create(&backend, &manager), "manager");
	check(geyser_publisher_create(manager, &desc, &publisher), desc.name);
	picture = create_picture(manager);
	while (number < frames && !interrupted()) {
		struct geyser_frame *frame;

		check(geyser_publisher_acquire(publisher, 5 * NANOSECONDS, &frame), "frame");
		draw(geyser_frame_texture(frame), ++number, picture);
		check(geyser_publisher_submit(publisher, frame), "submit");
		usleep(1000000 / 60);
	}
	CGImageRelease(picture);
	geyser_publisher_destroy(publisher);
	geyser_manager_destroy(manager);
	printf("%" PRIu32 " frames\n", number);
	return 0;
}
