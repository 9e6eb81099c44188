/* SPDX-License-Identifier: MIT */
/* The subscriber through which a rendition gets the frames of its stream, in the same process. */
#ifndef GY_STREAM_FEED_H
#define GY_STREAM_FEED_H

#include "stream/subscriber_state.h"

#include "sync/interrupt.h"

/* Makes the feed. An interruption ends an acquire with TIMEOUT. Errors: as geyser_subscriber_create
 * with a connect timeout of 0. */
enum geyser_result gy_feed_create(struct geyser_manager *manager, const char *name, bool every,
	struct gy_interrupt *interrupt, struct geyser_subscriber **out);

/* Whether the feed has all that it needs to receive frames. */
bool gy_feed_is_connected(struct geyser_subscriber *feed);

/* Returns the feed's place in the ring, or -1 if it isn't connected. */
int gy_feed_place(struct geyser_subscriber *feed);

#endif
