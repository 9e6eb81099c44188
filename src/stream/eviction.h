/* SPDX-License-Identifier: MIT */
/* Subscribers that keep a publisher without a buffer. Call all functions with its lock held. */
#ifndef GY_STREAM_EVICTION_H
#define GY_STREAM_EVICTION_H

#include "stream/publisher_state.h"

/* Leaves out a subscriber that has kept the publisher waiting for longer than the hold limit. Call
 * this if there is no buffer to draw into. False: there is no such subscriber; *due is when to look
 * again, or GY_NEVER. */
bool gy_publisher_evict(struct geyser_publisher *publisher, uint64_t *due);

/* Returns the time, as of gy_now, at which a subscriber of that process that joins now stops being
 * a newcomer. 0 for this process, whose subscribers never are. */
uint64_t gy_publisher_settles_at(pid_t pid);

/* Whether that process may have one more subscriber. Errors: LIMIT. */
enum geyser_result gy_publisher_admit(struct geyser_publisher *publisher, pid_t pid);

/* Fails with LIMIT: the stream has no place left. */
enum geyser_result gy_publisher_fail_full(const struct geyser_publisher *publisher);

#endif
