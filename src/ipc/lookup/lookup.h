/* SPDX-License-Identifier: MIT */
/* Requests that need no manager: each takes a connection of its own. The deadline limits a whole
 * call. */
#ifndef GY_IPC_LOOKUP_LOOKUP_H
#define GY_IPC_LOOKUP_LOOKUP_H

#include "ipc/registry/registry.h"

#include <geyser/stream.h>

/* Finds the handle of an exported id. Errors: as geyser_handle_from_id. */
enum geyser_result gy_resolve(uint32_t id, uint64_t deadline, struct geyser_handle *out);

/* Asks an exporter for a stream's description and figures. registry NULL: the exporter may be in
 * any registry. Errors: NOT_FOUND, STALE, TIMEOUT, and as geyser_texture_import. */
enum geyser_result gy_query_stream(const struct gy_registry *registry, uint64_t instance,
	const char *name, uint64_t deadline, struct geyser_stream_info *out);

#endif
