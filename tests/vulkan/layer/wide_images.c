/*
 * A double of drivers whose images lie far apart: a Vulkan layer by which every image is aligned to
 * 64 KiB, as other drivers than lavapipe align images of optimal tiling. It ends a program that
 * binds an image to another place. The loader puts this layer above the validation layer, which
 * therefore knows only lavapipe's alignments.
 *
 * SPDX-License-Identifier: MIT
 */
#include "chain.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WIDE UINT64_C(65536)

void layer_begin(void)
{
}

static VKAPI_ATTR void VKAPI_CALL get_requirements(VkDevice handle,
	const VkImageMemoryRequirementsInfo2 *info, VkMemoryRequirements2 *requirements)
{
	find_device(handle)->GetImageMemoryRequirements2(handle, info, requirements);
	if (requirements->memoryRequirements.alignment < WIDE)
		requirements->memoryRequirements.alignment = WIDE;
}

static VKAPI_ATTR VkResult VKAPI_CALL bind_image(
	VkDevice handle, VkImage image, VkDeviceMemory memory, VkDeviceSize offset)
{
	if (offset % WIDE != 0) {
		(void)fprintf(stderr, "wide_images: an image is bound to byte %llu\n",
			(unsigned long long)offset);
		abort();
	}
	return find_device(handle)->BindImageMemory(handle, image, memory, offset);
}

PFN_vkVoidFunction find_override(const char *name)
{
	if (strcmp(name, "vkGetImageMemoryRequirements2") == 0)
		return (PFN_vkVoidFunction)get_requirements;
	if (strcmp(name, "vkBindImageMemory") == 0)
		return (PFN_vkVoidFunction)bind_image;
	return NULL;
}
