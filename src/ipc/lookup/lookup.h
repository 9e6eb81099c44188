/* SPDX-License-Identifier: MIT */
/* Questions that need no manager. The deadline limits a whole call. */
#ifndef GY_IPC_LOOKUP_LOOKUP_H
#define GY_IPC_LOOKUP_LOOKUP_H

#include "ipc/registry/registry.h"

#include <geyser/stream.h>

/* Errors: as geyser_handle_from_id. */
enum geyser_result gy_resolve(uint32_t id, uint64_t deadline, struct geyser_handle *out);

/* Asks an exporter for a stream's description and figures. registry NULL: the exporter may be in
 * any registry. Errors: NOT_FOUND, STALE, TIMEOUT, and as geyser_texture_import. */
enum geyser_result gy_query_stream(const struct gy_registry *registry, uint64_t instance,
	const char *name, uint64_t deadline, struct geyser_stream_info *out);

/* A question about a stream, and its result. */
struct gy_stream_query {
	const struct gy_registry *registry; /* its exporter's */
	uint64_t instance;
	const char *name;
	struct geyser_stream_info *info; /* filled where the result is GEYSER_OK */
	enum geyser_result result;       /* as of gy_query_stream */
	bool answered, refused;          /* refused: the result is the exporter's own word */
};

/* Asks all of them at once, until the deadline. An exporter is asked on one connection, however
 * many of its streams there are. Errors: OUT_OF_MEMORY. */
enum geyser_result gy_query_streams(
	struct gy_stream_query *queries, size_t count, uint64_t deadline);

#endif
