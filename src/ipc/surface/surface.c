/* SPDX-License-Identifier: MIT */
#include "ipc/surface/surface.h"
#include "ipc/surface/mach.h"
#include "ipc/surface/offers.h"

#include "base/clock.h"
#include "base/error.h"

#include <CoreFoundation/CoreFoundation.h>

#include <stdlib.h>
#include <unistd.h>

struct gy_surfaces {
	struct gy_offers *offers;
	struct gy_mach_service *service; /* NULL until another process imports */
};

void *gy_surface_retain(void *surface)
{
	return surface ? (void *)CFRetain(surface) : NULL;
}

void gy_surface_release(void *surface)
{
	if (surface)
		CFRelease(surface);
}

void gy_surface_drop(struct gy_message *message)
{
	if (!gy_surface_is_in(message))
		return;
	gy_surface_release(message->texture.native.object);
	message->texture.native.object = NULL;
}

/* ---- exporting ---- */

static enum geyser_result start(struct gy_surfaces **out)
{
	struct gy_surfaces *surfaces = calloc(1, sizeof(*surfaces));

	if (surfaces)
		surfaces->offers = gy_offers_create();
	if (surfaces && surfaces->offers) {
		*out = surfaces;
		return GEYSER_OK;
	}
	free(surfaces);
	return gy_fail(GEYSER_ERROR_OUT_OF_MEMORY, "no memory for surfaces' tickets");
}

/* An importer in this process needs no service. */
enum geyser_result gy_surface_offer(struct gy_surfaces **all, uint64_t instance, const void *owner,
	pid_t importer, struct gy_wire_texture *texture)
{
	enum geyser_result result = *all ? GEYSER_OK : start(all);

	if (result == GEYSER_OK && importer != getpid() && !(*all)->service)
		result = gy_mach_serve(instance, (*all)->offers, &(*all)->service);
	return result == GEYSER_OK ? gy_offers_add((*all)->offers, owner, texture->native.object,
					     texture->ticket)
				   : result;
}

void gy_surface_withdraw(struct gy_surfaces *surfaces, const void *owner)
{
	if (surfaces)
		gy_offers_withdraw(surfaces->offers, owner);
}

void gy_surfaces_finish(struct gy_surfaces *surfaces)
{
	if (!surfaces)
		return;
	gy_mach_stop(surfaces->service);
	gy_offers_destroy(surfaces->offers);
	free(surfaces);
}

/* ---- importing ---- */

enum geyser_result gy_surface_collect(struct gy_surfaces *own, uint64_t instance, uint64_t deadline,
	struct gy_wire_texture *texture)
{
	texture->native.object = NULL;
	if (!own)
		return gy_mach_collect(
			instance, texture->ticket, gy_time_left(deadline), &texture->native.object);
	texture->native.object = gy_offers_take(own->offers, texture->ticket);
	if (texture->native.object)
		return GEYSER_OK;
	return gy_fail(GEYSER_ERROR_NOT_FOUND, "the texture was unexported meanwhile");
}
