/* SPDX-License-Identifier: MIT */
/*
 * IOSurfaces on their way from one process to another.
 *
 * No socket carries a surface, but a Mach message does. So the answer over the socket has a ticket
 * of 128 random bits (offers.h). The importer sends the ticket to the exporter's Mach service
 * (mach.h), which hands the surface over, once. Within one process the ticket is enough. A build
 * without Metal refuses all of it.
 */
#ifndef GY_IPC_SURFACE_SURFACE_H
#define GY_IPC_SURFACE_SURFACE_H

#include "ipc/wire/wire.h"

#include <sys/types.h>

/* An exporter's offers, and its Mach service. */
struct gy_surfaces;

/* Whether the message is about a texture that is an IOSurface. */
static inline bool gy_surface_is_in(const struct gy_message *message)
{
	return (message->type == GY_WIRE_TEXTURE || message->type == GY_WIRE_PICTURE) &&
	       message->texture.native.type == GEYSER_NATIVE_IOSURFACE;
}

/* ---- exporting: one thread at a time ---- */

/* Offers the texture's native.object to one importer, until it is collected or the owner withdraws
 * it; fills the ticket. *surfaces: NULL at first. instance: the exporter's. importer: the process
 * that may collect. Errors: UNSUPPORTED (this process may offer no Mach service), OUT_OF_MEMORY,
 * SYSTEM. */
enum geyser_result gy_surface_offer(struct gy_surfaces **surfaces, uint64_t instance,
	const void *owner, pid_t importer, struct gy_wire_texture *texture);

/* Takes all of the owner's offers back. NULL is fine. */
void gy_surface_withdraw(struct gy_surfaces *surfaces, const void *owner);

/* Ends the service and frees all, once every owner has withdrawn. NULL is fine. A forked child must
 * not call this: it has neither the service nor the surfaces of its parent. */
void gy_surfaces_finish(struct gy_surfaces *surfaces);

/* ---- importing: any thread ---- */

/* Fills native.object from the exporter of that instance; the caller then owns it. own: the
 * surfaces of this process if it is the exporter, else NULL. Errors: NOT_FOUND (collected or
 * withdrawn before), STALE (launchd knows no service of that exporter here: it has ended, or it
 * runs in another bootstrap namespace), DISCONNECTED, TIMEOUT, UNSUPPORTED (a sandbox),
 * PROTOCOL. */
enum geyser_result gy_surface_collect(struct gy_surfaces *own, uint64_t instance, uint64_t deadline,
	struct gy_wire_texture *texture);

/* Releases the surface in a message that nobody takes, if there is one. */
void gy_surface_drop(struct gy_message *message);

/* ---- any IOSurfaceRef, or NULL ---- */

void *gy_surface_retain(void *surface);
void gy_surface_release(void *surface);

#endif
