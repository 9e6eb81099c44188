/* SPDX-License-Identifier: MIT */
#include "ipc/surface/offers.h"

#include "base/error.h"
#include "platform/random.h"

#include <CoreFoundation/CoreFoundation.h>

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define OFFERS_EACH 16

struct offer {
	struct offer *next;
	uint8_t ticket[GY_TICKET_SIZE];
	void *surface;
	const void *owner;
};

struct gy_offers {
	pthread_mutex_t lock;
	struct offer *newest;
};

struct gy_offers *gy_offers_create(void)
{
	struct gy_offers *offers = calloc(1, sizeof(*offers));

	if (offers)
		(void)pthread_mutex_init(&offers->lock, NULL);
	return offers;
}

void gy_offers_destroy(struct gy_offers *offers)
{
	(void)pthread_mutex_destroy(&offers->lock);
	free(offers);
}

static void free_offer(struct offer *offer)
{
	if (offer->surface)
		CFRelease(offer->surface);
	free(offer);
}

/* Frees the owner's offers, except the newest ones. most: how many to keep. */
static void keep_newest(struct gy_offers *offers, const void *owner, unsigned most)
{
	struct offer **link = &offers->newest, *it;

	(void)pthread_mutex_lock(&offers->lock);
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
	(void)pthread_mutex_unlock(&offers->lock);
}

void *gy_offers_take(struct gy_offers *offers, const uint8_t ticket[GY_TICKET_SIZE])
{
	struct offer **link = &offers->newest, *it;
	void *surface = NULL;

	(void)pthread_mutex_lock(&offers->lock);
	while ((it = *link) && memcmp(it->ticket, ticket, GY_TICKET_SIZE) != 0)
		link = &it->next;
	if (it) {
		*link = it->next;
		surface = it->surface;
		free(it);
	}
	(void)pthread_mutex_unlock(&offers->lock);
	return surface;
}

enum geyser_result gy_offers_add(
	struct gy_offers *offers, const void *owner, void *surface, uint8_t ticket[GY_TICKET_SIZE])
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
	memcpy(ticket, offer->ticket, sizeof(offer->ticket));
	offer->surface = surface ? (void *)CFRetain(surface) : NULL;
	offer->owner = owner;
	(void)pthread_mutex_lock(&offers->lock);
	offer->next = offers->newest;
	offers->newest = offer;
	(void)pthread_mutex_unlock(&offers->lock);
	keep_newest(offers, owner, OFFERS_EACH);
	return GEYSER_OK;
}

void gy_offers_withdraw(struct gy_offers *offers, const void *owner)
{
	keep_newest(offers, owner, 0);
}
