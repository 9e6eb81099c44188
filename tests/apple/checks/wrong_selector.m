/* SPDX-License-Identifier: MIT */
/* Apple spells it iosurface: the compiler refuses. */
void gy_check(id<MTLDevice> device, MTLTextureDescriptor *descriptor, IOSurfaceRef surface);
void gy_check(id<MTLDevice> device, MTLTextureDescriptor *descriptor, IOSurfaceRef surface)
{
	[[device newTextureWithDescriptor:descriptor ioSurface:surface plane:0] release];
}
