/* SPDX-License-Identifier: MIT */
/* The functions of apple.h that are about the process rather than a texture: App Nap and host
 * time. */
#include <geyser/apple.h>

#include "base/clock.h"
#include "base/error.h"
#include "core/manager.h"

#import <Foundation/Foundation.h>
#include <mach/mach_time.h>

/* ---- App Nap ---- */

static void *begin_activity(void)
{
	@autoreleasepool {
		NSString *reason = [NSString stringWithUTF8String:"geyser shares frames"];
		id token = [[NSProcessInfo processInfo]
			beginActivityWithOptions:NSActivityUserInitiatedAllowingIdleSystemSleep
					  reason:reason];

		return [token retain];
	}
}

static void end_activity(void *token)
{
	@autoreleasepool {
		[[NSProcessInfo processInfo] endActivity:(id)token];
		[(id)token release];
	}
}

enum geyser_result geyser_apple_keep_active(struct geyser_manager *manager, bool keep)
{
	static const struct gy_activity activity = {begin_activity, end_activity};

	if (!manager)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "manager is NULL");
	if (gy_ipc_is_inherited(manager->ipc))
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT,
			"the manager was made before fork: the child must make its own manager");
	if (gy_manager_set_activity(manager, keep ? &activity : NULL))
		return GEYSER_OK;
	return gy_fail(GEYSER_ERROR_SYSTEM, "NSProcessInfo begins no activity");
}

/* ---- host time ---- */

/* Reads both clocks, CLOCK_MONOTONIC before and after the other, so that a thread that is held up
 * in between shifts the result by half of that time at most. */
uint64_t geyser_apple_host_time(uint64_t timestamp_ns)
{
	mach_timebase_info_data_t base;
	const uint64_t before = gy_now(), host = mach_absolute_time(), after = gy_now();
	const uint64_t now = before + (after - before) / 2;
	const bool past = timestamp_ns < now;
	const uint64_t distance = past ? now - timestamp_ns : timestamp_ns - now;
	uint64_t units;

	(void)mach_timebase_info(&base); /* never fails */
	units = distance / base.numer * base.denom +
		distance % base.numer * base.denom / base.numer;
	if (!past)
		return units < UINT64_MAX - host ? host + units : UINT64_MAX;
	return units < host ? host - units : 0;
}
