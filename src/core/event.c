/* SPDX-License-Identifier: MIT */
#include "core/event.h"
#include "core/notifier.h"
#include "core/object.h"

#include "base/clock.h"
#include "base/duration.h"
#include "base/error.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct geyser_event {
	struct gy_object object;
	struct gy_timeline timeline;
	int fd;     /* of the timeline's shared memory */
	void *seat; /* a follower's mapping of the memory in gy_event_seat; else NULL */
	size_t seat_size;
	struct gy_notifier notifier;
	pthread_mutex_t lock; /* held while the native event is made */
	/* the backend's semaphore or shared event; NULL until needed */
	struct gy_backend_event *_Atomic native;
	struct gy_watched watched;
	struct gy_alarm alarm; /* of an imported event's exporter */
};

static const struct gy_backend *backend_of(const struct geyser_event *event)
{
	return event->object.manager->backend;
}

/* Whether other processes can open the semaphores of the manager's device. Fills in the driver that
 * such a process must have. */
static bool is_shared(const struct geyser_manager *manager, struct gy_driver_id *id)
{
	const struct gy_backend *backend = manager->backend;

	return backend->event_shared && backend->event_shared(manager->device, id);
}

enum geyser_result gy_event_describe(
	struct geyser_event *event, bool semaphore, struct gy_message *answer, int *fd)
{
	struct gy_backend_event *native = atomic_load(&event->native);
	enum geyser_result result = GEYSER_OK;

	if (gy_manager_is_lost(event->object.manager))
		return gy_fail(GEYSER_ERROR_STALE, "the device that signals the event is lost");
	if (semaphore && native)
		result = backend_of(event)->event_describe(native, fd);
	else if (semaphore)
		result = gy_fail(GEYSER_ERROR_UNSUPPORTED, "the event has no semaphore to share");
	else
		*fd = event->fd;
	if (result != GEYSER_OK)
		return result;
	answer->type = GY_WIRE_EVENT;
	answer->event = (struct gy_wire_event){.size = GY_TIMELINE_SIZE};
	answer->event.shared = native && !event->timeline.dead &&
			       is_shared(event->object.manager, &answer->event.driver);
	return GEYSER_OK;
}

/* Describes an event to an importer. The ipc layer calls this with its lock held, so this function
 * takes no lock and reads only members that never change or are atomic. */
static enum geyser_result describe(
	struct gy_export *export, bool semaphore, struct gy_message *answer, int *fd)
{
	struct geyser_event *event =
		(struct geyser_event *)((char *)export -
					offsetof(struct geyser_event, object.export));

	return gy_event_describe(event, semaphore, answer, fd);
}

/* Whether another process publishes this event, so that this process maps the page read-only. */
static bool is_follower(const struct geyser_event *event)
{
	return event->timeline.sleepers != NULL;
}

/* Whether this process alone raises the event: gy_event_publish has made it. */
static bool is_published(const struct geyser_event *event)
{
	return event->timeline.audience != NULL;
}

/* Frees the event's memory, mappings and descriptor. Call this before gy_object_init or after
 * gy_object_finish. */
static void deallocate(struct geyser_event *event)
{
	gy_audience_destroy(event->timeline.audience);
	if (event->fd >= 0)
		(void)close(event->fd);
	gy_memory_unmap(event->timeline.page, GY_TIMELINE_SIZE);
	gy_memory_unmap(event->seat, event->seat_size);
	free(event);
}

/* Maps the memory that the follower shares with the event's publisher. */
static enum geyser_result take_seat(struct geyser_event *event, const struct gy_event_seat *seat)
{
	enum geyser_result result = gy_memory_map(seat->fd, seat->size, true, &event->seat);

	if (result != GEYSER_OK)
		return result;
	event->seat_size = seat->size;
	event->timeline.sleepers = (_Atomic uint32_t *)((char *)event->seat + seat->sleepers);
	return GEYSER_OK;
}

/* Makes an event of the timeline's shared memory. Takes ownership of fd, also after a failure.
 * seat: as in gy_event_accept. */
static enum geyser_result wrap(int fd, const struct gy_event_seat *seat, struct geyser_event **out)
{
	struct geyser_event *event = calloc(1, sizeof(*event));
	enum geyser_result result;
	void *page;

	if (!event) {
		(void)close(fd);
		return gy_fail(GEYSER_ERROR_OUT_OF_MEMORY, "no memory for an event");
	}
	event->fd = fd;
	result = gy_memory_map(fd, GY_TIMELINE_SIZE, seat == NULL, &page);
	event->timeline.page = page;
	if (result == GEYSER_OK && seat)
		result = take_seat(event, seat);
	if (result == GEYSER_OK)
		*out = event;
	else
		deallocate(event);
	return result;
}

/* The manager calls this when its device is lost. Only events that the manager has created are
 * registered for this call. An imported event is signalled by the exporter's device, which may go
 * on. */
static void lose(struct gy_watched *watched)
{
	struct geyser_event *event =
		(struct geyser_event *)((char *)watched - offsetof(struct geyser_event, watched));

	gy_timeline_lose(&event->timeline);
}

/* Lets the exporter's death end waits for the event. */
static void watch_exporter(struct geyser_event *event, struct gy_peer *peer)
{
	event->timeline.dead = gy_peer_death_word(peer);
	event->alarm = (struct gy_alarm){
		.word = &event->timeline.page->wakes, .sleeping = &event->timeline.asleep};
	gy_peer_add_alarm(peer, &event->alarm);
}

static void complete(struct geyser_event *event, struct geyser_manager *manager,
	const struct gy_incoming *incoming)
{
	gy_spin_init(&event->timeline.spin, &manager->spin);
	if (incoming)
		watch_exporter(event, incoming->peer);
	gy_object_init(&event->object, manager, GY_HANDLE_EVENT, gy_memory_round(GY_TIMELINE_SIZE),
		GEYSER_MEMORY_EVENT, incoming);
	event->object.export.describe = describe;
	gy_notifier_init(&event->notifier, event, &event->timeline);
	event->watched.lose = lose;
	if (!incoming && manager->backend->on_lost)
		gy_manager_watch(manager, &event->watched);
	(void)pthread_mutex_init(&event->lock, NULL);
}

/* Makes the backend's semaphore or shared event and keeps it equal to the timeline. fd: the
 * exporter's semaphore, which the new native event owns after success; -1 makes a new semaphore. */
static enum geyser_result make_native(struct geyser_event *event, int fd)
{
	const struct gy_event_source source = {
		&event->timeline, event->timeline.dead, is_follower(event)};
	struct geyser_manager *manager = event->object.manager;
	struct gy_backend_event *native;
	enum geyser_result result =
		manager->backend->event_create(manager->device, &source, fd, &native);

	if (result == GEYSER_OK)
		atomic_store(&event->native, native);
	return result;
}

enum geyser_result gy_event_native(struct geyser_event *event, struct gy_backend_event **out)
{
	enum geyser_result result = GEYSER_OK;

	if (!backend_of(event)->event_create)
		return gy_fail(GEYSER_ERROR_UNSUPPORTED,
			"the event is of the %s backend, which has no device",
			backend_of(event)->name);
	(void)pthread_mutex_lock(&event->lock);
	if (!atomic_load(&event->native))
		result = make_native(event, -1);
	(void)pthread_mutex_unlock(&event->lock);
	*out = atomic_load(&event->native);
	return result;
}

static enum geyser_result check_arguments(
	const struct geyser_manager *manager, struct geyser_event **out)
{
	if (!out)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "out is NULL");
	*out = NULL;
	if (!manager)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "manager is NULL");
	return GEYSER_OK;
}

static enum geyser_result allocate_shared(struct geyser_event **out)
{
	int fd;
	enum geyser_result result = gy_memory_create("geyser-event", GY_TIMELINE_SIZE, &fd);

	return result == GEYSER_OK ? wrap(fd, NULL, out) : result;
}

static enum geyser_result allocate_published(struct geyser_event **out)
{
	struct geyser_event *event = calloc(1, sizeof(*event));
	enum geyser_result result;
	void *page = NULL;

	if (!event)
		return gy_fail(GEYSER_ERROR_OUT_OF_MEMORY, "no memory for an event");
	result = gy_memory_create_published("geyser-event", GY_TIMELINE_SIZE, &event->fd, &page);
	event->timeline.page = page;
	event->timeline.audience = gy_audience_create();
	if (result == GEYSER_OK && !event->timeline.audience)
		result = gy_fail(GEYSER_ERROR_OUT_OF_MEMORY, "no memory for an event");
	if (result == GEYSER_OK)
		*out = event;
	else
		deallocate(event);
	return result;
}

/* Makes an event without a native event. published: as gy_event_publish. */
static enum geyser_result create(
	struct geyser_manager *manager, uint64_t initial, bool published, struct geyser_event **out)
{
	enum geyser_result result = published ? allocate_published(out) : allocate_shared(out);

	if (result != GEYSER_OK)
		return result;
	gy_timeline_signal(&(*out)->timeline, initial);
	complete(*out, manager, NULL);
	return GEYSER_OK;
}

/* Makes an event, and its native event at once if other processes can open the semaphore. */
static enum geyser_result create_with_native(
	struct geyser_manager *manager, uint64_t initial, bool published, struct geyser_event **out)
{
	struct geyser_event *event = NULL;
	struct gy_driver_id id;
	enum geyser_result result = create(manager, initial, published, &event);

	if (result != GEYSER_OK)
		return result;
	if (is_shared(manager, &id)) /* importers may request the semaphore */
		result = make_native(event, -1);
	if (result == GEYSER_OK)
		*out = event;
	else
		geyser_event_unref(event);
	return result;
}

enum geyser_result geyser_event_create(
	struct geyser_manager *manager, uint64_t initial, struct geyser_event **out)
{
	enum geyser_result result = check_arguments(manager, out);

	return result == GEYSER_OK ? create_with_native(manager, initial, false, out) : result;
}

enum geyser_result gy_event_publish(
	struct geyser_manager *manager, uint64_t initial, struct geyser_event **out)
{
	*out = NULL;
	return create_with_native(manager, initial, true, out);
}

enum geyser_result gy_event_make(struct geyser_manager *manager, uint64_t initial,
	gy_native_maker *make, void *data, struct geyser_event **out)
{
	struct gy_backend_event *native;
	struct gy_event_source source;
	struct geyser_event *event = NULL;
	enum geyser_result result = create(manager, initial, false, &event);

	if (result != GEYSER_OK)
		return result;
	source = (struct gy_event_source){.timeline = &event->timeline};
	result = make(manager->device, &source, data, &native);
	if (result == GEYSER_OK) {
		atomic_store(&event->native, native);
		*out = event;
	} else {
		geyser_event_unref(event);
	}
	return result;
}

struct geyser_event *geyser_event_ref(struct geyser_event *event)
{
	if (event)
		gy_object_ref(&event->object);
	return event;
}

/* Destroys the native event before gy_object_finish releases the peer: threads of the native event
 * read the peer's death word. */
static void destroy(struct geyser_event *event)
{
	struct geyser_manager *manager = event->object.manager;
	struct gy_backend_event *native = atomic_load(&event->native);

	if (!gy_ipc_is_inherited(manager->ipc))
		gy_manager_unwatch(manager, &event->watched);
	if (native)
		manager->backend->event_destroy(native);
	if (event->object.peer)
		gy_peer_remove_alarm(event->object.peer, &event->alarm);
	gy_object_finish(&event->object);
	gy_notifier_finish(&event->notifier);
	(void)pthread_mutex_destroy(&event->lock);
	deallocate(event);
}

_Atomic uint32_t *gy_event_lost_word(struct geyser_event *event)
{
	return &event->timeline.page->lost;
}

struct gy_timeline *gy_event_timeline(struct geyser_event *event)
{
	return &event->timeline;
}

struct geyser_manager *gy_event_manager(struct geyser_event *event)
{
	return event->object.manager;
}

/* Ends the event after its callbacks have run. If a callback has dropped the last reference, the
 * notifier's thread calls this. Returns false if a callback, or the destroy function of attached
 * data, has taken a reference and kept it. */
static bool end(struct geyser_event *event)
{
	gy_object_detach_all(&event->object);
	if (gy_object_is_unshared(&event->object)) {
		destroy(event);
		return true;
	}
	gy_notifier_reopen(&event->notifier);
	return false;
}

static void end_on_own_thread(struct geyser_event *event)
{
	if (!end(event))
		geyser_event_unref(event);
}

/* Ends an event whose last reference is dropped. Starts again if code that ran meanwhile has taken
 * a reference and dropped it. */
static void end_last(struct gy_later *later)
{
	struct geyser_event *event =
		(struct geyser_event *)((char *)later - offsetof(struct geyser_event, object.end));

	do {
		if (gy_ipc_is_inherited(event->object.manager->ipc)) {
			gy_object_detach_all(&event->object);
			destroy(event);
			return;
		}
		/* Refuse new importers while the last callbacks run. */
		(void)gy_object_unexport(&event->object);
		if (!gy_notifier_close(&event->notifier, end_on_own_thread) || end(event))
			return;
	} while (gy_object_unref(&event->object));
}

void geyser_event_unref(struct geyser_event *event)
{
	if (!event || !gy_object_unref(&event->object))
		return;
	if (!gy_later_put_off(&event->object.end, end_last))
		end_last(&event->object.end);
}

/* ---- data that callers attach ---- */

enum geyser_result geyser_event_attach(
	struct geyser_event *event, const void *key, void *data, void (*release)(void *data))
{
	if (!event)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "event is NULL");
	return gy_object_attach(&event->object, key, data, release);
}

void *geyser_event_attached(const struct geyser_event *event, const void *key)
{
	return event ? gy_object_attached(&event->object, key) : NULL;
}

/* ---- sharing ---- */

enum geyser_result geyser_event_export(struct geyser_event *event, struct geyser_handle *out)
{
	if (event && !is_published(event) && !is_follower(event))
		return gy_object_export(&event->object, out);
	if (out)
		memset(out, 0, sizeof(*out));
	if (!event)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "event is NULL");
	return gy_fail(GEYSER_ERROR_PERMISSION,
		"the event belongs to a stream: only its subscribers get it, with the frames");
}

enum geyser_result geyser_event_unexport(struct geyser_event *event)
{
	if (!event)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "event is NULL");
	return gy_object_unexport(&event->object);
}

/* Checks the memory that a peer has sent for an event. follows: reading is enough. */
static enum geyser_result check_incoming(const struct gy_incoming *incoming, bool follows)
{
	struct gy_memory_info memory;
	enum geyser_result result = gy_memory_check(incoming->fd, &memory);

	if (result != GEYSER_OK)
		return result;
	if (incoming->answer.event.size < GY_TIMELINE_SIZE || memory.size < GY_TIMELINE_SIZE)
		return gy_fail(GEYSER_ERROR_MISMATCH,
			"the exporter's event has %" PRIu64 " of %" PRIu64
			" bytes: it must have %d",
			incoming->answer.event.size, memory.size, GY_TIMELINE_SIZE);
	if (!memory.writable && !follows)
		return gy_fail(GEYSER_ERROR_PERMISSION,
			"the exporter's event is sealed against writing: it can't be signalled");
	return GEYSER_OK;
}

bool gy_event_wants_semaphore(
	const struct geyser_manager *manager, const struct gy_wire_event *described)
{
	struct gy_driver_id ours;

	return described->shared && is_shared(manager, &ours) &&
	       memcmp(&ours, &described->driver, sizeof(ours)) == 0;
}

enum geyser_result gy_event_accept(struct geyser_manager *manager, struct gy_incoming *incoming,
	const struct gy_event_seat *seat, int *semaphore, struct geyser_event **out)
{
	enum geyser_result result = check_incoming(incoming, seat != NULL);
	struct geyser_event *event = NULL;
	int fd = incoming->fd;

	if (result != GEYSER_OK)
		return result;
	incoming->fd = -1;
	result = wrap(fd, seat, &event);
	if (result == GEYSER_ERROR_PERMISSION)
		return gy_fail(result,
			"the exporter shares its event for reading only: it can't be signalled");
	if (result != GEYSER_OK)
		return result;
	complete(event, manager, incoming);
	*out = event;
	if (*semaphore < 0)
		return GEYSER_OK;
	result = make_native(event, *semaphore);
	if (result == GEYSER_OK)
		*semaphore = -1;
	return result;
}

/* Requests the exporter's semaphore. The caller owns *fd. */
static enum geyser_result request_semaphore(struct geyser_manager *manager,
	const struct geyser_handle *handle, uint64_t deadline, int *fd)
{
	struct gy_incoming incoming;
	enum geyser_result result =
		gy_incoming_request(manager, handle, GY_HANDLE_EVENT, true, deadline, &incoming);

	if (result != GEYSER_OK)
		return result;
	*fd = incoming.fd;
	gy_peer_release(incoming.peer, NULL);
	return GEYSER_OK;
}

enum geyser_result geyser_event_import(struct geyser_manager *manager,
	const struct geyser_handle *handle, struct geyser_event **out)
{
	enum geyser_result result = check_arguments(manager, out);
	struct geyser_event *event = NULL;
	struct gy_incoming incoming;
	uint64_t deadline;
	int semaphore = -1;

	if (result != GEYSER_OK)
		return result;
	deadline = gy_deadline(manager->import_timeout_ns);
	result = gy_incoming_request(manager, handle, GY_HANDLE_EVENT, false, deadline, &incoming);
	if (result != GEYSER_OK)
		return result;
	if (gy_event_wants_semaphore(manager, &incoming.answer.event))
		result = request_semaphore(manager, handle, deadline, &semaphore);
	if (result == GEYSER_OK)
		result = gy_peer_watch_death(incoming.peer);
	if (result == GEYSER_OK)
		result = gy_event_accept(manager, &incoming, NULL, &semaphore, &event);
	gy_incoming_finish(&incoming, event != NULL);
	if (semaphore >= 0)
		(void)close(semaphore);
	if (result == GEYSER_OK)
		*out = event;
	else
		geyser_event_unref(event);
	return result;
}

/* ---- native ---- */

enum geyser_result geyser_event_export_native(
	struct geyser_event *event, struct geyser_native_event *out)
{
	struct gy_backend_event *native = NULL;
	enum geyser_result result;

	if (!out)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "out is NULL");
	*out = (struct geyser_native_event){.fd = -1};
	if (!event)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "event is NULL");
	result = gy_event_native(event, &native);
	if (result == GEYSER_OK && !backend_of(event)->event_export)
		result = gy_fail(GEYSER_ERROR_UNSUPPORTED,
			"an event of the %s backend has no descriptor to export",
			backend_of(event)->name);
	if (result != GEYSER_OK)
		return result;
	result = backend_of(event)->event_export(native, out);
	if (result != GEYSER_OK)
		*out = (struct geyser_native_event){.fd = -1};
	return result;
}

/* ---- the timeline ---- */

enum geyser_result geyser_event_value(struct geyser_event *event, uint64_t *out)
{
	if (!out)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "out is NULL");
	*out = 0;
	if (!event)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "event is NULL");
	*out = gy_timeline_value(&event->timeline);
	return GEYSER_OK;
}

enum geyser_result geyser_event_signal(struct geyser_event *event, uint64_t value)
{
	struct gy_backend_event *native;

	if (!event)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "event is NULL");
	if (is_follower(event))
		return gy_fail(GEYSER_ERROR_PERMISSION,
			"the event belongs to a stream: only the stream's publisher may signal it");
	native = atomic_load_explicit(&event->native, memory_order_acquire);
	if (native)
		backend_of(event)->event_signal(native, value);
	gy_timeline_signal(&event->timeline, value);
	return GEYSER_OK;
}

enum geyser_result geyser_event_wait(
	struct geyser_event *event, uint64_t value, uint64_t timeout_ns)
{
	const struct gy_timeline *timeline;
	char time[GY_DURATION_SIZE];
	uint64_t now;

	if (!event)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "event is NULL");
	timeline = &event->timeline;
	if (gy_timeline_wait(&event->timeline, value, gy_deadline(timeout_ns), NULL))
		return GEYSER_OK;
	now = gy_timeline_value(&event->timeline);
	if (now >= value)
		return GEYSER_OK;
	if (gy_timeline_is_lost(&event->timeline))
		return gy_fail(GEYSER_ERROR_DEVICE_LOST,
			"a device that signals the event is lost: the event is at %" PRIu64
			": %" PRIu64 " was not reached",
			now, value);
	if (timeline->dead && atomic_load(timeline->dead))
		return gy_fail(GEYSER_ERROR_DISCONNECTED,
			"the event's exporter has ended at value %" PRIu64 ": %" PRIu64
			" was not reached",
			now, value);
	return gy_fail(GEYSER_ERROR_TIMEOUT,
		"value %" PRIu64 " was not reached within %s: the event is at %" PRIu64, value,
		gy_duration(timeout_ns, time), now);
}

enum geyser_result geyser_event_set_spin(struct geyser_event *event, uint64_t spin_ns)
{
	if (!event)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "event is NULL");
	return gy_spin_set(&event->timeline.spin, spin_ns);
}

enum geyser_result geyser_event_notify(struct geyser_event *event, uint64_t value,
	void (*callback)(
		struct geyser_event *event, uint64_t value, enum geyser_result result, void *user),
	void *user)
{
	if (!event || !callback)
		return gy_fail(
			GEYSER_ERROR_INVALID_ARGUMENT, "%s is NULL", event ? "callback" : "event");
	return gy_notifier_add(&event->notifier, value, callback, user);
}

enum geyser_result geyser_event_fd(struct geyser_event *event, uint64_t value, int *out)
{
	if (!out)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "out is NULL");
	*out = -1;
	if (!event)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "event is NULL");
	return gy_notifier_add_fd(&event->notifier, value, out);
}
