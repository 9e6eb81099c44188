/* SPDX-License-Identifier: MIT */
/* Handles subscribers that keep a publisher without a buffer. Call all functions with the
 * publisher's lock held. */
#ifndef GY_STREAM_EVICTION_H
#define GY_STREAM_EVICTION_H

#include "stream/publisher_state.h"

/* Evicts a subscriber that has kept the publisher waiting for longer than the hold limit. Call this
 * if no buffer can be drawn into. Returns false if there is no such subscriber; *due is then
 * when to call this again, or GY_NEVER. */
bool gy_publisher_evict(struct geyser_publisher *publisher, uint64_t *due);

/* Counts the time without a buffer, if there was any. Call this when the publisher has found a
 * buffer. */
void gy_publisher_end_starving(struct geyser_publisher *publisher);

/* Returns when a subscriber of this process that joins now stops being a newcomer, as of gy_now.
 * Returns 0 for the publisher's own process, whose subscribers are never newcomers. */
uint64_t gy_publisher_settles_at(pid_t pid);

/* Checks whether the process may have one more subscriber. Errors: LIMIT. */
enum geyser_result gy_publisher_admit(struct geyser_publisher *publisher, pid_t pid);

/* Fails with LIMIT because the stream has no place left. */
enum geyser_result gy_publisher_fail_full(const struct geyser_publisher *publisher);

#endif
