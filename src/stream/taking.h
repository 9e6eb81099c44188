/* SPDX-License-Identifier: MIT */
/* Takes, hands out and gives back a connection's frames. Call all functions with the subscriber's
 * lock held. */
#ifndef GY_STREAM_TAKING_H
#define GY_STREAM_TAKING_H

#include "stream/connection.h"

/* Takes the next frame. *out is NULL with GEYSER_OK if there is no new frame, or if the frame is
 * pending because its buffer must be fetched first. Adds a reference to the connection with each
 * frame. Don't call this while a frame is pending. Errors: BUSY (the caller holds all buffers). */
enum geyser_result gy_stream_connection_take(
	struct gy_stream_connection *connection, struct geyser_frame **out);

/* Ends the fetch of the pending frame's buffer. *out is then the frame, as from
 * gy_stream_connection_take. If the fetch has failed (texture NULL) or has brought another frame's
 * memory, the frame is dropped and *out is NULL. Takes ownership of fetched->texture. */
void gy_stream_connection_settle(struct gy_stream_connection *connection,
	struct gy_fetched *fetched, struct geyser_frame **out);

/* Gives back a frame of this connection, and drops the frame's reference. */
void gy_stream_connection_release(
	struct gy_stream_connection *connection, struct geyser_frame *frame);

#endif
