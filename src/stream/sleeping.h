/* SPDX-License-Identifier: MIT */
/* Lets a subscriber's thread sleep until its publisher has news. */
#ifndef GY_STREAM_SLEEPING_H
#define GY_STREAM_SLEEPING_H

#include "stream/subscriber_state.h"

/* Sleeps until there may be a new frame, the stream may have ended, the word has changed, or the
 * deadline has passed. May also return early. Needs the subscriber's lock, and releases it while it
 * sleeps. word: in this process's private memory, or NULL. */
void gy_subscriber_sleep(
	struct geyser_subscriber *subscriber, uint64_t deadline, const struct gy_wait_word *word);

#endif
