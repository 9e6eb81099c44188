/* SPDX-License-Identifier: MIT */
/* Declares what the public functions of vulkan.h need from the Vulkan backend. Its table,
 * gy_vulkan_backend, has made all devices, textures and events that these functions get. */
#ifndef GY_BACKEND_VULKAN_H
#define GY_BACKEND_VULKAN_H

#include "backend/backend.h"

#include <geyser/vulkan.h>

enum geyser_result gy_vulkan_adopt(const struct geyser_vulkan_device *handles, void **device);
const struct geyser_vulkan_device *gy_vulkan_handles(void *device);
const struct geyser_vulkan_info *gy_vulkan_info(void *device);
void gy_vulkan_set_queue_lock(
	void *device, void (*lock)(void *user), void (*unlock)(void *user), void *user);
void gy_vulkan_lock_queue(void *device);
void gy_vulkan_unlock_queue(void *device);
void gy_vulkan_set_lost(void *device);
/* Tells which features the program has enabled; NULL: none that geyser knows of. */
void gy_vulkan_set_features(void *device, const VkPhysicalDeviceFeatures *enabled);

/* Gives the multi-planar image, which is made at the first call. Errors: UNSUPPORTED,
 * OUT_OF_MEMORY, DEVICE_LOST. */
enum geyser_result gy_vulkan_multiplanar_image(struct gy_backend_texture *texture, VkImage *out);
/* The texture's format must have that plane. */
void gy_vulkan_image_info(const struct gy_backend_texture *texture, uint32_t plane,
	struct geyser_vulkan_image_info *out);
void gy_vulkan_record_acquire(struct gy_backend_texture *texture, VkCommandBuffer commands,
	const struct geyser_vulkan_access *to);
void gy_vulkan_record_release(struct gy_backend_texture *texture, VkCommandBuffer commands,
	const struct geyser_vulkan_access *from);

/* Converts as convert_texels of the backend's table does, also on a device that is the CPU. */
enum geyser_result gy_vulkan_convert(struct gy_backend_texture *from, struct gy_backend_texture *to,
	const struct gy_yuv_meaning *meaning, bool *done);

/* Records a conversion between two textures of one device, as convert_texels of the backend's table
 * does it. The textures keep what the commands need. Errors: UNSUPPORTED (naming what the textures
 * or the device lack for it), OUT_OF_MEMORY, DEVICE_LOST, SYSTEM. */
enum geyser_result gy_vulkan_record_conversion(struct gy_backend_texture *from,
	struct gy_backend_texture *to, const struct gy_yuv_meaning *meaning,
	VkCommandBuffer commands);

/* Lists the modifiers of geyser_vulkan_format_modifiers. The caller frees *out. Errors:
 * OUT_OF_MEMORY. */
enum geyser_result gy_vulkan_modifiers(
	void *device, const struct geyser_texture_desc *desc, uint64_t **out, uint32_t *count);
enum geyser_result gy_vulkan_create_with_modifiers(void *device,
	const struct geyser_texture_desc *desc, const uint64_t *modifiers, uint32_t count,
	struct gy_backend_texture **out);

/* Gives the event's semaphore, which the event owns. From now on the semaphore and the event's
 * timeline are kept equal. Errors: SYSTEM (no thread), DEVICE_LOST. */
enum geyser_result gy_vulkan_semaphore(struct gy_backend_event *event, VkSemaphore *out);
/* Whether the driver itself carries the semaphore's signals to other processes. */
bool gy_vulkan_event_is_native(const struct gy_backend_event *event);

#endif
