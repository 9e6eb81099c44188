/* SPDX-License-Identifier: MIT */
/* Questions that need no manager. One deadline holds for all that each of them does. */
#ifndef GY_IPC_RESOLVE_H
#define GY_IPC_RESOLVE_H

#include "ipc/registry.h"

#include <geyser/stream.h>

/* Errors: as geyser_handle_from_id. */
enum geyser_result gy_resolve(uint32_t id, uint64_t deadline, struct geyser_handle *out);

/* How that stream of that exporter is doing. Errors: NOT_FOUND, STALE, TIMEOUT, and as
 * geyser_texture_import. */
enum geyser_result gy_query_stream(const struct gy_registry *registry, uint64_t instance,
	const char *name, uint64_t deadline, struct geyser_stream_info *out);

#endif
