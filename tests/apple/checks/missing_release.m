/* SPDX-License-Identifier: MIT */
/* The function owns an event and never releases it: the analyzer reports the leak. */
unsigned long long gy_check(id<MTLDevice> device);
unsigned long long gy_check(id<MTLDevice> device)
{
	id<MTLSharedEvent> event = [device newSharedEvent];

	return event.signaledValue;
}
