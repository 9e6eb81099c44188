/* SPDX-License-Identifier: MIT */
/*
 * A subscriber's hold on one publisher: the connection, the ring, the lease page, the buffers. It
 * ends with the publisher; what the caller still holds keeps it alive until it is released.
 */
#ifndef GY_STREAM_ATTACHMENT_H
#define GY_STREAM_ATTACHMENT_H

#include "core/texture.h"
#include "stream/frame.h"

/* What a subscriber's work on a frame will signal; subscriber.c's. */
enum geyser_result gy_subscriber_begin_signal(struct geyser_frame *frame, struct geyser_point *out);

struct gy_attachment {
	uint32_t references; /* the subscriber's, and one for each frame out; guarded by the
				subscriber's lock */
	struct geyser_manager *manager;
	struct gy_peer *peer;
	struct gy_ring_view view; /* its lease is the beginning of a struct gy_lease_memory */
	int lease_fd;             /* of that memory while connecting, else -1 */
	struct geyser_texture *buffers[GY_RING_BUFFERS]; /* NULL until first seen */
	uint32_t generations[GY_RING_BUFFERS];
	bool drawn_by_device;       /* the publisher's frames */
	bool mirrored;              /* the buffers are copies: ours can't be the publisher's own */
	struct geyser_event *ready; /* frames are drawn when it has reached their values; or NULL */
	struct geyser_frame frames[GY_RING_BUFFERS];
	struct geyser_subscriber *subscriber;
	_Atomic uint32_t sleepers;  /* threads that sleep on the ring */
	struct gy_attachment *next; /* in the subscriber's list of those that have ended */
};

/* Errors: NOT_FOUND (nobody publishes that name), STALE (a dead publisher's), and as
 * geyser_texture_import. */
enum geyser_result gy_attachment_create(struct geyser_manager *manager, const char *name,
	enum geyser_delivery delivery, struct gy_attachment **out);

/* Drops a reference. */
void gy_attachment_unref(struct gy_attachment *attachment);

/* The publisher's process has ended, or its stream has. */
bool gy_attachment_is_dead(struct gy_attachment *attachment);

/* Its device is lost. */
bool gy_attachment_is_lost(const struct gy_attachment *attachment);

/* The next frame, or NULL with GEYSER_OK if there is none yet. Adds a reference with the frame.
 * Errors: BUSY (all buffers held), and as geyser_texture_import for a buffer that is new since a
 * resize. */
enum geyser_result gy_attachment_take(struct gy_attachment *attachment, struct geyser_frame **out);

/* Gives back a frame of this attachment, and its reference. */
void gy_attachment_release(struct gy_attachment *attachment, struct geyser_frame *frame);

#endif
