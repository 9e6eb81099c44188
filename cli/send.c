/*
 * geyser send: publishes frames as a stream, from a file, a pipe or a test pattern.
 *
 * SPDX-License-Identifier: MIT
 */
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common.h"
#include "send.h"

const char send_help[] =
	"usage: geyser send NAME [--pattern P] [OPTION]...\n"
	"       geyser send NAME --input FILE --size WxH --format F [OPTION]...\n"
	"\n"
	"Publishes frames under a name, for any number of subscribers: raw texels from a\n"
	"file or pipe, read straight into memory that subscribers share, or a test\n"
	"pattern. Ends with the input, after --frames, or at SIGINT or SIGTERM.\n"
	"\n"
	"  -s, --size WxH           the frames' size, 1 to 32768 each way, or a name as\n"
	"                           hd720, hd1080, 4k; of a pattern by default 1280x720\n"
	"  -f, --format F           their format; geyser info --formats lists all; of a\n"
	"                           pattern by default rgba8unorm\n"
	"  -i, --input FILE|-       raw frames, one after the other: rows without gaps,\n"
	"                           top row first; - is stdin, the default if that is a\n"
	"                           pipe or file\n"
	"  -p, --pattern P          bars (the default if stdin is neither), ramp, noise\n"
	"                           or clock; in r8unorm, rg8unorm, rgba8unorm,\n"
	"                           bgra8unorm, each also -srgb, rgb10a2unorm or\n"
	"                           rgba16float\n"
	"  -r, --fps N[/D]          frames a second, as 30, 29.97 or 30000/1001;\n"
	"                           by default 60 for patterns, and input as fast as it\n"
	"                           comes\n"
	"  -l, --loop               begin the input file again at its end\n"
	"  -n, --frames N           end after N frames\n"
	"  -b, --buffers N          2 to 16, by default 3\n"
	"  -L, --lossless           wait for subscribers that get every frame\n"
	"  -t, --timeout S          for how long such a one may keep the stream waiting\n"
	"                           before it is left out until it goes on; by default 5\n"
	"  -w, --wait-subscribers N wait for N subscribers before the first frame\n"
	"  -B, --backend B          auto, host, vulkan or metal: see geyser --help\n"
	"  -H, --host-memory        with vulkan: buffers in host memory, which every\n"
	"                           backend can import, also that of another device;\n"
	"                           host is always so\n"
	"  -a, --application TEXT   what others see as this program's name\n"
	"  -v, --verbose            progress on stderr even if that is no terminal\n"
	"  -h, --help               this text\n"
	"\n"
	"examples:\n"
	"  geyser send test --pattern clock\n"
	"  ffmpeg -i clip.mkv -f rawvideo -pix_fmt rgba - |\n"
	"      geyser send clip --size 1280x720 --format rgba8unorm --fps 30\n"
	"\n"
	"exit status: 0 ended as asked, 1 it failed (stderr says why), 2 wrong usage\n";

/* ---- the command line ----------------------------------------------------------------------- */

static int take_number(const char *what, uint64_t least, uint64_t most, uint64_t *out)
{
	if (parse_number(optarg, out) && *out >= least && *out <= most)
		return STATUS_OK;
	return usage_error("send: wrong number of %s (%.100s): expected %" PRIu64 " to %" PRIu64,
		what, optarg, least, most);
}

static int take_count(const char *what, uint32_t least, uint32_t most, uint32_t *out)
{
	uint64_t value;
	const int status = take_number(what, least, most, &value);

	if (!status)
		*out = (uint32_t)value;
	return status;
}

static int take_value(int option, struct send_options *out)
{
	switch (option) {
	case 's':
		return parse_size("send", optarg, &out->width, &out->height);
	case 'f':
		out->format = parse_format(optarg);
		return out->format ? STATUS_OK : STATUS_USAGE;
	case 'p':
		out->pattern = parse_pattern(optarg);
		return out->pattern ? STATUS_OK : STATUS_USAGE;
	case 'r':
		if (parse_rate(optarg, &out->rate_num, &out->rate_den))
			return STATUS_OK;
		return usage_error("send: wrong rate (%.100s): expected frames a second, over 0 "
				   "and at most 1000000, as 30, 29.97 or 30000/1001",
			optarg);
	case 'n':
		return take_number("frames", 1, INT64_MAX, &out->frames);
	case 'b':
		return take_count("buffers", 2, GEYSER_STREAM_BUFFERS_MAX, &out->buffers);
	case 'w':
		return take_count(
			"subscribers", 0, GEYSER_STREAM_SUBSCRIBERS_MAX, &out->subscribers);
	default:
		return parse_timeout("send", "timeout", optarg, false, &out->timeout_ns);
	}
}

static int take_option(int option, char **argv, struct send_options *out)
{
	switch (option) {
	case 'i':
		out->input = optarg;
		return STATUS_OK;
	case 'a':
		out->application = optarg;
		return STATUS_OK;
	case 'B':
		return parse_backend(optarg, &out->backend);
	case 'H':
		out->host_memory = true;
		return STATUS_OK;
	case 'l':
		out->loop = true;
		return STATUS_OK;
	case 'L':
		out->lossless = true;
		return STATUS_OK;
	case 'v':
		out->verbose = true;
		return STATUS_OK;
	case '?':
	case ':':
		return option_error(argv, option, "send");
	default:
		return take_value(option, out);
	}
}

/* ffmpeg ... | geyser send ... */
static bool stdin_has_data(void)
{
	struct stat status;

	return fstat(STDIN_FILENO, &status) == 0 &&
	       (S_ISFIFO(status.st_mode) || S_ISREG(status.st_mode));
}

/* Sets a pattern's defaults: a size that most screens show, a format that every backend has. */
static void default_frames(struct send_options *options)
{
	if (!options->width) {
		options->width = 1280;
		options->height = 720;
	}
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
	if (!options->input && !options->pattern && stdin_has_data())
		options->input = "-";
	if (options->input && options->pattern)
		return usage_error(
			"send: both an input (%.100s) and a pattern: expected one of them",
			options->input);
	if (options->input && (!options->width || !options->format))
		return usage_error(
			"send: an input (%.100s) without its frames' %s: expected --size "
			"WxH and --format F",
			options->input, options->width ? "format" : "size");
	if (options->loop && !options->input)
		return usage_error(
			"send: --loop without --input (a pattern has no end): expected a "
			"file");
	if (options->input)
		return STATUS_OK;
	default_frames(options);
	if (!canvas_holds(options->format))
		return usage_error("send: no pattern can be drawn in this format (%s): expected "
				   "r8unorm, rg8unorm, rgba8unorm, bgra8unorm, each also -srgb, "
				   "rgb10a2unorm or rgba16float; or raw texels with --input",
			geyser_format_name(options->format));
	return STATUS_OK;
}

/* True if the command is to go on; else *status is its result. */
static bool read_options(int argc, char **argv, struct send_options *out, int *status)
{
	static const struct option options[] = {
		{"size", required_argument, NULL, 's'},
		{"format", required_argument, NULL, 'f'},
		{"input", required_argument, NULL, 'i'},
		{"pattern", required_argument, NULL, 'p'},
		{"fps", required_argument, NULL, 'r'},
		{"loop", no_argument, NULL, 'l'},
		{"frames", required_argument, NULL, 'n'},
		{"buffers", required_argument, NULL, 'b'},
		{"lossless", no_argument, NULL, 'L'},
		{"timeout", required_argument, NULL, 't'},
		{"wait-subscribers", required_argument, NULL, 'w'},
		{"backend", required_argument, NULL, 'B'},
		{"host-memory", no_argument, NULL, 'H'},
		{"application", required_argument, NULL, 'a'},
		{"verbose", no_argument, NULL, 'v'},
		{"help", no_argument, NULL, 'h'},
		{0},
	};
	int option;

	while ((option = next_option(argc, argv, ":s:f:i:p:r:ln:b:Lt:w:B:Ha:vh", options)) != -1) {
		*status = option == 'h' ? print_help(send_help) : take_option(option, argv, out);
		if (*status || option == 'h')
			return false;
	}
	if (argc - optind != 1) {
		*status = usage_error(
			"send: wrong number of arguments (%d): expected the stream's name",
			argc - optind);
		return false;
	}
	out->name = argv[optind];
	*status = check_options(out);
	return !*status;
}

/* ---- the command ---------------------------------------------------------------------------- */

int send_command(int argc, char **argv)
{
	struct send_options options = {.timeout_ns = 5 * NANOSECONDS};
	int status, signals;

	if (!read_options(argc, argv, &options, &status))
		return status;
	signals = signals_open();
	if (signals < 0)
		return STATUS_FAILURE;
	status = send_stream(&options, signals);
	signals_close();
	return status;
}
