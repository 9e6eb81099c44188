/*
 * Test patterns: bars, ramp and noise.
 *
 * SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "common.h"
#include "complete.h"
#include "lists.h"
#include "pattern.h"

static const struct {
	const char *name;
	enum pattern pattern;
} names[] = {
	{"bars", PATTERN_BARS},
	{"ramp", PATTERN_RAMP},
	{"noise", PATTERN_NOISE},
	{"clock", PATTERN_CLOCK},
};

#define NAME_COUNT (sizeof(names) / sizeof(names[0]))

static const char *pattern_word(size_t index, void *user)
{
	(void)user;
	return names[index].name;
}

void offer_patterns(const struct offers *offers)
{
	for (size_t i = 0; i < NAME_COUNT; i++)
		offer(offers, names[i].name, NULL);
}

enum pattern parse_pattern(const char *text)
{
	struct words words = {.count = 0};
	char all[LIST_SIZE];
	const char *near;

	for (size_t i = 0; i < NAME_COUNT; i++) {
		if (strcmp(text, names[i].name) == 0)
			return names[i].pattern;
		add_word(&words, "%s", names[i].name);
	}
	near = nearest_word(text, NAME_COUNT, pattern_word, NULL);
	(void)usage_error("send: unknown pattern (%.100s): expected %s%s%s%s", text,
		join_words(&words, "or", all), near ? "; did you mean " : "", near ? near : "",
		near ? "?" : "");
	return PATTERN_NONE;
}

/* ---- bars and ramp: bands of equal rows ------------------------------------------------------ */

#define FULL UINT16_MAX
#define MUCH 49151u /* 75 % of full intensity */

/* Returns the colour of a column of a band. */
typedef struct colour column_colour(uint32_t x, uint32_t width);

/* Returns the colour at x of count stripes of equal width. */
static struct colour stripe(
	const struct colour *stripes, uint32_t count, uint32_t x, uint32_t width)
{
	return stripes[(uint64_t)x * count / width];
}

/* SMPTE's colour bars, from the left in the order of falling luminance. */
static struct colour upper_bars(uint32_t x, uint32_t width)
{
	static const struct colour bars[] = {
		{MUCH, MUCH, MUCH},
		{MUCH, MUCH, 0},
		{0, MUCH, MUCH},
		{0, MUCH, 0},
		{MUCH, 0, MUCH},
		{MUCH, 0, 0},
		{0, 0, MUCH},
	};

	return stripe(bars, sizeof(bars) / sizeof(bars[0]), x, width);
}

static struct colour middle_bars(uint32_t x, uint32_t width)
{
	static const struct colour bars[] = {
		{0, 0, MUCH},
		{0, 0, 0},
		{MUCH, 0, MUCH},
		{0, 0, 0},
		{0, MUCH, MUCH},
		{0, 0, 0},
		{MUCH, MUCH, MUCH},
	};

	return stripe(bars, sizeof(bars) / sizeof(bars[0]), x, width);
}

/* SMPTE's lowest row: -I, white, +Q, black. */
static struct colour lower_bars(uint32_t x, uint32_t width)
{
	static const struct colour bars[] = {
		{0, 8481, 19532},
		{FULL, FULL, FULL},
		{12850, 0, 27242},
		{0, 0, 0},
	};

	return stripe(bars, sizeof(bars) / sizeof(bars[0]), x, width);
}

static uint16_t ramp_value(uint32_t x, uint32_t width)
{
	return width > 1 ? (uint16_t)((uint64_t)x * FULL / (width - 1)) : FULL;
}

static struct colour gray_ramp(uint32_t x, uint32_t width)
{
	const uint16_t value = ramp_value(x, width);

	return (struct colour){value, value, value};
}

static struct colour red_ramp(uint32_t x, uint32_t width)
{
	return (struct colour){.red = ramp_value(x, width)};
}

static struct colour green_ramp(uint32_t x, uint32_t width)
{
	return (struct colour){.green = ramp_value(x, width)};
}

static struct colour blue_ramp(uint32_t x, uint32_t width)
{
	return (struct colour){.blue = ramp_value(x, width)};
}

struct band {
	uint32_t end; /* the last row of the band, in twelfths of the height */
	column_colour *colour;
};

/* Draws the bands. The picture moves to the left by two texels a frame. */
static void draw_bands(const struct band *bands, uint64_t frame, const struct canvas *canvas)
{
	const uint32_t shift = (uint32_t)(frame * 2 % canvas->width);
	uint32_t y = 0;

	for (const struct band *band = bands; y < canvas->height; band++) {
		const uint32_t end = (uint32_t)((uint64_t)canvas->height * band->end / 12);
		unsigned char *texel = canvas->data + y * canvas->row_pitch;

		for (uint32_t x = 0; x < canvas->width && y < end; x++) {
			const uint32_t source = (uint32_t)(((uint64_t)x + shift) % canvas->width);

			texel += canvas_encode(
				canvas->format, band->colour(source, canvas->width), texel);
		}
		canvas_repeat(canvas, y, end);
		y = end;
	}
}

static void draw_bars(uint64_t frame, const struct canvas *canvas)
{
	static const struct band bands[] = {{8, upper_bars}, {9, middle_bars}, {12, lower_bars}};

	draw_bands(bands, frame, canvas);
}

static void draw_ramp(uint64_t frame, const struct canvas *canvas)
{
	static const struct band bands[] = {
		{3, gray_ramp}, {6, red_ramp}, {9, green_ramp}, {12, blue_ramp}};

	draw_bands(bands, frame, canvas);
}

/* ---- noise ---------------------------------------------------------------------------------- */

/* SplitMix64, public domain: https://prng.di.unimi.it/splitmix64.c */
static uint64_t next_random(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

/* Writes the masks that make eight random bytes opaque, and floats between 0 and 1. */
static void noise_masks(enum geyser_format format, uint64_t *keep, uint64_t *set)
{
	static const uint16_t below_one[] = {0x3bff, 0x3bff, 0x3bff, 0};
	unsigned char black[TEXEL_MAX];
	const uint32_t size = canvas_encode(format, (struct colour){0}, black);

	for (uint32_t i = size; i < TEXEL_MAX; i++)
		black[i] = black[i - size];
	(void)memcpy(set, black, sizeof(*set));
	*keep = UINT64_MAX;
	if (format == GEYSER_FORMAT_RGBA16_FLOAT)
		(void)memcpy(keep, below_one, sizeof(*keep));
}

static void draw_noise(uint64_t frame, const struct canvas *canvas)
{
	const size_t row =
		(size_t)canvas->width * geyser_format_get_info(canvas->format)->bytes_per_texel;
	uint64_t state = frame << 32, keep, set;

	noise_masks(canvas->format, &keep, &set);
	for (uint32_t y = 0; y < canvas->height; y++) {
		unsigned char *const data = canvas->data + y * canvas->row_pitch;

		for (size_t x = 0; x < row; x += sizeof(uint64_t)) {
			const uint64_t word = (next_random(&state) & keep) | set;
			const size_t rest = row - x;

			(void)memcpy(data + x, &word, rest < sizeof(word) ? rest : sizeof(word));
		}
	}
}

/* ---- all ------------------------------------------------------------------------------------ */

void pattern_draw(
	enum pattern pattern, uint64_t frame, uint64_t time_ns, const struct canvas *canvas)
{
	switch (pattern) {
	case PATTERN_NONE:
		break;
	case PATTERN_BARS:
		draw_bars(frame, canvas);
		break;
	case PATTERN_RAMP:
		draw_ramp(frame, canvas);
		break;
	case PATTERN_NOISE:
		draw_noise(frame, canvas);
		break;
	case PATTERN_CLOCK:
		clock_draw(frame, time_ns, canvas);
		break;
	}
}
