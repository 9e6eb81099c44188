/*
 * The demo's parts: demo.c runs the steps, demo_picture.c hands a picture over, demo_live.c shows
 * order, sharing and death, demo_peer.c is what the second process runs in those.
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

/* Nothing is waited for longer: for an event or an answer, and for a program to do its work. */
#define DEMO_WAIT_NS (10 * NANOSECONDS)
#define DEMO_WORK_NS (60 * NANOSECONDS)

#define DEMO_ROUNDS 5000u
#define DEMO_IMPORTS 200u

struct demo {
	uint32_t width, height;
	int signals;
	char scratch[PATH_MAX]; /* temporary directory, removed at the end */
	char source[PATH_MAX + 32], png[PATH_MAX + 32], raw[PATH_MAX + 32];
	struct geyser_manager *manager;
	struct geyser_texture *texture; /* the picture */
	struct geyser_mapping mapping;  /* of the texture, for all of the demo */
	char id[16];                    /* of the texture, "0x…" */
	char note[256];                 /* what the last step did, for its line */
	uint64_t import_ns, wake_ns;    /* medians */
};

/* A step prints what is wrong and returns false, or sets the note. */
typedef bool demo_step(struct demo *demo);
demo_step demo_draw, demo_share, demo_grab, demo_compare, demo_order, demo_kill;

/* The second process; see demo_peer.c. */
int demo_peer(int argc, char **argv);

/* The word that round writes into the picture, and the answer to it. */
uint32_t demo_word(uint32_t round);
uint32_t demo_answer(uint32_t word);

/* The two texels that the rounds use: the first and the last. */
volatile uint32_t *demo_first_texel(const struct geyser_mapping *mapping);
volatile uint32_t *demo_last_texel(
	const struct geyser_mapping *mapping, const struct geyser_texture_desc *desc);

/* The device and inode of the memory that holds the texture; false after a message. */
bool demo_memory(struct geyser_texture *texture, uint64_t *device, uint64_t *inode);

uint64_t demo_median(uint64_t *values, size_t count);

#endif
