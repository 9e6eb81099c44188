/* SPDX-License-Identifier: MIT */
/* The rows of conversions in integers, in chunks of columns. */
#include "format/yuv_fixed.h"

#include "format/convert.h"
#include "format/yuv_fixed_rows.h"
#include "format/yuv_numbers.h"

#include <string.h>

/* The most columns that go through all steps before the next ones do. It is even. */
#define CHUNK 1024u

struct job {
	const struct gy_convert_kernels *kernels;
	const struct geyser_pixels *video, *texels;
	bool direct; /* The texels are 4 bytes. Other texels become RGBA8 first, or were RGBA8. */
	struct gy_yuv_layout layout;
	const struct gy_yuv_meaning *meaning;
	struct gy_yuv_fixed_factors factors;
	struct gy_yuv_fixed_weights weights[3];
};

static bool is_bytes(enum geyser_format format)
{
	const enum gy_encoding encoding = gy_form_of(format).encoding;

	return encoding == GY_ENCODING_UNORM8 || encoding == GY_ENCODING_SRGB8;
}

static bool is_paired(enum geyser_format format)
{
	struct gy_yuv_layout layout;

	if (!geyser_format_is_video(format))
		return false;
	layout = gy_yuv_layout_of(format);
	return layout.bits == 8 && layout.columns == 2;
}

bool gy_yuv_fixed_knows(enum geyser_format source, enum geyser_format destination)
{
	return (is_paired(source) && is_bytes(destination)) ||
	       (is_bytes(source) && is_paired(destination));
}

/* ---- numbers --------------------------------------------------------------------------------- */

/* Returns the nearest integer of a number with so many bits of fraction. */
static int32_t fixed(double number, unsigned int bits)
{
	const double scaled = number * (1 << bits);

	return (int32_t)(scaled < 0 ? scaled - 0.5 : scaled + 0.5);
}

/* Chooses what is added to luma, so that the error of grey is as small as possible. Its fraction is
 * cut off, which is half of the last bit on average. */
static void set_zero(struct gy_yuv_fixed_factors *out, double zero)
{
	double smallest = 1;

	for (uint16_t low = 0; low < 16; low++) {
		const double wanted = zero + 0.5 - low * (double)out->luma / 65536;
		const int32_t nearest = fixed(wanted, 0);
		const double error = wanted > nearest ? wanted - nearest : nearest - wanted;

		if (error >= smallest)
			continue;
		smallest = error;
		out->low = low;
		out->zero = (int16_t)nearest;
	}
}

static void set_factors(struct job *job, const struct gy_yuv_range *range, bool swapped)
{
	const struct gy_yuv_factors by = gy_yuv_factors_of(range, job->meaning);
	const unsigned int bits = GY_YUV_FIXED_FACTOR_BITS;
	const double luma = 255 * (double)by.luma, unit = 1 << GY_YUV_FIXED_TEXEL_BITS;

	job->factors = (struct gy_yuv_fixed_factors){
		.luma = (uint16_t)fixed(luma * unit, 8),
		.red_v = (int16_t)fixed(255 * (double)by.red_v, bits),
		.green_u = (int16_t)fixed(255 * (double)by.green_u, bits),
		.green_v = (int16_t)fixed(255 * (double)by.green_v, bits),
		.blue_u = (int16_t)fixed(255 * (double)by.blue_u - 2, bits),
		.swapped = swapped,
	};
	/* full range has no fraction */
	if (job->meaning->limited)
		set_zero(&job->factors, unit * (0.5 - 128 - luma * (double)by.black));
	else
		job->factors.zero = (int16_t)(unit * (0.5 - 128));
}

static void set_weights(struct job *job, const struct gy_yuv_range *range, bool swapped)
{
	struct gy_yuv_weights weights[3];

	gy_yuv_set_weights(range, job->meaning, weights);
	for (unsigned int component = 0; component < 3; component++) {
		struct gy_yuv_fixed_weights *const out = &job->weights[component];
		const float *const of = weights[component].of;

		for (unsigned int i = 0; i < 3; i++)
			out->of[i] = (int16_t)fixed(
				(double)of[swapped ? 2 - i : i] / 255, GY_YUV_FIXED_WEIGHT_BITS);
		/* chroma is 16 times as large while it is summed */
		out->zero = fixed((double)weights[component].zero + 0.5,
			GY_YUV_FIXED_WEIGHT_BITS + (component ? GY_YUV_FIXED_CHROMA_BITS : 0));
	}
}

/* ---- rows ------------------------------------------------------------------------------------ */

static uint32_t smaller(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static uint32_t row_inside(int64_t row, uint32_t rows)
{
	return row < 0 ? 0 : row < rows ? (uint32_t)row : rows - 1;
}

static uint32_t half(uint32_t size)
{
	return size / 2 + size % 2;
}

/* Describes so many texels of RGBA8 that follow each other. */
static struct geyser_pixels bytes_of(uint8_t *bytes, uint32_t columns)
{
	return (struct geyser_pixels){
		.format = GEYSER_FORMAT_RGBA8_UNORM,
		.width = columns,
		.height = 1,
		.planes = {{bytes, 4 * (size_t)columns}},
	};
}

/* Returns texels of 4 bytes: those of the picture, or made in `spare`. */
static const uint8_t *fetch_texels(
	const struct job *job, uint32_t row, uint32_t first, uint32_t columns, uint8_t *spare)
{
	const struct geyser_pixels from = gy_yuv_part_of(job->texels, row, first, columns);
	const struct geyser_pixels to = bytes_of(spare, columns);

	if (job->direct)
		return from.planes[0].data;
	gy_convert(job->kernels, &from, &to);
	return spare;
}

static uint8_t *sample_at(const struct job *job, unsigned int component, uint32_t row, uint32_t at)
{
	return gy_yuv_sample_at(job->video, &job->layout, component, row, at);
}

/* Mixes the rows of chroma for columns from `first` on, which is even. Beyond the outer columns,
 * the samples are the outer ones. */
static void mix_chroma(
	const struct job *job, uint32_t row, uint32_t first, uint32_t columns, uint16_t (*out)[2])
{
	const struct gy_yuv_taps taps =
		gy_yuv_taps_of(job->layout.rows, 1, job->meaning->down, row);
	const uint32_t rows = job->layout.rows == 2 ? half(job->video->height) : job->video->height;
	const uint32_t width = half(job->video->width), end = first / 2 + half(columns);
	const uint32_t begin = first > 0 ? first / 2 - 1 : 0;
	const uint32_t samples = smaller(end + 1, width) - begin;
	uint16_t(*const inside)[2] = out + (first > 0 ? 0 : 1);
	const uint8_t *cb[2], *cr[2];

	for (unsigned int i = 0; i < 2; i++) {
		const uint32_t at = row_inside(taps.row[i], rows);

		cb[i] = sample_at(job, 1, at, begin);
		cr[i] = sample_at(job, 2, at, begin);
	}
	job->kernels->yuv_texels->mix(
		cb, cr, job->layout.component[1].step, taps.quarters, inside[0], samples);
	if (first == 0)
		memcpy(out[0], inside[0], sizeof(out[0]));
	if (end == width)
		memcpy(inside[samples], inside[samples - 1], sizeof(out[0]));
}

static void make_texels(const struct job *job, uint32_t row, uint32_t first, uint32_t columns)
{
	const struct gy_yuv_texel_kernels *const steps = job->kernels->yuv_texels;
	const struct geyser_pixels to = gy_yuv_part_of(job->texels, row, first, columns);
	const size_t step = job->layout.component[0].step;
	const uint8_t *luma = sample_at(job, 0, row, first);
	uint16_t chroma[CHUNK / 2 + 2][2];
	uint8_t gathered[CHUNK], spare[CHUNK * 4];
	const struct geyser_pixels from = bytes_of(spare, columns);

	if (step > 1) {
		steps->gather(luma, step, gathered, columns);
		luma = gathered;
	}
	mix_chroma(job, row, first, columns, chroma);
	steps->texels(luma, chroma[0], job->meaning->across, &job->factors,
		job->direct ? to.planes[0].data : spare, columns);
	if (!job->direct)
		gy_convert(job->kernels, &from, &to);
}

static void make_luma(const struct job *job, uint32_t row, uint32_t first, uint32_t columns)
{
	const struct gy_yuv_sample_kernels *const steps = job->kernels->yuv_samples;
	const size_t step = job->layout.component[0].step;
	uint8_t *const to = sample_at(job, 0, row, first);
	uint8_t samples[CHUNK + 1], spare[CHUNK * 4];

	steps->luma(fetch_texels(job, row, first, columns, spare), &job->weights[0],
		step == 1 ? to : samples, columns);
	if (step == 1)
		return;
	/* the last pair of an odd width has a second texel, which nobody sees */
	samples[columns] = samples[columns - 1];
	steps->scatter(samples, to, step, columns + columns % 2);
}

/* Writes every second sample as one component. */
static void write_chroma(
	const struct job *job, const uint8_t *samples, uint8_t *to, size_t step, uint32_t count)
{
	uint8_t gathered[CHUNK / 2];

	job->kernels->yuv_texels->gather(samples, 2, step == 1 ? to : gathered, count);
	if (step > 1)
		job->kernels->yuv_samples->scatter(gathered, to, step, count);
}

/* Makes samples of chroma from the sample `first` on. */
static void make_chroma(const struct job *job, uint32_t row, uint32_t first, uint32_t count)
{
	const struct gy_yuv_taps taps =
		gy_yuv_taps_of(1, job->layout.rows, job->meaning->down, row);
	const size_t step = job->layout.component[1].step;
	/* texels of one sample more, as the first sample takes the column before it */
	const uint32_t before = first > 0 ? 1 : 0, column = 2 * (first - before);
	const uint32_t columns = smaller(2 * (first + count), job->texels->width) - column;
	struct gy_yuv_fixed_blend blend = {.columns = columns, .across = job->meaning->across};
	uint8_t *const cb = sample_at(job, 1, row, first);
	uint8_t *const cr = sample_at(job, 2, row, first);
	uint8_t samples[CHUNK], spare[3][(CHUNK + 2) * 4];
	const bool in_turn = step == 2 && cr == cb + 1;

	for (unsigned int i = 0; i < taps.count; i++) {
		blend.row[i] = fetch_texels(job, row_inside(taps.row[i], job->texels->height),
			column, columns, spare[i]);
		blend.quarters[i] = taps.quarters[i];
	}
	job->kernels->yuv_samples->chroma(
		&blend, &job->weights[1], before, count, in_turn ? cb : samples);
	if (in_turn)
		return;
	write_chroma(job, samples, cb, step, count);
	write_chroma(job, samples + 1, cr, step, count);
}

static void make_video(const struct job *job, uint32_t row)
{
	const uint32_t width = job->texels->width, samples = half(width);

	/* x stays below 2^32: it grows by no more than is left */
	for (uint32_t x = 0, count; x < width; x += count) {
		count = smaller(width - x, CHUNK);
		make_luma(job, row, x, count);
	}
	if (row % job->layout.rows)
		return;
	for (uint32_t x = 0, count; x < samples; x += count) {
		count = smaller(samples - x, CHUNK / 2);
		make_chroma(job, row / job->layout.rows, x, count);
	}
}

void gy_yuv_fixed_convert(const struct gy_convert_kernels *kernels,
	const struct geyser_pixels *source, const struct geyser_pixels *destination,
	const struct gy_yuv_meaning *meaning)
{
	const bool from_video = geyser_format_is_video(source->format);
	struct job job = {
		.kernels = kernels,
		.video = from_video ? source : destination,
		.texels = from_video ? destination : source,
		.meaning = meaning,
	};
	const struct gy_yuv_range range = gy_yuv_range_of(8, meaning->limited);
	const struct gy_form form = gy_form_of(job.texels->format);

	job.direct = form.lanes == 4;
	job.layout = gy_yuv_layout_of(job.video->format);
	set_factors(&job, &range, form.swapped);
	set_weights(&job, &range, form.swapped);
	for (uint32_t y = 0; y < source->height; y++) {
		if (!from_video)
			make_video(&job, y);
		for (uint32_t x = 0, count; from_video && x < source->width; x += count) {
			count = smaller(source->width - x, CHUNK);
			make_texels(&job, y, x, count);
		}
	}
}
