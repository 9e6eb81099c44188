/* SPDX-License-Identifier: MIT */
/*
 * Events as CUDA external semaphores. An event is imported once for each context, and the import
 * stays attached to the event.
 *
 * An event whose backend has no timeline semaphore to export isn't native. Then the CPU waits, and
 * a host function on the stream signals.
 */
#include "interop/cuda/context.h"

#include "base/error.h"
#include "base/thread.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct semaphore {
	struct semaphore *next;
	struct gy_cuda_home home;
	struct CUextSemaphore_st *semaphore;
};

struct semaphores {
	pthread_mutex_t lock;
	bool native;
	uint8_t uuid[16]; /* of the device; zero if not native */
	struct semaphore *first;
};

static const char key;

/* ---- life ---- */

static void destroy_semaphore(struct semaphore *semaphore)
{
	if (semaphore->semaphore && gy_cuda_home_enter(&semaphore->home)) {
		(void)semaphore->home.cuda->DestroyExternalSemaphore(semaphore->semaphore);
		gy_cuda_home_leave(&semaphore->home);
	}
	gy_cuda_home_finish(&semaphore->home);
	free(semaphore);
}

static void destroy_semaphores(void *data)
{
	struct semaphores *semaphores = data;
	struct semaphore *next;

	for (struct semaphore *semaphore = semaphores->first; semaphore; semaphore = next) {
		next = semaphore->next;
		destroy_semaphore(semaphore);
	}
	(void)pthread_mutex_destroy(&semaphores->lock);
	free(semaphores);
}

/* Exports the event's timeline semaphore. The caller owns out->fd. */
static enum geyser_result export_fd(struct geyser_event *event, struct geyser_native_event *out)
{
	const enum geyser_result result = geyser_event_export_native(event, out);

	if (result != GEYSER_OK || out->type == GEYSER_NATIVE_EVENT_TIMELINE_FD)
		return result;
	(void)close(out->fd);
	return gy_fail(GEYSER_ERROR_UNSUPPORTED,
		"the event's native object is no timeline semaphore (type %d): expected type %d",
		(int)out->type, (int)GEYSER_NATIVE_EVENT_TIMELINE_FD);
}

/* Fills in `native` and the UUID. An event without a timeline semaphore to export isn't native,
 * which is no failure. */
static enum geyser_result describe(struct geyser_event *event, struct semaphores *out)
{
	struct geyser_native_event native;
	const enum geyser_result result = export_fd(event, &native);

	if (result != GEYSER_OK)
		return result == GEYSER_ERROR_UNSUPPORTED ? GEYSER_OK : result;
	(void)close(native.fd);
	out->native = true;
	memcpy(out->uuid, native.device_uuid, sizeof(out->uuid));
	return GEYSER_OK;
}

static enum geyser_result attach(struct geyser_event *event, struct semaphores **out)
{
	struct semaphores *semaphores = calloc(1, sizeof(*semaphores));
	enum geyser_result result;

	if (!semaphores)
		return gy_fail(GEYSER_ERROR_OUT_OF_MEMORY, "no memory for a semaphore");
	(void)pthread_mutex_init(&semaphores->lock, NULL);
	result = describe(event, semaphores);
	if (result == GEYSER_OK)
		result = geyser_event_attach(event, &key, semaphores, destroy_semaphores);
	if (result != GEYSER_OK)
		destroy_semaphores(semaphores);
	else
		*out = semaphores;
	return result;
}

/* Gives the event's list of semaphores, and attaches one if there is none. If two threads attach at
 * once, both get the list that came first. */
static enum geyser_result find_semaphores(struct geyser_event *event, struct semaphores **out)
{
	enum geyser_result result;

	if (!event)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "event is NULL");
	*out = geyser_event_attached(event, &key);
	if (*out)
		return GEYSER_OK;
	result = attach(event, out);
	if (result != GEYSER_ERROR_EXISTS)
		return result;
	*out = geyser_event_attached(event, &key);
	return *out ? GEYSER_OK : result;
}

/* ---- importing ---- */

static enum geyser_result import_fd(
	struct geyser_event *event, const struct gy_cuda *cuda, struct CUextSemaphore_st **out)
{
	struct gy_cu_semaphore semaphore = {.type = GY_CU_EXTERNAL_SEMAPHORE_TIMELINE_FD};
	struct geyser_native_event native;
	enum geyser_result outcome = export_fd(event, &native);
	int result;

	if (outcome != GEYSER_OK)
		return outcome;
	semaphore.handle.fd = native.fd;
	result = cuda->ImportExternalSemaphore(out, &semaphore);
	if (result == GY_CU_SUCCESS)
		return GEYSER_OK; /* the driver owns the descriptor now */
	(void)close(native.fd);
	return gy_cuda_fail(cuda, result, "cuImportExternalSemaphore");
}

/* Imports the event into the scope's context. Needs the lock. */
static enum geyser_result import(struct geyser_event *event, struct semaphores *semaphores,
	const struct gy_cuda_scope *scope, struct semaphore **out)
{
	struct semaphore *semaphore = calloc(1, sizeof(*semaphore));
	enum geyser_result result;

	if (!semaphore)
		return gy_fail(GEYSER_ERROR_OUT_OF_MEMORY, "no memory for a semaphore");
	gy_cuda_home_init(&semaphore->home, scope);
	result = import_fd(event, scope->cuda, &semaphore->semaphore);
	if (result != GEYSER_OK) {
		destroy_semaphore(semaphore);
		return result;
	}
	semaphore->next = semaphores->first;
	semaphores->first = semaphore;
	*out = semaphore;
	return GEYSER_OK;
}

/* Finds the event's semaphore in the scope's context, or imports it. */
static enum geyser_result find_semaphore(struct geyser_event *event, struct semaphores *semaphores,
	const struct gy_cuda_scope *scope, struct CUextSemaphore_st **out)
{
	enum geyser_result result = GEYSER_OK;
	struct semaphore *found;

	(void)pthread_mutex_lock(&semaphores->lock);
	for (found = semaphores->first; found; found = found->next)
		if (gy_cuda_home_is(&found->home, scope))
			break;
	if (!found)
		result = import(event, semaphores, scope, &found);
	(void)pthread_mutex_unlock(&semaphores->lock);
	if (result == GEYSER_OK)
		*out = found->semaphore;
	return result;
}

/* ---- on a stream, by the GPU ---- */

/* Puts a wait or a signal on the stream, for the GPU to execute. */
static enum geyser_result put(struct geyser_event *event, struct semaphores *semaphores,
	uint64_t value, bool signal, struct CUstream_st *stream)
{
	const struct gy_cu_point point = {.value = value};
	struct CUextSemaphore_st *semaphore;
	struct gy_cuda_scope scope;
	enum geyser_result outcome = gy_cuda_enter(semaphores->uuid, stream, &scope);
	int result;

	if (outcome != GEYSER_OK)
		return outcome;
	outcome = find_semaphore(event, semaphores, &scope, &semaphore);
	if (outcome == GEYSER_OK) {
		result = signal ? scope.cuda->SignalExternalSemaphoresAsync(
					  &semaphore, &point, 1, stream)
				: scope.cuda->WaitExternalSemaphoresAsync(
					  &semaphore, &point, 1, stream);
		if (result != GY_CU_SUCCESS)
			outcome = gy_cuda_fail(scope.cuda, result,
				signal ? "cuSignalExternalSemaphoresAsync"
				       : "cuWaitExternalSemaphoresAsync");
	}
	gy_cuda_leave(&scope);
	return outcome;
}

/* ---- on a stream, by the CPU ---- */

struct deferred {
	struct geyser_event *event;
	uint64_t value;
};

/* CUDA calls this on a thread of its own, where no CUDA function may be called. The last
 * geyser_event_unref calls none: an event that isn't native has no imported semaphores. */
static void signal_deferred(void *data)
{
	struct deferred *deferred = data;
	struct gy_kept_detail kept;

	(void)geyser_event_signal(deferred->event, deferred->value);
	/* lets the unref return at once: CUDA's thread must not wait for the event's last
	 * callbacks */
	gy_callback_begin(&kept);
	geyser_event_unref(deferred->event);
	gy_callback_end(&kept);
	free(deferred);
}

static enum geyser_result defer_signal(
	struct geyser_event *event, uint64_t value, const struct gy_cuda *cuda, void *stream)
{
	struct deferred *deferred = malloc(sizeof(*deferred));
	int result;

	if (!deferred)
		return gy_fail(GEYSER_ERROR_OUT_OF_MEMORY, "no memory for a signal");
	*deferred = (struct deferred){.event = geyser_event_ref(event), .value = value};
	result = cuda->LaunchHostFunc(stream, signal_deferred, deferred);
	if (result == GY_CU_SUCCESS)
		return GEYSER_OK;
	geyser_event_unref(event);
	free(deferred);
	return gy_cuda_fail(cuda, result, "cuLaunchHostFunc");
}

/* Lets a host function on the stream signal the event. */
static enum geyser_result signal_by_cpu(struct geyser_event *event,
	const struct semaphores *semaphores, uint64_t value, struct CUstream_st *stream)
{
	struct gy_cuda_scope scope;
	enum geyser_result result = gy_cuda_enter(semaphores->uuid, stream, &scope);

	if (result != GEYSER_OK)
		return result;
	result = defer_signal(event, value, scope.cuda, stream);
	gy_cuda_leave(&scope);
	return result;
}

/* ---- public ---- */

enum geyser_result geyser_cuda_event_wait(
	struct geyser_event *event, uint64_t value, struct CUstream_st *stream)
{
	struct semaphores *semaphores;
	const struct gy_cuda *cuda;
	enum geyser_result result = find_semaphores(event, &semaphores);

	if (result == GEYSER_OK)
		result = gy_cuda_open(&cuda);
	if (result != GEYSER_OK)
		return result;
	return semaphores->native ? put(event, semaphores, value, false, stream)
				  : geyser_event_wait(event, value, GEYSER_CUDA_WAIT_TIMEOUT_NS);
}

enum geyser_result geyser_cuda_event_signal(
	struct geyser_event *event, uint64_t value, struct CUstream_st *stream)
{
	struct semaphores *semaphores;
	enum geyser_result result = find_semaphores(event, &semaphores);

	/* a signal with value 0 changes nothing, but fails if this process mustn't signal the
	 * event */
	if (result == GEYSER_OK)
		result = geyser_event_signal(event, 0);
	if (result != GEYSER_OK)
		return result;
	return semaphores->native ? put(event, semaphores, value, true, stream)
				  : signal_by_cpu(event, semaphores, value, stream);
}

bool geyser_cuda_event_is_native(struct geyser_event *event)
{
	struct semaphores *semaphores;
	const struct gy_cuda *cuda;
	int device;

	return find_semaphores(event, &semaphores) == GEYSER_OK && semaphores->native &&
	       gy_cuda_open(&cuda) == GEYSER_OK &&
	       gy_cuda_find_device(cuda, semaphores->uuid, &device) == GEYSER_OK;
}
