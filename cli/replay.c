/*
 * geyser replay: publishes what geyser record --lossless has kept.
 *
 * SPDX-License-Identifier: MIT
 */
#include "media.h"
#include "options.h"
#include "show.h"

static int take_speed(const struct given *given)
{
	struct show_options *const out = given->options;

	if (parse_rate(given->text, &out->rate_num, &out->rate_den))
		return STATUS_OK;
	return usage_error("replay: wrong rate (%.100s): expected how many times as fast as "
			   "recorded, over 0 and at most 1000000, such as 2 or 0.5",
		given->text);
}

static const struct option_row rows[] = {
	{'r', "rate", "R", "publish R times as fast as recorded, such as 2 or 0.5",
		.take = take_speed},
	{'1', "step", NULL, "publish one frame for each line on stdin, as the Enter key sends it",
		FLAG(struct show_options, step)},
	{'l', "loop", NULL, "begin again at the recording's end", FLAG(struct show_options, loop)},
	SHOW_ROWS,
};

const struct syntax replay_syntax = {
	.usage = "usage: geyser replay FILE [NAME] [OPTION]...\n"
		 "\n"
		 "Publishes what geyser record --lossless has kept in FILE and FILE.frames: the\n"
		 "same bits, at the same times, with all that belonged to each frame. Ends with "
		 "the\n"
		 "recording, or at SIGINT or SIGTERM.\n"
		 "\n",
	.notes = "\n"
		 "The name is that of the recorded stream, unless another one is given. The "
		 "library\n"
		 "numbers the frames anew, and notes when they are submitted. FILE.frames has the\n"
		 "numbers and times of the recorded stream.\n"
		 "\n"
		 "examples:\n"
		 "  geyser replay take.mkv\n"
		 "  geyser replay take.mkv again --rate 0.5 --loop\n"
		 "\n"
		 "exit status: 0 ended as asked, 1 it failed (stderr says why), 2 wrong usage\n",
	.column = 27,
	.words = ANY_WORDS,
	.arguments = {NULL, offer_nothing, offer_nothing},
	.see = "record play",
	.wanted = "a recording, and the stream's name if it is another one",
	OPTIONS(rows),
};

int replay_command(int argc, char **argv)
{
	struct show_options options = {.command = "replay"};

	return show_command(&replay_syntax, argc, argv, media_replay, &options);
}
