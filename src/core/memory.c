/* SPDX-License-Identifier: MIT */
/* What a manager's memory is used for. */
#include "core/manager.h"

#include "base/error.h"

static const char *const names[] = {
	[GEYSER_MEMORY_HOST] = "host",
	[GEYSER_MEMORY_DEVICE] = "device",
	[GEYSER_MEMORY_IOSURFACE] = "iosurface",
	[GEYSER_MEMORY_IMPORTED] = "imported",
	[GEYSER_MEMORY_MIRROR] = "mirror",
	[GEYSER_MEMORY_STAGING] = "staging",
	[GEYSER_MEMORY_POOL] = "pool",
	[GEYSER_MEMORY_EVENT] = "event",
	[GEYSER_MEMORY_STREAM] = "stream",
};

_Static_assert(sizeof(names) / sizeof(names[0]) == GY_MEMORY_KINDS, "a name for each kind");

static bool exists(enum geyser_memory_kind kind)
{
	return (int)kind >= 0 && kind < GY_MEMORY_KINDS;
}

const char *geyser_memory_kind_name(enum geyser_memory_kind kind)
{
	return exists(kind) ? names[kind] : NULL;
}

void gy_manager_count_memory(
	struct geyser_manager *manager, enum geyser_memory_kind kind, uint64_t bytes, int change)
{
	gy_memory_count(&manager->memory[kind], bytes, change);
}

static struct geyser_memory_usage load(const struct gy_memory_counters *counters)
{
	return (struct geyser_memory_usage){
		.held = atomic_load(&counters->held),
		.exported = atomic_load(&counters->exported),
		.imported = atomic_load(&counters->imported),
	};
}

enum geyser_result geyser_manager_memory(
	struct geyser_manager *manager, struct geyser_memory_info *out)
{
	if (!out)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "out is NULL");
	*out = (struct geyser_memory_info){0};
	if (!manager)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "manager is NULL");
	out->textures = load(&manager->textures);
	out->events = load(&manager->events);
	return GEYSER_OK;
}

enum geyser_result geyser_manager_memory_of(struct geyser_manager *manager,
	enum geyser_memory_kind kind, struct geyser_memory_amount *out)
{
	const struct gy_memory_count *count;

	if (!out)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "out is NULL");
	*out = (struct geyser_memory_amount){0};
	if (!manager)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "manager is NULL");
	if (!exists(kind))
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT,
			"kind (%d): it must be one of enum geyser_memory_kind", (int)kind);
	count = &manager->memory[kind];
	if (kind == GEYSER_MEMORY_STAGING && manager->backend->staging)
		count = manager->backend->staging(manager->device);
	out->bytes = atomic_load(&count->bytes);
	out->count = atomic_load(&count->count);
	return GEYSER_OK;
}

/* ---- the pool ---- */

enum geyser_result geyser_manager_set_pool(
	struct geyser_manager *manager, uint64_t bytes, uint64_t keep_ns)
{
	if (!manager)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "manager is NULL");
	gy_pool_set(&manager->pool, bytes, keep_ns);
	return GEYSER_OK;
}

enum geyser_result geyser_manager_trim(struct geyser_manager *manager, uint64_t keep_bytes)
{
	if (!manager)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "manager is NULL");
	(void)gy_pool_trim(&manager->pool, keep_bytes);
	return GEYSER_OK;
}
