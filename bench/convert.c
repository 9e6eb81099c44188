/* Measures conversions of and to 1080p pictures beside a memcpy that reads and writes as many
 * bytes, and beside other libraries. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <geyser/convert.h>

#include "bench.h"
#include "scalers.h"

#define WIDTH 1920
#define HEIGHT 1080
#define TEXEL_MAX 16 /* bytes of the largest texel; the planes of video take 6 at most */
#define PICTURES 4   /* taken in turns, as frames are: they don't fit in most caches together */
#define ROUNDS_SEARCH 3

/* Memory of the pictures, each large enough for every format. */
struct pictures {
	unsigned char *from[PICTURES], *to[PICTURES];
	size_t turn;
};

struct pair {
	enum geyser_format from, to;
	double target;               /* the speed beside the floor's; 0: there is none */
	const struct scaler *scaler; /* the floor; NULL: memcpy */
	enum geyser_filter filter;   /* from twice the width and height; 0: the same size */
};

static const struct pair named[] = {
	{GEYSER_FORMAT_RGBA8_UNORM, GEYSER_FORMAT_BGRA8_UNORM, .target = 0.95},
	{GEYSER_FORMAT_BGRA8_UNORM, GEYSER_FORMAT_RGBA8_UNORM, .target = 0.95},
	{GEYSER_FORMAT_RGBA8_UNORM, GEYSER_FORMAT_RGBA16_FLOAT, .target = 0.85},
	{GEYSER_FORMAT_RGBA32_FLOAT, GEYSER_FORMAT_RGBA8_UNORM, .target = 0.9},
	{GEYSER_FORMAT_RGB10A2_UNORM, GEYSER_FORMAT_RGBA8_UNORM, .target = 0.6},
	{GEYSER_FORMAT_NV12, GEYSER_FORMAT_RGBA8_UNORM, .target = 0.1},
	{GEYSER_FORMAT_RGBA8_UNORM, GEYSER_FORMAT_NV12, .target = 0.1},
};

#define NAMED (sizeof(named) / sizeof(named[0]))
#define TARGET_OF_OTHERS 0.1

static void pictures_init(struct pictures *pictures)
{
	const size_t size = (size_t)WIDTH * HEIGHT * TEXEL_MAX;
	uint32_t state = 1;

	pictures->turn = 0;
	for (size_t i = 0; i < PICTURES; i++) {
		pictures->from[i] = allocate(size, 1);
		pictures->to[i] = allocate(size, 1);
		/* floats from 0 to 1 */
		for (size_t at = 0; at < size; at += sizeof(float)) {
			const float value = (float)(state >> 8) * 0x1p-24f;

			memcpy(pictures->from[i] + at, &value, sizeof(value));
			state = state * 1664525 + 1013904223;
		}
		memset(pictures->to[i], 1, size);
	}
}

static void pictures_finish(struct pictures *pictures)
{
	for (size_t i = 0; i < PICTURES; i++) {
		free(pictures->from[i]);
		free(pictures->to[i]);
	}
}

/* Describes a picture whose planes follow one another, `times` as wide and as high. A picture of
 * twice the size has texels of a quarter of the largest ones. */
static struct geyser_pixels picture(enum geyser_format format, unsigned char *data, uint32_t times)
{
	struct geyser_pixels out = {
		.format = format, .width = WIDTH * times, .height = HEIGHT * times};
	struct geyser_plane_extent extent;

	for (uint32_t plane = 0;
		geyser_format_get_plane_extent(format, plane, out.width, out.height, &extent);
		plane++) {
		out.planes[plane].data = data;
		out.planes[plane].row_pitch = (size_t)extent.row_bytes;
		data += extent.size;
	}
	return out;
}

static uint64_t time_conversion(struct pictures *pictures, const struct pair *pair)
{
	const size_t i = pictures->turn++ % PICTURES;
	const struct geyser_pixels from =
		picture(pair->from, pictures->from[i], pair->filter ? 2 : 1);
	const struct geyser_pixels to = picture(pair->to, pictures->to[i], 1);
	const struct geyser_convert_options options = {.filter = pair->filter};
	const uint64_t start = now_ns();

	require(geyser_convert_pixels(&from, &to, &options), "converting a picture");
	return now_ns() - start;
}

/* Copies half of the bytes that the conversion reads and writes in all, or converts by the other
 * library. */
static uint64_t time_floor(struct pictures *pictures, const struct pair *pair)
{
	const size_t i = pictures->turn++ % PICTURES;
	const struct geyser_pixels from =
		picture(pair->from, pictures->from[i], pair->filter ? 2 : 1);
	const struct geyser_pixels to = picture(pair->to, pictures->to[i], 1);
	const size_t size = (picture_bytes(pair->from, WIDTH, HEIGHT) +
				    picture_bytes(pair->to, WIDTH, HEIGHT)) /
			    2;
	const uint64_t start = now_ns();

	if (pair->scaler)
		pair->scaler->convert(&from, &to);
	else
		memcpy(pictures->to[i], pictures->from[i], size);
	return now_ns() - start;
}

static void measure(
	struct pictures *pictures, const struct pair *pair, size_t rounds, struct series *series)
{
	series->rounds = 0;
	for (size_t turn = 0; turn < 2 * rounds; turn += 2) {
		uint64_t ours, floor;

		if (turn_is_ours(turn)) {
			ours = time_conversion(pictures, pair);
			floor = time_floor(pictures, pair);
		} else {
			floor = time_floor(pictures, pair);
			ours = time_conversion(pictures, pair);
		}
		series_add(series, 0.5, &ours, &floor, 1);
	}
}

static void add(struct pictures *pictures, const struct pair *pair, const char *prefix,
	size_t rounds, struct results *results)
{
	struct series series;
	char name[64];

	(void)snprintf(name, sizeof(name), "%s%s to %s%s%s", prefix, geyser_format_name(pair->from),
		geyser_format_name(pair->to), pair->scaler ? ", " : "",
		pair->scaler ? pair->scaler->name : "");
	if (pair->scaler && pair->scaler->lack) {
		results_add_missing(results, name, pair->scaler->lack);
		return;
	}
	measure(pictures, pair, rounds, &series);
	if (pair->target > 0)
		results_add_times(
			results, name, PLACE_NONE, &series, LIMIT_RATIO, 1 / pair->target);
	else
		results_add_times(results, name, PLACE_NONE, &series, LIMIT_NONE, 0);
}

static bool is_named(const struct pair *pair)
{
	for (size_t i = 0; i < NAMED; i++)
		if (named[i].from == pair->from && named[i].to == pair->to)
			return true;
	return false;
}

static bool converts(const struct pair *pair)
{
	return pair->from != pair->to && !geyser_format_get_info(pair->from)->depth &&
	       !geyser_format_get_info(pair->to)->depth;
}

/* Finds the slowest pair beside memcpy among those that aren't named. */
static struct pair find_slowest(struct pictures *pictures)
{
	struct pair slowest = {.target = TARGET_OF_OTHERS};
	struct series series;
	double highest = 0;

	for (int i = 0; i < GEYSER_FORMAT_COUNT * GEYSER_FORMAT_COUNT; i++) {
		const struct pair pair = {(enum geyser_format)(i / GEYSER_FORMAT_COUNT),
			(enum geyser_format)(i % GEYSER_FORMAT_COUNT), .target = TARGET_OF_OTHERS};

		if (!pair.from || !pair.to || !converts(&pair) || is_named(&pair))
			continue;
		measure(pictures, &pair, ROUNDS_SEARCH, &series);
		/* other work of the machine only makes a round slower */
		if (series_summarize(&series).low > highest) {
			highest = series_summarize(&series).low;
			slowest = pair;
		}
	}
	return slowest;
}

static const char *prefix_of(enum geyser_filter filter)
{
	return filter == GEYSER_FILTER_BILINEAR ? "4K by bilinear: "
	       : filter == GEYSER_FILTER_BOX    ? "4K by box: "
						: "";
}

void bench_convert(const struct settings *settings, struct results *results)
{
	struct pictures pictures;
	struct pair slowest;

	pictures_init(&pictures);
	for (size_t i = 0; i < NAMED; i++)
		add(&pictures, &named[i], "", settings->rounds, results);
	for (size_t i = 0; i < SCALERS; i++) {
		const struct scaler *const scaler = &scalers[i];
		const struct pair pair = {
			scaler->from, scaler->to, scaler->target, scaler, scaler->filter};

		add(&pictures, &pair, prefix_of(scaler->filter), settings->rounds, results);
	}
	slowest = find_slowest(&pictures);
	add(&pictures, &slowest, "slowest: ", settings->rounds, results);
	pictures_finish(&pictures);
}
