/* SPDX-License-Identifier: MIT */
/* Apple's selector has iosurface, so the compiler rejects ioSurface. */
void gy_check(id<MTLDevice> device, MTLTextureDescriptor *descriptor, IOSurfaceRef surface);
void gy_check(id<MTLDevice> device, MTLTextureDescriptor *descriptor, IOSurfaceRef surface)
{
	[[device newTextureWithDescriptor:descriptor ioSurface:surface plane:0] release];
}
