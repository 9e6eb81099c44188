/*
 * The demo's parts. demo.c runs the steps. demo_picture.c hands a picture over, and demo_live.c
 * shows order, sharing and death; the second process of these steps runs demo_peer.c. demo_stream.c
 * publishes a stream and checks the frames that its viewers got; a viewer runs demo_viewer.c.
 * demo_sheet.c draws a picture of the whole stream.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GEYSER_CLI_DEMO_H
#define GEYSER_CLI_DEMO_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <geyser/geyser.h>

/* The limits of every wait: for an event or an answer, and for a program's work. */
#define DEMO_WAIT_NS (10 * NANOSECONDS)
#define DEMO_WORK_NS (60 * NANOSECONDS)

#define DEMO_ROUNDS 5000u
#define DEMO_IMPORTS 200u

/* The stream. */
#define DEMO_FRAMES 150u
#define DEMO_RATE 60u
#define DEMO_FRAME_WIDTH 640u
#define DEMO_FRAME_HEIGHT 360u
#define DEMO_FRAME_FORMAT GEYSER_FORMAT_RGBA8_UNORM_SRGB
#define DEMO_KILL_FRAME (DEMO_FRAMES / 2)

/* Each viewer writes a PNG: the last frame that it got, and below it, scaled down, the first few
 * frames from DEMO_STRIP_FRAME on. */
#define DEMO_STRIP_FRAME 61u
#define DEMO_STRIP_COUNT 4u
#define DEMO_STRIP_SCALE 5u
#define DEMO_STRIP_WIDTH (DEMO_FRAME_WIDTH / DEMO_STRIP_SCALE)
#define DEMO_STRIP_HEIGHT (DEMO_FRAME_HEIGHT / DEMO_STRIP_SCALE)
#define DEMO_SHOWN_HEIGHT (DEMO_FRAME_HEIGHT + DEMO_STRIP_HEIGHT)

/* A viewer's report on the frames that it got. */
struct demo_view {
	uint64_t dropped, latency_p50_ns, latency_p99_ns;
	uint32_t changed; /* frames that changed while the viewer held them */
	uint32_t frames;
	struct {
		uint64_t sequence;
		uint32_t checksum; /* CRC-32 of the texels */
	} frame[DEMO_FRAMES];
};

struct demo {
	uint32_t width, height;
	int signals;
	char scratch[PATH_MAX]; /* temporary directory, removed at the end */
	char source[PATH_MAX + 32], png[PATH_MAX + 32], raw[PATH_MAX + 32];
	struct geyser_manager *manager;
	struct geyser_texture *texture; /* the picture */
	struct geyser_mapping mapping;  /* the texture's mapping, for the whole demo */
	char id[16];                    /* the texture's id, "0x…" */
	char note[256];                 /* what the last step did; printed in its line */
	uint64_t import_ns, wake_ns;    /* medians */
	char sheet[PATH_MAX + 32];      /* a PNG that shows what happened */
	char every_shown[PATH_MAX + 32], slow_shown[PATH_MAX + 32]; /* the viewers' PNGs */
	struct demo_view every, slow;
	uint64_t held_frame;             /* the frame that the killed viewer held */
	uint32_t checksums[DEMO_FRAMES]; /* the frames' checksums, as ffmpeg computed them */
	uint64_t stream_ns;              /* from the first frame to the last */
	uint64_t back_ns;                /* from a viewer's death until its buffer was free again */
};

/* A step prints what is wrong and returns false, or sets the note. */
typedef bool demo_step(struct demo *demo);
demo_step demo_draw, demo_share, demo_grab, demo_compare, demo_order, demo_kill;
demo_step demo_stream, demo_every, demo_slow, demo_sheet;

/* Runs the second process (demo_peer.c). */
int demo_peer(int argc, char **argv);

/* Runs a viewer of the stream (demo_viewer.c). */
int demo_viewer(struct geyser_manager *manager, char **arguments);

/* Return the word that a round writes into the picture, and the answer to a word. */
uint32_t demo_word(uint32_t round);
uint32_t demo_answer(uint32_t word);

/* Return the two texels that the rounds use: the first and the last one. */
volatile uint32_t *demo_first_texel(const struct geyser_mapping *mapping);
volatile uint32_t *demo_last_texel(
	const struct geyser_mapping *mapping, const struct geyser_texture_desc *desc);

/* Writes the device and inode of the memory that holds the texture. Returns false after a
 * message. */
bool demo_memory(struct geyser_texture *texture, uint64_t *device, uint64_t *inode);

uint64_t demo_median(uint64_t *values, size_t count);

#endif
