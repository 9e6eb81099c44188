/* SPDX-License-Identifier: MIT */
/* A device of the double's MoltenVK for a test, and functions that submit work to it. */
#ifndef TESTS_MOLTENVK_DEVICE_H
#define TESTS_MOLTENVK_DEVICE_H

#include "interop.h"

#define VK_USE_PLATFORM_METAL_EXT
#include <geyser/metal.h>
#include <geyser/moltenvk.h>
#include <vulkan/vulkan.h>

#define METAL_OBJECTS "VK_EXT_metal_objects"
#define TIMELINES "VK_KHR_timeline_semaphore"

struct mvk {
	struct geyser_moltenvk_device device;
	VkQueue queue;
	VkCommandPool pool;
	VkCommandBuffer commands;
};

/* Makes a device of that version of Vulkan, with these extensions. The list ends with NULL. */
void mvk_create(struct mvk *mvk, uint32_t version, bool timelines, const char *const *extensions);
/* Makes a device with all that geyser needs. */
void mvk_init(struct mvk *mvk);
void mvk_finish(struct mvk *mvk);

/* Clears the image to red 1, green 0.2, blue 0.6, and waits until that is done. */
void mvk_clear(struct mvk *mvk, VkImage image, VkImageLayout from);

/* Submits work that waits for one value of the semaphore (0: doesn't wait) and signals the other.
 */
void mvk_submit(struct mvk *mvk, VkSemaphore semaphore, uint64_t wait, uint64_t signal);

#endif
