/* SPDX-License-Identifier: MIT */
/* Frees the memory of a publisher's buffers while the stream has no subscriber. */
#ifndef GY_STREAM_IDLING_H
#define GY_STREAM_IDLING_H

#include "stream/publisher_state.h"

/* start lets the thread "geyser-ipc" free buffers from now on. After stop has returned, that thread
 * doesn't use the publisher any more. Call both without the publisher's lock. */
void gy_publisher_start_idling(struct geyser_publisher *publisher);
void gy_publisher_stop_idling(struct geyser_publisher *publisher);

/* Begins the idle time anew if the stream has no subscriber. Call this when a subscriber has left,
 * or the buffers are new. The caller holds the publisher's lock. The thread "geyser-ipc" notices by
 * itself, at its next tick or when the limit that it knows has passed. */
void gy_publisher_begin_idle(struct geyser_publisher *publisher);

/* Returns the buffers that gy_ring_begin must not take, one bit each, because their memory is freed
 * and the program can do without them. */
uint32_t gy_publisher_spared(const struct geyser_publisher *publisher);

#endif
