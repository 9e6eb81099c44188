/* SPDX-License-Identifier: MIT */
/* The renditions of a stream: which there are, and how many there may be. */
#ifndef GY_STREAM_RENDITIONS_H
#define GY_STREAM_RENDITIONS_H

#include "stream/publisher_state.h"

/* Finds the published stream of the rendition that a process asks for, or begins that rendition.
 * The thread "geyser-ipc" calls this with the lock of struct gy_ipc held. *out stays valid until
 * that lock is released, and after it while it has subscribers. Errors: INVALID_ARGUMENT,
 * UNSUPPORTED, LIMIT, and as geyser_publisher_create. */
enum geyser_result gy_renditions_find(struct geyser_publisher *source,
	const struct gy_wire_name *request, pid_t pid, struct gy_published_stream **out);

/* Iterates over the renditions' publishers: begin with NULL, and go on until this returns NULL. A
 * result stays valid until the next call. Takes renditions.lock for a moment. */
struct geyser_publisher *gy_renditions_next(
	struct geyser_publisher *source, struct geyser_publisher *previous);

/* Tells the rendition of a target that its subscribers have changed. */
void gy_renditions_notify(struct geyser_publisher *target);

/* Returns the sequence before the first frame of a subscriber that joins the target now: it begins
 * with the stream's newest frame, even if the rendition has an older one. */
uint64_t gy_renditions_begin_after(struct geyser_publisher *target);

/* Lets all renditions end, since the stream has ended: they publish the frames that they can still
 * get. Doesn't wait for them. */
void gy_renditions_close(struct geyser_publisher *source);

/* Waits until the renditions of a closed stream have ended, and frees them. In a forked child does
 * nothing: the threads are the parent's. */
void gy_renditions_finish(struct geyser_publisher *source);

/* Waits until each rendition that has subscribers gets the stream's frames. Errors: TIMEOUT. */
enum geyser_result gy_renditions_await_feeds(struct geyser_publisher *source, uint64_t deadline);

/* Waits until all subscribers of renditions have taken their frames, and with `released` have
 * released them. Errors: as geyser_publisher_flush. */
enum geyser_result gy_renditions_flush(
	struct geyser_publisher *source, bool released, uint64_t deadline);

/* Returns the number of subscribers of renditions that can receive the next frame. */
uint32_t gy_renditions_count_subscribers(struct geyser_publisher *source);

#endif
