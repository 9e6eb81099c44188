/* SPDX-License-Identifier: MIT */
/* Events, for streams and for native headers. */
#ifndef GY_CORE_EVENT_H
#define GY_CORE_EVENT_H

#include "core/object.h"

/* The EVENT message, or with twin its semaphore's descriptor. *fd stays the event's. Asks nobody
 * and waits for nothing. Errors: UNSUPPORTED (no semaphore to share), DEVICE_LOST. */
enum geyser_result gy_event_describe(
	struct geyser_event *event, bool twin, struct gy_message *answer, int *fd);

/* Whether our driver can open the semaphore of the event that a peer has described. If so, ask the
 * peer for the semaphore before gy_event_accept. */
bool gy_event_wants_twin(
	const struct geyser_manager *manager, const struct gy_wire_event *described);

/* As geyser_event_create, but other processes can't raise the event: they map its page for reading.
 * The event can't be exported. Its publisher adds each follower to the timeline's audience. */
enum geyser_result gy_event_publish(
	struct geyser_manager *manager, uint64_t initial, struct geyser_event **out);

/* Memory that a follower shares with an event's publisher. At the offset sleepers the follower
 * counts its sleeping threads (struct gy_audience_member). The event makes a mapping of its own. */
struct gy_event_seat {
	int fd; /* borrowed */
	size_t size, sleepers;
};

/* Checks what a peer has described and makes an event of it; takes the incoming's descriptor over.
 * seat: of an event made by gy_event_publish; NULL for one that everybody may raise. The event gets
 * the incoming's peer, which watches for its exporter's death, and ends waits when that has come.
 * *twin: the exporter's semaphore, or -1; taken over (then -1) on success. *out may be an event
 * also after a failure: it has the incoming's peer then, and is to be released. */
enum geyser_result gy_event_accept(struct geyser_manager *manager, struct gy_incoming *incoming,
	const struct gy_event_seat *seat, int *twin, struct geyser_event **out);

/* The backend's twin, made if there is none yet. Errors: UNSUPPORTED (a backend without devices),
 * and as event_create. */
enum geyser_result gy_event_native(struct geyser_event *event, struct gy_backend_event **out);

/* As geyser_event_create, with what makes the twin. */
typedef enum geyser_result gy_twin_maker(void *device, const struct gy_event_source *source,
	void *data, struct gy_backend_event **out);
enum geyser_result gy_event_make(struct geyser_manager *manager, uint64_t initial,
	gy_twin_maker *make, void *data, struct geyser_event **out);

/* Returns a word that processes share. It becomes 1, and its sleepers are woken, when the event's
 * creator loses its device. The word lives as long as the event, and may be mapped for reading
 * only. */
_Atomic uint32_t *gy_event_lost(struct geyser_event *event);

/* Lives as long as the event. */
struct gy_timeline *gy_event_timeline(struct geyser_event *event);

/* Borrowed. */
struct geyser_manager *gy_event_manager(struct geyser_event *event);

#endif
