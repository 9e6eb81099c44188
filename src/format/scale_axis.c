/* SPDX-License-Identifier: MIT */
/* A place is a fraction of two integers, so that all processors agree about the nearest sample. */
#include "format/scale_axis.h"

/* A place among the source's samples, or a distance: number / unit. The first sample is at 0. */
struct place {
	int64_t number, unit;
};

static int64_t rounded_down(int64_t number, int64_t unit)
{
	return number / unit - (number % unit < 0);
}

/* The destination's sample lies at this many halves of a texel of its own; times source.length /
 * destination.length, these are halves of the source's texels. */
static struct place place_of(const struct gy_axis *axis, uint32_t sample)
{
	const struct gy_axis_side *const from = &axis->source, *const to = &axis->destination;
	const int64_t halves = 2 * (int64_t)to->texels * sample + to->first;

	return (struct place){halves * from->length - (int64_t)from->first * to->length,
		2 * (int64_t)to->length * from->texels};
}

/* The same for the middle of the nearest of the source's texels. */
static struct place place_of_texel(const struct gy_axis *axis, uint32_t sample)
{
	const struct gy_axis_side *const from = &axis->source, *const to = &axis->destination;
	const int64_t texel =
		rounded_down((2 * (int64_t)sample + 1) * from->length, 2 * (int64_t)to->length);

	return (struct place){2 * texel + 1 - from->first, 2 * (int64_t)from->texels};
}

static uint32_t inside(const struct gy_axis *axis, int64_t sample)
{
	return sample < 0 ? 0 : sample < axis->samples ? (uint32_t)sample : axis->samples - 1;
}

static struct gy_tap one(uint32_t sample)
{
	return (struct gy_tap){sample, 1, {1, 0, 0}};
}

/* The sample in the middle between two is the later one. */
static struct gy_tap pick(const struct gy_axis *axis, struct place at)
{
	return one(inside(axis, rounded_down(2 * at.number + at.unit, 2 * at.unit)));
}

static struct gy_tap mix(const struct gy_axis *axis, struct place at)
{
	const int64_t before = rounded_down(at.number, at.unit);
	const double after = (double)(at.number - before * at.unit) / (double)at.unit;

	if (after == 0 || before < 0 || before + 1 >= axis->samples)
		return one(inside(axis, before));
	return (struct gy_tap){(uint32_t)before, 2, {1 - after, 0, after}};
}

/* The destination's sample covers the source from start to end. A sample of the source covers 1,
 * and those at the edges all that lies beyond. */
static struct gy_tap average(const struct gy_axis *axis, struct place at)
{
	const int64_t unit = at.unit;
	const int64_t reach = (int64_t)axis->source.length * axis->destination.texels;
	const int64_t start = at.number + unit / 2 - reach, end = at.number + unit / 2 + reach;
	const uint32_t first = inside(axis, rounded_down(start, unit));
	const uint32_t last = inside(axis, rounded_down(end - 1, unit));
	const double all = (double)(end - start);

	if (first == last)
		return one(first);
	return (struct gy_tap){first, last - first + 1,
		{(double)((first + INT64_C(1)) * unit - start) / all, (double)unit / all,
			(double)(end - last * unit) / all}};
}

void gy_axis_set_filter(struct gy_axis *axis, enum geyser_filter filter, bool between)
{
	const bool fewer = (uint64_t)axis->source.length * axis->destination.texels >
			   (uint64_t)axis->destination.length * axis->source.texels;

	if (filter == GEYSER_FILTER_BOX && fewer)
		axis->mode = GY_AXIS_AVERAGE;
	else if (filter == GEYSER_FILTER_BOX || filter == GEYSER_FILTER_BILINEAR)
		axis->mode = GY_AXIS_MIX;
	else
		axis->mode = between ? GY_AXIS_MIX_AT_TEXEL : GY_AXIS_PICK;
}

struct gy_tap gy_axis_tap(const struct gy_axis *axis, uint32_t sample)
{
	switch (axis->mode) {
	case GY_AXIS_MIX:
		return mix(axis, place_of(axis, sample));
	case GY_AXIS_MIX_AT_TEXEL:
		return mix(axis, place_of_texel(axis, sample));
	case GY_AXIS_AVERAGE:
		return average(axis, place_of(axis, sample));
	case GY_AXIS_PICK:
		break;
	}
	return pick(axis, place_of(axis, sample));
}
