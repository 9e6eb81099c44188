/*
 * Vulkan on Apple's systems, with VK_EXT_metal_objects. geyser's Metal textures and events become
 * images and semaphores of a MoltenVK device, and the other way round.
 *
 * SPDX-License-Identifier: MIT
 *
 * This header needs only Vulkan's types (vulkan_core.h). geyser gets Vulkan's functions from the
 * caller's get_instance_proc_addr, and links neither to MoltenVK nor to the loader. The device must
 * have Vulkan 1.1 or later, with VK_EXT_metal_objects enabled. Events also need the feature
 * timelineSemaphore (Vulkan 1.2 or VK_KHR_timeline_semaphore). The device must be on the same GPU
 * as the manager's MTLDevice. The functions that make an image, a texture or an event check that,
 * if the device reports a LUID (VkPhysicalDeviceIDProperties). geyser.h explains results, times and
 * threads.
 *
 * No MoltenVK has run with this yet, only a double of it on Linux: docs/platforms.md tells more.
 */
#ifndef GEYSER_MOLTENVK_H
#define GEYSER_MOLTENVK_H

#include "stream.h"

#include <vulkan/vulkan_core.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The caller's device. The members are borrowed during the call. */
struct geyser_moltenvk_device {
	VkInstance instance;
	VkPhysicalDevice physical_device;
	VkDevice device;
	PFN_vkGetInstanceProcAddr get_instance_proc_addr;
};

/* ---- from geyser to Vulkan ----------------------------------------------------------------- */

struct geyser_moltenvk_image {
	VkImage image;
	VkDeviceMemory memory; /* dedicated to the image; the pixels are in Metal's memory */
	VkImageType type;
	VkFormat format; /* the depth formats are those that Metal stores: 32-bit float */
	VkExtent3D extent;
	uint32_t mip_levels, array_layers;
	VkImageUsageFlags usage;
	VkImageAspectFlags aspects;
};

/*
 * Makes an image of the texture's IOSurface, or of the MTLTexture of a texture in private storage.
 * The image has the same pixels. The caller owns image and memory, and destroys both with
 * geyser_moltenvk_image_destroy before the device. Metal's objects live as long as the image does.
 *
 * The image is in VK_IMAGE_LAYOUT_PREINITIALIZED, so that the first barrier keeps the pixels. No
 * queue family needs to hand it over. The image's usage follows the texture's. COPY_SRC and
 * COPY_DST are TRANSFER_SRC and _DST, TEXTURE_BINDING is SAMPLED, and STORAGE_BINDING is STORAGE.
 * RENDER_ATTACHMENT is COLOR_ATTACHMENT or DEPTH_STENCIL_ATTACHMENT. Errors: INVALID_ARGUMENT
 * (NULL, a NULL member), UNSUPPORTED (the extension that isn't enabled; not a texture of a Metal
 * manager; a format, usage or size that the device can't have, with the numbers), MISMATCH (the
 * device is on another GPU), OUT_OF_MEMORY, DEVICE_LOST, SYSTEM.
 */
GEYSER_API enum geyser_result geyser_moltenvk_image_create(
	const struct geyser_moltenvk_device *device, struct geyser_texture *texture,
	struct geyser_moltenvk_image *out);

/* Destroys the image and its memory, and sets all members of *image to NULL. No submit that uses
 * the image may be pending. A NULL image is fine, and so is one whose members are NULL already. */
GEYSER_API void geyser_moltenvk_image_destroy(
	const struct geyser_moltenvk_device *device, struct geyser_moltenvk_image *image);

/*
 * Makes a timeline semaphore of the event's MTLSharedEvent. The caller owns it, and destroys it
 * with vkDestroySemaphore. The semaphore's waits and signals are those of the event, in every
 * process. Values are signalled in order, as with any timeline semaphore.
 *
 * The GPU isn't checked: any GPU of the system may use a shared event, and it doesn't tell which
 * one made it. Errors are therefore never MISMATCH.
 *
 * MoltenVK sets the shared event to the semaphore's initial value, so geyser gives the event's
 * present value. Call this while no GPU work that signals the event is pending. A value that a CPU
 * signals meanwhile is not lost. Errors: as geyser_moltenvk_image_create, and UNSUPPORTED (this
 * MoltenVK emulates timeline semaphores).
 */
GEYSER_API enum geyser_result geyser_moltenvk_semaphore_create(
	const struct geyser_moltenvk_device *device, struct geyser_event *event, VkSemaphore *out);

/* ---- from Vulkan to geyser ----------------------------------------------------------------- */

/*
 * Makes a texture of an image's IOSurface. The pNext chain of the image's VkImageCreateInfo must
 * have these two structs: VkImportMetalIOSurfaceInfoEXT with a NULL ioSurface, which makes a
 * surface, and VkExportMetalObjectCreateInfoEXT with
 * VK_EXPORT_METAL_OBJECT_TYPE_METAL_IOSURFACE_BIT_EXT. desc must fit the image. The texture keeps
 * the surface even after the image has gone. Errors: INVALID_ARGUMENT (NULL), UNSUPPORTED (the
 * extension isn't enabled; the image has no surface), and as geyser_metal_texture_import_surface.
 */
GEYSER_API enum geyser_result geyser_moltenvk_texture_create(
	const struct geyser_moltenvk_device *device, VkImage image, struct geyser_manager *manager,
	const struct geyser_texture_desc *desc, struct geyser_texture **out);

/*
 * Makes an event of a timeline semaphore's MTLSharedEvent. The semaphore must be made with
 * VkExportMetalObjectCreateInfoEXT and VK_EXPORT_METAL_OBJECT_TYPE_METAL_SHARED_EVENT_BIT_EXT. The
 * event can be exported, waited for and signalled as any other. It keeps the shared event even
 * after the semaphore has gone. Errors: INVALID_ARGUMENT (NULL), UNSUPPORTED (the extension isn't
 * enabled; the semaphore has no shared event), MISMATCH (the device is on another GPU than the
 * manager), and as geyser_metal_event_adopt.
 */
GEYSER_API enum geyser_result geyser_moltenvk_event_create(
	const struct geyser_moltenvk_device *device, VkSemaphore semaphore,
	struct geyser_manager *manager, struct geyser_event **out);

#ifdef __cplusplus
}
#endif

#endif
