/* SPDX-License-Identifier: MIT */
/* A caller's MoltenVK device with the functions that are called on it. */
#ifndef GY_INTEROP_MOLTENVK_DEVICE_H
#define GY_INTEROP_MOLTENVK_DEVICE_H

#include <geyser/moltenvk.h>

#define VK_NO_PROTOTYPES
#define VK_USE_PLATFORM_METAL_EXT
#include <vulkan/vulkan.h>

/* Of the instance, and of the device; the last two have a second name from before Vulkan 1.2. */
#define GY_MVK_INSTANCE(f)                                             \
	f(GetDeviceProcAddr) f(GetPhysicalDeviceImageFormatProperties) \
		f(GetPhysicalDeviceMemoryProperties) f(GetPhysicalDeviceProperties2)
#define GY_MVK_DEVICE(f)                                                                       \
	f(AllocateMemory) f(BindImageMemory) f(CreateImage) f(CreateSemaphore) f(DestroyImage) \
		f(DestroySemaphore) f(FreeMemory) f(GetImageMemoryRequirements)

struct gy_mvk {
	VkInstance instance;
	VkPhysicalDevice physical_device;
	VkDevice device;
	PFN_vkExportMetalObjectsEXT ExportMetalObjectsEXT;
	/* NULL without timeline semaphores */
	PFN_vkGetSemaphoreCounterValue GetSemaphoreCounterValue;
	PFN_vkSignalSemaphore SignalSemaphore;
#define GY_MVK_MEMBER(name) PFN_vk##name name;
	GY_MVK_INSTANCE(GY_MVK_MEMBER)
	GY_MVK_DEVICE(GY_MVK_MEMBER)
#undef GY_MVK_MEMBER
};

/* Errors: INVALID_ARGUMENT (NULL, a NULL member), UNSUPPORTED (naming the extension or function
 * that is missing). */
enum geyser_result gy_mvk_open(const struct geyser_moltenvk_device *device, struct gy_mvk *out);

/* Whether the device is the GPU with that registryID of Metal's: MISMATCH if it isn't. */
enum geyser_result gy_mvk_check_device(const struct gy_mvk *vk, uint64_t registry_id);

/* The failure of a call in geyser's terms. */
enum geyser_result gy_mvk_fail(VkResult result, const char *call);

#endif
