/* SPDX-License-Identifier: MIT */
/* A connection's frames: taken, drawn when their events say so, given back. Call all functions
 * with the subscriber's lock held. */
#ifndef GY_STREAM_TAKING_H
#define GY_STREAM_TAKING_H

#include "stream/connection.h"

/* The next frame, or NULL with GEYSER_OK if there is none yet; or it becomes pending, if its buffer
 * is new since a resize. Adds a reference with the frame. Not while one is pending. Errors: BUSY
 * (all buffers held). */
enum geyser_result gy_stream_connection_take(
	struct gy_stream_connection *connection, struct geyser_frame **out);

/* The pending frame is one now, as from gy_stream_connection_take, or NULL with GEYSER_OK if its
 * buffer is another's by now; after a failed fetch (texture NULL) it is given up. */
void gy_stream_connection_settle(struct gy_stream_connection *connection,
	struct gy_fetched *fetched, struct geyser_frame **out);

/* Gives back a frame of this connection, and its reference. */
void gy_stream_connection_release(
	struct gy_stream_connection *connection, struct geyser_frame *frame);

#endif
