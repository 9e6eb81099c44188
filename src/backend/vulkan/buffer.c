/* SPDX-License-Identifier: MIT */
/* Buffers in memory that the driver allocates: for the CPU, and for shaders. */
#include "backend/vulkan/vk.h"

/* Prefers cached memory, because the CPU reads it. */
static uint32_t staging_type(const struct vk_device *device, uint32_t bits)
{
	const VkMemoryPropertyFlags needed =
		VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT;
	uint32_t type =
		gy_vk_memory_type(device, bits, needed | VK_MEMORY_PROPERTY_HOST_CACHED_BIT);

	if (device->memory.memoryTypes[type].propertyFlags & VK_MEMORY_PROPERTY_HOST_CACHED_BIT)
		return type;
	return gy_vk_memory_type(device, bits, needed);
}

static uint32_t storage_type(const struct vk_device *device, uint32_t bits)
{
	return gy_vk_memory_type(device, bits, VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT);
}

typedef uint32_t choose_type(const struct vk_device *device, uint32_t bits);

static VkResult create_buffer(struct vk_device *device, VkBufferUsageFlags usage,
	choose_type *choose, struct vk_linear *linear)
{
	const VkBufferCreateInfo buffer = {
		.sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO,
		.size = linear->size,
		.usage =
			VK_BUFFER_USAGE_TRANSFER_SRC_BIT | VK_BUFFER_USAGE_TRANSFER_DST_BIT | usage,
	};
	VkDevice vk = device->handles.device;
	VkMemoryAllocateInfo info = {.sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO};
	VkMemoryRequirements needs;
	VkResult result = device->api.CreateBuffer(vk, &buffer, NULL, &linear->buffer);

	if (result != VK_SUCCESS)
		return result;
	device->api.GetBufferMemoryRequirements(vk, linear->buffer, &needs);
	info.allocationSize = needs.size;
	info.memoryTypeIndex = choose(device, needs.memoryTypeBits);
	result = device->api.AllocateMemory(vk, &info, NULL, &linear->memory);
	if (result == VK_SUCCESS)
		result = device->api.BindBufferMemory(vk, linear->buffer, linear->memory, 0);
	if (result != VK_SUCCESS)
		return result;
	linear->counted = needs.size;
	gy_memory_count(&device->staging, needs.size, 1);
	return VK_SUCCESS;
}

enum geyser_result gy_vk_linear_create(
	struct vk_device *device, uint64_t size, struct vk_linear *out)
{
	VkResult result;
	void *data;

	*out = (struct vk_linear){.size = size};
	result = create_buffer(device, 0, staging_type, out);
	if (result == VK_SUCCESS)
		result = device->api.MapMemory(
			device->handles.device, out->memory, 0, VK_WHOLE_SIZE, 0, &data);
	if (result == VK_SUCCESS) {
		out->data = data;
		return GEYSER_OK;
	}
	gy_vk_linear_finish(device, out);
	return gy_vk_fail(device, result, "making a staging buffer");
}

enum geyser_result gy_vk_storage_create(
	struct vk_device *device, uint64_t size, struct vk_linear *out)
{
	VkResult result;

	*out = (struct vk_linear){.size = size};
	result = create_buffer(device, VK_BUFFER_USAGE_STORAGE_BUFFER_BIT, storage_type, out);
	if (result == VK_SUCCESS)
		return GEYSER_OK;
	gy_vk_linear_finish(device, out);
	return gy_vk_fail(device, result, "making a buffer for shaders");
}

void gy_vk_linear_finish(struct vk_device *device, struct vk_linear *linear)
{
	VkDevice vk = device->handles.device;

	if (linear->buffer)
		device->api.DestroyBuffer(vk, linear->buffer, NULL);
	if (linear->memory)
		device->api.FreeMemory(vk, linear->memory, NULL);
	if (linear->counted)
		gy_memory_count(&device->staging, linear->counted, -1);
	linear->counted = 0;
	linear->buffer = VK_NULL_HANDLE;
	linear->memory = VK_NULL_HANDLE;
}
