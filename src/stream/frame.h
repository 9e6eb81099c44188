/* SPDX-License-Identifier: MIT */
/* A frame, for publishers and subscribers. */
#ifndef GY_STREAM_FRAME_H
#define GY_STREAM_FRAME_H

#include "stream/ring.h"

#include <geyser/stream.h>

#include <stdatomic.h>

struct geyser_frame {
	struct geyser_texture *texture;
	struct gy_ring_record record;
	uint32_t buffer;
	bool out;  /* the caller has the frame */
	bool kept; /* the frame is published, and the publisher's caller still reads it */
	/* the caller has released the frame, and this process's device still reads it */
	bool returning;
	void *owner; /* the publisher, or the subscriber's connection */
	/* work on the frame waits for this; value 0: nothing to wait for */
	struct geyser_point wait;
	_Atomic bool *handed_out;   /* set to true when the caller gets wait's event; or NULL */
	struct geyser_point signal; /* work on the frame signals this; value 0: not requested */
	/* Chooses the point that the caller's work will signal. NULL: the frame's backend has no
	 * device. */
	enum geyser_result (*begin_signal)(struct geyser_frame *frame, struct geyser_point *out);
};

/* Checks what the publisher's program has filled in. Errors: INVALID_ARGUMENT. */
enum geyser_result gy_frame_info_check(
	const struct geyser_frame_info *info, const struct geyser_texture_desc *desc);

/* Brings values that a publisher's process has written into their ranges, since that process may be
 * hostile. */
void gy_frame_info_clamp(struct geyser_frame_info *info, const struct geyser_texture_desc *desc);

#endif
