/*
 * A viewer of the demo's stream, a process of its own.
 *
 * SPDX-License-Identifier: MIT
 *
 *   geyser demo --peer view PARENT STREAM HOW SHOWN
 *	every	gets every frame
 *	slow	gets the newest frame, holds each for SLOW_NS, and looks whether it changed
 *	victim	gets the newest frame; from frame VICTIM_FRAME on it prints "holding" and the
 *		frame's number, keeps the frame, and waits to be killed
 *
 * At the stream's end every and slow write the PNG file SHOWN (see demo.h), and print "FRAMES
 * DROPPED P50 P99 CHANGED" and, for each frame, "SEQUENCE CHECKSUM".
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <geyser/convert.h>

#include "common.h"
#include "demo.h"
#include "os.h"
#include "outfile.h"
#include "png.h"

#define SLOW_NS 100000000
#define VICTIM_FRAME 40u

#define TEXEL 4u /* bytes */
#define ROW ((size_t)DEMO_FRAME_WIDTH * TEXEL)

struct viewer {
	const char *stream, *shown_path;
	bool every, slow, victim;
	struct geyser_subscriber *subscriber;
	struct demo_view view;
	unsigned char *shown; /* DEMO_SHOWN_HEIGHT rows; owned */
	uint32_t strip;       /* how many frames of the strip are drawn */
};

/* ---- what is seen --------------------------------------------------------------------------- */

/* Computes the CRC-32 of zlib, PNG and ffmpeg. */
static uint32_t checksum(const struct geyser_mapping *mapping)
{
	static uint32_t table[256];
	const size_t row = (size_t)DEMO_FRAME_WIDTH * TEXEL;
	uint32_t crc = UINT32_MAX;

	for (uint32_t i = 0; i < 256 && !table[255]; i++) {
		uint32_t value = i;

		for (unsigned bit = 0; bit < 8; bit++)
			value = value >> 1 ^ (value & 1 ? UINT32_C(0xedb88320) : 0);
		table[i] = value;
	}
	for (uint32_t y = 0; y < DEMO_FRAME_HEIGHT; y++) {
		const unsigned char *const data =
			(const unsigned char *)mapping->data + y * mapping->row_pitch;

		for (size_t x = 0; x < row; x++)
			crc = crc >> 8 ^ table[(crc ^ data[x]) & 0xff];
	}
	return ~crc;
}

/* Draws a small picture of the frame. Nothing in the conversion can fail. */
static void draw_strip(struct viewer *viewer, const struct geyser_mapping *mapping)
{
	const struct geyser_pixels frame = {DEMO_FRAME_FORMAT, DEMO_FRAME_WIDTH, DEMO_FRAME_HEIGHT,
		{{mapping->data, mapping->row_pitch}}};
	const struct geyser_pixels small = {DEMO_FRAME_FORMAT, DEMO_STRIP_WIDTH, DEMO_STRIP_HEIGHT,
		{{viewer->shown + DEMO_FRAME_HEIGHT * ROW +
				(size_t)viewer->strip * DEMO_STRIP_WIDTH * TEXEL,
			ROW}}};
	const struct geyser_convert_options options = {.filter = GEYSER_FILTER_BOX};

	(void)geyser_convert_pixels(&frame, &small, &options);
	viewer->strip++;
}

static void keep(struct viewer *viewer, uint64_t sequence, const struct geyser_mapping *mapping)
{
	for (uint32_t y = 0; y < DEMO_FRAME_HEIGHT; y++)
		memcpy(viewer->shown + y * ROW,
			(const unsigned char *)mapping->data + y * mapping->row_pitch, ROW);
	if (sequence >= DEMO_STRIP_FRAME && viewer->strip < DEMO_STRIP_COUNT)
		draw_strip(viewer, mapping);
}

static int write_shown(const struct viewer *viewer)
{
	struct outfile out;

	if (!outfile_open(viewer->shown_path, &out))
		return STATUS_FAILURE;
	if (png_write(&out, &(struct png_texels){
				    .format = DEMO_FRAME_FORMAT,
				    .width = DEMO_FRAME_WIDTH,
				    .height = DEMO_SHOWN_HEIGHT,
				    .data = viewer->shown,
				    .row_pitch = ROW,
			    }))
		return outfile_commit(&out) ? STATUS_OK : STATUS_FAILURE;
	outfile_discard(&out);
	return STATUS_FAILURE;
}

/* ---- frames --------------------------------------------------------------------------------- */

static int look(struct viewer *viewer, uint64_t sequence, const struct geyser_mapping *mapping)
{
	struct demo_view *const view = &viewer->view;
	const uint32_t sum = checksum(mapping);

	if (view->frames == DEMO_FRAMES)
		return failure("viewer: too many frames (%u)", view->frames + 1);
	view->frame[view->frames].sequence = sequence;
	view->frame[view->frames++].checksum = sum;
	keep(viewer, sequence, mapping);
	if (viewer->slow) {
		os_sleep_until(now_ns() + SLOW_NS);
		view->changed += checksum(mapping) != sum;
	}
	return STATUS_OK;
}

static int hold_for_ever(uint64_t sequence)
{
	(void)fprintf(answers(), "holding %" PRIu64 "\n", sequence);
	if (finish_output())
		return STATUS_FAILURE;
	(void)pause();
	return failure("viewer: a signal came that doesn't kill: expected SIGKILL");
}

static int see(struct viewer *viewer, struct geyser_frame *frame)
{
	struct geyser_texture *const texture = geyser_frame_texture(frame);
	const struct geyser_texture_desc *const desc = geyser_texture_get_desc(texture);
	const uint64_t sequence = geyser_frame_get_info(frame)->sequence;
	struct geyser_mapping mapping;
	int status;

	if (desc->width != DEMO_FRAME_WIDTH || desc->height != DEMO_FRAME_HEIGHT ||
		desc->format != DEMO_FRAME_FORMAT)
		return failure("viewer: other frames (%ux%u %s)", desc->width, desc->height,
			geyser_format_name(desc->format));
	if (viewer->victim)
		return sequence >= VICTIM_FRAME ? hold_for_ever(sequence) : STATUS_OK;
	if (geyser_texture_map(texture, GEYSER_ACCESS_READ, &mapping))
		return library_failure("viewer");
	status = look(viewer, sequence, &mapping);
	geyser_texture_unmap(texture);
	return status;
}

/* Views frames until the stream ends. */
static int view_all(struct viewer *viewer)
{
	enum geyser_result result;
	struct geyser_frame *frame;
	int status = STATUS_OK;

	while (!status) {
		result = geyser_subscriber_acquire(viewer->subscriber, DEMO_WAIT_NS, &frame);
		if (result == GEYSER_ERROR_DISCONNECTED)
			return STATUS_OK;
		if (result)
			return library_failure("viewer");
		status = see(viewer, frame);
		if (geyser_subscriber_release(viewer->subscriber, frame))
			return library_failure("viewer");
	}
	return status;
}

static int print_view(const struct viewer *viewer)
{
	const struct demo_view *const view = &viewer->view;
	struct geyser_subscriber_stats stats;

	if (geyser_subscriber_get_stats(viewer->subscriber, &stats))
		return library_failure("viewer");
	(void)fprintf(answers(), "%u %" PRIu64 " %" PRIu64 " %" PRIu64 " %u\n", view->frames,
		stats.dropped, stats.latency_p50_ns, stats.latency_p99_ns, view->changed);
	for (uint32_t i = 0; i < view->frames; i++)
		(void)fprintf(answers(), "%" PRIu64 " %08" PRIx32 "\n", view->frame[i].sequence,
			view->frame[i].checksum);
	return finish_output();
}

static int run(struct viewer *viewer)
{
	int status = view_all(viewer);

	if (!status)
		status = write_shown(viewer);
	return status ? status : print_view(viewer);
}

int demo_viewer(struct geyser_manager *manager, char **arguments)
{
	static struct viewer viewer;
	const char *const how = arguments[1];
	struct geyser_subscriber_desc desc = {
		.name = arguments[0],
		.connect_timeout_ns = DEMO_WAIT_NS,
	};
	int status;

	viewer.stream = arguments[0];
	viewer.shown_path = arguments[2];
	viewer.every = strcmp(how, "every") == 0;
	viewer.slow = strcmp(how, "slow") == 0;
	viewer.victim = strcmp(how, "victim") == 0;
	desc.delivery = viewer.every ? GEYSER_DELIVER_EVERY : GEYSER_DELIVER_LATEST;
	viewer.shown = calloc(DEMO_SHOWN_HEIGHT, ROW);
	if (!viewer.shown)
		return failure("viewer: no memory for a picture (%ux%u)", DEMO_FRAME_WIDTH,
			DEMO_SHOWN_HEIGHT);
	if (geyser_subscriber_create(manager, &desc, &viewer.subscriber)) {
		status = library_failure("viewer");
	} else {
		status = run(&viewer);
		geyser_subscriber_destroy(viewer.subscriber);
	}
	free(viewer.shown);
	return status;
}
