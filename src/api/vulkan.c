/* SPDX-License-Identifier: MIT */
/* The public functions of vulkan.h. These functions check the arguments; the backend does the
 * rest. */
#include "backend/vulkan.h"

#include "base/error.h"
#include "core/event.h"
#include "core/texture.h"
#include "format/geometry.h"
#include "format/yuv.h"

#include <stdio.h>
#include <stdlib.h>

static enum geyser_result check_backend(const struct geyser_manager *manager, const char *what)
{
	if (manager->backend == &gy_vulkan_backend)
		return GEYSER_OK;
	return gy_fail(GEYSER_ERROR_UNSUPPORTED,
		"%s of the %s backend: it must be of a Vulkan manager", what,
		manager->backend->name);
}

static enum geyser_result check_manager(const struct geyser_manager *manager)
{
	if (!manager)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "manager is NULL");
	return check_backend(manager, "manager");
}

static enum geyser_result check_texture(struct geyser_texture *texture)
{
	if (!texture)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "texture is NULL");
	return check_backend(gy_texture_manager(texture), "texture");
}

static enum geyser_result check_out(const void *out)
{
	return out ? GEYSER_OK : gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "out is NULL");
}

/* ---- managers ---- */

static enum geyser_result check_device(const struct geyser_vulkan_device *device)
{
	if (!device)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "device is NULL");
	if (!device->instance || !device->physical_device || !device->device || !device->queue ||
		!device->get_instance_proc_addr)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "device's %s is NULL",
			!device->instance          ? "instance"
			: !device->physical_device ? "physical_device"
			: !device->device          ? "device"
			: !device->queue           ? "queue"
						   : "get_instance_proc_addr");
	return GEYSER_OK;
}

static enum geyser_result check_desc(const struct geyser_manager_desc *desc)
{
	if (desc->backend == GEYSER_BACKEND_AUTO || desc->backend == GEYSER_BACKEND_VULKAN)
		return GEYSER_OK;
	return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT,
		"backend (%d): with a Vulkan device it must be GEYSER_BACKEND_VULKAN",
		(int)desc->backend);
}

enum geyser_result geyser_vulkan_manager_create_with_desc(const struct geyser_vulkan_device *device,
	const struct geyser_manager_desc *desc, struct geyser_manager **out)
{
	static const struct geyser_manager_desc defaults = {.backend = GEYSER_BACKEND_VULKAN};
	enum geyser_result result = check_out(out);
	void *adopted = NULL;

	if (result != GEYSER_OK)
		return result;
	*out = NULL;
	if (!desc)
		desc = &defaults;
	result = check_device(device);
	if (result == GEYSER_OK)
		result = check_desc(desc);
	if (result == GEYSER_OK)
		result = gy_vulkan_adopt(device, &adopted);
	if (result != GEYSER_OK)
		return result;
	result = gy_manager_create(desc, &gy_vulkan_backend, adopted, out);
	if (result != GEYSER_OK)
		gy_vulkan_backend.close(adopted);
	return result;
}

enum geyser_result geyser_vulkan_manager_create(
	const struct geyser_vulkan_device *device, struct geyser_manager **out)
{
	return geyser_vulkan_manager_create_with_desc(device, NULL, out);
}

enum geyser_result geyser_vulkan_get_device(
	struct geyser_manager *manager, struct geyser_vulkan_device *out)
{
	enum geyser_result result = check_out(out);

	if (result != GEYSER_OK)
		return result;
	*out = (struct geyser_vulkan_device){0};
	result = check_manager(manager);
	if (result == GEYSER_OK)
		*out = *gy_vulkan_handles(manager->device);
	return result;
}

enum geyser_result geyser_vulkan_get_info(
	struct geyser_manager *manager, struct geyser_vulkan_info *out)
{
	enum geyser_result result = check_out(out);

	if (result != GEYSER_OK)
		return result;
	*out = (struct geyser_vulkan_info){0};
	result = check_manager(manager);
	if (result == GEYSER_OK)
		*out = *gy_vulkan_info(manager->device);
	return result;
}

enum geyser_result geyser_vulkan_manager_set_queue_lock(struct geyser_manager *manager,
	void (*lock)(void *user), void (*unlock)(void *user), void *user)
{
	enum geyser_result result = check_manager(manager);

	if (result == GEYSER_OK && !lock != !unlock)
		result = gy_fail(GEYSER_ERROR_INVALID_ARGUMENT,
			"%s is NULL and %s is not: set both or neither", lock ? "unlock" : "lock",
			lock ? "lock" : "unlock");
	if (result == GEYSER_OK)
		gy_vulkan_set_queue_lock(manager->device, lock, unlock, user);
	return result;
}

enum geyser_result geyser_vulkan_manager_set_features(
	struct geyser_manager *manager, const VkPhysicalDeviceFeatures *enabled)
{
	enum geyser_result result = check_manager(manager);

	if (result == GEYSER_OK)
		gy_vulkan_set_features(manager->device, enabled);
	return result;
}

void geyser_vulkan_queue_lock(struct geyser_manager *manager)
{
	if (manager && manager->backend == &gy_vulkan_backend)
		gy_vulkan_lock_queue(manager->device);
}

void geyser_vulkan_queue_unlock(struct geyser_manager *manager)
{
	if (manager && manager->backend == &gy_vulkan_backend)
		gy_vulkan_unlock_queue(manager->device);
}

enum geyser_result geyser_vulkan_device_lost(struct geyser_manager *manager)
{
	enum geyser_result result = check_manager(manager);

	if (result == GEYSER_OK)
		gy_vulkan_set_lost(manager->device);
	return result;
}

/* ---- textures ---- */

static const struct geyser_format_info *format_of(struct geyser_texture *texture)
{
	return geyser_format_get_info(geyser_texture_get_desc(texture)->format);
}

/* Refuses a texture of several planes: plane 0's image alone would pass for the whole picture. */
static enum geyser_result check_one_image(struct geyser_texture *texture, const char *instead)
{
	const struct geyser_format_info *info = format_of(texture);

	if (info->planes == 1)
		return GEYSER_OK;
	return gy_fail(GEYSER_ERROR_UNSUPPORTED,
		"texture of format %s: it has an image for each of its %u planes, which %s gives",
		info->name, info->planes, instead);
}

static enum geyser_result check_plane(struct geyser_texture *texture, uint32_t plane)
{
	const struct geyser_format_info *info = format_of(texture);

	if (plane < info->planes)
		return GEYSER_OK;
	return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "plane (%u): %s has planes 0 to %u", plane,
		info->name, info->planes - 1);
}

enum geyser_result geyser_vulkan_texture_get_info(
	struct geyser_texture *texture, struct geyser_vulkan_image_info *out)
{
	enum geyser_result result = check_out(out);

	if (result != GEYSER_OK)
		return result;
	*out = (struct geyser_vulkan_image_info){0};
	result = check_texture(texture);
	if (result == GEYSER_OK)
		result = check_one_image(texture, "geyser_vulkan_texture_get_plane_info");
	if (result == GEYSER_OK)
		gy_vulkan_image_info(gy_texture_backing(texture), 0, out);
	return result;
}

enum geyser_result geyser_vulkan_texture_get_plane_info(
	struct geyser_texture *texture, uint32_t plane, struct geyser_vulkan_image_info *out)
{
	enum geyser_result result = check_out(out);

	if (result != GEYSER_OK)
		return result;
	*out = (struct geyser_vulkan_image_info){0};
	result = check_texture(texture);
	if (result == GEYSER_OK)
		result = check_plane(texture, plane);
	if (result == GEYSER_OK)
		gy_vulkan_image_info(gy_texture_backing(texture), plane, out);
	return result;
}

enum geyser_result geyser_vulkan_texture_image(struct geyser_texture *texture, VkImage *out)
{
	enum geyser_result result = check_out(out);

	if (result != GEYSER_OK)
		return result;
	*out = VK_NULL_HANDLE;
	result = check_texture(texture);
	if (result == GEYSER_OK)
		result = check_one_image(texture, "geyser_vulkan_texture_plane_image");
	return result == GEYSER_OK ? geyser_vulkan_texture_plane_image(texture, 0, out) : result;
}

enum geyser_result geyser_vulkan_texture_plane_image(
	struct geyser_texture *texture, uint32_t plane, VkImage *out)
{
	struct geyser_vulkan_image_info info;
	enum geyser_result result = check_out(out);

	if (result != GEYSER_OK)
		return result;
	result = geyser_vulkan_texture_get_plane_info(texture, plane, &info);
	*out = info.image;
	return result;
}

enum geyser_result geyser_vulkan_texture_multiplanar_image(
	struct geyser_texture *texture, VkImage *out)
{
	enum geyser_result result = check_out(out);

	if (result != GEYSER_OK)
		return result;
	*out = VK_NULL_HANDLE;
	result = check_texture(texture);
	return result == GEYSER_OK ? gy_vulkan_multiplanar_image(gy_texture_backing(texture), out)
				   : result;
}

/* All kinds of access that write. */
#define WRITES                                                                                \
	(VK_ACCESS_SHADER_WRITE_BIT | VK_ACCESS_COLOR_ATTACHMENT_WRITE_BIT |                  \
		VK_ACCESS_DEPTH_STENCIL_ATTACHMENT_WRITE_BIT | VK_ACCESS_TRANSFER_WRITE_BIT | \
		VK_ACCESS_MEMORY_WRITE_BIT)

/* Checks the arguments of the barrier functions. name: what the
 * caller's parameter is called, for the message. */
static enum geyser_result check_record(VkCommandBuffer command_buffer,
	struct geyser_texture *texture, const struct geyser_vulkan_access *access, const char *name)
{
	enum geyser_result result;
	char what[32];

	if (!command_buffer || !access)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "%s is NULL",
			command_buffer ? name : "command_buffer");
	result = check_texture(texture);
	if (result != GEYSER_OK || !(access->access & WRITES))
		return result;
	(void)snprintf(what, sizeof(what), "%s->access (0x%x)", name, access->access);
	return gy_texture_check_write(texture, what);
}

enum geyser_result geyser_vulkan_cmd_acquire(VkCommandBuffer command_buffer,
	struct geyser_texture *texture, const struct geyser_vulkan_access *to)
{
	enum geyser_result result = check_record(command_buffer, texture, to, "to");

	if (result == GEYSER_OK)
		gy_vulkan_record_acquire(gy_texture_backing(texture), command_buffer, to);
	return result;
}

enum geyser_result geyser_vulkan_cmd_release(VkCommandBuffer command_buffer,
	struct geyser_texture *texture, const struct geyser_vulkan_access *from)
{
	enum geyser_result result = check_record(command_buffer, texture, from, "from");

	if (result == GEYSER_OK)
		gy_vulkan_record_release(gy_texture_backing(texture), command_buffer, from);
	return result;
}

static enum geyser_result check_conversion(VkCommandBuffer command_buffer,
	struct geyser_texture *source, struct geyser_texture *destination,
	const struct geyser_convert_options *options, struct gy_yuv_meaning *meaning)
{
	struct gy_geometry geometry;
	enum geyser_result result =
		gy_texture_check_convert(source, destination, options, meaning, &geometry);

	if (result == GEYSER_OK && !geometry.same)
		result = gy_fail(GEYSER_ERROR_UNSUPPORTED,
			"options: a command doesn't crop, turn or scale; geyser_texture_convert "
			"does");
	if (result == GEYSER_OK && !command_buffer)
		result = gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "command_buffer is NULL");
	if (result == GEYSER_OK)
		result = check_backend(gy_texture_manager(source), "source");
	if (result == GEYSER_OK && gy_texture_manager(source) != gy_texture_manager(destination))
		result = gy_fail(GEYSER_ERROR_UNSUPPORTED,
			"destination of another manager: a command "
			"converts between textures of one");
	return result == GEYSER_OK ? gy_texture_check_write(destination, "destination") : result;
}

enum geyser_result geyser_vulkan_cmd_convert(VkCommandBuffer command_buffer,
	struct geyser_texture *source, struct geyser_texture *destination,
	const struct geyser_convert_options *options)
{
	struct gy_yuv_meaning meaning;
	enum geyser_result result =
		check_conversion(command_buffer, source, destination, options, &meaning);

	if (result == GEYSER_OK)
		result = gy_vulkan_record_conversion(gy_texture_backing(source),
			gy_texture_backing(destination), &meaning, command_buffer);
	return result;
}

enum geyser_result geyser_vulkan_format_modifiers(struct geyser_manager *manager,
	enum geyser_format format, uint32_t usage, uint64_t **out, uint32_t *count)
{
	const struct geyser_texture_desc desc = {
		.format = format, .width = 1, .height = 1, .usage = usage};
	struct geyser_texture_desc resolved;
	enum geyser_result result;

	if (!out || !count)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "%s is NULL", out ? "count" : "out");
	*out = NULL;
	*count = 0;
	result = check_manager(manager);
	if (result == GEYSER_OK)
		result = gy_desc_resolve("desc", &desc, &resolved);
	if (result == GEYSER_OK)
		result = gy_vulkan_modifiers(manager->device, &resolved, out, count);
	return result;
}

void geyser_vulkan_modifiers_free(uint64_t *modifiers)
{
	free(modifiers);
}

/* The caller's list of DRM format modifiers. */
struct choice {
	const uint64_t *modifiers;
	uint32_t count;
};

static enum geyser_result make_with_modifiers(struct geyser_manager *manager,
	const struct geyser_texture_desc *desc, void *data, struct gy_backend_texture **out)
{
	const struct choice *choice = data;
	enum geyser_result result = gy_texture_check_support(manager, desc);

	if (result != GEYSER_OK)
		return result;
	return gy_vulkan_create_with_modifiers(
		manager->device, desc, choice->modifiers, choice->count, out);
}

enum geyser_result geyser_vulkan_texture_create_with_modifiers(struct geyser_manager *manager,
	const struct geyser_texture_desc *desc, const uint64_t *modifiers, uint32_t count,
	struct geyser_texture **out)
{
	struct choice choice = {modifiers, count};
	struct geyser_texture_desc wanted;
	enum geyser_result result = check_out(out);

	if (result != GEYSER_OK)
		return result;
	*out = NULL;
	result = check_manager(manager);
	if (result == GEYSER_OK && (!modifiers || count == 0))
		result = gy_fail(GEYSER_ERROR_INVALID_ARGUMENT,
			"modifiers: at least one is needed; geyser_vulkan_format_modifiers lists "
			"them");
	if (result == GEYSER_OK)
		result = gy_desc_resolve("desc", desc, &wanted);
	if (result != GEYSER_OK)
		return result;
	wanted.usage |= GEYSER_USAGE_DMA_BUF;
	return gy_texture_make(manager, &wanted, make_with_modifiers, &choice, out);
}

/* ---- events ---- */

static enum geyser_result native_of(struct geyser_event *event, struct gy_backend_event **out)
{
	enum geyser_result result;

	if (!event)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT, "event is NULL");
	result = check_backend(gy_event_manager(event), "event");
	return result == GEYSER_OK ? gy_event_native(event, out) : result;
}

enum geyser_result geyser_vulkan_event_semaphore(struct geyser_event *event, VkSemaphore *out)
{
	enum geyser_result result = check_out(out);
	struct gy_backend_event *native;

	if (result != GEYSER_OK)
		return result;
	*out = VK_NULL_HANDLE;
	result = native_of(event, &native);
	return result == GEYSER_OK ? gy_vulkan_semaphore(native, out) : result;
}

bool geyser_vulkan_event_is_native(struct geyser_event *event)
{
	struct gy_backend_event *native;

	return event && gy_event_manager(event)->backend == &gy_vulkan_backend &&
	       gy_event_native(event, &native) == GEYSER_OK && gy_vulkan_event_is_native(native);
}

/* ---- frames ---- */

/* Translates a frame's wait or signal point into a semaphore and a value. */
static enum geyser_result point(struct geyser_frame *frame,
	enum geyser_result (*get)(struct geyser_frame *frame, struct geyser_point *out),
	struct geyser_vulkan_point *out)
{
	struct geyser_point at;
	enum geyser_result result = check_out(out);

	if (result != GEYSER_OK)
		return result;
	*out = (struct geyser_vulkan_point){0};
	result = get(frame, &at);
	if (result != GEYSER_OK)
		return result;
	if (!at.event)
		return check_backend(gy_texture_manager(geyser_frame_texture(frame)), "frame");
	result = geyser_vulkan_event_semaphore(at.event, &out->semaphore);
	if (result == GEYSER_OK)
		out->value = at.value;
	return result;
}

enum geyser_result geyser_vulkan_frame_wait_point(
	struct geyser_frame *frame, struct geyser_vulkan_point *out)
{
	return point(frame, geyser_frame_wait_point, out);
}

enum geyser_result geyser_vulkan_frame_signal_point(
	struct geyser_frame *frame, struct geyser_vulkan_point *out)
{
	return point(frame, geyser_frame_signal_point, out);
}
