/* SPDX-License-Identifier: MIT */
/*
 * The native semaphore of an event: a timeline semaphore that is kept equal to the event's
 * timeline, which is a value in a page of shared memory.
 *
 * Two threads of each process that uses the semaphore on its device carry values:
 *
 *     page  --- geyser-vk-down: waits for the page, signals the semaphore --->  semaphore
 *     page  <--- geyser-vk-up: waits for the semaphore, raises the page ------  semaphore
 *
 * For example, a CPU raises the page to 5. "down" signals the semaphore with 5, and a queue that
 * waits for 5 goes on. The queue then signals 6; "up" raises the page to 6, and threads that sleep
 * there wake. "up" notes 6 in `carried` before it raises the page, so that "down" doesn't carry 6
 * back.
 *
 * Shared or own: if the driver exports timeline semaphores, all processes of that driver open the
 * exporter's semaphore, and signals go from GPU to GPU. Else each process has a semaphore of its
 * own.
 *
 * Order: a semaphore must be signalled neither twice with one value nor backwards. Several
 * processes may carry values into a shared semaphore. So each process claims a value in the page's
 * `carried` before it carries the value down, and then waits until the semaphore has reached the
 * claim before its own. Any process that has the page can write it, so a claim is only a hint. If a
 * claim isn't kept within CLAIMS_WITHIN, the claiming process lies or has ended; this process then
 * carries all values itself. tests/model/carry.pml is a model of this protocol.
 *
 * Streams: only the publisher raises an event of a stream. So in a subscriber's process values go
 * down only, into a semaphore of the subscriber's own; a shared semaphore is raised by the
 * publisher itself, and the subscriber carries nothing. A subscriber's signals never reach the
 * page. The publisher's page takes from its semaphore only values that were given out
 * (gy_timeline_carry).
 *
 * Death: when the exporter dies, values that queues wait for may never come. The semaphore is then
 * raised to GY_FREED, which is above all values, and the threads of the event end.
 */
#include "backend/vulkan/vk.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/thread.h"
#include "sync/follower.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* How long to wait until another process keeps its claim. It normally takes microseconds. */
#define CLAIMS_WITHIN (50 * GY_MILLISECOND)

#define HANDLE VK_EXTERNAL_SEMAPHORE_HANDLE_TYPE_OPAQUE_FD_BIT

struct vk_event {
	struct vk_device *device;
	struct gy_event_source source;
	VkSemaphore semaphore;
	bool shared;
	int fd; /* a descriptor of the shared semaphore, made here or by the exporter; or -1 */
	_Atomic uint64_t carried; /* the largest value that this process has carried, up or down */
	/* in the page: the largest value that any process has claimed; NULL if no other process
	 * signals the semaphore */
	_Atomic uint64_t *claimed;

	pthread_mutex_t carry; /* held to signal the semaphore, so that values come in order */
	bool alone;            /* guarded by carry: another process did not keep its claim */
	pthread_mutex_t lock;  /* guards started */
	bool started;
	bool half; /* the thread "down" could not be started */
	_Atomic bool closing;
	/* wakes "up" when the event ends, if other processes use the event's semaphore */
	VkSemaphore wake;
	pthread_t up;
	struct gy_follower down;
};

static struct vk_event *event_of(struct gy_backend_event *base)
{
	return (struct vk_event *)base;
}

/* ---- carrying values ---- */

static uint64_t semaphore_value(struct vk_device *device, VkSemaphore semaphore)
{
	uint64_t value = 0;
	VkResult result =
		device->api.GetSemaphoreCounterValue(device->handles.device, semaphore, &value);

	if (result != VK_SUCCESS)
		(void)gy_vk_fail(device, result, "vkGetSemaphoreCounterValue");
	return value;
}

static void signal(struct vk_event *event, VkSemaphore semaphore, uint64_t value)
{
	struct vk_device *device = event->device;
	const VkSemaphoreSignalInfo info = {
		.sType = VK_STRUCTURE_TYPE_SEMAPHORE_SIGNAL_INFO,
		.semaphore = semaphore,
		.value = value,
	};
	VkResult result;

	/* signal a lost device's semaphore, too: a thread of this process may wait for it */
	result = device->api.SignalSemaphore(device->handles.device, &info);
	if (result != VK_SUCCESS)
		(void)gy_vk_fail(device, result, "vkSignalSemaphore");
}

/* Claims a value. Returns the value that the semaphore must reach before this process signals it:
 * the claim before this one or, if another process has claimed as much, the value itself. */
static uint64_t claim(_Atomic uint64_t *claimed, uint64_t value)
{
	uint64_t before = atomic_load(claimed);

	while (before < value)
		if (atomic_compare_exchange_weak(claimed, &before, value))
			return before;
	return value;
}

/* Waits until the other processes have kept their claims, for CLAIMS_WITHIN at most. Returns the
 * semaphore's value. */
static uint64_t await_claims(struct vk_event *event, uint64_t now, uint64_t value)
{
	struct vk_device *device = event->device;
	const uint64_t first = claim(event->claimed, value);
	const VkSemaphoreWaitInfo info = {
		.sType = VK_STRUCTURE_TYPE_SEMAPHORE_WAIT_INFO,
		.semaphoreCount = 1,
		.pSemaphores = &event->semaphore,
		.pValues = &first,
	};

	if (first <= now || event->alone)
		return now;
	(void)device->api.WaitSemaphores(device->handles.device, &info, CLAIMS_WITHIN);
	now = semaphore_value(device, event->semaphore);
	event->alone = now < first;
	return now;
}

static void carry_down(struct vk_event *event, uint64_t value)
{
	uint64_t now;

	(void)pthread_mutex_lock(&event->carry);
	if (gy_note_carried(&event->carried, value)) {
		now = semaphore_value(event->device, event->semaphore);
		if (value > now && event->claimed)
			now = await_claims(event, now, value);
		if (value > now && value - now > event->device->max_difference)
			value = now + event->device->max_difference;
		if (value > now)
			signal(event, event->semaphore, value);
	}
	(void)pthread_mutex_unlock(&event->carry);
}

/* Returns false if the semaphore is at GY_FREED: no more values come up. */
static bool carry_up(struct vk_event *event, uint64_t value)
{
	if (value == GY_FREED)
		return false;
	(void)gy_note_carried(&event->carried, value);
	gy_timeline_carry(event->source.timeline, value);
	return true;
}

/* ---- the threads ---- */

/* Blocks until the semaphore is above that value, or the thread must end. */
static VkResult wait_above(struct vk_event *event, uint64_t value)
{
	struct vk_device *device = event->device;
	const VkSemaphore semaphores[] = {event->semaphore, event->wake};
	const uint64_t values[] = {value + 1, 1};
	const VkSemaphoreWaitInfo info = {
		.sType = VK_STRUCTURE_TYPE_SEMAPHORE_WAIT_INFO,
		.flags = event->wake ? VK_SEMAPHORE_WAIT_ANY_BIT : 0,
		.semaphoreCount = event->wake ? 2 : 1,
		.pSemaphores = semaphores,
		.pValues = values,
	};

	return device->api.WaitSemaphores(device->handles.device, &info, UINT64_MAX);
}

static void *run_up(void *data)
{
	struct vk_event *event = data;
	uint64_t value = semaphore_value(event->device, event->semaphore);
	VkResult result;

	while (!atomic_load(&event->closing) && !gy_loss_is_noted(&event->device->loss)) {
		if (!carry_up(event, value))
			break;
		result = wait_above(event, value);
		if (result != VK_SUCCESS && result != VK_TIMEOUT) {
			(void)gy_vk_fail(event->device, result, "vkWaitSemaphores");
			break;
		}
		value = semaphore_value(event->device, event->semaphore);
	}
	return NULL;
}

/* Runs on the follower's thread. */
static void follow(void *user, uint64_t value)
{
	struct vk_event *event = user;

	if (event->source.follows && event->shared && value < GY_FREED)
		return; /* the publisher raises the semaphore */
	if (!gy_loss_is_noted(&event->device->loss))
		carry_down(event, value);
}

static enum geyser_result start(struct vk_event *event)
{
	enum geyser_result result = GEYSER_OK;

	if (!event->source.follows)
		result = gy_thread_start(&event->up, "geyser-vk-up", 0, run_up, event);
	if (result != GEYSER_OK)
		return result;
	event->down = (struct gy_follower){
		.timeline = event->source.timeline,
		.carry = follow,
		.user = event,
	};
	result = gy_follower_start(&event->down, "geyser-vk-down");
	event->started = true;
	event->half = result != GEYSER_OK; /* nothing keeps the two equal: the event is unusable */
	return result;
}

/* Ends the thread "up". A semaphore of this process's own may be raised to GY_FREED for that: no
 * other process waits for it. "up" may not have carried the device's last signal yet, and others
 * may wait for that value at the page. So it is carried here. */
static void stop_up(struct vk_event *event)
{
	const uint64_t last = semaphore_value(event->device, event->semaphore);
	if (event->wake)
		signal(event, event->wake, 1);
	else if (last < GY_FREED)
		signal(event, event->semaphore, GY_FREED);
	(void)pthread_join(event->up, NULL);
	if (!gy_loss_is_noted(&event->device->loss))
		(void)carry_up(event, last);
}

static void stop(struct vk_event *event)
{
	if (!event->started)
		return;
	atomic_store(&event->closing, true);
	if (!event->half)
		gy_follower_stop(&event->down);
	if (!event->source.follows)
		stop_up(event);
}

enum geyser_result gy_vulkan_semaphore(struct gy_backend_event *base, VkSemaphore *out)
{
	struct vk_event *event = event_of(base);
	enum geyser_result result = gy_vk_check(event->device);

	(void)pthread_mutex_lock(&event->lock);
	if (result == GEYSER_OK && !event->started)
		result = start(event);
	(void)pthread_mutex_unlock(&event->lock);
	if (result == GEYSER_OK)
		*out = event->semaphore;
	return result;
}

bool gy_vulkan_event_is_native(const struct gy_backend_event *base)
{
	return ((const struct vk_event *)base)->shared;
}

/* ---- life ---- */

bool gy_vk_event_shared(void *data, struct gy_driver_id *out)
{
	const struct vk_device *device = data;

	for (size_t i = 0; i < sizeof(out->device_uuid); i++) {
		out->device_uuid[i] = device->info.device_uuid[i];
		out->driver_uuid[i] = device->info.driver_uuid[i];
	}
	return device->info.native_events;
}

static enum geyser_result make_semaphore(
	struct vk_device *device, uint64_t initial, bool export, VkSemaphore *out)
{
	const VkExportSemaphoreCreateInfo exported = {
		.sType = VK_STRUCTURE_TYPE_EXPORT_SEMAPHORE_CREATE_INFO,
		.handleTypes = HANDLE,
	};
	const VkSemaphoreTypeCreateInfo type = {
		.sType = VK_STRUCTURE_TYPE_SEMAPHORE_TYPE_CREATE_INFO,
		.pNext = export ? &exported : NULL,
		.semaphoreType = VK_SEMAPHORE_TYPE_TIMELINE,
		.initialValue = initial,
	};
	const VkSemaphoreCreateInfo info = {
		.sType = VK_STRUCTURE_TYPE_SEMAPHORE_CREATE_INFO,
		.pNext = &type,
	};
	VkResult result = device->api.CreateSemaphore(device->handles.device, &info, NULL, out);

	return result == VK_SUCCESS ? GEYSER_OK : gy_vk_fail(device, result, "vkCreateSemaphore");
}

static enum geyser_result export_semaphore(struct vk_event *event)
{
	struct vk_device *device = event->device;
	const VkSemaphoreGetFdInfoKHR info = {
		.sType = VK_STRUCTURE_TYPE_SEMAPHORE_GET_FD_INFO_KHR,
		.semaphore = event->semaphore,
		.handleType = HANDLE,
	};
	VkResult result = device->api.GetSemaphoreFdKHR(device->handles.device, &info, &event->fd);

	if (result != VK_SUCCESS)
		return gy_vk_fail(device, result, "vkGetSemaphoreFdKHR");
	(void)fcntl(event->fd, F_SETFD, FD_CLOEXEC); /* not every driver does */
	return GEYSER_OK;
}

/* The driver takes over the descriptor that it imports, so it gets a duplicate. event_export needs
 * the original. */
static enum geyser_result import_semaphore(struct vk_event *event, int fd)
{
	struct vk_device *device = event->device;
	const VkImportSemaphoreFdInfoKHR info = {
		.sType = VK_STRUCTURE_TYPE_IMPORT_SEMAPHORE_FD_INFO_KHR,
		.semaphore = event->semaphore,
		.handleType = HANDLE,
		.fd = fcntl(fd, F_DUPFD_CLOEXEC, 0),
	};
	VkResult result;

	if (info.fd < 0)
		return gy_fail_errno("duplicating a descriptor");
	result = device->api.ImportSemaphoreFdKHR(device->handles.device, &info);
	if (result == VK_SUCCESS) {
		event->fd = fd;
		return GEYSER_OK;
	}
	(void)close(info.fd);
	return gy_vk_fail(device, result, "vkImportSemaphoreFdKHR");
}

static enum geyser_result make_shared(struct vk_event *event, uint64_t initial, int fd)
{
	enum geyser_result result = GEYSER_OK;

	event->shared = true;
	if (!event->source.follows) {
		event->claimed = &event->source.timeline->page->carried;
		result = make_semaphore(event->device, 0, false, &event->wake);
	}
	if (result == GEYSER_OK)
		result = make_semaphore(
			event->device, fd < 0 ? initial : 0, fd < 0, &event->semaphore);
	if (result != GEYSER_OK)
		return result;
	if (fd >= 0)
		return import_semaphore(event, fd);
	(void)gy_note_carried(&event->carried, initial);
	return export_semaphore(event);
}

static enum geyser_result make_own(struct vk_event *event, uint64_t initial)
{
	(void)gy_note_carried(&event->carried, initial);
	return make_semaphore(event->device, initial, false, &event->semaphore);
}

static void deallocate(struct vk_event *event)
{
	struct vk_device *device = event->device;
	VkDevice vk = device->handles.device;

	if (!gy_vk_is_inherited(device)) {
		if (event->semaphore)
			device->api.DestroySemaphore(vk, event->semaphore, NULL);
		if (event->wake)
			device->api.DestroySemaphore(vk, event->wake, NULL);
	}
	if (event->fd >= 0)
		(void)close(event->fd);
	(void)pthread_mutex_destroy(&event->carry);
	(void)pthread_mutex_destroy(&event->lock);
	free(event);
}

enum geyser_result gy_vk_event_create(
	void *data, const struct gy_event_source *source, int fd, struct gy_backend_event **out)
{
	struct vk_device *device = data;
	struct vk_event *event = calloc(1, sizeof(*event));
	uint64_t initial = gy_timeline_value(source->timeline);
	enum geyser_result result;

	if (!event)
		return gy_fail(GEYSER_ERROR_OUT_OF_MEMORY, "no memory for an event");
	event->device = device;
	event->source = *source;
	event->fd = -1;
	(void)pthread_mutex_init(&event->carry, NULL);
	(void)pthread_mutex_init(&event->lock, NULL);
	result = gy_vk_check(device);
	if (result == GEYSER_OK && device->info.native_events && (fd >= 0 || !source->dead))
		result = make_shared(event, initial, fd);
	else if (result == GEYSER_OK)
		result = make_own(event, initial);
	if (result != GEYSER_OK) {
		deallocate(event);
		return result;
	}
	*out = (struct gy_backend_event *)event;
	return GEYSER_OK;
}

enum geyser_result gy_vk_event_describe(struct gy_backend_event *base, int *fd)
{
	const struct vk_event *event = event_of(base);
	enum geyser_result result = gy_vk_check(event->device);

	/* An imported semaphore isn't passed on: a process that imports the event from this one
	 * makes a semaphore of its own. */
	if (result == GEYSER_OK && (event->fd < 0 || event->source.dead))
		result = gy_fail(GEYSER_ERROR_UNSUPPORTED, "the event has no semaphore to share");
	if (result == GEYSER_OK)
		*fd = event->fd;
	return result;
}

enum geyser_result gy_vk_event_export(
	struct gy_backend_event *base, struct geyser_native_event *out)
{
	struct vk_event *event = event_of(base);
	const struct geyser_vulkan_info *info = &event->device->info;
	VkSemaphore semaphore;
	enum geyser_result result = gy_vulkan_semaphore(base, &semaphore);

	if (result != GEYSER_OK)
		return result;
	if (event->fd < 0)
		return gy_fail(GEYSER_ERROR_UNSUPPORTED,
			info->native_events
				? "the event's exporter has another driver than %s: it has no "
				  "semaphore that other processes can open"
				: "%s exports no timeline semaphores: wait for the event with "
				  "geyser_event_wait or geyser_event_notify",
			info->name);
	out->type = GEYSER_NATIVE_EVENT_TIMELINE_FD;
	memcpy(out->device_uuid, info->device_uuid, sizeof(out->device_uuid));
	memcpy(out->driver_uuid, info->driver_uuid, sizeof(out->driver_uuid));
	out->fd = fcntl(event->fd, F_DUPFD_CLOEXEC, 0);
	return out->fd >= 0 ? GEYSER_OK : gy_fail_errno("duplicating a descriptor");
}

void gy_vk_event_signal(struct gy_backend_event *base, uint64_t value)
{
	carry_down(event_of(base), value);
}

void gy_vk_event_destroy(struct gy_backend_event *base)
{
	struct vk_event *event = event_of(base);

	if (!gy_vk_is_inherited(event->device))
		stop(event);
	deallocate(event);
}
