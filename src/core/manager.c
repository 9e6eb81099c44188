/* SPDX-License-Identifier: MIT */
#include "core/manager.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/system.h"
#include "platform/platform.h"

#include <stdlib.h>
#include <string.h>

#define STRING(x) #x
#define VERSION(major, minor, patch) STRING(major) "." STRING(minor) "." STRING(patch)

#define IMPORT_TIMEOUT (5 * GY_SECOND)

const char *geyser_version(void)
{
	return VERSION(GEYSER_VERSION_MAJOR, GEYSER_VERSION_MINOR, GEYSER_VERSION_PATCH);
}

static enum geyser_result set_application(struct geyser_manager *manager, const char *application)
{
	size_t most = sizeof(manager->application) - 1;

	if (!application) {
		strncpy(manager->application, gy_program_name(), most);
		return GEYSER_OK;
	}
	if (strnlen(application, most + 1) > most)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT,
			"application (%.40s…): it may have %zu bytes at most", application, most);
	strcpy(manager->application, application);
	return GEYSER_OK;
}

/* ---- loss of the device ---- */

bool gy_manager_is_lost(const struct geyser_manager *manager)
{
	return manager->backend->lost && manager->backend->lost(manager->device);
}

static void lose_all(void *user)
{
	struct geyser_manager *manager = user;

	(void)pthread_mutex_lock(&manager->lock);
	for (struct gy_watched *it = manager->watched; it; it = it->next)
		it->lose(it);
	(void)pthread_mutex_unlock(&manager->lock);
}

/* Checks for the loss after the insertion, so that a loss meanwhile isn't missed. Then lose() may
 * be called twice. */
void gy_manager_watch(struct geyser_manager *manager, struct gy_watched *watched)
{
	(void)pthread_mutex_lock(&manager->lock);
	watched->next = manager->watched;
	watched->link = &manager->watched;
	if (watched->next)
		watched->next->link = &watched->next;
	manager->watched = watched;
	(void)pthread_mutex_unlock(&manager->lock);
	if (gy_manager_is_lost(manager))
		watched->lose(watched);
}

void gy_manager_unwatch(struct geyser_manager *manager, struct gy_watched *watched)
{
	if (!watched->link)
		return;
	(void)pthread_mutex_lock(&manager->lock);
	*watched->link = watched->next;
	if (watched->next)
		watched->next->link = watched->link;
	(void)pthread_mutex_unlock(&manager->lock);
}

/* ---- the activity while there are streams ---- */

/* Begins or ends the activity, for the present number of streams. The caller holds the lock. */
static bool settle_activity(struct geyser_manager *manager, const struct gy_activity *activity)
{
	bool wanted = activity && manager->streams > 0;

	if (manager->activity_token && !wanted) {
		manager->activity->end(manager->activity_token);
		manager->activity_token = NULL;
	}
	manager->activity = activity;
	if (wanted && !manager->activity_token)
		manager->activity_token = activity->begin();
	return !wanted || manager->activity_token;
}

/* A forked child has its parent's token, and must leave the parent's activity alone. */
void gy_manager_count_stream(struct geyser_manager *manager, int change)
{
	(void)pthread_mutex_lock(&manager->lock);
	manager->streams += (uint32_t)change;
	if (!gy_ipc_is_inherited(manager->ipc))
		(void)settle_activity(manager, manager->activity);
	(void)pthread_mutex_unlock(&manager->lock);
}

bool gy_manager_set_activity(struct geyser_manager *manager, const struct gy_activity *activity)
{
	bool settled;

	(void)pthread_mutex_lock(&manager->lock);
	settled = settle_activity(manager, activity);
	(void)pthread_mutex_unlock(&manager->lock);
	return settled;
}

/* ---- life ---- */

enum geyser_result gy_manager_create(const struct geyser_manager_desc *desc,
	const struct gy_backend *backend, void *device, struct geyser_manager **out)
{
	struct geyser_manager *manager = calloc(1, sizeof(*manager));
	enum geyser_result result;

	if (!manager)
		return gy_fail(GEYSER_ERROR_OUT_OF_MEMORY, "no memory for a manager");
	atomic_init(&manager->references, 1);
	manager->backend = backend;
	manager->device = device;
	manager->import_timeout_ns =
		desc->import_timeout_ns ? desc->import_timeout_ns : IMPORT_TIMEOUT;
	result = set_application(manager, desc->application);
	if (result == GEYSER_OK)
		result = gy_ipc_acquire(&manager->ipc);
	if (result != GEYSER_OK) {
		free(manager);
		return result;
	}
	(void)pthread_mutex_init(&manager->lock, NULL);
	gy_pool_init(&manager->pool, backend, device, manager->ipc,
		&manager->memory[GEYSER_MEMORY_POOL]);
	if (backend->on_lost)
		backend->on_lost(device, lose_all, manager);
	*out = manager;
	return GEYSER_OK;
}

static enum geyser_result create(
	const struct geyser_manager_desc *desc, struct geyser_manager **out)
{
	enum geyser_result result;
	void *device;
	const struct gy_backend *backend = gy_backend_open(desc->backend, &device, &result);

	if (!backend)
		return result;
	result = gy_manager_create(desc, backend, device, out);
	if (result != GEYSER_OK)
		backend->close(device);
	return result;
}

enum geyser_result geyser_manager_create(
	const struct geyser_manager_desc *desc, struct geyser_manager **out)
{
	static const struct geyser_manager_desc defaults = {.backend = GEYSER_BACKEND_AUTO};

	if (!out)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "out is NULL");
	*out = NULL;
	return create(desc ? desc : &defaults, out);
}

enum geyser_result geyser_manager_set_spin(struct geyser_manager *manager, uint64_t spin_ns)
{
	if (!manager)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "manager is NULL");
	return gy_spin_set(&manager->spin, spin_ns);
}

struct geyser_manager *gy_manager_ref(struct geyser_manager *manager)
{
	atomic_fetch_add_explicit(&manager->references, 1, memory_order_relaxed);
	return manager;
}

void gy_manager_unref(struct geyser_manager *manager)
{
	if (atomic_fetch_sub_explicit(&manager->references, 1, memory_order_acq_rel) != 1)
		return;
	if (manager->backend->on_lost && !gy_ipc_is_inherited(manager->ipc))
		manager->backend->on_lost(manager->device, NULL, NULL);
	gy_pool_finish(&manager->pool);
	manager->backend->close(manager->device);
	(void)pthread_mutex_destroy(&manager->lock);
	gy_ipc_release(manager->ipc);
	free(manager);
}

void geyser_manager_destroy(struct geyser_manager *manager)
{
	if (manager)
		gy_manager_unref(manager);
}

enum geyser_backend geyser_manager_get_backend(const struct geyser_manager *manager)
{
	return manager ? manager->backend->kind : GEYSER_BACKEND_AUTO;
}

enum geyser_result geyser_manager_format_usage(struct geyser_manager *manager,
	enum geyser_format format, enum geyser_dimension dimension, uint32_t *out)
{
	const struct geyser_format_info *info = geyser_format_get_info(format);

	if (!out)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "out is NULL");
	*out = 0;
	if (!manager)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "manager is NULL");
	if (!info)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT,
			"format (%d): geyser's formats are 1 to %d", (int)format,
			GEYSER_FORMAT_COUNT - 1);
	if ((int)dimension < GEYSER_DIMENSION_2D || dimension > GEYSER_DIMENSION_3D)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT,
			"dimension (%d): it must be one of enum geyser_dimension", (int)dimension);
	*out = manager->backend->format_usage(manager->device, info, dimension);
	return GEYSER_OK;
}

enum geyser_result geyser_system_get_info(struct geyser_system_info *out)
{
	if (!out)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "out is NULL");
	gy_platform_info(out);
	return GEYSER_OK;
}

enum geyser_result geyser_handle_from_id(uint32_t id, struct geyser_handle *out)
{
	if (!out)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "out is NULL");
	memset(out, 0, sizeof(*out));
	if (id == 0)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "id (0): ids start at 1");
	return gy_resolve(id, gy_deadline(IMPORT_TIMEOUT), out);
}
