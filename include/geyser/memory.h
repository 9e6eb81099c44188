/*
 * The memory of a manager: what it is used for, and released textures that are used again.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GEYSER_MEMORY_H
#define GEYSER_MEMORY_H

#include "geyser.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- what memory is used for --------------------------------------------------------------- */

/* What memory is used for. Each byte counts in one kind. */
enum geyser_memory_kind {
	GEYSER_MEMORY_HOST = 0,   /* textures in sealed host memory */
	GEYSER_MEMORY_DEVICE = 1, /* textures in a device's own memory */
	GEYSER_MEMORY_IOSURFACE = 2,
	/* textures of exporters and publishers, also of those in this process; this manager has
	 * allocated none of it */
	GEYSER_MEMORY_IMPORTED = 3,
	/* copies of frames, for subscribers that can't import the buffers */
	GEYSER_MEMORY_MIRROR = 4,
	/* a Vulkan device's copies of textures, for maps, conversion, and host memory that it can't
	 * use */
	GEYSER_MEMORY_STAGING = 5,
	GEYSER_MEMORY_POOL = 6,   /* released textures that are kept: geyser_manager_set_pool */
	GEYSER_MEMORY_EVENT = 7,  /* the pages of events */
	GEYSER_MEMORY_STREAM = 8, /* the pages that publishers share with subscribers */
};

/* Returns "host", "device", "iosurface", "imported", "mirror", "staging", "pool", "event" or
 * "stream", and NULL for any other number. The result is static. */
GEYSER_API const char *geyser_memory_kind_name(enum geyser_memory_kind kind);

struct geyser_memory_amount {
	uint64_t bytes; /* in whole pages, but for staging */
	uint64_t count; /* textures, copies, events or shared pages */
};

/* Tells how much memory of one kind the manager has now. Errors: INVALID_ARGUMENT (NULL; not a
 * kind). */
GEYSER_API enum geyser_result geyser_manager_memory_of(struct geyser_manager *manager,
	enum geyser_memory_kind kind, struct geyser_memory_amount *out);

/* ---- released textures --------------------------------------------------------------------- */

/* Sets how much memory of released textures the manager keeps for new ones: at most `bytes` in all,
 * and 16 textures, each for keep_ns nanoseconds. The defaults are 64 MiB and 10 s. With 0 bytes it
 * keeps none.
 *
 * geyser_texture_create takes a kept texture of the same format, size and usage, and clears it.
 * That is several times as fast as making a texture. A texture is kept only if no other process or
 * API can have its memory. So a texture is freed if it was imported here or anywhere, was sent to a
 * subscriber, was exported by geyser_texture_export_native, or if its Metal objects were asked for;
 * also if it has less than 64 KiB, since making such a texture takes as little time as clearing it.
 * Kept textures count neither as held nor as exported in struct geyser_memory_usage. The thread
 * "geyser-ipc" frees them when their time is over. In a process that has exported nothing, and so
 * has no such thread, the next call that makes a texture does it. Any thread may call this. Errors:
 * INVALID_ARGUMENT (NULL). */
GEYSER_API enum geyser_result geyser_manager_set_pool(
	struct geyser_manager *manager, uint64_t bytes, uint64_t keep_ns);

/* Frees kept textures, those that were released first, until at most keep_bytes are left. If memory
 * or descriptors run out, geyser_texture_create does this by itself. Errors: INVALID_ARGUMENT
 * (NULL). */
GEYSER_API enum geyser_result geyser_manager_trim(
	struct geyser_manager *manager, uint64_t keep_bytes);

#ifdef __cplusplus
}
#endif

#endif
