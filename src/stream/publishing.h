/* SPDX-License-Identifier: MIT */
/* What renditions need of a publisher, beside the public functions. */
#ifndef GY_STREAM_PUBLISHING_H
#define GY_STREAM_PUBLISHING_H

#include "stream/publisher_state.h"

#define GY_BUFFERS_DEFAULT 3 /* of a stream whose description names no number */

/* Makes a publisher without a name in the registry, for a rendition. desc->name is for messages.
 * The lock of struct gy_ipc may be held. The buffers' pages aren't in memory yet. Errors: as
 * geyser_publisher_create. */
enum geyser_result gy_publisher_create_target(struct geyser_manager *manager,
	const struct geyser_stream_desc *desc, struct geyser_publisher **out);

/* Loads the buffers' pages into memory. No frame may have been acquired yet. */
void gy_publisher_prefault(struct geyser_publisher *publisher);

/* Frees a publisher that is closed, or that no subscriber knows. */
void gy_publisher_deallocate(struct geyser_publisher *publisher);

/* Ends the stream, but not its renditions. */
void gy_publisher_close_own(struct geyser_publisher *publisher);

/* Waits until the publisher's own subscribers have taken their frames. With `released` it also
 * waits until no subscriber holds a buffer; else only until no rendition's feed does. Errors: as
 * geyser_publisher_flush. */
enum geyser_result gy_publisher_flush_own(
	struct geyser_publisher *publisher, bool released, uint64_t deadline);

/* Whether there are subscribers, also those that are still connecting. */
bool gy_publisher_has_readers(struct geyser_publisher *publisher);

#endif
