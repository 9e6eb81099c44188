/*
 * What the Vulkan tests share: devices of the test's own, and small pieces of GPU work on textures,
 * which wait for one point and signal another. All of it is for the thread that runs the test and
 * fails the test when something is not as expected.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef TESTS_VULKAN_GPU_H
#define TESTS_VULKAN_GPU_H

#include "support.h"

#include <vulkan/vulkan.h>

#include <geyser/vulkan.h>

/* ---- results ---- */

void expect_success(VkResult result, const char *call, const char *file, int line);
#define vk(call) expect_success((call), #call, __FILE__, __LINE__)

/* ---- suites ---- */

/* Whether a suite can run; says that it is skipped if not. From then on managers are of Vulkan. */
bool has_vulkan(void);

struct geyser_vulkan_info info_of(struct geyser_manager *manager);

/* ---- devices of the test's own ---- */

/* With the extensions that geyser can use, but for the one named, or all of them if that is "".
 * False if there is no device. */
bool raw_open(struct geyser_vulkan_device *out, const char *without);
void raw_close(struct geyser_vulkan_device *device);

/* ---- work on a manager's device ---- */

struct gpu {
	struct geyser_manager *manager, *host; /* host: for patterns in memory */
	struct geyser_vulkan_device device;
	VkCommandPool pool;
};

void gpu_open(struct gpu *gpu, struct geyser_manager *manager);
void gpu_close(struct gpu *gpu);

/* VK_NULL_HANDLE: nothing to wait for, nothing to signal. */
struct gpu_sync {
	struct geyser_vulkan_point wait, signal;
};

extern const struct gpu_sync at_once;

struct geyser_vulkan_point point_of(struct geyser_event *event, uint64_t value);

/* For copies. */
extern const struct geyser_vulkan_access copy_to, copy_from;

struct gpu_work {
	VkCommandBuffer commands;
	VkFence fence;
	VkBuffer buffer; /* VK_NULL_HANDLE if it needs none */
	VkDeviceMemory memory;
	void *data;
	struct geyser_texture *shadow; /* in host memory, with the layout of the buffer */
};

/* A texture's whole contents, of the pattern that fill_texture makes, written or read by the GPU.
 * Returns when the work is submitted. Colour formats and depth32float. */
struct gpu_work gpu_fill(
	struct gpu *gpu, struct geyser_texture *texture, uint32_t seed, struct gpu_sync sync);
struct gpu_work gpu_read(struct gpu *gpu, struct geyser_texture *texture, struct gpu_sync sync);

/* All channels of all texels of a floating-point or normalised colour texture. */
struct gpu_work gpu_clear(
	struct gpu *gpu, struct geyser_texture *texture, float value, struct gpu_sync sync);

/* No work but to wait and to signal. */
struct gpu_work gpu_order(struct gpu *gpu, struct gpu_sync sync);

/* What the caller records itself, into work.commands. */
struct gpu_work gpu_begin(struct gpu *gpu);
void gpu_submit(struct gpu *gpu, struct gpu_work *work, struct gpu_sync sync);

/* Waits until it is done and frees it. */
void gpu_finish(struct gpu *gpu, struct gpu_work *work);

/* The same; whether what was read has that pattern. */
bool gpu_finish_holds(struct gpu *gpu, struct gpu_work *work, uint32_t seed);

/* At once: nothing to wait for, and back when it is done. */
void gpu_fill_now(struct gpu *gpu, struct geyser_texture *texture, uint32_t seed);
bool gpu_holds_now(struct gpu *gpu, struct geyser_texture *texture, uint32_t seed);

#endif
