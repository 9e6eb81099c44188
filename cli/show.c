/*
 * What the command lines of play and replay have in common.
 *
 * SPDX-License-Identifier: MIT
 */
#include <inttypes.h>

#include <geyser/stream.h>

#include "show.h"

static int take_number(
	const struct given *given, const char *what, uint64_t least, uint64_t most, uint32_t *out)
{
	uint64_t number;

	if (!parse_number(given->text, &number) || number < least || number > most)
		return usage_error("%s: wrong number of %s (%.100s): expected %" PRIu64
				   " to %" PRIu64,
			given->command, what, given->text, least, most);
	*out = (uint32_t)number;
	return STATUS_OK;
}

int show_take_buffers(const struct given *given)
{
	struct show_options *const out = given->options;

	return take_number(given, "buffers", 2, GEYSER_STREAM_BUFFERS_MAX, &out->buffers);
}

int show_take_subscribers(const struct given *given)
{
	struct show_options *const out = given->options;

	return take_number(
		given, "subscribers", 0, GEYSER_STREAM_SUBSCRIBERS_MAX, &out->subscribers);
}

int show_command(const struct syntax *syntax, int argc, char **argv,
	int (*run)(const struct show_options *options, int signals), struct show_options *options)
{
	int status, signals, count = 0;
	char **words;

	options->timeout_ns = 5 * NANOSECONDS;
	options->rate_num = options->rate_den = 1;
	words = read_options(syntax, argc, argv, options, &status);
	if (!words)
		return status;
	while (words[count])
		count++;
	if (count < 1 || count > 2)
		return usage_error("%s: wrong number of arguments (%d): expected %s",
			options->command, count, syntax->wanted);
	if (options->step && options->stats)
		return usage_error("%s: --stats can't be told with --step (frames have no time "
				   "then): expected one of the two",
			options->command);
	options->file = words[0];
	options->name = words[1];
	signals = signals_open();
	if (signals < 0)
		return STATUS_FAILURE;
	status = run(options, signals);
	signals_close();
	return status;
}
