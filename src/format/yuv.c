/* SPDX-License-Identifier: MIT */
#include "format/yuv.h"

#include "base/error.h"
#include "format/convert.h"
#include "format/convert_rows.h"
#include "format/yuv_rows.h"

const struct gy_yuv_layout gy_yuv_nv12 = {{0, 0, 1}, {1, 0, 2}, {1, 1, 2}, 2, 8};
const struct gy_yuv_layout gy_yuv_nv16 = {{0, 0, 1}, {1, 0, 2}, {1, 1, 2}, 1, 8};
const struct gy_yuv_layout gy_yuv_p010 = {{0, 0, 1}, {1, 0, 2}, {1, 1, 2}, 2, 10};
const struct gy_yuv_layout gy_yuv_i420 = {{0, 0, 1}, {1, 0, 1}, {2, 0, 1}, 2, 8};
const struct gy_yuv_layout gy_yuv_yuy2 = {{0, 0, 2}, {0, 1, 4}, {0, 3, 4}, 1, 8};
const struct gy_yuv_layout gy_yuv_uyvy = {{0, 1, 2}, {0, 0, 4}, {0, 2, 4}, 1, 8};

/* The weights of red and blue in luma, from ITU-T H.273, table 4. */
static const struct {
	unsigned int matrix;
	double red, blue;
} weights[] = {
	{1, 0.2126, 0.0722},
	{4, 0.30, 0.11},
	{5, 0.299, 0.114},
	{6, 0.299, 0.114},
	{7, 0.212, 0.087},
	{9, 0.2627, 0.0593},
};

/* Fills in the factors, from samples to 0 to 1. The samples of 10 bits are scaled like those of 8:
 * limited luma is 16 to 235, and chroma 16 to 240, times a power of two. */
static void set_factors(
	const struct gy_yuv *source, double red, double blue, struct gy_yuv_factors *out)
{
	const double unit = 1 << (source->layout->bits - 8), full = 255 * unit + unit - 1;
	const double luma = source->limited ? 219 * unit : full;
	const double chroma = source->limited ? 224 * unit : full;
	const double green = 1 - red - blue;

	out->luma = (float)(1 / luma);
	out->black = (float)(source->limited ? 16 * unit : 0);
	out->grey = (float)(128 * unit);
	out->red_v = (float)(2 * (1 - red) / chroma);
	out->green_u = (float)(-2 * (1 - blue) * blue / green / chroma);
	out->green_v = (float)(-2 * (1 - red) * red / green / chroma);
	out->blue_u = (float)(2 * (1 - blue) / chroma);
}

static enum geyser_result find_factors(const struct gy_yuv *source, struct gy_yuv_factors *out)
{
	for (size_t i = 0; i < sizeof(weights) / sizeof(weights[0]); i++) {
		if (weights[i].matrix != source->matrix)
			continue;
		set_factors(source, weights[i].red, weights[i].blue, out);
		return GEYSER_OK;
	}
	return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT,
		"matrix (%u): it must be 1 (BT.709), 4, 5 or 6 (BT.601), 7 or 9 (BT.2020)",
		source->matrix);
}

/* ---- samples --------------------------------------------------------------------------------- */

/* Reads samples of a row of one component, from `first` on, as floats. */
static void read_samples(const struct gy_yuv_kernels *kernels, const struct gy_yuv *source,
	const struct gy_yuv_component *component, uint32_t row, uint32_t first, size_t count,
	float *out)
{
	const uint8_t *const data = (const uint8_t *)source->planes[component->plane].data +
				    row * source->planes[component->plane].row_pitch;
	const size_t at = component->offset + (size_t)first * component->step;

	if (source->layout->bits > 8)
		kernels->read_words(
			data + 2 * at, out, count, component->step, 16 - source->layout->bits);
	else
		kernels->read_bytes(data + at, out, count, component->step);
}

/* A chunk needs half as many chroma samples as it has columns, and one more on each side. */
#define CHROMA_MAX (GY_CONVERT_CHUNK / 2 + 2)

/* The columns of a chunk, which begins with an even one, and the rows that they need. */
struct chunk {
	uint32_t first, columns; /* of luma */
	uint32_t y;
	uint32_t chroma_rows[2];
	float second; /* the weight of the second of these rows */
};

/* Finds the rows of chroma beside a row of luma. Beyond the first and the last one are these. */
static void find_chroma_rows(const struct gy_yuv *source, uint32_t height, struct chunk *chunk)
{
	const uint32_t last = (height + source->layout->rows - 1) / source->layout->rows - 1;
	const uint32_t row = chunk->y / source->layout->rows;
	const bool odd = source->layout->rows == 2 && chunk->y % 2;

	chunk->chroma_rows[0] = chunk->chroma_rows[1] = row;
	chunk->second = 0;
	if (odd) {
		chunk->chroma_rows[1] = row < last ? row + 1 : last;
		chunk->second = source->down == GY_SITING_FIRST ? 0.5f : 0.25f;
	} else if (source->layout->rows == 2 && source->down == GY_SITING_CENTER) {
		chunk->chroma_rows[1] = row > 0 ? row - 1 : 0;
		chunk->second = 0.25f;
	}
}

/* Reads the chroma samples of a chunk from one row, with one more on each side. */
static void read_chroma_row(const struct gy_yuv_kernels *kernels, const struct gy_yuv *source,
	const struct gy_yuv_component *component, const struct chunk *chunk, uint32_t row,
	uint32_t width, float out[CHROMA_MAX])
{
	const uint32_t count = (chunk->columns + 1) / 2, first = chunk->first / 2;
	const bool before = first > 0, after = first + count < (width + 1) / 2;

	read_samples(kernels, source, component, row, first - before, count + before + after,
		out + 1 - before);
	if (!before)
		out[0] = out[1];
	if (!after)
		out[count + 1] = out[count];
}

/* Gives the chroma at each column of a chunk. out has room for one more. */
static void read_chroma(const struct gy_yuv_kernels *kernels, const struct gy_yuv *source,
	const struct gy_yuv_component *component, const struct chunk *chunk, uint32_t width,
	float *out)
{
	const size_t count = (chunk->columns + 1) / 2;
	float samples[CHROMA_MAX], second[CHROMA_MAX];

	read_chroma_row(kernels, source, component, chunk, chunk->chroma_rows[0], width, samples);
	if (chunk->second > 0) {
		read_chroma_row(
			kernels, source, component, chunk, chunk->chroma_rows[1], width, second);
		kernels->blend(samples, second, count + 2, chunk->second);
	}
	if (source->across == GY_SITING_FIRST)
		kernels->widen(samples, out, count, 0, 0.5f);
	else
		kernels->widen(samples, out, count, 0.25f, 0.25f);
}

static void convert_chunk(const struct gy_convert_kernels *kernels, const struct gy_yuv *source,
	const struct gy_yuv_factors *factors, const struct geyser_pixels *destination,
	const struct chunk *chunk)
{
	const struct gy_yuv_kernels *const yuv = kernels->yuv;
	float y[GY_CONVERT_CHUNK], u[GY_CONVERT_CHUNK], v[GY_CONVERT_CHUNK];
	float lanes[4 * GY_CONVERT_CHUNK];
	const size_t size = geyser_format_get_info(destination->format)->bytes_per_texel;
	const struct geyser_pixels in = {
		GEYSER_FORMAT_RGBA32_FLOAT, chunk->columns, 1, {{lanes, sizeof(lanes)}}};
	const struct geyser_pixels out = {destination->format, chunk->columns, 1,
		{{(uint8_t *)destination->planes[0].data +
				chunk->y * destination->planes[0].row_pitch + chunk->first * size,
			destination->planes[0].row_pitch}}};

	read_samples(yuv, source, &source->layout->y, chunk->y, chunk->first, chunk->columns, y);
	read_chroma(yuv, source, &source->layout->u, chunk, destination->width, u);
	read_chroma(yuv, source, &source->layout->v, chunk, destination->width, v);
	yuv->combine(y, u, v, factors, lanes, chunk->columns);
	gy_convert(kernels, &in, &out);
}

enum geyser_result gy_yuv_convert(const struct gy_convert_kernels *kernels,
	const struct gy_yuv *source, const struct geyser_pixels *destination)
{
	struct gy_yuv_factors factors;
	enum geyser_result result = find_factors(source, &factors);

	if (result == GEYSER_OK)
		result = gy_convert_check_formats(GEYSER_FORMAT_RGBA32_FLOAT, destination->format);
	if (result != GEYSER_OK)
		return result;
	if (geyser_format_get_info(destination->format)->srgb)
		return gy_fail(GEYSER_ERROR_UNSUPPORTED,
			"destination format (%s): the planes hold encoded numbers, and so must it",
			geyser_format_name(destination->format));
	for (uint32_t y = 0; y < destination->height; y++) {
		struct chunk chunk = {.y = y};

		find_chroma_rows(source, destination->height, &chunk);
		for (; chunk.first < destination->width; chunk.first += GY_CONVERT_CHUNK) {
			const uint32_t rest = destination->width - chunk.first;

			chunk.columns = rest < GY_CONVERT_CHUNK ? rest : GY_CONVERT_CHUNK;
			convert_chunk(kernels, source, &factors, destination, &chunk);
		}
	}
	return GEYSER_OK;
}
