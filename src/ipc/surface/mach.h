/* SPDX-License-Identifier: MIT */
/* The Mach service that hands surfaces over to other processes: a ticket is answered with a send
 * right. */
#ifndef GY_IPC_SURFACE_MACH_H
#define GY_IPC_SURFACE_MACH_H

#include "ipc/surface/offers.h"

struct gy_mach_service;

/* Starts a service whose name is made of the instance. It answers on a thread of its own,
 * "geyser-mach", from these offers. Errors: UNSUPPORTED, LIMIT (the name is too long), SYSTEM. */
enum geyser_result gy_mach_serve(
	uint64_t instance, struct gy_offers *offers, struct gy_mach_service **out);

/* Ends the thread and the service. NULL is fine. */
void gy_mach_stop(struct gy_mach_service *service);

/* Collects the surface from another process. The caller owns *out. Errors: as gy_surface_collect.
 */
enum geyser_result gy_mach_collect(
	uint64_t instance, const uint8_t ticket[GY_TICKET_SIZE], uint64_t timeout_ns, void **out);

#endif
