/*
 * The first line of YUV4MPEG (y4m): what it says of all frames.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <string.h>

#include "common.h"
#include "y4m.h"

/* Reads a number of decimal digits and nothing else. */
static bool parse_decimal(const char *text, uint64_t *out)
{
	return !text[strspn(text, "0123456789")] && parse_number(text, out);
}

/* Reads "420mpeg2", "422p10", "mono12". */
static bool parse_sampling(const char *text, struct y4m *out)
{
	static const struct {
		const char *name;
		uint32_t divide_x, divide_y;
		enum geyser_siting siting;
	} names[] = {
		{"420jpeg", 2, 2, GEYSER_SITING_CENTER},
		{"420mpeg2", 2, 2, GEYSER_SITING_LEFT},
		{"420paldv", 2, 2, GEYSER_SITING_TOP_LEFT},
		{"420", 2, 2, GEYSER_SITING_UNSPECIFIED},
		{"422", 2, 1, GEYSER_SITING_UNSPECIFIED},
		{"444", 1, 1, GEYSER_SITING_UNSPECIFIED},
		{"mono", 0, 0, GEYSER_SITING_UNSPECIFIED},
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const size_t length = strlen(names[i].name);
		const char *rest = text + length;
		uint64_t depth = 8;

		if (strncmp(text, names[i].name, length) != 0)
			continue;
		if (*rest == 'p' && names[i].divide_x)
			rest++;
		if (*rest && (!parse_decimal(rest, &depth) || depth < 9 || depth > 16))
			continue;
		out->divide_x = names[i].divide_x;
		out->divide_y = names[i].divide_y;
		out->siting = names[i].siting;
		out->depth = (uint32_t)depth;
		return true;
	}
	return false;
}

/* Reads "30000:1001". */
static bool parse_ratio(const char *text, uint64_t *num, uint64_t *den)
{
	const char *const colon = strchr(text, ':');
	char first[16];

	if (!colon || colon - text >= (ptrdiff_t)sizeof(first))
		return false;
	(void)snprintf(first, sizeof(first), "%.*s", (int)(colon - text), text);
	return parse_decimal(first, num) && parse_decimal(colon + 1, den) && *num <= UINT32_MAX &&
	       *den <= UINT32_MAX;
}

/* Writes the fraction nearest to num / den, of those that continue it and have parts of RATE_MAX at
 * most. One of 30000:1001 stays as it is; 10000000:333333, as some cameras have, loses less than a
 * millionth. */
static void approximate(uint64_t num, uint64_t den, uint32_t *out_num, uint32_t *out_den)
{
	uint64_t last_num = 0, last_den = 1;

	*out_num = 1;
	*out_den = 0;
	while (den) {
		const uint64_t whole = num / den, rest = num % den;
		const uint64_t next_num = whole * *out_num + last_num;
		const uint64_t next_den = whole * *out_den + last_den;

		if (next_num > RATE_MAX || next_den > RATE_MAX)
			return;
		last_num = *out_num;
		last_den = *out_den;
		*out_num = (uint32_t)next_num;
		*out_den = (uint32_t)next_den;
		num = den;
		den = rest;
	}
}

/* Reads frames a second. 0:0 means that they aren't known. */
static bool parse_frame_rate(const char *text, uint32_t *out_num, uint32_t *out_den)
{
	uint64_t num, den;

	if (!parse_ratio(text, &num, &den))
		return false;
	*out_num = *out_den = 0;
	if (!num || !den)
		return true;
	if (num > den * RATE_MAX || den > num * RATE_MAX)
		return false;
	approximate(num, den, out_num, out_den);
	return true;
}

static bool parse_extent(const char *text, uint32_t *out)
{
	uint64_t number;

	if (!parse_decimal(text, &number) || !number || number > GEYSER_MAX_DIMENSION)
		return false;
	*out = (uint32_t)number;
	return true;
}

/* Words of the line, for what follows from them. */
struct words {
	bool ranged;
	const char *interlaced, *aspect; /* NULL: the usual; borrowed from the line */
};

/* Notes the shape of a pixel, unless it is square or unknown. */
static bool parse_aspect(const char *word, struct words *words)
{
	uint64_t width, height;

	if (!parse_ratio(word + 1, &width, &height))
		return false;
	if (width != height)
		words->aspect = word;
	return true;
}

/* Reads one word of the line. Unknown letters are other programs' notes. */
static bool parse_word(const char *word, struct y4m *out, struct words *words)
{
	switch (*word) {
	case 'W':
		return parse_extent(word + 1, &out->width);
	case 'H':
		return parse_extent(word + 1, &out->height);
	case 'F':
		return parse_frame_rate(word + 1, &out->rate_num, &out->rate_den);
	case 'C':
		return parse_sampling(word + 1, out);
	case 'I':
		if (word[1] && strchr("tbm", word[1]))
			words->interlaced = word;
		return true;
	case 'A':
		return parse_aspect(word, words);
	case 'X':
		words->ranged = words->ranged || strncmp(word, "XCOLORRANGE=", 12) == 0;
		if (strcmp(word, "XCOLORRANGE=FULL") == 0)
			out->range = GEYSER_COLOR_RANGE_FULL;
		if (strcmp(word, "XCOLORRANGE=LIMITED") == 0)
			out->range = GEYSER_COLOR_RANGE_LIMITED;
		return true;
	default:
		return true;
	}
}

/* Tells what a stream doesn't keep: a viewer would show such a film wrong. */
static void tell_of_loss(const char *name, const struct words *words)
{
	if (words->interlaced)
		tell("geyser: %s: its frames are interlaced (%.2s), which the stream doesn't say: "
		     "ffmpeg's filter bwdif makes whole pictures\n",
			name, words->interlaced);
	if (words->aspect)
		tell("geyser: %s: its pixels aren't square (%.20s), which the stream doesn't say: "
		     "ffmpeg's filter scale=iw*sar:ih makes them square\n",
			name, words->aspect);
}

bool y4m_parse(const char *name, char *line, struct y4m *out)
{
	struct words words = {0};
	char *rest;

	*out = (struct y4m){.divide_x = 2,
		.divide_y = 2,
		.depth = 8,
		.siting = GEYSER_SITING_CENTER,
		.range = GEYSER_COLOR_RANGE_LIMITED};
	for (char *word = strtok_r(line + strlen(Y4M_MAGIC), " ", &rest); word;
		word = strtok_r(NULL, " ", &rest)) {
		if (!parse_word(word, out, &words))
			return (void)failure("%s: this y4m can't be sent (%.100s): expected W and "
					     "H of 1 to %u, F as 30:1 and at most %u:1, A as 1:1, "
					     "and C as 420, 422, 444 or mono, with 8 to 16 bits",
				       name, word, GEYSER_MAX_DIMENSION, RATE_MAX),
			       false;
	}
	if (!words.ranged && !out->divide_x) /* as ffmpeg takes gray */
		out->range = GEYSER_COLOR_RANGE_FULL;
	if (!out->width || !out->height)
		return (void)failure("%s: this y4m has no size: expected W and H in its first line",
			       name),
		       false;
	tell_of_loss(name, &words);
	return true;
}

static const char *sampling_name(const struct y4m *y4m)
{
	if (!y4m->divide_x)
		return "mono";
	if (y4m->divide_x == 1)
		return "444";
	if (y4m->divide_y == 1)
		return "422";
	if (y4m->depth > 8)
		return "420";
	return y4m->siting == GEYSER_SITING_CENTER     ? "420jpeg"
	       : y4m->siting == GEYSER_SITING_LEFT     ? "420mpeg2"
	       : y4m->siting == GEYSER_SITING_TOP_LEFT ? "420paldv"
						       : "420";
}

void y4m_write_words(const struct y4m *y4m, char words[Y4M_WORDS_MAX])
{
	char depth[16] = "";

	if (y4m->depth > 8)
		(void)snprintf(depth, sizeof(depth), "%s%u", y4m->divide_x ? "p" : "", y4m->depth);
	(void)snprintf(words, Y4M_WORDS_MAX, "C%s%s XCOLORRANGE=%s", sampling_name(y4m), depth,
		y4m->range == GEYSER_COLOR_RANGE_FULL ? "FULL" : "LIMITED");
}

void y4m_write_line(const struct y4m *y4m, char line[Y4M_LINE_MAX])
{
	char words[Y4M_WORDS_MAX];

	y4m_write_words(y4m, words);
	(void)snprintf(line, Y4M_LINE_MAX, Y4M_MAGIC "W%u H%u F%u:%u Ip A1:1 %s\n", y4m->width,
		y4m->height, y4m->rate_num, y4m->rate_den, words);
}
