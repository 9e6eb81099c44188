/* SPDX-License-Identifier: MIT */
/* Events in GL's command stream. Where GL has timeline semaphores, the GPU waits and signals.
 * Elsewhere the CPU waits before GL's commands are issued, and signals after a fence. */
#include "interop/opengl/gl.h"

#include "base/error.h"

#include <stdlib.h>
#include <unistd.h>

/* Attached to an event. semaphore is 0 if the event has no native semaphore that GL can import. */
struct gl_event {
	struct gy_gl_item item;
	uint32_t semaphore;
};

static void finish(struct gy_gl_item *item)
{
	struct gl_event *const event = (struct gl_event *)item;
	struct geyser_gl *const gl = item->gl;

	if (!event->semaphore)
		return;
	if (gl->waited == event->semaphore)
		gl->waited = 0;
	gl->f.DeleteSemaphoresEXT(1, &event->semaphore);
	event->semaphore = 0;
}

static void free_event(struct gy_gl_item *item)
{
	free(item);
}

/* ---- semaphores ---- */

/* Imports the semaphore. After success GL owns the descriptor. */
static enum geyser_result import_semaphore(
	struct gl_event *event, const struct geyser_native_event *native)
{
	const struct geyser_gl *const gl = event->item.gl;
	const int timeline = GY_GL_SEMAPHORE_TYPE_TIMELINE_NV;
	enum geyser_result result;

	gl->f.CreateSemaphoresNV(1, &event->semaphore);
	gl->f.SemaphoreParameterivNV(event->semaphore, GY_GL_SEMAPHORE_TYPE_NV, &timeline);
	result = gy_gl_check(gl, "glSemaphoreParameterivNV");
	if (result == GEYSER_OK) {
		gl->f.ImportSemaphoreFdEXT(
			event->semaphore, GY_GL_HANDLE_TYPE_OPAQUE_FD_EXT, native->fd);
		result = gy_gl_check(gl, "glImportSemaphoreFdEXT");
	}
	return result;
}

/* Imports the event's native semaphore. An event without one isn't native for GL, which is no
 * failure. */
static enum geyser_result import_native(struct gl_event *event, struct geyser_event *of)
{
	struct geyser_native_event native;
	enum geyser_result result = geyser_event_export_native(of, &native);

	if (result == GEYSER_ERROR_UNSUPPORTED)
		return GEYSER_OK;
	if (result != GEYSER_OK)
		return result;
	result =
		gy_gl_check_device(event->item.gl, "event", native.device_uuid, native.driver_uuid);
	if (result == GEYSER_OK)
		result = import_semaphore(event, &native);
	if (result != GEYSER_OK)
		(void)close(native.fd);
	return result;
}

static enum geyser_result make_event(
	struct geyser_gl *gl, struct geyser_event *of, struct gl_event **out)
{
	struct gl_event *const event = calloc(1, sizeof(*event));
	enum geyser_result result;

	if (!event)
		return gy_fail(GEYSER_ERROR_OUT_OF_MEMORY, "no memory for an event");
	gy_gl_item_init(&event->item, gl, finish, free_event);
	result = import_native(event, of);
	if (result == GEYSER_OK)
		result = geyser_event_attach(of, gl, &event->item, gy_gl_item_died);
	if (result == GEYSER_OK)
		*out = event;
	else
		gy_gl_item_end(&event->item);
	return result;
}

/* Gives the event's GL semaphore, or 0 if the event isn't native. */
static enum geyser_result semaphore_of(
	struct geyser_gl *gl, struct geyser_event *event, uint32_t *out)
{
	struct gl_event *kept;
	enum geyser_result result = GEYSER_OK;

	*out = 0;
	if (!event)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "event is NULL");
	if (!gl->info.timeline_semaphore)
		return GEYSER_OK;
	kept = geyser_event_attached(event, gl);
	if (!kept)
		result = make_event(gl, event, &kept);
	if (result == GEYSER_OK)
		*out = kept->semaphore;
	return result;
}

/* ---- waiting ---- */

/* Waits for the last value. texture: its planes are named, or NULL. */
static void wait_for(struct geyser_gl *gl, const struct geyser_gl_texture *texture)
{
	uint32_t names[GEYSER_FORMAT_PLANES_MAX], layouts[GEYSER_FORMAT_PLANES_MAX];
	const uint32_t count = texture ? texture->plane_count : 0;

	for (uint32_t i = 0; i < count; i++) {
		names[i] = texture->planes[i].name;
		layouts[i] = GY_GL_LAYOUT_GENERAL_EXT;
	}
	gl->f.SemaphoreParameterui64vEXT(
		gl->waited, GY_GL_TIMELINE_SEMAPHORE_VALUE_NV, &gl->waited_value);
	gl->f.WaitSemaphoreEXT(gl->waited, 0, NULL, count, names, layouts);
}

/* Waits again for the last value, this time naming the texture. GL needs that to see what another
 * API has written to the texture. GL has waited for the value before, so the second wait costs next
 * to nothing. */
void gy_gl_events_acquire(struct geyser_gl_texture *texture)
{
	struct geyser_gl *const gl = texture->item.gl;

	texture->signal_pending = false;
	if (gl->waited && texture->on_memory_object)
		wait_for(gl, texture);
}

enum geyser_result gy_gl_event_wait(
	struct geyser_gl *gl, struct geyser_event *event, uint64_t value, uint64_t timeout_ns)
{
	uint32_t semaphore;
	enum geyser_result result = semaphore_of(gl, event, &semaphore);

	if (result != GEYSER_OK)
		return result;
	if (!semaphore) {
		gl->waited = 0;
		return geyser_event_wait(event, value, timeout_ns);
	}
	gl->waited = semaphore;
	gl->waited_value = value;
	wait_for(gl, NULL);
	gl->f.Flush();
	return gy_gl_check(gl, "glWaitSemaphoreEXT");
}

/* ---- signalling ---- */

#define SIGNALLED_MAX (64u * GEYSER_FORMAT_PLANES_MAX)

/* Collects textures that were released since the last signal. The signal names them, so that their
 * contents are visible to the peers that wait for it. */
static uint32_t collect(struct geyser_gl *gl, uint32_t *names, uint32_t *layouts)
{
	uint32_t count = 0;

	for (struct gy_gl_item *item = gl->alive;
		item && count + GEYSER_FORMAT_PLANES_MAX <= SIGNALLED_MAX; item = item->next) {
		struct geyser_gl_texture *const texture = (struct geyser_gl_texture *)item;

		if (item->finish == finish || !texture->signal_pending)
			continue;
		texture->signal_pending = false;
		if (!texture->on_memory_object)
			continue;
		for (uint32_t i = 0; i < texture->plane_count; i++) {
			names[count] = texture->planes[i].name;
			layouts[count++] = GY_GL_LAYOUT_GENERAL_EXT;
		}
	}
	return count;
}

enum geyser_result gy_gl_event_signal(
	struct geyser_gl *gl, struct geyser_event *event, uint64_t value)
{
	uint32_t names[SIGNALLED_MAX], layouts[SIGNALLED_MAX], semaphore;
	enum geyser_result result = semaphore_of(gl, event, &semaphore);

	/* a signal with value 0 changes nothing, but fails if this process mustn't signal the
	 * event */
	if (result == GEYSER_OK)
		result = geyser_event_signal(event, 0);
	if (result != GEYSER_OK)
		return result;
	if (!semaphore) {
		result = gy_gl_finish(gl);
		return result == GEYSER_OK ? geyser_event_signal(event, value) : result;
	}
	gl->f.SemaphoreParameterui64vEXT(semaphore, GY_GL_TIMELINE_SEMAPHORE_VALUE_NV, &value);
	gl->f.SignalSemaphoreEXT(semaphore, 0, NULL, collect(gl, names, layouts), names, layouts);
	gl->f.Flush();
	return gy_gl_check(gl, "glSignalSemaphoreEXT");
}

/* ---- public ---- */

bool geyser_gl_event_is_native(struct geyser_gl *gl, struct geyser_event *event)
{
	uint32_t semaphore = 0;

	return gy_gl_enter(gl) == GEYSER_OK && semaphore_of(gl, event, &semaphore) == GEYSER_OK &&
	       semaphore;
}

enum geyser_result geyser_gl_event_wait(
	struct geyser_gl *gl, struct geyser_event *event, uint64_t value, uint64_t timeout_ns)
{
	const enum geyser_result result = gy_gl_enter(gl);

	return result == GEYSER_OK ? gy_gl_event_wait(gl, event, value, timeout_ns) : result;
}

enum geyser_result geyser_gl_event_signal(
	struct geyser_gl *gl, struct geyser_event *event, uint64_t value)
{
	const enum geyser_result result = gy_gl_enter(gl);

	return result == GEYSER_OK ? gy_gl_event_signal(gl, event, value) : result;
}
