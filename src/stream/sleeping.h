/* SPDX-License-Identifier: MIT */
/* A subscriber's sleep until its publisher has news. */
#ifndef GY_STREAM_SLEEPING_H
#define GY_STREAM_SLEEPING_H

#include "stream/subscriber_state.h"

/* Until there may be a frame, or its end. word: a private one that also wakes it when it changes,
 * or NULL. */
void gy_subscriber_sleep(
	struct geyser_subscriber *subscriber, uint64_t deadline, const struct gy_wait_word *word);

#endif
