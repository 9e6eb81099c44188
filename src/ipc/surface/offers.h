/* SPDX-License-Identifier: MIT */
/* IOSurfaces that importers may collect, each with a ticket that is good once. Any thread. */
#ifndef GY_IPC_SURFACE_OFFERS_H
#define GY_IPC_SURFACE_OFFERS_H

#include "ipc/wire/wire.h"

struct gy_offers;

/* Returns NULL if there is no memory. */
struct gy_offers *gy_offers_create(void);

/* Call this once all owners have withdrawn their offers. */
void gy_offers_destroy(struct gy_offers *offers);

/* Offers the surface to one importer, and writes its ticket. An importer collects one surface
 * before it asks for the next, so an owner has few offers: beyond them it loses the oldest. Errors:
 * OUT_OF_MEMORY, SYSTEM. */
enum geyser_result gy_offers_add(
	struct gy_offers *offers, const void *owner, void *surface, uint8_t ticket[GY_TICKET_SIZE]);

/* Takes the owner's offers back. */
void gy_offers_withdraw(struct gy_offers *offers, const void *owner);

/* Takes the surface that has this ticket: the caller owns it. NULL if there is none. */
void *gy_offers_take(struct gy_offers *offers, const uint8_t ticket[GY_TICKET_SIZE]);

#endif
