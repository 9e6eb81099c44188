/* SPDX-License-Identifier: MIT */
/* The streams that this process publishes, by name. Guarded by the loop's lock. */
#ifndef GY_IPC_EXPORTER_STREAMS_H
#define GY_IPC_EXPORTER_STREAMS_H

#include "ipc/registry/name_lock.h"
#include "ipc/wire/wire.h"

#include <geyser/stream.h>

struct gy_published_stream;
struct gy_reply; /* see reply.h */

/* The exporter calls these with the loop's lock held. They must not take it again. */
struct gy_published_ops {
	/* Finds the stream with the rendition that is asked for, or begins it. *out stays valid
	 * until gy_exporter_unpublish. */
	enum geyser_result (*render)(struct gy_published_stream *stream,
		const struct gy_wire_name *request, pid_t pid, struct gy_published_stream **out);
	/* Answers with STREAM and LEASE. *subscription stands for this subscriber until
	 * unsubscribe. */
	enum geyser_result (*subscribe)(struct gy_published_stream *stream,
		const struct gy_wire_name *request, const char *application, pid_t pid,
		struct gy_reply *reply, void **subscription);
	void (*unsubscribe)(struct gy_published_stream *stream, void *subscription);
	/* Answers with PICTURE. mirror: the buffer's copy in host memory, for a subscriber that
	 * can't read the buffer itself. */
	enum geyser_result (*buffer)(struct gy_published_stream *stream, void *subscription,
		uint32_t index, bool mirror, struct gy_reply *reply);
	/* Answers with EVENT: the event that frames refer to, of the mirrors or of the buffers.
	 * semaphore: the event's native semaphore. */
	enum geyser_result (*ready)(struct gy_published_stream *stream, void *subscription,
		bool mirror, bool semaphore, struct gy_reply *reply);
	/* Answers with BELL. */
	enum geyser_result (*doorbell)(struct gy_published_stream *stream, struct gy_reply *reply);
	void (*status)(struct gy_published_stream *stream, struct gy_wire_status *out);
};

/* A stream that this process publishes. Embedded in its publisher. */
struct gy_published_stream {
	const struct gy_published_ops *ops;
	char name[GEYSER_STREAM_NAME_MAX + 1];
	struct gy_name_lock lock;
	struct gy_published_stream *next, **link; /* link: NULL while not published */
};

struct gy_streams {
	struct gy_published_stream *first;
};

/* Finds a stream by its name. Errors: NOT_FOUND, in words for a peer. */
enum geyser_result gy_streams_find(
	const struct gy_streams *streams, const char *name, struct gy_published_stream **out);

/* Takes the name for the stream, and adds the stream. Errors: as gy_exporter_publish. */
enum geyser_result gy_streams_add(struct gy_streams *streams, const struct gy_registry_entry *entry,
	struct gy_published_stream *stream, uint64_t *holder);

/* Removes the stream, if it is published. Gives the name back; entry NULL: keeps it. */
void gy_streams_remove(const struct gy_registry_entry *entry, struct gy_published_stream *stream);

/* Removes all streams and gives their names back; entry NULL: in a forked child, whose parent keeps
 * the names. */
void gy_streams_forget(struct gy_streams *streams, const struct gy_registry_entry *entry);

/* Makes the links of streams again that somebody has removed. all: checks all links; else only
 * those that a sweep may be about to remove. True if there are such links: call it again soon. */
bool gy_streams_keep(struct gy_streams *streams, const struct gy_registry_entry *entry, bool all);

#endif
