/* SPDX-License-Identifier: MIT */
/* What work on a frame's texture waits for and signals, for native headers. */
#ifndef GY_STREAM_POINTS_H
#define GY_STREAM_POINTS_H

#include "core/event.h"

#include <geyser/stream.h>

struct gy_point {
	struct geyser_event *event; /* borrowed; NULL: none */
	uint64_t value;
};

/* Both: errors INVALID_ARGUMENT (the frame isn't the caller's at present), UNSUPPORTED (a backend
 * without a device). */
enum geyser_result gy_frame_wait_point(struct geyser_frame *frame, struct gy_point *out);
/* Error BUSY as well: asked for already. */
enum geyser_result gy_frame_signal_point(struct geyser_frame *frame, struct gy_point *out);

#endif
