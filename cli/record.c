/*
 * geyser record: makes a film of a stream.
 *
 * SPDX-License-Identifier: MIT
 */
#include <inttypes.h>
#include <signal.h>

#include "media.h"
#include "options.h"

static const struct option_row rows[] = {
	{'L', "lossless", NULL,
		"keep every frame with all of its bits, and beside FILE.mkv in FILE.mkv.frames its "
		"times and all else that belongs to it; geyser replay publishes both again",
		FLAG(struct record_options, lossless)},
	{'n', "frames", "N", "end after N frames", FRAMES(struct record_options, frames)},
	{'d', "duration", "S", "end after S seconds of the stream",
		TIMEOUT(struct record_options, duration_ns)},
	{'t', "timeout", "S", "fail when no frame came for S seconds; by default never",
		TIMEOUT(struct record_options, timeout_ns)},
	{'c', "connect-timeout", "S",
		"wait S seconds for the stream to begin, by default 5; with 0 it must be there "
		"already",
		SECONDS(struct record_options, connect_timeout_ns)},
	BACKEND_ROW(struct record_options),
	{'v', "verbose", NULL, "show progress on stderr even if that is no terminal",
		FLAG(struct record_options, verbose)},
};

const struct syntax record_syntax = {
	.usage = "usage: geyser record NAME FILE [OPTION]...\n"
		 "\n"
		 "Makes a film of a stream, until the stream ends, at a limit, or at SIGINT or\n"
		 "SIGTERM. FILE.mp4 and FILE.mkv have H.264, FILE.webm has VP9: to look at, each\n"
		 "frame at its time, as it is meant (cropped and upright), as 8-bit video 4:2:0\n"
		 "with the stream's colour.\n"
		 "\n",
	.notes = "\n"
		 "A file that is there already is replaced. If the frames' size or colour changes, "
		 "the\n"
		 "film goes on in FILE-2. When this program is killed, or the disk is full, the "
		 "film "
		 "can\n"
		 "be seen up to there: the last second may be missing, with --lossless no frame.\n"
		 "\n"
		 "examples:\n"
		 "  geyser record cam take.mp4\n"
		 "  geyser record cam take.mkv --lossless --duration 10\n"
		 "\n"
		 "exit status: 0 ended as asked, or the stream ended; 1 it failed or the sender\n"
		 "died (stderr says why; what came is kept); 2 wrong usage\n",
	.column = 27,
	.words = 2,
	.arguments = {offer_streams},
	.see = "recv play replay",
	.wanted = "the stream's name and a file's name",
	OPTIONS(rows),
};

int record_command(int argc, char **argv)
{
	struct record_options options = {.connect_timeout_ns = 5 * NANOSECONDS};
	int status, signals;
	char **const words = read_options(&record_syntax, argc, argv, &options, &status);

	if (!words)
		return status;
	options.name = words[0];
	options.file = words[1];
	/* a write beyond the limit of a file's size fails, as one on a full disk */
	(void)signal(SIGXFSZ, SIG_IGN);
	signals = signals_open();
	if (signals < 0)
		return STATUS_FAILURE;
	status = media_record(&options, signals);
	signals_close();
	return status;
}
