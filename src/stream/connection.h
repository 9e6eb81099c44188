/* SPDX-License-Identifier: MIT */
/*
 * A subscriber's connection to one publisher: the peer, the ring, the lease page, the buffers. The
 * connection ends with the publisher. Frames that the caller still holds keep its memory until the
 * caller releases them.
 */
#ifndef GY_STREAM_CONNECTION_H
#define GY_STREAM_CONNECTION_H

#include "core/texture.h"
#include "stream/frame.h"

/* How long a call waits for a publisher's answers. */
struct gy_patience {
	uint64_t deadline; /* the caller's */
	int stop_fd;       /* the wait ends with BUSY when it is readable; -1: none */
};

/* A buffer that was asked for. */
struct gy_fetched {
	struct geyser_texture *texture; /* NULL: none came */
	uint32_t generation;
	uint64_t filled; /* the ready event's value at which a mirror is filled; 0: it is already */
};

/* An event that callers may still have borrowed when its connection has ended. */
struct gy_kept {
	struct gy_kept *next;
	struct geyser_event *event;
};

/* How far the conversation with the publisher has come, from connecting on. */
enum gy_stage {
	GY_STAGE_CONNECT,
	GY_STAGE_SUBSCRIBE,
	GY_STAGE_LEASE,
	GY_STAGE_BUFFERS,
	GY_STAGE_READY,
	GY_STAGE_TWIN,
	GY_STAGE_DONE,
};

struct gy_stream_connection {
	/* One reference is the subscriber's; each frame that the caller holds has one, and each
	 * thread that works on the connection. Guarded by the subscriber's lock. */
	uint32_t references;
	struct geyser_manager *manager;
	struct gy_ring_view view; /* its lease is the beginning of a struct gy_lease_memory */
	int lease_fd; /* of that memory while an event may still have to map it, else -1 */
	struct geyser_texture *buffers[GY_RING_BUFFERS]; /* NULL until first seen */
	uint32_t generations[GY_RING_BUFFERS];           /* of buffers */
	uint64_t filled[GY_RING_BUFFERS];                /* of mirrors: as in struct gy_fetched */
	uint32_t wanted[GY_RING_BUFFERS]; /* generation that the last question was about */
	bool drawn_by_device;             /* the publisher's frames */
	bool mirrored; /* buffers are the publisher's mirrors: we can't import its own textures */
	/* Since a resize there are buffers that we can't import, and the mirrors' event is still to
	 * be asked for, or to take the place of ready. */
	bool outgrown;
	struct gy_kept *successor;  /* holds the mirrors' event until then; else NULL */
	struct geyser_event *ready; /* frames are drawn when it has reached their values; or NULL */
	struct gy_kept *kept;       /* what ready is kept with afterwards; NULL if it can't be */
	_Atomic bool handed_out;    /* ready was given to the caller */
	struct geyser_frame frames[GY_RING_BUFFERS];
	struct geyser_subscriber *subscriber;
	_Atomic uint32_t sleepers;         /* threads that sleep on the ring */
	struct gy_stream_connection *next; /* in the subscriber's list of those that have ended */

	/* A frame that was taken, and whose buffer is to be asked for: it keeps its lease. Guarded
	 * by the subscriber's lock. */
	bool pending;
	uint32_t pending_buffer;
	struct gy_ring_record pending_record;

	/* The conversation: of the thread whose turn it is to ask (see subscriber_state.h). */
	char name[GEYSER_STREAM_NAME_MAX + 1];
	uint64_t instance;
	struct gy_peer *peer;
	enum gy_stage stage;
	uint32_t stage_buffer; /* of GY_STAGE_BUFFERS: counts buffers that have come */
	uint32_t direct;       /* how many had come when it turned out that they must be mirrors */
	struct gy_incoming event; /* of GY_STAGE_TWIN */
	bool asked;               /* a question is out */
	uint64_t grace_ns; /* waiting beyond the caller's deadlines that is left to this question */
};

/* Finds the publisher, asks it nothing yet. Errors: NOT_FOUND (nobody publishes that name),
 * OUT_OF_MEMORY, and as gy_registries_open. */
enum geyser_result gy_stream_connection_create(struct geyser_manager *manager, const char *name,
	enum geyser_delivery delivery, struct gy_stream_connection **out);

/*
 * Connects, or goes on connecting where the last call has stopped. Without the subscriber's lock.
 *
 * *again: the publisher has not answered within the patience (TIMEOUT, BUSY): to be called again,
 * with what has been asked still asked. A connection whose first answers come at once connects
 * even if the deadline has passed already. Other errors: STALE (a dead publisher's), and as
 * geyser_texture_import; the connection is good for nothing then.
 */
enum geyser_result gy_stream_connection_open(
	struct gy_stream_connection *connection, const struct gy_patience *patience, bool *again);

/* Puts a buffer that was fetched in its place, and takes its texture over. */
void gy_stream_connection_set_buffer(
	struct gy_stream_connection *connection, uint32_t buffer, const struct gy_fetched *fetched);

/* Drops a reference. */
void gy_stream_connection_unref(struct gy_stream_connection *connection);

/* The publisher's process has ended, or its stream has. */
bool gy_stream_connection_is_dead(struct gy_stream_connection *connection);

/* Its publisher has closed the stream. False if the ring has not come yet. */
bool gy_stream_connection_is_closed(const struct gy_stream_connection *connection);

/* Its device is lost. */
bool gy_stream_connection_is_lost(const struct gy_stream_connection *connection);

/* Asks for the pending frame's buffer, or goes on asking. Call this without the subscriber's lock.
 * *again: as in gy_stream_connection_open. The caller owns *out and must settle it. Errors: as
 * geyser_texture_import. */
enum geyser_result gy_stream_connection_fetch(struct gy_stream_connection *connection,
	const struct gy_patience *patience, struct gy_fetched *out, bool *again);

#endif
