/*
 * How late frames are published.
 *
 * SPDX-License-Identifier: MIT
 */
#include <inttypes.h>

#include "common.h"
#include "media_late.h"

/* Returns the column for a time. Times of less than 2 * FINE have columns of their own; above that,
 * each power of two is cut into FINE columns. */
static unsigned column_of(uint64_t ns)
{
	unsigned shift = 0;

	while (ns >> shift >= 2 * (uint64_t)MEDIA_LATE_FINE)
		shift++;
	return shift * MEDIA_LATE_FINE + (unsigned)(ns >> shift);
}

/* Returns the time in the middle of a column. */
static uint64_t time_of(unsigned column)
{
	const unsigned shift = column < 2 * MEDIA_LATE_FINE ? 0 : column / MEDIA_LATE_FINE - 1;
	const uint64_t least = (uint64_t)(column - shift * MEDIA_LATE_FINE) << shift;

	return least + ((UINT64_C(1) << shift) - 1) / 2;
}

void media_lateness_add(struct media_lateness *lateness, uint64_t late_ns)
{
	lateness->frames[column_of(late_ns)]++;
	lateness->count++;
	if (late_ns > lateness->most_ns)
		lateness->most_ns = late_ns;
}

/* Returns the time that all but the `later` latest frames kept, but for half a column. */
static uint64_t quantile(const struct media_lateness *lateness, uint64_t later)
{
	unsigned column = MEDIA_LATE_COLUMNS;
	uint64_t time_ns, seen = 0;

	while (column && seen <= later)
		seen += lateness->frames[--column];
	time_ns = time_of(column);
	return time_ns < lateness->most_ns ? time_ns : lateness->most_ns;
}

void media_lateness_tell(const struct media_lateness *lateness, const char *name)
{
	const uint64_t count = lateness->count;

	if (!count) {
		tell("geyser: %s: 0 frames\n", name);
		return;
	}
	tell("geyser: %s: %" PRIu64 " frame%s, after their time by p50 %.1f us, p99 %.1f us, at "
	     "most %.1f us\n",
		name, count, plural(count), (double)quantile(lateness, count - 1 - count / 2) / 1e3,
		(double)quantile(lateness, count - 1 - count * 99 / 100) / 1e3,
		(double)lateness->most_ns / 1e3);
}
