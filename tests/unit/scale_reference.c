/* SPDX-License-Identifier: MIT */
#include "scale_reference.h"

#include <math.h>

#define NEAR 1e-9 /* more than the error of a place */

/* One direction of the source, and what becomes of it. */
struct direction {
	uint32_t begin, length; /* the crop, in texels */
	uint32_t becomes;       /* texels of the destination */
	unsigned int from, to;  /* texels that a sample stands for */
	double siting, to_siting;
	bool reversed;
};

/* A part of the source, in samples. The sample n covers n - 0.5 to n + 0.5. */
struct covered {
	double place, start, end;
	uint32_t first, last; /* of the crop */
};

static double sample_of(const struct direction *in, double texels)
{
	const double inside = in->reversed ? in->length - texels : texels;
	const double siting = in->from > 1 ? in->siting : 0;

	return (in->begin + inside - siting - 0.5) / in->from;
}

static struct covered covered_by(
	const struct direction *in, enum geyser_filter filter, bool between, uint32_t sample)
{
	const double scale = (double)in->length / in->becomes;
	const double siting = in->to > 1 ? in->to_siting : 0;
	const double half = scale * in->to / in->from / 2;
	double texels = (in->to * (double)sample + siting + 0.5) * scale;
	struct covered out;

	if (between && filter <= GEYSER_FILTER_NEAREST)
		texels = floor(texels + NEAR) + 0.5;
	out.place = sample_of(in, texels);
	out.start = out.place - half;
	out.end = out.place + half;
	out.first = in->begin / in->from;
	out.last = (in->begin + in->length - 1) / in->from;
	return out;
}

static double overlap(double from, double to, double start, double end)
{
	const double low = from > start ? from : start, high = to < end ? to : end;

	return high > low ? high - low : 0;
}

static uint32_t inside(const struct covered *in, double sample)
{
	return sample < in->first ? in->first : sample > in->last ? in->last : (uint32_t)sample;
}

/* Returns how much a sample of the source counts. */
static double weight_of(const struct covered *in, enum geyser_filter filter, bool between,
	bool reversed, uint32_t sample)
{
	const double low = floor(in->place + NEAR), rest = in->place - low;

	/* the samples at the edges reach beyond them */
	if (filter == GEYSER_FILTER_BOX && in->end - in->start > 1 + NEAR)
		return overlap(sample == in->first ? in->start : sample - 0.5,
			       sample == in->last ? in->end : sample + 0.5, in->start, in->end) /
		       (in->end - in->start);
	if (filter >= GEYSER_FILTER_BILINEAR || between)
		return (inside(in, low) == sample ? 1 - rest : 0) +
		       (inside(in, low + 1) == sample ? rest : 0);
	/* from the middle of two, the one that comes later in the upright picture */
	return inside(in, reversed ? ceil(in->place + 0.5 - NEAR) - 1
				   : floor(in->place + 0.5 + NEAR)) == sample;
}

static uint32_t first_of(const struct covered *in)
{
	return inside(in, floor(in->start) - 1);
}

static uint32_t last_of(const struct covered *in)
{
	return inside(in, ceil(in->end) + 1);
}

double scale_reference_sample(const struct scale_reference *how, struct scale_grid from,
	struct scale_grid to, bool between, scale_reference_at *at, const void *source,
	unsigned int lane, uint32_t x, uint32_t y)
{
	const unsigned int turn = how->orientation % 4;
	const bool swapped = turn % 2, flipped = how->orientation >= 4;
	struct direction across = {how->crop.x, how->crop.width, swapped ? how->height : how->width,
		from.columns, swapped ? to.rows : to.columns, how->across,
		swapped ? how->down : how->across, (turn == 1 || turn == 2) != flipped};
	struct direction down = {how->crop.y, how->crop.height, swapped ? how->width : how->height,
		from.rows, swapped ? to.columns : to.rows, how->down,
		swapped ? how->across : how->down, turn >= 2};
	const bool between_columns = between && from.columns + from.rows > 2;
	const struct covered columns =
		covered_by(&across, how->filter, between_columns, swapped ? y : x);
	const struct covered rows =
		covered_by(&down, how->filter, between_columns, swapped ? x : y);
	double sum = 0;

	for (uint32_t row = first_of(&rows); row <= last_of(&rows); row++) {
		const double weight =
			weight_of(&rows, how->filter, between_columns, down.reversed, row);
		double line = 0;

		for (uint32_t column = first_of(&columns);
			weight > 0 && column <= last_of(&columns); column++) {
			const double part = weight_of(
				&columns, how->filter, between_columns, across.reversed, column);

			line += part > 0 ? part * at(source, lane, column, row) : 0;
		}
		sum += weight * line;
	}
	return sum;
}
