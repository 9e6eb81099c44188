/* SPDX-License-Identifier: MIT */
/* The event is owned and dropped: the analyzer says so. */
unsigned long long gy_check(id<MTLDevice> device);
unsigned long long gy_check(id<MTLDevice> device)
{
	id<MTLSharedEvent> event = [device newSharedEvent];

	return event.signaledValue;
}
