/* SPDX-License-Identifier: MIT */
/*
 * A rendition: a stream's frames in another format or size. Its thread "geyser-convert" takes the
 * frames from a *feed*, a subscriber of the stream in the same process, converts each into a buffer
 * of the *target*, and submits that. The target is a publisher without a name. Subscribers that ask
 * for the rendition subscribe to it.
 *
 * While the target has no subscribers, the rendition has no feed, and the thread sleeps. It ends
 * after a while without subscribers, and with its stream.
 */
#ifndef GY_STREAM_RENDITION_STATE_H
#define GY_STREAM_RENDITION_STATE_H

#include "stream/publisher_state.h"

#include "sync/interrupt.h"

struct gy_rendition {
	struct geyser_publisher *source;
	struct geyser_rendition_desc desc; /* what subscribers ask for */
	bool every;                        /* the delivery of its subscribers, and of its feed */
	/* GEYSER_ROW_ALIGNMENT of the source's first buffers: a feed doesn't tell it */
	uint32_t row_alignment;
	pthread_t thread;
	/* the subscribers may have changed, or the stream has ended */
	struct gy_interrupt interrupt;
	_Atomic bool fed;  /* the feed is connected */
	_Atomic bool over; /* the thread ends; subscribers get no more frames */
	/* New subscribers get another rendition. The lock of struct gy_ipc guards this member. */
	bool leaving;

	/* renditions.lock of the source guards these members. */
	struct gy_rendition *next;
	struct geyser_publisher *target; /* NULL: destroyed */
	unsigned users;                  /* threads that use the target; see gy_renditions_next */
	uint64_t bytes;                  /* of the target's buffers, after its last resize */
	bool ended;                      /* the thread has done all but return */

	/* The members below belong to the thread. */
	struct geyser_subscriber *feed;
	struct geyser_frame *drawing; /* of the target, or NULL */
	uint64_t last;                /* the sequence of the last frame that was converted */
};

#endif
