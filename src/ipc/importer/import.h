/* SPDX-License-Identifier: MIT */
/* Asks exporters for their objects, on the caller's thread. */
#ifndef GY_IPC_IMPORTER_IMPORT_H
#define GY_IPC_IMPORTER_IMPORT_H

#include "ipc/importer/peer.h"

/* Asks the exporter for the object, until the deadline. The caller owns *fd, or the surface that is
 * in the answer, and gives *peer back with gy_peer_release and the handle. semaphore: asks for the
 * event's native semaphore, which is no import: the peer is given back with NULL. Errors: as
 * geyser_texture_import. */
enum geyser_result gy_importer_import(struct gy_importer *importer,
	const struct gy_handle_fields *handle, bool semaphore, const char *application,
	uint64_t deadline, struct gy_message *answer, int *fd, struct gy_peer **peer);

#endif
