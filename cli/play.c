/*
 * geyser play: publishes a film as a stream.
 *
 * SPDX-License-Identifier: MIT
 */
#include "media.h"
#include "options.h"
#include "show.h"

static const struct option_row rows[] = {
	{'l', "loop", NULL, "begin again at the film's end", FLAG(struct show_options, loop)},
	{'S', "seek", "S", "begin S seconds after the film's beginning",
		SECONDS(struct show_options, seek_ns)},
	SHOW_ROWS,
};

const struct syntax play_syntax = {
	.usage =
		"usage: geyser play FILE [NAME] [OPTION]...\n"
		"\n"
		"Publishes the pictures of a film under a name, by default that of the file: each\n"
		"at its time, with the film's colour. Ends with the film, or at SIGINT or "
		"SIGTERM.\n"
		"\n",
	.notes =
		"\n"
		"Frames have the format of the film where geyser has it (i420, p010, rgba8unorm),\n"
		"else one with all of its bits. Sound is left out. Each frame's time in the film "
		"is\n"
		"its presentation time, and goes on from round to round with --loop.\n"
		"\n"
		"examples:\n"
		"  geyser play clip.mp4\n"
		"  geyser play clip.mp4 cam --loop --seek 1.5\n"
		"\n"
		"exit status: 0 ended as asked, 1 it failed (stderr says why), 2 wrong usage\n",
	.column = 27,
	.words = ANY_WORDS,
	.arguments = {NULL, offer_nothing, offer_nothing},
	.see = "send record replay",
	.wanted = "a film, and the stream's name if it is another one",
	OPTIONS(rows),
};

int play_command(int argc, char **argv)
{
	struct show_options options = {.command = "play"};

	return show_command(&play_syntax, argc, argv, media_play, &options);
}
