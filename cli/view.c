/*
 * geyser view: shows streams in a window or a terminal.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "options.h"
#include "outfile.h"
#include "view.h"

static int take_channels(const struct given *given)
{
	struct view_options *const out = given->options;

	out->look.channels = view_channels_from(given->text);
	if (out->look.channels != VIEW_CHANNELS)
		return STATUS_OK;
	return usage_error(
		"view: unknown channels (%.100s): expected rgba, rgb, r, g, b or a", given->text);
}

static int take_exposure(const struct given *given)
{
	struct view_options *const out = given->options;
	char *end;
	const double stops = strtod(given->text, &end);

	if (*given->text && !*end && stops >= -20 && stops <= 20) {
		out->look.half_stops = (int)(stops * 2 + (stops < 0 ? -0.5 : 0.5));
		return STATUS_OK;
	}
	return usage_error("view: wrong exposure (%.100s): expected stops from -20 to 20, such as "
			   "1 or -2.5",
		given->text);
}

static const struct option_row rows[] = {
	{'T', "terminal", NULL, "draw in the terminal, by half-blocks in 24-bit colours",
		CHOICE(struct view_options, output, enum view_output, VIEW_BLOCKS)},
	{0, "sixel", NULL, "draw in the terminal, by sixels",
		CHOICE(struct view_options, output, enum view_output, VIEW_SIXEL)},
	{'s', "size", "WxH", "the window's size; by default that of the pictures, if it fits",
		SIZE(struct view_options, size)},
	{'C', "channels", "C", "show rgba (the default), rgb without alpha, r, g, b or a",
		.take = take_channels, .offer = offer_channels},
	{'e', "exposure", "STOPS", "make the pictures brighter by this many stops; by default 0",
		.take = take_exposure},
	{0, "bare", NULL, "without the text over the pictures", FLAG(struct view_options, bare)},
	{'n', "frames", "N", "end after N frames, of all streams together",
		FRAMES(struct view_options, frames)},
	{'o', "snapshot", "FILE",
		"at the end write what the window shows to this PNG, in the window's size",
		TEXT(struct view_options, snapshot)},
	{'c', "connect-timeout", "S",
		"fail if not all streams begin within S seconds; by default wait for them",
		TIMEOUT(struct view_options, timeout_ns)},
	BACKEND_ROW(struct view_options),
	{0, "stats", NULL, "at the end say on stderr how many frames were shown and how late",
		FLAG(struct view_options, stats)},
};

const struct syntax view_syntax = {
	.usage = "usage: geyser view NAME... [OPTION]...\n"
		 "\n"
		 "Shows streams side by side in a window, or one in a terminal. Waits for streams\n"
		 "that don't exist yet or come back. The key h shows the keys, q quits.\n"
		 "\n",
	.notes =
		"\n"
		"Pictures are shown as they are meant: cropped, upright, HDR mapped to the range\n"
		"of the screen. A texture of the GPU is drawn in place; the text over the picture\n"
		"says so.\n"
		"\n"
		"examples:\n"
		"  geyser view test\n"
		"  geyser view left right --size 1280x480\n"
		"  geyser view test --terminal\n"
		"  geyser view test --bare --frames 1 --snapshot test.png\n"
		"\n"
		"exit status: 0 ended as asked, 1 it failed (stderr says why), 2 wrong usage\n",
	.column = 27,
	.words = ANY_WORDS,
	.wanted = "the streams' names",
	.arguments = {offer_streams, offer_streams, offer_streams},
	.see = "send recv list",
	OPTIONS(rows),
};

static int check_options(const struct view_options *options)
{
	const bool window = options->output == VIEW_WINDOW;

	if (!options->count)
		return usage_error("view: no stream's name: expected one or more, such as geyser "
				   "view cam; geyser list shows them");
	if (options->count > VIEW_STREAMS_MAX)
		return usage_error("view: too many streams (%u): at most %u", options->count,
			VIEW_STREAMS_MAX);
	if (!window && options->count > 1)
		return usage_error("view: several streams in a terminal (%u): expected one; a "
				   "window shows several",
			options->count);
	if (!window && options->size.width)
		return usage_error(
			"view: --size in a terminal (%ux%u): expected a window; pictures "
			"in a terminal are as wide as it is, or as COLUMNS says",
			options->size.width, options->size.height);
	if (!window && options->snapshot)
		return usage_error("view: --snapshot in a terminal (%.200s): expected a window; "
				   "geyser recv writes PNGs without one",
			options->snapshot);
	if (options->snapshot && strcmp(options->snapshot, "-") != 0 &&
		!ends_in(options->snapshot, ".png"))
		return usage_error("view: unknown kind of picture (%.200s): expected a name that "
				   "ends in .png",
			options->snapshot);
	if (options->snapshot && !outfile_check(options->snapshot))
		return STATUS_FAILURE;
	return STATUS_OK;
}

int view_command(int argc, char **argv)
{
	struct view_options options = {.names = NULL};
	int status, signals;

	options.names = read_options(&view_syntax, argc, argv, &options, &status);
	if (!options.names)
		return status;
	while (options.names[options.count])
		options.count++;
	status = check_options(&options);
	if (status)
		return status;
	signals = signals_open();
	if (signals < 0)
		return STATUS_FAILURE;
	status = options.output == VIEW_WINDOW ? view_in_window(&options, signals)
					       : view_in_terminal(&options, signals);
	signals_close();
	return status;
}
