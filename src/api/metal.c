/* SPDX-License-Identifier: MIT */
/* The public functions of metal.h. These functions check the arguments; the backend does the
 * rest. */
#include "backend/metal.h"
#include "api/metal_objects.h"

#include "backend/io_surface.h"
#include "base/error.h"
#include "base/text.h"
#include "core/event.h"
#include "core/texture.h"
#include "stream/frame.h"

#include <IOSurface/IOSurface.h>

#include <inttypes.h>

static enum geyser_result check_backend(const struct geyser_manager *manager, const char *what)
{
	if (manager->backend == &gy_metal_backend)
		return GEYSER_OK;
	return gy_fail(GEYSER_ERROR_UNSUPPORTED,
		"%s of the %s backend: it must be of a Metal manager", what,
		manager->backend->name);
}

static enum geyser_result is_null(const char *name)
{
	return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "%s is NULL", name);
}

static enum geyser_result check_manager(const struct geyser_manager *manager)
{
	return manager ? check_backend(manager, "manager") : is_null("manager");
}

static enum geyser_result check_texture(struct geyser_texture *texture)
{
	return texture ? check_backend(gy_texture_manager(texture), "texture") : is_null("texture");
}

/* Sets *out to NULL, so that every later failure leaves it NULL. */
static enum geyser_result check_out(void **out)
{
	if (!out)
		return is_null("out");
	*out = NULL;
	return GEYSER_OK;
}

/* ---- managers ---- */

enum geyser_result geyser_metal_manager_create_with_desc(
	void *mtl_device, const struct geyser_manager_desc *desc, struct geyser_manager **out)
{
	static const struct geyser_manager_desc defaults = {.backend = GEYSER_BACKEND_METAL};
	enum geyser_result result;
	void *adopted;

	if (!out)
		return is_null("out");
	*out = NULL;
	if (!desc)
		desc = &defaults;
	if (desc->backend != GEYSER_BACKEND_AUTO && desc->backend != GEYSER_BACKEND_METAL)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT,
			"backend (%d): with a Metal device it must be GEYSER_BACKEND_METAL",
			(int)desc->backend);
	result = gy_metal_adopt(mtl_device, &adopted);
	if (result != GEYSER_OK)
		return result;
	result = gy_manager_create(desc, &gy_metal_backend, adopted, out);
	if (result != GEYSER_OK)
		gy_metal_backend.close(adopted);
	return result;
}

enum geyser_result geyser_metal_manager_create(void *mtl_device, struct geyser_manager **out)
{
	return geyser_metal_manager_create_with_desc(mtl_device, NULL, out);
}

enum geyser_result geyser_metal_get_device(struct geyser_manager *manager, void **mtl_device)
{
	enum geyser_result result = check_out(mtl_device);

	if (result == GEYSER_OK)
		result = check_manager(manager);
	if (result == GEYSER_OK)
		*mtl_device = gy_metal_device(manager->device);
	return result;
}

enum geyser_result geyser_metal_get_info(
	struct geyser_manager *manager, struct geyser_metal_info *out)
{
	enum geyser_result result;

	if (!out)
		return is_null("out");
	*out = (struct geyser_metal_info){0};
	result = check_manager(manager);
	if (result == GEYSER_OK)
		*out = *gy_metal_info(manager->device);
	return result;
}

const char *geyser_metal_format_refusal(
	struct geyser_manager *manager, enum geyser_format format, enum geyser_dimension dimension)
{
	const struct geyser_format_info *info = geyser_format_get_info(format);

	if (!manager || manager->backend != &gy_metal_backend || !info)
		return NULL;
	return gy_metal_backend.format_refusal(manager->device, info, dimension);
}

/* ---- textures ---- */

/* Checks the arguments of a call that gives a borrowed object of the texture. The caller may retain
 * the object. */
static enum geyser_result check_get(struct geyser_texture *texture, void **out)
{
	enum geyser_result result = check_out(out);

	if (result == GEYSER_OK)
		result = check_texture(texture);
	if (result == GEYSER_OK)
		gy_texture_set_left(texture);
	return result;
}

enum geyser_result geyser_metal_texture(struct geyser_texture *texture, void **mtl_texture)
{
	enum geyser_result result = check_get(texture, mtl_texture);
	const struct geyser_format_info *info;

	if (result != GEYSER_OK)
		return result;
	info = geyser_format_get_info(geyser_texture_get_desc(texture)->format);
	if (info->planes > 1)
		return gy_fail(GEYSER_ERROR_UNSUPPORTED,
			"%s has %" PRIu32 " planes: call geyser_metal_texture_plane", info->name,
			info->planes);
	return gy_metal_texture(gy_texture_backing(texture), 0, mtl_texture);
}

enum geyser_result geyser_metal_texture_plane(
	struct geyser_texture *texture, uint32_t plane, void **mtl_texture)
{
	enum geyser_result result = check_get(texture, mtl_texture);
	const struct geyser_format_info *info;

	if (result != GEYSER_OK)
		return result;
	info = geyser_format_get_info(geyser_texture_get_desc(texture)->format);
	if (plane >= info->planes)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT,
			"plane (%" PRIu32 "): %s has %" PRIu32, plane, info->name, info->planes);
	return gy_metal_texture(gy_texture_backing(texture), plane, mtl_texture);
}

enum geyser_result geyser_metal_texture_surface(struct geyser_texture *texture, void **io_surface)
{
	enum geyser_result result = check_get(texture, io_surface);

	return result == GEYSER_OK ? gy_metal_surface(gy_texture_backing(texture), io_surface)
				   : result;
}

enum geyser_result geyser_metal_surface_format(
	void *io_surface, enum geyser_format *format, enum geyser_color_range *range)
{
	uint32_t fourcc;

	if (!format || !range)
		return is_null(format ? "range" : "format");
	*format = GEYSER_FORMAT_NONE;
	*range = GEYSER_COLOR_RANGE_FULL;
	if (!io_surface || CFGetTypeID(io_surface) != IOSurfaceGetTypeID())
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT,
			"io_surface (%s): it isn't an IOSurface",
			io_surface ? "of Core Foundation" : "NULL");
	fourcc = IOSurfaceGetPixelFormat(io_surface);
	*format = gy_surface_format(fourcc, range);
	if (*format != GEYSER_FORMAT_NONE)
		return GEYSER_OK;
	return gy_fail(GEYSER_ERROR_UNSUPPORTED,
		"the IOSurface's pixel format is %s (0x%08" PRIx32 "): no format has that name",
		gy_fourcc_text(fourcc).text, fourcc);
}

enum geyser_result geyser_metal_texture_global_id(struct geyser_texture *texture, uint32_t *id)
{
	enum geyser_result result;
	void *surface;

	if (!id)
		return is_null("id");
	*id = 0;
	result = geyser_metal_texture_surface(texture, &surface);
	if (result != GEYSER_OK)
		return result;
	if (!(geyser_texture_get_desc(texture)->usage & GEYSER_USAGE_GLOBAL_ID))
		return gy_fail(GEYSER_ERROR_UNSUPPORTED,
			"the texture was made without GEYSER_USAGE_GLOBAL_ID: no other process "
			"finds it by its id");
	*id = IOSurfaceGetID(surface);
	return GEYSER_OK;
}

enum geyser_result geyser_metal_texture_mach_port(struct geyser_texture *texture, uint32_t *port)
{
	enum geyser_result result;
	void *surface;

	if (!port)
		return is_null("port");
	*port = MACH_PORT_NULL;
	result = geyser_metal_texture_surface(texture, &surface);
	if (result != GEYSER_OK)
		return result;
	*port = IOSurfaceCreateMachPort(surface);
	if (*port != MACH_PORT_NULL)
		return GEYSER_OK;
	return gy_fail(GEYSER_ERROR_SYSTEM, "IOSurfaceCreateMachPort returned no port");
}

enum geyser_result geyser_metal_texture_xpc_object(
	struct geyser_texture *texture, void **xpc_object)
{
	enum geyser_result result = check_out(xpc_object);
	void *surface;

	if (result == GEYSER_OK)
		result = geyser_metal_texture_surface(texture, &surface);
	if (result != GEYSER_OK)
		return result;
	*xpc_object = (void *)IOSurfaceCreateXPCObject(surface);
	if (*xpc_object)
		return GEYSER_OK;
	return gy_fail(GEYSER_ERROR_SYSTEM, "IOSurfaceCreateXPCObject returned no object");
}

enum geyser_result geyser_metal_texture_import_surface(struct geyser_manager *manager,
	void *io_surface, const struct geyser_texture_desc *desc, struct geyser_texture **out)
{
	const struct geyser_native_texture native = {
		.type = GEYSER_NATIVE_IOSURFACE, .fd = -1, .object = io_surface};

	if (!out)
		return is_null("out");
	*out = NULL;
	if (!io_surface)
		return is_null("io_surface");
	return geyser_texture_import_native(manager, &native, desc, out);
}

/* Imports the surface and drops the reference that the lookup gave. */
static enum geyser_result import_found(struct geyser_manager *manager, IOSurfaceRef surface,
	const struct geyser_texture_desc *desc, struct geyser_texture **out)
{
	enum geyser_result result =
		geyser_metal_texture_import_surface(manager, (void *)surface, desc, out);

	CFRelease(surface);
	return result;
}

static enum geyser_result check_import(struct geyser_manager *manager, struct geyser_texture **out)
{
	if (!out)
		return is_null("out");
	*out = NULL;
	return check_manager(manager);
}

enum geyser_result geyser_metal_texture_import_global_id(struct geyser_manager *manager,
	uint32_t id, const struct geyser_texture_desc *desc, struct geyser_texture **out)
{
	enum geyser_result result = check_import(manager, out);
	IOSurfaceRef surface;

	if (result != GEYSER_OK)
		return result;
	surface = IOSurfaceLookup(id);
	if (surface)
		return import_found(manager, surface, desc, out);
	return gy_fail(GEYSER_ERROR_NOT_FOUND,
		"IOSurfaceID %" PRIu32
		": no such surface, or one of another process that isn't global",
		id);
}

enum geyser_result geyser_metal_texture_import_mach_port(struct geyser_manager *manager,
	uint32_t port, const struct geyser_texture_desc *desc, struct geyser_texture **out)
{
	enum geyser_result result = check_import(manager, out);
	IOSurfaceRef surface;

	if (result != GEYSER_OK)
		return result;
	surface = IOSurfaceLookupFromMachPort(port);
	if (surface)
		return import_found(manager, surface, desc, out);
	return gy_fail(GEYSER_ERROR_NOT_FOUND,
		"port 0x%" PRIx32 ": it doesn't refer to an IOSurface", port);
}

enum geyser_result geyser_metal_texture_import_xpc_object(struct geyser_manager *manager,
	void *xpc_object, const struct geyser_texture_desc *desc, struct geyser_texture **out)
{
	enum geyser_result result = check_import(manager, out);
	IOSurfaceRef surface;

	if (result == GEYSER_OK && !xpc_object)
		result = is_null("xpc_object");
	if (result != GEYSER_OK)
		return result;
	surface = IOSurfaceLookupFromXPCObject((xpc_object_t)xpc_object);
	if (surface)
		return import_found(manager, surface, desc, out);
	return gy_fail(GEYSER_ERROR_NOT_FOUND, "the XPC object doesn't refer to an IOSurface");
}

/* ---- textures in private storage ---- */

static enum geyser_result make_private(struct geyser_manager *manager,
	const struct geyser_texture_desc *desc, void *handle, struct gy_backend_texture **out)
{
	if (desc->usage & (GEYSER_USAGE_HOST_MEMORY | GEYSER_USAGE_DMA_BUF |
				  GEYSER_USAGE_GLOBAL_ID | GEYSER_USAGE_LINEAR))
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT,
			"usage (0x%" PRIx32 "): a texture in private storage has none of "
			"HOST_MEMORY, DMA_BUF, LINEAR and GLOBAL_ID",
			desc->usage);
	if (geyser_format_is_video(desc->format))
		return gy_fail(GEYSER_ERROR_UNSUPPORTED,
			"format %s: Metal has no such texture, but one for each plane on an "
			"IOSurface: use geyser_texture_create",
			geyser_format_name(desc->format));
	return gy_metal_create_private(manager->device, desc, handle, out);
}

enum geyser_result geyser_metal_texture_create_private(struct geyser_manager *manager,
	const struct geyser_texture_desc *desc, struct geyser_texture **out)
{
	enum geyser_result result = check_import(manager, out);

	return result == GEYSER_OK ? gy_texture_make(manager, desc, make_private, NULL, out)
				   : result;
}

enum geyser_result geyser_metal_texture_import_shared_handle(struct geyser_manager *manager,
	void *handle, const struct geyser_texture_desc *desc, struct geyser_texture **out)
{
	enum geyser_result result = check_import(manager, out);

	if (result == GEYSER_OK && !handle)
		result = is_null("mtl_shared_texture_handle");
	return result == GEYSER_OK ? gy_texture_make(manager, desc, make_private, handle, out)
				   : result;
}

enum geyser_result geyser_metal_texture_shared_handle(
	struct geyser_texture *texture, void **mtl_shared_texture_handle)
{
	enum geyser_result result = check_out(mtl_shared_texture_handle);
	void *object;

	if (result == GEYSER_OK)
		result = geyser_metal_texture(texture, &object);
	if (result == GEYSER_OK && !gy_metal_is_private(gy_texture_backing(texture)))
		result = gy_fail(GEYSER_ERROR_UNSUPPORTED,
			"the texture has no shared handle: make it with "
			"geyser_metal_texture_create_private");
	if (result != GEYSER_OK)
		return result;
	*mtl_shared_texture_handle = gy_metal_new_texture_handle(object);
	if (*mtl_shared_texture_handle)
		return GEYSER_OK;
	return gy_fail(GEYSER_ERROR_UNSUPPORTED, "Metal returned no shared handle for the texture");
}

/* ---- events ---- */

static enum geyser_result get_native(struct geyser_event *event, struct gy_backend_event **out)
{
	enum geyser_result result = event ? GEYSER_OK : is_null("event");

	if (result == GEYSER_OK)
		result = check_backend(gy_event_manager(event), "event");
	return result == GEYSER_OK ? gy_event_native(event, out) : result;
}

enum geyser_result geyser_metal_event(struct geyser_event *event, void **mtl_shared_event)
{
	enum geyser_result result = check_out(mtl_shared_event);
	struct gy_backend_event *native;

	if (result == GEYSER_OK)
		result = get_native(event, &native);
	return result == GEYSER_OK ? gy_metal_shared_event(native, mtl_shared_event) : result;
}

typedef enum geyser_result encoder(
	struct gy_backend_event *event, void *command_buffer, uint64_t value);

/* Encodes a wait for, or a signal of, the event into the caller's command buffer. */
static enum geyser_result encode(
	void *command_buffer, struct geyser_event *event, uint64_t value, encoder *encode)
{
	struct gy_backend_event *native;
	enum geyser_result result =
		command_buffer ? get_native(event, &native) : is_null("mtl_command_buffer");

	return result == GEYSER_OK ? encode(native, command_buffer, value) : result;
}

enum geyser_result geyser_metal_encode_wait(
	void *mtl_command_buffer, struct geyser_event *event, uint64_t value)
{
	return encode(mtl_command_buffer, event, value, gy_metal_encode_wait);
}

enum geyser_result geyser_metal_encode_signal(
	void *mtl_command_buffer, struct geyser_event *event, uint64_t value)
{
	/* a signal with value 0 changes nothing, but fails if this process mustn't signal the
	 * event */
	const enum geyser_result result = event ? geyser_event_signal(event, 0) : is_null("event");

	return result == GEYSER_OK
		       ? encode(mtl_command_buffer, event, value, gy_metal_encode_signal)
		       : result;
}

static enum geyser_result check_event_import(
	struct geyser_manager *manager, struct geyser_event **out)
{
	enum geyser_result result;

	if (!out)
		return is_null("out");
	*out = NULL;
	result = check_manager(manager);
	return result == GEYSER_OK ? gy_metal_check_events(manager->device) : result;
}

enum geyser_result geyser_metal_event_adopt(
	struct geyser_manager *manager, void *mtl_shared_event, struct geyser_event **out)
{
	enum geyser_result result = check_event_import(manager, out);

	if (result == GEYSER_OK && !mtl_shared_event)
		result = is_null("mtl_shared_event");
	if (result != GEYSER_OK)
		return result;
	return gy_event_make(manager, gy_metal_event_value(mtl_shared_event), gy_metal_event_adopt,
		mtl_shared_event, out);
}

enum geyser_result geyser_metal_event_shared_handle(
	struct geyser_event *event, void **mtl_shared_event_handle)
{
	enum geyser_result result = check_out(mtl_shared_event_handle);
	void *shared;

	if (result == GEYSER_OK)
		result = geyser_metal_event(event, &shared);
	if (result != GEYSER_OK)
		return result;
	*mtl_shared_event_handle = gy_metal_new_event_handle(shared);
	if (*mtl_shared_event_handle)
		return GEYSER_OK;
	return gy_fail(GEYSER_ERROR_OUT_OF_MEMORY, "Metal returned no shared handle for the event");
}

enum geyser_result geyser_metal_event_import_shared_handle(
	struct geyser_manager *manager, void *mtl_shared_event_handle, struct geyser_event **out)
{
	enum geyser_result result = check_event_import(manager, out);
	void *shared;

	if (result == GEYSER_OK && !mtl_shared_event_handle)
		result = is_null("mtl_shared_event_handle");
	if (result != GEYSER_OK)
		return result;
	shared = gy_metal_new_event(gy_metal_device(manager->device), mtl_shared_event_handle);
	if (!shared)
		return gy_fail(GEYSER_ERROR_MISMATCH,
			"%s can't open the event of the handle: is it of another device?",
			gy_metal_info(manager->device)->name);
	result = geyser_metal_event_adopt(manager, shared, out);
	gy_metal_release(shared);
	return result;
}

enum geyser_result geyser_metal_encode_synchronize(
	void *mtl_command_buffer, struct geyser_texture *texture)
{
	enum geyser_result result =
		mtl_command_buffer ? check_texture(texture) : is_null("mtl_command_buffer");

	return result == GEYSER_OK ? gy_metal_encode_synchronize(
					     mtl_command_buffer, gy_texture_backing(texture))
				   : result;
}

/* ---- frames ---- */

static enum geyser_result encode_point(void *command_buffer, struct geyser_frame *frame,
	enum geyser_result (*get)(struct geyser_frame *frame, struct geyser_point *out),
	encoder *encode_it)
{
	struct geyser_texture *texture;
	struct geyser_point point;
	enum geyser_result result;

	if (!command_buffer || !frame)
		return is_null(command_buffer ? "frame" : "mtl_command_buffer");
	result = get(frame, &point);
	if (result != GEYSER_OK)
		return result;
	texture = geyser_frame_texture(frame);
	if (!point.event)
		return check_backend(gy_texture_manager(texture), "frame");
	/* before the signal, other processes get what this process may have drawn */
	if (encode_it == gy_metal_encode_signal &&
		geyser_texture_access(texture) != GEYSER_ACCESS_READ)
		result = geyser_metal_encode_synchronize(command_buffer, texture);
	return result == GEYSER_OK ? encode(command_buffer, point.event, point.value, encode_it)
				   : result;
}

enum geyser_result geyser_metal_encode_frame_wait(
	void *mtl_command_buffer, struct geyser_frame *frame)
{
	return encode_point(
		mtl_command_buffer, frame, geyser_frame_wait_point, gy_metal_encode_wait);
}

enum geyser_result geyser_metal_encode_frame_signal(
	void *mtl_command_buffer, struct geyser_frame *frame)
{
	return encode_point(
		mtl_command_buffer, frame, geyser_frame_signal_point, gy_metal_encode_signal);
}

enum geyser_result geyser_metal_publisher_submit(
	struct geyser_publisher *publisher, struct geyser_frame *frame, void *mtl_command_buffer)
{
	enum geyser_result result = publisher ? GEYSER_OK : is_null("publisher");

	if (result == GEYSER_OK)
		result = geyser_metal_encode_frame_signal(mtl_command_buffer, frame);
	if (result != GEYSER_OK)
		return result;
	gy_metal_commit(mtl_command_buffer, true);
	/* Where no GPU of a subscriber can wait for the frame, it is drawn before it is sent. If
	 * the device is lost meanwhile, the submit says so. */
	if (!gy_metal_has_events(gy_texture_manager(frame->texture)->device))
		(void)geyser_event_wait(frame->signal.event, frame->signal.value, UINT64_MAX);
	return geyser_publisher_submit(publisher, frame);
}

enum geyser_result geyser_metal_subscriber_release(
	struct geyser_subscriber *subscriber, struct geyser_frame *frame, void *mtl_command_buffer)
{
	enum geyser_result result = subscriber ? GEYSER_OK : is_null("subscriber");

	if (result == GEYSER_OK)
		result = geyser_metal_encode_frame_signal(mtl_command_buffer, frame);
	if (result != GEYSER_OK)
		return result;
	gy_metal_commit(mtl_command_buffer, false);
	return geyser_subscriber_release(subscriber, frame);
}
