/*
 * Vulkan by hand: what a careful program without geyser would do to share an image between two
 * processes. The device is the one that geyser's manager is made on, so that both sides are
 * measured on the same queue.
 */
#ifndef BENCH_VKHAND_H
#define BENCH_VKHAND_H

#include <geyser/vulkan.h>
#include <vulkan/vulkan.h>

#include "bench.h"

#define VKHAND_COMMANDS 4 /* recorded ahead of the GPU, at most */
#define VKHAND_WIDTH 3840 /* texels of rgba8unorm, of every image and buffer here */
#define VKHAND_HEIGHT 2160
#define VKHAND_SIZE ((size_t)VKHAND_WIDTH * VKHAND_HEIGHT * 4)
#define VKHAND_TIMEOUT UINT64_C(20000000000) /* of every wait for a GPU or a peer */

/* ---- the device (vkdevice.c) ---------------------------------------------------------------- */

struct vkhand {
	VkInstance instance;
	VkPhysicalDevice physical_device;
	VkDevice device;
	VkQueue queue;
	uint32_t queue_family;
	VkPhysicalDeviceMemoryProperties memory;
	VkPhysicalDeviceType type;
	char name[VK_MAX_PHYSICAL_DEVICE_NAME_SIZE];
	uint8_t uuid[VK_UUID_SIZE];
	bool native; /* the driver carries timeline semaphores from process to process */
	PFN_vkGetMemoryFdKHR get_memory_fd;
	PFN_vkGetSemaphoreFdKHR get_semaphore_fd;
	PFN_vkImportSemaphoreFdKHR import_semaphore_fd;
	VkCommandPool pool;
	VkCommandBuffer commands[VKHAND_COMMANDS]; /* in turns */
	VkFence fences[VKHAND_COMMANDS];
	size_t turn;
	struct geyser_manager *manager; /* geyser's side, on the same device */
};

/* Opens the device that $GEYSER_VULKAN_DEVICE names (an index, a part of the name, or a type), else
 * the one most like a GPU. False if there is none, and why. */
bool vkhand_open(struct vkhand *hand, const char **why);
void vkhand_close(struct vkhand *hand);

/* Software: fewer samples, or the benchmark takes minutes. */
bool vkhand_is_software(const struct vkhand *hand);

/* What die() would say of a failure. */
void vkhand_require(VkResult result, const char *what);

/* ---- images and buffers (vkhand.c) ---------------------------------------------------------- */

struct vkhand_image {
	VkImage image;
	VkDeviceMemory memory;
	VkDeviceSize size;
};

/* Zeroed, in the layout GENERAL and owned by VK_QUEUE_FAMILY_EXTERNAL, as geyser's are. */
void vkhand_image_create(struct vkhand *hand, struct vkhand_image *out);

/* For this process alone; its contents are undefined, its layout GENERAL. */
void vkhand_image_create_private(struct vkhand *hand, struct vkhand_image *out);

/* Takes the descriptor. */
void vkhand_image_import(struct vkhand *hand, int fd, struct vkhand_image *out);
int vkhand_image_fd(const struct vkhand *hand, const struct vkhand_image *image);
void vkhand_image_destroy(const struct vkhand *hand, struct vkhand_image *image);

/* Memory of the host's that the GPU copies from and to, mapped and coherent. */
struct vkhand_staging {
	VkBuffer buffer;
	VkDeviceMemory memory;
	void *data;
};

void vkhand_staging_create(const struct vkhand *hand, struct vkhand_staging *out);
void vkhand_staging_destroy(const struct vkhand *hand, struct vkhand_staging *staging);

/* ---- commands (vkhand.c) -------------------------------------------------------------------- */

extern const struct geyser_vulkan_access vkhand_write, vkhand_read; /* of the copies and clears */

/* A command buffer to record into, once the GPU is done with what it held before. */
VkCommandBuffer vkhand_begin(struct vkhand *hand);

/* From and to VK_QUEUE_FAMILY_EXTERNAL. */
void vkhand_acquire(const struct vkhand *hand, VkCommandBuffer commands, VkImage image,
	const struct geyser_vulkan_access *to);
void vkhand_release(const struct vkhand *hand, VkCommandBuffer commands, VkImage image,
	const struct geyser_vulkan_access *from);

/* Every byte of the image becomes this one. */
void vkhand_clear(VkCommandBuffer commands, VkImage image, uint8_t value);
void vkhand_copy(VkCommandBuffer commands, VkImage from, VkImage to);
void vkhand_download(VkCommandBuffer commands, VkImage from, VkBuffer to);
void vkhand_upload(VkCommandBuffer commands, VkBuffer from, VkImage to);

/* Submits what was begun last; wait and signal may be NULL. */
void vkhand_submit(struct vkhand *hand, const struct geyser_vulkan_point *wait,
	const struct geyser_vulkan_point *signal);

/* Until the GPU has done what was submitted last. */
void vkhand_finish(struct vkhand *hand);

/* Every byte of the image must be this one: dies unless the first and the last are. */
void vkhand_verify(
	struct vkhand *hand, struct vkhand_staging *staging, VkImage image, uint8_t value);

/* ---- timeline semaphores (vktimeline.c) ----------------------------------------------------- */

VkSemaphore vkhand_timeline_create(const struct vkhand *hand, bool exported);
int vkhand_timeline_fd(const struct vkhand *hand, VkSemaphore semaphore);

/* Takes the descriptor. */
VkSemaphore vkhand_timeline_import(const struct vkhand *hand, int fd);
void vkhand_timeline_wait(const struct vkhand *hand, VkSemaphore semaphore, uint64_t value);

#endif
