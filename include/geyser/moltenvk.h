/*
 * Vulkan on Apple's systems: geyser's Metal textures and events as images and semaphores of a
 * MoltenVK device, and the other way round, by VK_EXT_metal_objects.
 *
 * SPDX-License-Identifier: MIT
 *
 * Vulkan's types only are needed (vulkan_core.h); the functions are taken from the caller's
 * get_instance_proc_addr, and geyser links neither to MoltenVK nor to the loader. The device must
 * be of Vulkan 1.1 or later, have VK_EXT_metal_objects enabled, and for events the feature
 * timelineSemaphore (Vulkan 1.2 or VK_KHR_timeline_semaphore). It must be on the GPU that the
 * manager's MTLDevice is; that is checked. Results, times and threads are as geyser.h says.
 */
#ifndef GEYSER_MOLTENVK_H
#define GEYSER_MOLTENVK_H

#include "stream.h"

#include <vulkan/vulkan_core.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The caller's device. Borrowed during the call. */
struct geyser_moltenvk_device {
	VkInstance instance;
	VkPhysicalDevice physical_device;
	VkDevice device;
	PFN_vkGetInstanceProcAddr get_instance_proc_addr;
};

/* ---- from geyser to Vulkan ----------------------------------------------------------------- */

struct geyser_moltenvk_image {
	VkImage image;
	VkDeviceMemory memory; /* dedicated to it; the pixels are Metal's */
	VkImageType type;
	VkFormat format; /* the depth formats are those that Metal stores: 32-bit float */
	VkExtent3D extent;
	uint32_t mip_levels, array_layers;
	VkImageUsageFlags usage;
	VkImageAspectFlags aspects;
};

/*
 * An image on the texture's IOSurface, or on the MTLTexture of one in private storage: the same
 * pixels. Both are the caller's, to be destroyed with geyser_moltenvk_image_destroy before the
 * device; Metal's objects live as long as the image does. It is in VK_IMAGE_LAYOUT_PREINITIALIZED,
 * so that the first barrier keeps the pixels; no queue family need be handed over. usage follows
 * the texture's: COPY_SRC and COPY_DST are TRANSFER_SRC and _DST, TEXTURE_BINDING is SAMPLED,
 * STORAGE_BINDING is STORAGE, RENDER_ATTACHMENT is COLOR_ATTACHMENT or DEPTH_STENCIL_ATTACHMENT.
 * Errors: INVALID_ARGUMENT (NULL, a NULL member), UNSUPPORTED (the extension that isn't enabled;
 * not a Metal manager's texture; a format, usage or size that the device can't have, with the
 * numbers), MISMATCH (the device is on another GPU), OUT_OF_MEMORY, DEVICE_LOST, SYSTEM.
 */
GEYSER_API enum geyser_result geyser_moltenvk_image_create(
	const struct geyser_moltenvk_device *device, struct geyser_texture *texture,
	struct geyser_moltenvk_image *out);

/* No submit that uses the image may be pending. The image is all NULL then; NULL and one that is
 * NULL already are fine. */
GEYSER_API void geyser_moltenvk_image_destroy(
	const struct geyser_moltenvk_device *device, struct geyser_moltenvk_image *image);

/*
 * A timeline semaphore on the event's MTLSharedEvent, the caller's to be destroyed with
 * vkDestroySemaphore. Its waits and signals are the event's, in every process; as for any timeline
 * semaphore, values are signalled in order. MoltenVK sets the shared event to the semaphore's
 * initial value, which is therefore the event's present one: make the semaphore while no GPU work
 * that signals the event is pending. A value that a CPU signals meanwhile is not lost. Errors: as
 * for an image; and UNSUPPORTED (this MoltenVK emulates timeline semaphores).
 */
GEYSER_API enum geyser_result geyser_moltenvk_semaphore_create(
	const struct geyser_moltenvk_device *device, struct geyser_event *event, VkSemaphore *out);

/* ---- from Vulkan to geyser ----------------------------------------------------------------- */

/*
 * A texture on the IOSurface of an image. Such an image is made with these two in the pNext chain
 * of its VkImageCreateInfo: VkImportMetalIOSurfaceInfoEXT with a NULL ioSurface, which makes one,
 * and VkExportMetalObjectCreateInfoEXT with VK_EXPORT_METAL_OBJECT_TYPE_METAL_IOSURFACE_BIT_EXT.
 * desc must fit the image. The texture keeps the surface also after the image. Errors:
 * INVALID_ARGUMENT (NULL), UNSUPPORTED (the extension isn't enabled; the image has no surface), and
 * as geyser_metal_texture_import_surface.
 */
GEYSER_API enum geyser_result geyser_moltenvk_texture_create(
	const struct geyser_moltenvk_device *device, VkImage image, struct geyser_manager *manager,
	const struct geyser_texture_desc *desc, struct geyser_texture **out);

/*
 * An event on the MTLSharedEvent of a timeline semaphore, made with
 * VkExportMetalObjectCreateInfoEXT and VK_EXPORT_METAL_OBJECT_TYPE_METAL_SHARED_EVENT_BIT_EXT. It
 * can be exported, waited for and signalled as any other, and keeps the shared event also after the
 * semaphore. Errors: INVALID_ARGUMENT (NULL), UNSUPPORTED (the extension isn't enabled; the
 * semaphore has no shared event), MISMATCH (another GPU's), and as geyser_metal_event_adopt.
 */
GEYSER_API enum geyser_result geyser_moltenvk_event_create(
	const struct geyser_moltenvk_device *device, VkSemaphore semaphore,
	struct geyser_manager *manager, struct geyser_event **out);

#ifdef __cplusplus
}
#endif

#endif
