/* SPDX-License-Identifier: MIT */
/* macOS 12, iOS 15: a 10.15 has no such method. */
void gy_check(id<MTLSharedEvent> event);
void gy_check(id<MTLSharedEvent> event)
{
	[event waitUntilSignaledValue:1 timeoutMS:1];
}
