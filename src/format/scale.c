/* SPDX-License-Identifier: MIT */
#include "format/scale.h"

#include "format/convert.h"
#include "format/scale_rows.h"
#include "format/yuv_rows.h"

#include <string.h>

/* ---- where samples are ----------------------------------------------------------------------- */

/* One direction of the source. */
struct direction {
	uint32_t begin, length; /* the crop, in texels */
	unsigned int texels;    /* that a sample stands for */
	int siting;             /* of struct gy_yuv_meaning; 0 if texels is 1 */
	bool reversed;
	ptrdiff_t stride; /* bytes from one sample to the next */
};

/* Returns the bytes from the start of the source to the first sample. */
static ptrdiff_t enter(const struct direction *source, struct gy_axis *axis, ptrdiff_t *stride)
{
	const uint32_t begin = source->begin / source->texels;
	const uint32_t last = (source->begin + source->length - 1) / source->texels;
	const int first = (int)(2 * (int64_t)source->texels * begin - 2 * (int64_t)source->begin) +
			  source->siting + 1;
	const int64_t beyond_last =
		2 * ((int64_t)source->begin + source->length - (int64_t)source->texels * last);

	axis->samples = last - begin + 1;
	axis->source = (struct gy_axis_side){source->length, source->texels,
		source->reversed ? (int)(beyond_last - source->siting - 1) : first};
	*stride = source->reversed ? -source->stride : source->stride;
	return (ptrdiff_t)(source->reversed ? last : begin) * source->stride;
}

/* A picture is mirrored about its vertical axis first, then turned counter-clockwise. */
static void place(struct gy_scaler *scaler, const uint8_t *start, struct direction across,
	struct direction down, enum geyser_orientation orientation)
{
	const unsigned int quarters = orientation & 3u;
	const bool flipped = orientation & 4u, swapped = orientation & 1u;
	ptrdiff_t at;

	across.reversed = (quarters == 1 || quarters == 2) != flipped;
	down.reversed = quarters >= 2;
	at = enter(swapped ? &down : &across, &scaler->columns, &scaler->right);
	at += enter(swapped ? &across : &down, &scaler->rows, &scaler->below);
	scaler->origin = start + at;
}

static struct gy_axis_side side_of(uint32_t length, unsigned int texels, int siting)
{
	return (struct gy_axis_side){length, texels, 1 + (texels > 1 ? siting : 0)};
}

static void start(struct gy_scaler *scaler, double *memory, enum geyser_filter filter, bool between)
{
	gy_axis_set_filter(&scaler->columns, filter, between);
	gy_axis_set_filter(&scaler->rows, filter, between);
	scaler->count = 0;
	for (size_t i = 0; i < 2; i++)
		scaler->line[i] = memory + i * scaler->lanes * GY_SCALE_COLUMNS;
}

void gy_scaler_init_colours(struct gy_scaler *scaler, const struct gy_convert_kernels *kernels,
	const struct geyser_pixels *source, const struct gy_geometry *geometry, uint32_t columns,
	uint32_t rows, double *memory)
{
	const size_t size = geyser_format_get_info(source->format)->bytes_per_texel;
	const struct geyser_rect crop = geometry->crop;
	const struct direction across = {crop.x, crop.width, 1, 0, false, (ptrdiff_t)size};
	const struct direction down = {
		crop.y, crop.height, 1, 0, false, (ptrdiff_t)source->planes[0].row_pitch};

	scaler->kernels = kernels;
	scaler->format = source->format;
	scaler->lanes = 4;
	scaler->size = size;
	scaler->columns.destination = side_of(columns, 1, 0);
	scaler->rows.destination = side_of(rows, 1, 0);
	place(scaler, source->planes[0].data, across, down, geometry->orientation);
	start(scaler, memory, geometry->filter, false);
}

void gy_scaler_init_component(struct gy_scaler *scaler, const struct gy_convert_kernels *kernels,
	const struct geyser_pixels *source, const struct gy_geometry *geometry,
	const struct gy_yuv_meaning *meaning, unsigned int component,
	const struct gy_yuv_layout *to, const struct geyser_pixels *destination, double *memory)
{
	const struct gy_yuv_layout from = gy_yuv_layout_of(source->format);
	const struct gy_yuv_component *const of = &from.component[component];
	const struct geyser_rect crop = geometry->crop;
	const size_t size = from.bits > 8 ? 2 : 1;
	struct direction across = {.begin = crop.x,
		.length = crop.width,
		.texels = component ? from.columns : 1,
		.stride = (ptrdiff_t)(of->step * size)};
	struct direction down = {.begin = crop.y,
		.length = crop.height,
		.texels = component ? from.rows : 1,
		.stride = (ptrdiff_t)source->planes[of->plane].row_pitch};

	across.siting = across.texels > 1 ? meaning->across : 0;
	down.siting = down.texels > 1 ? meaning->down : 0;
	scaler->kernels = kernels;
	scaler->format = GEYSER_FORMAT_NONE;
	scaler->bits = from.bits;
	scaler->lanes = 1;
	scaler->size = size;
	scaler->columns.destination =
		side_of(destination->width, component && to ? to->columns : 1, meaning->across);
	scaler->rows.destination =
		side_of(destination->height, component && to ? to->rows : 1, meaning->down);
	place(scaler, gy_yuv_sample_at(source, &from, component, 0, 0), across, down,
		geometry->orientation);
	start(scaler, memory, geometry->filter, component && !to);
}

/* ---- rows ------------------------------------------------------------------------------------ */

/* Finds the taps of these columns. */
static void find_columns(struct gy_scaler *scaler, uint32_t first, uint32_t count)
{
	if (scaler->first == first && scaler->count == count)
		return;
	scaler->first = first;
	scaler->count = count;
	scaler->row[0] = scaler->row[1] = -1;
	scaler->most = 0;
	for (uint32_t i = 0; i < count; i++) {
		scaler->taps[i] = gy_axis_tap(&scaler->columns, first + i);
		if (scaler->taps[i].count > scaler->most)
			scaler->most = scaler->taps[i].count;
	}
}

/* Copies one sample of each column: the one with this index among those of the column, or the last
 * one. */
static void gather(const struct gy_scaler *scaler, uint32_t row, uint32_t index, void *out)
{
	const uint8_t *const from = scaler->origin + row * scaler->below;
	uint8_t *const to = out;

#define GATHER(bytes)                                                                           \
	for (uint32_t i = 0; i < scaler->count; i++) {                                          \
		const struct gy_tap *const tap = &scaler->taps[i];                              \
		const uint32_t at = tap->first + (index < tap->count ? index : tap->count - 1); \
                                                                                                \
		memcpy(to + (size_t)i * (bytes), from + at * scaler->right, (bytes));           \
	}
	switch (scaler->size) {
	case 1:
		GATHER(1)
		break;
	case 2:
		GATHER(2)
		break;
	case 4:
		GATHER(4)
		break;
	case 8:
		GATHER(8)
		break;
	default:
		GATHER(scaler->size)
	}
#undef GATHER
}

/* Makes floats of samples that follow each other. */
static void read_lanes(const struct gy_scaler *scaler, void *samples, float *out)
{
	const uint32_t count = scaler->count;
	const struct gy_yuv_kernels *const steps = scaler->kernels->yuv;

	if (scaler->format)
		gy_convert(scaler->kernels,
			&(struct geyser_pixels){
				scaler->format, count, 1, {{samples, count * scaler->size}}},
			&(struct geyser_pixels){GEYSER_FORMAT_RGBA32_FLOAT, count, 1,
				{{out, count * 4 * sizeof(*out)}}});
	else if (scaler->bits > 8)
		steps->read_words(samples, out, count, 1, 16 - scaler->bits);
	else
		steps->read_bytes(samples, out, count, 1);
}

/* Returns a row of the source with the destination's columns. */
static const double *line_of(struct gy_scaler *scaler, uint32_t row)
{
	const int at = scaler->row[0] == row ? 0 : scaler->row[1] == row ? 1 : -1;
	/* rows come in ascending order: the older one is replaced */
	const int place = scaler->row[0] <= scaler->row[1] ? 0 : 1;
	double *const line = scaler->line[place];
	uint8_t samples[GY_SCALE_COLUMNS * 16];
	float lanes[4 * GY_SCALE_COLUMNS];

	if (at >= 0)
		return scaler->line[at];
	for (uint32_t index = 0; index < scaler->most; index++) {
		gather(scaler, row, index, samples);
		read_lanes(scaler, samples, lanes);
		scaler->kernels->scale->weigh_columns(
			lanes, scaler->taps, index, scaler->count, scaler->lanes, line);
	}
	scaler->row[place] = row;
	return line;
}

void gy_scaler_make(
	struct gy_scaler *scaler, uint32_t row, uint32_t first, uint32_t count, float *out)
{
	const struct gy_scale_kernels *const steps = scaler->kernels->scale;
	const struct gy_tap tap = gy_axis_tap(&scaler->rows, row);
	const size_t numbers = (size_t)count * scaler->lanes;
	double sums[4 * GY_SCALE_COLUMNS];

	find_columns(scaler, first, count);
	for (uint32_t i = 0; i < tap.count; i++)
		steps->weigh_row(line_of(scaler, tap.first + i), gy_tap_weight(&tap, i), i == 0,
			numbers, sums);
	steps->round(sums, out, numbers);
}

bool gy_scaler_picks(const struct gy_scaler *scaler)
{
	return scaler->columns.mode == GY_AXIS_PICK && scaler->rows.mode == GY_AXIS_PICK;
}

void gy_scaler_pick(
	struct gy_scaler *scaler, uint32_t row, uint32_t first, uint32_t count, void *out)
{
	find_columns(scaler, first, count);
	gather(scaler, gy_axis_tap(&scaler->rows, row).first, 0, out);
}
