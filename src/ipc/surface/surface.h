/* SPDX-License-Identifier: MIT */
/*
 * IOSurfaces on their way from one process to another.
 *
 * No socket carries one, but a Mach message does. So the answer over the socket has a ticket of 128
 * random bits, and the importer sends that to the exporter's Mach service, which hands the surface
 * over, once. Within one process the ticket is enough. A build without Metal refuses all of it.
 */
#ifndef GY_IPC_SURFACE_SURFACE_H
#define GY_IPC_SURFACE_SURFACE_H

#include "ipc/process.h"

/* The message is of a texture that is an IOSurface. */
static inline bool gy_surface_is_in(const struct gy_message *message)
{
	return (message->type == GY_WIRE_TEXTURE || message->type == GY_WIRE_PICTURE) &&
	       message->texture.native.type == GEYSER_NATIVE_IOSURFACE;
}

/* ---- exporting, with the ipc's lock held ---- */

/* Lays the texture's native.object up for one importer, until it is collected or owner withdraws;
 * fills the ticket. importer: its process. Errors: UNSUPPORTED (this process may offer no Mach
 * service), OUT_OF_MEMORY, SYSTEM. */
enum geyser_result gy_surface_offer(
	struct gy_ipc *ipc, const void *owner, pid_t importer, struct gy_wire_texture *texture);

void gy_surface_withdraw(struct gy_ipc *ipc, const void *owner);

/* After the thread has ended; or in a forked child (own: false), which only forgets. */
void gy_surfaces_finish(struct gy_ipc *ipc, bool own);

/* ---- importing, without the lock ---- */

/* Fills native.object, which is then the caller's, from the exporter of that instance. Errors:
 * NOT_FOUND (collected or withdrawn before), DISCONNECTED, TIMEOUT, UNSUPPORTED
 * (a sandbox), PROTOCOL. */
enum geyser_result gy_surface_collect(
	struct gy_ipc *ipc, uint64_t instance, uint64_t deadline, struct gy_wire_texture *texture);

/* Releases what was collected, if there is any: nobody takes it. */
void gy_surface_drop(struct gy_message *message);

/* ---- any IOSurfaceRef, or NULL ---- */

void *gy_surface_retain(void *surface);
void gy_surface_release(void *surface);

/* ---- mach.c: between processes ---- */

struct gy_mach_service;

/* Takes the surface off that has this ticket: the caller's, or NULL. Any thread. */
void *gy_surfaces_take(struct gy_surfaces *surfaces, const uint8_t ticket[GY_TICKET_SIZE]);

/* A service of a name made of the instance, answering on a thread of its own, "geyser-mach", with
 * what gy_surfaces_take gives. Errors: UNSUPPORTED, SYSTEM. */
enum geyser_result gy_mach_serve(
	uint64_t instance, struct gy_surfaces *surfaces, struct gy_mach_service **out);
/* Ends the thread and the service. */
void gy_mach_stop(struct gy_mach_service *service);

/* *out is the caller's. Errors: as gy_surface_collect. */
enum geyser_result gy_mach_collect(
	uint64_t instance, const uint8_t ticket[GY_TICKET_SIZE], uint64_t timeout_ns, void **out);

#endif
