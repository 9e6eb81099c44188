/*
 * geyser view: what its window and its terminal have in common.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GEYSER_CLI_VIEW_H
#define GEYSER_CLI_VIEW_H

#include <stdbool.h>
#include <stdint.h>

#include <geyser/stream.h>

#include "common.h"

#define VIEW_STREAMS_MAX 16u

enum view_channels {
	VIEW_ALL,    /* blended over a chequerboard where there is alpha */
	VIEW_COLOUR, /* the alpha channel is ignored */
	VIEW_RED,
	VIEW_GREEN,
	VIEW_BLUE,
	VIEW_ALPHA,
	VIEW_CHANNELS, /* how many there are */
};

enum view_tone {
	VIEW_TONE_AUTO, /* PQ and HLG are mapped */
	VIEW_TONE_ON,   /* all but depth is mapped */
	VIEW_TONE_OFF,  /* what is brighter than white is clipped */
	VIEW_TONES,     /* how many there are */
};

/* How the user wants to see the pictures. */
struct view_look {
	enum view_channels channels;
	enum view_tone tone;
	int half_stops; /* the exposure, in steps of half a stop */
	/* numbers from low to high are shown as black to white; both 0: as they are */
	float low, high;
	bool paused;
};

/* What a key asks for, beyond a change of the look. */
enum view_action {
	VIEW_NOTHING,
	VIEW_REDRAW,
	VIEW_QUIT,
	VIEW_STEP,  /* show the newest frame, although paused */
	VIEW_RANGE, /* set low and high from the picture */
	VIEW_SAVE,
	VIEW_OVERLAY,
	VIEW_HELP,
	VIEW_FULL_SCREEN,
	VIEW_FIT,
	VIEW_ONE_TO_ONE,
	VIEW_NEARER,
	VIEW_FARTHER,
};

/* Applies a key, given as its ASCII character. initial: the look that the options ask for. */
enum view_action view_key(struct view_look *look, const struct view_look *initial, char key);

/* Writes what differs from the usual look, such as "red, +1.5 stops", or "". */
void view_describe(const struct view_look *look, char *text, size_t size);

/* The keys, a line for each. window: those of a window, too. */
const char *view_keys(bool window);

enum view_channels view_channels_from(const char *text); /* VIEW_CHANNELS: no such name */

enum view_output {
	VIEW_WINDOW,
	VIEW_BLOCKS, /* a terminal, by half-blocks */
	VIEW_SIXEL,  /* a terminal, by sixel */
};

struct view_options {
	char **names; /* borrowed */
	unsigned count;
	struct size size;     /* of the window; 0: that of the pictures */
	uint64_t frames;      /* end after that many; 0: no limit */
	uint64_t timeout_ns;  /* fail if a stream hasn't begun by then; 0: never */
	const char *snapshot; /* the file for the window's contents at the end; NULL: none */
	struct view_look look;
	enum geyser_backend backend;
	enum view_output output;
	bool stats, bare; /* bare: without the overlay */
};

/* Shows the streams, and returns the exit status. signals is from signals_open. */
int view_in_window(const struct view_options *options, int signals);
int view_in_terminal(const struct view_options *options, int signals);

#endif
