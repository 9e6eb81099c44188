/*
 * How late frames are published.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>

#include "common.h"
#include "media_late.h"

void media_lateness_add(struct media_lateness *lateness, uint64_t late_ns)
{
	if (lateness->count == lateness->room) {
		const size_t room = lateness->room ? 2 * lateness->room : 4096;
		uint64_t *const times = realloc(lateness->times, room * sizeof(*times));

		if (!times) /* the figures then are those of the frames before */
			return;
		lateness->times = times;
		lateness->room = room;
	}
	lateness->times[lateness->count++] = late_ns;
}

static int compare(const void *a, const void *b)
{
	const uint64_t first = *(const uint64_t *)a, second = *(const uint64_t *)b;

	return first < second ? -1 : first > second;
}

void media_lateness_tell(struct media_lateness *lateness, const char *name)
{
	const size_t count = lateness->count, middle = count / 2, late = count * 99 / 100;
	const uint64_t *const times = lateness->times;

	if (!count) {
		tell("geyser: %s: 0 frames\n", name);
		return;
	}
	qsort(lateness->times, count, sizeof(*times), compare);
	tell("geyser: %s: %zu frame%s, after their time by p50 %.1f us, p99 %.1f us, at most %.1f "
	     "us\n",
		name, count, plural(count), (double)times[middle] / 1e3, (double)times[late] / 1e3,
		(double)times[count - 1] / 1e3);
}

void media_lateness_finish(struct media_lateness *lateness)
{
	free(lateness->times);
	*lateness = (struct media_lateness){0};
}
