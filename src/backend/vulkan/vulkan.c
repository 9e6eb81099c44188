/* SPDX-License-Identifier: MIT */
/* The table of the Vulkan backend, and what the public functions of vulkan.h ask of a device. */
#include "backend/vulkan/vk.h"

#include "base/error.h"
#include "platform/platform.h"

static enum geyser_result device_open(bool automatic, void **out)
{
	struct vk_device *device;
	enum geyser_result result;

	if (automatic && !gy_platform_has_gpu())
		return gy_fail(
			GEYSER_ERROR_UNSUPPORTED, "this machine has no device file of a GPU");
	result = gy_vk_device_open(&device);
	if (result != GEYSER_OK)
		return result;
	if (automatic && device->info.type == VK_PHYSICAL_DEVICE_TYPE_CPU) {
		gy_vk_device_close(device);
		return gy_fail(GEYSER_ERROR_UNSUPPORTED, "Vulkan has a software device only");
	}
	*out = device;
	return GEYSER_OK;
}

static void device_close(void *device)
{
	gy_vk_device_close(device);
}

static void device_on_lost(void *data, void (*callback)(void *user), void *user)
{
	gy_loss_watch(&((struct vk_device *)data)->loss, callback, user);
}

static bool device_is_lost(void *data)
{
	return gy_loss_is_noted(&((struct vk_device *)data)->loss);
}

enum geyser_result gy_vulkan_adopt(const struct geyser_vulkan_device *handles, void **out)
{
	struct vk_device *device;
	enum geyser_result result = gy_vk_device_adopt(handles, &device);

	if (result == GEYSER_OK)
		*out = device;
	return result;
}

const struct geyser_vulkan_device *gy_vulkan_handles(void *device)
{
	return &((struct vk_device *)device)->handles;
}

const struct geyser_vulkan_info *gy_vulkan_info(void *device)
{
	return &((struct vk_device *)device)->info;
}

void gy_vulkan_set_queue_lock(
	void *data, void (*lock)(void *user), void (*unlock)(void *user), void *user)
{
	struct vk_device *device = data;

	device->lock_user = user;
	device->lock_queue = lock;
	device->unlock_queue = unlock;
}

void gy_vulkan_set_lost(void *device)
{
	gy_loss_note(&((struct vk_device *)device)->loss);
}

void gy_vulkan_set_features(void *data, const VkPhysicalDeviceFeatures *enabled)
{
	struct vk_device *device = data;

	(void)pthread_mutex_lock(&device->converting);
	device->stores_any_format = enabled && enabled->shaderStorageImageWriteWithoutFormat;
	(void)pthread_mutex_unlock(&device->converting);
}

static const struct gy_memory_count *staging(void *device)
{
	return &((const struct vk_device *)device)->staging;
}

const struct gy_backend gy_vulkan_backend = {
	.kind = GEYSER_BACKEND_VULKAN,
	.name = "vulkan",
	.open = device_open,
	.close = device_close,
	.format_usage = gy_vk_format_usage,
	.texture_create = gy_vk_texture_create,
	.texture_import = gy_vk_texture_import,
	.texture_share = gy_vk_texture_share,
	.texture_describe = gy_vk_texture_describe,
	.texture_convert = gy_vk_texture_convert,
	.texture_map = gy_vk_texture_map,
	.texture_unmap = gy_vk_texture_unmap,
	.texture_upload = gy_vk_texture_upload,
	.texture_destroy = gy_vk_texture_destroy,
	.texture_rest = gy_vk_texture_rest,
	.texture_renew = gy_vk_texture_renew,
	.staging = staging,
	.lost = device_is_lost,
	.on_lost = device_on_lost,
	.event_shared = gy_vk_event_shared,
	.event_create = gy_vk_event_create,
	.event_describe = gy_vk_event_describe,
	.event_export = gy_vk_event_export,
	.event_signal = gy_vk_event_signal,
	.event_destroy = gy_vk_event_destroy,
	.mirror_create = gy_vk_mirror_create,
	.texture_copy = gy_vk_texture_copy,
	.convert_texels = gy_vk_convert_texels,
};
