/* SPDX-License-Identifier: MIT */
/* A frame, as publishers and subscribers hold it. */
#ifndef GY_STREAM_FRAME_H
#define GY_STREAM_FRAME_H

#include "stream/ring.h"

#include <geyser/stream.h>

#include <stdatomic.h>

struct geyser_frame {
	struct geyser_texture *texture;
	struct gy_ring_record record;
	uint32_t buffer;
	bool out;                   /* with the caller */
	bool returning;             /* released, and read by our device still */
	void *owner;                /* the publisher, or a subscriber's connection */
	struct geyser_point wait;   /* before work on it */
	_Atomic bool *handed_out;   /* becomes true when the caller gets wait's event; or NULL */
	struct geyser_point signal; /* after it; value 0: not asked for */
	/* Chooses what the caller's work will signal. */
	enum geyser_result (*begin_signal)(struct geyser_frame *frame, struct geyser_point *out);
};

/* Unspecified colour, the rest zero. */
void gy_frame_info_init(struct geyser_frame_info *info);

/* What a publisher's caller has filled in. Errors: INVALID_ARGUMENT. */
enum geyser_result gy_frame_info_check(
	const struct geyser_frame_info *info, const struct geyser_texture_desc *desc);

/* What a publisher's process has written, for a subscriber's caller: everything within its range.
 */
void gy_frame_info_clamp(struct geyser_frame_info *info, const struct geyser_texture_desc *desc);

#endif
