/* SPDX-License-Identifier: MIT */
/* Shared events exist since macOS 10.14 and iOS 12, and the call isn't guarded. */
void gy_check(id<MTLDevice> device);
void gy_check(id<MTLDevice> device)
{
	[[device newSharedEvent] release];
}
