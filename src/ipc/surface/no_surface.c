/* SPDX-License-Identifier: MIT */
/* Takes the place of surface.c, offers.c and mach.c in builds without IOSurfaces. */
#include "ipc/surface/surface.h"

#include "base/error.h"

static enum geyser_result refuse(void)
{
	return gy_fail(GEYSER_ERROR_UNSUPPORTED,
		"the texture is an IOSurface: this build of geyser has no metal backend");
}

enum geyser_result gy_surface_offer(struct gy_surfaces **surfaces, uint64_t instance,
	const void *owner, pid_t importer, struct gy_wire_texture *texture)
{
	(void)surfaces;
	(void)instance;
	(void)owner;
	(void)importer;
	(void)texture;
	return refuse();
}

void gy_surface_withdraw(struct gy_surfaces *surfaces, const void *owner)
{
	(void)surfaces;
	(void)owner;
}

void gy_surfaces_finish(struct gy_surfaces *surfaces)
{
	(void)surfaces;
}

enum geyser_result gy_surface_collect(struct gy_surfaces *own, uint64_t instance, uint64_t deadline,
	struct gy_wire_texture *texture)
{
	(void)own;
	(void)instance;
	(void)deadline;
	texture->native.object = NULL;
	return refuse();
}

void gy_surface_drop(struct gy_message *message)
{
	(void)message;
}

void *gy_surface_retain(void *surface)
{
	return surface;
}

void gy_surface_release(void *surface)
{
	(void)surface;
}
