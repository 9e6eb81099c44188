/* SPDX-License-Identifier: MIT */
/* A publisher's mirrors: copies of its buffers in host memory, for subscribers that can't import
 * the buffers. Call all functions with the publisher's lock held. */
#ifndef GY_STREAM_MIRRORS_H
#define GY_STREAM_MIRRORS_H

#include "stream/publisher_state.h"

/* Counts one more subscriber that reads mirrors. Makes missing mirrors, and starts copies of the
 * frames later than the sequence `after`. A copy is done when mirrors.ready reaches the buffer's
 * mirrors.filled. gy_mirrors_leave undoes the counting. Errors: as texture_copy, OUT_OF_MEMORY,
 * LIMIT, UNSUPPORTED (the buffers are in host memory). */
enum geyser_result gy_mirrors_join(struct geyser_publisher *publisher, uint64_t after);
void gy_mirrors_leave(struct geyser_publisher *publisher);

/* Starts the copy of a submitted frame if any subscriber reads mirrors. Sets record->mirror_ready.
 * Errors: as texture_copy. */
enum geyser_result gy_mirrors_fill(
	struct geyser_publisher *publisher, uint32_t buffer, struct gy_ring_record *record);

/* Returns the buffers that copies still read, one bit each. */
uint32_t gy_mirrors_busy(struct geyser_publisher *publisher);

/* Waits until a copy of one of these buffers has ended. Releases the lock while it waits. deadline:
 * in ns, as of gy_now. */
void gy_mirrors_wait(struct geyser_publisher *publisher, uint32_t buffers, uint64_t deadline);

/* Makes a new mirror for the texture that will replace the buffer's texture, and frees the old
 * mirror. If no subscriber reads mirrors, only frees the old one. After a failure the old mirror
 * stays. Errors: as mirror_create. */
enum geyser_result gy_mirrors_replace(
	struct geyser_publisher *publisher, uint32_t buffer, const struct geyser_texture *texture);

/* Frees all mirrors. Blocks while copies run. */
void gy_mirrors_finish(struct geyser_publisher *publisher);

#endif
