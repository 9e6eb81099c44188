/* SPDX-License-Identifier: MIT */
/*
 * Functions on events for src/stream, src/api and src/core.
 *
 * An event has up to two representations, which have the same value:
 *
 * - the timeline, a page of shared memory that every process can read and sleep on;
 * - the native event, which the queues of a device wait for and signal: a Vulkan timeline semaphore
 *   or a Metal shared event. The backend makes the native event when it is first needed, and keeps
 *   both equal.
 */
#ifndef GY_CORE_EVENT_H
#define GY_CORE_EVENT_H

#include "core/object.h"

/* Fills in the EVENT message for an importer. semaphore: *fd becomes the native semaphore's
 * descriptor instead of the timeline's. The event keeps ownership of *fd. This function never
 * blocks. Errors: UNSUPPORTED (no semaphore to share), STALE or DEVICE_LOST (the event's device is
 * lost). */
enum geyser_result gy_event_describe(
	struct geyser_event *event, bool semaphore, struct gy_message *answer, int *fd);

/* Whether this manager's driver can open the native semaphore of an event that a peer has
 * described. If so, request the semaphore from the peer before gy_event_accept. */
bool gy_event_wants_semaphore(
	const struct geyser_manager *manager, const struct gy_wire_event *described);

/* Makes an event that only this process can raise; otherwise as geyser_event_create. Other
 * processes ("followers") map its page read-only. The event can't be exported by a handle. The
 * publisher adds each follower to the timeline's audience (sync/audience.h). */
enum geyser_result gy_event_publish(
	struct geyser_manager *manager, uint64_t initial, struct geyser_event **out);

/* Memory that a follower shares with an event's publisher. At the byte offset `sleepers` the
 * follower counts its sleeping threads (struct gy_audience_member). gy_event_accept makes a mapping
 * of its own. */
struct gy_event_seat {
	int fd; /* borrowed */
	size_t size, sleepers;
};

/*
 * Checks the event that a peer has described and makes an event of it.
 *
 * seat: for an event that gy_event_publish has made; NULL for an event that every holder may raise.
 * *semaphore: the descriptor of the exporter's semaphore, or -1; after success the event owns it,
 * and *semaphore is -1. The new event takes the incoming's descriptor and peer over. The peer
 * watches for the exporter's death, which ends the event's waits.
 *
 * Set *out to NULL before. After a failure *out may be an event, too, which has the incoming's
 * peer: drop its reference. Call gy_incoming_finish in any case; taken is whether *out is an event.
 */
enum geyser_result gy_event_accept(struct geyser_manager *manager, struct gy_incoming *incoming,
	const struct gy_event_seat *seat, int *semaphore, struct geyser_event **out);

/* Gives the event's native event, which the event owns, and makes it if there is none yet. Errors:
 * UNSUPPORTED (the backend has no devices), and as the backend's event_create. */
enum geyser_result gy_event_native(struct geyser_event *event, struct gy_backend_event **out);

/* Makes an event whose native event comes from make(device, source, data, out), for native objects
 * of the caller; otherwise as geyser_event_create. */
typedef enum geyser_result gy_native_maker(void *device, const struct gy_event_source *source,
	void *data, struct gy_backend_event **out);
enum geyser_result gy_event_make(struct geyser_manager *manager, uint64_t initial,
	gy_native_maker *make, void *data, struct geyser_event **out);

/* Returns a word in the event's shared page. When the event's creator loses its device, the word
 * becomes 1 and threads that sleep on the word are woken. The word lives as long as the event.
 * Don't write the word: the page may be mapped read-only. */
_Atomic uint32_t *gy_event_lost_word(struct geyser_event *event);

/* Returns the event's timeline, which lives as long as the event. */
struct gy_timeline *gy_event_timeline(struct geyser_event *event);

/* Returns the event's manager. The event owns the reference. */
struct geyser_manager *gy_event_manager(struct geyser_event *event);

#endif
