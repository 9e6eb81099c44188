/* SPDX-License-Identifier: MIT */
/* Code without a mistake. It is appended to a copy of a source of the backend, and all proofs must
 * still pass. */
void gy_check(id<MTLDevice> device);
void gy_check(id<MTLDevice> device)
{
	if (@available(macOS 12.0, iOS 15.0, *)) {
		id<MTLSharedEvent> event = [device newSharedEvent];

		[event waitUntilSignaledValue:1 timeoutMS:1];
		[event release];
	}
}
