/* SPDX-License-Identifier: MIT */
/* Only this file declares the method, so the compiler accepts the call. Only the object file shows
 * that the method isn't in Apple's interfaces. */
@protocol GyPrivate
- (id)newSharedEventWithMachPort:(unsigned int)port;
@end
void gy_check(id<GyPrivate> device);
void gy_check(id<GyPrivate> device)
{
	[[device newSharedEventWithMachPort:0] release];
}
