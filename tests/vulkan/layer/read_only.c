/*
 * A double of one property of NVIDIA's driver: a Vulkan layer that refuses to import host memory
 * that this process may only read. As in that driver (580.159, on an H200), the memory types of
 * such a pointer can be queried, and vkAllocateMemory then fails with
 * VK_ERROR_OUT_OF_DEVICE_MEMORY.
 *
 * SPDX-License-Identifier: MIT
 */
#include "chain.h"
#include "pages.h"

#include <string.h>

void layer_begin(void)
{
}

static const VkImportMemoryHostPointerInfoEXT *find_import(const VkMemoryAllocateInfo *info)
{
	for (const VkBaseInStructure *it = info->pNext; it; it = it->pNext)
		if (it->sType == VK_STRUCTURE_TYPE_IMPORT_MEMORY_HOST_POINTER_INFO_EXT)
			return (const VkImportMemoryHostPointerInfoEXT *)it;
	return NULL;
}

static VKAPI_ATTR VkResult VKAPI_CALL allocate_memory(VkDevice handle,
	const VkMemoryAllocateInfo *info, const VkAllocationCallbacks *callbacks,
	VkDeviceMemory *memory)
{
	const VkImportMemoryHostPointerInfoEXT *import = find_import(info);

	if (import && !pages_may_be_written(import->pHostPointer, (size_t)info->allocationSize))
		return VK_ERROR_OUT_OF_DEVICE_MEMORY;
	return find_device(handle)->AllocateMemory(handle, info, callbacks, memory);
}

PFN_vkVoidFunction find_override(const char *name)
{
	return strcmp(name, "vkAllocateMemory") == 0 ? (PFN_vkVoidFunction)allocate_memory : NULL;
}
