/* SPDX-License-Identifier: MIT */
/* The method exists since macOS 12 and iOS 15, and the call isn't guarded: macOS 10.13 lacks it. */
void gy_check(id<MTLSharedEvent> event);
void gy_check(id<MTLSharedEvent> event)
{
	[event waitUntilSignaledValue:1 timeoutMS:1];
}
