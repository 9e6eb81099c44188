/* SPDX-License-Identifier: MIT */
/* The objects of a small MoltenVK. Handles are pointers to them. */
#ifndef GY_DOUBLE_MOLTENVK_H
#define GY_DOUBLE_MOLTENVK_H

#import "objects.h"

#define VK_USE_PLATFORM_METAL_EXT
#include <vulkan/vulkan.h>

struct VkInstance_T {
	uint32_t api_version;
};

struct VkPhysicalDevice_T {
	int unused;
};

struct VkQueue_T {
	id<MTLCommandQueue> queue;
};

struct VkDevice_T {
	uint32_t api_version;
	bool metal_objects, timeline_extension, timeline_feature;
	id<MTLDevice> device;
	struct VkQueue_T queue;
};

struct VkDeviceMemory_T {
	VkImage dedicated;
};

struct VkImage_T {
	VkImageLayout layout; /* after all commands that are recorded so far */
	VkImageUsageFlags usage;
	VkFormat format;
	id<MTLTexture> texture;
	IOSurfaceRef surface;
	bool can_export_surface;
	VkDeviceMemory memory;
};

struct VkSemaphore_T {
	bool timeline, can_export;
	id<MTLSharedEvent> event; /* nil: the semaphore is emulated by `value` */
	uint64_t value;
};

struct VkCommandBuffer_T {
	struct VkCommandBuffer_T *next;
	bool recording;
	VkImage image; /* the image to clear */
	VkClearColorValue color;
};

struct VkCommandPool_T {
	VkCommandBuffer buffers;
};

/* Returns the structure of that type in the pNext chain, or NULL. Aborts if the chain has a
 * structure that the double doesn't know. */
const void *double_vk_find(const void *chain, VkStructureType type);
void *double_vk_create(const char *kind, size_t bytes);
void double_vk_destroy(const char *kind, void *object);
/* Returns Metal's format, or 0 if the double has no images of this format. */
MTLPixelFormat double_vk_pixel_format(VkFormat format);

#endif
