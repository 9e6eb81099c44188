/* SPDX-License-Identifier: MIT */
#include "ipc/surface/surface.h"

#include "base/clock.h"
#include "base/error.h"
#include "platform/random.h"

#include <CoreFoundation/CoreFoundation.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* An importer collects one before it asks for the next; who leaves more behind loses the oldest. */
#define OFFERS_EACH 16

struct offer {
	struct offer *next;
	uint8_t ticket[GY_TICKET_SIZE];
	void *surface;
	const void *owner;
};

struct gy_surfaces {
	pthread_mutex_t lock; /* around the offers: the service's thread takes them */
	struct offer *offers; /* newest first */
	struct gy_mach_service *service;
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

/* ---- offers ---- */

static void free_offer(struct offer *offer)
{
	gy_surface_release(offer->surface);
	free(offer);
}

/* Unlinks what the owner has beyond that many of its newest. */
static void keep_newest(struct gy_surfaces *surfaces, const void *owner, unsigned most)
{
	struct offer **link = &surfaces->offers, *it;

	(void)pthread_mutex_lock(&surfaces->lock);
	while ((it = *link)) {
		if (it->owner != owner || most > 0) {
			if (it->owner == owner)
				most--;
			link = &it->next;
		} else {
			*link = it->next;
			free_offer(it);
		}
	}
	(void)pthread_mutex_unlock(&surfaces->lock);
}

void *gy_surfaces_take(struct gy_surfaces *surfaces, const uint8_t ticket[GY_TICKET_SIZE])
{
	struct offer **link = &surfaces->offers, *it;
	void *surface = NULL;

	(void)pthread_mutex_lock(&surfaces->lock);
	while ((it = *link) && memcmp(it->ticket, ticket, GY_TICKET_SIZE) != 0)
		link = &it->next;
	if (it) {
		*link = it->next;
		surface = it->surface;
		free(it);
	}
	(void)pthread_mutex_unlock(&surfaces->lock);
	return surface;
}

static enum geyser_result add(
	struct gy_surfaces *surfaces, const void *owner, struct gy_wire_texture *texture)
{
	struct offer *offer = calloc(1, sizeof(*offer));
	enum geyser_result result;

	if (!offer)
		return gy_fail(GEYSER_ERROR_OUT_OF_MEMORY, "no memory for a surface's ticket");
	result = gy_random(offer->ticket, sizeof(offer->ticket));
	if (result != GEYSER_OK) {
		free(offer);
		return result;
	}
	memcpy(texture->ticket, offer->ticket, sizeof(offer->ticket));
	offer->surface = gy_surface_retain(texture->native.object);
	offer->owner = owner;
	(void)pthread_mutex_lock(&surfaces->lock);
	offer->next = surfaces->offers;
	surfaces->offers = offer;
	(void)pthread_mutex_unlock(&surfaces->lock);
	keep_newest(surfaces, owner, OFFERS_EACH);
	return GEYSER_OK;
}

static enum geyser_result start(struct gy_ipc *ipc)
{
	struct gy_surfaces *surfaces = calloc(1, sizeof(*surfaces));

	if (!surfaces)
		return gy_fail(GEYSER_ERROR_OUT_OF_MEMORY, "no memory for surfaces' tickets");
	(void)pthread_mutex_init(&surfaces->lock, NULL);
	ipc->surfaces = surfaces;
	return GEYSER_OK;
}

/* Within this process nothing has to be served. */
enum geyser_result gy_surface_offer(
	struct gy_ipc *ipc, const void *owner, pid_t importer, struct gy_wire_texture *texture)
{
	enum geyser_result result = ipc->surfaces ? GEYSER_OK : start(ipc);

	if (result == GEYSER_OK && importer != getpid() && !ipc->surfaces->service)
		result = gy_mach_serve(ipc->entry.instance, ipc->surfaces, &ipc->surfaces->service);
	return result == GEYSER_OK ? add(ipc->surfaces, owner, texture) : result;
}

void gy_surface_withdraw(struct gy_ipc *ipc, const void *owner)
{
	if (ipc->surfaces)
		keep_newest(ipc->surfaces, owner, 0);
}

void gy_surfaces_finish(struct gy_ipc *ipc, bool own)
{
	struct gy_surfaces *surfaces = ipc->surfaces;

	ipc->surfaces = NULL;
	if (!surfaces || !own)
		return; /* a forked child has neither the service nor the surfaces */
	gy_mach_stop(surfaces->service);
	(void)pthread_mutex_destroy(&surfaces->lock);
	free(surfaces);
}

enum geyser_result gy_surface_collect(
	struct gy_ipc *ipc, uint64_t instance, uint64_t deadline, struct gy_wire_texture *texture)
{
	struct gy_surfaces *ours = NULL;

	texture->native.object = NULL;
	(void)pthread_mutex_lock(&ipc->lock);
	if (ipc->registered && ipc->entry.instance == instance)
		ours = ipc->surfaces;
	(void)pthread_mutex_unlock(&ipc->lock);
	if (!ours)
		return gy_mach_collect(
			instance, texture->ticket, gy_time_left(deadline), &texture->native.object);
	texture->native.object = gy_surfaces_take(ours, texture->ticket);
	if (texture->native.object)
		return GEYSER_OK;
	return gy_fail(GEYSER_ERROR_NOT_FOUND, "the texture was unexported meanwhile");
}
