/*
 * How late frames are published.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GEYSER_CLI_MEDIA_LATE_H
#define GEYSER_CLI_MEDIA_LATE_H

#include <stdint.h>

/* A column's times differ by 1/64 at most. */
#define MEDIA_LATE_FINE 64u
#define MEDIA_LATE_COLUMNS (MEDIA_LATE_FINE * 59)

/* How many frames were how late. Its size is fixed, since a film may go on for days. Zero is valid:
 * no frame yet. */
struct media_lateness {
	uint64_t frames[MEDIA_LATE_COLUMNS];
	uint64_t count;   /* of all frames */
	uint64_t most_ns; /* the largest delay */
};

void media_lateness_add(struct media_lateness *lateness, uint64_t late_ns);

/* Writes the figures to stderr. The median and the 99th percentile are right within 1 %. */
void media_lateness_tell(const struct media_lateness *lateness, const char *name);

#endif
