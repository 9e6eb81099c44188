/* Computes medians of the rounds' medians. */
#include <stdlib.h>
#include <string.h>

#include "bench.h"

static int compare_samples(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static int compare_doubles(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double quantile_of(uint64_t *samples, size_t count, double quantile)
{
	qsort(samples, count, sizeof(*samples), compare_samples);
	return (double)samples[(size_t)((double)(count - 1) * quantile)];
}

void series_add(
	struct series *series, double quantile, uint64_t *ours, uint64_t *floor, size_t count)
{
	if (series->rounds == BENCH_ROUNDS_MAX)
		die("more than %d rounds", BENCH_ROUNDS_MAX);
	series->ours[series->rounds] = quantile_of(ours, count, quantile);
	series->floor[series->rounds] = quantile_of(floor, count, quantile);
	series->rounds++;
}

static double median(const double *values, size_t count)
{
	double sorted[BENCH_ROUNDS_MAX];

	memcpy(sorted, values, count * sizeof(*values));
	qsort(sorted, count, sizeof(*sorted), compare_doubles);
	return (sorted[(count - 1) / 2] + sorted[count / 2]) / 2;
}

struct summary series_summarize(const struct series *series)
{
	double ratios[BENCH_ROUNDS_MAX] = {0};
	struct summary out = {
		.ours = median(series->ours, series->rounds),
		.floor = median(series->floor, series->rounds),
	};

	for (size_t i = 0; i < series->rounds; i++) {
		/* avoids a division by zero if the clock hasn't moved */
		const double floor = series->floor[i] > 0 ? series->floor[i] : 1;

		ratios[i] = series->ours[i] / floor;
		if (i == 0 || ratios[i] < out.low)
			out.low = ratios[i];
		if (i == 0 || ratios[i] > out.high)
			out.high = ratios[i];
	}
	out.ratio = median(ratios, series->rounds);
	return out;
}
