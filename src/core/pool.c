/* SPDX-License-Identifier: MIT */
#include "core/pool.h"

#include "base/clock.h"

#include <string.h>

#define LEAST (UINT64_C(64) << 10)         /* bytes of the smallest texture that is kept */
#define LIMIT_DEFAULT (UINT64_C(64) << 20) /* bytes of all textures */
#define KEEP_DEFAULT (10 * GY_SECOND)

/* Textures that are freed once the lock is released, since a driver takes its time. */
struct dropped {
	struct gy_backend_texture *textures[GY_POOL_COUNT + 1];
	uint32_t count;
};

static void drop(struct gy_pool *pool, const struct dropped *dropped)
{
	for (uint32_t i = 0; i < dropped->count; i++)
		pool->backend->texture_destroy(dropped->textures[i]);
}

/* Removes the entry with that index. Returns its texture, which the caller owns. */
static struct gy_backend_texture *remove_at(struct gy_pool *pool, uint32_t index)
{
	struct gy_backend_texture *texture = pool->kept[index].texture;

	pool->count--;
	gy_memory_count(pool->sum, texture->bytes, -1);
	memmove(&pool->kept[index], &pool->kept[index + 1],
		(pool->count - index) * sizeof(pool->kept[0]));
	return texture;
}

/* Removes the textures that have been kept for longest, until the others have at most so many bytes
 * and are at most so many. */
static void make_fit(struct gy_pool *pool, uint64_t bytes, uint32_t count, struct dropped *dropped)
{
	while (pool->count > 0 && (atomic_load(&pool->sum->bytes) > bytes || pool->count > count))
		dropped->textures[dropped->count++] = remove_at(pool, 0);
}

static uint64_t end_of(const struct gy_pool *pool, const struct gy_pooled *kept)
{
	return pool->keep_ns < GY_NEVER - kept->since ? kept->since + pool->keep_ns : GY_NEVER;
}

/* Removes the textures whose time is over, at most so many. Returns when the next one's time is
 * over. */
static uint64_t expire(struct gy_pool *pool, uint64_t now, uint32_t most, struct dropped *dropped)
{
	while (pool->count > 0 && dropped->count < most && end_of(pool, &pool->kept[0]) <= now)
		dropped->textures[dropped->count++] = remove_at(pool, 0);
	return pool->count > 0 ? end_of(pool, &pool->kept[0]) : GY_NEVER;
}

/* ---- the thread "geyser-ipc" ---- */

/* Frees one texture. A driver takes its time for each, and others wait for this thread. */
static uint64_t run(struct gy_chore *chore, uint64_t now)
{
	struct gy_pool *pool = (struct gy_pool *)((char *)chore - offsetof(struct gy_pool, chore));
	struct dropped dropped = {.count = 0};
	uint64_t next;

	(void)pthread_mutex_lock(&pool->lock);
	next = expire(pool, now, 1, &dropped);
	pool->scheduled = next != GY_NEVER;
	(void)pthread_mutex_unlock(&pool->lock);
	drop(pool, &dropped);
	return next;
}

/* ---- life ---- */

void gy_pool_init(struct gy_pool *pool, const struct gy_backend *backend, void *device,
	struct gy_ipc *ipc, struct gy_memory_count *sum)
{
	pool->device = device;
	pool->ipc = ipc;
	pool->sum = sum;
	pool->backend = backend;
	pool->limit = LIMIT_DEFAULT;
	pool->keep_ns = KEEP_DEFAULT;
	pool->chore.run = run;
	(void)pthread_mutex_init(&pool->lock, NULL);
}

/* No other thread uses the pool. In a forked child a thread of the parent may have been changing
 * it: then nothing is freed. */
void gy_pool_finish(struct gy_pool *pool)
{
	if (!gy_ipc_is_inherited(pool->ipc))
		gy_chores_remove(&pool->ipc->chores, &pool->chore);
	else if (pthread_mutex_trylock(&pool->lock) != 0)
		return;
	else
		(void)pthread_mutex_unlock(&pool->lock);
	(void)gy_pool_trim(pool, 0);
	(void)pthread_mutex_destroy(&pool->lock);
}

/* ---- textures ---- */

static bool is_lost(const struct gy_pool *pool)
{
	return pool->backend->lost && pool->backend->lost(pool->device);
}

static bool may_keep(const struct gy_pool *pool, const struct gy_backend_texture *texture)
{
	return texture->recyclable && !atomic_load(&texture->left) && texture->bytes >= LEAST &&
	       pool->backend->texture_renew && !gy_ipc_is_inherited(pool->ipc) && !is_lost(pool);
}

/* Adds the texture, if the pool takes one of that size. */
static bool add(struct gy_pool *pool, const struct geyser_texture_desc *desc,
	struct gy_backend_texture *texture, struct dropped *dropped)
{
	struct gy_pooled *kept;

	if (texture->bytes > pool->limit)
		return false;
	make_fit(pool, pool->limit - texture->bytes, GY_POOL_COUNT - 1, dropped);
	kept = &pool->kept[pool->count++];
	*kept = (struct gy_pooled){texture, *desc, gy_now()};
	kept->desc.label = NULL;
	gy_memory_count(pool->sum, texture->bytes, 1);
	return true;
}

void gy_pool_give(struct gy_pool *pool, const struct geyser_texture_desc *desc,
	struct gy_backend_texture *texture)
{
	struct dropped dropped = {.count = 0};
	uint64_t due = GY_NEVER;
	bool keeps;

	if (!may_keep(pool, texture) || !pool->backend->texture_rest(texture)) {
		pool->backend->texture_destroy(texture);
		return;
	}
	(void)pthread_mutex_lock(&pool->lock);
	keeps = add(pool, desc, texture, &dropped);
	if (keeps && !pool->scheduled)
		due = end_of(pool, &pool->kept[0]);
	pool->scheduled = pool->scheduled || due != GY_NEVER;
	(void)pthread_mutex_unlock(&pool->lock);
	if (!keeps)
		dropped.textures[dropped.count++] = texture;
	drop(pool, &dropped);
	if (due != GY_NEVER)
		gy_chores_set(&pool->ipc->chores, &pool->chore, due);
}

static bool fits(
	const struct gy_pooled *kept, const struct geyser_texture_desc *desc, bool published)
{
	const struct geyser_texture_desc *own = &kept->desc;

	return own->format == desc->format && own->width == desc->width &&
	       own->height == desc->height && own->depth == desc->depth &&
	       own->layers == desc->layers && own->mip_levels == desc->mip_levels &&
	       own->usage == desc->usage && kept->texture->published == published;
}

/* Removes the texture that fits and was given last: the CPU may still have its texels in a cache.
 */
static struct gy_backend_texture *find(
	struct gy_pool *pool, const struct geyser_texture_desc *desc, bool published)
{
	for (uint32_t i = pool->count; i-- > 0;)
		if (fits(&pool->kept[i], desc, published))
			return remove_at(pool, i);
	return NULL;
}

struct gy_backend_texture *gy_pool_take(
	struct gy_pool *pool, const struct geyser_texture_desc *desc, bool published)
{
	struct dropped dropped = {.count = 0};
	struct gy_backend_texture *texture;

	(void)pthread_mutex_lock(&pool->lock);
	texture = find(pool, desc, published);
	if (pool->count > 0)
		(void)expire(pool, gy_now(), GY_POOL_COUNT, &dropped);
	(void)pthread_mutex_unlock(&pool->lock);
	drop(pool, &dropped);
	if (texture && pool->backend->texture_renew(texture, desc) != GEYSER_OK) {
		pool->backend->texture_destroy(texture);
		texture = NULL;
	}
	return texture;
}

bool gy_pool_trim(struct gy_pool *pool, uint64_t bytes)
{
	struct dropped dropped = {.count = 0};

	(void)pthread_mutex_lock(&pool->lock);
	make_fit(pool, bytes, bytes > 0 ? GY_POOL_COUNT : 0, &dropped);
	(void)pthread_mutex_unlock(&pool->lock);
	drop(pool, &dropped);
	return dropped.count > 0;
}

void gy_pool_set(struct gy_pool *pool, uint64_t bytes, uint64_t keep_ns)
{
	(void)pthread_mutex_lock(&pool->lock);
	pool->limit = bytes;
	pool->keep_ns = keep_ns;
	pool->scheduled = true;
	(void)pthread_mutex_unlock(&pool->lock);
	(void)gy_pool_trim(pool, bytes);
	gy_chores_set(&pool->ipc->chores, &pool->chore, 0);
}
