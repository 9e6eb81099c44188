/*
 * A double of a driver that loses its device: a Vulkan layer. As soon as the 32-bit word in the
 * file $GEYSER_TEST_LOSE_DEVICE isn't 0, its calls return VK_ERROR_DEVICE_LOST, even calls that are
 * blocked then. Without that variable the layer does nothing.
 *
 * As after a real loss, no work stays pending. The layer signals the semaphores of this process for
 * which work waits, so that all objects can be destroyed.
 *
 * SPDX-License-Identifier: MIT
 */
#include "chain.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

/* How long a blocked call takes at most to notice the loss. */
#define SLICE_NS UINT64_C(500000)

static _Atomic uint32_t *word; /* NULL: the layer does nothing */

/* Maps the word for each new instance. The newest word counts if the loader keeps the layer loaded.
 * An older word stays mapped, since devices may still read it. */
void layer_begin(void)
{
	const char *path = getenv("GEYSER_TEST_LOSE_DEVICE");
	void *map;
	int fd;

	if (!path || !*path)
		return;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		abort();
	map = mmap(NULL, sizeof(*word), PROT_READ, MAP_SHARED, fd, 0);
	(void)close(fd);
	if (map == MAP_FAILED)
		abort();
	word = map;
}

/* ---- the loss ---- */

/* Ends all waits in the queues, since the real driver hasn't lost its device. */
static void make_quiet(struct device *device)
{
	(void)pthread_mutex_lock(&device->submitting);
	if (!device->quiet) {
		device->quiet = true;
		for (uint32_t i = 0; i < device->timeline_count; i++) {
			const VkSemaphoreSignalInfo info = {
				.sType = VK_STRUCTURE_TYPE_SEMAPHORE_SIGNAL_INFO,
				.semaphore = device->timelines[i],
				.value = UINT64_MAX,
			};

			(void)device->SignalSemaphore(device->handle, &info);
		}
		(void)device->DeviceWaitIdle(device->handle);
	}
	(void)pthread_mutex_unlock(&device->submitting);
}

static bool lost(struct device *device)
{
	if (atomic_load(word) == 0)
		return false;
	make_quiet(device);
	return true;
}

/* Returns the result of the next layer, unless the device was lost meanwhile. */
static VkResult unless_lost(struct device *device, VkResult result)
{
	return lost(device) ? VK_ERROR_DEVICE_LOST : result;
}

static uint64_t now_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* Returns whether the timeout of a wait that began at `begin` hasn't ended yet. *slice: for how
 * long to wait next. */
static bool next_slice(uint64_t begin, uint64_t timeout, uint64_t *slice)
{
	uint64_t spent = now_ns() - begin;

	if (spent >= timeout)
		return false;
	*slice = timeout - spent < SLICE_NS ? timeout - spent : SLICE_NS;
	return true;
}

/* ---- calls of a device ---- */

static VKAPI_ATTR VkResult VKAPI_CALL queue_submit(
	VkQueue queue, uint32_t count, const VkSubmitInfo *submits, VkFence fence)
{
	struct device *device = find_device(queue);
	VkResult result;

	if (lost(device))
		return VK_ERROR_DEVICE_LOST;
	(void)pthread_mutex_lock(&device->submitting);
	result = device->quiet ? VK_ERROR_DEVICE_LOST
			       : device->QueueSubmit(queue, count, submits, fence);
	(void)pthread_mutex_unlock(&device->submitting);
	return result;
}

static VKAPI_ATTR VkResult VKAPI_CALL queue_submit2(
	VkQueue queue, uint32_t count, const VkSubmitInfo2 *submits, VkFence fence)
{
	struct device *device = find_device(queue);
	VkResult result;

	if (lost(device))
		return VK_ERROR_DEVICE_LOST;
	(void)pthread_mutex_lock(&device->submitting);
	result = device->quiet ? VK_ERROR_DEVICE_LOST
			       : device->QueueSubmit2(queue, count, submits, fence);
	(void)pthread_mutex_unlock(&device->submitting);
	return result;
}

static VKAPI_ATTR VkResult VKAPI_CALL wait_semaphores(
	VkDevice handle, const VkSemaphoreWaitInfo *info, uint64_t timeout)
{
	struct device *device = find_device(handle);
	uint64_t begin = now_ns(), slice = 0;
	VkResult result;

	do {
		if (lost(device))
			return VK_ERROR_DEVICE_LOST;
		result = unless_lost(device, device->WaitSemaphores(handle, info, slice));
	} while (result == VK_TIMEOUT && next_slice(begin, timeout, &slice));
	return result;
}

static VKAPI_ATTR VkResult VKAPI_CALL wait_for_fences(
	VkDevice handle, uint32_t count, const VkFence *fences, VkBool32 all, uint64_t timeout)
{
	struct device *device = find_device(handle);
	uint64_t begin = now_ns(), slice = 0;
	VkResult result;

	do {
		if (lost(device))
			return VK_ERROR_DEVICE_LOST;
		result = unless_lost(
			device, device->WaitForFences(handle, count, fences, all, slice));
	} while (result == VK_TIMEOUT && next_slice(begin, timeout, &slice));
	return result;
}

/* Submits a fence and waits for it: when it is signalled, the queue is idle. */
static VKAPI_ATTR VkResult VKAPI_CALL queue_wait_idle(VkQueue queue)
{
	const VkFenceCreateInfo info = {.sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO};
	struct device *device = find_device(queue);
	VkFence fence;
	VkResult result;

	result = device->CreateFence(device->handle, &info, NULL, &fence);
	if (result != VK_SUCCESS)
		return result;
	result = queue_submit(queue, 0, NULL, fence);
	if (result == VK_SUCCESS)
		result = wait_for_fences(device->handle, 1, &fence, VK_TRUE, UINT64_MAX);
	device->DestroyFence(device->handle, fence, NULL);
	return result;
}

static VKAPI_ATTR VkResult VKAPI_CALL device_wait_idle(VkDevice handle)
{
	struct device *device = find_device(handle);
	VkResult result = unless_lost(device, VK_SUCCESS);

	for (uint32_t i = 0; i < device->queue_count && result == VK_SUCCESS; i++)
		result = queue_wait_idle(device->queues[i]);
	return result;
}

static VKAPI_ATTR VkResult VKAPI_CALL get_fence_status(VkDevice handle, VkFence fence)
{
	struct device *device = find_device(handle);

	return unless_lost(device, device->GetFenceStatus(handle, fence));
}

static VKAPI_ATTR VkResult VKAPI_CALL get_semaphore_counter_value(
	VkDevice handle, VkSemaphore semaphore, uint64_t *value)
{
	struct device *device = find_device(handle);

	return unless_lost(device, device->GetSemaphoreCounterValue(handle, semaphore, value));
}

static VKAPI_ATTR VkResult VKAPI_CALL signal_semaphore(
	VkDevice handle, const VkSemaphoreSignalInfo *info)
{
	struct device *device = find_device(handle);

	if (lost(device))
		return VK_ERROR_DEVICE_LOST;
	return unless_lost(device, device->SignalSemaphore(handle, info));
}

static VKAPI_ATTR VkResult VKAPI_CALL allocate_memory(VkDevice handle,
	const VkMemoryAllocateInfo *info, const VkAllocationCallbacks *callbacks,
	VkDeviceMemory *memory)
{
	struct device *device = find_device(handle);

	if (lost(device))
		return VK_ERROR_DEVICE_LOST;
	return device->AllocateMemory(handle, info, callbacks, memory);
}

/* ---- timelines and queues whose waits must end after a loss ---- */

static bool is_own_timeline(const VkSemaphoreCreateInfo *info)
{
	bool timeline = false;

	for (const VkBaseInStructure *it = info->pNext; it; it = it->pNext) {
		if (it->sType == VK_STRUCTURE_TYPE_EXPORT_SEMAPHORE_CREATE_INFO)
			return false;
		if (it->sType == VK_STRUCTURE_TYPE_SEMAPHORE_TYPE_CREATE_INFO)
			timeline = ((const VkSemaphoreTypeCreateInfo *)it)->semaphoreType ==
				   VK_SEMAPHORE_TYPE_TIMELINE;
	}
	return timeline;
}

static VKAPI_ATTR VkResult VKAPI_CALL create_semaphore(VkDevice handle,
	const VkSemaphoreCreateInfo *info, const VkAllocationCallbacks *callbacks,
	VkSemaphore *semaphore)
{
	struct device *device = find_device(handle);
	VkResult result = device->CreateSemaphore(handle, info, callbacks, semaphore);

	if (result != VK_SUCCESS || !is_own_timeline(info))
		return result;
	(void)pthread_mutex_lock(&device->submitting);
	if (device->timeline_count == MAX_TIMELINES)
		abort();
	device->timelines[device->timeline_count++] = *semaphore;
	(void)pthread_mutex_unlock(&device->submitting);
	return result;
}

static VKAPI_ATTR void VKAPI_CALL destroy_semaphore(
	VkDevice handle, VkSemaphore semaphore, const VkAllocationCallbacks *callbacks)
{
	struct device *device = find_device(handle);

	(void)pthread_mutex_lock(&device->submitting);
	for (uint32_t i = 0; i < device->timeline_count; i++)
		if (device->timelines[i] == semaphore)
			device->timelines[i] = device->timelines[--device->timeline_count];
	device->DestroySemaphore(handle, semaphore, callbacks);
	(void)pthread_mutex_unlock(&device->submitting);
}

static VKAPI_ATTR void VKAPI_CALL get_device_queue(
	VkDevice handle, uint32_t family, uint32_t index, VkQueue *queue)
{
	struct device *device = find_device(handle);

	device->GetDeviceQueue(handle, family, index, queue);
	for (uint32_t i = 0; i < device->queue_count; i++)
		if (device->queues[i] == *queue)
			return;
	if (device->queue_count == MAX_QUEUES)
		abort();
	device->queues[device->queue_count++] = *queue;
}

/* ---- the table of replaced functions ---- */

static const struct {
	const char *name;
	PFN_vkVoidFunction function;
} overrides[] = {
	{"vkQueueSubmit", (PFN_vkVoidFunction)queue_submit},
	{"vkQueueSubmit2", (PFN_vkVoidFunction)queue_submit2},
	{"vkQueueSubmit2KHR", (PFN_vkVoidFunction)queue_submit2},
	{"vkQueueWaitIdle", (PFN_vkVoidFunction)queue_wait_idle},
	{"vkDeviceWaitIdle", (PFN_vkVoidFunction)device_wait_idle},
	{"vkWaitForFences", (PFN_vkVoidFunction)wait_for_fences},
	{"vkGetFenceStatus", (PFN_vkVoidFunction)get_fence_status},
	{"vkWaitSemaphores", (PFN_vkVoidFunction)wait_semaphores},
	{"vkWaitSemaphoresKHR", (PFN_vkVoidFunction)wait_semaphores},
	{"vkGetSemaphoreCounterValue", (PFN_vkVoidFunction)get_semaphore_counter_value},
	{"vkGetSemaphoreCounterValueKHR", (PFN_vkVoidFunction)get_semaphore_counter_value},
	{"vkSignalSemaphore", (PFN_vkVoidFunction)signal_semaphore},
	{"vkSignalSemaphoreKHR", (PFN_vkVoidFunction)signal_semaphore},
	{"vkAllocateMemory", (PFN_vkVoidFunction)allocate_memory},
	{"vkCreateSemaphore", (PFN_vkVoidFunction)create_semaphore},
	{"vkDestroySemaphore", (PFN_vkVoidFunction)destroy_semaphore},
	{"vkGetDeviceQueue", (PFN_vkVoidFunction)get_device_queue},
};

PFN_vkVoidFunction find_override(const char *name)
{
	for (size_t i = 0; word && i < sizeof(overrides) / sizeof(overrides[0]); i++)
		if (strcmp(overrides[i].name, name) == 0)
			return overrides[i].function;
	return NULL;
}
