/* SPDX-License-Identifier: MIT */
/* The life of a device, which the program brings or geyser makes, and submits to its queue. */
#include "backend/vulkan/conversion.h"

#include "base/clock.h"
#include "base/error.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FAMILIES_MAX 16

/* Any device copies the largest texture in less time. A submit that takes longer has hung. */
#define SUBMIT_WITHIN (10 * GY_SECOND)

/* ---- life ---- */

static struct vk_device *allocate(bool own)
{
	struct vk_device *device = calloc(1, sizeof(*device));

	if (!device) {
		(void)gy_fail(GEYSER_ERROR_OUT_OF_MEMORY, "no memory for a device");
		return NULL;
	}
	device->own = own;
	device->pid = getpid();
	(void)pthread_mutex_init(&device->queue, NULL);
	(void)pthread_mutex_init(&device->run, NULL);
	(void)pthread_mutex_init(&device->converting, NULL);
	gy_loss_init(&device->loss);
	return device;
}

/* Prefers a queue that draws, which can do everything that geyser needs. A queue that only computes
 * may be scheduled sooner; $GEYSER_VULKAN_QUEUE asks for it. */
static enum geyser_result choose_queue(struct vk_device *device)
{
	const char *name = getenv("GEYSER_VULKAN_QUEUE");
	VkQueueFamilyProperties families[FAMILIES_MAX];
	uint32_t count = FAMILIES_MAX;
	bool compute = name && strcmp(name, "compute") == 0;
	VkQueueFlags wanted = compute ? VK_QUEUE_COMPUTE_BIT : VK_QUEUE_GRAPHICS_BIT;

	if (name && *name && !compute && strcmp(name, "graphics") != 0)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT,
			"GEYSER_VULKAN_QUEUE (%.40s): it must be graphics or compute", name);
	device->api.GetPhysicalDeviceQueueFamilyProperties(
		device->handles.physical_device, &count, families);
	for (uint32_t i = 0; i < count; i++) {
		bool draws = families[i].queueFlags & VK_QUEUE_GRAPHICS_BIT;

		if (!(families[i].queueFlags & wanted) || (compute && draws))
			continue;
		device->handles.queue_family = i;
		device->draws = draws;
		device->computes = families[i].queueFlags & VK_QUEUE_COMPUTE_BIT;
		return GEYSER_OK;
	}
	return gy_fail(GEYSER_ERROR_UNSUPPORTED, "%s has no queue for %s%s", device->info.name,
		compute ? "compute alone" : "graphics",
		compute ? "" : "; with GEYSER_VULKAN_QUEUE=compute it needs none");
}

static enum geyser_result create_device(struct vk_device *device)
{
	const float priority = 1;
	const VkDeviceQueueCreateInfo queue = {
		.sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO,
		.queueFamilyIndex = device->handles.queue_family,
		.queueCount = 1,
		.pQueuePriorities = &priority,
	};
	VkPhysicalDeviceSamplerYcbcrConversionFeatures ycbcr = {
		.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SAMPLER_YCBCR_CONVERSION_FEATURES,
		.samplerYcbcrConversion = device->converts_ycbcr,
	};
	const VkPhysicalDeviceTimelineSemaphoreFeatures timeline = {
		.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_TIMELINE_SEMAPHORE_FEATURES,
		.pNext = &ycbcr,
		.timelineSemaphore = VK_TRUE,
	};
	const VkPhysicalDeviceFeatures features = {
		.shaderStorageImageWriteWithoutFormat = device->stores_any_format,
	};
	uint32_t known, count = 0;
	const char *const *names = geyser_vulkan_device_extensions(&known);
	const char *enabled[16];
	VkDeviceCreateInfo info = {
		.sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO,
		.pNext = &timeline,
		.queueCreateInfoCount = 1,
		.pQueueCreateInfos = &queue,
		.ppEnabledExtensionNames = enabled,
		.pEnabledFeatures = &features,
	};
	VkResult result;

	for (uint32_t i = 0; i < known; i++)
		if (gy_vk_has_extension(device, names[i]))
			enabled[count++] = names[i];
	info.enabledExtensionCount = count;
	result = device->api.CreateDevice(
		device->handles.physical_device, &info, NULL, &device->handles.device);
	return result == VK_SUCCESS ? GEYSER_OK : gy_vk_fail(device, result, "vkCreateDevice");
}

/* Makes the commands and the fence of gy_vk_run. */
static enum geyser_result prepare_submits(struct vk_device *device)
{
	const VkCommandPoolCreateInfo pool = {
		.sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO,
		.flags = VK_COMMAND_POOL_CREATE_RESET_COMMAND_BUFFER_BIT,
		.queueFamilyIndex = device->handles.queue_family,
	};
	const VkFenceCreateInfo fence = {.sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO};
	VkCommandBufferAllocateInfo commands = {
		.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
		.level = VK_COMMAND_BUFFER_LEVEL_PRIMARY,
		.commandBufferCount = 1,
	};
	VkDevice vk = device->handles.device;
	VkResult result = device->api.CreateCommandPool(vk, &pool, NULL, &device->pool);

	if (result != VK_SUCCESS)
		return gy_vk_fail(device, result, "vkCreateCommandPool");
	commands.commandPool = device->pool;
	result = device->api.AllocateCommandBuffers(vk, &commands, &device->commands);
	if (result != VK_SUCCESS)
		return gy_vk_fail(device, result, "vkAllocateCommandBuffers");
	result = device->api.CreateFence(vk, &fence, NULL, &device->fence);
	return result == VK_SUCCESS ? GEYSER_OK : gy_vk_fail(device, result, "vkCreateFence");
}

enum geyser_result gy_vk_device_open(struct vk_device **out)
{
	struct vk_device *device = allocate(true);
	enum geyser_result result;

	if (!device)
		return GEYSER_ERROR_OUT_OF_MEMORY;
	result = gy_vk_loader_open(device);
	if (result == GEYSER_OK)
		result = gy_vk_capabilities(device);
	if (result == GEYSER_OK)
		result = choose_queue(device);
	if (result == GEYSER_OK)
		result = create_device(device);
	if (result == GEYSER_OK)
		result = gy_vk_load_device(device);
	if (result == GEYSER_OK) {
		device->api.GetDeviceQueue(device->handles.device, device->handles.queue_family, 0,
			&device->handles.queue);
		result = prepare_submits(device);
	}
	if (result == GEYSER_OK)
		*out = device;
	else
		gy_vk_device_close(device);
	return result;
}

static enum geyser_result check_family(struct vk_device *device)
{
	uint32_t family = device->handles.queue_family, count = FAMILIES_MAX;
	VkQueueFamilyProperties families[FAMILIES_MAX];

	device->api.GetPhysicalDeviceQueueFamilyProperties(
		device->handles.physical_device, &count, families);
	if (family >= count)
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT,
			"queue_family (%u): %s has %u of them", family, device->info.name, count);
	if (!(families[family].queueFlags & (VK_QUEUE_GRAPHICS_BIT | VK_QUEUE_COMPUTE_BIT)))
		return gy_fail(GEYSER_ERROR_INVALID_ARGUMENT,
			"queue_family (%u): it must have graphics or compute, to clear images",
			family);
	device->draws = families[family].queueFlags & VK_QUEUE_GRAPHICS_BIT;
	device->computes = families[family].queueFlags & VK_QUEUE_COMPUTE_BIT;
	return GEYSER_OK;
}

/* Clears the features that the physical device has and the program didn't enable: the device has no
 * functions for them. */
static void forget_disabled(struct vk_device *device)
{
	const struct vk_api *api = &device->api;
	struct geyser_vulkan_info *info = &device->info;

	info->host_memory = info->host_memory && api->GetMemoryHostPointerPropertiesEXT;
	info->dma_buf = info->dma_buf && api->GetImageDrmFormatModifierPropertiesEXT &&
			api->GetMemoryFdPropertiesKHR;
	info->native_events =
		info->native_events && api->GetSemaphoreFdKHR && api->ImportSemaphoreFdKHR;
	device->stores_any_format = false; /* no function tells whether it is enabled */
}

enum geyser_result gy_vk_device_adopt(
	const struct geyser_vulkan_device *handles, struct vk_device **out)
{
	struct vk_device *device = allocate(false);
	enum geyser_result result;

	if (!device)
		return GEYSER_ERROR_OUT_OF_MEMORY;
	device->handles = *handles;
	device->api.GetInstanceProcAddr = handles->get_instance_proc_addr;
	result = gy_vk_load_instance(device);
	if (result == GEYSER_OK)
		result = gy_vk_capabilities(device);
	if (result == GEYSER_OK)
		result = check_family(device);
	if (result == GEYSER_OK)
		result = gy_vk_load_device(device);
	if (result == GEYSER_OK) {
		forget_disabled(device);
		result = prepare_submits(device);
	}
	if (result == GEYSER_OK)
		*out = device;
	else
		gy_vk_device_close(device);
	return result;
}

void gy_vk_device_close(struct vk_device *device)
{
	VkDevice vk = device->handles.device;

	if (!gy_vk_is_inherited(device)) {
		gy_vk_converter_destroy(device);
		if (device->fence)
			device->api.DestroyFence(vk, device->fence, NULL);
		if (device->pool)
			device->api.DestroyCommandPool(vk, device->pool, NULL);
		if (device->own && vk && device->api.DestroyDevice)
			device->api.DestroyDevice(vk, NULL);
		if (device->own)
			gy_vk_loader_close(device);
	}
	(void)pthread_mutex_destroy(&device->queue);
	(void)pthread_mutex_destroy(&device->run);
	(void)pthread_mutex_destroy(&device->converting);
	gy_loss_finish(&device->loss);
	free(device);
}

/* ---- the queue ---- */

void gy_vulkan_lock_queue(void *data)
{
	struct vk_device *device = data;

	if (device->lock_queue)
		device->lock_queue(device->lock_user);
	else
		(void)pthread_mutex_lock(&device->queue);
}

void gy_vulkan_unlock_queue(void *data)
{
	struct vk_device *device = data;

	if (device->unlock_queue)
		device->unlock_queue(device->lock_user);
	else
		(void)pthread_mutex_unlock(&device->queue);
}

static enum geyser_result submit(struct vk_device *device, const VkSubmitInfo *info, VkFence fence)
{
	enum geyser_result checked = gy_vk_check(device);
	VkResult result;

	if (checked != GEYSER_OK)
		return checked;
	gy_vulkan_lock_queue(device);
	result = device->api.QueueSubmit(device->handles.queue, 1, info, fence);
	gy_vulkan_unlock_queue(device);
	return result == VK_SUCCESS ? GEYSER_OK : gy_vk_fail(device, result, "vkQueueSubmit");
}

static enum geyser_result record(struct vk_device *device, VkCommandBuffer commands,
	VkCommandBufferUsageFlags flags, vk_record *recorder, void *data)
{
	const VkCommandBufferBeginInfo begin = {
		.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO,
		.flags = flags,
	};
	VkResult result = device->api.BeginCommandBuffer(commands, &begin);

	if (result != VK_SUCCESS)
		return gy_vk_fail(device, result, "vkBeginCommandBuffer");
	recorder(device, commands, data);
	result = device->api.EndCommandBuffer(commands);
	return result == VK_SUCCESS ? GEYSER_OK : gy_vk_fail(device, result, "vkEndCommandBuffer");
}

static VkResult wait_fence(struct vk_device *device)
{
	VkDevice vk = device->handles.device;
	VkResult result = device->api.WaitForFences(vk, 1, &device->fence, VK_TRUE, SUBMIT_WITHIN);

	if (result == VK_SUCCESS)
		result = device->api.ResetFences(vk, 1, &device->fence);
	return result;
}

enum geyser_result gy_vk_run(struct vk_device *device, vk_record *recorder, void *data)
{
	const VkSubmitInfo info = {
		.sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
		.commandBufferCount = 1,
		.pCommandBuffers = &device->commands,
	};
	enum geyser_result result;
	VkResult waited = VK_SUCCESS;

	(void)pthread_mutex_lock(&device->run);
	result = record(device, device->commands, VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT,
		recorder, data);
	if (result == GEYSER_OK)
		result = submit(device, &info, device->fence);
	if (result == GEYSER_OK)
		waited = wait_fence(device);
	/* The commands may run for ever, so the device's objects can't be used again. */
	if (waited == VK_TIMEOUT)
		waited = VK_ERROR_DEVICE_LOST;
	if (waited != VK_SUCCESS)
		result = gy_vk_fail(device, waited, "vkWaitForFences");
	(void)pthread_mutex_unlock(&device->run);
	return result;
}

enum geyser_result gy_vk_allocate_commands(
	struct vk_device *device, vk_record *recorder, void *data, VkCommandBuffer *out)
{
	const VkCommandBufferAllocateInfo info = {
		.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
		.commandPool = device->pool,
		.level = VK_COMMAND_BUFFER_LEVEL_PRIMARY,
		.commandBufferCount = 1,
	};
	enum geyser_result result = GEYSER_OK;
	VkResult allocated;

	(void)pthread_mutex_lock(&device->run);
	allocated = device->api.AllocateCommandBuffers(device->handles.device, &info, out);
	if (allocated != VK_SUCCESS)
		result = gy_vk_fail(device, allocated, "vkAllocateCommandBuffers");
	else
		result = record(
			device, *out, VK_COMMAND_BUFFER_USAGE_SIMULTANEOUS_USE_BIT, recorder, data);
	(void)pthread_mutex_unlock(&device->run);
	return result;
}

void gy_vk_free_commands(struct vk_device *device, VkCommandBuffer commands)
{
	(void)pthread_mutex_lock(&device->run);
	device->api.FreeCommandBuffers(device->handles.device, device->pool, 1, &commands);
	(void)pthread_mutex_unlock(&device->run);
}

enum geyser_result gy_vk_submit(struct vk_device *device, VkCommandBuffer commands,
	const struct geyser_vulkan_point *wait, const struct geyser_vulkan_point *signal)
{
	const VkTimelineSemaphoreSubmitInfo values = {
		.sType = VK_STRUCTURE_TYPE_TIMELINE_SEMAPHORE_SUBMIT_INFO,
		.waitSemaphoreValueCount = wait->value ? 1 : 0,
		.pWaitSemaphoreValues = &wait->value,
		.signalSemaphoreValueCount = 1,
		.pSignalSemaphoreValues = &signal->value,
	};
	const VkPipelineStageFlags stages = VK_PIPELINE_STAGE_ALL_COMMANDS_BIT;
	const VkSubmitInfo info = {
		.sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
		.pNext = &values,
		.waitSemaphoreCount = wait->value ? 1 : 0,
		.pWaitSemaphores = &wait->semaphore,
		.pWaitDstStageMask = &stages,
		.commandBufferCount = 1,
		.pCommandBuffers = &commands,
		.signalSemaphoreCount = 1,
		.pSignalSemaphores = &signal->semaphore,
	};

	return submit(device, &info, VK_NULL_HANDLE);
}
