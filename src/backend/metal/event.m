/* SPDX-License-Identifier: MIT */
/*
 * An event's twin: an MTLSharedEvent that is kept equal to the event's page.
 *
 * Only XPC carries a shared event to another process, so each process has one of its own. A value
 * comes up by the listener's thread, which raises the page, and goes down by a follower,
 * "geyser-mtl-down". A value that came up is noted in carried first, so that it isn't carried down
 * again. A block that a shared event is to call can't be taken back: it holds the twin's object,
 * and finds out that the twin has ended when it is called, or never is.
 *
 * Only the publisher raises an event of a stream: in a subscriber's process no value comes up.
 */
#include "backend/metal/mtl.h"

#include "base/error.h"
#include "sync/follower.h"

#import <Metal/Metal.h>

#include <pthread.h>
#include <stdlib.h>

@class GeyserMetalTwin;

struct mtl_event {
	GeyserMetalTwin *twin; /* frees all this with its last reference */
	struct gy_event_source source;
	id<MTLSharedEvent> event; /* nil when it has ended */
	MTLSharedEventListener *listener;
	pid_t owner;
	bool adopted; /* the caller's: others may wait for it when we are gone */
	_Atomic uint64_t carried;
	pthread_mutex_t carry; /* values must go down in order, whoever signals */
	pthread_mutex_t lock;  /* guards started and closing, and the page once it closes */
	bool started, closing;
	struct gy_follower down;
};

@interface GeyserMetalTwin : NSObject {
      @public
	struct mtl_event *twin_event;
}
@end

@implementation GeyserMetalTwin
- (void)dealloc
{
	[twin_event->event release];
	[twin_event->listener release];
	(void)pthread_mutex_destroy(&twin_event->carry);
	(void)pthread_mutex_destroy(&twin_event->lock);
	free(twin_event);
	[super dealloc];
}
@end

/* ---- carrying values ---- */

/* Also on the follower's thread. */
static void carry_down(void *user, uint64_t value)
{
	struct mtl_event *event = user;

	(void)pthread_mutex_lock(&event->carry);
	@autoreleasepool {
		if (gy_note_carried(&event->carried, value) && value > event->event.signaledValue)
			event->event.signaledValue = value;
	}
	(void)pthread_mutex_unlock(&event->carry);
}

static void came_up(struct mtl_event *event, uint64_t value);

/* With the lock held. */
static void watch(struct mtl_event *event, uint64_t above)
{
	GeyserMetalTwin *twin = event->twin;

	[event->event notifyListener:event->listener
			     atValue:above + 1
			       block:^(id<MTLSharedEvent> shared, uint64_t value) {
				 (void)value; /* it may be larger by now */
				 @autoreleasepool {
					 came_up(twin->twin_event, shared.signaledValue);
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

/* With the lock held. */
static enum geyser_result start(struct mtl_event *event)
{
	enum geyser_result result;

	event->down = (struct gy_follower){
		.timeline = event->source.timeline,
		.dead = event->source.dead,
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

enum geyser_result gy_metal_shared_event(struct gy_backend_event *base, void **out)
{
	struct mtl_event *event = (struct mtl_event *)base;
	enum geyser_result result = GEYSER_OK;

	@autoreleasepool {
		(void)pthread_mutex_lock(&event->lock);
		if (!event->started)
			result = start(event);
		(void)pthread_mutex_unlock(&event->lock);
	}
	if (result == GEYSER_OK)
		*out = event->event;
	return result;
}

void gy_mtl_event_signal(struct gy_backend_event *base, uint64_t value)
{
	carry_down(base, value);
}

/* ---- life ---- */

/* Takes the shared event over, also when it fails. */
static enum geyser_result make(struct mtl_device *device, const struct gy_event_source *source,
	id<MTLSharedEvent> shared, struct mtl_event **out)
{
	struct mtl_event *event = calloc(1, sizeof(*event));

	if (!event || !shared) {
		[shared release];
		free(event);
		return gy_fail(GEYSER_ERROR_OUT_OF_MEMORY, "no memory for an event");
	}
	event->twin = [[GeyserMetalTwin alloc] init];
	event->twin->twin_event = event;
	event->source = *source;
	event->event = shared;
	event->listener = [(id)device->listener retain];
	event->owner = device->owner;
	atomic_init(&event->carried, shared.signaledValue);
	(void)pthread_mutex_init(&event->carry, NULL);
	(void)pthread_mutex_init(&event->lock, NULL);
	*out = event;
	return GEYSER_OK;
}

enum geyser_result gy_mtl_event_create(
	void *data, const struct gy_event_source *source, int fd, struct gy_backend_event **out)
{
	struct mtl_device *device = data;
	enum geyser_result result;

	(void)fd; /* no twin of another process's: event_shared is NULL */
	@autoreleasepool {
		id<MTLSharedEvent> shared = [(id<MTLDevice>)device->device newSharedEvent];
		struct mtl_event *event;

		shared.signaledValue = gy_timeline_value(source->timeline);
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
		result = make(data, source, [(id<MTLSharedEvent>)mtl_shared_event retain], &event);
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

/* The shared event holds the block, which holds the twin: that lets go of the shared event first.
 */
void gy_mtl_event_destroy(struct gy_backend_event *base)
{
	struct mtl_event *event = (struct mtl_event *)base;

	if (event->owner != getpid())
		return; /* a forked child has neither the threads nor Metal */
	@autoreleasepool {
		(void)pthread_mutex_lock(&event->lock);
		event->closing = true;
		(void)pthread_mutex_unlock(&event->lock);
		if (event->started)
			gy_follower_stop(&event->down);
		if (event->started && !event->adopted)
			carry_down(event, GY_FREED); /* nobody is to wait for it any more */
		[event->event release];
		event->event = nil;
		[event->twin release];
	}
}
