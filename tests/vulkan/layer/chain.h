/*
 * The part of a Vulkan layer that every layer has: its place in the chain of calls.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef TESTS_VULKAN_LAYER_CHAIN_H
#define TESTS_VULKAN_LAYER_CHAIN_H

#include <vulkan/vulkan.h>

#include <pthread.h>
#include <stdbool.h>

#define MAX_TIMELINES 1024
#define MAX_QUEUES 8

/* The functions of the next layer that this layer calls. Those of MAYBE_KHR may exist by their KHR
 * name only. */
#define CORE(X)             \
	X(DestroyDevice)    \
	X(DeviceWaitIdle)   \
	X(GetDeviceQueue)   \
	X(QueueSubmit)      \
	X(CreateFence)      \
	X(DestroyFence)     \
	X(WaitForFences)    \
	X(GetFenceStatus)   \
	X(CreateSemaphore)  \
	X(DestroySemaphore) \
	X(AllocateMemory)   \
	X(BindImageMemory)
#define MAYBE_KHR(X)                   \
	X(GetImageMemoryRequirements2) \
	X(QueueSubmit2)                \
	X(WaitSemaphores)              \
	X(GetSemaphoreCounterValue)    \
	X(SignalSemaphore)

struct device {
	void *key;
	VkDevice handle;
	PFN_vkGetDeviceProcAddr next;
#define X(name) PFN_vk##name name;
	CORE(X)
	MAYBE_KHR(X)
#undef X

	pthread_mutex_t submitting; /* guards the members below */
	bool quiet;
	VkQueue queues[MAX_QUEUES];
	uint32_t queue_count;
	VkSemaphore timelines[MAX_TIMELINES]; /* those that aren't shared with other processes */
	uint32_t timeline_count;
};

/* Returns the device of a VkDevice or VkQueue. */
struct device *find_device(void *handle);

/* Returns this layer's function that replaces the device's function of that name, or NULL. */
PFN_vkVoidFunction find_override(const char *name);

/* Starts the layer. Each creation of an instance calls this first. */
void layer_begin(void);

#endif
