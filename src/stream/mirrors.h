/* SPDX-License-Identifier: MIT */
/* A publisher's copies of its buffers in host memory. Call all functions with its lock held. */
#ifndef GY_STREAM_MIRRORS_H
#define GY_STREAM_MIRRORS_H

#include "stream/publisher_state.h"

/* Counts one more subscriber that reads mirrors. Makes missing mirrors, and starts the copies of
 * frames later than the sequence `after`; each copy is done when mirrors.ready reaches
 * mirrors.filled. gy_mirrors_leave ends it. Errors: as texture_copy, OUT_OF_MEMORY, LIMIT,
 * UNSUPPORTED (the buffers are in host memory). */
enum geyser_result gy_mirrors_join(struct geyser_publisher *publisher, uint64_t after);
void gy_mirrors_leave(struct geyser_publisher *publisher);

/* Starts the copy of a frame that the program submits, if any subscriber reads mirrors. Sets
 * record->mirror_ready. */
enum geyser_result gy_mirrors_fill(
	struct geyser_publisher *publisher, uint32_t buffer, struct gy_ring_record *record);

/* Returns the buffers that copies still read, by bit. */
uint32_t gy_mirrors_busy(struct geyser_publisher *publisher);

/* Waits until a copy of one of these buffers has ended. Lets go of the lock while it waits.
 * deadline: ns, as of gy_now. */
void gy_mirrors_wait(struct geyser_publisher *publisher, uint32_t buffers, uint64_t deadline);

/* Makes the buffer's mirror anew, for the texture that is to be the buffer's; frees the old one. If
 * nobody reads mirrors, there is none then. On failure the old one stays. Errors: as mirror_create.
 */
enum geyser_result gy_mirrors_replace(
	struct geyser_publisher *publisher, uint32_t buffer, const struct geyser_texture *texture);

void gy_mirrors_finish(struct geyser_publisher *publisher);

#endif
