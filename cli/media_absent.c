/*
 * The functions of media.h in a build without libav.
 *
 * SPDX-License-Identifier: MIT
 */
#include "media.h"

static int refuse(const char *command)
{
	return failure("%s: this build of geyser can't read or write films: install libav "
		       "(libavformat-dev, libavcodec-dev and libavutil-dev on Debian, ffmpeg of "
		       "Homebrew) and build geyser again",
		command);
}

int media_play(const struct show_options *options, int signals)
{
	(void)signals;
	return refuse(options->command);
}

int media_replay(const struct show_options *options, int signals)
{
	(void)signals;
	return refuse(options->command);
}

int media_record(const struct record_options *options, int signals)
{
	(void)options;
	(void)signals;
	return refuse("record");
}
