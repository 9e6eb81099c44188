/* SPDX-License-Identifier: MIT */
/*
 * A subscriber's connection to one publisher: the peer, the ring, the lease page, the buffers. The
 * connection ends with the publisher. Frames that the caller still holds keep the connection's
 * memory until the caller releases them.
 *
 * The publisher sends its buffers themselves. A subscriber that can't import them gets mirrors
 * instead: copies in host memory, which the publisher makes.
 */
#ifndef GY_STREAM_CONNECTION_H
#define GY_STREAM_CONNECTION_H

#include "core/texture.h"
#include "stream/frame.h"

/* How long a call waits for the publisher's answers. */
struct gy_patience {
	uint64_t deadline; /* of the caller, as of gy_now */
	int stop_fd;       /* a wait ends with BUSY when this is readable; -1: none */
};

/* What a subscriber asks its publisher for. */
struct gy_subject {
	char name[GEYSER_STREAM_NAME_MAX + 1];
	bool every;
	bool feeds; /* a rendition of this process's own stream gets the frames */
	struct geyser_rendition_desc rendition;
};

/* A buffer that the publisher has sent. */
struct gy_fetched {
	struct geyser_texture *texture; /* NULL: the request failed */
	uint32_t generation;
	/* the ready event's value at which the mirror is filled; 0: filled, or no mirror */
	uint64_t filled;
};

/* An event that outlives its connection, since callers may have borrowed it. */
struct gy_kept {
	struct gy_kept *next;
	struct geyser_event *event;
};

/* The steps of connecting, in their order. */
enum gy_stage {
	GY_STAGE_CONNECT,
	GY_STAGE_SUBSCRIBE,
	GY_STAGE_LEASE,
	GY_STAGE_DOORBELL,
	GY_STAGE_BUFFERS,
	GY_STAGE_READY,
	GY_STAGE_SEMAPHORE,
	GY_STAGE_DONE,
};

struct gy_stream_connection {
	/* The subscriber has one reference, and so has each frame that the caller holds and each
	 * thread that uses the connection. The subscriber's lock guards the count. */
	uint32_t references;
	struct geyser_manager *manager;
	/* view.lease points to the beginning of a struct gy_lease_memory */
	struct gy_ring_view view;
	int lease_fd; /* of that memory, while an event may still have to map it; else -1 */
	struct geyser_texture *buffers[GY_RING_BUFFERS]; /* NULL: not fetched yet */
	uint32_t generations[GY_RING_BUFFERS];           /* of buffers */
	uint64_t filled[GY_RING_BUFFERS];                /* as in struct gy_fetched */
	uint32_t wanted[GY_RING_BUFFERS]; /* the generation that the last fetch was for */
	bool drawn_by_device;             /* the publisher's device draws the frames */
	bool has_bell;                    /* the publisher sleeps on a doorbell */
	bool mirrored;                    /* the buffers are mirrors */
	struct gy_subject subject;        /* what the subscriber asks for */
	/* Since a resize the buffers must be mirrors. The mirrors' event isn't fetched yet, or
	 * hasn't replaced `ready` yet. */
	bool outgrown;
	/* holds the mirrors' event until it replaces `ready`; else NULL */
	struct gy_kept *successor;
	/* a frame is drawn when this event has reached the frame's value; or NULL */
	struct geyser_event *ready;
	/* allocated in advance, to keep `ready` when the connection ends; NULL: used */
	struct gy_kept *kept;
	_Atomic bool handed_out; /* the caller has borrowed `ready` */
	struct geyser_frame frames[GY_RING_BUFFERS];
	uint64_t counted_at; /* the timestamp of the last frame that counts for the latencies */
	struct geyser_subscriber *subscriber;
	_Atomic uint32_t sleepers;         /* threads that sleep on the ring */
	struct gy_alarm alarm;             /* wakes them when the publisher dies */
	struct gy_stream_connection *next; /* in the subscriber's list of ended connections */

	/* A frame that was taken, and keeps its lease, but whose buffer isn't fetched yet. Its
	 * record is in `frames`. The subscriber's lock guards these two members. */
	bool pending;
	uint32_t pending_buffer;

	/* The thread that has the turn owns the members below (see subscriber_state.h). */
	uint64_t instance;
	struct gy_peer *peer;
	enum gy_stage stage;
	uint32_t stage_buffer; /* in GY_STAGE_BUFFERS: the number of buffers fetched */
	uint32_t direct; /* how many buffers came before the first one that had to be a mirror */
	struct gy_incoming event; /* the answer of GY_STAGE_READY */
	bool requested;           /* a request is sent, and its answer hasn't come */
	uint64_t grace_ns; /* how long this request may still wait beyond the callers' deadlines */
};

/* Finds the publisher, and sends nothing yet. Errors: NOT_FOUND (no publisher has this name),
 * OUT_OF_MEMORY, and as gy_registries_open. */
enum geyser_result gy_stream_connection_create(struct geyser_manager *manager,
	const struct gy_subject *subject, struct gy_stream_connection **out);

/*
 * Connects, or continues where the last call has stopped. Blocks until the patience ends. Call this
 * without the subscriber's lock.
 *
 * *again: the publisher hasn't answered within the patience (TIMEOUT, BUSY). Call this again: the
 * request that was sent stays sent. A connection whose first answers come at once succeeds even if
 * the deadline has passed. Other errors: STALE (the publisher has died), and as
 * geyser_texture_import; afterwards the connection can only be dropped.
 */
enum geyser_result gy_stream_connection_open(
	struct gy_stream_connection *connection, const struct gy_patience *patience, bool *again);

/* Puts a fetched buffer into its place. Takes ownership of its texture. */
void gy_stream_connection_set_buffer(
	struct gy_stream_connection *connection, uint32_t buffer, const struct gy_fetched *fetched);

/* Drops a reference. The last one frees the connection. Accepts NULL. */
void gy_stream_connection_unref(struct gy_stream_connection *connection);

/* Whether the publisher's process or its stream has ended. */
bool gy_stream_connection_is_dead(struct gy_stream_connection *connection);

/* Whether the publisher has closed the stream. False if the ring hasn't come yet. */
bool gy_stream_connection_is_closed(const struct gy_stream_connection *connection);

/* Whether the publisher has lost its device. */
bool gy_stream_connection_is_lost(const struct gy_stream_connection *connection);

/* Fetches the pending frame's buffer, or continues to do so. Call this without the subscriber's
 * lock. *again: as in gy_stream_connection_open. The caller must pass *out to
 * gy_stream_connection_settle. Errors: as geyser_texture_import. */
enum geyser_result gy_stream_connection_fetch(struct gy_stream_connection *connection,
	const struct gy_patience *patience, struct gy_fetched *out, bool *again);

#endif
