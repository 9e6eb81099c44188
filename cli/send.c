/*
 * geyser send: publishes frames as a stream, from a file, a pipe or a test pattern.
 *
 * SPDX-License-Identifier: MIT
 */
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lists.h"
#include "options.h"
#include "send.h"

/* ---- the command line ----------------------------------------------------------------------- */

static int take_pattern(const struct given *given)
{
	struct send_options *const out = given->options;

	out->pattern = parse_pattern(given->text);
	return out->pattern ? STATUS_OK : STATUS_USAGE;
}

static int take_rate(const struct given *given)
{
	struct send_options *const out = given->options;

	if (parse_rate(given->text, &out->rate_num, &out->rate_den))
		return STATUS_OK;
	return usage_error("send: wrong rate (%.100s): expected frames a second, over 0 and at "
			   "most 1000000, such as 30, 29.97 or 30000/1001",
		given->text);
}

static int take_number(
	const struct given *given, const char *what, uint64_t least, uint64_t most, uint64_t *out)
{
	if (parse_number(given->text, out) && *out >= least && *out <= most)
		return STATUS_OK;
	return usage_error("send: wrong number of %s (%.100s): expected %" PRIu64 " to %" PRIu64,
		what, given->text, least, most);
}

static int take_frames(const struct given *given)
{
	struct send_options *const out = given->options;

	return take_number(given, "frames", 1, INT64_MAX, &out->frames);
}

static int take_buffers(const struct given *given)
{
	struct send_options *const out = given->options;
	uint64_t count = 0;
	const int status = take_number(given, "buffers", 2, GEYSER_STREAM_BUFFERS_MAX, &count);

	out->buffers = (uint32_t)count;
	return status;
}

static int take_row_alignment(const struct given *given)
{
	struct send_options *const out = given->options;
	uint64_t bytes = 0;

	if (!parse_number(given->text, &bytes) || bytes == 0 || bytes > GEYSER_ROW_ALIGNMENT_MAX ||
		(bytes & (bytes - 1)))
		return usage_error("send: wrong row alignment (%.100s): expected bytes, a power of "
				   "two from 1 to %u",
			given->text, GEYSER_ROW_ALIGNMENT_MAX);
	out->row_alignment = (uint32_t)bytes;
	return STATUS_OK;
}

static int take_subscribers(const struct given *given)
{
	struct send_options *const out = given->options;
	uint64_t count = 0;
	const int status =
		take_number(given, "subscribers", 0, GEYSER_STREAM_SUBSCRIBERS_MAX, &count);

	out->subscribers = (uint32_t)count;
	return status;
}

static int take_colour(const struct given *given)
{
	struct send_options *const out = given->options;

	return parse_colour("send", given->text, &out->colour);
}

static const struct option_row rows[] = {
	{'s', "size", "WxH",
		"the frames' size, 1 to 32768 each way, or a name such as hd720, hd1080, 4k; of a "
		"pattern by default 1280x720, of a y4m its own",
		SIZE(struct send_options, size)},
	{'f', "format", "F",
		"the frames' format, or ffmpeg's name of it; geyser info --formats lists all; of a "
		"pattern by default rgba8unorm, of a y4m the one that is equal",
		FORMAT(struct send_options, format)},
	{'i', "input", "FILE|-",
		"raw frames, one after the other: rows without gaps, top row first; or y4m, which "
		"describes itself; - is stdin, the default if that is a pipe or file",
		TEXT(struct send_options, input)},
	{'p', "pattern", "P",
		"bars (the default if stdin is no pipe or file), ramp, noise or clock; in {pattern "
		"formats}",
		.take = take_pattern, .offer = offer_patterns},
	{'r', "fps", "N[/D]",
		"frames a second, such as 30, 29.97 or 30000/1001;\n"
		"by default 60 for patterns, a y4m's own, and raw input as fast as it comes",
		.take = take_rate},
	{'c', "color", "LIST",
		"what the numbers mean, in words such as bt709,limited: {colour words}; by default "
		"what a y4m says, limited for video, and srgb for a pattern in floats",
		.take = take_colour, .offer = offer_colour_words},
	{'l', "loop", NULL, "begin the input file again at its end",
		FLAG(struct send_options, loop)},
	{'n', "frames", "N", "end after N frames", .take = take_frames},
	{'b', "buffers", "N", "use N buffers, 2 to 16; by default 3", .take = take_buffers},
	{0, "row-alignment", "N",
		"begin each row at a multiple of N bytes, a power of two up to 4096: GStreamer "
		"needs 4, NVIDIA's driver 128 to import host memory; by default rows have no gaps",
		.take = take_row_alignment},
	{'L', "lossless", NULL, "wait for subscribers that get every frame",
		FLAG(struct send_options, lossless)},
	{'t', "timeout", "S",
		"let such a subscriber keep the stream waiting for S seconds, by default 5; then "
		"go on without it until it takes frames again",
		TIMEOUT(struct send_options, timeout_ns)},
	{'w', "wait-subscribers", "N", "wait for N subscribers before the first frame",
		.take = take_subscribers},
	BACKEND_ROW(struct send_options),
	{'H', "host-memory", NULL,
		"with vulkan: put the buffers into host memory, which every backend can import, "
		"even on another device; with host they are always there",
		FLAG(struct send_options, host_memory)},
	{'a', "application", "TEXT", "what others see as this program's name",
		TEXT(struct send_options, application)},
	{'v', "verbose", NULL, "show progress on stderr even if that is no terminal",
		FLAG(struct send_options, verbose)},
};

const struct syntax send_syntax = {
	.usage = "usage: geyser send NAME [--pattern P] [OPTION]...\n"
		 "       geyser send NAME --input FILE [--size WxH --format F] [OPTION]...\n"
		 "\n"
		 "Publishes frames under a name, for any number of subscribers: raw texels or\n"
		 "y4m from a file or pipe, read straight into memory that subscribers share, or\n"
		 "a test pattern. Ends with the input, after --frames, or at SIGINT or SIGTERM.\n"
		 "\n",
	.notes = "\n"
		 "examples:\n"
		 "  geyser send test --pattern clock\n"
		 "  ffmpeg -nostdin -i clip.mkv -f yuv4mpegpipe -pix_fmt yuv420p - |\n"
		 "      geyser send clip\n"
		 "  ffmpeg -nostdin -i clip.mkv -f rawvideo -pix_fmt rgba - |\n"
		 "      geyser send clip --size 1280x720 --format rgba8unorm --fps 30\n"
		 "\n"
		 "exit status: 0 ended as asked, 1 it failed (stderr says why), 2 wrong usage\n",
	.column = 27,
	.words = 1,
	.arguments = {offer_nothing},
	.see = "recv view list top",
	.wanted = "the stream's name",
	OPTIONS(rows),
};

/* Whether stdin is a pipe or a file, as in `ffmpeg ... | geyser send ...`. */
static bool stdin_has_data(void)
{
	struct stat status;

	return fstat(STDIN_FILENO, &status) == 0 &&
	       (S_ISFIFO(status.st_mode) || S_ISREG(status.st_mode));
}

/* Sets the defaults of a pattern: a size that most screens can show, and a format that every
 * backend has. */
static void default_frames(struct send_options *options)
{
	if (!options->size.width)
		options->size = (struct size){1280, 720};
	if (!options->format)
		options->format = GEYSER_FORMAT_RGBA8_UNORM;
	if (!options->pattern)
		options->pattern = PATTERN_BARS;
	if (!options->rate_num) {
		options->rate_num = 60;
		options->rate_den = 1;
	}
}

static int check_options(struct send_options *options)
{
	char formats[LIST_SIZE];

	if (!options->input && !options->pattern && stdin_has_data())
		options->input = "-";
	if (options->input && options->pattern)
		return usage_error(
			"send: both an input (%.100s) and a pattern: expected one of them",
			options->input);
	if (options->loop && !options->input)
		return usage_error(
			"send: --loop without --input (a pattern has no end): expected a file");
	if (options->input)
		return STATUS_OK;
	default_frames(options);
	if (!pattern_holds(options->format))
		return usage_error("send: no pattern can be drawn in this format (%s): expected "
				   "%s; or raw texels with --input",
			geyser_format_name(options->format),
			list_text(LIST_PATTERN_FORMATS, formats));
	return STATUS_OK;
}

/* ---- the command ---------------------------------------------------------------------------- */

int send_command(int argc, char **argv)
{
	struct send_options options = {.timeout_ns = 5 * NANOSECONDS};
	int status, signals;
	char **const words = read_options(&send_syntax, argc, argv, &options, &status);

	if (words) {
		options.name = words[0];
		status = check_options(&options);
	}
	if (!words || status)
		return status;
	signals = signals_open();
	if (signals < 0)
		return STATUS_FAILURE;
	status = send_stream(&options, signals);
	signals_close();
	return status;
}
