/* SPDX-License-Identifier: MIT */
/* Conversion of the formats of video, in chunks of rows. */
#include "format/convert.h"
#include "format/convert_rows.h"
#include "format/scale.h"
#include "format/yuv_numbers.h"

/* The most columns that go through all steps before the next ones do. */
#define CHUNK GY_CONVERT_CHUNK

/* To make CHUNK / 2 columns of chroma narrower, twice as many are needed and one before. To make
 * CHUNK columns wider, half as many are needed and one on each side. */
#define WINDOW (CHUNK + 2)

/* One side of a conversion. */
struct side {
	const struct geyser_pixels *pixels;
	bool video;
	struct gy_yuv_layout layout; /* of colours: one sample of each component for each texel */
	unsigned int lanes;          /* of a texel of colours */
};

/* From the source's samples of luma, and of chroma, to the destination's. */
struct scaling {
	float factor, zero;
};

struct job {
	const struct gy_convert_kernels *kernels;
	const struct gy_yuv_kernels *steps;
	struct side source, destination;
	const struct gy_yuv_meaning *meaning;
	struct gy_yuv_factors factors;    /* video to colours */
	struct gy_yuv_weights weights[3]; /* colours to video */
	struct scaling scaling[2];        /* video to video */
	/* Of each component, or of colours. They make the source's samples as those of a picture
	 * with the destination's size: components of video with one sample for each of the
	 * destination's. NULL: the source has this size. */
	struct gy_scaler *scalers;
};

/* ---- numbers --------------------------------------------------------------------------------- */

static struct scaling scaling_of(double from, double from_zero, double to, double to_zero)
{
	return (struct scaling){(float)(to / from), (float)(to_zero - from_zero * to / from)};
}

static void set_numbers(struct job *job)
{
	const bool limited = job->meaning->limited;
	const struct gy_yuv_range from = gy_yuv_range_of(job->source.layout.bits, limited);
	const struct gy_yuv_range to = gy_yuv_range_of(job->destination.layout.bits, limited);

	job->factors = gy_yuv_factors_of(&from, job->meaning);
	gy_yuv_set_weights(&to, job->meaning, job->weights);
	job->scaling[0] = scaling_of(from.luma, from.black, to.luma, to.black);
	job->scaling[1] = scaling_of(from.chroma, from.grey, to.chroma, to.grey);
}

/* ---- samples --------------------------------------------------------------------------------- */

static void *sample_at(const struct side *side, unsigned int component, uint32_t row, uint32_t at)
{
	return gy_yuv_sample_at(side->pixels, &side->layout, component, row, at);
}

/* Describes lanes of so many channels. */
static struct geyser_pixels lanes_of(float *lanes, unsigned int channels, uint32_t columns)
{
	static const enum geyser_format formats[] = {
		[1] = GEYSER_FORMAT_R32_FLOAT,
		[2] = GEYSER_FORMAT_RG32_FLOAT,
		[4] = GEYSER_FORMAT_RGBA32_FLOAT,
	};

	return (struct geyser_pixels){
		.format = formats[channels],
		.width = columns,
		.height = 1,
		.planes = {{lanes, columns * channels * sizeof(*lanes)}},
	};
}

/* Reads samples of a source of video, scaled if the destination is video, too. */
static void read_samples(const struct job *job, unsigned int component, uint32_t row,
	uint32_t first, uint32_t count, float *out)
{
	const struct gy_yuv_layout *const layout = &job->source.layout;
	const struct scaling *const scaling = &job->scaling[component > 0];
	const size_t step = layout->component[component].step;

	if (job->scalers)
		gy_scaler_make(&job->scalers[component], row, first, count, out);
	else if (layout->bits > 8)
		job->steps->read_words(sample_at(&job->source, component, row, first), out, count,
			step, 16 - layout->bits);
	else
		job->steps->read_bytes(
			sample_at(&job->source, component, row, first), out, count, step);
	if (job->destination.video && (scaling->factor != 1 || scaling->zero != 0))
		job->steps->scale(out, count, scaling->factor, scaling->zero);
}

/* Makes samples of all three components of a row of colours. */
static void make_samples(
	const struct job *job, uint32_t row, uint32_t first, uint32_t count, float *const out[3])
{
	const unsigned int channels = job->scalers ? 4 : job->source.lanes;
	float lanes[4 * WINDOW];

	if (job->scalers) {
		gy_scaler_make(&job->scalers[0], row, first, count, lanes);
	} else {
		const struct geyser_pixels from =
			gy_yuv_part_of(job->source.pixels, row, first, count);
		const struct geyser_pixels to = lanes_of(lanes, channels, count);

		gy_convert(job->kernels, &from, &to);
	}
	job->steps->separate(lanes, channels, out, count, job->weights);
}

/* Writes samples of a component. */
static void store(const struct job *job, unsigned int component, uint32_t row, uint32_t first,
	uint32_t count, const float *samples)
{
	const struct gy_yuv_layout *const layout = &job->destination.layout;
	void *const to = sample_at(&job->destination, component, row, first);
	const size_t step = layout->component[component].step;

	if (layout->bits > 8)
		job->steps->write_words(samples, to, count, step, 16 - layout->bits,
			(float)((1 << layout->bits) - 1));
	else
		job->steps->write_bytes(samples, to, count, step);
}

/* ---- rows ------------------------------------------------------------------------------------ */

static uint32_t smaller(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static uint32_t divided(uint32_t size, unsigned int by)
{
	return size / by + size % by;
}

/* Stores luma of `count` columns. There is a sample after them if count is odd. */
static void store_luma(
	const struct job *job, uint32_t row, uint32_t first, uint32_t count, const float *samples)
{
	const enum geyser_format format = job->destination.pixels->format;

	/* the last pair of an odd width has a second texel, which nobody sees */
	if (geyser_format_get_info(format)->block_width == 2)
		count += count % 2;
	store(job, 0, row, first, count, samples);
}

/* Fetches samples for `count` columns from `first` on: chroma of video, and all three components of
 * colours. Beyond the outer columns, the samples are the outer ones. */
static void fetch_window(
	const struct job *job, uint32_t row, int64_t first, uint32_t count, float (*out)[WINDOW])
{
	const int64_t width = divided(job->source.pixels->width, job->source.layout.columns);
	const uint32_t end = (uint32_t)(first + count < width ? count : width - first);
	const uint32_t before = first < 0 ? 1 : 0;
	const uint32_t from = (uint32_t)(first + before);
	float *const inside[] = {out[0] + before, out[1] + before, out[2] + before};

	if (!job->source.video)
		make_samples(job, row, from, end - before, inside);
	for (unsigned int i = job->source.video ? 1 : 0; i < 3; i++) {
		if (job->source.video)
			read_samples(job, i, row, from, end - before, inside[i]);
		out[i][0] = inside[i][0];
		for (uint32_t x = end; x < count; x++)
			out[i][x] = out[i][end - 1];
	}
}

/* Fetches chroma between rows of the source, in the columns of the source. Stores luma of the
 * source's colours, if the row shares its chroma: their samples are made once for both. */
static void fetch_between(const struct job *job, unsigned int rows, uint32_t row, int64_t first,
	uint32_t count, float (*out)[WINDOW])
{
	const int64_t last =
		divided(job->source.pixels->height, job->source.layout.rows) - INT64_C(1);
	const struct gy_yuv_taps taps =
		gy_yuv_taps_of(job->source.layout.rows, rows, job->meaning->down, row);
	/* where columns become fewer, there is one before those of this chunk */
	const uint32_t before = job->destination.layout.columns - 1;
	float further[3][WINDOW];

	for (unsigned int tap = 0; tap < taps.count; tap++) {
		const int64_t inside = taps.row[tap] < 0 ? 0 : taps.row[tap];
		const uint32_t at = (uint32_t)(inside < last ? inside : last);
		const float keep = tap == 1 ? (float)taps.quarters[0] / 4 : 1;
		float(*const samples)[WINDOW] = tap ? further : out;

		if (tap > 0 && taps.quarters[tap] == 0)
			continue;
		fetch_window(job, at, first, count, samples);
		if (!job->source.video && at / rows == row)
			store_luma(job, at, (uint32_t)(first + before),
				smaller(count - before,
					job->source.pixels->width - (uint32_t)(first + before)),
				samples[0] + before);
		for (unsigned int i = 1; tap > 0 && i < 3; i++)
			job->steps->mix(
				out[i], further[i], count, keep, (float)taps.quarters[tap] / 4);
	}
}

/* Gives the chroma for a layout of so many columns and rows, from the column `first` on, which is
 * even where the columns become wider. Then out has room for one more than count. out[0] isn't
 * used. */
static void chroma(const struct job *job, unsigned int columns, unsigned int rows, uint32_t row,
	uint32_t first, uint32_t count, float (*out)[WINDOW])
{
	const int across = job->meaning->across;
	float samples[3][WINDOW];

	if (job->scalers && job->source.video) {
		read_samples(job, 1, row, first, count, out[1]);
		read_samples(job, 2, row, first, count, out[2]);
	} else if (job->source.layout.columns == columns) {
		fetch_between(job, rows, row, first, count, out);
	} else if (job->source.layout.columns > columns) {
		const uint32_t half = (count + 1) / 2;

		fetch_between(job, rows, row, (int64_t)first / 2 - 1, half + 2, samples);
		for (unsigned int i = 1; i < 3; i++)
			job->steps->widen(samples[i], out[i], half, (float)across / 4,
				(float)(2 - across) / 4);
	} else {
		const float first_column[] = {0.25f, 0.5f, 0.25f}, center[] = {0, 0.5f, 0.5f};

		fetch_between(job, rows, row, 2 * (int64_t)first - 1, 2 * count + 1, samples);
		for (unsigned int i = 1; i < 3; i++)
			job->steps->narrow(
				samples[i], out[i], count, across ? center : first_column);
	}
}

static void convert_to_colours(const struct job *job, uint32_t row, uint32_t first, uint32_t count)
{
	float samples[3][WINDOW], lanes[4 * CHUNK];
	const unsigned int channels = job->destination.lanes;
	const struct geyser_pixels from = lanes_of(lanes, channels, count);
	const struct geyser_pixels to = gy_yuv_part_of(job->destination.pixels, row, first, count);

	chroma(job, 1, 1, row, first, count, samples);
	read_samples(job, 0, row, first, count, samples[0]);
	job->steps->combine(
		samples[0], samples[1], samples[2], &job->factors, lanes, channels, count);
	gy_convert(job->kernels, &from, &to);
}

static void convert_luma(const struct job *job, uint32_t row, uint32_t first, uint32_t count)
{
	float y[WINDOW];

	read_samples(job, 0, row, first, count, y);
	y[count] = y[count - 1];
	store_luma(job, row, first, count, y);
}

/* Converts a row of chroma; from colours, the rows of luma that share it, too. */
static void convert_chroma(const struct job *job, uint32_t row, uint32_t first, uint32_t count)
{
	const struct gy_yuv_layout *const layout = &job->destination.layout;
	float samples[3][WINDOW];

	chroma(job, layout->columns, layout->rows, row, first, count, samples);
	store(job, 1, row, first, count, samples[1]);
	store(job, 2, row, first, count, samples[2]);
}

static struct side side_of(const struct geyser_pixels *pixels)
{
	struct side out = {.pixels = pixels, .layout = {.columns = 1, .rows = 1, .bits = 8}};

	out.video = geyser_format_is_video(pixels->format);
	if (out.video)
		out.layout = gy_yuv_layout_of(pixels->format);
	else
		out.lanes = gy_form_of(pixels->format).lanes;
	return out;
}

static struct job job_of(const struct gy_convert_kernels *kernels,
	const struct geyser_pixels *source, const struct geyser_pixels *destination,
	const struct gy_yuv_meaning *meaning)
{
	struct job job = {
		.kernels = kernels,
		.steps = kernels->yuv,
		.source = side_of(source),
		.destination = side_of(destination),
		.meaning = meaning,
	};

	set_numbers(&job);
	return job;
}

static void convert_all(const struct job *job)
{
	const struct gy_yuv_layout *const to = &job->destination.layout;
	const uint32_t width = job->destination.pixels->width;
	const uint32_t height = job->destination.pixels->height;
	const uint32_t columns = divided(width, to->columns);

	/* x stays below 2^32: it grows by no more than is left */
	for (uint32_t y = 0; y < height; y++) {
		for (uint32_t x = 0, count; job->source.video && x < width; x += count) {
			count = smaller(width - x, CHUNK);
			if (job->destination.video)
				convert_luma(job, y, x, count);
			else
				convert_to_colours(job, y, x, count);
		}
		for (uint32_t x = 0, count;
			job->destination.video && y % to->rows == 0 && x < columns; x += count) {
			count = smaller(columns - x, CHUNK / to->columns);
			convert_chroma(job, y / to->rows, x, count);
		}
	}
}

void gy_yuv_convert(const struct gy_convert_kernels *kernels, const struct geyser_pixels *source,
	const struct geyser_pixels *destination, const struct gy_yuv_meaning *meaning)
{
	const struct job job = job_of(kernels, source, destination, meaning);

	convert_all(&job);
}

void gy_yuv_convert_scaled(const struct gy_convert_kernels *kernels,
	const struct geyser_pixels *source, const struct geyser_pixels *destination,
	const struct gy_yuv_meaning *meaning, const struct gy_geometry *geometry)
{
	/* a source of this size, which the scalers play */
	const struct geyser_pixels scaled = {
		.format = source->format,
		.width = destination->width,
		.height = destination->height,
	};
	struct job job = job_of(kernels, &scaled, destination, meaning);
	struct geyser_pixels encoded = gy_yuv_part_of(source, 0, 0, source->width);
	double memory[8 * GY_SCALE_COLUMNS];
	struct gy_scaler scalers[3];

	encoded.height = source->height;
	if (!job.source.video)
		gy_scaler_init_colours(&scalers[0], kernels, &encoded, geometry, scaled.width,
			scaled.height, memory);
	for (unsigned int i = 0; job.source.video && i < 3; i++)
		gy_scaler_init_component(&scalers[i], kernels, source, geometry, meaning, i,
			job.destination.video ? &job.destination.layout : NULL, destination,
			memory + (size_t)i * 2 * GY_SCALE_COLUMNS);
	job.scalers = scalers;
	convert_all(&job);
}
