/* SPDX-License-Identifier: MIT */
/*
 * A manager's pool: textures whose last reference has gone, kept for a new texture of the same
 * descriptor. Textures of less than 64 KiB are freed: to make one takes about as little time as to
 * clear one, and each that is kept may cost a descriptor.
 *
 * Memory goes into the pool only if this process alone can have it. A process that once got a
 * descriptor of the memory, or its IOSurface, may keep it for ever. So memory that has left the
 * process, or that the process has imported, is freed instead: see gy_backend_texture.left.
 */
#ifndef GY_CORE_POOL_H
#define GY_CORE_POOL_H

#include "backend/backend.h"
#include "ipc/ipc.h"

#include <pthread.h>

#define GY_POOL_COUNT 16 /* textures, since each may have a descriptor */

struct gy_pooled {
	struct gy_backend_texture *texture;
	struct geyser_texture_desc desc; /* without its label */
	uint64_t since;                  /* as of gy_now */
};

/* The lock guards all members but chore, which the lock of struct gy_ipc guards. A thread that
 * needs both takes that of struct gy_ipc first. */
struct gy_pool {
	pthread_mutex_t lock;
	const struct gy_backend *backend;
	void *device;
	struct gy_ipc *ipc;
	struct gy_pooled kept[GY_POOL_COUNT]; /* in the order of `since` */
	uint32_t count;
	struct gy_memory_count *sum; /* the manager's, of the same textures */
	uint64_t limit, keep_ns;     /* bytes in all; how long a texture is kept */
	bool scheduled;              /* the chore will look at the pool */
	struct gy_chore chore;
};

/* The caller owns the device, ipc and sum, which must outlive the pool. */
void gy_pool_init(struct gy_pool *pool, const struct gy_backend *backend, void *device,
	struct gy_ipc *ipc, struct gy_memory_count *sum);

/* Frees everything. Call this before the manager's device is closed. */
void gy_pool_finish(struct gy_pool *pool);

/* Sets how many bytes the pool keeps, and for how long it keeps each texture. */
void gy_pool_set(struct gy_pool *pool, uint64_t bytes, uint64_t keep_ns);

/* Takes over a texture whose last reference has gone, to keep or to free it. */
void gy_pool_give(struct gy_pool *pool, const struct geyser_texture_desc *desc,
	struct gy_backend_texture *texture);

/* Returns a texture of that descriptor, whose texels are zero. Returns NULL if there is none. */
struct gy_backend_texture *gy_pool_take(
	struct gy_pool *pool, const struct geyser_texture_desc *desc, bool published);

/* Frees the textures that have been kept for longest, until the others have at most so many bytes.
 * Returns whether it has freed any. */
bool gy_pool_trim(struct gy_pool *pool, uint64_t bytes);

#endif
