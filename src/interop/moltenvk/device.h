/* SPDX-License-Identifier: MIT */
/* The caller's MoltenVK device, and the Vulkan functions that the library calls on it. */
#ifndef GY_INTEROP_MOLTENVK_DEVICE_H
#define GY_INTEROP_MOLTENVK_DEVICE_H

#include <geyser/moltenvk.h>

#define VK_NO_PROTOTYPES
#define VK_USE_PLATFORM_METAL_EXT
#include <vulkan/vulkan.h>

/* The functions of the instance and of the device, without "vk". GY_MVK_INSTANCE and GY_MVK_DEVICE
 * call f(name) for each. */
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
	/* NULL without timeline semaphores; Vulkan 1.1 names both with the suffix KHR */
	PFN_vkGetSemaphoreCounterValue GetSemaphoreCounterValue;
	PFN_vkSignalSemaphore SignalSemaphore;
#define GY_MVK_MEMBER(name) PFN_vk##name name;
	GY_MVK_INSTANCE(GY_MVK_MEMBER)
	GY_MVK_DEVICE(GY_MVK_MEMBER)
#undef GY_MVK_MEMBER
};

/* Loads the device's functions. Errors: INVALID_ARGUMENT (device or a member is NULL), UNSUPPORTED
 * (the message names the missing extension or function). */
enum geyser_result gy_mvk_open(const struct geyser_moltenvk_device *device, struct gy_mvk *out);

/* Errors: MISMATCH if the device isn't the GPU with this registryID of Metal's. */
enum geyser_result gy_mvk_check_device(const struct gy_mvk *vk, uint64_t registry_id);

/* Returns the library's error for a VkResult that is no success, and records the error detail with
 * the call's name. */
enum geyser_result gy_mvk_fail(VkResult result, const char *call);

#endif
