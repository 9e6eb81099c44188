/* SPDX-License-Identifier: MIT */
#import "objects.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

@interface DoubleListener : MTLSharedEventListener {
	struct double_worker *worker;
}
- (struct double_worker *)worker;
@end

@implementation MTLSharedEventListener
+ (instancetype)alloc
{
	double_require("MTLSharedEventListener");
	return self == [MTLSharedEventListener class] ? [DoubleListener alloc] : [super alloc];
}

- (instancetype)init
{
	return [super init];
}
@end

@implementation DoubleListener
- (instancetype)init
{
	worker = double_worker_create();
	return self;
}

- (void)dealloc
{
	double_worker_destroy(worker);
	[super dealloc];
}

- (struct double_worker *)worker
{
	return worker;
}
@end

struct notification {
	struct notification *next;
	DoubleEvent *event; /* retained from dispatch until the block has run */
	DoubleListener *listener;
	MTLSharedEventNotificationBlock block;
	uint64_t at;
	uint64_t value;
};

/* The state that an event shares with the events that were made of its handles. */
struct double_event {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct notification *notifications;
	unsigned references;
	uint64_t value;
};

static struct double_event *event_create(void)
{
	struct double_event *event = double_allocate(sizeof(*event));
	pthread_condattr_t attributes;

	pthread_mutex_init(&event->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&event->changed, &attributes);
	pthread_condattr_destroy(&attributes);
	event->references = 1;
	return event;
}

struct double_event *double_event_ref(struct double_event *event)
{
	pthread_mutex_lock(&event->lock);
	event->references++;
	pthread_mutex_unlock(&event->lock);
	return event;
}

void double_event_unref(struct double_event *event)
{
	unsigned left;

	pthread_mutex_lock(&event->lock);
	left = --event->references;
	pthread_mutex_unlock(&event->lock);
	if (left)
		return;
	pthread_cond_destroy(&event->changed);
	pthread_mutex_destroy(&event->lock);
	free(event);
}

static void destroy(struct notification *it)
{
	double_block_release(it->block);
	[it->listener release];
	free(it);
}

static void notify(void *argument)
{
	struct notification *it = argument;

	@autoreleasepool {
		it->block(it->event, it->value);
		[it->event release];
		destroy(it);
	}
}

/* Sends the notifications that are due to their listeners. The caller holds the lock. */
static void dispatch(struct double_event *event)
{
	struct notification **link = &event->notifications;

	while (*link) {
		struct notification *it = *link;

		/* an event that is being deallocated destroys its own notifications */
		if (it->at > event->value || ![it->event retainIfAlive]) {
			link = &it->next;
			continue;
		}
		*link = it->next;
		it->value = event->value;
		double_worker_run([it->listener worker], notify, it);
	}
}

static void set_value(struct double_event *event, uint64_t value)
{
	pthread_mutex_lock(&event->lock);
	if (value < event->value)
		double_die("a shared event goes back from %llu to %llu",
			(unsigned long long)event->value, (unsigned long long)value);
	event->value = value;
	pthread_cond_broadcast(&event->changed);
	dispatch(event);
	pthread_mutex_unlock(&event->lock);
}

@implementation DoubleEvent
@dynamic device, label;

- (instancetype)initWithDevice:(id<MTLDevice>)aDevice event:(struct double_event *)shared
{
	[super initWithDevice:aDevice];
	event = shared ? double_event_ref(shared) : event_create();
	return self;
}

/* Destroys the notifications of this event whose blocks have never run. */
- (void)dealloc
{
	struct notification **link = &event->notifications, *own = NULL, *it;

	pthread_mutex_lock(&event->lock);
	while ((it = *link)) {
		if (it->event != self) {
			link = &it->next;
			continue;
		}
		*link = it->next;
		it->next = own;
		own = it;
	}
	pthread_mutex_unlock(&event->lock);
	while ((it = own)) {
		own = it->next;
		destroy(it);
	}
	double_event_unref(event);
	[super dealloc];
}

/* Any device may use a shared event, so it belongs to none. */
- (id<MTLDevice>)device
{
	return nil;
}

- (uint64_t)signaledValue
{
	uint64_t value;

	pthread_mutex_lock(&event->lock);
	value = event->value;
	pthread_mutex_unlock(&event->lock);
	return value;
}

- (void)setSignaledValue:(uint64_t)value
{
	set_value(event, value);
}

- (void)notifyListener:(MTLSharedEventListener *)listener
	       atValue:(uint64_t)value
		 block:(MTLSharedEventNotificationBlock)block
{
	struct notification *it = double_allocate(sizeof(*it));

	it->event = self;
	it->listener = (DoubleListener *)[listener retain];
	it->block = double_block_copy(block);
	it->at = value;
	pthread_mutex_lock(&event->lock);
	it->next = event->notifications;
	event->notifications = it;
	dispatch(event);
	pthread_mutex_unlock(&event->lock);
}

- (MTLSharedEventHandle *)newSharedEventHandle
{
	return [[DoubleEventHandle alloc] initWithEvent:event label:label];
}

- (BOOL)waitUntilSignaledValue:(uint64_t)value timeoutMS:(uint64_t)milliseconds
{
	struct timespec end;
	BOOL reached;

	double_require("waitUntilSignaledValue:timeoutMS:");
	clock_gettime(CLOCK_MONOTONIC, &end);
	milliseconds = milliseconds > INT32_MAX ? INT32_MAX : milliseconds;
	end.tv_sec += (time_t)(milliseconds / 1000);
	end.tv_nsec += (long)(milliseconds % 1000) * 1000000;
	if (end.tv_nsec >= 1000000000) {
		end.tv_nsec -= 1000000000;
		end.tv_sec++;
	}
	pthread_mutex_lock(&event->lock);
	while (event->value < value) {
		if (pthread_cond_timedwait(&event->changed, &event->lock, &end) == ETIMEDOUT)
			break;
	}
	reached = event->value >= value;
	pthread_mutex_unlock(&event->lock);
	return reached;
}

- (void)waitFor:(uint64_t)value
{
	pthread_mutex_lock(&event->lock);
	while (event->value < value)
		pthread_cond_wait(&event->changed, &event->lock);
	pthread_mutex_unlock(&event->lock);
}
@end
