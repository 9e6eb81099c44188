/*
 * A double of NVIDIA's driver in one point: a Vulkan layer that takes no host memory for importing
 * that this process may only read. As there (580.159, an H200), memory types are named for such a
 * pointer, and vkAllocateMemory then fails with VK_ERROR_OUT_OF_DEVICE_MEMORY.
 *
 * SPDX-License-Identifier: MIT
 */
#include "chain.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void layer_begin(void)
{
}

/* What /proc/self/maps says: every page from begin to end is in a mapping that may be written. */
static bool may_be_written(uint64_t begin, uint64_t end)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	char line[512];

	if (!maps)
		abort();
	while (begin < end && fgets(line, sizeof(line), maps)) {
		uint64_t from, to;
		char rights[5];

		if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s", &from, &to, rights) != 3)
			continue; /* the rest of a long line */
		if (from <= begin && begin < to && rights[1] == 'w')
			begin = to;
	}
	(void)fclose(maps);
	return begin >= end;
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
	const uint64_t begin = import ? (uint64_t)(uintptr_t)import->pHostPointer : 0;

	if (import && !may_be_written(begin, begin + info->allocationSize))
		return VK_ERROR_OUT_OF_DEVICE_MEMORY;
	return find_device(handle)->AllocateMemory(handle, info, callbacks, memory);
}

PFN_vkVoidFunction find_override(const char *name)
{
	return strcmp(name, "vkAllocateMemory") == 0 ? (PFN_vkVoidFunction)allocate_memory : NULL;
}
