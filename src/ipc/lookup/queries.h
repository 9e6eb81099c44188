/* SPDX-License-Identifier: MIT */
/* One request about each of many streams. */
#ifndef GY_IPC_LOOKUP_QUERIES_H
#define GY_IPC_LOOKUP_QUERIES_H

#include "ipc/registry/registry.h"

#include <geyser/stream.h>

/* A request about a stream, and its result. */
struct gy_stream_query {
	const struct gy_registry *registry; /* of the exporter */
	uint64_t instance;
	const char *name;
	struct geyser_stream_info *info; /* filled where the result is GEYSER_OK */
	uint64_t bytes;                  /* as in gy_wire_status; 0: not known */
	enum geyser_result result;       /* as from gy_query_stream */
	bool answered, refused;          /* refused: the exporter itself said so */
};

/* Makes all requests at once, until the deadline. An exporter gets them on one connection, however
 * many of its streams there are. Errors: OUT_OF_MEMORY. */
enum geyser_result gy_query_streams(
	struct gy_stream_query *queries, size_t count, uint64_t deadline);

#endif
