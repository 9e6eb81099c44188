/* SPDX-License-Identifier: MIT */
/* The function owns a Core Foundation object and never releases it: the analyzer reports the leak.
 */
size_t gy_check(IOSurfaceID identifier);
size_t gy_check(IOSurfaceID identifier)
{
	IOSurfaceRef surface = IOSurfaceLookup(identifier);

	return surface == NULL ? 0 : IOSurfaceGetWidth(surface);
}
