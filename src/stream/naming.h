/* SPDX-License-Identifier: MIT */
/* Takes the name of a stream for a publisher. */
#ifndef GY_STREAM_NAMING_H
#define GY_STREAM_NAMING_H

#include "ipc/ipc.h"

/* Takes the stream's name, and answers subscribers from now on. If another exporter holds the name,
 * asks that exporter whether it publishes the stream. Blocks until the deadline at most. Call this
 * without a lock of the library. Errors: EXISTS, and as geyser_texture_export. */
enum geyser_result gy_stream_take_name(
	struct gy_exporter *exporter, struct gy_published_stream *stream, uint64_t deadline);

#endif
