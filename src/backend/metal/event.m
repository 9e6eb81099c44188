/* SPDX-License-Identifier: MIT */
/*
 * Keeps an MTLSharedEvent, the event's native object, equal to the event's page.
 *
 * Only XPC can send a shared event to another process. So each process makes a shared event of its
 * own:
 *
 *     GPU and CPU of process A        shared memory        GPU and CPU of process B
 *     shared event  -- listener ---->     page     <---- listener --  shared event
 *                   <-- follower ----              ---- follower -->
 *
 * The listener's thread carries a new value up, from the shared event to the page. The follower's
 * thread, "geyser-mtl-down", carries a new value down, from the page to the shared event. For
 * example, A's GPU signals 5. A's listener notes 5 in carried and raises the page to 5. B's
 * follower sees 5 in the page and sets B's shared event to 5. A's follower also sees 5, finds it
 * noted in carried, and does nothing.
 *
 * A block that a shared event is to call can't be taken back. So the block holds a reference to the
 * GeyserMetalEvent, which owns all of this. When the block is called after the end, it finds that
 * the event has ended.
 *
 * Systems older than shared events have none (event is nil), and neither of the two threads. When a
 * command buffer has completed, its handler raises the page.
 *
 * Only the publisher raises an event of a stream, so in a subscriber's process no value is carried
 * up.
 */
#include "backend/metal/mtl.h"

#include "base/error.h"
#include "sync/follower.h"

#import <Metal/Metal.h>

#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>

@class GeyserMetalEvent;

struct mtl_event {
	GeyserMetalEvent *object; /* frees this struct with its last reference */
	struct gy_event_source source;
	id event;    /* id<MTLSharedEvent>; nil after the end and without shared events */
	id listener; /* MTLSharedEventListener; nil without shared events */
	id<MTLCommandQueue> queue; /* nil until it is needed */
	/* lives until gy_mtl_event_destroy, which the GeyserMetalEvent may outlive */
	struct mtl_device *device;
	/* the caller gave the shared event, so others may wait for it after our end */
	bool adopted;
	_Atomic uint64_t carried;
	pthread_mutex_t carry; /* values go down in order, whichever thread signals */
	/* guards started, closing and queue, and page and device while the event closes */
	pthread_mutex_t lock;
	bool started, closing;
	struct gy_follower down;
};

@interface GeyserMetalEvent : NSObject {
      @public
	struct mtl_event *state;
}
@end

@implementation GeyserMetalEvent
- (void)dealloc
{
	[state->event release];
	[state->listener release];
	[state->queue release];
	(void)pthread_mutex_destroy(&state->carry);
	(void)pthread_mutex_destroy(&state->lock);
	free(state);
	[super dealloc];
}
@end

/* ---- carrying values ---- */

/* Carries a value down. The follower's thread calls this, and so does any thread that signals. */
static void carry_down(void *user, uint64_t value)
{
	struct mtl_event *event = user;

	(void)pthread_mutex_lock(&event->carry);
	@autoreleasepool {
		if (gy_note_carried(&event->carried, value) && value > [event->event signaledValue])
			[event->event setSignaledValue:value];
	}
	(void)pthread_mutex_unlock(&event->carry);
}

/* Carries a value up, unless the event has ended. */
static void came_up(struct mtl_event *event, uint64_t value);

/* Asks for a call of the block at the next value above this one. The caller holds the lock. */
static void watch(struct mtl_event *event, uint64_t above)
{
	GeyserMetalEvent *object = event->object;

	[event->event notifyListener:event->listener
			     atValue:above + 1
			       block:^(id<MTLSharedEvent> shared, uint64_t value) {
				 (void)value; /* the value may be larger by now */
				 @autoreleasepool {
					 came_up(object->state, shared.signaledValue);
				 }
			       }];
}

static void came_up(struct mtl_event *event, uint64_t value)
{
	(void)pthread_mutex_lock(&event->lock);
	if (!event->closing && value < GY_FREED) {
		(void)gy_note_carried(&event->carried, value);
		gy_timeline_carry(event->source.timeline, value);
		watch(event, value);
	}
	(void)pthread_mutex_unlock(&event->lock);
}

/* Starts to keep the shared event equal to the page. The caller holds the lock. */
static enum geyser_result start(struct mtl_event *event)
{
	enum geyser_result result;

	event->down = (struct gy_follower){
		.timeline = event->source.timeline,
		.carry = carry_down,
		.user = event,
	};
	result = gy_follower_start(&event->down, "geyser-mtl-down");
	if (result != GEYSER_OK)
		return result;
	event->started = true;
	if (!event->source.follows)
		watch(event, gy_timeline_value(event->source.timeline));
	return GEYSER_OK;
}

bool gy_metal_has_events(const void *device)
{
	return ((const struct mtl_device *)device)->listener != NULL;
}

enum geyser_result gy_metal_check_events(const void *device)
{
	if (gy_metal_has_events(device))
		return GEYSER_OK;
	return gy_fail(GEYSER_ERROR_UNSUPPORTED,
		"there is no MTLSharedEvent before macOS 10.14 and iOS 12: geyser_event_wait, "
		"geyser_event_signal and geyser_metal_encode_signal work without one");
}

enum geyser_result gy_metal_shared_event(struct gy_backend_event *base, void **out)
{
	struct mtl_event *event = (struct mtl_event *)base;
	enum geyser_result result = gy_metal_check_events(event->device);

	@autoreleasepool {
		(void)pthread_mutex_lock(&event->lock);
		if (result == GEYSER_OK && !event->started)
			result = start(event);
		(void)pthread_mutex_unlock(&event->lock);
	}
	if (result == GEYSER_OK)
		*out = event->event;
	return result;
}

/* ---- command buffers ---- */

/* Checks that the event has the value, so that nothing needs to be encoded for the wait. Errors:
 * UNSUPPORTED. */
static enum geyser_result check_met(const struct mtl_event *event, uint64_t value)
{
	uint64_t now = gy_timeline_value(event->source.timeline);

	if (now >= value)
		return GEYSER_OK;
	return gy_fail(GEYSER_ERROR_UNSUPPORTED,
		"value (%" PRIu64 "): the event is at %" PRIu64
		", and before macOS 10.14 and iOS 12 a GPU can't wait for it: call "
		"geyser_event_wait first",
		value, now);
}

enum geyser_result gy_metal_encode_wait(
	struct gy_backend_event *base, void *command_buffer, uint64_t value)
{
	if (__builtin_available(macOS 10.14, iOS 12.0, *)) {
		void *shared;
		enum geyser_result result = gy_metal_shared_event(base, &shared);

		if (result != GEYSER_OK)
			return result;
		@autoreleasepool {
			[(id<MTLCommandBuffer>)command_buffer
				encodeWaitForEvent:(id<MTLEvent>)shared
					     value:value];
		}
		return GEYSER_OK;
	}
	return check_met((const struct mtl_event *)base, value);
}

/* Returns whether no later command buffer of this process can run on the device either. error: of a
 * command buffer, or nil. */
static bool is_loss(NSError *error)
{
#if TARGET_OS_OSX
	if (error.code == MTLCommandBufferErrorDeviceRemoved)
		return true;
#endif
	return error.code == MTLCommandBufferErrorAccessRevoked;
}

static void lose(struct mtl_event *event)
{
	(void)pthread_mutex_lock(&event->lock);
	if (!event->closing) {
		gy_timeline_lose(event->source.timeline);
		gy_loss_note(&event->device->loss);
	}
	(void)pthread_mutex_unlock(&event->lock);
}

/* Runs when a command buffer that was to signal the value has completed. After an error the GPU may
 * not have signalled it, and no other thread will. Without an error the value is there, unless the
 * raise for an earlier command buffer's error came between and put the old value back. Without
 * shared events (shared is nil) this call is the signal. */
static void keep_promise(struct mtl_event *event, id shared, uint64_t value, NSError *error)
{
	if (is_loss(error)) {
		lose(event);
		value = GY_FREED;
	}
	if (!shared)
		came_up(event, value);
	(void)pthread_mutex_lock(&event->carry);
	if (value > [shared signaledValue])
		[shared setSignaledValue:value];
	(void)pthread_mutex_unlock(&event->carry);
}

enum geyser_result gy_metal_encode_signal(
	struct gy_backend_event *base, void *command_buffer, uint64_t value)
{
	struct mtl_event *event = (struct mtl_event *)base;
	GeyserMetalEvent *object = event->object;
	id shared = event->event;
	void *started;
	enum geyser_result result = shared ? gy_metal_shared_event(base, &started) : GEYSER_OK;

	if (result != GEYSER_OK)
		return result;
	@autoreleasepool {
		if (__builtin_available(macOS 10.14, iOS 12.0, *))
			[(id<MTLCommandBuffer>)command_buffer encodeSignalEvent:shared value:value];
		[(id<MTLCommandBuffer>)command_buffer
			addCompletedHandler:^(id<MTLCommandBuffer> completed) {
			  @autoreleasepool {
				  keep_promise(object->state, shared, value, completed.error);
			  }
			}];
	}
	return GEYSER_OK;
}

void gy_mtl_event_signal(struct gy_backend_event *base, uint64_t value)
{
	carry_down(base, value);
}

enum geyser_result gy_mtl_event_queue(struct gy_backend_event *base, void **out)
{
	struct mtl_event *event = (struct mtl_event *)base;

	@autoreleasepool {
		(void)pthread_mutex_lock(&event->lock);
		if (!event->queue)
			event->queue = [(id<MTLDevice>)event->device->device newCommandQueue];
		*out = event->queue;
		(void)pthread_mutex_unlock(&event->lock);
	}
	if (*out)
		return GEYSER_OK;
	return gy_fail(GEYSER_ERROR_OUT_OF_MEMORY, "Metal returned no command queue for %s",
		event->device->info.name);
}

/* ---- life ---- */

/* Makes the backend's part of an event. Takes over the shared event, even after a failure. shared
 * is nil without shared events. */
static enum geyser_result make(struct mtl_device *device, const struct gy_event_source *source,
	id shared, struct mtl_event **out)
{
	struct mtl_event *event = calloc(1, sizeof(*event));

	if (!event) {
		[shared release];
		return gy_fail(GEYSER_ERROR_OUT_OF_MEMORY, "no memory for an event");
	}
	event->object = [[GeyserMetalEvent alloc] init];
	event->object->state = event;
	event->source = *source;
	event->event = shared;
	event->listener = [(id)device->listener retain];
	event->device = device;
	atomic_init(&event->carried, [shared signaledValue]);
	(void)pthread_mutex_init(&event->carry, NULL);
	(void)pthread_mutex_init(&event->lock, NULL);
	*out = event;
	return GEYSER_OK;
}

static enum geyser_result refuse_nil(const struct mtl_device *device)
{
	return gy_fail(GEYSER_ERROR_UNSUPPORTED,
		"%s makes no MTLSharedEvent (newSharedEvent is nil; a sandbox may be the cause): "
		"the GPU can't wait for this event, but geyser_event_wait and geyser_event_signal "
		"work",
		device->info.name);
}

enum geyser_result gy_mtl_event_create(
	void *data, const struct gy_event_source *source, int fd, struct gy_backend_event **out)
{
	struct mtl_device *device = data;
	enum geyser_result result;

	(void)fd; /* always -1, because event_shared is NULL */
	@autoreleasepool {
		struct mtl_event *event;
		id shared = nil;

		if (__builtin_available(macOS 10.14, iOS 12.0, *)) {
			shared = [(id<MTLDevice>)device->device newSharedEvent];
			if (!shared)
				return refuse_nil(device);
			[shared setSignaledValue:gy_timeline_value(source->timeline)];
		}
		result = make(device, source, shared, &event);
		if (result == GEYSER_OK)
			*out = (struct gy_backend_event *)event;
	}
	return result;
}

enum geyser_result gy_metal_event_adopt(void *data, const struct gy_event_source *source,
	void *mtl_shared_event, struct gy_backend_event **out)
{
	struct gy_backend_event *base;
	struct mtl_event *event;
	enum geyser_result result;
	void *started;

	@autoreleasepool {
		result = make(data, source, [(id)mtl_shared_event retain], &event);
	}
	if (result != GEYSER_OK)
		return result;
	event->adopted = true;
	base = (struct gy_backend_event *)event;
	result = gy_metal_shared_event(base, &started);
	if (result == GEYSER_OK)
		*out = base;
	else
		gy_mtl_event_destroy(base);
	return result;
}

/* Breaks a circle of references: the shared event holds the block, and the block holds the
 * GeyserMetalEvent. So the reference to the shared event is released first. */
void gy_mtl_event_destroy(struct gy_backend_event *base)
{
	struct mtl_event *event = (struct mtl_event *)base;

	if (gy_mtl_is_inherited(event->device))
		return; /* a forked child has neither the threads nor Metal */
	@autoreleasepool {
		(void)pthread_mutex_lock(&event->lock);
		event->closing = true;
		(void)pthread_mutex_unlock(&event->lock);
		if (event->started)
			gy_follower_stop(&event->down);
		if (event->started && !event->adopted)
			carry_down(event, GY_FREED); /* no queue may wait for it any longer */
		[event->event release];
		event->event = nil;
		[event->object release];
	}
}
