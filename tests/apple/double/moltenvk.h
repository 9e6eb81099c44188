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
	VkImageLayout layout; /* after what was recorded so far */
	VkImageUsageFlags usage;
	VkFormat format;
	id<MTLTexture> texture;
	IOSurfaceRef surface;
	bool can_export_surface;
	VkDeviceMemory memory;
};

struct VkSemaphore_T {
	bool timeline, can_export;
	id<MTLSharedEvent> event; /* nil: emulated, with this value */
	uint64_t value;
};

struct VkCommandBuffer_T {
	struct VkCommandBuffer_T *next;
	bool recording;
	VkImage image; /* to be cleared */
	VkClearColorValue color;
};

struct VkCommandPool_T {
	VkCommandBuffer buffers;
};

/* The structure of that type in a chain, or NULL; dies for one that the double doesn't know. */
const void *double_vk_find(const void *chain, VkStructureType type);
void *double_vk_create(const char *kind, size_t bytes);
void double_vk_destroy(const char *kind, void *object);
/* Of Metal; 0 if the double has no images of it. */
MTLPixelFormat double_vk_pixel_format(VkFormat format);

#endif
