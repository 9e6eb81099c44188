/*
 * How late frames are published.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GEYSER_CLI_MEDIA_LATE_H
#define GEYSER_CLI_MEDIA_LATE_H

#include <stddef.h>
#include <stdint.h>

/* Zero is valid: no frame yet. */
struct media_lateness {
	uint64_t *times; /* owned; how late each frame was, in nanoseconds */
	size_t count, room;
};

void media_lateness_add(struct media_lateness *lateness, uint64_t late_ns);

/* Writes the figures to stderr. */
void media_lateness_tell(struct media_lateness *lateness, const char *name);
void media_lateness_finish(struct media_lateness *lateness);

#endif
