/* SPDX-License-Identifier: MIT */
/* The process's activities, and its host time. */
#import "objects.h"

#include <mach/mach_time.h>
#include <objc/runtime.h>
#include <time.h>

/* ---- activities ---- */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned count;
static uint64_t options_of_last;

@interface DoubleActivity : NSObject {
      @public
	BOOL running;
}
@end

@implementation DoubleActivity
- (void)dealloc
{
	if (running)
		double_die("an activity was released before endActivity:");
	[super dealloc];
}
@end

@implementation NSProcessInfo
/* The one object lives for ever, so it isn't counted. */
+ (NSProcessInfo *)processInfo
{
	static NSProcessInfo *info;

	pthread_mutex_lock(&lock);
	if (!info)
		info = class_createInstance(self, 0);
	pthread_mutex_unlock(&lock);
	return info;
}

- (id<NSObject>)beginActivityWithOptions:(NSActivityOptions)options reason:(NSString *)reason
{
	DoubleActivity *activity;

	if (reason.length == 0)
		double_die("an activity without a reason");
	if (double_fails("beginActivity"))
		return nil;
	activity = [[[DoubleActivity alloc] init] autorelease];
	activity->running = YES;
	pthread_mutex_lock(&lock);
	count++;
	options_of_last = options;
	pthread_mutex_unlock(&lock);
	return activity;
}

- (void)endActivity:(id<NSObject>)activity
{
	DoubleActivity *own = (DoubleActivity *)activity;

	if (![own isKindOfClass:[DoubleActivity class]] || !own->running)
		double_die("endActivity: of what is no activity that runs");
	own->running = NO;
	pthread_mutex_lock(&lock);
	count--;
	pthread_mutex_unlock(&lock);
}
@end

unsigned apple_double_activities(uint64_t *options)
{
	unsigned result;

	pthread_mutex_lock(&lock);
	result = count;
	*options = options_of_last;
	pthread_mutex_unlock(&lock);
	return result;
}

/* ---- host time: as on Apple's own CPUs, 24 units in a microsecond ---- */

static _Atomic uint64_t slept;

kern_return_t mach_timebase_info(mach_timebase_info_t info)
{
	*info = (struct mach_timebase_info){.numer = 125, .denom = 3};
	return KERN_SUCCESS;
}

uint64_t mach_absolute_time(void)
{
	struct timespec now;
	uint64_t awake;

	clock_gettime(CLOCK_MONOTONIC, &now);
	awake = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec - slept;
	return awake / 125 * 3 + awake % 125 * 3 / 125;
}

void apple_double_sleep(uint64_t nanoseconds)
{
	slept += nanoseconds;
}
