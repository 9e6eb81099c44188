/* SPDX-License-Identifier: MIT */
/* Declared by nobody but us, and sent to an untyped object: only the object file shows it. */
@protocol GyPrivate
- (id)newSharedEventWithMachPort:(unsigned int)port;
@end
void gy_check(id<GyPrivate> device);
void gy_check(id<GyPrivate> device)
{
	[[device newSharedEventWithMachPort:0] release];
}
