/* SPDX-License-Identifier: MIT */
/* The same for what Core Foundation counts. */
size_t gy_check(IOSurfaceID identifier);
size_t gy_check(IOSurfaceID identifier)
{
	IOSurfaceRef surface = IOSurfaceLookup(identifier);

	return surface == NULL ? 0 : IOSurfaceGetWidth(surface);
}
