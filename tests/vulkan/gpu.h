/*
 * Shared helpers of the Vulkan tests: devices that the test makes, and small pieces of GPU work on
 * textures, which wait for one point and signal another. The functions are for the thread that runs
 * the test, and fail the test when something is not as expected.
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

/* Returns whether Vulkan is here, and prints that the suite is skipped if not. make_manager() makes
 * Vulkan managers from then on. */
bool has_vulkan(void);

struct geyser_vulkan_info info_of(struct geyser_manager *manager);

/* ---- devices of the test's own ---- */

/* Makes a device with the extensions that geyser can use. without: an extension to leave out, ""
 * for all of them, or NULL. Returns false if there is no device. */
bool raw_open(struct geyser_vulkan_device *out, const char *without);
void raw_close(struct geyser_vulkan_device *device);

/* ---- work on a manager's device ---- */

struct gpu {
	struct geyser_manager *manager, *host; /* host: for patterns in host memory */
	struct geyser_vulkan_device device;
	VkCommandPool pool;
};

void gpu_open(struct gpu *gpu, struct geyser_manager *manager);
void gpu_close(struct gpu *gpu);

/* Runs a test on this manager, and on a second one that it makes. */
void with_two_gpus(
	struct geyser_manager *manager, void (*run)(struct gpu *mine, struct gpu *theirs));

/* A point with VK_NULL_HANDLE is none. */
struct gpu_sync {
	struct geyser_vulkan_point wait, signal;
};

extern const struct gpu_sync at_once;

struct geyser_vulkan_point point_of(struct geyser_event *event, uint64_t value);

/* The access of copy commands. */
extern const struct geyser_vulkan_access copy_to, copy_from;

struct gpu_work {
	VkCommandBuffer commands;
	VkFence fence;
	VkBuffer buffer; /* VK_NULL_HANDLE if it needs none */
	VkDeviceMemory memory;
	void *data;
	struct geyser_texture *shadow; /* in host memory, with the layout of the buffer */
};

/* The GPU writes the pattern of fill_texture into the whole texture, or reads the whole texture.
 * The functions return when the work is submitted. They take the formats of colours and of video,
 * and depth32float. */
struct gpu_work gpu_fill(
	struct gpu *gpu, struct geyser_texture *texture, uint32_t seed, struct gpu_sync sync);
struct gpu_work gpu_read(struct gpu *gpu, struct geyser_texture *texture, struct gpu_sync sync);

/* Sets all channels of all texels of a floating-point or normalised colour texture. */
struct gpu_work gpu_clear(
	struct gpu *gpu, struct geyser_texture *texture, float value, struct gpu_sync sync);

/* Submits no work, but waits and signals. */
struct gpu_work gpu_order(struct gpu *gpu, struct gpu_sync sync);

/* The caller records commands into work.commands between the two calls. */
struct gpu_work gpu_begin(struct gpu *gpu);
void gpu_submit(struct gpu *gpu, struct gpu_work *work, struct gpu_sync sync);

/* Waits until the work is done and frees it. */
void gpu_finish(struct gpu *gpu, struct gpu_work *work);

/* As gpu_finish, and returns whether gpu_read has read this pattern. */
bool gpu_finish_holds(struct gpu *gpu, struct gpu_work *work, uint32_t seed);

/* The work waits for nothing, and the functions return when it is done. */
void gpu_fill_now(struct gpu *gpu, struct geyser_texture *texture, uint32_t seed);
bool gpu_holds_now(struct gpu *gpu, struct geyser_texture *texture, uint32_t seed);

#endif
